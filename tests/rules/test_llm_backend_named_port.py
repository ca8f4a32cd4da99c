"""`llm-backend-named-port` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "llm-backend-named-port"
OK, OTHER_NAME, NONE = mig("us-central1"), mig("us-east1", ["web"]), mig("us-west1", None)
COMPUTED_NAME = mig("us-west2", namedPorts=[{"name": Computed(), "port": 8000}])
COMPUTED_PORTS = mig("us-west3", namedPorts=Computed())
TWO_NAMES = mig("us-west4", ["metrics", "http"])
ZONAL = R("InstanceGroupManager", "zonal", {"zone": "us-central1-a", "namedPorts": [{"name": "http", "port": 1}]})
PLAIN = R("InstanceGroup", "plain", {"zone": "us-central1-a"})
PLAIN_WITH = R("InstanceGroup", "plain-with", {"zone": "us-central1-a", "namedPorts": [{"name": "http", "port": 1}]})
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
LEFT_ALONE = R(
    "RegionInstanceGroupManager", "left-alone", {"region": "us-central1"}, {"ignore_changes": ("namedPorts",)}
)
OTHER_STACK = R("StackReference", "platform")
GROUPS = (OK, OTHER_NAME, NONE, COMPUTED_NAME, COMPUTED_PORTS, TWO_NAMES, ZONAL, PLAIN, PLAIN_WITH, NEG, LEFT_ALONE)


def plain(group: R) -> dict[str, Any]:
    """Unmanaged groups are referred to by their id."""
    return backend(Out(group, "id"))


# name -> (backends, further inputs of the service, expected)
CASES: dict[str, tuple[Any, dict[str, Any], Expected]] = {
    "defined": ([backend(OK)], {}, "passed"),
    "defined second": ([backend(TWO_NAMES)], {}, "passed"),
    "zonal manager": ([backend(ZONAL)], {}, "passed"),
    "unmanaged with it": ([plain(PLAIN_WITH)], {}, "passed"),
    "another name": ([backend(OTHER_NAME)], {}, "failed"),
    "one of two lacks it": ([backend(OK), backend(NONE)], {}, "failed"),
    "no named ports": ([backend(NONE)], {}, "failed"),
    "a NEG beside groups": ([backend(OK), backend(NEG)], {}, "passed"),
    "a NEG beside a group that lacks it": ([backend(NONE), backend(NEG)], {}, "failed"),
    "unmanaged without": ([plain(PLAIN)], {}, "failed"),
    "the name is computed": ([backend(COMPUTED_NAME)], {}, "undecided"),
    "the ports are computed": ([backend(COMPUTED_PORTS)], {}, "undecided"),
    "one lacks it, one is computed": ([backend(NONE), backend(COMPUTED_PORTS)], {}, "failed"),
    "left to a controller": ([backend(LEFT_ALONE)], {}, "undecided"),
    "no port name": ([backend(OK)], {"portName": None}, "failed"),
    "an empty port name": ([backend(OK)], {"portName": ""}, "failed"),
    "a computed port name": ([backend(OK)], {"portName": Computed()}, "undecided"),
    "outside the stack": ([backend("projects/p/zones/r1-a/instanceGroups/x")], {}, "undecided"),
    "built inside apply": (Computed((OK,), [backend(OK)]), {}, ("undecided", "passed")),
    "from another stack": (
        [backend("zones/r1-a/instanceGroups/x"), backend(Computed((OTHER_STACK,)))],
        {},
        "undecided",
    ),
    "no port name, kind unknown": ([backend(Computed((OTHER_STACK,)))], {"portName": None}, "undecided"),
    "NEG": ([backend(NEG)], {"portName": None}, "not applicable"),
    "no backends": ([], {"portName": None}, "not applicable"),
    "passthrough": (
        [backend(NONE)],
        {"region": "us-west1", "loadBalancingScheme": "INTERNAL", "portName": None},
        "not applicable",
    ),
    "regional by default is passthrough": (
        [backend(NONE)],
        {"region": "us-west1", "loadBalancingScheme": None, "portName": None},
        "not applicable",
    ),
    "regional proxy": ([backend(NONE)], {"region": "us-west1", "loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
    "regional with a computed scheme": (
        [backend(NONE)],
        {"region": "us-west1", "loadBalancingScheme": Computed()},
        "undecided",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_verdict(case: str) -> None:
    backends, inputs, expected = CASES[case]
    check_verdict(RULE, [service(backends, **inputs), *GROUPS, OTHER_STACK], expected)


def port(group: Any, name: Any = "http", **inputs: Any) -> R:
    return R("InstanceGroupNamedPort", "port", {"group": group, "name": name, "port": 8000, **inputs})


@pytest.mark.parametrize(
    ("separate", "expected"),
    [
        (port(Out(PLAIN, "id")), "passed"),
        # Before the group has a name of its own, a port that gives one may or may not mean it.
        (port("plain-1a2b3c4", zone="us-central1-a"), ("undecided", "passed")),
        (port("plain-1a2b3c4", zone="us-central1-b"), ("undecided", "failed")),
        (port(Out(PLAIN, "id"), "web"), "failed"),
        (port(Out(PLAIN, "id"), Computed()), "undecided"),
        (port(Out(PLAIN_WITH, "id")), "failed"),
        (port(Computed((OTHER_STACK,))), "undecided"),
        (port(Computed((OTHER_STACK,)), "web"), "failed"),
    ],
)
def test_a_port_of_its_own(separate: R, expected: Expected) -> None:
    resources = (service([plain(PLAIN)]), PLAIN, PLAIN_WITH, separate, OTHER_STACK)
    check_verdict(RULE, resources, expected)


@pytest.mark.parametrize(
    ("group", "status"), [(OTHER_NAME, "failed"), (NONE, "undecided"), (PLAIN, "undecided"), (OK, "passed")]
)
def test_a_port_may_still_come_during_an_update(group: R, status: str) -> None:
    subject = service([plain(group)])
    assert statuses(RULE, build(subject, group, deployed=True, is_complete=False)) == {"chat": status}


def test_groups_of_the_same_name_in_two_zones_are_not_confused() -> None:
    one = R("InstanceGroupManager", "one", {"zone": "us-central1-a", "name": "llm", "namedPorts": [{"name": "http"}]})
    two = R("InstanceGroupManager", "two", {"zone": "us-central1-b", "name": "llm"})
    (found,) = findings(RULE, build(service([backend(one), backend(two)]), one, two, deployed=True))
    assert found.problems[0].observed == "`port_name` is `http`, which `two` does not define."


def test_a_group_is_known_by_its_name_before_it_has_an_id() -> None:
    group = mig("us-central1", ["web"], name="llm")
    url = "https://compute.googleapis.com/compute/beta/projects/p-demo/regions/us-central1/instanceGroups/llm"
    check_verdict(RULE, [service([backend(url)]), group], "failed")
    check_verdict(RULE, [service([backend(url.replace("p-demo", "other"))]), group], "undecided")


@pytest.mark.parametrize(
    ("group", "provider", "expected"),
    [
        ("projects/p-demo/zones/us-central1-a/instanceGroups/ig", {}, "passed"),
        ("zones/us-central1-a/instanceGroups/ig", {}, "passed"),
        ("projects/123456789/zones/us-central1-a/instanceGroups/ig", {}, "undecided"),
        ("projects/other/zones/us-central1-a/instanceGroups/ig", {}, "failed"),
        ("projects/p-demo/zones/us-central1-a/instanceGroups/ig", {"project": None}, ("undecided", "passed")),
        ("zones/us-central1-b/instanceGroups/ig", {}, "failed"),
    ],
)
def test_a_project_goes_by_its_id_or_its_number(group: str, provider: dict[str, Any], expected: Expected) -> None:
    """A relative URL is in the provider's project, which may come from the environment and so not be known here."""
    settings = {"provider": {"project": "p-demo", "version": "10.2.0", **provider}}
    owner = R("InstanceGroup", "ig", {"zone": "us-central1-a", "name": "ig"}, settings)
    separate = port(group)
    separate.options.update(settings)
    check_verdict(RULE, [service([plain(owner)]), owner, separate], expected)


def asking(block: dict[str, Any]) -> R:
    return R("HealthCheck", "check", {"httpHealthCheck": block})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param(asking({"port": 8000}), '"port": 8000', id="a port by number"),
        pytest.param(asking({}), '"port": ...', id="the default of its protocol"),
        pytest.param(asking({"portSpecification": "USE_SERVING_PORT"}), '"port": ...', id="the serving port"),
        pytest.param(asking({"port": Computed()}), '"port": ...', id="a computed port"),
        pytest.param(None, '"port": ...', id="no check"),
    ],
)
@pytest.mark.parametrize("port_name", ["http", None])
def test_the_fix_has_the_port_that_the_check_asks(port_name: str | None, asked: R | None, said: str) -> None:
    parts = [] if asked is None else [asked]
    chat = service([backend(OTHER_NAME)], portName=port_name, healthChecks=Out(asked, "id") if asked else None)
    (found,) = findings(RULE, build(chat, OTHER_NAME, *parts))
    assert said in found.problems[0].fix
