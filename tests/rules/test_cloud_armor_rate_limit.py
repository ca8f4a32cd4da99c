"""`cloud-armor-rate-limit` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Out, R, build, check_verdict, findings, service

RULE = "cloud-armor-rate-limit"


def rule(priority: Any, action: Any, ranges: Any = ("*",), **inputs: Any) -> dict[str, Any]:
    given = list(ranges) if isinstance(ranges, tuple) else ranges
    return {"priority": priority, "action": action, "match": {"config": {"srcIpRanges": given}}, **inputs}


def limit(priority: Any = 1000, key: Any = "IP", action: Any = "throttle", **inputs: Any) -> dict[str, Any]:
    return rule(priority, action, rateLimitOptions={"enforceOnKey": key}, **inputs)


def protected(rules: Any, **inputs: Any) -> tuple[R, ...]:
    policy = R("SecurityPolicy", "armor", {"rules": rules})
    return service(securityPolicy=Out(policy, "id"), **inputs), policy


EXPRESSION = {"priority": 10, "action": "allow", "match": {"expr": {"expression": "origin.asn == 1"}}}


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([limit()], "passed"),
        ([limit(action="rate_based_ban")], "passed"),
        ([limit(), rule(2147483647, "allow")], "passed"),
        ([rule(1, "allow"), limit()], "failed"),
        ([rule(1, "deny(403)"), limit()], "failed"),
        ([rule(1, "allow", preview=True), limit()], "passed"),
        ([rule(1, "allow", ("198.51.100.0/24",)), limit()], "passed"),
        ([rule(1, "allow", ("0.0.0.0/0",)), limit()], "failed"),
        ([rule(1, "allow", Computed()), limit()], "undecided"),
        ([EXPRESSION, limit()], "passed"),
        ([{**EXPRESSION, "match": {"expr": {"expression": "true"}}}, limit()], "failed"),
        ([limit(preview=True)], "failed"),
        ([limit(preview=Computed())], "undecided"),
        ([limit(Computed())], "undecided"),
        ([rule(1000, "allow")], "failed"),
        ([], "failed"),
        (Computed(), "undecided"),
        ([limit(), Computed()], "undecided"),
        *(([limit(key=key)], "passed") for key in ("XFF_IP", "HTTP_HEADER", "USER_IP", "TLS_JA4_FINGERPRINT")),
        *(([limit(key=key)], "failed") for key in ("ALL", "HTTP_PATH", "REGION_CODE", "SNI", None)),
        ([limit(key=Computed())], "undecided"),
        ([limit(key="ALL"), limit(2000)], "failed"),
        ([{**limit(), "rateLimitOptions": {"enforceOnKeyConfigs": [{"enforceOnKeyType": "IP"}]}}], "passed"),
        ([{**limit(), "rateLimitOptions": {"enforceOnKeyConfigs": [{"enforceOnKeyType": "SNI"}]}}], "failed"),
    ],
)
def test_policies(rules: Any, status: str) -> None:
    check_verdict(RULE, protected(rules), status)


def test_one_limit_for_all_may_do() -> None:
    check_verdict(RULE, protected([limit(key="ALL")]), "passed", per_client=False)
    check_verdict(RULE, protected([rule(1, "allow")]), "failed", per_client=False)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({}, "not applicable"),
        ({"securityPolicy": "projects/p/global/securityPolicies/shared"}, "undecided"),
        ({"securityPolicy": Computed()}, "undecided"),
        ({"loadBalancingScheme": "INTERNAL_MANAGED"}, "not applicable"),
        ({"region": "us-central1", "protocol": "TCP"}, "not applicable"),
    ],
)
def test_services(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(**inputs)], status)


def test_the_scheme_is_computed() -> None:
    check_verdict(RULE, protected([], loadBalancingScheme=Computed()), "undecided")
    check_verdict(RULE, protected([limit()], loadBalancingScheme=Computed()), "passed")


def test_a_policy_of_an_internal_service() -> None:
    check_verdict(RULE, protected([], loadBalancingScheme="INTERNAL_MANAGED"), "not applicable")


def test_a_regional_policy() -> None:
    policy = R("RegionSecurityPolicy", "armor", {"region": "us-central1", "rules": []})
    subject = service(region="us-central1", securityPolicy=Out(policy, "id"))
    check_verdict(RULE, [subject, policy], "failed")


@pytest.mark.parametrize(
    ("rules", "observed"),
    [
        ([limit(key="ALL")], "has one rate limit for all clients together."),
        ([], "limits no rates before it decides."),
    ],
)
def test_the_message_says_whose_limit_it_is(rules: list[dict[str, Any]], observed: str) -> None:
    policy = R("SecurityPolicy", "armor", {"rules": rules})
    (found,) = findings(RULE, build(service(securityPolicy=Out(policy, "id")), policy))
    assert found.problems[0].observed == f"Cloud Armor policy `armor` {observed}"
