"""Whether an internal passthrough load balancer is in the network of its VMs."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.entry import RegionalEntry
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.graph.resource import Resource
from policypack.model.network.placement import Endpoint, endpoints_of
from policypack.model.values.logic import all_of, equals, negation
from policypack.verdict import Checks, Fail
from policypack.wording import quoted


def is_near_its_backends(front: ForwardingRule, service: BackendService) -> Checks:
    """What is wrong with the network of an internal rule that sends packets to VMs; it has to be of the stack.

    It distributes traffic "among internal virtual machine (VM) instances in the same region in a Virtual Private Cloud
    (VPC) network": https://cloud.google.com/load-balancing/docs/internal
    """
    network = RegionalEntry.of(front.resource, front.stack).network
    if network is None or front.resource.is_read or equals(front.scheme, "INTERNAL") is not True:
        return
    elsewhere = [one for one in endpoints_of(service.stack, service.resource) if _is_elsewhere(one, network) is True]
    if elsewhere:
        names = sorted({one.group.name for one in elsewhere})
        yield Fail(
            f"It is in network `{network.name}`, and no interface of the VMs of {quoted(names)} is.",
            "An internal passthrough load balancer in the network of its VMs.",
            "Set `network` and `subnetwork` to those of the VMs.",
        )


def _is_elsewhere(endpoint: Endpoint, network: Resource) -> bool:
    return all_of(negation(place.is_in(network)) for place in endpoint.places) is True
