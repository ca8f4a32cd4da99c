"""`load-balancer-balancing-mode` on failing, passing and unknown services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, backend, build, check_verdict, findings, service

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
    ({**IN_FLIGHT, "maxInFlightRequestsPerInstance": None}, {}, "failed"),
    (METRICS, {}, "passed"),
    (METRICS, CLASSIC, "failed"),
    ({**METRICS, "maxUtilization": 0.8}, {}, "failed"),
    ({**METRICS, "customMetrics": [{"name": "a"}, {"name": "b"}]}, {}, "passed"),
    ({**METRICS, "customMetrics": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}, {}, "failed"),
    ({**METRICS, "customMetrics": Computed()}, {}, "undecided"),
    ({**METRICS, "customMetrics": [{"name": "a", "maxUtilization": 1.5}]}, {}, "failed"),
    ({**METRICS, "customMetrics": [{"name": "a", "maxUtilization": Computed()}]}, {}, "undecided"),
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
