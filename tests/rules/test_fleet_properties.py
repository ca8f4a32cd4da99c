"""Rules about groups on arbitrary fleets: unknowns never turn a verdict around, and nothing raises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck as HypothesisCheck
from hypothesis import given, settings
from hypothesis import strategies as st

from policypack.config.options import Setting
from policypack.evaluate import Status, apply_to_stack
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from tests.stacks import BY_NAME, Computed, Out, R, build, service
from tests.test_properties import assert_refines, blurred

RULES = (
    "llm-backend-failover-capacity",
    "llm-backend-zones",
    "instance-group-autohealing",
    "instance-group-autoscaler",
    "instance-group-update-policy",
    "health-check-timing",
    "health-check-logging",
)
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
SETTINGS = settings(
    max_examples=200, deadline=None, suppress_health_check=[HypothesisCheck.too_slow, HypothesisCheck.data_too_large]
)
REGIONS = ("us-central1", "europe-west4", "asia-east1")


def verdicts(resources: list[Resource], **stack: Any) -> dict[tuple[str, str], Status]:
    whole = Stack(resources, **stack)
    return {
        (found.rule.name, found.urn): "passed" if found.status == "not applicable" else found.status
        for rule in (BY_NAME[name] for name in RULES)
        for found in apply_to_stack(rule, whole, Setting(rule.level, rule.options()))
    }


def some(**properties: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=properties)


def fractions() -> st.SearchStrategy[float]:
    return st.sampled_from([0, 0.3, 0.5, 0.65, 0.8, 1, 1.2])


def policies() -> st.SearchStrategy[dict[str, Any]]:
    """Autoscalers as they ought to be, and any others."""
    sound = {"minReplicas": st.integers(1, 4), "maxReplicas": st.just(6), "loadBalancingUtilization": some_target()}
    return st.fixed_dictionaries(sound) | some(
        minReplicas=st.integers(0, 4),
        maxReplicas=st.integers(2, 9),
        mode=st.sampled_from(["ON", "OFF", "ONLY_SCALE_OUT"]),
        loadBalancingUtilization=some(target=fractions()),
        cpuUtilization=some(target=fractions()),
        metrics=st.lists(st.just({"name": "queue"}), max_size=1),
    )


def some_target() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([0.3, 0.5, 0.65]).map(lambda target: {"target": target})


def updates() -> st.SearchStrategy[dict[str, Any]]:
    return some(
        type=st.sampled_from(["PROACTIVE", "PROACTIVE", "OPPORTUNISTIC"]),
        mostDisruptiveAllowedAction=st.sampled_from(["REFRESH", "REPLACE"]),
        maxUnavailableFixed=st.integers(0, 3),
        maxUnavailablePercent=st.sampled_from([0, 10, 50, 100]),
    )


def targets() -> st.SearchStrategy[dict[str, Any]]:
    """Targets as they ought to be, and any others."""
    by_rate: dict[str, Any] = {"balancingMode": "RATE", "maxRatePerInstance": 4}
    sound: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{"maxUtilization": 0.8}, by_rate])
    return sound | some(
        balancingMode=st.sampled_from(["UTILIZATION", "RATE", "CONNECTION"]),
        maxUtilization=fractions(),
        maxRatePerInstance=st.sampled_from([2, 4]),
        maxRate=st.just(40),
        capacityScaler=st.sampled_from([0, 0.5, 1]),
    )


@st.composite
def groups(draw: st.DrawFn, number: int, templates: list[R], checks: list[R]) -> R:
    region, zonal = draw(st.sampled_from(REGIONS)), draw(st.booleans())
    place = {"zone": f"{region}-a"} if zonal else {"region": region}
    zones = st.sampled_from([[f"{region}-a"], [f"{region}-a", f"{region}-b"]])
    spread = {} if zonal else draw(
        some(distributionPolicyZones=zones, distributionPolicyTargetShape=st.sampled_from(["EVEN", "ANY"]))
    )  # fmt: skip
    of = draw(st.sampled_from([*(Out(one, "id") for one in templates), "global/instanceTemplates/llm"]))
    healing = some(healthCheck=st.sampled_from([Out(one, "id") for one in checks]), initialDelaySec=st.integers(0, 999))
    optional = draw(
        some(
            autoHealingPolicies=healing,
            updatePolicy=updates(),
            targetSize=st.integers(0, 4),
            instanceLifecyclePolicy=some(onFailedHealthCheck=st.sampled_from(["REPAIR", "DO_NOTHING"])),
        )
    )
    type_ = "InstanceGroupManager" if zonal else "RegionInstanceGroupManager"
    return R(type_, f"group-{number}", {**place, **spread, "versions": [{"instanceTemplate": of}], **optional})


@st.composite
def stacks(draw: st.DrawFn) -> list[R]:
    """One or two services over managed groups with autoscalers, templates and checks."""
    types = st.sampled_from(["g2-standard-8", "g2-standard-48", "e2-standard-8"])
    templates = [R("InstanceTemplate", f"template-{n}", {"machineType": draw(types)}) for n in range(2)]
    timing = some(checkIntervalSec=st.sampled_from([5, 30]), timeoutSec=st.sampled_from([5, 10]))
    checks = [R("HealthCheck", f"check-{n}", {"tcpHealthCheck": {}, **draw(timing)}) for n in range(2)]
    pool = [draw(groups(number, templates, checks)) for number in range(draw(st.sampled_from([1, 2, 2, 3])))]
    scalers = [
        R("Autoscaler" if "zone" in group.inputs else "RegionAutoscaler", f"scaler-{group.name}", inputs)
        for group in pool
        if draw(st.integers(0, 4))
        for inputs in [{**_place(group), "target": Out(group, "id"), "autoscalingPolicy": draw(policies())}]
    ]
    services = []
    for name in draw(st.sampled_from([["chat"], ["chat", "batch"]])):
        alike = draw(targets())
        entries = [
            {**(alike if draw(st.integers(0, 4)) else draw(targets())), "group": _reference(draw, group)}
            for group in pool
            if draw(st.integers(0, 5))
        ]
        health = draw(st.sampled_from([Out(checks[0], "id"), Computed(tuple(checks), Out(checks[0], "id")), None]))
        protocol = draw(st.sampled_from(["HTTP", "HTTP", "TCP"]))
        services.append(service(entries, name, healthChecks=health, protocol=protocol))
    return [*services, *pool, *scalers, *templates, *checks]


def _place(group: R) -> dict[str, Any]:
    return {key: value for key, value in group.inputs.items() if key in ("region", "zone")}


def _reference(draw: st.DrawFn, group: R) -> Any:
    out = Out(group)
    return draw(st.sampled_from([out, out, out, Computed((group,), out), Computed((), out)]))


@SETTINGS
@given(data=st.data())
def test_unknowns_never_turn_a_verdict_around(data: st.DataObject) -> None:
    resources = list(build(*data.draw(stacks()), deployed=data.draw(st.booleans())).resources)
    less = data.draw(st.composite(lambda draw: [blurred(draw, resource) for resource in resources])())
    assert_refines(_shared(verdicts(less), resources), verdicts(resources))


def _shared(less: dict[tuple[str, str], Status], resources: list[Resource]) -> dict[tuple[str, str], Status]:
    """Verdicts on what is judged with more known as well: a property less may leave a resource off every path."""
    judged = verdicts(resources)
    return {key: status for key, status in less.items() if key in judged}


@SETTINGS
@given(parts=stacks())
def test_a_first_preview_never_turns_the_deployed_verdict_around(parts: list[R]) -> None:
    first, deployed = list(build(*parts).resources), list(build(*parts, deployed=True).resources)
    assert_refines(_shared(verdicts(first), deployed), verdicts(deployed))


@SETTINGS
@given(parts=stacks(), data=st.data())
def test_an_update_never_stops_what_the_whole_stack_allows(parts: list[R], data: st.DataObject) -> None:
    resources = list(build(*parts, deployed=True).resources)
    whole = verdicts(resources)
    shown = [replace(r, outputs=None, edges={}) for r in resources if data.draw(st.integers(0, 3))]
    early = verdicts(shown, is_complete=False)
    stopped = {key for key, status in early.items() if status == "failed"}
    assert stopped <= {key for key, status in whole.items() if status == "failed"}
