"""Endpoints of internet NEGs, which are resources of their own.

https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.graph.attached import attached_to
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    GLOBAL_NETWORK_ENDPOINT,
    GLOBAL_NETWORK_ENDPOINT_GROUP,
    REGION_NETWORK_ENDPOINT,
)
from policypack.model.values.values import Unknown

_TYPES: Final = (GLOBAL_NETWORK_ENDPOINT, REGION_NETWORK_ENDPOINT)
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


def endpoints_of(stack: Stack, neg: Resource) -> tuple[tuple[InternetEndpoint, bool | Unknown], ...]:
    """The endpoints of the stack that are in an internet NEG for certain (true), or that may be (not known)."""
    return tuple((InternetEndpoint(one), belongs) for one, belongs in attached_to(stack, neg, _TYPES))
