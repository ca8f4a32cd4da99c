"""`forwarding-rule-scheme` on the targets of DNS records that lead to a forwarding rule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import REGION, global_rule, https, regional_https, regional_service, target, url_map
from tests.stacks import Computed, Expected, R, build, check_verdict, findings, service

RULE = "forwarding-rule-scheme"
RECORD_SET = "gcp:dns/recordSet:RecordSet"
OTHER = R("StackReference", "platform")
RIGHT = {"loadBalancerType": "regionalL7ilb", "ipProtocol": "tcp", "port": "443", "region": REGION}


def front(name: str = "rule", scheme: str = "INTERNAL_MANAGED", **inputs: Any) -> list[R]:
    chat = regional_service(scheme)
    paths = R("RegionUrlMap", "paths", {"region": REGION, "defaultService": target(chat)})
    to_proxy = regional_https(paths)
    to = {"target": target(to_proxy)} if scheme == "INTERNAL_MANAGED" else {"backendService": target(chat)}
    ports = {"portRange": "443"} if scheme == "INTERNAL_MANAGED" else {"ports": ["443"]}
    given = {"region": REGION, "loadBalancingScheme": scheme, **ports, **to, **inputs}
    return [R("ForwardingRule", name, given), chat, paths, to_proxy]


def record(*targets: dict[str, Any], policy: dict[str, Any] | None = None) -> R:
    geos = [{"location": REGION, "healthCheckedTargets": {"internalLoadBalancers": list(targets)}}]
    return R(RECORD_SET, "name", {"type": "A", "routingPolicy": {"geos": geos, **(policy or {})}})


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param({}, "passed", id="all as it is"),
        pytest.param({"loadBalancerType": "regionalL4ilb"}, "failed", id="another type"),
        pytest.param({"loadBalancerType": "globalL7ilb"}, "failed", id="a global one"),
        pytest.param({"loadBalancerType": None}, "passed", id="no type"),
        pytest.param({"loadBalancerType": Computed()}, "undecided", id="a computed type"),
        pytest.param({"ipProtocol": "udp"}, "failed", id="another protocol"),
        pytest.param({"ipProtocol": Computed((OTHER,), "udp")}, ("undecided", "failed"), id="a computed protocol"),
        pytest.param({"port": "8000"}, "failed", id="another port"),
        pytest.param({"port": Computed((OTHER,), "443")}, ("undecided", "passed"), id="a computed port"),
        pytest.param({"region": "us-east1"}, "failed", id="another region"),
        pytest.param({"region": None}, "passed", id="no region"),
        pytest.param({"region": Computed()}, "undecided", id="a computed region"),
        pytest.param({"region": Computed(), "port": "8000"}, "failed", id="another port and a computed region"),
        pytest.param({"ipAddress": "10.0.0.6", "port": "8000"}, "passed", id="of another address"),
    ],
)
def test_a_target_with_the_address_of_the_rule(inputs: dict[str, Any], expected: Expected) -> None:
    found = record({"ipAddress": "10.0.0.5", **RIGHT, **inputs})
    check_verdict(RULE, [*front(ipAddress="10.0.0.5"), found, OTHER], expected, "rule")


@pytest.mark.parametrize(
    ("rule", "inputs", "expected"),
    [
        pytest.param({"scheme": "INTERNAL"}, {"loadBalancerType": "regionalL4ilb"}, "passed", id="passthrough"),
        pytest.param({"scheme": "INTERNAL"}, {}, "failed", id="passthrough as an application"),
        pytest.param(
            {"scheme": "INTERNAL", "ports": ["8000", "8443"]},
            {"loadBalancerType": "regionalL4ilb", "port": "8443"},
            "passed",
            id="one of its ports",
        ),
        pytest.param({"portRange": "8000-8999"}, {"port": "443"}, "failed", id="out of the range"),
        pytest.param({"portRange": Computed()}, {}, "undecided", id="a computed range"),
        pytest.param(
            {"scheme": "INTERNAL", "ports": None, "allPorts": True},
            {"loadBalancerType": "regionalL4ilb", "port": "9"},
            "passed",
            id="all ports",
        ),
        pytest.param({"ipProtocol": Computed((OTHER,), "TCP")}, {}, ("undecided", "passed"), id="a computed protocol"),
    ],
)
def test_what_the_rule_is(rule: dict[str, Any], inputs: dict[str, Any], expected: Expected) -> None:
    found = record({"ipAddress": "10.0.0.5", **RIGHT, **inputs})
    check_verdict(RULE, [*front(ipAddress="10.0.0.5", **rule), found, OTHER], expected, "rule")


@pytest.mark.parametrize("type_", ["regionalL4ilb", "regionalL7ilb"])
def test_cloud_dns_has_no_name_for_an_internal_load_balancer_with_a_tcp_proxy(type_: str) -> None:
    chat = regional_service(protocol="TCP")
    proxy = R("RegionTargetTcpProxy", "proxy", {"region": REGION, "backendService": target(chat)})
    rule, *_ = front(ipAddress="10.0.0.5", target=target(proxy))
    found = record({"ipAddress": "10.0.0.5", **RIGHT, "loadBalancerType": type_})
    check_verdict(RULE, [rule, chat, proxy, found], "passed", "rule")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"loadBalancerType": "globalL7ilb", "region": None}, "passed"),
        ({"loadBalancerType": "globalL7ilb"}, "passed"),
        ({}, "failed"),
    ],
)
def test_a_cross_region_load_balancer(inputs: dict[str, Any], expected: Expected) -> None:
    chat = service(loadBalancingScheme="INTERNAL_MANAGED")
    paths = url_map(chat)
    proxy = https(paths)
    rule = global_rule(proxy, loadBalancingScheme="INTERNAL_MANAGED", ipAddress="10.0.0.5")
    found = record({"ipAddress": "10.0.0.5", **RIGHT, **inputs})
    check_verdict(RULE, [chat, paths, proxy, rule, found], expected, "rule")


@pytest.mark.parametrize("port", ["443", "80"])
def test_one_of_the_rules_at_an_address_is_enough(port: str) -> None:
    rules = front(ipAddress="10.0.0.5")
    beside = R("ForwardingRule", "beside", {**rules[0].inputs, "portRange": "80"})
    found = record({"ipAddress": "10.0.0.5", **RIGHT, "port": port})
    check_verdict(RULE, [*rules, beside, found], "passed", "rule")
    check_verdict(RULE, [*rules, beside, record({"ipAddress": "10.0.0.5", **RIGHT, "port": "81"})], "failed", "rule")


@pytest.mark.parametrize(
    ("targets", "policy", "expected"),
    [
        pytest.param([{}], {}, "passed", id="one"),
        pytest.param([{"port": "80"}], {}, "failed", id="another port"),
        pytest.param([{"port": "80"}, {"port": "81"}], {}, "failed", id="other ports"),
        pytest.param([{"port": "80"}, {}], {}, "passed", id="one of two"),
        pytest.param([{"port": "80"}], {"wrrs": Computed()}, "undecided", id="among others"),
    ],
)
def test_a_target_whose_address_is_not_known_before(
    targets: list[dict[str, Any]], policy: dict[str, Any], expected: Expected
) -> None:
    rules = front()
    at = Computed((rules[0],))
    check_verdict(
        RULE, [*rules, record(*({"ipAddress": at, **RIGHT, **one} for one in targets), policy=policy)], expected, "rule"
    )


def fixes(*resources: R) -> list[str]:
    (found,) = findings(RULE, build(*resources))
    return [problem.fix for problem in found.problems]


TO_TCP = 'Set `ip_protocol="TCP"`.'
MANAGED = "Set `load_balancing_scheme` to `INTERNAL_MANAGED` on the forwarding rule."


@pytest.mark.parametrize(
    ("rule", "inputs", "expected"),
    [
        pytest.param({"ipProtocol": "UDP"}, {}, [TO_TCP], id="a target for what the rule is to be"),
        pytest.param(
            {"ipProtocol": "UDP"},
            {"ipProtocol": "udp"},
            [TO_TCP, "In the target, set `ip_protocol` to `tcp`."],
            id="a target for what the rule is",
        ),
        pytest.param({"loadBalancingScheme": "INTERNAL"}, {}, [MANAGED], id="a target of the scheme to be"),
        pytest.param(
            {"loadBalancingScheme": "INTERNAL"},
            {"loadBalancerType": "regionalL4ilb"},
            [MANAGED, "In the target, set `load_balancer_type` to `regionalL7ilb`."],
            id="a target of the scheme that is",
        ),
    ],
)
def test_a_target_fits_what_a_wrong_rule_is_told_to_become(
    rule: dict[str, Any], inputs: dict[str, Any], expected: list[str]
) -> None:
    found = record({"ipAddress": "10.0.0.5", **RIGHT, **inputs})
    assert fixes(*front(ipAddress="10.0.0.5", **rule), found) == expected


PROTOCOL = "Set `ip_protocol` to `TCP`, or `protocol` of `chat` to `UNSPECIFIED`."


@pytest.mark.parametrize(
    ("protocol", "inputs", "expected"),
    [
        pytest.param("UDP", {"ipProtocol": "udp"}, [PROTOCOL], id="a target for the rule"),
        pytest.param("UDP", {"ipProtocol": "tcp"}, [PROTOCOL], id="a target for the service"),
        pytest.param("L3_DEFAULT", {"ipProtocol": "udp"}, [PROTOCOL], id="a rule for any protocol"),
        pytest.param(
            "TCP", {"ipProtocol": "udp"}, ["In the target, set `ip_protocol` to `tcp`."], id="a target for neither"
        ),
    ],
)
def test_either_protocol_of_a_rule_and_a_service_that_differ_may_be_right(
    protocol: str, inputs: dict[str, Any], expected: list[str]
) -> None:
    chat = regional_service("INTERNAL", protocol="TCP", portName=None)
    (rule, *_) = front(scheme="INTERNAL", ipProtocol=protocol, ipAddress="10.0.0.5", backendService=target(chat))
    found = record({"ipAddress": "10.0.0.5", **RIGHT, "loadBalancerType": "regionalL4ilb", **inputs})
    assert fixes(rule, chat, found) == expected


@pytest.mark.parametrize("region", [REGION, "us-east1"])
def test_either_region_of_a_rule_and_a_proxy_that_differ_may_be_right(region: str) -> None:
    rule, chat, paths, to_proxy = front(ipAddress="10.0.0.5")
    away = R(to_proxy.type, "proxy", {**to_proxy.inputs, "region": "us-east1"})
    rule.inputs["target"] = target(away)
    found = record({"ipAddress": "10.0.0.5", **RIGHT, "region": region})
    assert not any(fix.startswith("In the target") for fix in fixes(rule, chat, paths, away, found))


@pytest.mark.parametrize("type_", ["regionalL7ilb", "globalL7ilb"])
def test_either_scope_of_a_rule_and_a_proxy_that_differ_may_be_right(type_: str) -> None:
    chat = service(loadBalancingScheme="INTERNAL_MANAGED")
    paths = url_map(chat)
    proxy = https(paths)
    rule, *_ = front(ipAddress="10.0.0.5", target=target(proxy))
    found = record({"ipAddress": "10.0.0.5", **RIGHT, "loadBalancerType": type_})
    assert not any(fix.startswith("In the target") for fix in fixes(rule, chat, paths, proxy, found))
