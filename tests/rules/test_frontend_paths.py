"""`frontend-paths` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service

RULE = "frontend-paths"
CHAT = service()
WEB = service(name="web")
FORBIDDEN: dict[str, Any] = {"forbidden": ["/metrics"]}
TO_CHAT, TO_WEB = Out(CHAT, "id"), Out(WEB, "id")
ABORT = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}}
ALL_HOSTS = [{"hosts": ["*"], "pathMatcher": "api"}]
ONE_HOST = [{"hosts": ["llm.example.com"], "pathMatcher": "api"}]


def served(*others: R, subject: R = CHAT) -> tuple[R, ...]:
    return subject, WEB, *others


def url_map(*, hosts: Any = ALL_HOSTS, default: Any = TO_CHAT, action: Any = None, **matcher: Any) -> R:
    inputs = {"defaultService": default, "defaultRouteAction": action}
    if matcher:
        inputs |= {"hostRules": hosts, "pathMatchers": [{"name": "api", **matcher}]}
    return R("URLMap", "paths", inputs)


def paths(*patterns: Any, default_action: Any = ABORT, **rule: Any) -> R:
    rules = [{"paths": list(patterns), "service": TO_CHAT, **rule}]
    return url_map(defaultService=TO_CHAT, defaultRouteAction=default_action, pathRules=rules)


def routes(*rules: dict[str, Any], action: Any = ABORT) -> R:
    numbered = [{"priority": number, "service": TO_CHAT, **rule} for number, rule in enumerate(rules)]
    return url_map(defaultService=TO_CHAT, defaultRouteAction=action, routeRules=numbered)


@pytest.mark.parametrize(
    ("url_map", "status"),
    [
        (url_map(), "failed"),
        (url_map(action=ABORT), None),
        (url_map(action={"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 99}}}), "failed"),
        (url_map(action={"faultInjectionPolicy": {"delay": {"percentage": 100}}}), "failed"),
        (url_map(action=Computed()), "undecided"),
        (url_map(hosts=ONE_HOST, defaultService=TO_CHAT, defaultRouteAction=ABORT), "failed"),
        (url_map(hosts=Computed(), defaultService=TO_CHAT, defaultRouteAction=ABORT), "undecided"),
        (url_map(hosts=[{"hosts": [Computed()]}], defaultService=TO_CHAT, defaultRouteAction=ABORT), "undecided"),
        (url_map(defaultService=TO_CHAT), "failed"),
        (url_map(defaultService=TO_CHAT, defaultRouteAction=ABORT), None),
        (url_map(defaultUrlRedirect={"httpsRedirect": True}), None),
        (paths("/v1/chat/completions"), "passed"),
        (paths("/v1/*"), "passed"),
        (paths("/metrics"), "failed"),
        (paths("/metrics/"), "passed"),
        (paths("/metrics/*"), "passed"),
        (paths("/Metrics"), "passed"),
        (paths("/*"), "failed"),
        (paths("/v1/*", default_action=None), "failed"),
        (paths("/metrics", routeAction=ABORT, default_action=None), "passed"),
        (paths("/metrics", urlRedirect={"httpsRedirect": True}, default_action=None), "passed"),
        (paths("/v1/*", Computed()), "undecided"),
        (paths("/metrics", Computed()), "failed"),
        (paths("/*", urlRedirect=Computed()), "undecided"),
        (paths("/stats", routeAction={"urlRewrite": {"hostRewrite": "x"}}), "passed"),
        (paths("/*", routeAction={"urlRewrite": {"pathPrefixRewrite": "/v1/"}}), "undecided"),
        (routes({"matchRules": [{"prefixMatch": "/v1/"}]}), "passed"),
        (routes({"matchRules": [{"prefixMatch": "/v1/"}]}, action=None), "failed"),
        (routes({"matchRules": [{"prefixMatch": "/"}]}), "failed"),
        (routes({"matchRules": [{"prefixMatch": "/met"}]}), "failed"),
        (routes({"matchRules": [{"fullPathMatch": "/metrics"}]}), "failed"),
        (routes({"matchRules": [{"fullPathMatch": "/METRICS"}]}), "passed"),
        (routes({"matchRules": [{"fullPathMatch": "/METRICS", "ignoreCase": True}]}), "failed"),
        (routes({"matchRules": [{"regexMatch": "/v1/.*"}]}), "undecided"),
        (routes({"matchRules": [{"pathTemplateMatch": "/v1/{name=**}"}]}), "passed"),
        (routes({"matchRules": [{"pathTemplateMatch": "/{name}"}]}), "undecided"),
        (routes({"matchRules": [{"prefixMatch": "/", "headerMatches": [{"headerName": "x"}]}]}), "undecided"),
        (routes({"matchRules": [{"prefixMatch": "/v1/"}, {"prefixMatch": "/"}]}), "failed"),
        (routes({"matchRules": [{"fullPathMatch": "/metrics"}], "routeAction": ABORT}, action=None), "passed"),
        (
            routes(
                {"matchRules": [{"prefixMatch": "/"}]}, {"matchRules": [{"prefixMatch": "/"}], "routeAction": ABORT}
            ),
            "failed",
        ),
        (
            routes(
                {"priority": 9, "matchRules": [{"prefixMatch": "/"}]},
                {"priority": 1, "matchRules": [{"prefixMatch": "/metrics"}], "routeAction": ABORT},
            ),
            "passed",
        ),
        (
            routes(
                {"priority": Computed(), "matchRules": [{"prefixMatch": "/"}]},
                {"matchRules": [{"prefixMatch": "/metrics"}], "routeAction": ABORT},
            ),
            "undecided",
        ),
        (routes({"matchRules": Computed()}), "undecided"),
        (url_map(defaultService=TO_CHAT, defaultRouteAction=ABORT, routeRules=Computed()), "undecided"),
    ],
)
def test_url_maps(url_map: R, status: Expected) -> None:
    check_verdict(RULE, served(url_map), status, **FORBIDDEN)


def test_the_longest_path_wins() -> None:
    rules = [{"paths": ["/*"], "service": TO_CHAT}, {"paths": ["/metrics"], "service": TO_CHAT, "routeAction": ABORT}]
    for ordered in (rules, rules[::-1]):
        subject = url_map(defaultService=TO_CHAT, pathRules=ordered)
        check_verdict(RULE, served(subject), "passed", **FORBIDDEN)


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([], "not applicable"),
        ([url_map(default=TO_WEB)], None),
        # Which of the two a computed URL is shows when they exist.
        (
            [url_map(default=TO_WEB, defaultService=TO_WEB, pathRules=[{"paths": ["/v1/*"], "service": TO_CHAT}])],
            ("undecided", "passed"),
        ),
        (
            [url_map(default=TO_WEB, defaultService=TO_CHAT, pathRules=[{"paths": ["/x"], "service": TO_WEB}])],
            ("undecided", "failed"),
        ),
        # What a route to another service does to paths is no matter.
        (
            [
                url_map(
                    defaultService=TO_CHAT,
                    defaultRouteAction=ABORT,
                    pathRules=[
                        {"paths": ["/v1/*"], "service": TO_CHAT},
                        {
                            "paths": ["/metrics"],
                            "service": TO_WEB,
                            "routeAction": {"urlRewrite": {"hostRewrite": "web"}},
                        },
                        {
                            "paths": ["/web/*"],
                            "service": TO_WEB,
                            "routeAction": {"urlRewrite": {"pathPrefixRewrite": "/"}},
                        },
                    ],
                )
            ],
            ("undecided", "passed"),
        ),
        (
            [
                url_map(
                    defaultService=TO_CHAT,
                    defaultRouteAction=ABORT,
                    pathRules=[
                        {"paths": ["/v1/*"], "service": TO_CHAT},
                        {
                            "paths": ["/metrics"],
                            "service": TO_WEB,
                            "routeAction": {"urlRewrite": {"pathPrefixRewrite": "/"}},
                        },
                    ],
                )
            ],
            ("undecided", "passed"),
        ),
        ([R("URLMap", "paths", {"defaultService": TO_CHAT, "pathMatchers": Computed((CHAT,))})], "undecided"),
    ],
)
def test_services(resources: list[R], expected: Expected) -> None:
    check_verdict(RULE, served(*resources), expected, **FORBIDDEN)


def test_a_regional_url_map() -> None:
    subject = service(region="us-central1", loadBalancingScheme="INTERNAL_MANAGED")
    regional = R("RegionUrlMap", "paths", {"region": "us-central1", "defaultService": Out(subject, "id")})
    check_verdict(RULE, served(regional, subject=subject), "failed", **FORBIDDEN)


def armor(rule: Any) -> R:
    return R("SecurityPolicy", "armor", {"rules": rule})


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        (
            [{"priority": 1, "action": "deny(403)", "match": {"expr": {"expression": "request.path == '/x'"}}}],
            "undecided",
        ),
        ([{"priority": 1, "action": "deny(403)", "match": {"expr": {"expression": "origin.asn == 1"}}}], "failed"),
        ([{"priority": 1, "action": "allow", "match": {"expr": {"expression": "request.path == '/x'"}}}], "failed"),
        ([], "failed"),
        (Computed(), "undecided"),
    ],
)
def test_cloud_armor_may_deny(rules: Any, status: str) -> None:
    policy = armor(rules)
    subject = service(securityPolicy=Out(policy, "id"))
    paths_ = R("URLMap", "paths", {"defaultService": Out(subject, "id")})
    check_verdict(RULE, served(policy, paths_, subject=subject), status, **FORBIDDEN)


def test_a_policy_outside_the_stack_may_deny() -> None:
    subject = service(securityPolicy="projects/p/global/securityPolicies/shared")
    paths_ = R("URLMap", "paths", {"defaultService": Out(subject, "id")})
    check_verdict(RULE, served(paths_, subject=subject), "undecided", **FORBIDDEN)


def test_an_incomplete_stack_proves_no_absence() -> None:
    check_verdict(RULE, [service([backend(mig())])], "undecided", is_complete=False)


def test_the_message_names_map_and_paths() -> None:
    (found,) = findings(RULE, build(CHAT, paths("/metrics", "/docs")))
    assert [problem.observed for problem in found.problems] == ["`paths` sends `/docs` and `/metrics` to the servers."]


@pytest.mark.parametrize("rewrite", [{"pathPrefixRewrite": "/"}, {"pathTemplateRewrite": "/{rest}"}])
def test_a_rewrite_may_lead_to_a_forbidden_path(rewrite: dict[str, Any]) -> None:
    """A client that asks for /v1/metrics reaches the server's /metrics."""
    check_verdict(RULE, served(paths("/v1/*", routeAction={"urlRewrite": rewrite})), "undecided", **FORBIDDEN)
    check_verdict(
        RULE, served(paths("/v1/*", routeAction={"urlRewrite": {"hostRewrite": "llm"}})), "passed", **FORBIDDEN
    )


