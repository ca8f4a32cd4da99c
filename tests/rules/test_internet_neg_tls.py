"""`internet-neg-tls` on failing, passing, unknown and not applicable services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Out, R, backend, check_verdict, finding, mig, service

RULE = "internet-neg-tls"
FQDN = R("GlobalNetworkEndpointGroup", "api", {"networkEndpointType": "INTERNET_FQDN_PORT", "defaultPort": 443})
ADDRESS = R("GlobalNetworkEndpointGroup", "ip", {"networkEndpointType": "INTERNET_IP_PORT"})
UNKNOWN_TYPE = R("GlobalNetworkEndpointGroup", "some", {"networkEndpointType": Computed()})
REGIONAL = R(
    "RegionNetworkEndpointGroup", "web", {"region": "us-central1", "networkEndpointType": "INTERNET_FQDN_PORT"}
)
ANY = R("RegionNetworkEndpointGroup", "any", {"region": "us-central1", "networkEndpointType": Computed()})
HYBRID = R("NetworkEndpointGroup", "dc", {"zone": "us-central1-a", "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"})
GROUP = mig()
PLACE = {"region": "us-central1"}


@pytest.mark.parametrize(
    ("neg", "inputs", "expected"),
    [
        pytest.param(FQDN, {"protocol": "HTTPS"}, "passed", id="HTTPS"),
        pytest.param(FQDN, {"protocol": "HTTP2"}, "passed", id="HTTP/2"),
        pytest.param(FQDN, {"protocol": "HTTP"}, "failed", id="HTTP"),
        pytest.param(FQDN, {"protocol": "H2C"}, "failed", id="HTTP/2 in the clear"),
        pytest.param(FQDN, {"protocol": None}, "failed", id="left out"),
        pytest.param(FQDN, {"protocol": Computed()}, "undecided", id="computed"),
        pytest.param(FQDN, {"protocol": "HTTP", "loadBalancingScheme": "EXTERNAL"}, "failed", id="classic"),
        pytest.param(ADDRESS, {"protocol": "HTTPS"}, "undecided", id="address"),
        pytest.param(ADDRESS, {"protocol": "HTTP"}, "failed", id="address in the clear"),
        pytest.param(UNKNOWN_TYPE, {"protocol": "HTTPS"}, "undecided", id="computed type"),
        pytest.param(REGIONAL, {**PLACE, "protocol": "HTTPS"}, "passed", id="regional"),
        pytest.param(REGIONAL, {**PLACE, "protocol": "HTTP"}, "failed", id="regional in the clear"),
        pytest.param(REGIONAL, {**PLACE, "protocol": "TCP"}, "not applicable", id="proxy Network Load Balancer"),
        pytest.param(ANY, {**PLACE, "protocol": "HTTP"}, "undecided", id="kind not known"),
        pytest.param(HYBRID, {"protocol": "HTTP"}, "not applicable", id="hybrid"),
        pytest.param(GROUP, {"protocol": "HTTP"}, "not applicable", id="instance group"),
    ],
)
def test_verdicts(neg: R, inputs: dict[str, Any], expected: str) -> None:
    given = {"loadBalancingScheme": "EXTERNAL_MANAGED", **inputs}
    entry = backend(neg) if neg is GROUP else {"group": Out(neg, "id")}
    check_verdict(RULE, [service([entry], **given), neg], expected)


def test_without_backends_it_does_not_apply() -> None:
    check_verdict(RULE, [service([])], "not applicable")


def test_the_message_says_what_to_do() -> None:
    (problem,) = finding(RULE, service([{"group": Out(FQDN, "id")}]), FQDN).problems
    assert problem.observed == "It speaks HTTP to endpoints on the internet."
    assert problem.fix == 'Set `protocol="HTTPS"`, and the port of the endpoint to 443.'


@pytest.mark.parametrize(
    "deployed", ["projects/p/regions/r/networkEndpointGroups/api", None], ids=["deployed", "preview"]
)
def test_a_group_that_the_stack_does_not_show_may_be_an_address(deployed: str | None) -> None:
    group = Computed() if deployed is None else deployed
    check_verdict(RULE, [service([{"group": group}], protocol="HTTPS")], "undecided")
