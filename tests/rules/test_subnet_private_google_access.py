"""`subnet-private-google-access` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "subnet-private-google-access"
NETWORK = R("Network", "vpc")


def stack(options: dict[str, Any] | None = None, **inputs: Any) -> tuple[R, ...]:
    subnet = R(
        "Subnetwork", "subnet", {"region": "us-central1", "network": Out(NETWORK, "id"), **inputs}, options or {}
    )
    beside = R("Subnetwork", "beside", {"region": "us-central1", "network": Out(NETWORK, "id")})
    nics = [{"subnetwork": Out(subnet, "id")}]
    template = R("RegionInstanceTemplate", "template", {"region": "us-central1", "networkInterfaces": nics})
    group = mig(versions=[{"instanceTemplate": Out(template, "selfLink")}])
    return subnet, beside, template, group, NETWORK, service([backend(group)])


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
    check_verdict(RULE, stack(**inputs), status, "subnet")
    check_verdict(RULE, stack(**inputs), None, "beside")


def test_outputs_alone() -> None:
    def verdict(**outputs: Any) -> dict[str, Any]:
        path = "projects/p-demo/regions/us-central1/subnetworks/subnet-1a2b3c4"
        shown = {"inputs": None, "outputs": {"id": path, **outputs}}
        return dict(statuses(RULE, build(*stack(shown), deployed=True)))

    assert verdict(privateIpGoogleAccess=True, purpose="PRIVATE", stackType="IPV4_ONLY") == {"subnet": "passed"}
    assert verdict(privateIpGoogleAccess=False, purpose="PRIVATE", stackType="IPV4_ONLY") == {"subnet": "failed"}
    assert verdict(purpose="PRIVATE") == {"subnet": "undecided"}


def test_the_message() -> None:
    (found,) = findings(RULE, build(*stack()))
    assert found.problems[0].observed == "Subnetwork `subnet` has no Private Google Access."
    assert found.problems[0].fix == "Set `private_ip_google_access=True`."