def neg(kind: str) -> R:
    return R("RegionNetworkEndpointGroup", "neg", {"region": "us-central1", "networkEndpointType": kind})


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("PRIVATE_SERVICE_CONNECT", "not applicable"),
        ("INTERNET_FQDN_PORT", "not applicable"),
        ("SERVERLESS", "failed"),
        (Computed(), "undecided"),
    ],
)
def test_servers_of_others(kind: Any, status: str) -> None:
    endpoints = neg(kind)
    subject = service([{"group": Out(endpoints, "id")}])
    paths_ = R("URLMap", "paths", {"defaultService": Out(subject, "id")})
    check_verdict(RULE, [subject, endpoints, paths_], status, **FORBIDDEN)


@pytest.mark.parametrize(
    ("named", "status"),
    [
        pytest.param("api", "passed", id="it is there"),
        pytest.param("apis", "failed", id="it is not"),
        pytest.param(Computed(), "passed", id="an unknown name"),
    ],
)
def test_host_rules_name_path_matchers_of_the_url_map(named: Any, status: str) -> None:
    subject = paths("/v1/*")
    subject.inputs["hostRules"] = [{"hosts": ["*"], "pathMatcher": named}]
    check_verdict(RULE, served(subject), status, **FORBIDDEN)


def test_the_message_names_three_paths_and_a_count() -> None:
    (found,) = findings(RULE, build(CHAT, url_map()))
    problem = found.problems[0]
    assert problem.observed == "`paths` sends `/metrics`, `/docs`, `/redoc` and 13 other paths to the servers."
    assert problem.fix.startswith("List the API's paths in `path_rules`")


