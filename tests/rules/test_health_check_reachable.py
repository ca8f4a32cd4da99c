"""`health-check-reachable` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Expected, Out, R, backend, build, check, check_verdict, findings, service

RULE = "health-check-reachable"
FAILED, PASSED, UNDECIDED, EXEMPT = "failed", "passed", "undecided", "not applicable"
GOOGLE = ["35.191.0.0/16", "130.211.0.0/22"]
PASSTHROUGH = ["35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"]
PORT = [{"protocol": "tcp", "ports": ["8000"]}]
ALL = [{"protocol": "all"}]
NETWORK = R("Network", "vpc")
BEFORE = R("Network", "vpc", {"networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL"})
EITHER = R("Network", "vpc", {"networkFirewallPolicyEnforcementOrder": Computed()})
SUBNET = R("Subnetwork", "subnet", {"region": "us-central1", "network": Out(NETWORK, "id")})
ACCOUNT = R("gcp:serviceaccount/account:Account", "server", {"accountId": Computed()})
OTHER_STACK = R("StackReference", "platform")
TEMPLATE_TYPE = "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate"


def asks(block: dict[str, Any], kind: str = "httpHealthCheck") -> R:
    return R("HealthCheck", "check", {kind: block})


def template(name: str = "template", **inputs: Any) -> R:
    nics = [{"subnetwork": Out(SUBNET, "id")}]
    return R(TEMPLATE_TYPE, name, {"region": "us-central1", "networkInterfaces": nics, **inputs})


def group(machine: Any, name: str = "group", **inputs: Any) -> R:
    url = Out(machine, "selfLink") if isinstance(machine, R) else machine
    ports = [{"name": "http", "port": 8000}]
    given = {"region": "us-central1", "versions": [{"instanceTemplate": url}], "namedPorts": ports}
    return R("RegionInstanceGroupManager", name, {**given, **inputs})


def firewall(sources: Any = None, name: str = "allow", **inputs: Any) -> R:
    ranges = GOOGLE if sources is None else sources
    return R("Firewall", name, {"network": Out(NETWORK, "id"), "allows": PORT, "sourceRanges": ranges, **inputs})


def deny(sources: Any, name: str = "deny", **inputs: Any) -> R:
    return firewall(sources, name, **{"allows": None, "denies": ALL, **inputs})


def probed(
    *others: R, machine: Any = None, probe: R | None = None, network: R = NETWORK, **inputs: Any
) -> tuple[R, ...]:
    machine = template() if machine is None else machine
    machines = [machine] if isinstance(machine, R) else []
    probe = check() if probe is None else probe
    mig = group(machine)
    chat = service([backend(mig)], **{"healthChecks": Out(probe, "id"), **inputs})
    return *others, *machines, mig, probe, chat, network, SUBNET, OTHER_STACK


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([], FAILED),
        ([firewall()], PASSED),
        ([firewall(["0.0.0.0/0"])], PASSED),
        ([firewall(["35.0.0.0/8", "130.0.0.0/8"])], PASSED),
        ([firewall(["35.191.0.0/17", "35.191.128.0/17", "130.211.0.0/22"])], PASSED),
        ([firewall(["35.191.0.0/17", "130.211.0.0/22"])], FAILED),
        ([firewall(["35.191.0.0/16"])], FAILED),
        ([firewall(["35.191.0.0/16"]), firewall(["130.211.0.0/22"], "second")], PASSED),
        ([firewall(["10.0.0.0/8"])], FAILED),
        ([firewall(["2600:2d00:1:b029::/64"])], FAILED),
        ([firewall(Computed())], UNDECIDED),
        ([firewall(["35.191.0.0/16", Computed()])], UNDECIDED),
        ([firewall([*GOOGLE, Computed()])], PASSED),
        ([firewall(allows=[{"protocol": "tcp"}])], PASSED),
        ([firewall(allows=[{"protocol": "TCP"}])], PASSED),
        ([firewall(allows=[{"protocol": "6", "ports": ["7000-9000"]}])], PASSED),
        ([firewall(allows=[{"protocol": "all"}])], PASSED),
        ([firewall(allows=[{"protocol": "tcp", "ports": ["80", "443"]}])], FAILED),
        ([firewall(allows=[{"protocol": "tcp", "ports": [8000]}])], PASSED),
        ([firewall(allows=[{"protocol": "udp", "ports": ["8000"]}])], FAILED),
        ([firewall(allows=[{"protocol": "icmp"}, {"protocol": "tcp", "ports": ["8000"]}])], PASSED),
        ([firewall(allows=[{"protocol": "tcp", "ports": [Computed()]}])], UNDECIDED),
        ([firewall(allows=[{"protocol": Computed()}])], UNDECIDED),
        ([firewall(direction="EGRESS")], FAILED),
        ([firewall(disabled=True)], FAILED),
        ([firewall(disabled=Computed())], UNDECIDED),
        ([firewall(sourceRanges=None, sourceTags=["llm"])], FAILED),
        ([firewall(sourceRanges=None)], PASSED),
        ([firewall(targetTags=["bastion"])], FAILED),
        ([firewall(targetTags=[Computed()])], FAILED),
        ([firewall(targetTags=Computed())], UNDECIDED),
        ([firewall(destinationRanges=["10.0.0.0/24"])], UNDECIDED),
        ([firewall(network=Computed((OTHER_STACK,)))], UNDECIDED),
        ([firewall(network="vpc-1a2b3c4")], "by name"),
        ([firewall(network="projects/p-demo/global/networks/other")], FAILED),
        ([firewall(network="projects/other/global/networks/vpc-1a2b3c4")], FAILED),
    ],
)
def test_one_network(rules: list[R], status: str) -> None:
    # A name that Pulumi makes up is known once the network is deployed.
    check_verdict(RULE, probed(*rules), (FAILED, PASSED) if status == "by name" else status)


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([firewall(), deny(["0.0.0.0/0"], priority=65000)], PASSED),
        ([firewall(), deny(["0.0.0.0/0"], priority=900)], FAILED),
        ([firewall(), deny(["0.0.0.0/0"], priority=1000)], FAILED),
        ([firewall(), deny(["0.0.0.0/0"])], FAILED),
        ([firewall(priority=999), deny(["0.0.0.0/0"])], PASSED),
        ([firewall(), deny(["130.211.2.0/24"], priority=1)], FAILED),
        ([firewall(), deny(["10.0.0.0/8"], priority=1)], PASSED),
        ([firewall(), deny(["::/0"], priority=1)], PASSED),
        ([firewall(), deny(["0.0.0.0/0"], priority=1, denies=[{"protocol": "tcp", "ports": ["22"]}])], PASSED),
        ([firewall(), deny(["0.0.0.0/0"], priority=1, disabled=True)], PASSED),
        ([firewall(), deny(["0.0.0.0/0"], priority=1, direction="EGRESS")], PASSED),
        ([firewall(), deny(["0.0.0.0/0"], priority=1, targetTags=["bastion"])], PASSED),
        ([firewall(), deny(["0.0.0.0/0"], priority=Computed())], UNDECIDED),
        ([firewall(), deny(Computed(), priority=1)], UNDECIDED),
        ([firewall(priority=Computed()), deny(["0.0.0.0/0"])], UNDECIDED),
        ([firewall(priority=0), deny(["0.0.0.0/0"], priority=0)], FAILED),
        ([firewall(priority=Computed()), deny(["10.0.0.0/8"])], UNDECIDED),
    ],
)
def test_priorities(rules: list[R], status: str) -> None:
    check_verdict(RULE, probed(*rules), status)


def test_targets() -> None:
    check_verdict(RULE, probed(firewall(targetTags=["llm"]), machine=template(tags=["llm"])), PASSED)
    check_verdict(RULE, probed(firewall(targetTags=["llm"]), machine=template(tags=["web"])), FAILED)
    check_verdict(RULE, probed(firewall(targetTags=["llm"]), machine=template(tags=Computed())), UNDECIDED)
    server = template(serviceAccount={"email": Out(ACCOUNT, "email")})
    target: dict[str, Any] = {"targetServiceAccounts": [Out(ACCOUNT, "email")]}
    check_verdict(RULE, probed(firewall(**target), ACCOUNT, machine=server), PASSED)
    check_verdict(RULE, probed(firewall(**target), ACCOUNT), FAILED)
    check_verdict(RULE, probed(firewall(targetServiceAccounts=[Computed()]), ACCOUNT, machine=server), UNDECIDED)


@pytest.mark.parametrize(
    ("probe", "inputs", "status"),
    [
        (check(), {}, PASSED),
        (asks({"port": 9000}), {}, FAILED),
        (asks({"port": "8000"}), {}, PASSED),
        (asks({}), {}, FAILED),
        (asks({"port": Computed()}), {}, UNDECIDED),
        (asks({"portSpecification": "USE_SERVING_PORT"}), {}, PASSED),
        (asks({"portSpecification": "USE_SERVING_PORT"}), {"portName": "web"}, UNDECIDED),
        (asks({"portSpecification": "USE_SERVING_PORT"}), {"portName": None}, PASSED),
        (asks({"portSpecification": "USE_SERVING_PORT"}), {"portName": Computed()}, UNDECIDED),
        (asks({"portSpecification": "USE_FIXED_PORT", "port": 8000}), {}, PASSED),
        (asks({"portSpecification": "USE_NAMED_PORT", "portName": "http"}), {}, PASSED),
        (asks({"portSpecification": "USE_NAMED_PORT", "portName": "web"}), {}, UNDECIDED),
        (asks({"portSpecification": "USE_NAMED_PORT", "portName": Computed()}), {}, UNDECIDED),
        (asks({"portName": "http"}), {}, PASSED),
        (asks({"portName": "http"}, "tcpHealthCheck"), {}, PASSED),
        (asks({"portSpecification": Computed(), "port": 8000}), {}, UNDECIDED),
        (asks({"port": 8000}, "tcpHealthCheck"), {}, PASSED),
        (asks({}, "tcpHealthCheck"), {}, UNDECIDED),
        (asks({}, "httpsHealthCheck"), {}, FAILED),
        (asks({"port": 8000}, "grpcHealthCheck"), {}, PASSED),
        (R("HttpHealthCheck", "check", {"port": 8000}), {}, PASSED),
        (R("HttpHealthCheck", "check", {}), {}, FAILED),
        (R("RegionHealthCheck", "check", {"region": "us-central1", "httpHealthCheck": {"port": 8000}}), {}, PASSED),
        (check(), {"healthChecks": None}, EXEMPT),
        (check(), {"healthChecks": "projects/p/global/healthChecks/other"}, UNDECIDED),
        (check(), {"healthChecks": Computed()}, UNDECIDED),
    ],
)
def test_ports(probe: R, inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, probed(firewall(), probe=probe, **inputs), status)


@pytest.mark.parametrize(
    ("ports", "inputs", "status"),
    [
        ([{"name": "http", "port": 9000}], {}, FAILED),
        ([{"name": "http", "port": 9000}], {"loadBalancingScheme": "EXTERNAL"}, FAILED),
        ([{"name": "http", "port": 9000}], {"portName": None}, FAILED),
        ([{"name": "http", "port": 9000}], {"loadBalancingScheme": Computed()}, UNDECIDED),
        # Their requests come from proxy-only subnets.
        ([{"name": "http", "port": 9000}], {"loadBalancingScheme": "INTERNAL_MANAGED"}, PASSED),
        ([{"name": "http", "port": 9000}], {"region": "us-central1"}, PASSED),
        ([{"name": "http", "port": 9000}, {"name": "web", "port": 8000}], {"portName": "web"}, PASSED),
        ([{"name": "http", "port": Computed()}], {}, UNDECIDED),
        (Computed(), {}, UNDECIDED),
        # Another rule says that the port is missing.
        ([{"name": "web", "port": 9000}], {}, PASSED),
    ],
)
def test_requests_come_to_the_serving_port(ports: Any, inputs: dict[str, Any], status: str) -> None:
    machine, probe = template(), check()
    mig = group(machine, namedPorts=ports)
    chat = service([backend(mig)], healthChecks=Out(probe, "id"), **inputs)
    check_verdict(RULE, [firewall(), machine, mig, probe, chat, NETWORK, SUBNET], status)


def test_a_port_that_is_not_known_does_not_matter_without_or_with_all_ports() -> None:
    unknown = asks({"port": Computed()})
    check_verdict(RULE, probed(probe=unknown), FAILED)
    check_verdict(RULE, probed(firewall(allows=[{"protocol": "tcp"}]), probe=unknown), PASSED)
    check_verdict(RULE, probed(firewall(["10.0.0.0/8"]), probe=unknown), FAILED)


REGIONAL = {"region": "us-central1"}


@pytest.mark.parametrize(
    ("inputs", "sources", "status"),
    [
        ({**REGIONAL, "loadBalancingScheme": "EXTERNAL_MANAGED"}, GOOGLE, PASSED),
        ({**REGIONAL, "loadBalancingScheme": "INTERNAL_MANAGED"}, GOOGLE, PASSED),
        ({**REGIONAL, "loadBalancingScheme": "EXTERNAL"}, GOOGLE, "not applicable"),
        ({**REGIONAL, "loadBalancingScheme": "INTERNAL", "protocol": "TCP"}, GOOGLE, PASSED),
        ({**REGIONAL, "loadBalancingScheme": "INTERNAL", "protocol": "TCP"}, PASSTHROUGH, FAILED),
        ({**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}, PASSTHROUGH, PASSED),
        ({**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}, GOOGLE, FAILED),
        ({**REGIONAL, "loadBalancingScheme": Computed()}, GOOGLE, UNDECIDED),
        ({"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}, GOOGLE, PASSED),
        ({"ipAddressSelectionPolicy": "IPV4_ONLY"}, GOOGLE, PASSED),
        ({"ipAddressSelectionPolicy": "PREFER_IPV6"}, GOOGLE, PASSED),
        ({"ipAddressSelectionPolicy": "PREFER_IPV6"}, ["2600:2d00:1:b029::/64"], UNDECIDED),
        ({"ipAddressSelectionPolicy": "IPV6_ONLY"}, GOOGLE, FAILED),
        ({"ipAddressSelectionPolicy": "IPV6_ONLY"}, ["2600:2d00:1:b029::/64", "2600:2d00:1:1::/64"], PASSED),
        ({"ipAddressSelectionPolicy": "IPV6_ONLY"}, ["2600:2d00:1:b029::/64"], FAILED),
        (
            {**REGIONAL, "loadBalancingScheme": "INTERNAL_MANAGED", "ipAddressSelectionPolicy": "IPV6_ONLY"},
            ["2600:2d00:1:b029::/64"],
            PASSED,
        ),
        ({"ipAddressSelectionPolicy": Computed()}, GOOGLE, UNDECIDED),
    ],
)
def test_schemes(inputs: dict[str, Any], sources: list[str], status: str) -> None:
    check_verdict(RULE, probed(firewall(sources), **inputs), status)


PASSES_THROUGH: dict[str, Any] = {"region": "us-central1", "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}


@pytest.mark.parametrize(
    ("versions", "sources", "status"),
    [
        (["IPV4"], PASSTHROUGH, PASSED),
        ([None], PASSTHROUGH, PASSED),
        (["IPV6"], PASSTHROUGH, FAILED),
        (["IPV6"], ["2600:1901:8001::/48"], PASSED),
        (["IPV4", "IPV6"], [*PASSTHROUGH, "2600:1901:8001::/48"], PASSED),
        (["IPV4", "IPV6"], PASSTHROUGH, FAILED),
        ([Computed()], PASSTHROUGH, UNDECIDED),
    ],
)
def test_ip_versions_of_passthrough_load_balancers(versions: list[Any], sources: list[str], status: str) -> None:
    machine = template()
    mig, probe = group(machine), check()
    chat = service([backend(mig)], **PASSES_THROUGH, healthChecks=Out(probe, "id"))
    rules = [
        R("ForwardingRule", f"front-{number}", {**REGIONAL, "backendService": Out(chat, "id"), "ipVersion": version})
        for number, version in enumerate(versions)
    ]
    stack = (*rules, chat, mig, machine, probe, NETWORK, SUBNET, firewall(sources))
    check_verdict(RULE, stack, status)


OUTSIDE = "projects/host/regions/us-central1/subnetworks/shared"


@pytest.mark.parametrize(
    ("nics", "expected"),
    [
        ([{"subnetwork": OUTSIDE}], EXEMPT),
        ([{"network": "default"}], EXEMPT),
        ([{"network": "projects/host/global/networks/shared"}], EXEMPT),
        ([{"network": Out(NETWORK, "id")}], PASSED),
        ([{"network": Out(NETWORK, "id"), "subnetwork": Out(SUBNET, "id")}], PASSED),
        ([{"subnetwork": Out(SUBNET, "id")}, {"network": "default"}], PASSED),
        ([{"network": "default"}, {"subnetwork": Out(SUBNET, "id")}], EXEMPT),
        ([{"subnetwork": Computed((OTHER_STACK,))}], UNDECIDED),
        ([{"subnetwork": Computed((OTHER_STACK,), OUTSIDE)}], (UNDECIDED, EXEMPT)),
        (Computed((SUBNET,)), UNDECIDED),
        ([], UNDECIDED),
    ],
)
def test_networks(nics: Any, expected: Expected) -> None:
    check_verdict(RULE, probed(firewall(), machine=template(networkInterfaces=nics)), expected)


def test_a_network_given_without_its_project() -> None:
    relative = firewall(network="global/networks/vpc-1a2b3c4")
    # At first the network has no name that a program could know.
    check_verdict(RULE, probed(relative), (FAILED, PASSED))
    nic = {"network": "global/networks/vpc-1a2b3c4"}
    check_verdict(RULE, probed(firewall(), machine=template(networkInterfaces=[nic])), (EXEMPT, PASSED))


def test_a_template_outside_the_stack_is_in_a_network_that_is_not_known() -> None:
    check_verdict(RULE, probed(firewall(), machine="projects/p-demo/global/instanceTemplates/llm"), UNDECIDED)


def test_a_stack_without_networks_has_nothing_to_judge() -> None:
    mig, probe = group("projects/p-demo/global/instanceTemplates/llm"), check()
    chat = service([backend(mig)], healthChecks=Out(probe, "id"))
    check_verdict(RULE, [mig, probe, chat], EXEMPT)
    check_verdict(RULE, [mig, probe, chat], UNDECIDED, is_complete=False)
    read = R("Network", "vpc", {}, {"is_read": True})
    check_verdict(RULE, [mig, probe, chat, read], EXEMPT)


def test_a_network_that_is_only_read_has_rules_that_are_not_seen() -> None:
    check_verdict(RULE, probed(network=R("Network", "vpc", {}, {"is_read": True})), EXEMPT)


def test_during_an_update_a_rule_may_follow() -> None:
    check_verdict(RULE, probed(), UNDECIDED, is_complete=False)
    check_verdict(RULE, probed(firewall()), PASSED, is_complete=False)


def test_a_cluster_adds_rules_of_its_own() -> None:
    check_verdict(RULE, probed(R("Cluster", "gke", {"network": Out(NETWORK, "id")})), UNDECIDED)
    check_verdict(RULE, probed(R("Cluster", "gke", {"subnetwork": Out(SUBNET, "id")})), UNDECIDED)
    check_verdict(RULE, probed(R("Cluster", "gke", {"network": "default"})), FAILED)


def test_every_group_and_version_is_judged() -> None:
    old, new = template("old", tags=["llm"]), template("new", tags=["next"])
    versions = [{"instanceTemplate": Out(old, "selfLink")}, {"instanceTemplate": Out(new, "selfLink")}]
    mig, probe = group(old, versions=versions), check()
    chat = service([backend(mig)], healthChecks=Out(probe, "id"))
    rest = (chat, mig, probe, old, new, NETWORK, SUBNET)
    check_verdict(RULE, [*rest, firewall(targetTags=["llm", "next"])], PASSED)
    check_verdict(RULE, [*rest, firewall(targetTags=["llm"])], FAILED)
    (found,) = findings(RULE, build(*rest))
    assert found.problems[0].observed.count("No firewall rule") == 1


def test_one_region_without_a_firewall_fails() -> None:
    other = R("Network", "europe")
    subnet = R("Subnetwork", "there", {"region": "europe-west4", "network": Out(other, "id")})
    here, there = template("here"), template("there", networkInterfaces=[{"subnetwork": Out(subnet, "id")}])
    groups, probe = (group(here, "near"), group(there, "far", region="europe-west4")), check()
    chat = service([backend(each) for each in groups], healthChecks=Out(probe, "id"))
    parts = (chat, *groups, probe, here, there, NETWORK, other, SUBNET, subnet, firewall())
    check_verdict(RULE, parts, FAILED)
    (found,) = findings(RULE, build(*parts))
    assert "`far`" in found.problems[0].observed
    assert "`near`" not in found.problems[0].observed
    check_verdict(RULE, [*parts, firewall(name="more", network=Out(other, "id"))], PASSED)


def test_unmanaged_groups() -> None:
    nic = [{"network": Out(NETWORK, "id")}]
    machine = R("Instance", "machine", {"zone": "us-central1-a", "networkInterfaces": nic, "tags": ["llm"]})
    listed = R("InstanceGroup", "group", {"zone": "us-central1-a", "instances": [Out(machine, "selfLink")]})
    bare = R("InstanceGroup", "group", {"zone": "us-central1-a"})
    member = R(
        "gcp:compute/instanceGroupMembership:InstanceGroupMembership",
        "member",
        {"instanceGroup": Out(bare, "id"), "instance": Out(machine, "selfLink")},
    )
    networked = R("InstanceGroup", "group", {"zone": "us-central1-a", "network": Out(NETWORK, "id")})
    probe = check()

    def chat(mig: R) -> R:
        return service([backend(Out(mig, "id"))], healthChecks=Out(probe, "id"))

    rest = (machine, probe, NETWORK)
    tagged = firewall(targetTags=["llm"])
    check_verdict(RULE, [chat(listed), listed, *rest], FAILED)
    check_verdict(RULE, [chat(listed), listed, *rest, tagged], PASSED)
    check_verdict(RULE, [chat(bare), bare, member, *rest, tagged], PASSED)
    stray = R(member.type, "stray", {**member.inputs, "instanceGroup": Computed()})
    check_verdict(RULE, [chat(bare), bare, stray, *rest, tagged], UNDECIDED)
    check_verdict(RULE, [chat(bare), bare, *rest, tagged], UNDECIDED)
    check_verdict(RULE, [chat(networked), networked, *rest, tagged], UNDECIDED)
    check_verdict(RULE, [chat(networked), networked, *rest, firewall()], PASSED)
    check_verdict(RULE, [chat(networked), networked, *rest], FAILED)
    elsewhere = [{"subnetwork": "projects/p-demo/regions/us-central1/subnetworks/of-another-stack"}]
    placed = R("Instance", "placed", {"zone": "us-central1-a", "networkInterfaces": elsewhere, "tags": ["llm"]})
    instances = {"zone": "us-central1-a", "instances": [Out(placed, "selfLink")]}
    unsaid, said = (R("InstanceGroup", "group", {**instances, **more}) for more in ({}, networked.inputs))
    check_verdict(RULE, [chat(unsaid), unsaid, placed, *rest], "not applicable")
    check_verdict(RULE, [chat(said), said, placed, *rest], FAILED)
    check_verdict(RULE, [chat(said), said, placed, *rest, tagged], PASSED)


@pytest.mark.parametrize(
    ("neg", "inputs", "with_rule", "without"),
    [
        ("NetworkEndpointGroup", {"zone": "us-central1-a"}, PASSED, FAILED),
        (
            "NetworkEndpointGroup",
            {"zone": "us-central1-a", "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"},
            EXEMPT,
            EXEMPT,
        ),
        ("NetworkEndpointGroup", {"zone": "us-central1-a", "networkEndpointType": Computed()}, PASSED, UNDECIDED),
        ("RegionNetworkEndpointGroup", {"region": "us-central1"}, EXEMPT, EXEMPT),
    ],
)
def test_network_endpoint_groups(neg: str, inputs: dict[str, Any], with_rule: str, without: str) -> None:
    target, probe = R(neg, "neg", {"network": Out(NETWORK, "id"), **inputs}), check()
    chat = service([backend(target, balancingMode="RATE", maxRate=5)], healthChecks=Out(probe, "id"))
    rest = (chat, target, probe, NETWORK)
    check_verdict(RULE, [*rest, firewall()], with_rule)
    check_verdict(RULE, rest, without)


def test_backends() -> None:
    probe, machine = check(), template()
    mig = group(machine)
    rest = (mig, probe, machine, NETWORK, SUBNET, OTHER_STACK)
    check_verdict(RULE, [service([], healthChecks=Out(probe, "id")), *rest], EXEMPT)
    computed = service(Computed((mig,), [backend(mig)]), healthChecks=Out(probe, "id"))
    check_verdict(RULE, [computed, *rest, firewall()], (UNDECIDED, PASSED))
    check_verdict(RULE, [computed, *rest], (UNDECIDED, FAILED))
    half = service([backend(mig), backend(Computed((OTHER_STACK,)))], healthChecks=Out(probe, "id"))
    check_verdict(RULE, [half, *rest, firewall()], UNDECIDED)
    # At first the group may be either of the two.
    check_verdict(RULE, [half, *rest], (UNDECIDED, FAILED))


def policy(*rules: dict[str, Any], regional: str = "", attached: Any = None) -> tuple[R, ...]:
    prefix = "gcp:compute/regionNetworkFirewallPolicy" if regional else "gcp:compute/networkFirewallPolicy"
    kind = "RegionNetworkFirewallPolicy" if regional else "NetworkFirewallPolicy"
    place = {"region": regional} if regional else {}
    held = R(f"{prefix}:{kind}", "policy", {"name": "guard", **place})
    inputs = {
        "attachmentTarget": Out(NETWORK, "id"),
        "firewallPolicy": Out(held, "name") if attached is None else attached,
    }
    association = R(f"{prefix}Association:{kind}Association", "association", {**inputs, **place})
    parts = [
        R(f"{prefix}Rule:{kind}Rule", f"rule-{number}", {"firewallPolicy": Out(held, "name"), **place, **rule})
        for number, rule in enumerate(rules)
    ]
    return (held, association, *parts)


def policy_rule(action: str = "allow", priority: Any = 100, sources: Any = None, **inputs: Any) -> dict[str, Any]:
    match = {
        "srcIpRanges": GOOGLE if sources is None else sources,
        "layer4Configs": [{"ipProtocol": "tcp", "ports": ["8000"]}],
    }
    return {
        "action": action,
        "direction": "INGRESS",
        "priority": priority,
        "match": {**match, **inputs.pop("match", {})},
        **inputs,
    }


ANYWHERE = ["0.0.0.0/0"]
DENY_ALL = policy_rule("deny", 200, ANYWHERE)


@pytest.mark.parametrize("region", ["", "us-central1"])
@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([policy_rule()], PASSED),
        ([], FAILED),
        ([policy_rule(), DENY_ALL], PASSED),
        ([policy_rule(priority=300), DENY_ALL], FAILED),
        ([policy_rule(priority=Computed()), DENY_ALL], UNDECIDED),
        ([policy_rule("apply_security_profile_group")], UNDECIDED),
        ([policy_rule(targetSecureTags=[{"name": "tagValues/1"}])], UNDECIDED),
        ([policy_rule(targetType="INTERNAL_MANAGED_LB")], FAILED),
        ([policy_rule(match={"srcNetworkScope": "NON_INTERNET"})], UNDECIDED),
        ([policy_rule(match={"layer4Configs": Computed()})], UNDECIDED),
        ([policy_rule(match={"layer4Configs": [{"ipProtocol": "tcp"}]})], PASSED),
        ([policy_rule(sources=["10.0.0.0/8"], match={"srcFqdns": ["example.com"]})], UNDECIDED),
        ([policy_rule("goto_next"), policy_rule(priority=300)], FAILED),
        ([policy_rule(disabled=True)], FAILED),
    ],
)
def test_policies(region: str, rules: list[dict[str, Any]], status: str) -> None:
    check_verdict(RULE, probed(*policy(*rules, regional=region)), status)


def test_policies_of_two_regions_with_one_name() -> None:
    guard, *rest = policy(policy_rule(), regional="us-central1", attached="guard")
    far = R(guard.type, "far", {"name": "guard", "region": "europe-west4"})
    check_verdict(RULE, probed(guard, far, *rest), PASSED)
    somewhere = R(guard.type, "far", {"name": "guard", "region": Computed((), "europe-west4")})
    check_verdict(RULE, probed(guard, somewhere, *rest), (UNDECIDED, PASSED))


@pytest.mark.parametrize(
    ("network", "vpc", "rules", "status"),
    [
        (NETWORK, [firewall()], [DENY_ALL], PASSED),
        (BEFORE, [firewall()], [DENY_ALL], FAILED),
        (EITHER, [firewall()], [DENY_ALL], UNDECIDED),
        (EITHER, [firewall()], [policy_rule()], PASSED),
        (EITHER, [], [], FAILED),
        (BEFORE, [firewall()], [policy_rule("goto_next"), DENY_ALL], PASSED),
        (NETWORK, [deny(ANYWHERE)], [policy_rule()], FAILED),
        (BEFORE, [deny(ANYWHERE)], [policy_rule()], PASSED),
        (NETWORK, [deny(["10.0.0.0/8"])], [policy_rule()], PASSED),
    ],
)
def test_the_order_of_rules_and_policies(network: R, vpc: list[R], rules: list[dict[str, Any]], status: str) -> None:
    check_verdict(RULE, probed(*vpc, *policy(*rules), network=network), status)


@pytest.mark.parametrize(
    ("network", "kind"),
    [
        pytest.param(BEFORE, 'Add a rule with `action="allow"`', id="a policy that is evaluated first"),
        pytest.param(NETWORK, "Add a `gcp.compute.Firewall`", id="VPC rules that are evaluated first"),
    ],
)
def test_the_fix_adds_the_rule_that_is_evaluated_in_time(network: R, kind: str) -> None:
    (found,) = findings(RULE, build(*probed(*policy(DENY_ALL), network=network)))
    assert [problem.fix.startswith(kind) for problem in found.problems] == [True]


def test_which_policies_count() -> None:
    check_verdict(RULE, probed(*policy(policy_rule(), regional="europe-west4")), FAILED)
    held, _, rule = policy(policy_rule())
    check_verdict(RULE, probed(held, rule), FAILED)
    outside = policy(attached="projects/p-demo/global/firewallPolicies/elsewhere")
    check_verdict(RULE, probed(*outside), UNDECIDED)
    check_verdict(RULE, probed(firewall(), *outside), PASSED)
    check_verdict(RULE, probed(*policy(policy_rule(), attached="guard")), PASSED)


def test_a_policy_with_rules() -> None:
    kind = "gcp:compute/networkFirewallPolicyWithRules:NetworkFirewallPolicyWithRules"
    held = R(kind, "policy", {"rules": [policy_rule(), DENY_ALL]})
    _, association = policy(attached=Out(held, "name"))
    check_verdict(RULE, probed(held, association), PASSED)
    check_verdict(RULE, probed(R(kind, "policy", {"rules": [DENY_ALL]}), association), FAILED)
    check_verdict(RULE, probed(R(kind, "policy", {"rules": Computed()}), association), UNDECIDED)


def observed(*rules: R) -> list[str]:
    machine = template()
    mig, probe = group(machine), check()
    chat = service([backend(mig)], healthChecks=Out(probe, "id"))
    (found,) = findings(RULE, build(machine, mig, probe, chat, NETWORK, SUBNET, *rules))
    return [problem.observed for problem in found.problems]


def test_the_message_names_what_is_missed_and_what_denies() -> None:
    assert observed() == [
        "No firewall rule allows health checks from 130.211.0.0/22 and 35.191.0.0/16 to TCP port 8000 of the VMs of "
        "`group`."
    ]
    assert observed(firewall(), deny(["35.191.0.0/20"], priority=1)) == [
        "`deny` denies health checks to TCP port 8000 of the VMs of `group`. "
        "`allow` would allow them, but `deny` comes first."
    ]
    (found,) = findings(
        RULE,
        build(
            firewall([Computed()]), machine := template(), mig := group(machine), NETWORK, SUBNET, probe := check(),
            service([backend(mig)], healthChecks=Out(probe, "id")),
        ),
    )  # fmt: skip
    assert found.reasons == (
        "health checks may reach TCP port 8000 of `group` or not: how `allow` applies is not known",
    )


def test_the_name_of_an_instances_subnetwork_is_one_in_the_region_of_its_zone() -> None:
    """The provider's own region may be another, with a subnetwork of the same name in a network that admits checks."""
    place, network = {"zone": "europe-west4-b"}, R("Network", "other")
    subnets = [
        R("Subnetwork", f"in-{of.name}", {"region": region, "name": "llm", "network": Out(of, "id")})
        for of, region in ((NETWORK, "us-central1"), (network, "europe-west4"))
    ]
    provider = {"provider": {"project": "p-demo", "region": "us-central1"}}
    machine = R("Instance", "machine", {**place, "networkInterfaces": [{"subnetwork": "llm"}]}, provider)
    ports = [{"name": "http", "port": 8000}]
    members = R("InstanceGroup", "group", {**place, "instances": [Out(machine, "selfLink")], "namedPorts": ports})
    probe = check()
    chat = service([backend(Out(members, "selfLink"))], healthChecks=Out(probe, "id"))
    stack = (*subnets, machine, members, NETWORK, network, probe, chat)
    check_verdict(RULE, [*stack, firewall()], FAILED)
    check_verdict(RULE, [*stack, firewall(network=Out(network, "id"))], PASSED)


