"""What rules say of the endpoints of internet NEGs: how many there are, and at which port."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.test_internet_neg_tls import FQDN, PLACE, REGIONAL
from tests.stacks import PROJECT, Computed, Out, R, check_verdict, service

TLS, KIND = "internet-neg-tls", "backend-group-kind"


def endpoint(of: R, name: str = "endpoint", **inputs: Any) -> R:
    kind = of.type.rpartition(":")[2].removesuffix("Group")
    camel = f"{kind[0].lower()}{kind[1:]}"
    given = {f"{camel}Group": Out(of, "name"), "fqdn": "api.example.com", "port": 443, **inputs}
    return R(f"gcp:compute/{camel}:{kind}", name, given)


def over(neg: R) -> R:
    place: dict[str, Any] = {**PLACE, "loadBalancingScheme": "INTERNAL_MANAGED"} if neg is REGIONAL else {}
    return service([{"group": Out(neg, "id"), "capacityScaler": 1.0}], protocol="HTTPS", portName=None, **place)


@pytest.mark.parametrize("neg", [FQDN, REGIONAL])
@pytest.mark.parametrize(
    ("port", "expected"),
    [
        pytest.param(443, "passed", id="443"),
        pytest.param(8443, "passed", id="another one"),
        pytest.param(80, "undecided", id="80, which is for requests in the clear"),
        pytest.param(Computed(), "undecided", id="computed"),
    ],
)
def test_ports(neg: R, port: Any, expected: str) -> None:
    check_verdict(TLS, [over(neg), neg, endpoint(neg, port=port)], expected)


@pytest.mark.parametrize(
    ("count", "neg", "expected"),
    [
        pytest.param(1, FQDN, "passed", id="one"),
        pytest.param(2, FQDN, "failed", id="two in a global one"),
        pytest.param(2, REGIONAL, "passed", id="two in a regional one"),
        pytest.param(257, REGIONAL, "failed", id="more than a regional one takes"),
    ],
)
def test_numbers(count: int, neg: R, expected: str) -> None:
    endpoints = [endpoint(neg, f"endpoint-{number}") for number in range(count)]
    check_verdict(KIND, [over(neg), neg, *endpoints], expected)


def test_endpoints_of_another_neg_do_not_count() -> None:
    other = R("GlobalNetworkEndpointGroup", "other", {"networkEndpointType": "INTERNET_FQDN_PORT", "name": "other"})
    by_name = endpoint(FQDN, "by-name", globalNetworkEndpointGroup="other")
    parts = [over(FQDN), FQDN, other, endpoint(FQDN), by_name, endpoint(other, "third")]
    check_verdict(KIND, parts, "passed")


def test_an_endpoint_of_the_other_scope_is_none_of_its_own_whatever_their_names() -> None:
    named = R(FQDN.type, "named", {"networkEndpointType": "INTERNET_FQDN_PORT", "name": "api"})
    there = R(REGIONAL.type, "there", {**REGIONAL.inputs, "name": "api"})
    by_name = endpoint(there, "by-name", regionNetworkEndpointGroup="api")
    check_verdict(KIND, [over(named), named, there, endpoint(named), by_name], "passed")


def test_endpoints_count_by_the_name_of_their_neg() -> None:
    named = R(FQDN.type, "named", {"networkEndpointType": "INTERNET_FQDN_PORT", "name": "api"})
    names = ("api", f"projects/{PROJECT}/global/networkEndpointGroups/api")
    endpoints = [endpoint(named, f"e-{i}", globalNetworkEndpointGroup=name) for i, name in enumerate(names)]
    check_verdict(KIND, [over(named), named, *endpoints], "failed")


@pytest.mark.parametrize(("port", "expected"), [(443, "passed"), (80, "undecided"), (Computed(), "undecided")])
def test_an_endpoint_whose_neg_is_not_known_may_be_at_a_plain_port(port: Any, expected: str) -> None:
    stray = endpoint(FQDN, "stray", globalNetworkEndpointGroup=Computed(), port=port)
    check_verdict(TLS, [over(FQDN), FQDN, stray], expected)


@pytest.mark.parametrize(
    ("neg", "of", "expected"),
    [
        pytest.param(FQDN, FQDN, "undecided", id="one too many"),
        pytest.param(REGIONAL, REGIONAL, "passed", id="a regional one takes more"),
        pytest.param(FQDN, REGIONAL, "passed", id="of a regional NEG"),
    ],
)
def test_an_endpoint_whose_neg_is_not_known_may_be_its_own(neg: R, of: R, expected: str) -> None:
    key = "regionNetworkEndpointGroup" if of is REGIONAL else "globalNetworkEndpointGroup"
    stray = endpoint(of, "stray", **{key: Computed()})
    check_verdict(KIND, [over(neg), neg, endpoint(neg), stray], expected)
