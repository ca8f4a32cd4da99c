"""Subnetworks."""

from __future__ import annotations

from typing import Final

from policypack.model.graph.tokens import SUBNETWORK_TYPES
from policypack.model.graph.view import View
from policypack.model.network.placement import network_links
from policypack.model.values.logic import any_of, equals, is_in, negation, when_known
from policypack.model.values.values import Unknown

# Ranges that Google takes addresses from, without machines of the user's; they have no flow logs.
# https://cloud.google.com/vpc/docs/subnets#purpose and https://cloud.google.com/vpc/docs/flow-logs#specifications
_FOR_PROXIES: Final = ("GLOBAL_MANAGED_PROXY", "REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER")
_WITHOUT_MACHINES: Final = (
    *_FOR_PROXIES,
    "PRIVATE_SERVICE_CONNECT",
    "PRIVATE_NAT",
    "PEER_MIGRATION",
)
# The profiles of networks for RDMA between GPUs or VMs; no page says that their subnetworks take flow logs or Private
# Google Access, and their interfaces carry nothing else: https://cloud.google.com/vpc/docs/rdma-network-profiles
_RDMA_PROFILES: Final = ("-vpc-roce", "-vpc-falcon")
# The provider's default: https://www.pulumi.com/registry/packages/gcp/api-docs/compute/subnetwork/
_DEFAULT_PURPOSE: Final = "PRIVATE"
_DEFAULT_SAMPLING: Final = 0.5
_DEFAULT_STACK_TYPE: Final = "IPV4_ONLY"


class Subnetwork(View):
    """A subnetwork of a VPC network."""

    TYPES = SUBNETWORK_TYPES

    @property
    def purpose(self) -> str | Unknown:
        """What its addresses are for: `PRIVATE` for machines."""
        return self.resource.asked.string("purpose", default=_DEFAULT_PURPOSE)

    @property
    def has_machines(self) -> bool | Unknown:
        """Whether machines of the user's can be in it; the others are ranges of proxies and of Google's services."""
        return negation(is_in(self.purpose, _WITHOUT_MACHINES))

    @property
    def is_for_proxies(self) -> bool | Unknown:
        """Whether only the proxies of load balancers have addresses from it."""
        return is_in(self.purpose, _FOR_PROXIES)

    @property
    def is_for_rdma(self) -> bool | Unknown:
        """Whether its network is for RDMA, by its profile; that of a network outside the stack is taken to be none."""
        networks = network_links(self.stack, self.resource, "network").targets
        return any_of(when_known(network.asked.string("networkProfile"), _is_rdma) for network in networks)

    @property
    def has_ipv4(self) -> bool | Unknown:
        return negation(equals(self.resource.asked.string("stackType", default=_DEFAULT_STACK_TYPE), "IPV6_ONLY"))

    @property
    def has_private_google_access(self) -> bool | Unknown:
        """Whether machines without external addresses reach Google's APIs over IPv4; off unless turned on."""
        return self.resource.asked.boolean("privateIpGoogleAccess", default=False)

    @property
    def flow_sampling(self) -> float | Unknown | None:
        """The fraction of connections that its flow logs sample; `None` without flow logs."""
        if self.resource.asked.object("logConfig") is None:
            return None
        log_config = self.resource.asked.block("logConfig")
        return log_config.number("flowSampling", default=_DEFAULT_SAMPLING, if_omitted=True)


def _is_rdma(profile: str | None) -> bool:
    return profile is not None and any(kind in profile for kind in _RDMA_PROFILES)