def test_a_policy_whose_name_is_computed_may_be_the_one_that_is_attached() -> None:
    held, *others = policy(policy_rule(), attached="guard")
    held.inputs["name"] = Computed((), "guard")
    check_verdict(RULE, probed(held, *others), (UNDECIDED, PASSED))


def proxies(name: str = "proxies", **inputs: Any) -> R:
    given = {"region": "us-central1", "network": Out(NETWORK, "id"), "ipCidrRange": "10.9.0.0/24", "role": "ACTIVE"}
    return R("Subnetwork", name, {**given, "purpose": "REGIONAL_MANAGED_PROXY", **inputs})


PROXIED = firewall(["10.9.0.0/24"], "proxied")
ELSEWHERE = R("Network", "elsewhere")
EXTERNAL, INTERNAL = "EXTERNAL_MANAGED", "INTERNAL_MANAGED"
IPV6 = {"ipAddressSelectionPolicy": "PREFER_IPV6"}


@pytest.mark.parametrize(
    ("others", "inputs", "status"),
    [
        pytest.param([proxies()], {}, FAILED, id="only probes are admitted"),
        pytest.param([proxies(), PROXIED], {}, PASSED, id="both are admitted"),
        pytest.param([], {}, PASSED, id="the subnet is in another stack"),
        pytest.param([proxies()], {"loadBalancingScheme": INTERNAL}, FAILED, id="internal: only probes"),
        pytest.param([proxies(), PROXIED], {"loadBalancingScheme": INTERNAL}, PASSED, id="internal: both"),
        pytest.param([proxies()], {"loadBalancingScheme": INTERNAL, "protocol": "TCP"}, FAILED, id="proxy NLB"),
        pytest.param(
            [proxies()], {"loadBalancingScheme": "INTERNAL", "protocol": "TCP"}, PASSED, id="passthrough: from clients"
        ),
        pytest.param([proxies()], {"region": None}, PASSED, id="global external: front ends come from Google's ranges"),
        pytest.param(
            [proxies()], {"region": None, "loadBalancingScheme": INTERNAL}, PASSED, id="a purpose of regional ones"
        ),
        pytest.param([proxies(purpose="INTERNAL_HTTPS_LOAD_BALANCER")], {}, FAILED, id="the purpose's old name"),
        pytest.param([proxies(purpose="GLOBAL_MANAGED_PROXY")], {}, PASSED, id="a purpose of cross-region ones"),
        pytest.param([proxies(purpose=None)], {}, PASSED, id="a subnet of machines"),
        pytest.param([proxies(role="BACKUP")], {}, PASSED, id="a backup sends nothing"),
        pytest.param([proxies(), proxies("spare", ipCidrRange="10.8.0.0/24", role="BACKUP"), PROXIED], {}, PASSED,
                     id="beside a backup"),
        pytest.param([proxies(region="europe-west4")], {}, PASSED, id="of another region"),
        pytest.param([proxies(region=Computed())], {}, UNDECIDED, id="in a region that is not known"),
        pytest.param([proxies(region=Computed()), PROXIED], {}, PASSED, id="admitted wherever it is"),
        pytest.param([proxies(network=Out(ELSEWHERE, "id")), ELSEWHERE], {}, PASSED, id="of another network"),
        pytest.param([proxies(ipCidrRange=Computed())], {}, UNDECIDED, id="its range is not known"),
        pytest.param([proxies(ipCidrRange="10.9.0.0/23"), PROXIED], {}, FAILED, id="half of it is admitted"),
        pytest.param([proxies(), firewall(["10.0.0.0/8"], "proxied")], {}, PASSED, id="a wider range"),
        pytest.param(
            [proxies(), firewall(["10.9.0.0/24"], "proxied", allows=[{"protocol": "tcp", "ports": ["80"]}])],
            {}, FAILED, id="admitted to another port",
        ),
        pytest.param([proxies(), PROXIED, deny(["10.9.0.0/24"], priority=1)], {}, FAILED, id="denied first"),
        pytest.param([proxies()], IPV6, UNDECIDED, id="proxies that may come by IPv6"),
    ],
)  # fmt: skip
def test_requests_come_from_the_proxy_only_subnet(others: list[R], inputs: dict[str, Any], status: str) -> None:
    given = {"region": "us-central1", "loadBalancingScheme": EXTERNAL, **inputs}
    if given["region"] is None:
        del given["region"]
    check_verdict(RULE, probed(firewall(), *others, **given), status)


