"""`firewall-no-open-ingress` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, service, statuses

RULE = "firewall-no-open-ingress"
FAILED, PASSED, UNDECIDED, EXEMPT = "failed", "passed", "undecided", "not applicable"
GOOGLE = ["35.191.0.0/16", "130.211.0.0/22"]
TCP = [{"protocol": "tcp", "ports": ["8000"]}]
SSH = [{"protocol": "tcp", "ports": ["22"]}]
NETWORK = R("Network", "vpc")
OTHER_NETWORK = R("Network", "other-vpc")
SUBNET = R("Subnetwork", "subnet", {"region": "us-central1", "network": Out(NETWORK, "id")})
ACCOUNT = R("gcp:serviceaccount/account:Account", "server", {"accountId": Computed()})
NAMED_ACCOUNT = R("gcp:serviceaccount/account:Account", "server", {"accountId": "llm-server"})
BASTION = R("gcp:serviceaccount/account:Account", "bastion", {"accountId": "bastion"})
EMAIL, BASTION_EMAIL = "llm-server@p-demo.iam.gserviceaccount.com", "bastion@p-demo.iam.gserviceaccount.com"
DEFAULT_EMAIL = "123-compute@developer.gserviceaccount.com"
OTHER_STACK = R("StackReference", "platform")


def template(name: str = "template", subnet: Any = None, **inputs: Any) -> R:
    nic = {"subnetwork": Out(SUBNET, "id") if subnet is None else subnet}
    return R("RegionInstanceTemplate", name, {"region": "us-central1", "networkInterfaces": [nic], **inputs})


def group(machine: Any, name: str = "group", **inputs: Any) -> R:
    url = Out(machine, "selfLink") if isinstance(machine, R) else machine
    return R(
        "RegionInstanceGroupManager", name, {"region": "us-central1", "versions": [{"instanceTemplate": url}], **inputs}
    )


def firewall(sources: Any = None, **inputs: Any) -> R:
    given = {
        "network": Out(NETWORK, "id"),
        "allows": TCP,
        "sourceRanges": ["0.0.0.0/0"] if sources is None else sources,
    }
    return R("Firewall", "rule", {**given, **inputs})


def around(*resources: R, machine: Any = None) -> tuple[R, ...]:
    """The resources, and what is missing of a serving path."""
    machine = template() if machine is None else machine
    machines = [machine] if isinstance(machine, R) else []
    migs = [] if any("Manager" in r.type for r in resources) else [group(machine)]
    services = [] if any("BackendService" in r.type for r in resources) else [service([backend(migs[0])])]
    return *resources, *machines, *migs, *services, NETWORK, OTHER_NETWORK, SUBNET, OTHER_STACK


@pytest.mark.parametrize(
    ("sources", "status"),
    [
        (["0.0.0.0/0"], FAILED),
        (["0.0.0.0"], PASSED),
        (["1.2.3.4/0"], FAILED),
        (["::/0"], FAILED),
        (["0::0/0"], FAILED),
        (["0.0.0.0/1", "128.0.0.0/1"], FAILED),
        (["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"], FAILED),
        ([f"{number}.0.0.0/8" for number in range(256)], FAILED),
        (["128.0.0.0/1"], FAILED),
        (["::/1", "8000::/1"], FAILED),
        (["2000::/3"], FAILED),
        (["8.0.0.0/7"], FAILED),
        (["8.0.0.0/8", "9.0.0.0/8"], FAILED),
        (["8.0.0.0/8"], PASSED),
        (["10.0.0.0/8", "11.0.0.0/8"], PASSED),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "240.0.0.0/4"], PASSED),
        (["fc00::/7"], PASSED),
        (["2600::/12"], PASSED),
        (["2600:2d00:1:b029::/64"], PASSED),
        (GOOGLE, PASSED),
        ([*GOOGLE, "0.0.0.0/0"], FAILED),
        ([*GOOGLE, Computed()], UNDECIDED),
        (["0.0.0.0/0", Computed()], FAILED),
        (Computed(), UNDECIDED),
        (["everything"], UNDECIDED),
        ([], FAILED),
    ],
)
def test_sources(sources: Any, status: Expected) -> None:
    check_verdict(RULE, around(firewall(sources)), status, "rule")


def test_a_range_computed_at_first_is_judged_once_it_is_known() -> None:
    check_verdict(RULE, around(firewall([*GOOGLE, Computed((), "10.0.0.0/24")])), (UNDECIDED, PASSED), "rule")
    check_verdict(RULE, around(firewall([*GOOGLE, Computed((), "0.0.0.0/0")])), (UNDECIDED, FAILED), "rule")


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"sourceRanges": None}, FAILED),
        ({"sourceRanges": None, "sourceTags": ["client"]}, PASSED),
        ({"sourceRanges": None, "sourceServiceAccounts": [EMAIL]}, PASSED),
        ({"sourceTags": ["client"]}, FAILED),
        ({"sourceRanges": None, "sourceTags": Computed()}, UNDECIDED),
        ({"direction": "INGRESS"}, FAILED),
        ({"direction": "EGRESS"}, EXEMPT),
        ({"direction": Computed()}, UNDECIDED),
        ({"disabled": True}, EXEMPT),
        ({"disabled": False}, FAILED),
        ({"disabled": Computed()}, UNDECIDED),
        ({"allows": None, "denies": [{"protocol": "all"}]}, EXEMPT),
        ({"allows": [{"protocol": "all"}]}, FAILED),
        ({"allows": [{"protocol": "icmp"}]}, FAILED),
        ({"allows": Computed()}, FAILED),
        ({"allows": Computed(), "denies": Computed()}, UNDECIDED),
        ({"destinationRanges": ["0.0.0.0/0"]}, FAILED),
        ({"destinationRanges": ["10.0.0.7/32"]}, UNDECIDED),
        ({"network": Out(OTHER_NETWORK, "id")}, None),
        ({"network": "default"}, None),
        ({"priority": 65534}, FAILED),
    ],
)
def test_vpc_rules(inputs: dict[str, Any], status: Expected) -> None:
    check_verdict(RULE, around(firewall(**inputs)), status, "rule")


def test_a_network_that_is_given_by_its_name() -> None:
    """Before the network has a name of its own, another one may be meant."""
    check_verdict(RULE, around(firewall(network="vpc-1a2b3c4")), (None, FAILED), "rule")


@pytest.mark.parametrize(
    ("machine", "rule", "expected"),
    [
        ({"tags": ["llm"]}, {"targetTags": ["llm"]}, FAILED),
        ({"tags": ["llm", "gpu"]}, {"targetTags": ["bastion", "gpu"]}, FAILED),
        ({"tags": ["llm"]}, {"targetTags": ["bastion"]}, EXEMPT),
        ({}, {"targetTags": ["bastion"]}, EXEMPT),
        ({"tags": Computed()}, {"targetTags": ["bastion"]}, UNDECIDED),
        ({"tags": ["llm"]}, {"targetTags": [Computed()]}, UNDECIDED),
        ({"tags": ["llm", Computed()]}, {"targetTags": ["llm"]}, FAILED),
        ({"serviceAccount": {"email": EMAIL}}, {"targetServiceAccounts": [EMAIL]}, FAILED),
        ({"serviceAccount": {"email": EMAIL}}, {"targetServiceAccounts": [EMAIL.upper()]}, FAILED),
        ({"serviceAccount": {"email": EMAIL}}, {"targetServiceAccounts": [BASTION_EMAIL]}, EXEMPT),
        ({}, {"targetServiceAccounts": [BASTION_EMAIL]}, EXEMPT),
        ({"serviceAccount": {}}, {"targetServiceAccounts": [BASTION_EMAIL]}, EXEMPT),
        ({"serviceAccount": {}}, {"targetServiceAccounts": [DEFAULT_EMAIL]}, UNDECIDED),
        ({"serviceAccount": {}}, {"targetServiceAccounts": [Out(BASTION, "email")]}, EXEMPT),
        ({"serviceAccount": {"email": Computed()}}, {"targetServiceAccounts": [EMAIL]}, UNDECIDED),
        ({"serviceAccount": Computed((ACCOUNT,))}, {"targetServiceAccounts": [EMAIL]}, UNDECIDED),
        ({"serviceAccount": {"email": Out(ACCOUNT, "email")}}, {"targetServiceAccounts": [EMAIL]}, UNDECIDED),
        ({"serviceAccount": {"email": Out(NAMED_ACCOUNT, "email")}}, {"targetServiceAccounts": [EMAIL]}, FAILED),
        (
            {"serviceAccount": {"email": Out(ACCOUNT, "email")}},
            {"targetServiceAccounts": [Out(ACCOUNT, "email")]},
            FAILED,
        ),
        (
            {"serviceAccount": {"email": Out(ACCOUNT, "email")}},
            {"targetServiceAccounts": [Out(BASTION, "email")]},
            EXEMPT,
        ),
        (
            {"serviceAccount": {"email": Out(ACCOUNT, "email")}},
            {"targetServiceAccounts": [Out(BASTION, "email"), Out(ACCOUNT, "email")]},
            FAILED,
        ),
        (
            {"serviceAccount": {"email": Computed((ACCOUNT, OTHER_STACK))}},
            {"targetServiceAccounts": [Out(BASTION, "email")]},
            UNDECIDED,
        ),
    ],
)
def test_targets(machine: dict[str, Any], rule: dict[str, Any], expected: Expected) -> None:
    accounts = {r.name: r for value in (machine, rule) for r in _accounts(value)}
    check_verdict(RULE, around(firewall(**rule), *accounts.values(), machine=template(**machine)), expected, "rule")


def _accounts(value: Any) -> list[R]:
    if isinstance(value, Out):
        return [value.of]
    if isinstance(value, Computed):
        return [source for source in value.sources if source is not OTHER_STACK]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for item in items for found in _accounts(item)]


def test_machines_that_are_not_known() -> None:
    outside = "projects/p-demo/global/instanceTemplates/llm"
    known = template()
    mixed = group(known, versions=[{"instanceTemplate": Out(known, "selfLink")}, {"instanceTemplate": outside}])
    chat = service([backend(mixed)])
    check_verdict(RULE, around(firewall(), mixed, chat, machine=known), FAILED, "rule")
    check_verdict(RULE, around(firewall(targetTags=["bastion"]), mixed, chat, machine=known), UNDECIDED, "rule")
    check_verdict(RULE, around(firewall(GOOGLE, targetTags=["bastion"]), mixed, chat, machine=known), PASSED, "rule")
    left_to_others = group(known, "mine")
    attached = service([backend(left_to_others)], options={"ignore_changes": ("backends",)})
    check_verdict(
        RULE, around(firewall(targetTags=["bastion"]), left_to_others, attached, machine=known), UNDECIDED, "rule"
    )


def test_networks() -> None:
    two = R("Subnetwork", "two", {"region": "us-central1", "network": Out(OTHER_NETWORK, "id")})
    second_nic = template(networkInterfaces=[{"subnetwork": Out(SUBNET, "id")}, {"subnetwork": Out(two, "id")}])
    check_verdict(RULE, around(firewall(network=Out(OTHER_NETWORK, "id")), two, machine=second_nic), FAILED, "rule")
    check_verdict(RULE, around(firewall(), two, machine=second_nic), FAILED, "rule")
    direct = template(networkInterfaces=[{"network": Out(NETWORK, "id")}])
    check_verdict(RULE, around(firewall(), machine=direct), FAILED, "rule")
    either = template(networkInterfaces=[{"subnetwork": Computed((SUBNET, two), Out(two, "id"))}])
    check_verdict(RULE, around(firewall(), two, machine=either), (UNDECIDED, EXEMPT), "rule")
    by_name = template(networkInterfaces=[{"subnetwork": "subnet-1a2b3c4"}], metadata={"net": Out(NETWORK, "id")})
    check_verdict(RULE, around(firewall(), machine=by_name), (UNDECIDED, FAILED), "rule")


def test_a_tag_of_machines_in_another_network_is_no_target() -> None:
    two = R("Subnetwork", "two", {"region": "europe-west4", "network": Out(OTHER_NETWORK, "id")})
    here, there = template("here", tags=["llm"]), template("there", subnet=Out(two, "id"), tags=["gpu"])
    groups = group(here, "here"), group(there, "there")
    chat = service([backend(each) for each in groups])
    rule = firewall(targetTags=["gpu"])
    check_verdict(RULE, around(rule, two, *groups, here, chat, machine=there), EXEMPT, "rule")


def test_what_is_not_on_a_serving_path_is_not_judged() -> None:
    bastion = R(
        "Instance", "bastion", {"zone": "us-central1-a", "networkInterfaces": [{"network": Out(NETWORK, "id")}]}
    )
    away = template(networkInterfaces=[{"network": "default"}])
    check_verdict(RULE, around(firewall(), bastion, machine=away), None, "rule")


@pytest.mark.parametrize(
    ("scheme", "allows", "expected"),
    [
        ("EXTERNAL", TCP, EXEMPT),
        ("EXTERNAL", SSH, FAILED),
        ("EXTERNAL", [{"protocol": "tcp", "ports": ["3389"]}], FAILED),
        ("EXTERNAL", [{"protocol": "tcp", "ports": ["1-4000"]}], FAILED),
        ("EXTERNAL", [{"protocol": "all"}], FAILED),
        ("EXTERNAL", [{"protocol": "udp"}], EXEMPT),
        ("EXTERNAL", [{"protocol": "tcp", "ports": [Computed()]}], UNDECIDED),
        ("INTERNAL", TCP, FAILED),
        ("EXTERNAL_MANAGED", TCP, FAILED),
        (Computed(), TCP, UNDECIDED),
        (None, TCP, FAILED),
    ],
)
def test_external_passthrough_load_balancers(scheme: Any, allows: Any, expected: Expected) -> None:
    machine = template()
    mig = group(machine)
    chat = service([backend(mig)], region="us-central1", loadBalancingScheme=scheme)
    check_verdict(RULE, around(firewall(allows=allows), mig, chat, machine=machine), expected, "rule")


def test_a_passthrough_load_balancer_may_still_come() -> None:
    check_verdict(RULE, around(firewall()), UNDECIDED, "rule", is_complete=False)
    check_verdict(RULE, around(firewall(allows=SSH)), FAILED, "rule", is_complete=False)


def policy_rules(regional: bool, policy_region: str = "us-central1", **inputs: Any) -> tuple[R, ...]:
    prefix = "gcp:compute/regionNetworkFirewallPolicy" if regional else "gcp:compute/networkFirewallPolicy"
    kind = "RegionNetworkFirewallPolicy" if regional else "NetworkFirewallPolicy"
    place = {"region": policy_region} if regional else {}
    policy = R(f"{prefix}:{kind}", "policy", {"name": "guard", **place})
    match = {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["22"]}]}
    rule = {"action": "allow", "direction": "INGRESS", "priority": 100, "match": match, **inputs}
    return (
        policy,
        R(
            f"{prefix}Association:{kind}Association",
            "association",
            {"firewallPolicy": Out(policy, "name"), "attachmentTarget": Out(NETWORK, "id"), **place},
        ),
        R(f"{prefix}Rule:{kind}Rule", "rule", {"firewallPolicy": Out(policy, "name"), **place, **rule}),
    )


MATCH: dict[str, Any] = {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "all"}]}


@pytest.mark.parametrize("regional", [False, True])
@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({}, FAILED),
        ({"action": "apply_security_profile_group"}, FAILED),
        ({"action": "deny"}, EXEMPT),
        ({"action": "goto_next"}, EXEMPT),
        ({"action": Computed()}, UNDECIDED),
        ({"direction": "EGRESS"}, EXEMPT),
        ({"disabled": True}, EXEMPT),
        ({"targetType": "INTERNAL_MANAGED_LB"}, EXEMPT),
        ({"targetType": "INSTANCES"}, FAILED),
        ({"targetSecureTags": [{"name": "tagValues/1"}]}, UNDECIDED),
        ({"targetServiceAccounts": [BASTION_EMAIL]}, EXEMPT),
        ({"match": {**MATCH, "srcIpRanges": GOOGLE}}, PASSED),
        ({"match": {**MATCH, "srcIpRanges": ["::/0"]}}, FAILED),
        ({"match": {**MATCH, "srcIpRanges": None}}, FAILED),
        ({"match": {**MATCH, "srcIpRanges": None, "srcSecureTags": [{"name": "tagValues/1"}]}}, PASSED),
        ({"match": {**MATCH, "srcIpRanges": None, "srcRegionCodes": ["US"]}}, UNDECIDED),
        ({"match": {**MATCH, "srcNetworkScope": "INTERNET"}}, FAILED),
        ({"match": {**MATCH, "srcNetworkScope": "UNSPECIFIED"}}, FAILED),
        ({"match": {**MATCH, "srcNetworkScope": "INTRA_VPC"}}, EXEMPT),
        ({"match": {**MATCH, "srcNetworkContext": "NON_INTERNET"}}, EXEMPT),
        ({"match": {**MATCH, "srcNetworkScope": Computed()}}, UNDECIDED),
        ({"match": {**MATCH, "destFqdns": ["example.com"]}}, UNDECIDED),
        ({"match": Computed()}, UNDECIDED),
    ],
)
def test_policy_rules(regional: bool, inputs: dict[str, Any], status: Expected) -> None:
    check_verdict(RULE, around(*policy_rules(regional, **inputs)), status, "rule")


def test_a_secure_tag_of_the_template_is_a_target() -> None:
    tagged = template(resourceManagerTags={"tagKeys/1": "tagValues/1"})
    check_verdict(
        RULE, around(*policy_rules(False, targetSecureTags=[{"name": "tagValues/1"}]), machine=tagged), FAILED, "rule"
    )


def test_a_regional_policy_is_about_its_own_region() -> None:
    check_verdict(RULE, around(*policy_rules(True, "europe-west4")), EXEMPT, "rule")


def test_the_rule_of_a_policy_that_is_not_attached_is_not_judged() -> None:
    policy, _, rule = policy_rules(False)
    check_verdict(RULE, around(policy, rule), None, "rule")


@pytest.mark.parametrize("regional", [False, True])
def test_a_policy_with_rules(regional: bool) -> None:
    prefix = "gcp:compute/regionNetworkFirewallPolicy" if regional else "gcp:compute/networkFirewallPolicy"
    kind = "RegionNetworkFirewallPolicy" if regional else "NetworkFirewallPolicy"
    place = {"region": "us-central1"} if regional else {}

    def policy(rules: Any) -> tuple[R, R]:
        held = R(f"{prefix}WithRules:{kind}WithRules", "policy", {"name": "guard", "rules": rules, **place})
        inputs = {"firewallPolicy": Out(held, "name"), "attachmentTarget": Out(NETWORK, "id"), **place}
        return held, R(f"{prefix}Association:{kind}Association", "association", inputs)

    good = {"action": "allow", "priority": 1, "match": {**MATCH, "srcIpRanges": GOOGLE}}
    bad = {"action": "allow", "priority": 2, "match": MATCH}
    check_verdict(RULE, around(*policy([good])), PASSED, "policy")
    check_verdict(RULE, around(*policy([good, bad])), FAILED, "policy")
    check_verdict(RULE, around(*policy([{**bad, "action": "deny"}])), EXEMPT, "policy")
    check_verdict(RULE, around(*policy([bad, Computed()])), FAILED, "policy")
    check_verdict(RULE, around(*policy([good, Computed()])), UNDECIDED, "policy")
    check_verdict(RULE, around(*policy(Computed())), UNDECIDED, "policy")


@pytest.mark.parametrize(
    ("sources", "options", "status"),
    [
        (["8.0.0.0/8"], {"widest_ipv4_prefix": 9}, FAILED),
        (["8.0.0.0/9"], {"widest_ipv4_prefix": 9}, PASSED),
        (["0.0.0.0/1"], {"widest_ipv4_prefix": 0}, PASSED),
        (["0.0.0.0/0"], {"widest_ipv4_prefix": 0}, FAILED),
        (["2600::/16"], {"widest_ipv6_prefix": 32}, FAILED),
        (["::/0"], {"widest_ipv6_prefix": 0}, FAILED),
    ],
)
def test_options(sources: list[str], options: dict[str, Any], status: Expected) -> None:
    check_verdict(RULE, around(firewall(sources)), status, "rule", **options)


def test_outputs_alone_show_the_default_sources() -> None:
    shown = {"network": "projects/p-demo/global/networks/vpc-1a2b3c4", "allows": TCP, "denies": [], "disabled": False}
    read = R(
        "Firewall",
        "rule",
        {},
        {"inputs": None, "outputs": {**shown, "direction": "INGRESS", "sourceRanges": ["0.0.0.0/0"]}},
    )
    assert statuses(RULE, build(*around(read), deployed=True)) == {"rule": UNDECIDED}
    rest: dict[str, Any] = {"destinationRanges": [], "targetTags": [], "targetServiceAccounts": []}
    full = R(
        "Firewall",
        "rule",
        {},
        {"inputs": None, "outputs": {**shown, **rest, "direction": "INGRESS", "sourceRanges": ["0.0.0.0/0"]}},
    )
    assert statuses(RULE, build(*around(full), deployed=True)) == {"rule": FAILED}


def test_the_message_names_rule_and_width() -> None:
    machine = template()
    mig = group(machine)
    parts = (firewall(["0.0.0.0/1", "128.0.0.0/1", "2000::/3"]), machine, mig, service([backend(mig)]), NETWORK, SUBNET)
    (found,) = findings(RULE, build(*parts))
    assert [problem.observed for problem in found.problems] == [
        "`rule` admits traffic from every IPv4 address and IPv6 ranges as wide as /3 to serving VMs."
    ]
    assert "35.235.240.0/20" in found.problems[0].fix


def test_halves_of_the_internet_in_two_rules() -> None:
    low, high = firewall(["0.0.0.0/1"]), firewall(["128.0.0.0/1"])
    high.name = "second"
    for name in ("rule", "second"):
        check_verdict(RULE, around(low, high), FAILED, name)


@pytest.mark.parametrize(
    ("items", "status"), [(["0.0.0.0/0"], FAILED), (["10.0.0.0/8"], PASSED), (Computed(), UNDECIDED)]
)
def test_an_address_group_in_the_stack(items: Any, status: str) -> None:
    addresses = R("gcp:networksecurity/addressGroup:AddressGroup", "addresses", {"items": items})
    kind = "gcp:compute/networkFirewallPolicy"
    held = R(f"{kind}:NetworkFirewallPolicy", "policy", {"name": "guard"})
    attached = {"attachmentTarget": Out(NETWORK, "id"), "firewallPolicy": Out(held, "name")}
    match = {"srcAddressGroups": [Out(addresses, "id")], "layer4Configs": [{"ipProtocol": "tcp"}]}
    given = {
        "firewallPolicy": Out(held, "name"),
        "action": "allow",
        "direction": "INGRESS",
        "priority": 1,
        "match": match,
    }
    parts = (
        R(f"{kind}Association:NetworkFirewallPolicyAssociation", "association", attached),
        R(f"{kind}Rule:NetworkFirewallPolicyRule", "rule", given),
    )
    check_verdict(RULE, around(addresses, held, *parts), status, "rule")
