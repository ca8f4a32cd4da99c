"""Forwarding rules, global and regional."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final, TypeVar

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.proxy import Proxy
from policypack.model.graph.links import Links
from policypack.model.graph.reference import Reference, is_regional_type, location_of, region_setting
from policypack.model.graph.tokens import (
    FORWARDING_RULE_TYPES,
    NETWORK_TYPES,
    PROXY_TYPES,
    SERVICE_TYPES,
    SUBNETWORK_TYPES,
)
from policypack.model.graph.view import View
from policypack.model.products.fronts import FrontKind, fronts_of
from policypack.model.products.product import (
    CLASSIC_SCHEME,
    DEFAULT_REGIONAL_SCHEME_OF_FORWARDING_RULES,
    INTERNAL_SCHEMES,
    MIGRATIONS,
    scheme_of,
)
from policypack.model.values.logic import all_of, any_of, equals, is_in, known_in, negation, same, when_known
from policypack.model.values.values import UNKNOWN, Unknown

_DEFAULT_PROTOCOL: Final = "TCP"
T = TypeVar("T")


class ForwardingRule(View):
    """A forwarding rule, global or regional: an address and port, and what receives the traffic."""

    TYPES = FORWARDING_RULE_TYPES

    @property
    def is_regional(self) -> bool:
        return is_regional_type(self.resource.type)

    @property
    def region(self) -> str | Unknown:
        return region_setting(self.resource)

    @property
    def scheme(self) -> str | Unknown:
        return scheme_of(self.resource, DEFAULT_REGIONAL_SCHEME_OF_FORWARDING_RULES if self.is_regional else None)

    def has_scheme_of(self, service: BackendService) -> bool | Unknown:
        """Whether a service behind it has its scheme, or the one that a global service migrates to first."""
        migrated = when_known(self.scheme, lambda own: "" if service.is_regional else MIGRATIONS.get(own, ""))
        return any_of(equals(one, service.scheme) for one in (self.scheme, migrated))

    @cached_property
    def _schemes(self) -> tuple[str | Unknown, ...]:
        """Its scheme, and those of the services that it leads to where they differ: one of the two has to change."""
        behind = (*self.direct_services, *(service for proxy in self.proxies for service in proxy.services))
        others = known_in(service.scheme for service in behind if self.has_scheme_of(service) is False)
        return (self.scheme, *sorted(set(others)))

    def fact(self, read: Callable[[FrontKind], T], of: Proxy | None = None) -> T | Unknown | None:
        """What the table says of its kind; `UNKNOWN` while that depends on its scheme, which is not known.

        `None` while it depends on whether it or the services behind it get another scheme, as one of them has to.

        Args:
            read: what to read of a kind.
            of: a proxy whose scope counts in place of that of the rule.
        """
        scope = of.is_regional if of else self.is_regional
        found = {read(kind) for scheme in self._schemes for kind in fronts_of(scheme, is_regional=scope)}
        if len(found) == 1:
            return found.pop()
        return UNKNOWN if isinstance(self.scheme, Unknown) else None

    @property
    def network_tier(self) -> str | Unknown | None:
        """`PREMIUM` or `STANDARD`; `None` takes that of the address, else PREMIUM."""
        return self.resource.asked.string("networkTier")

    @property
    def protocol(self) -> str | Unknown:
        """The IP protocol, in capitals: `L3_DEFAULT` is any."""
        return when_known(self.resource.asked.string("ipProtocol", default=_DEFAULT_PROTOCOL), str.upper)

    @property
    def ip_version(self) -> str | Unknown | None:
        """`IPV4` or `IPV6`, if it says so."""
        return self.resource.asked.string("ipVersion")

    @property
    def has_subnetwork_or_address(self) -> bool:
        """Whether it says where its address is from, be it by what is not known yet."""
        return any(self.resource.asked.string(key) is not None for key in ("subnetwork", "ipAddress"))

    @property
    def networks_in_custom_mode(self) -> list[tuple[str, bool | Unknown]]:
        """The network that it names, if the stack makes it, by its name, and whether it makes no subnetworks itself."""
        found = (one for one in self.link("network", NETWORK_TYPES, "networks").targets if not one.is_read)
        return [(one.name, negation(one.asked.boolean("autoCreateSubnetworks", default=True))) for one in found]

    @property
    def names_ports_by(self) -> dict[str, bool | Unknown]:
        """Whether it names its ports by each of the properties for that, by their Python names."""
        asked = self.resource.asked
        return {
            "ports": when_known(asked.strings("ports"), bool),
            "port_range": when_known(asked.string("portRange"), bool),
            "all_ports": asked.boolean("allPorts", default=False),
        }

    @property
    def keeps_to_its_region(self) -> bool | Unknown:
        """Whether only clients in its region reach it, as with an internal regional rule without global access."""
        is_internal = is_in(self.scheme, INTERNAL_SCHEMES)
        shuts_out = negation(self.resource.asked.boolean("allowGlobalAccess", default=False))
        return all_of([self.is_regional, is_internal, shuts_out])

    @cached_property
    def proxy_links(self) -> Links:
        return self.link("target", PROXY_TYPES)

    @cached_property
    def proxies(self) -> tuple[Proxy, ...]:
        return tuple(Proxy.of(target, self.stack) for target in self.proxy_links.targets)

    @cached_property
    def service_links(self) -> Links:
        """The backend service that it sends packets to without a proxy."""
        return self.link("backendService", SERVICE_TYPES)

    @cached_property
    def subnetwork_links(self) -> Links:
        """The subnetwork that an internal rule has its address from."""
        return self.link("subnetwork", SUBNETWORK_TYPES)

    @property
    def subnetwork_region(self) -> str | Unknown | None:
        """The region of the subnetwork; `None` without one."""
        links = self.subnetwork_links
        (subnetwork,) = links.members or (None,)
        if isinstance(subnetwork, Reference):
            return subnetwork.region or UNKNOWN
        if subnetwork:
            return location_of(subnetwork)
        return None if links.is_complete else UNKNOWN

    @cached_property
    def direct_services(self) -> tuple[BackendService, ...]:
        return tuple(BackendService.of(target, self.stack) for target in self.service_links.targets)

    def is_classic_with(self, proxy: Proxy) -> bool | Unknown:
        """Whether it and the services behind a proxy are a classic load balancer.

        One with EXTERNAL_MANAGED services is on its way from one to the other.
        """
        return all_of([equals(self.scheme, CLASSIC_SCHEME), same(service.is_classic for service in proxy.services)])

    @cached_property
    def addresses(self) -> frozenset[str]:
        """What is known of its address: the text, and the URN of the resource that it is."""
        text = self.resource.asked.string("ipAddress")
        return frozenset([*self.resource.edges.get("ipAddress", ()), *([text] if isinstance(text, str) else ())])


def rules_of(proxy: Proxy) -> tuple[ForwardingRule, ...]:
    """The forwarding rules of the stack that send requests to a proxy."""
    users = proxy.stack.users(proxy.resource, FORWARDING_RULE_TYPES)
    return tuple(ForwardingRule.of(rule, proxy.stack) for rule in users)


def plain_proxies_beside(proxy: Proxy) -> tuple[Proxy, ...]:
    """The target HTTP proxies that certainly are at one of an HTTPS proxy's addresses."""
    addresses = frozenset(address for rule in rules_of(proxy) for address in rule.addresses)
    if not addresses:
        return ()
    rules = (ForwardingRule.of(rule, proxy.stack) for rule in proxy.stack.of_types(FORWARDING_RULE_TYPES))
    found = (other for rule in rules if rule.addresses & addresses for other in rule.proxies)
    return tuple(other for other in found if other.kind == "HTTP")
