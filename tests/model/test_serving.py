"""The serving path of a backend service, and what is beside it."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.graph.path import on_path, services_of
from policypack.model.graph.stack import Stack
from tests.stacks import Out, R, backend, build, service

NETWORK = R("gcp:compute/network:Network", "vpc", {"name": "vpc"})
SUBNET = R("gcp:compute/subnetwork:Subnetwork", "subnet", {"region": "us-central1", "network": Out(NETWORK, "id")})
TEMPLATE = R(
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate",
    "template",
    {"region": "us-central1", "networkInterfaces": [{"subnetwork": Out(SUBNET, "id")}]},
)
BASTION = R(
    "gcp:compute/instance:Instance",
    "bastion",
    {"zone": "us-central1-a", "networkInterfaces": [{"subnetwork": Out(SUBNET, "id")}]},
)
GROUP = R(
    "RegionInstanceGroupManager",
    "group",
    {"region": "us-central1", "versions": [{"instanceTemplate": Out(TEMPLATE, "selfLink")}]},
)
SCALER = R(
    "gcp:compute/regionAutoscaler:RegionAutoscaler", "scaler", {"region": "us-central1", "target": Out(GROUP, "id")}
)
SERVICE = service([backend(GROUP)])
URL_MAP = R("gcp:compute/uRLMap:URLMap", "urls", {"defaultService": Out(SERVICE, "id")})
PROXY = R("gcp:compute/targetHttpsProxy:TargetHttpsProxy", "proxy", {"urlMap": Out(URL_MAP, "id")})
FRONT = R("gcp:compute/globalForwardingRule:GlobalForwardingRule", "front", {"target": Out(PROXY, "id")})
OTHER_PROXY = R("gcp:compute/targetHttpProxy:TargetHttpProxy", "redirect-proxy", {"urlMap": "global/urlMaps/other"})


def firewall(network: Any) -> R:
    return R("gcp:compute/firewall:Firewall", "firewall", {"network": network, "direction": "INGRESS"})


PARTS = (NETWORK, SUBNET, TEMPLATE, BASTION, GROUP, SCALER, SERVICE, URL_MAP, PROXY, FRONT, OTHER_PROXY)
ON_PATH = {"vpc", "subnet", "template", "group", "scaler", "chat", "urls", "proxy", "front"}


def on_path_of_chat(stack: Stack) -> set[str]:
    return {r.name for r in stack.resources if [s.name for s in services_of(stack, r)] == ["chat"]}


@pytest.mark.parametrize("deployed", [False, True])
def test_the_path_leads_from_the_front_end_to_the_network(deployed: bool) -> None:
    stack = build(*PARTS, deployed=deployed)
    assert on_path_of_chat(stack) == ON_PATH
    (chat,) = [r for r in stack.resources if r.name == "chat"]
    assert [r.name for r in on_path(stack, chat, ("gcp:compute/firewall:Firewall",))] == []


@pytest.mark.parametrize(
    ("network", "is_on_path"),
    [
        (Out(NETWORK, "id"), True),
        ("vpc", True),
        ("projects/p-demo/global/networks/vpc", True),
        ("https://www.googleapis.com/compute/v1/projects/p-demo/global/networks/vpc", True),
        ("default", False),
        ("projects/other/global/networks/vpc", False),
    ],
)
def test_a_network_goes_by_its_name_or_its_url(network: Any, is_on_path: bool) -> None:
    stack = build(*PARTS, firewall(network))
    assert ("firewall" in on_path_of_chat(stack)) is is_on_path


def test_what_is_added_later_is_found() -> None:
    stack = build(*(part for part in PARTS if part is not SCALER))
    assert "scaler" not in on_path_of_chat(stack)
    (scaler,) = build(SCALER).resources
    stack.add(scaler)
    assert "scaler" in on_path_of_chat(stack)
    stack.add(scaler)
    assert on_path_of_chat(stack) == ON_PATH
