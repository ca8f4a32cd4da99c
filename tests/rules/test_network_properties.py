"""Generated networks with machines and firewalls, and that no tree of properties raises out of a rule about them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policypack.model.graph.resource import Resource
from tests.stacks import BY_NAME, SHORT_TYPES, Computed, Out, R, backend, service
from tests.test_properties import SETTINGS as SHARED_SETTINGS
from tests.test_properties import verdicts

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
SETTINGS = settings(parent=SHARED_SETTINGS, max_examples=40)
RULES = ("firewall-no-open-ingress", "health-check-reachable", "subnet-flow-logs", "subnet-private-google-access")
ACCOUNT = R("gcp:serviceaccount/account:Account", "account", {"accountId": "llm-server"})
EMAIL = "llm-server@p-demo.iam.gserviceaccount.com"
RANGES = st.lists(
    st.sampled_from(["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "35.191.0.0/16", "130.211.0.0/22", "10.0.0.0/8", "::/0"]),
    max_size=3,
)
LAYERS: st.SearchStrategy[list[dict[str, Any]]] = st.sampled_from(
    [[{"ports": ["8000"]}], [{"ports": ["22", "80-9000"]}], [{}]]
)


def hidden(value: Any, *sources: R) -> st.SearchStrategy[Any]:
    """A value that may be computed."""
    return st.sampled_from([value, value, Computed(sources, value)])


@st.composite
def firewalls(draw: st.DrawFn, number: int, networks: list[R]) -> R:
    layers = [{"protocol": draw(st.sampled_from(["tcp", "all", "udp"])), **layer} for layer in draw(LAYERS)]
    network = Out(draw(st.sampled_from(networks)), "id")
    target: dict[str, Any] = draw(
        st.sampled_from(
            [{}, {}, {"targetTags": ["llm"]}, {"targetTags": ["x"]}, {"targetServiceAccounts": [Out(ACCOUNT, "email")]},
             {"targetServiceAccounts": [EMAIL]}]
        )
    )  # fmt: skip
    inputs = {
        draw(st.sampled_from(["allows", "allows", "denies"])): draw(hidden(layers)),
        "network": draw(st.sampled_from([network, network, Computed(tuple(networks), network)])),
        "sourceRanges": draw(hidden(draw(RANGES))),
        "priority": draw(hidden(draw(st.sampled_from([100, 1000, 2000])))),
        "disabled": draw(st.sampled_from([None, None, False, True])),
        "direction": draw(st.sampled_from([None, "INGRESS", "EGRESS"])),
        **target,
    }
    return R("Firewall", f"firewall-{number}", inputs)


@st.composite
def policies(draw: st.DrawFn, network: R) -> list[R]:
    rules = [
        {
            "action": draw(st.sampled_from(["allow", "deny", "goto_next"])),
            "priority": number,
            "direction": "INGRESS",
            "match": {
                "srcIpRanges": draw(hidden(draw(RANGES))),
                "layer4Configs": [{"ipProtocol": "tcp", **layer} for layer in draw(LAYERS)],
            },
        }
        for number in range(draw(st.integers(0, 2)))
    ]
    kind = "gcp:compute/networkFirewallPolicyWithRules:NetworkFirewallPolicyWithRules"
    policy = R(kind, "policy", {"name": "guard", "rules": rules})
    association = R(
        "gcp:compute/networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation",
        "association",
        {"firewallPolicy": Out(policy, "name"), "attachmentTarget": Out(network, "id")},
    )
    return [policy, association] if draw(st.booleans()) else []


@st.composite
def networks_with_machines(draw: st.DrawFn) -> list[R]:
    orders = st.sampled_from([None, "BEFORE_CLASSIC_FIREWALL", "AFTER_CLASSIC_FIREWALL"])
    networks = [
        R("Network", f"network-{number}", {"networkFirewallPolicyEnforcementOrder": draw(orders)})
        for number in range(draw(st.integers(1, 2)))
    ]
    subnets = [
        R("Subnetwork", f"subnet-{network.name}", {"region": "us-central1", "network": Out(network, "id")})
        for network in networks
    ]
    own = Out(draw(st.sampled_from(subnets)), "id")
    nic = {"subnetwork": draw(st.sampled_from([own, own, Computed(tuple(subnets), own), "regions/r/subnetworks/x"]))}
    who: dict[str, Any] = draw(
        st.sampled_from([{}, {"tags": ["llm"]}, {"serviceAccount": {"email": Out(ACCOUNT, "email")}}])
    )
    template = R("RegionInstanceTemplate", "template", {"region": "us-central1", "networkInterfaces": [nic], **who})
    versions = [{"instanceTemplate": Out(template, "selfLink")}]
    ports = [{"name": "http", "port": 8000}]
    group = R(
        "RegionInstanceGroupManager", "group", {"region": "us-central1", "versions": versions, "namedPorts": ports}
    )
    block = draw(st.sampled_from([{"port": 8000}, {"portSpecification": "USE_SERVING_PORT"}, {"port": 22}]))
    check = R("HealthCheck", "check", {"httpHealthCheck": block})
    schemes = st.sampled_from(["EXTERNAL_MANAGED", "EXTERNAL", "INTERNAL"])
    place: dict[str, Any] = {"region": "us-central1"} if draw(st.booleans()) else {}
    chat = service([backend(group)], healthChecks=Out(check, "id"), **{"loadBalancingScheme": draw(schemes), **place})
    rules = [draw(firewalls(number, networks)) for number in range(draw(st.integers(0, 3)))]
    guard = draw(policies(draw(st.sampled_from(networks))))
    return [chat, check, group, template, ACCOUNT, *subnets, *networks, *rules, *guard]


READ = (
    "network", "subnetwork", "networkInterfaces", "sourceRanges", "allows", "denies", "ports", "protocol", "priority",
    "direction", "disabled", "targetTags", "targetServiceAccounts", "serviceAccount", "email", "tags", "match", "rules",
    "srcIpRanges", "layer4Configs", "ipProtocol", "action", "firewallPolicy", "attachmentTarget", "backends", "group",
    "versions", "instanceTemplate", "httpHealthCheck", "port", "portSpecification", "healthChecks", "logConfig", "name",
    "flowSampling", "privateIpGoogleAccess", "purpose", "region", "project", "id", "namedPorts", "portName",
    "targetSecureTags", "srcNetworkScope", "instances", "accountId", "resourceManagerTags", "ipVersion", "stackType",
)  # fmt: skip
TYPES = (
    *SHORT_TYPES.values(),
    "gcp:serviceaccount/account:Account",
    "gcp:compute/networkFirewallPolicy:NetworkFirewallPolicy",
    "gcp:compute/networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation",
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
    "gcp:compute/regionNetworkFirewallPolicyWithRules:RegionNetworkFirewallPolicyWithRules",
    "gcp:compute/regionNetworkFirewallPolicyAssociation:RegionNetworkFirewallPolicyAssociation",
    "gcp:compute/instanceGroupMembership:InstanceGroupMembership",
)


def objects() -> st.SearchStrategy[dict[str, Any]]:
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(-2, 70000), st.text(max_size=4), RANGES,
        st.sampled_from(["0.0.0.0/0", "tcp", "allow", "22", "a-b", "1-", "projects/p/global/networks/n", "all"]),
    )  # fmt: skip
    keys = st.sampled_from(READ)
    trees = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6), max_leaves=8
    )
    return st.dictionaries(keys, trees, max_size=6)


OBJECTS = objects()


@SETTINGS
@given(data=st.data(), is_complete=st.booleans())
def test_no_property_tree_raises_out_of_a_rule(data: st.DataObject, is_complete: bool) -> None:
    """Everything is linked to everything, so that nothing is left out for not being on a serving path."""
    types = [
        *data.draw(st.lists(st.sampled_from(TYPES), max_size=5)),
        SHORT_TYPES["BackendService"],
        SHORT_TYPES["Network"],
    ]
    types += [SHORT_TYPES["RegionInstanceGroupManager"], SHORT_TYPES["RegionInstanceTemplate"], SHORT_TYPES["Firewall"]]
    urns = [f"urn:pulumi:s::p::{type_}::r{number}" for number, type_ in enumerate(types)]
    resources = [
        Resource(
            urn,
            type_,
            f"r{number}",
            data.draw(OBJECTS),
            data.draw(OBJECTS | st.none()),
            dict.fromkeys(READ, tuple(urns)),
        )
        for number, (urn, type_) in enumerate(zip(urns, types, strict=True))
    ]
    verdicts(resources, [BY_NAME[name] for name in RULES], is_complete=is_complete)