@pytest.mark.parametrize(
    ("ports", "status"),
    [
        pytest.param([{"name": "http", "port": 9000}], FAILED, id="the named port is not admitted"),
        pytest.param([{"name": "web", "port": 9000}], PASSED, id="that it is missing is what another rule says"),
        pytest.param(Computed(), UNDECIDED, id="not known"),
    ],
)
def test_requests_of_proxies_go_to_the_named_port(ports: Any, status: str) -> None:
    machine, probe = template(), check()
    mig = group(machine, namedPorts=ports)
    chat = service([backend(mig)], healthChecks=Out(probe, "id"), region="us-central1")
    check_verdict(RULE, [firewall(), PROXIED, proxies(), machine, mig, probe, chat, NETWORK, SUBNET], status)


def test_a_named_port_that_is_a_resource_of_its_own() -> None:
    machine, probe = template(), check()
    mig = group(machine, namedPorts=None)
    port = R("InstanceGroupNamedPort", "port", {"group": Out(mig), "name": "http", "port": 9000})
    chat = service([backend(mig)], healthChecks=Out(probe, "id"))
    check_verdict(RULE, [firewall(), port, machine, mig, probe, chat, NETWORK, SUBNET], FAILED)
    left = group(machine, namedPorts=[{"name": "http", "port": 9000}])
    left.options["ignore_changes"] = ("namedPorts",)
    chat = service([backend(left)], healthChecks=Out(probe, "id"))
    check_verdict(RULE, [firewall(), machine, left, probe, chat, NETWORK, SUBNET], UNDECIDED)


