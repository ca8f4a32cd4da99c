"""Generated fleets: services over managed groups with autoscalers, templates and checks."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.stacks import Computed, Out, R, service

RULES = (
    "llm-backend-failover-capacity",
    "llm-backend-zones",
    "instance-group-autohealing",
    "instance-group-autoscaler",
    "instance-group-update-policy",
    "health-check-timing",
    "health-check-logging",
)
REGIONS = ("us-central1", "europe-west4", "asia-east1")


def some(**properties: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=properties)


@cache
def fractions() -> st.SearchStrategy[float]:
    return st.sampled_from([0, 0.3, 0.5, 0.65, 0.8, 1, 1.2])


@cache
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


@cache
def some_target() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([0.3, 0.5, 0.65]).map(lambda target: {"target": target})


@cache
def updates() -> st.SearchStrategy[dict[str, Any]]:
    return some(
        type=st.sampled_from(["PROACTIVE", "PROACTIVE", "OPPORTUNISTIC"]),
        mostDisruptiveAllowedAction=st.sampled_from(["REFRESH", "REPLACE"]),
        maxUnavailableFixed=st.integers(0, 3),
        maxUnavailablePercent=st.sampled_from([0, 10, 50, 100]),
    )


@cache
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
