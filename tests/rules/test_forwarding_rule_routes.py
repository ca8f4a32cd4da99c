"""The routes of URL maps that `forwarding-rule-scheme` accepts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import global_rule, https, target
from tests.stacks import Computed, R, check_verdict, service

RULE = "forwarding-rule-scheme"
CHAT = service(loadBalancingScheme="EXTERNAL_MANAGED")
REDIRECT = {"httpsRedirect": True, "stripQuery": False}
WEIGHTED = {"weightedBackendServices": [{"backendService": target(CHAT), "weight": 100}]}
ABORT = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}}


def check(status: str, **inputs: Any) -> None:
    paths = R("URLMap", "paths", inputs)
    proxy = https(paths)
    check_verdict(RULE, [CHAT, paths, proxy, global_rule(proxy)], status, "rule")


def matched(**inputs: Any) -> dict[str, Any]:
    matcher = {"name": "api", "defaultService": target(CHAT), **inputs}
    return {
        "defaultService": target(CHAT),
        "hostRules": [{"hosts": ["*"], "pathMatcher": "api"}],
        "pathMatchers": [{key: value for key, value in matcher.items() if value is not None}],
    }


@pytest.mark.parametrize(
    ("paths", "status"),
    [
        (["/v1/*"], "passed"),
        (["/*"], "passed"),
        (["/"], "passed"),
        (["/v1/chat/completions", "/v1/models"], "passed"),
        (["/v1"], "passed"),
        (["v1/*"], "failed"),
        (["*"], "failed"),
        (["/v1*"], "failed"),
        (["/v1/*/completions"], "failed"),
        (["/v1/*", "/v1/**"], "failed"),
        (["/v1?stream=true"], "failed"),
        (["/v1#top"], "failed"),
        ([Computed()], "passed"),
        (["v1", Computed()], "failed"),
        (Computed(), "passed"),
    ],
)
def test_paths(paths: Any, status: str) -> None:
    check(status, **matched(pathRules=[{"paths": paths, "service": target(CHAT)}]))


@pytest.mark.parametrize(
    ("default", "status"),
    [
        ({"defaultService": target(CHAT)}, "passed"),
        ({"defaultUrlRedirect": REDIRECT}, "passed"),
        ({"defaultRouteAction": WEIGHTED}, "passed"),
        ({"defaultService": target(CHAT), "defaultRouteAction": ABORT}, "passed"),
        # Not documented: nothing is sent to a service.
        ({"defaultRouteAction": ABORT}, "passed"),
        ({}, "failed"),
        ({"defaultService": target(CHAT), "defaultUrlRedirect": REDIRECT}, "failed"),
        ({"defaultService": target(CHAT), "defaultRouteAction": WEIGHTED}, "failed"),
        ({"defaultUrlRedirect": REDIRECT, "defaultRouteAction": WEIGHTED}, "failed"),
        ({"defaultUrlRedirect": Computed()}, "passed"),
    ],
)
def test_defaults(default: dict[str, Any], status: str) -> None:
    rules = [{"paths": ["/v1/*"], "service": target(CHAT)}]
    check(status, **{**matched(pathRules=rules), "defaultService": None, **default})
    check(status, **matched(pathRules=rules, **({"defaultService": None} | default)))


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"service": target(CHAT)}, "passed"),
        ({"urlRedirect": REDIRECT}, "passed"),
        ({"routeAction": WEIGHTED}, "passed"),
        ({"service": target(CHAT), "urlRedirect": REDIRECT}, "failed"),
        ({"service": target(CHAT), "routeAction": WEIGHTED}, "failed"),
    ],
)
def test_rules_lead_to_one_place(rule: dict[str, Any], status: str) -> None:
    check(status, **matched(pathRules=[{"paths": ["/v1/*"], **rule}]))
    check(status, **matched(routeRules=[{"priority": 1, "matchRules": [{"prefixMatch": "/v1"}], **rule}]))


@pytest.mark.parametrize(
    ("priorities", "status"),
    [([1, 2], "passed"), ([1, 1], "failed"), ([1, 2, 1], "failed"), ([1, Computed()], "passed")],
)
def test_priorities(priorities: list[Any], status: str) -> None:
    rules = [
        {"priority": one, "service": target(CHAT), "matchRules": [{"prefixMatch": f"/{number}"}]}
        for number, one in enumerate(priorities)
    ]
    check(status, **matched(routeRules=rules))


def test_a_path_matcher_has_rules_of_one_kind() -> None:
    path_rules = [{"paths": ["/a"], "service": target(CHAT)}]
    route_rules = [{"priority": 1, "service": target(CHAT), "matchRules": [{"prefixMatch": "/b"}]}]
    check("failed", **matched(pathRules=path_rules, routeRules=route_rules))
    check("passed", **matched(pathRules=path_rules, routeRules=[]))