def cross_region(front: list[str], subnets: list[str], admitted: list[str]) -> tuple[R, ...]:
    """A cross-region internal load balancer with backends in us-central1 and fronts and proxies as given."""
    at = {"us-central1": "10.9.0.0/24", "us-east4": "10.9.1.0/24"}
    machine, probe = template(), check()
    mig = group(machine)
    chat = service([backend(mig)], healthChecks=Out(probe, "id"), loadBalancingScheme=INTERNAL)
    url_map = R("URLMap", "map", {"defaultService": Out(chat, "id")})
    proxy = R("TargetHttpProxy", "proxy", {"urlMap": Out(url_map, "id")})
    own = {r: R("Subnetwork", f"own-{r}", {"region": r, "network": Out(NETWORK, "id")}) for r in front}
    rules = [
        R("GlobalForwardingRule", f"rule-{r}", {"target": Out(proxy, "id"), "subnetwork": Out(own[r], "id")})
        for r in front
    ]
    sent = [proxies(f"p-{r}", region=r, ipCidrRange=at[r], purpose="GLOBAL_MANAGED_PROXY") for r in subnets]
    let_in = [firewall([at[r]], f"in-{r}") for r in admitted]
    return (
        firewall(),
        machine,
        mig,
        probe,
        chat,
        url_map,
        proxy,
        *own.values(),
        *rules,
        *sent,
        *let_in,
        NETWORK,
        SUBNET,
    )


