"""The option `vouched`: what another stack owns and answers for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Out, R, backend, check_verdict, mig, service

US = mig()
PLATFORM = R("StackReference", "platform")
OTHER = R("StackReference", "other")
CLUSTER = R("Cluster", "gke")
URL = "projects/p-platform/global/{}/shared"
# Rule -> the property that points outside the stack, the collection there, the type that has it.
PROPERTIES = {
    "llm-backend-health-check": ("healthChecks", "healthChecks"),
    "backend-cloud-armor": ("securityPolicy", "securityPolicies"),
    "cloud-armor-rate-limit": ("securityPolicy", "securityPolicies"),
    "frontend-tls-policy": ("sslPolicy", "sslPolicies"),
}


def subject(rule: str, value: Any) -> list[R]:
    """What the rule judges, named `chat`, with what leads to it."""
    key, _ = PROPERTIES[rule]
    if rule != "frontend-tls-policy":
        return [service([backend(US)], **{key: value}), US]
    web = service([backend(US)], "web")
    paths = R("URLMap", "paths", {"defaultService": Out(web, "id")})
    proxy = R("TargetHttpsProxy", "chat", {key: value, "sslCertificates": ["c"], "urlMap": Out(paths, "id")})
    return [proxy, paths, web, US]


@pytest.mark.parametrize("rule", PROPERTIES)
@pytest.mark.parametrize(
    ("value", "vouched", "expected"),
    [
        (Computed((PLATFORM,)), [], "undecided"),
        (Computed((PLATFORM,)), ["platform"], "not applicable"),
        (Computed((PLATFORM,)), ["plat*"], "not applicable"),
        (Computed((PLATFORM,)), ["other"], "undecided"),
        (Computed((PLATFORM, OTHER)), ["platform"], "undecided"),
        (Computed((PLATFORM, CLUSTER)), ["*"], "undecided"),
        (Computed(), ["*"], "undecided"),
    ],
)
def test_what_a_stack_reference_hands_on(rule: str, value: Any, vouched: list[str], expected: str) -> None:
    check_verdict(rule, [*subject(rule, value), PLATFORM, OTHER, CLUSTER], expected, vouched=vouched)


# A Cloud Armor policy outside the stack passes `backend-cloud-armor` as it is.
@pytest.mark.parametrize("rule", [rule for rule in PROPERTIES if rule != "backend-cloud-armor"])
@pytest.mark.parametrize(
    ("vouched", "expected"),
    [
        ([], "undecided"),
        (["shared"], "not applicable"),
        (["projects/p-platform/*"], "not applicable"),
        (["projects/p-other/*", "sha"], "undecided"),
    ],
)
def test_what_is_named_by_its_url(rule: str, vouched: list[str], expected: str) -> None:
    url = URL.format(PROPERTIES[rule][1])
    check_verdict(rule, subject(rule, url), expected, vouched=vouched)


def test_what_is_in_the_stack_is_judged_all_the_same() -> None:
    wrong = R("HealthCheck", "shared", {"tcpHealthCheck": {"port": 8000}})
    inside = service([backend(US)], healthChecks=Computed((wrong,)))
    check_verdict("llm-backend-health-check", [inside, US, wrong], ("failed", "failed"), vouched=["*"])


def test_a_service_without_a_check_has_none_to_vouch_for() -> None:
    check_verdict("llm-backend-health-check", [service([backend(US)]), US], "failed", vouched=["*"])
