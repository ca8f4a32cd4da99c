"""`load-balancer-product` on every combination that exists, and on those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, R, build, check_verdict, findings, service, statuses

RULE = "load-balancer-product"
ALB = {"HTTP", "HTTPS", "HTTP2", "H2C"}
PROTOCOLS = ("HTTP", "HTTPS", "HTTP2", "H2C", "TCP", "SSL", "UDP", "GRPC", "UNSPECIFIED")
EXISTING = {
    ("global", "EXTERNAL_MANAGED"): ALB | {"TCP", "SSL"},
    ("global", "EXTERNAL"): {"HTTP", "HTTPS", "HTTP2", "TCP", "SSL"},
    ("global", "INTERNAL_MANAGED"): ALB | {"TCP"},
    ("global", "INTERNAL_SELF_MANAGED"): {"HTTP", "HTTPS", "HTTP2", "GRPC", "TCP"},
    ("global", "INTERNAL"): set(),
    ("regional", "EXTERNAL_MANAGED"): ALB | {"TCP"},
    ("regional", "INTERNAL_MANAGED"): ALB | {"TCP"},
    ("regional", "EXTERNAL"): {"TCP", "UDP", "UNSPECIFIED"},
    ("regional", "INTERNAL"): {"TCP", "UDP", "UNSPECIFIED"},
}


def combined(scope: str, **inputs: Any) -> list[R]:
    region: dict[str, Any] = {"region": "us-central1"} if scope == "regional" else {}
    return [service([], **region, **inputs)]


@pytest.mark.parametrize(("scope", "scheme"), EXISTING)
def test_every_protocol(scope: str, scheme: str) -> None:
    for protocol in PROTOCOLS:
        status = "passed" if protocol in EXISTING[scope, scheme] else "failed"
        check_verdict(RULE, combined(scope, loadBalancingScheme=scheme, protocol=protocol), status)


@pytest.mark.parametrize(
    ("scope", "inputs", "status"),
    [
        ("regional", {"loadBalancingScheme": None, "protocol": None}, "passed"),
        ("regional", {"loadBalancingScheme": None, "protocol": "HTTP"}, "failed"),
        ("regional", {"loadBalancingScheme": "EXTERNAL", "protocol": None}, "passed"),
        ("global", {"loadBalancingScheme": None, "protocol": "H2C"}, "passed"),
        ("global", {"loadBalancingScheme": "INTERNAL", "protocol": None}, "failed"),
        ("global", {"loadBalancingScheme": Computed(), "protocol": "HTTP"}, "undecided"),
        ("global", {"loadBalancingScheme": Computed(), "protocol": "UDP"}, "failed"),
        ("global", {"loadBalancingScheme": "INTERNAL", "protocol": Computed()}, "failed"),
        ("regional", {"loadBalancingScheme": "EXTERNAL", "protocol": Computed()}, "undecided"),
        ("regional", {"loadBalancingScheme": Computed(), "protocol": Computed()}, "undecided"),
        ("regional", {"loadBalancingScheme": Computed(), "protocol": "GRPC"}, "undecided"),
        ("regional", {"loadBalancingScheme": "INTERNAL_SELF_MANAGED", "protocol": "HTTP"}, "undecided"),
        ("global", {"loadBalancingScheme": "external_managed", "protocol": "HTTP"}, "failed"),
        ("global", {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": ["HTTP"]}, "undecided"),
    ],
)
def test_defaults_and_unknowns(scope: str, inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, combined(scope, **inputs), status)


@pytest.mark.parametrize(
    ("version", "status"), [("10.2.0", "passed"), ("9.35.0", "failed"), (None, "undecided"), ("next", "undecided")]
)
def test_the_default_scheme_depends_on_the_provider(version: str | None, status: str) -> None:
    """H2C is a protocol of the global load balancer and not of the classic one."""
    subject = service([], loadBalancingScheme=None, protocol="H2C")
    subject.options["provider"] = {"version": version}
    check_verdict(RULE, [subject], status)


@pytest.mark.parametrize(
    ("scheme", "protocol", "observed", "required", "fix"),
    [
        (
            "EXTERNAL",
            "HTTP",
            "scheme `EXTERNAL` and protocol `HTTP`",
            "A protocol that scheme `EXTERNAL` supports: TCP/UDP/UNSPECIFIED (external passthrough Network Load "
            "Balancer).",
            "For `HTTP`, use a global `BackendService` with scheme `EXTERNAL_MANAGED` (global external Application "
            "Load Balancer) or a `RegionBackendService` with scheme `EXTERNAL_MANAGED` (regional external Application "
            "Load Balancer).",
        ),
        (
            "NONE",
            "GRPC",
            "scheme `NONE` and protocol `GRPC`",
            "A scheme that a `RegionBackendService` supports: `EXTERNAL_MANAGED`, `EXTERNAL`, `INTERNAL_MANAGED`, "
            "`INTERNAL`.",
            "For `GRPC`, use a global `BackendService` with scheme `INTERNAL_SELF_MANAGED` (Cloud Service Mesh).",
        ),
    ],
)
def test_the_message_leads_to_what_exists(scheme: str, protocol: str, observed: str, required: str, fix: str) -> None:
    subject = service([], region="us-central1", loadBalancingScheme=scheme, protocol=protocol)
    ((problem,),) = [found.problems for found in findings(RULE, build(subject))]
    assert problem.observed == f"A `RegionBackendService` with {observed} matches no existing load balancer."
    assert (problem.required, problem.fix) == (required, fix)


def test_nothing_is_asked_of_other_resources() -> None:
    assert statuses(RULE, build(R("HealthCheck", "check", {}))) == {}
