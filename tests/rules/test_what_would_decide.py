"""Undecided verdicts of the availability rules name the input property that would decide them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fleets import autoscaler, managed, serving
from tests.stacks import Computed, Out, R, backend, build, check, findings, mig, service


def _of_check(**timing: Any) -> tuple[R, ...]:
    probe = check(**timing)
    return service([], healthChecks=Out(probe, "id")), probe


def _of_group(*, scaled: dict[str, Any] | None = None, **inputs: Any) -> tuple[R, ...]:
    group = managed(**inputs)
    return serving(group), group, *([autoscaler(group, **scaled)] if scaled else [])


def _of_service(*, ports: Any = ("http",), **inputs: Any) -> tuple[R, ...]:
    group = mig(ports=ports)
    return service([backend(group)], portName="http", **inputs), group


HEALING: Any = {"healthCheck": "projects/p/global/healthChecks/x", "initialDelaySec": Computed()}


@pytest.mark.parametrize(
    ("rule", "resources", "properties"),
    [
        ("health-check-logging", _of_check(logConfig=Computed()), {"log_config"}),
        ("health-check-timing", _of_check(timeoutSec=Computed()), {"timeout_sec"}),
        ("health-check-timing", _of_check(unhealthyThreshold=Computed()), {"unhealthy_threshold"}),
        ("instance-group-autohealing", _of_group(autoHealingPolicies=Computed()), {"auto_healing_policies"}),
        ("instance-group-autohealing", _of_group(autoHealingPolicies=HEALING), {"initial_delay_sec"}),
        ("instance-group-autoscaler", _of_group(scaled={"mode": Computed()}), {"mode", "min_replicas", "versions"}),
        ("instance-group-update-policy", _of_group(updatePolicy=Computed()), {"update_policy"}),
        ("llm-backend-named-port", _of_service(loadBalancingScheme=Computed(), region="r"), {"load_balancing_scheme"}),
        ("llm-backend-regions", (service(Computed()),), {"backends"}),
        ("llm-backend-zones", (service(Computed()),), {"backends"}),
        ("llm-backend-failover-capacity", (service(Computed()),), {"backends"}),
        ("llm-backend-health-check", _of_service(healthChecks="global/healthChecks/x"), {"health_checks"}),
    ],
)
def test_properties(rule: str, resources: tuple[R, ...], properties: set[str]) -> None:
    found = findings(rule, build(*resources))
    assert {one.property_name for finding in found for one in finding.undecided} == properties
