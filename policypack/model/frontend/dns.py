"""Regional load balancers that Cloud DNS joins: records that answer with the addresses of those that are healthy.

https://cloud.google.com/dns/docs/routing-policies-overview: a geolocation, weighted round robin or failover policy
leaves out targets that fail their health checks: internal load balancers, whose own health counts, and external
endpoints, if the policy has a health check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend_service import BackendService, regions_of
from policypack.model.graph.path import services_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import ADDRESS, FORWARDING_RULE_TYPES, GLOBAL_ADDRESS, RECORD_SET, SERVICE_TYPES
from policypack.model.values.bounds import DistinctCount
from policypack.model.values.logic import equals, known_in
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

_ADDRESS_TYPES: Final = (ADDRESS, GLOBAL_ADDRESS)
_SOURCE_TYPES: Final = (*_ADDRESS_TYPES, *FORWARDING_RULE_TYPES)


@dataclass(frozen=True)
class _Joined:
    """The services that one record joins: those that it certainly answers with, and those that it may."""

    certain: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Targets:
    """The addresses in a routing policy that are left out while they are unhealthy, and whether there may be more."""

    addresses: tuple[str | Unknown, ...]
    has_more: bool


@dataclass(frozen=True)
class _Found:
    """The forwarding rules at the addresses that a record leaves out while they are unhealthy.

    Attributes:
        named: those at each address that is known.
        others: those that the policy comes from besides, the rules at one address together.
        unknown: how many addresses are not known.
        has_more: whether there may be more addresses.
    """

    named: dict[str, list[Resource]]
    others: tuple[tuple[Resource, ...], ...]
    unknown: int
    has_more: bool

    @property
    def is_settled(self) -> bool:
        """Whether each of the others is at one of the unknown addresses: there are as many, and there is no more."""
        return len(self.others) <= self.unknown and not self.has_more


@dataclass(frozen=True)
class Lead:
    """Health-checked targets of a record, and the forwarding rules at the address of one of them.

    Attributes:
        record: the record's name.
        targets: the targets one of which leads there: several while their addresses are not known.
        rules: the forwarding rules.
        is_certain: whether one of the targets has the address of the rules.
    """

    record: str
    targets: tuple[Properties, ...]
    rules: tuple[Resource, ...]
    is_certain: bool


def leads_to(stack: Stack, rule: Resource) -> list[Lead]:
    """The targets of records that lead, or may lead, to a forwarding rule as an internal load balancer."""
    return [lead for lead in _leads(stack) if rule in lead.rules]


@per_stack
def _leads(stack: Stack) -> tuple[Lead, ...]:
    return tuple(lead for record in stack.of_types([RECORD_SET]) for lead in _leads_of(stack, record))


def _leads_of(stack: Stack, record: Resource) -> Iterator[Lead]:
    policy = record.asked.object("routingPolicy")
    if policy is None or isinstance(policy, Unknown):
        return
    lists = [block.objects("internalLoadBalancers") for block in known_in(_target_blocks(policy))]
    named, unnamed = dict[str, list[Properties]](), list[Properties]()
    for target in (target for listed in known_in(lists) for target in listed):
        address = _address(target)
        (unnamed if isinstance(address, Unknown) else named.setdefault(address, [])).append(target)
    found = _found(stack, record, policy)
    for address, targets in named.items():
        yield Lead(record.name, tuple(targets), tuple(found.named[address]), is_certain=True)
    # An unknown address of another kind may be that of any of the rules.
    is_certain = found.is_settled and len(unnamed) == found.unknown
    for rules in found.others if unnamed else ():
        yield Lead(record.name, tuple(unnamed), rules, is_certain)


def regions_joined_by_dns(service: BackendService) -> DistinctCount:
    """The regions that a service serves from together with those that records of the stack join it with."""
    joined = [found for found in _joined(service.stack) if service.urn in found.certain]
    doubtful = [
        found for found in _joined(service.stack) if service.urn in found.possible and service.urn not in found.certain
    ]
    certain = {service.urn}.union(*(found.certain for found in joined))
    possible = set[str]().union(*(found.possible for found in joined))
    possible |= set[str]().union(*(found.certain | found.possible for found in doubtful))
    return regions_of(_services(service.stack, certain), _services(service.stack, possible - certain))


def _services(stack: Stack, urns: Iterable[str]) -> list[BackendService]:
    found = (stack.by_urn(urn) for urn in sorted(urns))
    return [BackendService.of(one, stack) for one in found if one]


@per_stack
def _joined(stack: Stack) -> tuple[_Joined, ...]:
    return tuple(_joined_by(stack, record) for record in stack.of_types([RECORD_SET]))


def _joined_by(stack: Stack, record: Resource) -> _Joined:
    policy = record.asked.object("routingPolicy")
    if policy is None:
        return _Joined()
    found = _found(stack, record, policy)
    named = [rule for rules in found.named.values() for rule in rules]
    others = [rule for rules in found.others for rule in rules] if found.unknown or found.has_more else []
    if found.is_settled:
        return _Joined(_services_behind(stack, [*named, *others]))
    return _Joined(_services_behind(stack, named), _services_behind(stack, others))


def _found(stack: Stack, record: Resource, policy: Properties | Unknown) -> _Found:
    """The forwarding rules at the addresses of a routing policy: by the address, or as what the policy comes from."""
    targets = _Targets((), has_more=True) if isinstance(policy, Unknown) else _healthy_targets(policy)
    named = {address: _rules_with(stack, address) for address in known_in(targets.addresses)}
    certain = {rule for rules in named.values() for rule in rules}
    others = tuple(rules for rules in _fronts_of(stack, record) if rules and not certain.issuperset(rules))
    return _Found(named, others, len(targets.addresses) - len(known_in(targets.addresses)), targets.has_more)


def _fronts_of(stack: Stack, record: Resource) -> tuple[tuple[Resource, ...], ...]:
    """The forwarding rules that a routing policy comes from, those at one address together."""
    sources = [stack.by_urn(urn) for urn in record.edges.get("routingPolicy", ())]
    fronts = (_rules_of(stack, source) for source in sources if source and source.type in _SOURCE_TYPES)
    return tuple(dict.fromkeys(fronts))


def _healthy_targets(policy: Properties) -> _Targets:
    found = list(_target_blocks(policy))
    has_check = policy.value("healthCheck") is not None
    addresses = list[str | Unknown]()
    for block in found:
        if isinstance(block, Unknown):
            continue
        balancers, endpoints = block.objects("internalLoadBalancers"), block.strings("externalEndpoints")
        addresses += [] if isinstance(balancers, Unknown) else [_address(one) for one in balancers]
        addresses += endpoints if has_check and not isinstance(endpoints, Unknown) else []
    has_more = any(
        isinstance(block, Unknown)
        or block.value("internalLoadBalancers") is UNKNOWN
        or (has_check and block.value("externalEndpoints") is UNKNOWN)
        for block in found
    )
    return _Targets(tuple(addresses), has_more)


def _address(balancer: Properties) -> str | Unknown:
    return balancer.string("ipAddress", default=UNKNOWN)


def _target_blocks(policy: Properties) -> Iterator[Properties | Unknown]:
    """The blocks of health-checked targets that stand in for each other."""
    backup = policy.block("primaryBackup")
    yield from _existing([backup.object("primary")])
    yield from _blocks_in(backup.objects("backupGeos"))
    yield from _blocks_in(policy.objects("wrrs"))
    is_fenced = policy.boolean("enableGeoFencing", default=False)
    if is_fenced is False:
        yield from _blocks_in(policy.objects("geos"))
    elif isinstance(is_fenced, Unknown):
        yield UNKNOWN


def _blocks_in(items: list[Properties] | Unknown) -> Iterator[Properties | Unknown]:
    if isinstance(items, Unknown):
        yield UNKNOWN
    else:
        # What a weight of 0 keeps out may never be answered with.
        yield from _existing(
            item.object("healthCheckedTargets") if equals(item.number("weight"), 0) is False else UNKNOWN
            for item in items
        )


def _existing(blocks: Iterable[Properties | Unknown | None]) -> Iterator[Properties | Unknown]:
    return (block for block in blocks if block is not None)


def _rules_of(stack: Stack, source: Resource) -> tuple[Resource, ...]:
    return stack.users(source, FORWARDING_RULE_TYPES) if source.type in _ADDRESS_TYPES else (source,)


def _rules_with(stack: Stack, address: str) -> list[Resource]:
    return [rule for rule in stack.of_types(FORWARDING_RULE_TYPES) if _has_address(stack, rule, address)]


def _has_address(stack: Stack, rule: Resource, address: str) -> bool:
    reserved = [used for used in stack.uses(rule) if used.type in _ADDRESS_TYPES]
    shown = [(rule, "ipAddress"), *((one, "address") for one in reserved)]
    found = (values.string(key) for one, key in shown for values in (one.asked, one.result))
    return any(equals(value, address) is True for value in found)


def _services_behind(stack: Stack, rules: Iterable[Resource]) -> frozenset[str]:
    return frozenset(
        service.urn for rule in rules for service in services_of(stack, rule) if service.type in SERVICE_TYPES
    )
