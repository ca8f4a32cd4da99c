"""What the provider's preview accepts, or refuses late, and the API refuses, ignores or answers by dropping traffic.

Each case is a stack with one such combination, and its nearest legal neighbour. Exactly the listed rules speak, of
those about legality, health checks and timeouts; rules about availability may speak as well. About the neighbour none
of them speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.rules import RULES
from tests.stacks import Out, R, backend, build, check, mig, service

PRODUCT, MODE, ATTRIBUTES = "load-balancer-product", "load-balancer-balancing-mode", "load-balancer-attributes"
KIND, SCALER, SCOPE = "backend-group-kind", "backend-capacity-scaler", "backend-group-scope"
ATTACHABLE, TIMING, PATH = "health-check-attachable", "health-check-timing", "llm-backend-health-check"
AFFINITY, TIMEOUT, HEALING = "backend-session-affinity", "llm-backend-timeout", "instance-group-autohealing"
ABOUT_LEGALITY = {
    PRODUCT, MODE, ATTRIBUTES, KIND, SCALER, SCOPE, ATTACHABLE, TIMING, PATH, AFFINITY, TIMEOUT, HEALING,
}  # fmt: skip

TIMES: dict[str, Any] = {"checkIntervalSec": 10, "timeoutSec": 5, "healthyThreshold": 2, "unhealthyThreshold": 3}
HEALTH = check(**TIMES)
HEAL = R(
    "HealthCheck",
    "heal",
    {"httpHealthCheck": {"port": 8000, "requestPath": "/health"}, "checkIntervalSec": 30, "timeoutSec": 10}
    | {"unhealthyThreshold": 5},
)
HEALING_POLICY = {"healthCheck": Out(HEAL, "id"), "initialDelaySec": 1200}
MIG = mig("us-central1", autoHealingPolicies=HEALING_POLICY)
OTHER = mig("us-east1", autoHealingPolicies=HEALING_POLICY)
ZONAL = R(
    "InstanceGroupManager",
    "mig-zonal",
    {"zone": "us-central1-a", "namedPorts": [{"name": "http", "port": 8000}], "autoHealingPolicies": HEALING_POLICY},
)
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a", "networkEndpointType": "GCE_VM_IP_PORT"})
CLOUD_RUN = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
GROUPS = (MIG, OTHER, ZONAL, NEG, CLOUD_RUN)

IN_REGION: dict[str, Any] = {"region": "us-central1"}
REGIONAL: dict[str, Any] = {**IN_REGION, "loadBalancingScheme": "EXTERNAL_MANAGED"}
PASSTHROUGH: dict[str, Any] = {**IN_REGION, "loadBalancingScheme": "EXTERNAL"}
CLASSIC: dict[str, Any] = {"loadBalancingScheme": "EXTERNAL"}
NO_PORT: dict[str, Any] = {"portName": None}
BARE: dict[str, Any] = {"maxUtilization": None}
CONNECTION = {**BARE, "balancingMode": "CONNECTION"}
RATE = {**BARE, "balancingMode": "RATE"}
PER_INSTANCE = {**RATE, "maxRatePerInstance": 4}
METRICS = {**BARE, "balancingMode": "CUSTOM_METRICS", "customMetrics": [{"name": "orca.named_metrics.queue"}]}
OUTLIERS: dict[str, Any] = {"outlierDetection": {"consecutiveErrors": 5, "maxEjectionPercent": 50}}
DNS_CHECK = {**TIMES, "checkIntervalSec": 30, "unhealthyThreshold": 2}


def lb(*backends: dict[str, Any], health_check: R | None = HEALTH, **inputs: Any) -> list[R]:
    """A service of a global external Application Load Balancer where `inputs` do not say otherwise."""
    checks = {} if health_check is None else {"healthChecks": Out(health_check, "id")}
    subject = service(list(backends) or None, **{"timeoutSec": 900, **checks, **inputs})
    return [subject, HEALTH, HEAL, *GROUPS, *([] if health_check in (None, HEALTH) else [health_check])]


def with_healing(**policy: Any) -> list[R]:
    group = R("RegionInstanceGroupManager", "mig", {**MIG.inputs, "autoHealingPolicies": {**HEALING_POLICY, **policy}})
    return [*lb(backend(group)), group]


@dataclass(frozen=True)
class Case:
    """`rules` speak about `illegal`; on a first preview as well, unless only known URLs tell."""

    illegal: list[R]
    legal: list[R]
    rules: set[str]
    on_first_preview: bool = True


CASES = {
    "regional, EXTERNAL, HTTP, no backends": Case(
        lb(**PASSTHROUGH, protocol="HTTP"),
        lb(**REGIONAL, protocol="HTTP"),
        {PRODUCT},
    ),
    "regional, EXTERNAL, HTTP, UTILIZATION without a target": Case(
        lb(backend(MIG, **BARE), **PASSTHROUGH, protocol="HTTP"),
        lb(backend(MIG, **BARE, capacityScaler=1.0), **REGIONAL, protocol="HTTP"),
        {PRODUCT, MODE},
    ),
    "regional, EXTERNAL, HTTP, UTILIZATION with a target": Case(
        lb(backend(MIG), **PASSTHROUGH, protocol="HTTP"),
        lb(backend(MIG, capacityScaler=1.0), **REGIONAL, protocol="HTTP"),
        {PRODUCT, MODE},
    ),
    "regional, INTERNAL, HTTP, CONNECTION": Case(
        lb(backend(MIG, **CONNECTION), **IN_REGION, **NO_PORT, loadBalancingScheme="INTERNAL", protocol="HTTP"),
        lb(backend(MIG, **CONNECTION), **IN_REGION, **NO_PORT, loadBalancingScheme="INTERNAL", protocol="TCP"),
        {PRODUCT},
    ),
    "regional, EXTERNAL, TCP, CONNECTION, a port name": Case(
        lb(backend(MIG, **CONNECTION), **PASSTHROUGH, protocol="TCP", portName="http"),
        lb(backend(MIG, **CONNECTION), **PASSTHROUGH, protocol="TCP", **NO_PORT),
        {ATTRIBUTES},
    ),
    "regional, EXTERNAL_MANAGED, no capacity scaler": Case(
        lb(backend(MIG), **REGIONAL),
        lb(backend(MIG, capacityScaler=1.0), **REGIONAL),
        {SCALER},
    ),
    "a group of another region than the regional service": Case(
        lb(backend(OTHER, capacityScaler=1.0), **REGIONAL),
        lb(backend(MIG, capacityScaler=1.0), **REGIONAL),
        {SCOPE},
    ),
    "global, INTERNAL": Case(
        lb(backend(MIG), loadBalancingScheme="INTERNAL"),
        lb(backend(MIG), loadBalancingScheme="INTERNAL_MANAGED"),
        {PRODUCT},
    ),
    "global, EXTERNAL_MANAGED, GRPC": Case(
        lb(backend(MIG), protocol="GRPC"),
        lb(backend(MIG), protocol="HTTP2"),
        {PRODUCT},
    ),
    "a zonal NEG in UTILIZATION mode": Case(
        lb(backend(NEG)),
        lb(backend(NEG, **RATE, maxRatePerEndpoint=4)),
        {KIND},
    ),
    "a serverless NEG with a port name and a health check": Case(
        lb(backend(CLOUD_RUN, **BARE, capacityScaler=1.0), timeoutSec=None),
        lb(backend(CLOUD_RUN, **BARE, capacityScaler=1.0), timeoutSec=None, portName=None, health_check=None),
        {KIND, ATTACHABLE},
    ),
    "a serverless NEG of a regional service with a port name and a health check": Case(
        lb(backend(CLOUD_RUN, **BARE, capacityScaler=1.0), **REGIONAL, timeoutSec=None),
        lb(backend(CLOUD_RUN, **BARE, capacityScaler=1.0), **REGIONAL, **NO_PORT, timeoutSec=None, health_check=None),
        {KIND, ATTACHABLE},
    ),
    "RATE without a rate": Case(
        lb(backend(MIG, **RATE)),
        lb(backend(MIG, **PER_INSTANCE)),
        {MODE},
    ),
    "RATE with a utilization, which is ignored": Case(
        lb(backend(MIG, **{**PER_INSTANCE, "maxUtilization": 0.8})),
        lb(backend(MIG, **PER_INSTANCE)),
        {MODE},
    ),
    "a regional group with a rate for all of it": Case(
        lb(backend(MIG, **RATE, maxRate=400)),
        lb(backend(ZONAL, **RATE, maxRate=400)),
        {KIND},
    ),
    "a utilization above 1": Case(
        lb(backend(MIG, maxUtilization=1.5)),
        lb(backend(MIG, maxUtilization=1.0)),
        {MODE},
    ),
    "a utilization of 0": Case(
        lb(backend(MIG, maxUtilization=0.0)),
        lb(backend(MIG, maxUtilization=0.1)),
        {MODE},
    ),
    "a capacity scaler between 0 and 0.1": Case(
        lb(backend(MIG, capacityScaler=0.05)),
        lb(backend(MIG, capacityScaler=0.1)),
        {SCALER},
    ),
    "the only backend drained": Case(
        lb(backend(MIG, capacityScaler=0)),
        lb(backend(MIG, capacityScaler=0), backend(OTHER, capacityScaler=1)),
        {SCALER},
    ),
    "UTILIZATION with session affinity": Case(
        lb(backend(MIG), sessionAffinity="CLIENT_IP"),
        lb(backend(MIG, **PER_INSTANCE), sessionAffinity="CLIENT_IP"),
        {AFFINITY},
    ),
    "a preferred backend of a classic load balancer": Case(
        lb(backend(ZONAL, preference="PREFERRED"), **CLASSIC),
        lb(backend(ZONAL, preference="PREFERRED")),
        {ATTRIBUTES},
    ),
    "a preferred regional group of a classic load balancer": Case(
        lb(backend(MIG, preference="PREFERRED"), **CLASSIC),
        lb(backend(MIG), **CLASSIC),
        {ATTRIBUTES},
    ),
    "outlier detection of a classic load balancer": Case(
        lb(backend(MIG), **CLASSIC, **OUTLIERS),
        lb(backend(MIG), **OUTLIERS),
        {ATTRIBUTES},
    ),
    "a locality policy of a classic load balancer": Case(
        lb(backend(MIG), **CLASSIC, localityLbPolicy="LEAST_REQUEST"),
        lb(backend(MIG), localityLbPolicy="LEAST_REQUEST"),
        {ATTRIBUTES},
    ),
    "custom metrics of a classic load balancer": Case(
        lb(backend(MIG, **METRICS), **CLASSIC),
        lb(backend(MIG, **METRICS)),
        {MODE},
    ),
    "Identity-Aware Proxy with Cloud CDN": Case(
        lb(backend(MIG), iap={"enabled": True}, enableCdn=True),
        lb(backend(MIG), iap={"enabled": True}, enableCdn=False),
        {ATTRIBUTES},
    ),
    "the same group twice": Case(
        lb(backend(MIG), backend(MIG)),
        lb(backend(MIG), backend(OTHER)),
        {SCOPE},
        on_first_preview=False,
    ),
    "the same group twice, outside the stack": Case(
        lb(
            backend("projects/p-demo/zones/us-central1-a/instanceGroups/a"),
            backend("https://www.googleapis.com/compute/v1/projects/p-demo/zones/us-central1-a/instanceGroups/a"),
        ),
        lb(
            backend("projects/p-demo/zones/us-central1-a/instanceGroups/a"),
            backend("projects/p-demo/zones/us-central1-b/instanceGroups/a"),
        ),
        {SCOPE},
    ),
    "a health check with source regions": Case(
        lb(
            backend(MIG),
            health_check=R(
                "HealthCheck",
                "dns",
                {**HEALTH.inputs, **DNS_CHECK, "sourceRegions": ["us-central1", "us-east1", "us-west1"]},
            ),
        ),
        lb(backend(MIG), health_check=R("HealthCheck", "dns", {**HEALTH.inputs, **DNS_CHECK})),
        {ATTACHABLE},
    ),
    "a health check that waits longer than its interval": Case(
        lb(backend(MIG), health_check=R("HealthCheck", "slow", {**HEALTH.inputs, "timeoutSec": 15})),
        lb(backend(MIG), health_check=R("HealthCheck", "slow", {**HEALTH.inputs, "timeoutSec": 10})),
        {TIMING},
    ),
    "a health path without a slash": Case(
        lb(backend(MIG), health_check=R("HealthCheck", "path", {**check("health").inputs, **TIMES})),
        lb(backend(MIG), health_check=R("HealthCheck", "path", {**check("/health").inputs, **TIMES})),
        {PATH},
    ),
    "a timeout of 0": Case(
        lb(backend(MIG), timeoutSec=0),
        lb(backend(MIG), timeoutSec=600),
        {TIMEOUT},
    ),
    "an initial delay beyond the maximum": Case(
        with_healing(initialDelaySec=7200),
        with_healing(initialDelaySec=3600),
        {HEALING},
    ),
}


def speaking(resources: list[R], *, deployed: bool, status: str = "failed") -> set[str]:
    """The names of the rules about legality with such a verdict on some resource."""
    report = evaluate(build(*resources, deployed=deployed), RULES, default_settings(RULES))
    return {found.rule.name for found in report.with_status(status)} & ABOUT_LEGALITY  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CASES)
def test_exactly_the_listed_rules_speak(name: str) -> None:
    case = CASES[name]
    assert speaking(case.illegal, deployed=True) == case.rules
    assert speaking(case.illegal, deployed=False) == (case.rules if case.on_first_preview else set())


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.on_first_preview])
def test_what_only_urls_tell_is_undecided_before(name: str) -> None:
    assert CASES[name].rules <= speaking(CASES[name].illegal, deployed=False, status="undecided")


@pytest.mark.parametrize("deployed", [False, True], ids=["first-preview", "deployed"])
@pytest.mark.parametrize("name", CASES)
def test_no_rule_speaks_about_the_legal_neighbour(name: str, deployed: bool) -> None:
    legal = CASES[name].legal
    assert speaking(legal, deployed=deployed) == set()


def test_all_rules_about_legality_exist() -> None:
    assert {rule.name for rule in RULES} >= ABOUT_LEGALITY
    assert {rule for case in CASES.values() for rule in case.rules} == ABOUT_LEGALITY
