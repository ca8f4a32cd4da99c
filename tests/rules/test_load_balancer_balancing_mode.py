"""`load-balancer-balancing-mode` on failing, passing and unknown services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "load-balancer-balancing-mode"
GROUP = "projects/p/regions/us-central1/instanceGroups/a"
UNSET = {"maxUtilization": None}
REGIONAL = {"region": "us-central1"}
PASSTHROUGH = {**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}
CLASSIC = {"loadBalancingScheme": "EXTERNAL"}
TCP = {"protocol": "TCP"}
MESH = {"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}
RATE = {"balancingMode": "RATE", **UNSET}
CONNECTION = {"balancingMode": "CONNECTION", **UNSET}
IN_FLIGHT = {"balancingMode": "IN_FLIGHT", **UNSET, "maxInFlightRequestsPerInstance": 8}
METRICS = {"balancingMode": "CUSTOM_METRICS", **UNSET, "customMetrics": [{"name": "m"}]}

# (properties of the backend, inputs of the service, status)
CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "passed"),
    ({"balancingMode": None}, {}, "passed"),
    ({**UNSET}, {}, "passed"),
    ({"maxUtilization": 1}, {}, "passed"),
    ({"maxUtilization": 1.5}, {}, "failed"),
    ({"maxUtilization": 0}, {}, "failed"),
    ({"maxUtilization": -1}, {}, "failed"),
    ({"maxUtilization": Computed()}, {}, "undecided"),
    ({"maxRatePerInstance": 4}, {}, "passed"),
    ({"maxRatePerEndpoint": 4}, {}, "passed"),
    ({"balancingMode": "ROUND_ROBIN"}, {}, "failed"),
    ({"balancingMode": Computed()}, {}, "undecided"),
    # RATE
    ({**RATE, "maxRatePerInstance": 4}, {}, "passed"),
    ({**RATE, "maxRate": 4}, {}, "passed"),
    (RATE, {}, "failed"),
    ({**RATE, "maxRate": 0}, {}, "failed"),
    ({**RATE, "maxRate": Computed()}, {}, "undecided"),
    ({**RATE, "maxRate": 4, "maxUtilization": 0.8}, {}, "failed"),
    ({**RATE, "maxRate": 4, "maxUtilization": 0}, {}, "passed"),
    ({**RATE, "maxRate": 4, "maxUtilization": Computed()}, {}, "undecided"),
    ({**RATE, "maxRate": 4, "maxConnections": 4}, {}, "failed"),
    ({**RATE, "maxRate": 4, "maxInFlightRequests": 4}, {}, "failed"),
    ({**RATE, "maxRate": 4}, TCP, "failed"),
    ({**RATE, "maxRate": 4}, MESH, "passed"),
    ({**RATE, "maxRate": 4}, {**MESH, "protocol": "TCP"}, "passed"),
    ({**RATE, "maxRate": 4}, {"loadBalancingScheme": Computed(), "protocol": "TCP"}, "undecided"),
    # CONNECTION
    ({**CONNECTION, "maxConnections": 4}, TCP, "passed"),
    ({**CONNECTION, "maxConnectionsPerInstance": 4}, {**CLASSIC, "protocol": "SSL"}, "passed"),
    (CONNECTION, TCP, "failed"),
    ({**CONNECTION, "maxConnections": 4, "maxRate": 4}, TCP, "failed"),
    ({**CONNECTION, "maxConnections": 4}, {}, "failed"),
    ({**CONNECTION, "maxConnections": 4}, {"protocol": Computed()}, "undecided"),
    # IN_FLIGHT and CUSTOM_METRICS
    (IN_FLIGHT, {}, "passed"),
    (IN_FLIGHT, CLASSIC, "failed"),
    (IN_FLIGHT, {"loadBalancingScheme": Computed()}, "undecided"),
    ({**IN_FLIGHT, "maxRate": 4}, {}, "failed"),
    # How long requests take
    ({**IN_FLIGHT, "trafficDuration": "LONG"}, {}, "passed"),
    ({**IN_FLIGHT, "trafficDuration": "SHORT"}, {}, "failed"),
    ({**IN_FLIGHT, "trafficDuration": Computed()}, {}, "undecided"),
    ({**RATE, "maxRatePerInstance": 4, "trafficDuration": "LONG"}, {}, "failed"),
    ({**RATE, "maxRatePerInstance": 4, "trafficDuration": "SHORT"}, {}, "passed"),
    ({"trafficDuration": "LONG"}, {}, "passed"),
    ({**IN_FLIGHT, "maxInFlightRequestsPerInstance": None}, {}, "failed"),
    (METRICS, {}, "passed"),
    (METRICS, CLASSIC, "failed"),
    ({**METRICS, "maxUtilization": 0.8}, {}, "failed"),
    ({**METRICS, "customMetrics": [{"name": "a"}, {"name": "b"}]}, {}, "passed"),
    ({**METRICS, "customMetrics": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}, {}, "failed"),
    ({**METRICS, "customMetrics": Computed()}, {}, "undecided"),
    ({**METRICS, "customMetrics": [{"name": "a", "maxUtilization": 1.5}]}, {}, "failed"),
    ({**METRICS, "customMetrics": [{"name": "a", "maxUtilization": Computed()}]}, {}, "undecided"),
    ({**METRICS, "customMetrics": None}, {}, "passed"),
    # Custom metrics in another mode
    ({"customMetrics": [{"name": "a"}]}, {}, "failed"),
    ({"balancingMode": None, **UNSET, "customMetrics": [{"name": "a", "dryRun": False}]}, {}, "failed"),
    ({**RATE, "maxRate": 4, "customMetrics": [{"name": "a"}]}, {}, "failed"),
    ({**RATE, "maxRate": 4, "customMetrics": [{"name": "a", "dryRun": True}, {"name": "b"}]}, {}, "failed"),
    ({**RATE, "maxRate": 4, "customMetrics": [{"name": "a", "dryRun": True}]}, {}, "passed"),
    ({**RATE, "maxRate": 4, "customMetrics": [{"name": "a", "dryRun": Computed()}]}, {}, "undecided"),
    ({**RATE, "maxRate": 4, "customMetrics": Computed()}, {}, "undecided"),
    ({**RATE, "maxRate": 4, "customMetrics": []}, {}, "passed"),
    ({**CONNECTION, "customMetrics": [{"name": "a"}]}, PASSTHROUGH, "failed"),
    # Those of the service
    (
        {**RATE, "maxRate": 4},
        {"localityLbPolicy": "WEIGHTED_ROUND_ROBIN", "customMetrics": [{"name": "a", "dryRun": False}]},
        "passed",
    ),
    # Passthrough load balancers
    (CONNECTION, PASSTHROUGH, "passed"),
    (CONNECTION, {**REGIONAL, "loadBalancingScheme": None, "protocol": "UDP"}, "passed"),
    (CONNECTION, {**REGIONAL, "loadBalancingScheme": "INTERNAL", "protocol": "HTTP"}, "passed"),
    ({"balancingMode": None, **UNSET}, PASSTHROUGH, "failed"),
    ({**UNSET}, PASSTHROUGH, "failed"),
    ({}, PASSTHROUGH, "failed"),
    ({**CONNECTION, "maxConnections": 4}, PASSTHROUGH, "failed"),
    ({**CONNECTION, "maxConnections": Computed()}, PASSTHROUGH, "undecided"),
    (CONNECTION, {**REGIONAL, "loadBalancingScheme": Computed(), "protocol": "TCP"}, "undecided"),
    ({}, {**REGIONAL, "loadBalancingScheme": "INTERNAL_MANAGED"}, "passed"),
    # What another rule says
    ({}, {"protocol": "UDP"}, "passed"),
]


@pytest.mark.parametrize(("properties", "inputs", "status"), CASES)
def test_verdict(properties: dict[str, Any], inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service([backend(GROUP, **properties)], **inputs)], status)


US, EU = mig("us-central1"), mig("europe-west4")
ASIA, WEST = mig("asia-east1"), mig("us-west1")
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
RUN = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1"})
OTHER_STACK = R("StackReference", "platform")
EACH = {**RATE, "maxRatePerInstance": 4}
BEHIND_TCP = {**CONNECTION, "maxConnectionsPerInstance": 4}
UTILIZATION = {"balancingMode": "UTILIZATION"}
ENDPOINTS = {**RATE, "maxRatePerEndpoint": 4}

# (backends of a service, backends and inputs of another, status of the first)
SHARED: dict[str, tuple[Any, Any, dict[str, Any], Any]] = {
    "RATE and UTILIZATION": ([backend(US, **EACH)], [backend(US, **UTILIZATION)], {}, "failed"),
    "RATE and the default": ([backend(US, **EACH)], [backend(US, balancingMode=None)], {}, "failed"),
    "one of two groups": ([backend(US, **EACH), backend(EU, **EACH)], [backend(EU)], {}, "failed"),
    "UTILIZATION and CUSTOM_METRICS": ([backend(US)], [backend(US, **METRICS)], {}, "failed"),
    "RATE and CUSTOM_METRICS": ([backend(US, **EACH)], [backend(US, **METRICS)], {}, "failed"),
    "UTILIZATION and IN_FLIGHT": ([backend(US)], [backend(US, **IN_FLIGHT)], {}, "failed"),
    "UTILIZATION and CONNECTION behind a passthrough": (
        [backend(US)], [backend(US, **CONNECTION)], PASSTHROUGH, "failed",
    ),
    "twice RATE": ([backend(US, **EACH)], [backend(US, **EACH)], {}, "passed"),
    "twice UTILIZATION": ([backend(US)], [backend(US)], {}, "passed"),
    "RATE and CONNECTION behind a passthrough": (
        [backend(US, **EACH)], [backend(US, **CONNECTION)], PASSTHROUGH, "passed",
    ),
    "RATE and IN_FLIGHT": ([backend(US, **EACH)], [backend(US, **IN_FLIGHT)], {}, "passed"),
    "CONNECTION and CONNECTION": ([backend(US, **EACH)], [backend(US, **BEHIND_TCP)], TCP, "passed"),
    "other groups": ([backend(US, **EACH)], [backend(EU)], {}, "passed"),
    "RATE and some mode": ([backend(US, **EACH)], [backend(US, balancingMode=Computed())], {}, "undecided"),
    "RATE and perhaps another group": ([backend(US, **EACH)], [backend(Computed((US, EU)))], {}, "undecided"),
    "RATE and RATE of perhaps another": ([backend(US, **EACH)], [backend(Computed((US, EU)), **EACH)], {}, "passed"),
    "RATE and a group from elsewhere": ([backend(US, **EACH)], [backend(Computed((OTHER_STACK,)))], {}, "undecided"),
    "RATE and RATE of one from elsewhere": (
        [backend(US, **EACH)], [backend(Computed((OTHER_STACK,)), **EACH)], {}, "passed",
    ),
    "RATE and backends that are not known": ([backend(US, **EACH)], Computed(), {}, "undecided"),
    "perhaps another group and UTILIZATION": ([backend(Computed((US, EU)), **EACH)], [backend(US)], {}, "undecided"),
    "one of two other groups": ([backend(Computed((EU, ASIA)), **EACH)], [backend(US)], {}, "passed"),
    "one of two groups, and one of two others": (
        [backend(Computed((EU, ASIA)), **EACH)], [backend(Computed((US, WEST)))], {}, "passed",
    ),
    "one of two groups, and one of two of which one is the same": (
        [backend(Computed((EU, ASIA)), **EACH)], [backend(Computed((US, ASIA)))], {}, "undecided",
    ),
    "one from elsewhere and UTILIZATION": (
        [backend(Computed((OTHER_STACK,)), **EACH)], [backend(US)], {}, "undecided",
    ),
    "one from elsewhere and UTILIZATION by URL": (
        [backend(Computed((OTHER_STACK,)), **EACH)], [backend(GROUP)], {}, "undecided",
    ),
    "RATE of one from elsewhere and RATE": (
        [backend(Computed((OTHER_STACK,)), **EACH)], [backend(US, **EACH)], {}, "passed",
    ),
    "one from elsewhere and some mode": (
        [backend(Computed((OTHER_STACK,)), **EACH)], [backend(US, balancingMode=Computed())], {}, "undecided",
    ),
    "one from elsewhere and a NEG": (
        [backend(Computed((OTHER_STACK,)), **EACH)], [backend(NEG, **METRICS)], {}, "passed",
    ),
    "one from elsewhere and backends that are not known": (
        [backend(Computed((OTHER_STACK,)), **EACH)], Computed(), {}, "undecided",
    ),
    "one URL": ([backend(GROUP, **EACH)], [backend(f"https://www.googleapis.com/compute/v1/{GROUP}")], {}, "failed"),
    "URLs of two groups": ([backend(GROUP, **EACH)], [backend(f"{GROUP}-2")], {}, "passed"),
    "URLs with a project's number": (
        [backend(GROUP, **EACH)], [backend(GROUP.replace("projects/p/", "projects/12345/"))], {}, "undecided",
    ),
    "a NEG in two modes": (
        [backend(NEG, **ENDPOINTS)], [backend(NEG, **METRICS)], {}, "passed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("backends", "others", "inputs", "status"), SHARED.values(), ids=SHARED)
def test_one_group_in_two_services(backends: Any, others: Any, inputs: dict[str, Any], status: Any) -> None:
    another = service(others, name="another", **inputs)
    resources = [service(backends), another, US, EU, ASIA, WEST, NEG, OTHER_STACK]
    wanted = status if isinstance(status, tuple) else (status, status)
    for deployed, expected in zip((False, True), wanted, strict=True):
        found = statuses(RULE, build(*resources, deployed=deployed))["chat"]
        assert (deployed, found) == (deployed, expected)


def test_a_neg_without_a_mode_needs_no_limit_for_one() -> None:
    check_verdict(RULE, [service([backend(RUN, **RATE)]), RUN], "passed")


@pytest.mark.parametrize(
    ("backends", "status"), [([], "not applicable"), (None, "not applicable"), (Computed(), "undecided")]
)
def test_without_known_backends(backends: Any, status: str) -> None:
    check_verdict(RULE, [service(backends)], status)


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(GROUP, **RATE), backend(GROUP, maxUtilization=2)])
    (found,) = findings(RULE, build(subject))
    assert [problem.observed for problem in found.problems] == [
        "Backend `a` is in RATE mode without a limit.",
        "Backend `a` has `max_utilization` 2.",
    ]


def test_a_computed_list_has_no_group_that_it_is_not_computed_from() -> None:
    ours, theirs = mig("us-central1"), mig("us-east1")
    named = R(ours.type, ours.name, {**ours.inputs, "name": "llm"})
    chat = service([backend(ours)])
    rival = service(Computed((theirs,), [backend(theirs, balancingMode="RATE", maxRatePerInstance=4)]), "rival")
    check_verdict(RULE, [ours, theirs, chat, rival], "passed")
    # A name that the program has may stand anywhere.
    check_verdict(RULE, [named, theirs, service([backend(named)]), rival], ("undecided", "passed"))
    sharing = service(Computed((ours,), [backend(ours, balancingMode="RATE", maxRatePerInstance=4)]), "rival")
    check_verdict(RULE, [ours, theirs, chat, sharing], ("undecided", "failed"))


ON_RUN = R("RegionNetworkEndpointGroup", "neg", {**REGIONAL, "cloudRun": {"service": "llm"}})


@pytest.mark.parametrize(
    ("group", "properties", "inputs", "required", "fix"),
    [
        pytest.param(
            mig(), {**CONNECTION, "maxConnectionsPerInstance": 9}, CLASSIC,
            "One of UTILIZATION, RATE.", "Set `balancing_mode` to UTILIZATION or RATE.", id="what a group has",
        ),
        pytest.param(
            ON_RUN, {**CONNECTION, "maxConnectionsPerEndpoint": 9}, CLASSIC,
            "No balancing mode: this kind of NEG supports none.", "Omit `balancing_mode`.", id="a NEG without modes",
        ),
    ],
)  # fmt: skip
def test_the_modes_that_a_message_offers(
    group: R, properties: dict[str, Any], inputs: dict[str, Any], required: str, fix: str
) -> None:
    (found,) = findings(RULE, build(group, service([backend(group, **properties)], **inputs)))
    assert (found.problems[0].required, found.problems[0].fix) == (required, fix)