def test_the_fix_names_the_rule_that_is_at_fault() -> None:
    (found,) = findings(RULE, build(CHAT, paths("/metrics")))
    assert found.problems[0].fix == "Keep only the API's paths in path rule 1 of path matcher `api`."


def test_the_fix_leaves_a_default_alone_that_may_take_nothing() -> None:
    rules = [{"paths": ["/metrics"], "service": TO_CHAT}]
    hosts = [{"hosts": ["llm.example.com", Computed()], "pathMatcher": "api"}]
    (found,) = findings(RULE, build(CHAT, url_map(hosts=hosts, defaultRouteAction=ABORT, pathRules=rules)))
    assert found.problems[0].fix == "Keep only the API's paths in path rule 1 of path matcher `api`."


@pytest.mark.parametrize("scheme", ["EXTERNAL", Computed()])
def test_a_classic_load_balancer_cannot_abort(scheme: Any) -> None:
    subject = service(loadBalancingScheme=scheme)
    (found,) = findings(RULE, build(subject, R("URLMap", "paths", {"defaultService": Out(subject, "id")})))
    (problem,) = found.problems
    assert "let the defaults abort" not in problem.fix
    assert "let the defaults redirect to another host (`default_url_redirect`)" in problem.fix
    assert "a classic load balancer (scheme EXTERNAL) does not support `fault_injection_policy`" in problem.fix