HERE, THERE = "us-central1", "us-east4"


@pytest.mark.parametrize(
    ("front", "subnets", "admitted", "status"),
    [
        pytest.param([], [HERE], [], FAILED, id="the proxies beside the backends"),
        pytest.param([], [HERE], [HERE], PASSED, id="admitted"),
        pytest.param([], [HERE, THERE], [HERE], PASSED, id="no front end is known to be there"),
        pytest.param([HERE, THERE], [HERE, THERE], [HERE, THERE], PASSED, id="both"),
        pytest.param([HERE, THERE], [HERE, THERE], [HERE], FAILED, id="requests come from the other region as well"),
        pytest.param([HERE], [HERE, THERE], [HERE], PASSED, id="the other region's proxies are another service's"),
    ],
)
def test_requests_of_a_cross_region_load_balancer(
    front: list[str], subnets: list[str], admitted: list[str], status: str
) -> None:
    check_verdict(RULE, cross_region(front, subnets, admitted), status)


@pytest.mark.parametrize(
    ("endpoints", "rules", "status"),
    [
        pytest.param([9000], [PROXIED], FAILED, id="its endpoints' port is not admitted"),
        pytest.param([8000], [PROXIED], PASSED, id="admitted"),
        pytest.param([], [], FAILED, id="no port at all is admitted"),
        pytest.param([], [PROXIED], UNDECIDED, id="endpoints from elsewhere"),
        pytest.param([], [firewall(["10.9.0.0/24"], "proxied", allows=ALL)], PASSED, id="all ports"),
    ],
)
def test_requests_of_proxies_to_a_zonal_neg(endpoints: list[int], rules: list[R], status: str) -> None:
    neg = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a", "network": Out(NETWORK, "id")})
    parts = [
        R(
            "gcp:compute/networkEndpoint:NetworkEndpoint",
            f"e-{port}",
            {"networkEndpointGroup": Out(neg, "id"), "port": port},
        )
        for port in endpoints
    ]
    probe = check()
    backends = [backend(neg, balancingMode="RATE", maxRatePerEndpoint=5)]
    chat = service(backends, region="us-central1", healthChecks=Out(probe, "id"))
    check_verdict(RULE, [chat, neg, *parts, probe, NETWORK, proxies(), firewall(), *rules], status)


