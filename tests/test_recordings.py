"""The pack gives the right verdicts on what the real engine and provider sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import BACKEND_SERVICE, REGION_NETWORK_ENDPOINT_GROUP
from policypack.model.run.service import RunService
from policypack.model.values.values import UNKNOWN, Value
from policypack.rules import RULES
from tests.expected import FIRST_RULES, UNDECIDED, UPDATES, VIOLATIONS, dry_run_of
from tests.recorded import recorded_resources
from tests.replay import RECORDINGS, Pack, Verdicts, recorded, replay

# Those of Kubernetes objects have a file of their own.
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.jsonl") if not path.stem.startswith("gke_"))
RESOURCE_RULES = {rule.name for rule in RULES if rule.stage == "resource"}
StartPack = Callable[[str | None], Pack]


def check(found: Verdicts, violations: set[tuple[str, str]], undecided: set[str]) -> None:
    """Exactly these of the first rules, each once."""
    assert sorted(found for found in found.violations if found[0] in FIRST_RULES) == sorted(violations)
    assert sorted(found for found in found.undecided if found in FIRST_RULES) == sorted(undecided)


def test_every_expectation_has_its_recording_and_its_rule() -> None:
    assert set(FIRST_RULES) <= {rule.name for rule in RULES}
    assert {rule for found in VIOLATIONS.values() for rule, _ in found} <= set(FIRST_RULES)
    assert set().union(*UNDECIDED.values()) <= set(FIRST_RULES)
    assert {*VIOLATIONS, *UNDECIDED, *UPDATES} <= set(NAMES)


# Another order each time: three orders, and both ways, of each recording.
@pytest.mark.parametrize(
    ("seed", "configured"),
    [(0, True), (1, True), (2, False)],
    ids=["configured", "configured-in-another-order", "never-configured"],
)
@pytest.mark.parametrize("name", NAMES)
def test_verdicts(start_pack: StartPack, name: str, seed: int, configured: bool) -> None:
    pack = start_pack(dry_run_of(name))
    if configured:
        pack.configure()
    shown, whole = replay(pack, name, seed)
    check(shown + whole, VIOLATIONS.get(name, set()), UNDECIDED.get(name, set()))


@pytest.mark.parametrize("name", NAMES)
def test_without_resource_rules_the_others_stay_the_same(start_pack: StartPack, name: str) -> None:
    pack = start_pack(dry_run_of(name))
    pack.configure({rule: {"enforcementLevel": "DISABLED"} for rule in RESOURCE_RULES})
    shown, whole = replay(pack, name)
    violations = {(rule, resource) for rule, resource in VIOLATIONS.get(name, set()) if rule not in RESOURCE_RULES}
    check(shown + whole, violations, UNDECIDED.get(name, set()) - RESOURCE_RULES)


def alone(start_pack: StartPack, name: str, rule: str) -> Verdicts:
    """What a rule says with all others disabled."""
    pack = start_pack(dry_run_of(name))
    pack.configure({other.name: {"enforcementLevel": "DISABLED"} for other in RULES if other.name != rule})
    shown, whole = replay(pack, name)
    return shown + whole


@pytest.mark.parametrize("rule", FIRST_RULES)
@pytest.mark.parametrize("name", NAMES)
def test_one_rule_alone_gives_its_verdicts(start_pack: StartPack, name: str, rule: str) -> None:
    violations = {found for found in VIOLATIONS.get(name, set()) if found[0] == rule}
    check(alone(start_pack, name, rule), violations, UNDECIDED.get(name, set()) & {rule})


# A preview, one with a component and unknowns in it, and an update.
@pytest.mark.parametrize("name", ["backends_built_in_apply", "component_fleet", "deployed_preview", "up_targets_unset"])
def test_each_rule_alone_says_what_it_says_among_all(start_pack: StartPack, name: str) -> None:
    pack = start_pack(dry_run_of(name))
    pack.configure()
    shown, whole = replay(pack, name)
    among_all = shown + whole
    for rule in RULES:
        found = alone(start_pack, name, rule.name)
        assert sorted(found.violations) == sorted(one for one in among_all.violations if one[0] == rule.name)
        assert found.undecided == [one for one in among_all.undecided if one == rule.name]


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_stopped_before_creation(start_pack: StartPack, name: str) -> None:
    shown, whole = replay(start_pack("false"), name)
    check(shown, VIOLATIONS.get(name, set()), set())
    check(whole, set(), set())


@pytest.mark.parametrize("name", UPDATES)
def test_a_preview_and_no_operation_judge_the_whole_stack(start_pack: StartPack, name: str) -> None:
    for dry_run in ("true", None):
        shown, whole = replay(start_pack(dry_run), name)
        check(shown, set(), set())
        check(whole, VIOLATIONS.get(name, set()), set())


def test_an_empty_stack_says_nothing(start_pack: StartPack) -> None:
    """What the engine shows when everything is destroyed."""
    for dry_run in ("true", "false", None):
        pack = start_pack(dry_run)
        pack.configure()
        assert pack.analyze_stack({"resources": []}) == Verdicts(), dry_run


def test_remediate_counts_as_mandatory(start_pack: StartPack) -> None:
    pack = start_pack("true")
    pack.configure({"llm-backend-regions": {"enforcementLevel": "REMEDIATE"}})
    requests, stack = recorded("global_one_region")
    for request in requests:
        pack.analyze(request)
    response = pack.servicer.AnalyzeStack(ParseDict(stack, analyzer_pb2.AnalyzeStackRequest()), None)
    levels = {d.enforcementLevel for d in response.diagnostics if d.policyName == "llm-backend-regions"}
    assert levels == {analyzer_pb2.MANDATORY}


def test_a_resource_shown_twice_is_judged_by_what_it_is_now(start_pack: StartPack) -> None:
    """A replacement shows the same URN again, with other inputs."""
    pack = start_pack("true")
    requests, stack = recorded("tcp_check")
    assert stack is not None
    better, _ = recorded("global_two_regions")
    for request in (*requests, *(r for r in better if r["name"] == "check")):
        pack.analyze(request)
    first = pack.analyze_stack(stack)
    assert ("llm-backend-health-check", "chat") not in first.violations
    for request in requests:
        pack.analyze(request)
    assert ("llm-backend-health-check", "chat") in pack.analyze_stack(stack).violations


def of_cloud_run(name: str) -> dict[str, set[tuple[str, str]]]:
    """What all rules say of a recorded stack, with their defaults: by status, rules and resources."""
    report = evaluate(Stack(recorded_resources(name)), RULES, default_settings(RULES))
    found: dict[str, set[tuple[str, str]]] = {}
    for rule in report.rules:
        for finding in rule.findings:
            found.setdefault(f"{rule.level} {finding.status}", set()).add((rule.rule.name, finding.name))
    return found


def test_cloud_run_in_two_regions_violates_nothing() -> None:
    found = of_cloud_run("run_two_regions")
    assert found.get("mandatory failed", set()) == set()
    assert found.get("mandatory undecided", set()) == set()
    assert {("llm-backend-failover-signal", "llm"), ("run-service-exists", "llm")} <= found["mandatory passed"]


def test_of_a_dead_region_exactly_its_faults_are_found() -> None:
    found = of_cloud_run("run_one_dead_region")
    assert found["mandatory failed"] == {
        ("llm-backend-failover-signal", "llm"),
        ("llm-backend-timeout", "llm"),
        ("run-service-capacity", "llm-europe-west4"),
        ("run-service-ingress", "llm-europe-west4"),
        ("run-service-probes", "llm-europe-west4"),
    }
    assert found.get("mandatory undecided", set()) == set()


def left_out() -> tuple[Stack, dict[str, RunService]]:
    """The recorded stack of services that leave out what they can, with a backend service in front of all."""
    resources = recorded_resources("run_left_out")
    negs = tuple(one.urn for one in resources if one.type == REGION_NETWORK_ENDPOINT_GROUP)
    urn = "urn:pulumi:dev::min::gcp:compute/backendService:BackendService::chat"
    inputs: dict[str, Value] = {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "protocol": "HTTPS",
        "backends": [{"group": UNKNOWN} for _ in negs],
    }
    front = Resource(urn, BACKEND_SERVICE, "chat", inputs, {}, {"backends": negs})
    stack = Stack([*resources, front])
    services = {one.name: RunService.of(one, stack) for one in stack.of_types(RunService.TYPES)}
    return stack, services


def test_what_is_left_out_is_known_by_its_default() -> None:
    _, services = left_out()
    read = {
        name: (
            one.ingress,
            one.has_default_url,
            one.timeout_seconds,
            one.concurrency,
            one.min_instances,
            one.max_instances,
            one.has_gpu,
            one.uses_iap,
            one.readiness_probe is not None,
        )
        for name, one in services.items()
    }
    assert read == {
        "bare": ("all", True, 300, 80, 0, None, False, False, False),
        "multi": ("all", True, 300, 80, 1, None, False, False, True),
        "v1": ("internal-and-cloud-load-balancing", True, 300, 80, 1, None, False, False, False),
    }


def test_no_rule_is_undecided_because_of_a_default() -> None:
    stack, _ = left_out()
    settings = default_settings(RULES)
    of_run = [rule for rule in RULES if rule.area == "run" or rule.name == "llm-backend-timeout"]
    report = evaluate(stack, of_run, settings)
    assert report.with_status("undecided") == ()
    assert {(one.rule.name, one.name) for one in report.with_status("failed")} == {
        ("llm-backend-timeout", "chat"),
        ("run-service-ingress", "multi"),
        ("run-service-probes", "multi"),
        ("run-service-probes", "v1"),
    }
