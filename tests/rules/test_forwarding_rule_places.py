"""The project and the network that `forwarding-rule-scheme` asks for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import REGION, global_rule, https, regional_rule, regional_service, target, url_map
from tests.stacks import Computed, Out, R, backend, check_verdict, mig, service

RULE = "forwarding-rule-scheme"
CHAT = service(loadBalancingScheme="EXTERNAL_MANAGED")
OTHER_STACK = R("StackReference", "platform")


@pytest.mark.parametrize(
    ("of_map", "of_proxy", "of_rule", "status"),
    [
        pytest.param(None, None, None, "passed", id="all in one"),
        pytest.param("edge", "edge", "edge", "passed", id="only the service elsewhere"),
        pytest.param(None, None, "edge", "failed", id="the rule elsewhere"),
        pytest.param(None, "edge", None, "failed", id="the proxy elsewhere"),
        pytest.param("edge", None, None, "failed", id="the URL map elsewhere"),
        pytest.param(None, None, "123456789", "passed", id="a project by its number"),
        pytest.param(Computed((OTHER_STACK,), "p-demo"), None, None, "passed", id="a computed project"),
    ],
)
def test_projects(of_map: Any, of_proxy: Any, of_rule: Any, status: str) -> None:
    paths = url_map(CHAT, project=of_map or "p-demo")
    proxy = https(paths, project=of_proxy or "p-demo")
    rule = global_rule(proxy, project=of_rule or "p-demo")
    check_verdict(RULE, [CHAT, paths, proxy, rule, OTHER_STACK], status, "rule")


NETWORK, OTHER = R("Network", "vpc"), R("Network", "other")


def subnet(name: str, network: R) -> R:
    return R("Subnetwork", name, {"region": REGION, "network": Out(network, "id")})


OURS, THEIRS = subnet("ours", NETWORK), subnet("theirs", OTHER)


@pytest.mark.parametrize(
    ("nics", "place", "scheme", "status"),
    [
        pytest.param([OURS], {"subnetwork": target(OURS)}, "INTERNAL", "passed", id="its subnetwork"),
        pytest.param([OURS], {"network": target(NETWORK)}, "INTERNAL", "passed", id="its network"),
        pytest.param([OURS], {"subnetwork": target(THEIRS)}, "INTERNAL", "failed", id="another subnetwork"),
        pytest.param([OURS], {"network": target(OTHER)}, "INTERNAL", "failed", id="another network"),
        pytest.param([THEIRS, OURS], {"network": target(NETWORK)}, "INTERNAL", "passed", id="a second interface"),
        pytest.param([OURS], {"network": "projects/p/global/networks/x"}, "INTERNAL", "passed", id="outside the stack"),
        pytest.param([OURS], {"network": Computed()}, "INTERNAL", "passed", id="not known"),
        pytest.param([OURS], {}, "INTERNAL", "passed", id="left out"),
        pytest.param([OURS], {"network": target(OTHER)}, "EXTERNAL", "passed", id="an external one"),
    ],
)
def test_the_network_of_packets(nics: list[R], place: dict[str, Any], scheme: str, status: str) -> None:
    template = R(
        "RegionInstanceTemplate",
        "template",
        {"region": REGION, "networkInterfaces": [{"subnetwork": target(one)} for one in nics]},
    )
    group = mig(REGION, versions=[{"instanceTemplate": target(template)}])
    chat = regional_service(scheme, protocol="TCP", backends=[backend(group)])
    ports = {"ports": None, "allPorts": True}
    rule = regional_rule(loadBalancingScheme=scheme, backendService=target(chat), **ports, **place)
    check_verdict(RULE, [NETWORK, OTHER, OURS, THEIRS, template, group, chat, rule], status, "rule")