@pytest.mark.parametrize(
    ("port", "more", "status"),
    [
        pytest.param(8000, {}, PASSED, id="the port of the load balancer's check"),
        pytest.param(9000, {}, FAILED, id="a port that the firewall denies"),
        pytest.param(Computed(), {}, UNDECIDED, id="not known"),
        pytest.param(9000, {"instanceLifecyclePolicy": {"onFailedHealthCheck": "DO_NOTHING"}}, PASSED, id="no repairs"),
        pytest.param(9000, {"instanceLifecyclePolicy": Computed()}, UNDECIDED, id="repairs may be off"),
    ],
)
def test_checks_for_healing_get_through(port: Any, more: dict[str, Any], status: str) -> None:
    healing = R("HealthCheck", "healing", {"httpHealthCheck": {"port": port, "requestPath": "/health"}})
    machine, probe = template(), check()
    mig = group(machine, autoHealingPolicies={"healthCheck": Out(healing, "id"), "initialDelaySec": 600}, **more)
    chat = service([backend(mig)], healthChecks=Out(probe, "id"))
    stack = (healing, machine, mig, probe, chat, NETWORK, SUBNET)
    check_verdict(RULE, [*stack, firewall()], status)
    check_verdict(RULE, [*stack, firewall(allows=ALL)], PASSED)


def test_a_check_for_healing_that_asks_what_the_load_balancer_asks_is_said_once() -> None:
    machine, probe = template(), check()
    mig = group(machine, autoHealingPolicies={"healthCheck": Out(probe, "id"), "initialDelaySec": 600})
    chat = service([backend(mig)], region="us-central1", loadBalancingScheme=INTERNAL, healthChecks=Out(probe, "id"))
    (found,) = findings(RULE, build(machine, mig, probe, chat, NETWORK, SUBNET, proxies(), PROXIED))
    assert [problem.observed for problem in found.problems] == [
        "No firewall rule allows health checks from 130.211.0.0/22 and 35.191.0.0/16 to TCP port 8000 of the VMs of "
        "`group`. `proxied` allows them only from other sources."
    ]


def test_a_check_for_healing_outside_the_stack_may_ask_any_port() -> None:
    machine, probe = template(), check()
    outside = "projects/p-demo/global/healthChecks/shared"
    mig = group(machine, autoHealingPolicies={"healthCheck": outside, "initialDelaySec": 600})
    chat = service([backend(mig)], healthChecks=Out(probe, "id"))
    check_verdict(RULE, [firewall(), machine, mig, probe, chat, NETWORK, SUBNET], UNDECIDED)


