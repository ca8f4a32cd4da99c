"""Endpoints of internet NEGs, which are resources of their own.

https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    GLOBAL_NETWORK_ENDPOINT,
    GLOBAL_NETWORK_ENDPOINT_GROUP,
    REGION_NETWORK_ENDPOINT,
)
from policypack.model.values.values import UNKNOWN, Unknown

# The type of an endpoint -> the property that names its NEG.
_GROUP_KEYS: Final = {
    GLOBAL_NETWORK_ENDPOINT: "globalNetworkEndpointGroup",
    REGION_NETWORK_ENDPOINT: "regionNetworkEndpointGroup",
}
# How many endpoints an internet NEG takes.
MOST_GLOBAL_ENDPOINTS: Final = 1
MOST_REGIONAL_ENDPOINTS: Final = 256


@dataclass(frozen=True)
class InternetEndpoint:
    """One endpoint: a host name or an address, and a port."""

    resource: Resource

    @property
    def host(self) -> str | Unknown | None:
        """Its host name; `None` for one that is an address."""
        return self.resource.asked.string("fqdn")

    @property
    def port(self) -> float | Unknown | None:
        """Its port; `None` leaves that to the NEG."""
        return self.resource.asked.number("port")


def most_endpoints(neg: Resource) -> int:
    """How many endpoints an internet NEG takes."""
    return MOST_GLOBAL_ENDPOINTS if neg.type == GLOBAL_NETWORK_ENDPOINT_GROUP else MOST_REGIONAL_ENDPOINTS


def endpoints_of(stack: Stack, neg: Resource) -> tuple[InternetEndpoint, ...]:
    """The endpoints of the stack that are certainly in an internet NEG."""
    return tuple(InternetEndpoint(one) for one in stack.of_types(_GROUP_KEYS) if _is_in(one, neg) is True)


def _is_in(endpoint: Resource, neg: Resource) -> bool | Unknown:
    key = _GROUP_KEYS[endpoint.type]
    if (endpoint.type == GLOBAL_NETWORK_ENDPOINT) != (neg.type == GLOBAL_NETWORK_ENDPOINT_GROUP):
        return False
    if neg.urn in endpoint.edges.get(key, ()):
        return True
    named, own = endpoint.asked.string(key), neg.asked.string("name")
    if not isinstance(named, str) or not isinstance(own, str):
        return UNKNOWN
    if named.rpartition("/")[2] != own or endpoint.type == GLOBAL_NETWORK_ENDPOINT:
        return named.rpartition("/")[2] == own
    place, region = endpoint.asked.string("region"), neg.asked.string("region")
    return place == region if isinstance(place, str) and isinstance(region, str) else UNKNOWN
