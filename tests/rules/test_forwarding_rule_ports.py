"""The ports that `forwarding-rule-scheme` accepts, by what the forwarding rule leads to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import REGION, global_rule, https, regional_rule, regional_service, target, url_map
from tests.stacks import Computed, R, build, check_verdict, findings, service

RULE = "forwarding-rule-scheme"
NONE: dict[str, Any] = {"portRange": None, "allPorts": None}


@pytest.mark.parametrize(
    ("ports", "status"),
    [
        ({"portRange": "443"}, "passed"),
        ({"portRange": 443}, "passed"),
        ({"portRange": "8000-8000"}, "passed"),
        ({"portRange": "443-444"}, "failed"),
        ({"portRange": "1-65535"}, "failed"),
        ({"portRange": Computed()}, "undecided"),
        ({"portRange": None}, "failed"),
        ({"portRange": None, "ports": ["443"]}, "failed"),
        ({"portRange": None, "allPorts": True}, "failed"),
        ({"portRange": "443", "ports": ["443"]}, "failed"),
        ({"portRange": "443", "ports": [], "allPorts": False}, "passed"),
    ],
)
def test_a_target_proxy_has_one_port(ports: dict[str, Any], status: str) -> None:
    chat = regional_service("EXTERNAL_MANAGED")
    paths = R("RegionUrlMap", "paths", {"region": REGION, "defaultService": target(chat)})
    proxy = R("RegionTargetHttpProxy", "proxy", {"region": REGION, "urlMap": target(paths)})
    rule = regional_rule(loadBalancingScheme="EXTERNAL_MANAGED", target=target(proxy), **ports)
    check_verdict(RULE, [chat, paths, proxy, rule], status, "rule")


@pytest.mark.parametrize(("ports", "status"), [("8443", "passed"), ("80-81", "failed"), (None, "failed")])
@pytest.mark.parametrize("scheme", ["EXTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"])
def test_a_global_proxy_has_one_port(scheme: str, ports: Any, status: str) -> None:
    chat = service(loadBalancingScheme=scheme)
    paths = url_map(chat)
    proxy = https(paths)
    rule = global_rule(proxy, loadBalancingScheme=scheme, portRange=ports)
    check_verdict(RULE, [chat, paths, proxy, rule], status, "rule")


@pytest.mark.parametrize(
    ("ports", "internal", "external"),
    [
        ({"ports": ["8000"]}, "passed", "passed"),
        ({"ports": ["8000", "8001", "8002", "8003", "8004"]}, "passed", "passed"),
        ({"ports": ["8000", "8001", "8002", "8003", "8004", "8005"]}, "failed", "failed"),
        ({"allPorts": True}, "passed", "passed"),
        ({"allPorts": True, "ports": ["8000"]}, "failed", "failed"),
        ({"portRange": "8000"}, "failed", "passed"),
        ({"portRange": "8000-8010"}, "failed", "passed"),
        # Not documented for an external one: it may forward every port.
        ({}, "failed", "passed"),
        ({"ports": Computed()}, "undecided", "passed"),
        ({"allPorts": Computed()}, "undecided", "passed"),
        ({"ports": [Computed()]}, "passed", "passed"),
    ],
)
def test_packets_of_a_port(ports: dict[str, Any], internal: str, external: str) -> None:
    for scheme, status in (("INTERNAL", internal), ("EXTERNAL", external)):
        chat = regional_service(scheme, protocol="TCP")
        rule = regional_rule(loadBalancingScheme=scheme, backendService=target(chat), **(NONE | ports))
        check_verdict(RULE, [chat, rule], status, "rule")


@pytest.mark.parametrize(
    ("ports", "status"),
    [
        ({"allPorts": True}, "passed"),
        ({"allPorts": Computed()}, "undecided"),
        ({"ports": ["8000"]}, "failed"),
        ({"portRange": "8000"}, "failed"),
        ({}, "failed"),
    ],
)
@pytest.mark.parametrize("scheme", ["INTERNAL", "EXTERNAL"])
def test_packets_without_a_port(scheme: str, ports: dict[str, Any], status: str) -> None:
    chat = regional_service(scheme, protocol="UNSPECIFIED")
    given = {"ipProtocol": "L3_DEFAULT", "backendService": target(chat), **NONE, **ports}
    check_verdict(RULE, [chat, regional_rule(loadBalancingScheme=scheme, **given)], status, "rule")


def test_ports_of_an_unknown_scheme_are_undecided_where_an_internal_one_needs_others() -> None:
    chat = regional_service(loadBalancingScheme=Computed(), protocol="TCP")
    rule = regional_rule(loadBalancingScheme=Computed(), backendService=target(chat), allPorts=None, portRange="8000")
    check_verdict(RULE, [chat, rule], "undecided", "rule")


def test_each_fault_is_said_once() -> None:
    chat = regional_service("INTERNAL", protocol="UNSPECIFIED")
    given = {"ipProtocol": "L3_DEFAULT", "allPorts": None, "portRange": "8000"}
    rule = regional_rule(loadBalancingScheme="INTERNAL", backendService=target(chat), **given)
    (found,) = findings(RULE, build(chat, rule))
    assert [problem.observed for problem in found.problems] == ["It is for L3_DEFAULT, and `all_ports` is not on."]
