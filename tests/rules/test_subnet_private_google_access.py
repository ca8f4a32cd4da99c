"""`subnet-private-google-access` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.subnets import shown, subnet, with_machines
from tests.stacks import Computed, Out, R, build, check_verdict, findings

RULE = "subnet-private-google-access"


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"privateIpGoogleAccess": True}, "passed"),
        ({"privateIpGoogleAccess": "true"}, "passed"),
        ({"privateIpGoogleAccess": False}, "failed"),
        ({}, "failed"),
        ({"purpose": "PRIVATE"}, "failed"),
        ({"stackType": "IPV4_IPV6"}, "failed"),
        ({"privateIpGoogleAccess": Computed()}, "undecided"),
        ({"purpose": Computed()}, "undecided"),
        ({"stackType": Computed()}, "undecided"),
        ({"purpose": Computed(), "privateIpGoogleAccess": True}, "passed"),
        ({"stackType": "IPV6_ONLY"}, "not applicable"),
        ({"purpose": "GLOBAL_MANAGED_PROXY"}, "not applicable"),
        ({"purpose": "REGIONAL_MANAGED_PROXY", "privateIpGoogleAccess": Computed()}, "not applicable"),
        ({"purpose": "INTERNAL_HTTPS_LOAD_BALANCER"}, "not applicable"),
        ({"purpose": "PRIVATE_SERVICE_CONNECT"}, "not applicable"),
        ({"purpose": "PRIVATE_NAT"}, "not applicable"),
    ],
)
def test_one_subnetwork(inputs: dict[str, Any], status: str) -> None:
    """The one beside it has no machines of the serving path."""
    check_verdict(RULE, with_machines(subnet(**inputs)), status, "subnet")
    check_verdict(RULE, with_machines(subnet(**inputs)), None, "beside")


def test_outputs_alone() -> None:
    given = {"purpose": "PRIVATE", "stackType": "IPV4_ONLY"}
    check_verdict(RULE, shown(privateIpGoogleAccess=True, **given), "passed", "subnet")
    check_verdict(RULE, shown(privateIpGoogleAccess=False, **given), "failed", "subnet")
    check_verdict(RULE, shown(purpose="PRIVATE"), "undecided", "subnet")


def test_the_message() -> None:
    (found,) = findings(RULE, build(*with_machines(subnet())))
    assert found.problems[0].observed == "Subnetwork `subnet` has no Private Google Access."
    assert found.problems[0].fix.startswith("Set `private_ip_google_access=True`.")


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        pytest.param("projects/p-demo/global/networkProfiles/us-central1-b-vpc-roce", "not applicable", id="RoCE"),
        pytest.param("https://www.googleapis.com/compute/v1/projects/p/global/networkProfiles/us-central1-a-vpc-falcon",
                     "not applicable", id="Falcon"),
        pytest.param(None, "failed", id="an ordinary network"),
        pytest.param(Computed(), "undecided", id="not known"),
    ],
)  # fmt: skip
def test_networks_for_rdma(profile: Any, status: str) -> None:
    network = R("Network", "vpc", {"networkProfile": profile})
    stack = [one for one in with_machines(subnet(network=Out(network, "id"))) if one.name != "vpc"]
    check_verdict(RULE, [*stack, network], status, "subnet")
