"""`forwarding-rule-scheme` on the ports of rules in front of target proxies, and of passthrough load balancers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import REGION, global_rule, https, regional_rule, regional_service, target, url_map
from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, service

RULE = "forwarding-rule-scheme"
OTHER = R("StackReference", "platform")
NETWORK = R("Network", "llm", {"autoCreateSubnetworks": False})
SUBNET = R("Subnetwork", "llm", {"network": target(NETWORK), "region": REGION, "ipCidrRange": "10.0.0.0/20"})
TEMPLATE = R(
    "RegionInstanceTemplate",
    "llm",
    {"region": REGION, "machineType": "g2-standard-8", "networkInterfaces": [{"subnetwork": target(SUBNET)}]},
)
MANY = [str(port) for port in range(8000, 8006)]


def rule(scheme: str = "INTERNAL", protocol: Any = "TCP", of: str = "UNSPECIFIED", **inputs: Any) -> list[R]:
    chat = regional_service(scheme, protocol=of, portName=None)
    given = {"ports": None, "portRange": None, "ipProtocol": protocol, **inputs}
    return [chat, regional_rule(loadBalancingScheme=scheme, backendService=target(chat), **given), OTHER]


@pytest.mark.parametrize(
    ("scheme", "inputs", "expected"),
    [
        pytest.param("INTERNAL", {"ports": ["8000"]}, "passed", id="internal, a list"),
        pytest.param("INTERNAL", {"ports": MANY[:5]}, "passed", id="internal, five"),
        pytest.param("INTERNAL", {"ports": MANY}, "failed", id="internal, six"),
        pytest.param("INTERNAL", {"allPorts": True}, "passed", id="internal, all"),
        pytest.param("INTERNAL", {"ports": ["8000"], "allPorts": False}, "passed", id="internal, not all"),
        pytest.param("INTERNAL", {"portRange": "8000"}, "failed", id="internal, a range"),
        pytest.param("INTERNAL", {}, "failed", id="internal, none"),
        pytest.param("INTERNAL", {"allPorts": False}, "failed", id="internal, none and not all"),
        pytest.param("INTERNAL", {"ports": []}, "failed", id="internal, an empty list"),
        pytest.param("INTERNAL", {"ports": ["8000"], "allPorts": True}, "failed", id="internal, a list and all"),
        pytest.param(
            "INTERNAL", {"ports": Computed((OTHER,), ["8000"])}, ("undecided", "passed"), id="a computed list"
        ),
        pytest.param("INTERNAL", {"allPorts": Computed((OTHER,), True)}, ("undecided", "passed"), id="computed, all"),
        pytest.param("EXTERNAL", {"ports": ["8000"]}, "passed", id="external, a list"),
        pytest.param("EXTERNAL", {"ports": MANY}, "failed", id="external, six"),
        pytest.param("EXTERNAL", {"portRange": "8000-8999"}, "passed", id="external, a range"),
        pytest.param("EXTERNAL", {"allPorts": True}, "passed", id="external, all"),
        pytest.param("EXTERNAL", {}, "passed", id="external, none"),
        pytest.param("EXTERNAL", {"portRange": "80", "ports": ["80"]}, "failed", id="external, a range and a list"),
    ],
)
def test_one_way_to_name_ports(scheme: str, inputs: dict[str, Any], expected: Expected) -> None:
    for protocol in ("TCP", "UDP"):
        check_verdict(RULE, rule(scheme, protocol, **inputs), expected, "rule")


@pytest.mark.parametrize("scheme", ["INTERNAL", "EXTERNAL"])
@pytest.mark.parametrize(
    ("inputs", "fixes"),
    [
        pytest.param({"allPorts": True}, [], id="all"),
        pytest.param({}, ["Set `all_ports=True`."], id="none"),
        pytest.param({"ports": ["8000"]}, ["Set `all_ports=True`, and omit `ports`."], id="a list"),
        pytest.param({"portRange": "80"}, ["Set `all_ports=True`, and omit `port_range`."], id="a range"),
    ],
)
def test_a_rule_for_any_protocol_has_all_ports(scheme: str, inputs: dict[str, Any], fixes: list[str]) -> None:
    found = findings(RULE, build(*rule(scheme, "L3_DEFAULT", **inputs)))
    assert [problem.fix for one in found for problem in one.problems] == fixes


def test_a_rule_that_needs_another_protocol_is_asked_for_no_ports() -> None:
    (found,) = findings(RULE, build(*rule(protocol="L3_DEFAULT", of="TCP", ports=["8000"])))
    assert [problem.fix for problem in found.problems] == [
        "Set `ip_protocol` to `TCP`, or `protocol` of `chat` to `UNSPECIFIED`."
    ]


def admits(*ports: Any) -> R:
    return R(
        "gcp:compute/firewall:Firewall",
        "clients",
        {
            "network": target(NETWORK),
            "sourceRanges": ["10.0.0.0/8"],
            "allows": [{"protocol": "tcp", "ports": [*ports]}],
        },
    )


def before(named: Any, firewall: R | None, protocol: Any = "TCP", probed: int = 8000, **inputs: Any) -> list[R]:
    """A rule before a managed group with named ports, in a network with a firewall rule."""
    group = R(
        "RegionInstanceGroupManager",
        "mig",
        {
            "region": REGION,
            "namedPorts": named,
            "versions": [{"instanceTemplate": Out(TEMPLATE, "selfLink")}],
        },
    )
    check = R("RegionHealthCheck", "check", {"region": REGION, "tcpHealthCheck": {"port": probed}})
    chat, front, _ = rule(protocol=protocol, **inputs)
    chat.inputs |= {"backends": [backend(group, balancingMode="CONNECTION", maxUtilization=None)]}
    chat.inputs |= {"healthChecks": target(check)}
    return [chat, front, group, check, TEMPLATE, SUBNET, NETWORK, *([firewall] if firewall else [])]


HTTP = [{"name": "http", "port": 8000}]


@pytest.mark.parametrize(
    ("named", "firewall", "inputs", "expected"),
    [
        pytest.param(HTTP, admits("8000"), {"ports": ["8000"]}, "passed", id="the named port"),
        pytest.param(HTTP, admits("8000"), {"ports": ["80", "8000"]}, "passed", id="the named port and another"),
        pytest.param(HTTP, admits("8000"), {"allPorts": True}, "passed", id="all ports"),
        pytest.param(HTTP, admits("8000"), {"ports": ["80"]}, "failed", id="a port that is shut"),
        pytest.param(HTTP, admits("8000"), {"ports": ["80", "443"]}, "failed", id="ports that are shut"),
        pytest.param(HTTP, None, {"ports": ["80"]}, "failed", id="all ports are shut"),
        pytest.param(HTTP, admits("8000", "80"), {"ports": ["80"]}, "undecided", id="a port that is open"),
        pytest.param(HTTP, admits("8000", "80"), {"ports": ["80", "443"]}, "undecided", id="one of two is open"),
        pytest.param(HTTP, admits("8000-9000"), {"ports": ["8001"]}, "undecided", id="a port of an open range"),
        pytest.param(
            [*HTTP, {"name": "web", "port": 80}], admits("8000"), {"ports": ["80"]}, "passed", id="another named port"
        ),
        pytest.param(HTTP, admits("8000"), {"ports": ["80"], "protocol": "UDP"}, "passed", id="UDP"),
        pytest.param(HTTP, admits("8000"), {"ports": ["80"], "protocol": Computed()}, "undecided", id="a protocol"),
        pytest.param(None, admits("8000"), {"ports": ["80"]}, "failed", id="no named port, a shut port"),
        pytest.param(None, admits("8000"), {"ports": ["8000"]}, "passed", id="no named port, the probed port"),
        pytest.param(None, admits("8000", "80"), {"ports": ["80"]}, "passed", id="no named port, an open port"),
        pytest.param(
            None, admits(Computed((OTHER,), "80")), {"ports": ["80"]}, ("undecided", "passed"), id="a computed firewall"
        ),
        pytest.param(
            None, admits("80", "9000"), {"ports": ["80"], "probed": 9000}, "passed", id="a port for probes alone"
        ),
        pytest.param(
            [{"name": "http", "port": Computed((OTHER,), 8000)}],
            admits("8000"),
            {"ports": ["80"]},
            ("undecided", "failed"),
            id="a computed named port",
        ),
    ],
)
def test_packets_come_to_the_port_that_is_served(
    named: Any, firewall: R | None, inputs: dict[str, Any], expected: Expected
) -> None:
    check_verdict(RULE, [*before(named, firewall, **inputs), OTHER], expected, "rule")


def test_the_fix_names_the_port_that_is_served() -> None:
    (found,) = findings(RULE, build(*before(HTTP, admits("8000"), ports=["80"])))
    (problem,) = found.problems
    assert problem.observed == (
        "It sends packets to TCP port 80 of `mig`, where the firewall admits nobody: the named port is 8000."
    )
    assert problem.fix == "Add 8000 to `ports`."


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
def test_a_rule_before_a_regional_proxy_has_one_port(ports: dict[str, Any], status: str) -> None:
    chat = regional_service("EXTERNAL_MANAGED")
    paths = R("RegionUrlMap", "paths", {"region": REGION, "defaultService": target(chat)})
    proxy = R("RegionTargetHttpProxy", "proxy", {"region": REGION, "urlMap": target(paths)})
    front = regional_rule(loadBalancingScheme="EXTERNAL_MANAGED", target=target(proxy), **ports)
    check_verdict(RULE, [chat, paths, proxy, front], status, "rule")


@pytest.mark.parametrize(("ports", "status"), [("8443", "passed"), ("80-81", "failed"), (None, "failed")])
@pytest.mark.parametrize("scheme", ["EXTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"])
def test_a_rule_before_a_global_proxy_has_one_port(scheme: str, ports: Any, status: str) -> None:
    chat = service(loadBalancingScheme=scheme)
    paths = url_map(chat)
    proxy = https(paths)
    front = global_rule(proxy, loadBalancingScheme=scheme, portRange=ports)
    check_verdict(RULE, [chat, paths, proxy, front], status, "rule")
