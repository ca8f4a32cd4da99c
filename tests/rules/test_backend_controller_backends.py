"""`backend-controller-backends`, and what other rules say of backends that a controller in GKE attaches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policypack.model.kubernetes.controllers import attachments_of
from tests.rules.clusters import all_of, cluster, thing, within
from tests.stacks import Computed, Out, R, backend, build, check, check_verdict, findings, service

RULE, REGIONS, CHECK = "backend-controller-backends", "llm-backend-regions", "llm-backend-health-check"
LIMIT, MODE, ZONES = "llm-backend-max-utilization", "load-balancer-balancing-mode", "llm-backend-zones"
AUTONEG, NEG = "controller.autoneg.dev/neg", "cloud.google.com/neg"
LEFT = {"ignore_changes": ("backends",)}
NEG_URL = "projects/p/zones/us-central1-{}/networkEndpointGroups/vllm-neg"
US, EU = cluster("us", "us-central1"), cluster("eu", "europe-west4-a")
TOO = cluster("too", "us-central1-b")


def autoneg(entries: Any, name: str = "vllm", *, key: str = AUTONEG) -> R:
    """A Service whose NEGs a controller attaches as `entries` say."""
    given = json.dumps({"backend_services": {"80": entries}}) if isinstance(entries, list) else entries
    annotations = {NEG: '{"exposed_ports": {"80": {}}}', key: given}
    return thing("v1", "Service", name, {"ports": [{"port": 80}]}, annotations=annotations)


def entry(name: str | None = "chat", **others: Any) -> dict[str, Any]:
    return {**({"name": name} if name else {}), "max_rate_per_endpoint": 10, **others}


def exposed(annotation: Any = '{"exposed_ports": {"80": {"name": "vllm-neg"}}}') -> R:
    return thing("v1", "Service", "vllm", {"ports": [{"port": 80}]}, annotations={NEG: annotation})


def with_name(name: Any = "chat", backends: Any = None, options: Any = None, **inputs: Any) -> R:
    """The backend service, with this name in the cloud."""
    made = service(backends, options=options or {}, **inputs)
    made.inputs["name"] = name
    return made


CHAT, LEFT_CHAT = with_name(), with_name(options=LEFT)
NAMESPACE, CONFIG = thing("v1", "Namespace", "llm", namespace=None), thing("v1", "ConfigMap", "config")


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param([CHAT, autoneg([entry()])], "failed", id="named and not left"),
        pytest.param([LEFT_CHAT, autoneg([entry()])], "passed", id="left to the controller"),
        pytest.param([with_name("chat", []), autoneg([entry()])], "failed", id="an empty list"),
        pytest.param([with_name("chat", [backend(NEG_URL)]), autoneg([entry()])], "failed", id="other backends"),
        pytest.param([with_name(options={"ignore_changes": ("*",)}), autoneg([entry()])], "passed", id="all left"),
        pytest.param([with_name("chat", None, {"ignore_changes": ("iap",)}), autoneg([entry()])], "failed",
                     id="something else left"),
        pytest.param([CHAT, autoneg('{"name": "chat"}', key="anthos.cft.dev/autoneg")], "failed", id="former key"),
        pytest.param([CHAT, autoneg([entry("embed"), entry()])], "failed", id="second entry"),
        pytest.param([CHAT, autoneg([entry(region="us-central1")])], "undecided", id="of a region"),
        pytest.param([with_name("chat", region="us-central1"), autoneg([entry(region="us-central1")])], "failed",
                     id="regional"),
        pytest.param([with_name("chat", region="us-east1"), autoneg([entry(region="us-central1")])], "undecided",
                     id="another region"),
        pytest.param([with_name("chat", region=Computed()), autoneg([entry(region="us-central1")])], "undecided",
                     id="computed region"),
        pytest.param([CHAT, autoneg([entry("embed")])], "undecided", id="another name"),
        pytest.param([LEFT_CHAT, autoneg([entry("embed")])], "undecided", id="another name, and left"),
        pytest.param([with_name("chat", [backend(NEG_URL)]), autoneg([entry("embed")])], "not applicable",
                     id="another name beside backends"),
        pytest.param([service(None), autoneg([entry()])], "undecided", id="a name is made up"),
        pytest.param([with_name(Computed()), autoneg([entry()])], "undecided", id="computed name"),
        pytest.param([with_name(Computed(), None, LEFT), autoneg([entry()])], "passed", id="computed name, left"),
        pytest.param([CHAT, autoneg([entry(None)])], "undecided", id="named by a template"),
        pytest.param([CHAT, autoneg("no JSON")], "undecided", id="no JSON"),
        pytest.param([CHAT, autoneg(Computed())], "undecided", id="computed annotation"),
        pytest.param([CHAT, autoneg(Computed((CHAT,)))], "failed", id="computed from the service"),
        pytest.param([LEFT_CHAT, autoneg(Computed((CHAT,)))], "passed", id="computed from the service, left"),
        pytest.param([CHAT, NAMESPACE, autoneg(Computed((CHAT, NAMESPACE)))], "failed", id="and its namespace"),
        pytest.param([CHAT, CONFIG, autoneg(Computed((CHAT, CONFIG)))], "undecided", id="and something else"),
        pytest.param([CHAT, autoneg({"backend_services": {"80": []}}), exposed()], "undecided", id="no text"),
        pytest.param([CHAT, exposed()], "undecided", id="NEGs that nothing attaches"),
        pytest.param([CHAT, exposed('{"ingress": true}')], "not applicable", id="NEGs of an Ingress"),
        pytest.param([with_name("chat", [backend(NEG_URL)]), exposed()], "not applicable", id="NEGs by their URLs"),
        pytest.param([CHAT], "not applicable", id="no Kubernetes"),
        pytest.param([CHAT, thing("v1", "Service", "web", {})], "not applicable", id="no annotations"),
    ],
)  # fmt: skip
def test_backends_survive_updates(stack: list[R], expected: str) -> None:
    check_verdict(RULE, stack, expected)


def attached(*clusters: tuple[R, R], entries: Any = None, **inputs: Any) -> list[R]:
    """The service, and in each cluster a Service whose NEGs are attached to it."""
    services = [
        within(provider, autoneg([entry()] if entries is None else entries, f"vllm-{provider.name}"))
        for _, provider in clusters
    ]
    return all_of(with_name("chat", None, LEFT, **inputs), *clusters, *services)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(attached(US, EU), "passed", id="clusters in two regions"),
        pytest.param(attached(US), "undecided", id="one cluster"),
        pytest.param(attached(US, TOO), "undecided", id="two clusters in one region"),
        pytest.param(attached(US, EU, entries=[entry("embed")]), "undecided", id="another name"),
        pytest.param(attached(US, EU, entries=[entry(initial_capacity=0)]), "undecided", id="drained"),
        pytest.param(attached(US, EU, region="us-central1"), "failed", id="regional"),
        pytest.param([CHAT, autoneg([entry("embed")])], "undecided", id="no backends beside Kubernetes"),
        pytest.param([CHAT], "failed", id="no backends"),
    ],
)
def test_regions_are_those_of_the_clusters(stack: list[R], expected: str) -> None:
    check_verdict(REGIONS, stack, expected)


TCP_PROXY = {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "TCP", "portName": None}
DRY = {"name": "orca.named_metrics.kv", "max_utilization": 0.8, "dry_run": True}


@pytest.mark.parametrize(
    ("targets", "inputs", "limit", "mode"),
    [
        pytest.param({"max_rate_per_endpoint": 10}, {}, "passed", "passed", id="rate"),
        pytest.param({}, {}, "failed", "failed", id="nothing"),
        pytest.param({"max_rate_per_endpoint": 0}, {}, "failed", "failed", id="rate of 0"),
        pytest.param({"max_connections_per_endpoint": 10}, {}, "passed", "failed", id="connections of requests"),
        pytest.param({"max_connections_per_endpoint": 10}, TCP_PROXY, "passed", "passed", id="connections"),
        pytest.param({"max_rate_per_endpoint": 10}, TCP_PROXY, "passed", "failed", id="rate of connections"),
        pytest.param({"custom_metrics": [{**DRY, "dry_run": False}]}, {}, "passed", "passed", id="metric"),
        pytest.param({"custom_metrics": [DRY]}, {}, "failed", "passed", id="metric that does not count"),
        pytest.param({"custom_metrics": [DRY]}, {"loadBalancingScheme": "EXTERNAL"}, "failed", "failed",
                     id="metric of a classic load balancer"),
        pytest.param({"max_connections_per_endpoint": 10}, {"protocol": Computed()}, "passed", "undecided",
                     id="computed protocol"),
        pytest.param({"max_connections_per_endpoint": 10}, {"loadBalancingScheme": Computed()}, "passed", "failed",
                     id="no scheme has it for HTTP"),
    ],
)  # fmt: skip
def test_targets_of_the_annotation(targets: dict[str, Any], inputs: dict[str, Any], limit: str, mode: str) -> None:
    stack = [with_name(options=LEFT, **inputs), autoneg([{"name": "chat", **targets}])]
    check_verdict(LIMIT, stack, limit)
    check_verdict(MODE, stack, mode)


@pytest.mark.parametrize(
    ("inputs", "limit"), [({}, "max_rate_per_endpoint"), (TCP_PROXY, "max_connections_per_endpoint")]
)
def test_the_fix_names_the_limit_of_what_the_load_balancer_counts(inputs: dict[str, Any], limit: str) -> None:
    (found,) = findings(LIMIT, build(with_name(options=LEFT, **inputs), autoneg([{"name": "chat"}])))
    assert [problem.fix.split("`")[1] for problem in found.problems] == [limit]


def test_what_is_certainly_attached_is_something() -> None:
    stack = build(LEFT_CHAT, autoneg([entry()]))
    (chat,) = stack.of_types([LEFT_CHAT.token])
    assert attachments_of(stack, chat).any


@pytest.mark.parametrize(
    ("source", "attached"), [(CHAT, {"chat"}), (service(name="embed"), {"embed"}), (CONFIG, {"chat", "embed"})]
)
def test_a_computed_annotation_is_of_the_service_that_it_comes_from(source: R, attached: set[str]) -> None:
    stack = build(CHAT, service(name="embed"), CONFIG, autoneg(Computed((source, CONFIG))))
    found = {one.name for one in stack.of_types([CHAT.token]) if attachments_of(stack, one).any}
    assert found == attached


def test_without_an_annotation_that_names_it_a_service_has_no_targets() -> None:
    for rule in (LIMIT, MODE):
        check_verdict(rule, [LEFT_CHAT, autoneg([{"name": "embed"}])], "not applicable")
        check_verdict(rule, [LEFT_CHAT, autoneg(Computed((CHAT,)))], "undecided")


@pytest.mark.parametrize(("path", "expected"), [("/health", "passed"), ("/", "failed"), (None, "failed")])
def test_the_health_check_is_the_programs_own(path: str | None, expected: str) -> None:
    probe = check(path)
    stack = [with_name(options=LEFT, healthChecks=Out(probe, "id")), probe, autoneg([entry()])]
    check_verdict(CHECK, stack, expected)


def test_what_is_attached_needs_a_health_check() -> None:
    check_verdict(CHECK, [LEFT_CHAT, autoneg([entry()])], "failed")
    check_verdict(CHECK, [LEFT_CHAT, autoneg([entry("embed")])], "undecided")


@pytest.mark.parametrize(
    ("zones", "service_with_negs", "expected"),
    [
        pytest.param("a", [exposed()], "failed", id="one zone"),
        pytest.param("ab", [exposed()], "passed", id="two zones"),
        pytest.param("a", [], "undecided", id="one zone of what may be hybrid"),
        pytest.param("a", [exposed('{"exposed_ports": {"80": {}}}')], "undecided", id="no name"),
        pytest.param("a", [exposed(Computed())], "undecided", id="computed annotation"),
    ],
)
def test_negs_that_an_annotation_names_are_zonal(zones: str, service_with_negs: list[R], expected: str) -> None:
    backends = [backend(NEG_URL.format(zone), balancingMode="RATE", maxUtilization=None, maxRatePerEndpoint=5)
                for zone in zones]  # fmt: skip
    check_verdict(ZONES, [service(backends), *service_with_negs], expected)


def test_the_message_names_the_annotation_and_the_option() -> None:
    (found,) = findings(RULE, build(CHAT, autoneg([entry()])))
    assert [(problem.observed, problem.required, problem.fix) for problem in found.problems] == [
        (
            "A controller attaches its backends (`controller.autoneg.dev/neg` of Service `vllm`), but the program "
            "declares none: an update detaches them.",
            '`ignore_changes=["backends"]`.',
            'Set `ignore_changes=["backends"]` in the resource options of `chat`.',
        )
    ]
    (found,) = findings(RULE, build(service(None, options=LEFT), autoneg([entry("field")])))
    assert found.reasons == (
        "`controller.autoneg.dev/neg` of Service `vllm` names `field`, and no such service is in the stack; if this "
        "service is meant, set its `name`",
    )


@pytest.mark.parametrize(
    ("attached", "reason"),
    [
        (
            entry("embed"),
            "names `embed`, and no such service is in the stack; if this service is meant, set its `name`",
        ),
        (entry(region="us-central1"), "names it, with a `region` that is not its own: this service is global"),
    ],
)
def test_the_reason_says_what_the_annotation_has_instead(attached: dict[str, Any], reason: str) -> None:
    (found,) = findings(RULE, build(LEFT_CHAT, autoneg([attached])))
    assert found.reasons == (f"`{AUTONEG}` of Service `vllm` {reason}",)