def test_other_load_balancers_can_abort() -> None:
    subject = service(loadBalancingScheme="EXTERNAL", region="us-central1")
    for one in (service(loadBalancingScheme="EXTERNAL_MANAGED"), subject):
        (found,) = findings(RULE, build(one, R("URLMap", "paths", {"defaultService": Out(one, "id")})))
        assert "let the defaults abort every request with 404 (`fault_injection_policy`)" in found.problems[0].fix


def test_defaults_of_a_classic_load_balancer_redirect() -> None:
    subject = service(loadBalancingScheme="EXTERNAL")
    away = {"hostRedirect": "www.example.com", "stripQuery": False}
    rules = [{"paths": ["/v1/models"], "service": Out(subject, "id")}]
    matcher = {"name": "api", "defaultUrlRedirect": away, "pathRules": rules}
    inputs = {"defaultUrlRedirect": away, "hostRules": ALL_HOSTS, "pathMatchers": [matcher]}
    check_verdict(RULE, [subject, R("URLMap", "paths", inputs)], "passed")


def test_defaults_of_a_classic_load_balancer_lead_to_a_bucket() -> None:
    subject = service(loadBalancingScheme="EXTERNAL")
    to, nowhere = Out(subject, "id"), "projects/p-demo/global/backendBuckets/nothing"
    matcher = {"name": "api", "defaultService": nowhere, "pathRules": [{"paths": ["/v1/models"], "service": to}]}
    paths_ = R("URLMap", "paths", {"defaultService": nowhere, "hostRules": ALL_HOSTS, "pathMatchers": [matcher]})
    check_verdict(RULE, [subject, paths_], "passed")
