"""`forwarding-rule-scheme` on the address, the subnetwork and the protocol of a forwarding rule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import (
    REGION,
    global_rule,
    https,
    regional_https,
    regional_rule,
    regional_service,
    target,
    url_map,
)
from tests.stacks import API, Computed, Expected, Out, R, build, check_verdict, findings, service, statuses

RULE = "forwarding-rule-scheme"
ADDRESS, GLOBAL = "gcp:compute/address:Address", "gcp:compute/globalAddress:GlobalAddress"
SUBNET = R("Subnetwork", "vms", {"region": REGION, "ipCidrRange": "10.0.0.0/20"})
ELSEWHERE = R("Subnetwork", "vms", {"region": "us-east1", "ipCidrRange": "10.0.0.0/20"})
OTHER = R("StackReference", "platform")
SHARED = {"purpose": "SHARED_LOADBALANCER_VIP"}


def address(type_: str = ADDRESS, **inputs: Any) -> R:
    place = {"region": REGION} if type_ == ADDRESS else {}
    return R(type_, "ip", {**place, **inputs})


def front(scheme: str, ip: R | None = None, **inputs: Any) -> list[R]:
    """A regional rule, its proxy and service, with an address."""
    chat = regional_service(scheme)
    paths = R("RegionUrlMap", "paths", {"region": REGION, "defaultService": target(chat)})
    proxy = regional_https(paths)
    at = {"ipAddress": Out(ip, "address")} if ip else {}
    rule = regional_rule(loadBalancingScheme=scheme, target=target(proxy), **at, **inputs)
    return [chat, paths, proxy, rule, *([ip] if ip else [])]


@pytest.mark.parametrize(
    ("scheme", "ip", "expected"),
    [
        ("INTERNAL_MANAGED", address(addressType="INTERNAL"), "passed"),
        ("INTERNAL_MANAGED", address(addressType="EXTERNAL"), "failed"),
        ("INTERNAL_MANAGED", address(), "failed"),
        ("INTERNAL_MANAGED", address(addressType=Computed()), "undecided"),
        ("INTERNAL_MANAGED", address(addressType="INTERNAL", region="us-east1"), "failed"),
        ("INTERNAL_MANAGED", address(addressType="INTERNAL", region=Computed()), "undecided"),
        ("INTERNAL_MANAGED", address(GLOBAL), "failed"),
        ("EXTERNAL_MANAGED", address(), "passed"),
        ("EXTERNAL_MANAGED", address(addressType="INTERNAL"), "failed"),
        ("EXTERNAL_MANAGED", address(GLOBAL), "failed"),
    ],
)
def test_the_address_of_a_regional_rule(scheme: str, ip: R, expected: Expected) -> None:
    check_verdict(RULE, front(scheme, ip), expected, "rule")


@pytest.mark.parametrize(
    ("scheme", "ip", "expected"),
    [
        ("EXTERNAL_MANAGED", address(GLOBAL), "passed"),
        ("EXTERNAL_MANAGED", address(), "failed"),
        ("INTERNAL_MANAGED", address(addressType="INTERNAL"), "passed"),
        ("INTERNAL_MANAGED", address(GLOBAL), "failed"),
        ("INTERNAL_SELF_MANAGED", address(GLOBAL), "passed"),
    ],
)
def test_the_address_of_a_global_rule(scheme: str, ip: R, expected: Expected) -> None:
    chat = service(loadBalancingScheme=scheme)
    paths = url_map(chat)
    proxy = https(paths)
    rule = global_rule(proxy, loadBalancingScheme=scheme, ipAddress=target(ip))
    check_verdict(RULE, [chat, paths, proxy, ip, rule], expected, "rule")


@pytest.mark.parametrize(
    ("tier", "inputs", "expected"),
    [
        ("STANDARD", {"networkTier": "STANDARD"}, "passed"),
        ("STANDARD", {"networkTier": "PREMIUM"}, "failed"),
        ("PREMIUM", {"networkTier": "STANDARD"}, "failed"),
        ("STANDARD", {}, "passed"),
        (None, {"networkTier": "STANDARD"}, "passed"),
        ("STANDARD", {"networkTier": Computed()}, "undecided"),
    ],
)
def test_the_tier_of_an_address(tier: Any, inputs: dict[str, Any], expected: Expected) -> None:
    check_verdict(RULE, front("EXTERNAL_MANAGED", address(**inputs), networkTier=tier), expected, "rule")


def test_internal_rules_are_in_premium_tier() -> None:
    check_verdict(RULE, front("INTERNAL_MANAGED", networkTier="STANDARD"), "failed", "rule")
    check_verdict(RULE, front("INTERNAL_MANAGED", networkTier="PREMIUM"), "passed", "rule")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"subnetwork": target(SUBNET)}, "passed"),
        ({"subnetwork": "projects/p/regions/us-central1/subnetworks/vms"}, "passed"),
        ({"subnetwork": "projects/p/regions/us-east1/subnetworks/vms"}, "failed"),
        ({"subnetwork": Computed()}, "passed"),
        ({}, "passed"),
    ],
)
def test_the_subnetwork_of_a_regional_rule(inputs: dict[str, Any], expected: Expected) -> None:
    check_verdict(RULE, [*front("INTERNAL_MANAGED", **inputs), SUBNET], expected, "rule")


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        ("REGIONAL_MANAGED_PROXY", "failed"),
        ("GLOBAL_MANAGED_PROXY", "failed"),
        ("INTERNAL_HTTPS_LOAD_BALANCER", "failed"),
        ("PRIVATE", "passed"),
        (None, "passed"),
        (Computed(), "undecided"),
        (Computed((SUBNET,), "REGIONAL_MANAGED_PROXY"), ("undecided", "failed")),
    ],
)
def test_the_address_is_not_from_a_subnetwork_of_proxies(purpose: Any, expected: Expected) -> None:
    subnetwork = R("Subnetwork", "range", {"region": REGION, "ipCidrRange": "10.0.16.0/20", "purpose": purpose})
    regional = front("INTERNAL_MANAGED", subnetwork=target(subnetwork))
    check_verdict(RULE, [*regional, subnetwork, SUBNET], expected, "rule")
    chat = service(loadBalancingScheme="INTERNAL_MANAGED")
    paths = url_map(chat)
    proxy = https(paths)
    rule = global_rule(proxy, loadBalancingScheme="INTERNAL_MANAGED", subnetwork=target(subnetwork))
    check_verdict(RULE, [chat, paths, proxy, rule, subnetwork, SUBNET], expected, "rule")


@pytest.mark.parametrize(
    ("scheme", "url", "expected"),
    [
        ("EXTERNAL_MANAGED", f"projects/p/regions/{REGION}/addresses/ip", "passed"),
        ("EXTERNAL_MANAGED", f"{API}projects/p/regions/us-east1/addresses/ip", "failed"),
        ("EXTERNAL_MANAGED", "global/addresses/ip", "failed"),
        ("INTERNAL_MANAGED", f"regions/{REGION}/addresses/ip", "passed"),
        ("INTERNAL_MANAGED", "regions/us-east1/addresses/ip", "failed"),
        ("EXTERNAL_MANAGED", "ip", "passed"),
        ("EXTERNAL_MANAGED", "34.1.2.3", "passed"),
        ("EXTERNAL_MANAGED", Computed(), "passed"),
        ("EXTERNAL_MANAGED", Computed((OTHER,), "global/addresses/ip"), ("passed", "failed")),
    ],
)
def test_an_address_by_its_url_is_in_the_region_of_a_regional_rule(scheme: str, url: Any, expected: Expected) -> None:
    check_verdict(RULE, [*front(scheme, ipAddress=url), OTHER], expected, "rule")


@pytest.mark.parametrize(
    ("scheme", "url", "expected"),
    [
        ("EXTERNAL_MANAGED", "projects/p/global/addresses/ip", "passed"),
        ("EXTERNAL_MANAGED", f"projects/p/regions/{REGION}/addresses/ip", "failed"),
        ("INTERNAL_MANAGED", f"projects/p/regions/{REGION}/addresses/ip", "passed"),
        (Computed((OTHER,), "EXTERNAL_MANAGED"), f"projects/p/regions/{REGION}/addresses/ip", ("undecided", "failed")),
    ],
)
def test_an_address_by_its_url_is_global_for_a_global_rule(scheme: Any, url: str, expected: Expected) -> None:
    chat = service(loadBalancingScheme=scheme)
    paths = url_map(chat)
    proxy = https(paths)
    rule = global_rule(proxy, loadBalancingScheme=scheme, ipAddress=url)
    check_verdict(RULE, [chat, paths, proxy, rule, OTHER], expected, "rule")


def test_a_subnetwork_of_the_stack_in_another_region() -> None:
    check_verdict(RULE, [*front("INTERNAL_MANAGED", subnetwork=target(ELSEWHERE)), ELSEWHERE], "failed", "rule")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"addressType": "INTERNAL"}, "failed"),
        ({"addressType": "INTERNAL", "purpose": "GCE_ENDPOINT"}, "failed"),
        ({"addressType": "INTERNAL", **SHARED}, "passed"),
        ({"addressType": Computed()}, "undecided"),
        ({"addressType": "INTERNAL", "purpose": Computed()}, "undecided"),
    ],
)
def test_rules_that_share_an_internal_address(inputs: dict[str, Any], expected: Expected) -> None:
    ip = address(**inputs)
    alone = front("INTERNAL_MANAGED", ip)
    beside = {**alone[3].inputs, "portRange": "80"}
    check_verdict(RULE, [*alone, R("ForwardingRule", "other", beside)], expected, "rule")
    if expected == "failed":
        check_verdict(RULE, alone, "passed", "rule")


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [("TCP", "passed"), ("tcp", "passed"), (None, "passed"), ("UDP", "failed"), (Computed(), "undecided")],
)
def test_the_protocol_in_front_of_a_proxy(protocol: Any, expected: Expected) -> None:
    check_verdict(RULE, front("EXTERNAL_MANAGED", ipProtocol=protocol), expected, "rule")


@pytest.mark.parametrize("scheme", ["INTERNAL", "EXTERNAL"])
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("TCP", "TCP", "passed"),
        ("UDP", "UDP", "passed"),
        ("TCP", "UNSPECIFIED", "passed"),
        ("L3_DEFAULT", "UNSPECIFIED", "passed"),
        ("L3_DEFAULT", "TCP", "failed"),
        ("UDP", "TCP", "failed"),
        (None, "UDP", "failed"),
        ("TCP", None, "passed"),
        (Computed(), "TCP", "undecided"),
        ("TCP", Computed(), "undecided"),
    ],
)
def test_the_protocol_of_packets(scheme: str, ours: Any, theirs: Any, expected: Expected) -> None:
    chat = regional_service(scheme, protocol=theirs)
    ports = {"ports": None, "allPorts": True} if ours == "L3_DEFAULT" else {}
    rule = regional_rule(loadBalancingScheme=scheme, backendService=target(chat), ipProtocol=ours, **ports)
    check_verdict(RULE, [chat, rule], expected, "rule")


def test_what_is_read_shows_its_region_in_its_id() -> None:
    for region, expected in ((REGION, "passed"), ("us-east1", "failed")):
        shown = {"id": f"projects/p/regions/{region}/subnetworks/vms"}
        subnetwork = R("Subnetwork", "vms", {"region": Computed(value=region)}, {"outputs": shown, "is_read": True})
        check_verdict(RULE, [*front("INTERNAL_MANAGED", subnetwork=target(subnetwork)), subnetwork], expected, "rule")


def fixes(*resources: R) -> list[str]:
    (found,) = findings(RULE, build(*resources))
    return [problem.fix for problem in found.problems]


TO_THE_SERVICES = "Set `load_balancing_scheme` to `INTERNAL_MANAGED` on the forwarding rule."


@pytest.mark.parametrize(
    ("rule", "ip", "expected"),
    [
        pytest.param({}, {"addressType": "INTERNAL"}, [TO_THE_SERVICES], id="an address for the services"),
        pytest.param({}, {}, [TO_THE_SERVICES], id="an address for the rule"),
        pytest.param(
            {}, {"region": "us-east1"}, ["Create both in one region.", TO_THE_SERVICES], id="an address for neither"
        ),
        pytest.param({"networkTier": "STANDARD"}, {}, [TO_THE_SERVICES], id="a tier for the rule"),
    ],
)
def test_what_fits_one_of_two_schemes_is_not_wrong(
    rule: dict[str, Any], ip: dict[str, Any], expected: list[str]
) -> None:
    """The fix for the schemes is one for the address as well."""
    at = address(networkTier=rule.get("networkTier"), **ip)
    chat, paths, proxy, own, _ = front("INTERNAL_MANAGED", at, **rule)
    own.inputs["loadBalancingScheme"] = "EXTERNAL_MANAGED"
    assert fixes(chat, paths, proxy, own, at) == expected


def test_a_tier_that_the_rule_has_to_leave_is_not_asked_of_its_address() -> None:
    chat = service()
    paths = url_map(chat)
    proxy, ip = https(paths), address(networkTier="PREMIUM")
    rule = global_rule(proxy, networkTier="STANDARD", ipAddress=Out(ip, "address"))
    assert fixes(chat, paths, proxy, rule, ip) == ["Omit `network_tier`.", "Use the global resource for both."]


SIX = address(GLOBAL, ipVersion="IPV6")


@pytest.mark.parametrize(
    ("ip", "inputs", "expected"),
    [
        pytest.param(SIX, {"ipVersion": "IPV6"}, "passed", id="IPv6"),
        pytest.param(SIX, {}, "passed", id="IPv6, not said"),
        pytest.param(SIX, {"ipVersion": "IPV4"}, "failed", id="an IPv6 address of an IPv4 rule"),
        pytest.param(SIX, {"ipVersion": Computed((OTHER,), "IPV6")}, ("undecided", "passed"), id="a computed version"),
        pytest.param(address(GLOBAL), {"ipVersion": "IPV6"}, "failed", id="an IPv4 address of an IPv6 rule"),
        pytest.param(address(GLOBAL), {"ipVersion": "IPV4"}, "passed", id="IPv4"),
        pytest.param(None, {"ipVersion": "IPV6"}, "passed", id="no address"),
        pytest.param(None, {"ipVersion": "IPV6", "ipAddress": "203.0.113.9"}, "failed", id="a number of IPv4"),
        pytest.param(None, {"ipVersion": "IPV6", "ipAddress": "2001:db8::9"}, "passed", id="a number of IPv6"),
        pytest.param(None, {"ipVersion": "IPV6", "ipAddress": "2001:db8::/96"}, "passed", id="a range of IPv6"),
        pytest.param(None, {"ipVersion": "IPV6", "ipAddress": "front"}, "passed", id="a name outside the stack"),
        pytest.param(None, {"ipVersion": "IPV6", "ipAddress": Computed((OTHER,))}, "undecided", id="some address"),
    ],
)
def test_the_ip_version_of_an_address(ip: R | None, inputs: dict[str, Any], expected: Expected) -> None:
    chat = service()
    paths = url_map(chat)
    proxy = https(paths)
    at = {"ipAddress": Out(ip, "address")} if ip else {}
    check_verdict(
        RULE, [chat, paths, proxy, OTHER, *([ip] if ip else []), global_rule(proxy, **at, **inputs)], expected, "rule"
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param({"ipAddress": Computed((OTHER,))}, {}, "undecided", id="an address from elsewhere"),
        pytest.param({}, {}, "passed", id="an address of its own"),
        pytest.param({"ipVersion": "IPV6"}, {}, "passed", id="an IPv6 address of its own"),
        pytest.param({"ipAddress": "2001:db8::9"}, {}, "passed", id="a number of IPv6"),
        pytest.param({"ipAddress": "2001:db8::9"}, {"ipVersion": "IPV6"}, "undecided", id="both IPv6"),
    ],
)
def test_rules_of_two_ip_versions_share_no_address(
    ours: dict[str, Any], theirs: dict[str, Any], expected: Expected
) -> None:
    chat = service()
    paths = url_map(chat)
    proxy, ip = https(paths), address(GLOBAL, **theirs)
    beside = global_rule(proxy, ipAddress=Out(ip, "address"))
    other = R(beside.type, "beside", beside.inputs)
    found = statuses(RULE, build(chat, paths, proxy, OTHER, ip, other, global_rule(proxy, **ours)))
    assert found["rule"] == expected


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        pytest.param(address(addressType="INTERNAL"), "passed", id="of its region"),
        pytest.param(address(addressType="INTERNAL", region="us-east1"), "failed", id="of another region"),
        pytest.param(
            address(addressType="INTERNAL", region=Computed((), REGION)), ("undecided", "passed"), id="of some region"
        ),
        pytest.param(address(GLOBAL, addressType="INTERNAL"), "failed", id="global"),
    ],
)
def test_the_address_of_a_cross_region_load_balancer(ip: R, expected: Expected) -> None:
    chat = service(loadBalancingScheme="INTERNAL_MANAGED")
    paths = url_map(chat)
    proxy = https(paths)
    at = {"ipAddress": Out(ip, "address"), "subnetwork": target(SUBNET)}
    rule = global_rule(proxy, loadBalancingScheme="INTERNAL_MANAGED", **at)
    check_verdict(RULE, [chat, paths, proxy, SUBNET, ip, rule], expected, "rule")


PROXIES = R("Subnetwork", "proxies", {"region": REGION, "purpose": "REGIONAL_MANAGED_PROXY"})
MORE = R("Subnetwork", "more", {"region": REGION, "ipCidrRange": "10.1.0.0/20"})


@pytest.mark.parametrize(
    ("of_address", "of_rule", "expected"),
    [
        pytest.param(SUBNET, SUBNET, "passed", id="one"),
        pytest.param(SUBNET, None, "passed", id="that of the address"),
        pytest.param(MORE, SUBNET, "failed", id="another"),
        pytest.param(PROXIES, None, "failed", id="one of proxies"),
        pytest.param(None, SUBNET, "passed", id="an address without one"),
    ],
)
def test_the_subnetwork_of_an_address(of_address: R | None, of_rule: R | None, expected: Expected) -> None:
    ip = address(addressType="INTERNAL", subnetwork=target(of_address) if of_address else None)
    inputs = {"subnetwork": target(of_rule)} if of_rule else {}
    check_verdict(RULE, [*front("INTERNAL_MANAGED", ip, **inputs), SUBNET, MORE, PROXIES], expected, "rule")


@pytest.mark.parametrize(
    ("network", "inputs", "expected"),
    [
        pytest.param({"autoCreateSubnetworks": False}, {}, "failed", id="custom mode"),
        pytest.param({"autoCreateSubnetworks": False}, {"subnetwork": target(SUBNET)}, "passed", id="its subnetwork"),
        pytest.param({"autoCreateSubnetworks": False}, {"ipAddress": "10.0.0.9"}, "passed", id="an address"),
        pytest.param({"autoCreateSubnetworks": True}, {}, "passed", id="automatic mode"),
        pytest.param({}, {}, "passed", id="the provider's default"),
        pytest.param({"autoCreateSubnetworks": Computed((), False)}, {}, ("undecided", "failed"), id="some mode"),
    ],
)
def test_a_network_in_custom_mode_needs_a_subnetwork(
    network: dict[str, Any], inputs: dict[str, Any], expected: Expected
) -> None:
    llm = R("Network", "llm", network)
    chat = regional_service("INTERNAL", protocol="TCP")
    rule = regional_rule(loadBalancingScheme="INTERNAL", backendService=target(chat), network=target(llm), **inputs)
    check_verdict(RULE, [chat, llm, SUBNET, rule], expected, "rule")
    chat = regional_service("EXTERNAL", protocol="TCP")
    rule = regional_rule(loadBalancingScheme="EXTERNAL", backendService=target(chat), network=target(llm))
    check_verdict(RULE, [chat, llm, SUBNET, rule], "passed", "rule")