@pytest.mark.parametrize(
    ("rules", "sentence", "fix"),
    [
        pytest.param(
            [firewall(["35.191.0.0/16"])], "`allow` allows them only from other sources.",
            'Add `["130.211.0.0/22"]` to the `source_ranges` of `allow`.', id="half of the ranges",
        ),
        pytest.param(
            [firewall(allows=[{"protocol": "tcp", "ports": ["80"]}])], "`allow` allows them only to other ports.",
            'Add `["8000"]` to the `ports` of `allow`.', id="another port",
        ),
        pytest.param(
            [firewall(targetTags=["web"])], "`allow` would allow them, but its `target_tags` select other VMs.",
            "Make the `target_tags` of `allow` match these VMs.", id="another tag",
        ),
        pytest.param(
            [firewall(disabled=True)], "`allow` would allow them, but it is disabled.",
            "Set `disabled=False` on `allow`.", id="disabled",
        ),
        pytest.param(
            [firewall(network="projects/p-demo/global/networks/other")],
            "`allow` would allow them, but it belongs to another network.",
            "Set the network of `allow` to that of these VMs, or repeat it for that network.", id="another network",
        ),
        pytest.param(
            [firewall(), deny(["0.0.0.0/0"], priority=900)], "`allow` would allow them, but `deny` comes first.",
            "Set the `priority` number of `allow` below that of `deny`.", id="denied first",
        ),
        pytest.param(
            [firewall(allows=[{"protocol": "tcp", "ports": ["80"]}]), deny(["0.0.0.0/0"], priority=900)],
            "`deny` denies health checks to TCP port 8000", "Add a `gcp.compute.Firewall`",
            id="to other ports, and denied first",
        ),
        pytest.param(
            [firewall(direction="EGRESS")], "`allow` would allow them, but it is for egress.",
            'Set `direction="INGRESS"` on `allow`.', id="egress",
        ),
        pytest.param(
            [firewall(["10.0.0.0/8"], "a-office"), firewall(["35.191.0.0/16"])],
            "`allow` allows them only from other sources.",
            'Add `["130.211.0.0/22"]` to the `source_ranges` of `allow`.',
            id="the one for probes rather than one for the office",
        ),
        pytest.param(
            [firewall(disabled=True, targetTags=["web"])], "No firewall rule allows health checks",
            'Add a `gcp.compute.Firewall` for the tag or service account of these VMs', id="two things at once",
        ),
    ],
)  # fmt: skip
def test_the_message_names_the_rule_that_almost_fits_and_what_it_lacks(rules: list[R], sentence: str, fix: str) -> None:
    machine, probe = template(tags=["llm"]), check()
    mig = group(machine)
    chat = service([backend(mig)], healthChecks=Out(probe, "id"))
    (found,) = findings(RULE, build(machine, mig, probe, chat, NETWORK, SUBNET, *rules))
    assert sentence in found.problems[0].observed
    assert found.problems[0].fix.startswith(fix)


FOLLOW = 'Set `port_specification="USE_SERVING_PORT"` on `check`: it then probes the port that requests go to.'


@pytest.mark.parametrize(
    ("probe", "inputs", "offers"),
    [
        pytest.param(asks({}), {}, True, id="no port"),
        pytest.param(asks({}, "httpsHealthCheck"), {"protocol": "HTTPS"}, True, id="no port over TLS"),
        pytest.param(asks({}), {"portName": "web"}, True, id="no port, and the group lacks that of the service"),
        pytest.param(asks({}), PASSES_THROUGH, False, id="a passthrough load balancer has no serving port"),
        pytest.param(asks({"port": 80}), {}, False, id="a port that somebody chose"),
        pytest.param(asks({"portSpecification": "USE_FIXED_PORT"}), {}, False, id="a specification"),
        pytest.param(R("HttpHealthCheck", "check", {}), {}, False, id="a legacy check cannot"),
    ],
)
def test_a_check_without_a_port_could_follow_the_serving_port(probe: R, inputs: dict[str, Any], offers: bool) -> None:
    (found,) = findings(RULE, build(*probed(probe=probe, **inputs)))
    assert [FOLLOW in problem.fix for problem in found.problems if "health checks" in problem.observed] == [offers]


def test_a_check_that_heals_as_well_has_no_serving_port() -> None:
    probe, machine = asks({}), template()
    mig = group(machine, autoHealingPolicies={"healthCheck": Out(probe, "id"), "initialDelaySec": 600})
    chat = service([backend(mig)], healthChecks=Out(probe, "id"))
    (found,) = findings(RULE, build(machine, mig, probe, chat, NETWORK, SUBNET))
    assert not any(FOLLOW in problem.fix for problem in found.problems)


def test_a_check_on_another_port_than_the_server_is_told_so() -> None:
    (found,) = findings(RULE, build(*probed(firewall(), probe=asks({"port": 9000}))))
    (problem,) = found.problems
    assert problem.observed.endswith("Requests go to 8000.")
    assert problem.fix.startswith("If the server also responds to health checks on 8000, set the check's `port` to it.")


NETWORK_OF_ANOTHER = "projects/p/global/networks/n"


def above(*rules: dict[str, Any], parts: str = "policy rule association") -> list[R]:
    """A firewall policy of a folder, of which the stack has these parts."""
    held = R("gcp:compute/firewallPolicy:FirewallPolicy", "folder", {"parent": "folders/1", "shortName": "common"})
    name = Out(held, "name") if "policy" in parts else "123456"
    found = [
        R("gcp:compute/firewallPolicyRule:FirewallPolicyRule", f"above-{number}", {"firewallPolicy": name, **rule})
        for number, rule in enumerate(rules)
    ]
    attached = R(
        "gcp:compute/firewallPolicyAssociation:FirewallPolicyAssociation",
        "attached",
        {"firewallPolicy": name, "attachmentTarget": "folders/1"},
    )
    return [*([held] if "policy" in parts else []), *found, *([attached] if "association" in parts else [])]


HIDDEN, SHOWN = (
    R("gcp:compute/firewallPolicyWithRules:FirewallPolicyWithRules", "hidden", {"rules": rules})
    for rules in (Computed(), [policy_rule()])
)


@pytest.mark.parametrize(
    ("others", "status"),
    [
        pytest.param(above(policy_rule()), UNDECIDED, id="it admits probes, if it applies"),
        pytest.param(above(policy_rule(), parts="rule association"), UNDECIDED, id="the policy is elsewhere"),
        pytest.param(above(policy_rule(), parts="rule"), UNDECIDED, id="a rule alone"),
        pytest.param([*above(*[policy_rule(priority=number) for number in (1, 2, 3)]), HIDDEN, firewall()], UNDECIDED,
                     id="beside a policy with rules that are not known"),
        pytest.param([*above(policy_rule()), SHOWN, firewall()], PASSED, id="two that admit them"),
        pytest.param(above(parts="association"), UNDECIDED, id="an association alone"),
        pytest.param(above(parts="policy"), UNDECIDED, id="a policy whose rules are elsewhere"),
        pytest.param([*above(policy_rule()), firewall()], PASSED, id="admitted in any case"),
        pytest.param([*above(parts="association"), firewall()], UNDECIDED, id="it may deny what the network admits"),
        pytest.param([*above(policy_rule(), DENY_ALL), firewall()], PASSED, id="admitted whether it applies or not"),
        pytest.param([*above(DENY_ALL), firewall()], UNDECIDED, id="denied if it applies"),
        pytest.param([*above(DENY_ALL)], FAILED, id="denied whether it applies or not"),
        pytest.param([*above(policy_rule(sources=["10.0.0.0/8"]))], FAILED, id="it admits others"),
        pytest.param([*above(policy_rule("goto_next")), firewall()], PASSED, id="left to the network"),
        pytest.param(above(policy_rule(targetResources=[NETWORK_OF_ANOTHER])), UNDECIDED, id="some networks"),
        pytest.param([*above(policy_rule(targetResources=[NETWORK_OF_ANOTHER])), firewall()], PASSED,
                     id="some networks, admitted in any case"),
        pytest.param(
            [R("gcp:compute/firewallPolicyWithRules:FirewallPolicyWithRules", "whole", {"rules": [policy_rule()]})],
            UNDECIDED, id="a policy with its rules",
        ),
        pytest.param(
            [R("gcp:compute/firewallPolicyWithRules:FirewallPolicyWithRules", "whole", {"rules": Computed()}),
             firewall()],
            UNDECIDED, id="a policy with rules that are not known",
        ),
    ],
)  # fmt: skip
def test_policies_of_folders_and_the_organization(others: list[R], status: str) -> None:
    check_verdict(RULE, probed(*others), status)


