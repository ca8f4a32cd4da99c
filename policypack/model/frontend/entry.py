"""The entries of an internal load balancer: a forwarding rule in each region, with its proxies and its DNS records.

https://cloud.google.com/load-balancing/docs/l7-internal/setting-up-l7-cross-reg-internal
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.graph.path import on_path
from policypack.model.graph.reference import region_of, region_setting
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES, NETWORK_TYPES, RECORD_SET, SUBNETWORK_TYPES
from policypack.model.graph.view import View
from policypack.model.values.bounds import DistinctCount, count_distinct
from policypack.model.values.logic import all_of, any_of, equals, is_in, known_in, negation
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# Where the proxies of a cross-region internal load balancer take addresses from, and those of regional ones:
# https://cloud.google.com/load-balancing/docs/proxy-only-subnets
# INTERNAL_HTTPS_LOAD_BALANCER is what REGIONAL_MANAGED_PROXY was called before.
_CROSS_REGION: Final = ("GLOBAL_MANAGED_PROXY",)
_OF_REGION: Final = ("REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER")


class Entry(ForwardingRule):
    """A global forwarding rule of an internal load balancer; its subnetwork says in which region it is."""

    PURPOSES: ClassVar[tuple[str, ...]] = _CROSS_REGION
    OTHER_PURPOSES: ClassVar[tuple[str, ...]] = _OF_REGION

    @cached_property
    def own_region(self) -> str | Unknown:
        return UNKNOWN if self.subnetwork_region is None else self.subnetwork_region

    @cached_property
    def network(self) -> Resource | None:
        """Its network, if this stack makes it."""
        subnetworks = self.link("subnetwork", SUBNETWORK_TYPES).targets
        named = [self.link("network", NETWORK_TYPES, "networks").targets]
        named += [_ProxySubnetwork.of(one, self.stack).networks for one in subnetworks]
        return next((network for found in named for network in found if not network.is_read), None)

    @property
    def has_proxies(self) -> bool | Unknown:
        """Whether its network has proxies of such load balancers in its region."""
        return any_of(all_of([one.is_beside(self), one.gives_addresses(self.PURPOSES)]) for one in self._subnetworks)

    @property
    def other_proxy_subnetworks(self) -> tuple[str, ...]:
        """The names of the subnetworks beside it that are for proxies of regional instead of cross-region ones.

        Or the other way round.
        """
        found = [one for one in self._subnetworks if one.is_beside(self) is True]
        return tuple(one.name for one in found if is_in(one.purpose, self.OTHER_PURPOSES) is True)

    @property
    def _subnetworks(self) -> tuple[_ProxySubnetwork, ...]:
        return tuple(_ProxySubnetwork.of(one, self.stack) for one in self.stack.of_types(SUBNETWORK_TYPES))

    @property
    def records(self) -> tuple[Resource, ...]:
        """The DNS records of the stack that lead to its address."""
        return tuple(record for record in self.stack.of_types([RECORD_SET]) if self._is_in(record))

    def _is_in(self, record: Resource) -> bool:
        sources = {urn for key in ("rrdatas", "routingPolicy") for urn in record.edges.get(key, ())}
        return bool(sources & {self.urn, *self.addresses}) or bool(self._known_addresses & _addresses_in(record))

    @property
    def _known_addresses(self) -> set[str]:
        address = self.resource.result.string("ipAddress")
        return {address} if isinstance(address, str) else set()

    @property
    def other_locations(self) -> tuple[str, ...]:
        """The regions whose clients a geo policy certainly leads to this entry alone, which is in another."""
        here = self.own_region
        found = (_locations_of(record, self._known_addresses) for record in self.records)
        locations = {location for some in found for location in some}
        return () if isinstance(here, Unknown) else tuple(sorted(locations - {here}))


class RegionalEntry(Entry):
    """A regional forwarding rule of a load balancer with proxies of Envoy, external or internal."""

    PURPOSES = _OF_REGION
    OTHER_PURPOSES = _CROSS_REGION

    @cached_property
    def own_region(self) -> str | Unknown:
        return self.region


class _ProxySubnetwork(View):
    """A subnetwork, as far as proxies need it."""

    TYPES = SUBNETWORK_TYPES

    @property
    def networks(self) -> tuple[Resource, ...]:
        return self.link("network", NETWORK_TYPES, "networks").targets

    @property
    def purpose(self) -> str | Unknown:
        return self.resource.asked.string("purpose", default="PRIVATE")

    def gives_addresses(self, purposes: tuple[str, ...]) -> bool | Unknown:
        """Whether proxies whose subnetworks have one of some purposes take addresses from it; none do from a backup."""
        is_backup = equals(self.resource.asked.string("role"), "BACKUP")
        return all_of([is_in(self.purpose, purposes), negation(is_backup)])

    def is_beside(self, entry: Entry) -> bool | Unknown:
        """Whether it is in the network and the region of an entry."""
        region = region_setting(self.resource)
        here = entry.own_region
        is_near = equals(region, here)
        network = entry.network
        links = self.link("network", NETWORK_TYPES, "networks")
        return all_of([is_near, UNKNOWN if network is None else links.includes(network)])


def entries_of(service: BackendService) -> tuple[Entry, ...]:
    """The forwarding rules of the stack that lead to a service."""
    found = on_path(service.stack, service.resource, FORWARDING_RULE_TYPES)
    return tuple(Entry.of(rule, service.stack) for rule in found)


def regions_of(entries: tuple[Entry, ...]) -> DistinctCount:
    """The regions that entries are in."""
    known = known_in(entry.own_region for entry in entries)
    return count_distinct(known, len(entries) - len(known), None)


def _addresses_in(record: Resource) -> set[str]:
    """The addresses that a record certainly has."""
    policy, found = record.asked.block("routingPolicy"), set(known_in(record.asked.strings("rrdatas")))
    for item in (*known_in(policy.objects("geos")), *known_in(policy.objects("wrrs"))):
        found |= _addresses_of(item)
    return found


def _addresses_of(item: Properties) -> set[str]:
    balancers = item.block("healthCheckedTargets").objects("internalLoadBalancers")
    checked = [one.string("ipAddress") for one in known_in(balancers)]
    texts = [*known_in(item.strings("rrdatas")), *known_in(one for one in checked if one is not None)]
    return set(texts)


def _locations_of(record: Resource, addresses: set[str]) -> Iterator[str]:
    for geo in known_in(record.asked.block("routingPolicy").objects("geos")):
        location = geo.string("location")
        if addresses and _addresses_of(geo) == addresses and isinstance(location, str):
            yield region_of(location)
