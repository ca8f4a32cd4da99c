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
        # What lets requests above its threshold through limits nothing.
        ([{**limit(), "rateLimitOptions": {"enforceOnKey": "IP", "exceedAction": "allow"}}], "failed"),
        ([{**limit(), "rateLimitOptions": {"enforceOnKey": "IP", "exceedAction": "deny(429)"}}], "passed"),
        ([{**limit(), "rateLimitOptions": {"enforceOnKey": "IP", "exceedAction": Computed()}}], "undecided"),
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
        ([limit(key="ALL")], "has a single rate limit shared by all clients."),
        ([], "does not rate limit before it allows or denies requests."),
    ],
)
def test_the_message_says_whose_limit_it_is(rules: list[dict[str, Any]], observed: str) -> None:
    policy = R("SecurityPolicy", "armor", {"rules": rules})
    (found,) = findings(RULE, build(service(securityPolicy=Out(policy, "id")), policy))
    assert found.problems[0].observed == f"Cloud Armor policy `armor` {observed}"


def allow(expression: str, priority: int = 10, action: str = "allow", **inputs: Any) -> dict[str, Any]:
    return {"priority": priority, "action": action, "match": {"expr": {"expression": expression}}, **inputs}


OFFICE = ("198.51.100.0/24",)
OFFICE_LIMIT = rule(1000, "throttle", OFFICE, rateLimitOptions={"enforceOnKey": "IP"})
LAST_ALLOWS, LAST_DENIES = rule(2147483647, "allow"), rule(2147483647, "deny(403)")


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        pytest.param([OFFICE_LIMIT, LAST_ALLOWS], "failed", id="one office is limited, everybody else is not"),
        pytest.param([OFFICE_LIMIT], "failed", id="nor is what no rule matches"),
        pytest.param([OFFICE_LIMIT, LAST_DENIES], "passed", id="everybody else is denied"),
        pytest.param([rule(1, "allow", OFFICE), limit(), LAST_DENIES], "passed", id="one office is excepted"),
        pytest.param([rule(1, "allow", ("17.0.0.0/8",)), limit()], "passed", id="a /8 is excepted"),
        pytest.param([rule(1, "allow", ("0.0.0.0/1",)), limit()], "failed", id="half of all are excepted"),
        pytest.param(
            [rule(1, "allow", ("0.0.0.0/1",)), rule(2, "allow", ("128.0.0.0/1",)), limit()],
            "failed",
            id="two rules allow one half each",
        ),
        pytest.param(
            [rule(1, "deny(403)", ("0.0.0.0/1",)), rule(2, "allow", ("0.0.0.0/1",)), limit()],
            "passed",
            id="who is allowed has been denied before",
        ),
        pytest.param(
            [
                rule(1, "throttle", ("0.0.0.0/1",), rateLimitOptions={"enforceOnKey": "IP"}),
                rule(2, "throttle", ("128.0.0.0/1",), rateLimitOptions={"enforceOnKey": "IP"}),
                LAST_ALLOWS,
            ],
            "passed",
            id="two limits, one for each half",
        ),
        pytest.param([rule(1, "allow", ("0.0.0.0/1",), preview=True), limit()], "passed", id="only a preview allows"),
        pytest.param([rule(1, "allow", ("0.0.0.0/1",), preview=Computed()), limit()], "undecided", id="it may"),
        pytest.param([rule(1, Computed(), ("0.0.0.0/1",)), limit()], "undecided", id="an unknown action"),
        pytest.param([rule(1, "allow", (*OFFICE, Computed())), limit()], "undecided", id="an unknown range"),
        pytest.param([rule(1, "allow", ("10.0.0.0/8", "172.16.0.0/12")), limit()], "passed", id="private addresses"),
        *(
            pytest.param([allow(always), limit()], "failed", id=f"allows if {always}")
            for always in (
                "true",
                "(true)",
                "1 == 1",
                "'a' == 'a'",
                "!false",
                "origin.asn == 1 || true",
                "inIpRange(origin.ip, '0.0.0.0/0')",
                "inIpRange(origin.ip, '0.0.0.0/1') || inIpRange(origin.ip, '128.0.0.0/1')",
                "!inIpRange(origin.ip, '198.51.100.0/24')",
            )
        ),
        *(
            pytest.param([allow(some), limit()], "passed", id=f"excepts {some}")
            for some in (
                "false",
                "origin.asn == 64500",
                "inIpRange(origin.ip, '198.51.100.0/24')",
                "inIpRange(origin.ip, '198.51.100.0/24') || origin.asn == 64500",
                "evaluatePreconfiguredWaf('sqli-v33-stable')",
            )
        ),
        *(
            pytest.param([allow(unclear), limit()], "undecided", id=f"may except many: {unclear}")
            for unclear in (
                "origin.region_code == 'US'",
                "request.path.startsWith('/')",
                "!has(request.headers['x-key'])",
                "inIpRange(origin.ip, '0.0.0.0/1') && has(request.headers['x-key'])",
            )
        ),
        pytest.param(
            [allow("request.path.startsWith('/v1')", action="throttle", rateLimitOptions={"enforceOnKey": "IP"})],
            "undecided",
            id="a limit for some paths",
        ),
        pytest.param(
            [allow("request.path.startsWith('/v1')", action="deny(403)"), limit()], "passed", id="an expression denies"
        ),
        pytest.param(
            [allow("!inIpRange(origin.ip, '198.51.100.0/24')", action="deny(403)"), OFFICE_LIMIT, LAST_ALLOWS],
            "passed",
            id="all but the office are denied by an expression",
        ),
        pytest.param(
            [allow("has(request.headers['x'])", action="deny(403)"), OFFICE_LIMIT, LAST_ALLOWS],
            "undecided",
            id="an expression may deny all others",
        ),
        pytest.param(
            [allow("evaluatePreconfiguredWaf('sqli-v33-stable')", action="deny(403)"), OFFICE_LIMIT, LAST_ALLOWS],
            "failed",
            id="attacks are denied, all others pass",
        ),
        pytest.param(
            [allow("origin.region_code == 'US'", action="deny(403)"), OFFICE_LIMIT, LAST_ALLOWS],
            "failed",
            id="one country is denied, all others pass",
        ),
        pytest.param(
            [rule(500, "throttle", ("0.0.0.0/1",), rateLimitOptions={"enforceOnKey": "ALL"}), limit()],
            "failed",
            id="half of all share a limit",
        ),
    ],
)
def test_who_passes_without_a_limit(rules: list[dict[str, Any]], status: str) -> None:
    check_verdict(RULE, protected(rules), status)