def test_what_is_outside_the_stack_admits_ranges() -> None:
    check_verdict(RULE, probed(), PASSED, admitted_ranges=GOOGLE)
    check_verdict(RULE, probed(), FAILED, admitted_ranges=["35.191.0.0/16"])
    regional = probed(proxies(), region="us-central1", loadBalancingScheme=INTERNAL)
    check_verdict(RULE, regional, FAILED, admitted_ranges=GOOGLE)
    check_verdict(RULE, regional, PASSED, admitted_ranges=[*GOOGLE, "10.9.0.0/24"])


ADDRESSES = R("gcp:networksecurity/addressGroup:AddressGroup", "probes", {"items": GOOGLE})


@pytest.mark.parametrize(
    ("group", "status"),
    [
        pytest.param(ADDRESSES, PASSED, id="its items are the probes' ranges"),
        pytest.param(R(ADDRESSES.type, "probes", {"items": ["10.0.0.0/8"]}), FAILED, id="others"),
        pytest.param(R(ADDRESSES.type, "probes", {"items": Computed()}), UNDECIDED, id="not known"),
    ],
)
def test_address_groups(group: R, status: str) -> None:
    """Created already or not: then the edges of the property lead to the group."""
    rule = policy_rule(match={"srcIpRanges": None, "srcAddressGroups": [Out(group, "id")]})
    check_verdict(RULE, probed(group, *policy(rule)), status)
    known = {"outputs": {"id": "projects/p-demo/locations/global/addressGroups/probes"}}
    made = R(group.type, group.name, group.inputs, known)
    rule["match"]["srcAddressGroups"] = ["projects/p-demo/locations/global/addressGroups/probes"]
    check_verdict(RULE, probed(made, *policy(rule)), status)


def test_of_several_address_groups_each_counts() -> None:
    other = R(ADDRESSES.type, "other", {"items": ["10.0.0.0/8"]})
    some = R(ADDRESSES.type, "other", {"items": Computed()})
    rule = policy_rule(match={"srcIpRanges": None, "srcAddressGroups": [Out(other, "id"), Out(ADDRESSES, "id")]})
    check_verdict(RULE, probed(ADDRESSES, other, *policy(rule)), PASSED)
    rule["match"]["srcAddressGroups"] = [Out(other, "id"), Computed((OTHER_STACK,))]
    check_verdict(RULE, probed(other, OTHER_STACK, *policy(rule)), UNDECIDED)
    far = R(ADDRESSES.type, "far", {"items": ["10.0.0.0/8"]})
    rule["match"]["srcAddressGroups"] = [Out(far, "id"), Out(some, "id")]
    check_verdict(RULE, probed(far, some, *policy(rule)), UNDECIDED)


def test_an_address_group_outside_the_stack_is_not_seen() -> None:
    rule = policy_rule(match={"srcIpRanges": None, "srcAddressGroups": ["projects/p/locations/global/addressGroups/x"]})
    check_verdict(RULE, probed(*policy(rule)), UNDECIDED)


INSTANCE = "gcp:compute/instance:Instance"
NICS = [{"subnetwork": Out(SUBNET, "id")}]
VMS = [R(INSTANCE, f"vm-{n}", {"zone": "us-central1-a", "networkInterfaces": NICS, "tags": ["llm"]}) for n in (1, 2)]
FOR_LLM, FOR_WEB = firewall(targetTags=["llm"]), firewall(targetTags=["web"])


@pytest.mark.parametrize(
    ("instances", "rules", "status"),
    [
        pytest.param([Out(VMS[0], "name")], [FOR_LLM], PASSED, id="a rule for the VM"),
        pytest.param([Out(VMS[0], "name")], [FOR_WEB], FAILED, id="a rule for other VMs"),
        pytest.param([Out(vm, "name") for vm in VMS], [FOR_LLM], PASSED, id="a rule for all VMs"),
        pytest.param([], [FOR_LLM], UNDECIDED, id="endpoints from elsewhere"),
        pytest.param([Computed((OTHER_STACK,))], [FOR_LLM], UNDECIDED, id="a VM of another stack"),
        pytest.param([Computed(tuple(VMS))], [FOR_WEB], UNDECIDED, id="one of two VMs"),
    ],
)
def test_the_vms_that_endpoints_of_a_neg_are_on(instances: list[Any], rules: list[R], status: str) -> None:
    neg = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a", "network": Out(NETWORK, "id")})
    parts = [
        R(
            "gcp:compute/networkEndpoint:NetworkEndpoint",
            f"e-{number}",
            {"networkEndpointGroup": Out(neg, "id"), "instance": instance, "port": 8000},
        )
        for number, instance in enumerate(instances)
    ]
    probe = check()
    chat = service([backend(neg, balancingMode="RATE", maxRatePerEndpoint=5)], healthChecks=Out(probe, "id"))
    whole = [chat, neg, *parts, *VMS, probe, NETWORK, SUBNET, OTHER_STACK, *rules]
    check_verdict(RULE, whole, status)
    stray = {"networkEndpointGroup": Computed(), "instance": Out(VMS[1], "name"), "port": 8000}
    more = R("gcp:compute/networkEndpoint:NetworkEndpoint", "stray", stray)
    check_verdict(RULE, [*whole, more], status if status == FAILED else UNDECIDED)


_LISTED: list[Any] = [{"instance": Out(VMS[0], "name"), "port": 8000}, {"ipAddress": "10.0.0.9", "port": 8000}]


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        pytest.param(_LISTED[:1], PASSED, id="all"),
        pytest.param(_LISTED, UNDECIDED, id="one of two"),
        pytest.param(Computed(), UNDECIDED, id="computed"),
    ],
)
def test_a_list_of_endpoints(listed: Any, status: str) -> None:
    neg = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a", "network": Out(NETWORK, "id")})
    inputs = {"networkEndpointGroup": Out(neg, "id"), "networkEndpoints": listed}
    endpoints = R("gcp:compute/networkEndpointList:NetworkEndpointList", "list", inputs)
    probe = check()
    chat = service([backend(neg, balancingMode="RATE", maxRatePerEndpoint=5)], healthChecks=Out(probe, "id"))
    check_verdict(RULE, [chat, neg, endpoints, VMS[0], probe, NETWORK, SUBNET, FOR_LLM], status)


def test_groups_of_which_the_same_is_said_are_listed() -> None:
    machine, probe = template(), check()
    groups = [group(machine), group(machine, "other")]
    chat = service([backend(one) for one in groups], healthChecks=Out(probe, "id"))
    (found,) = findings(RULE, build(machine, *groups, probe, chat, NETWORK, SUBNET))
    (problem,) = found.problems
    assert problem.observed == (
        "No firewall rule allows health checks from 130.211.0.0/22 and 35.191.0.0/16 to TCP port 8000 of the VMs of "
        "`group` and `other`."
    )
    computed = firewall([Computed()])
    (found,) = findings(RULE, build(machine, *groups, probe, chat, NETWORK, SUBNET, computed))
    assert found.reasons == (
        "health checks may reach TCP port 8000 of `group` and `other` or not: how `allow` applies is not known",
    )
