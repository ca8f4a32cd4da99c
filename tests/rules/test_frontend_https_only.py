"""`frontend-https-only` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import http, https, regional_service, target, url_map
from tests.stacks import Computed, Expected, Out, R, build, check_verdict, findings, service

RULE = "frontend-https-only"
CHAT = service()
PATHS = url_map(CHAT)
REDIRECT = R("URLMap", "redirect", {"defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False}})
ABORT = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([PATHS, http(PATHS)], "failed"),
        ([PATHS, https(PATHS)], "passed"),
        # Nothing leads from it to a service.
        ([PATHS, REDIRECT, http(REDIRECT)], None),
        ([blocked := url_map(CHAT, defaultRouteAction=ABORT), http(blocked)], None),
        ([computed := url_map(CHAT, defaultRouteAction=Computed()), http(computed)], "undecided"),
        ([PATHS, http(PATHS, urlMap=Computed((PATHS, REDIRECT))), REDIRECT], "undecided"),
        (
            [
                some := url_map(
                    CHAT,
                    defaultRouteAction=ABORT,
                    pathMatchers=[{"name": "a", "defaultUrlRedirect": {"httpsRedirect": True}}],
                ),
                http(some),
            ],
            None,
        ),
        (
            [
                some := url_map(
                    CHAT,
                    defaultRouteAction=ABORT,
                    pathMatchers=[{"name": "a", "pathRules": [{"paths": ["/v1"], "service": target(CHAT)}]}],
                ),
                http(some),
            ],
            "failed",
        ),
        ([R("TargetTCPProxy", "proxy", {"backendService": target(CHAT)})], "not applicable"),
    ],
)
def test_proxies(resources: list[R], expected: Expected) -> None:
    check_verdict(RULE, [CHAT, *resources], expected, "proxy")


@pytest.mark.parametrize(
    ("scheme", "options", "status"),
    [
        ("EXTERNAL", {}, "failed"),
        ("INTERNAL_MANAGED", {}, "not applicable"),
        ("INTERNAL_MANAGED", {"internal": True}, "failed"),
        ("INTERNAL_SELF_MANAGED", {"internal": True}, "not applicable"),
        (Computed(), {}, "undecided"),
        (Computed(), {"internal": True}, "undecided"),
    ],
)
def test_schemes(scheme: Any, options: dict[str, Any], status: str) -> None:
    subject = service(loadBalancingScheme=scheme)
    paths = url_map(subject)
    check_verdict(RULE, [subject, paths, http(paths)], status, "proxy", **options)


def test_the_scheme_does_not_matter_where_nothing_is_passed_on() -> None:
    subject = service(loadBalancingScheme=Computed())
    paths = url_map(subject, defaultRouteAction=ABORT)
    secure = R("URLMap", "secure", {"defaultService": target(subject)})
    check_verdict(RULE, [subject, paths, http(paths), secure, https(secure, "tls")], "passed", "proxy")


def test_regional_proxies() -> None:
    subject = regional_service("EXTERNAL_MANAGED")
    paths = R("RegionUrlMap", "paths", {"region": "us-central1", "defaultService": target(subject)})
    proxy = R("RegionTargetHttpProxy", "proxy", {"region": "us-central1", "urlMap": target(paths)})
    check_verdict(RULE, [subject, paths, proxy], "failed", "proxy")


def test_a_service_that_is_not_selected() -> None:
    check_verdict(RULE, [CHAT, PATHS, http(PATHS)], None, "proxy", services={"names": ["llm-*"]})


def test_what_is_certain_fails_before_all_is_there() -> None:
    check_verdict(RULE, [CHAT, PATHS, http(PATHS)], "failed", "proxy", is_complete=False)


def test_the_message() -> None:
    (found,) = findings(RULE, build(CHAT, PATHS, http(PATHS)))
    assert found.problems[0].observed == "It accepts plain HTTP and forwards requests to servers."


def redirect(**inputs: Any) -> R:
    return R("URLMap", "redirect", {"defaultUrlRedirect": {"stripQuery": False, **inputs}})


def beside(redirecting: R, *, addresses: tuple[Any, Any] = ("203.0.113.1", "203.0.113.1")) -> list[R]:
    secure, plain = https(PATHS), http(redirecting, "plain")
    rules = [
        R("GlobalForwardingRule", f"rule-{one.name}", {"ipAddress": address, "portRange": port, "target": target(one)})
        for one, address, port in zip((secure, plain), addresses, ("443", "80"), strict=True)
    ]
    return [CHAT, PATHS, redirecting, secure, plain, *rules]


ADDRESS = R("gcp:compute/globalAddress:GlobalAddress", "address", {})
OF_ADDRESS = (Out(ADDRESS, "id"), Out(ADDRESS, "id"))


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        pytest.param({"httpsRedirect": True}, "passed", id="to HTTPS"),
        pytest.param({"httpsRedirect": False}, "failed", id="to plain HTTP"),
        pytest.param({}, "failed", id="to what the request was"),
        pytest.param({"hostRedirect": "other.example.com"}, "passed", id="to another host"),
        pytest.param({"pathRedirect": "/ui"}, "passed", id="to another path"),
        pytest.param({"httpsRedirect": Computed()}, "undecided", id="unknown"),
        pytest.param({"httpsRedirect": False, "hostRedirect": Computed()}, "undecided", id="maybe to another host"),
    ],
)
def test_a_redirect_beside_leads_to_https(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, beside(redirect(**inputs)), status, "proxy")
    check_verdict(RULE, [*beside(redirect(**inputs), addresses=OF_ADDRESS), ADDRESS], status, "proxy")


def test_another_https_proxy_at_its_address_is_no_redirect_beside() -> None:
    to_itself = redirect(httpsRedirect=False)
    secure, other = https(PATHS), https(to_itself, "other")
    rules = [
        R("GlobalForwardingRule", f"rule-{name}", {"ipAddress": "203.0.113.1", "portRange": port, "target": target(of)})
        for name, port, of in (("secure", "443", secure), ("other", "8443", other))
    ]
    check_verdict(RULE, [CHAT, PATHS, to_itself, secure, other, *rules], "passed", "proxy")


@pytest.mark.parametrize("addresses", [("203.0.113.1", "203.0.113.2"), (None, None), (Computed(), Computed())])
def test_a_redirect_at_another_address_is_not_judged(addresses: tuple[Any, Any]) -> None:
    check_verdict(RULE, beside(redirect(), addresses=addresses), "passed", "proxy")


def test_the_redirect_of_one_host_leads_to_https() -> None:
    for leads_to_https, status in ((True, "passed"), (False, "failed")):
        matcher = {"name": "a", "defaultUrlRedirect": {"httpsRedirect": leads_to_https, "stripQuery": False}}
        rules = [{"hosts": ["llm.example.com"], "pathMatcher": "a"}]
        paths = url_map(CHAT, defaultRouteAction=ABORT, hostRules=rules, pathMatchers=[matcher])
        secure = R("URLMap", "secure", {"defaultService": target(CHAT)})
        check_verdict(RULE, [CHAT, paths, http(paths), secure], status, "proxy")


def test_the_fix_has_what_the_provider_requires() -> None:
    (found,) = findings(RULE, build(CHAT, PATHS, http(PATHS)))
    assert '"strip_query": False' in found.problems[0].fix
