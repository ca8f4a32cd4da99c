"""Firewall rules: those of VPC networks and those of network firewall policies, global and regional."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.firewalls.firewall_policy import governs
from policypack.model.firewalls.sources import address_groups, is_absent, policy_sources, vpc_sources
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    FIREWALL_POLICY_RULE_TYPES,
    FIREWALL_POLICY_WITH_RULES,
    FIREWALL_TYPES,
    NETWORK_TYPES,
    WITH_RULES_TYPES,
)
from policypack.model.graph.view import View
from policypack.model.machines.service_account import Accounts, account_of, accounts_in
from policypack.model.network.placement import Endpoint
from policypack.model.values.logic import all_of, any_of, equals, is_in, known_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.ranges import Ranges, parse_ranges
from policypack.model.values.values import UNKNOWN, Unknown

# The provider's default of a VPC rule's priority; a policy's rules have to set theirs.
_DEFAULT_PRIORITY: Final = 1000
_TCP: Final = ("tcp", "6", "all")
# What narrows a policy rule's sources to traffic that is not from the internet:
# https://cloud.google.com/firewall/docs/network-scopes
_INTERNAL_SCOPES: Final = ("NON_INTERNET", "INTRA_VPC", "VPC_NETWORKS")


@dataclass(frozen=True)
class Targets:
    """The machines that a rule applies to; all of the network if it names none.

    Attributes:
        tags: network tags.
        accounts: service accounts; `None` if it names none.
        secure_tags: the values of secure tags, such as `tagValues/123`.
        are_machines: it applies to machines, not to the proxies of load balancers.
    """

    tags: list[str | Unknown] | Unknown
    accounts: Accounts | Unknown | None
    secure_tags: list[str | Unknown] | Unknown
    are_machines: bool | Unknown

    @property
    def are_by_account(self) -> bool:
        """Whether it names service accounts, and its tags are known."""
        return self.accounts is not None and not isinstance(self.tags, Unknown)

    @property
    def only_tags(self) -> frozenset[str] | None:
        """The network tags of which a machine has to have one; `None` if they are not all known, or not all that is.

        What has secure tags has no network tags.
        """
        known = known_in(self.tags)
        if self.accounts is not None or not known or isinstance(self.tags, Unknown) or len(known) < len(self.tags):
            return None
        return frozenset(known)

    def include(self, stack: Stack, machine: Resource | None) -> bool | Unknown:
        named = any_of(self._matches(stack, machine))
        all_machines = is_absent(self.tags) and self.accounts is None and is_absent(self.secure_tags)
        return all_of([self.are_machines, True if all_machines else named])

    def _matches(self, stack: Stack, machine: Resource | None) -> Iterator[bool | Unknown]:
        if isinstance(self.tags, Unknown) or isinstance(self.accounts, Unknown):
            # The list may turn out to be empty, and then it names all machines.
            yield UNKNOWN
        if not is_absent(self.tags):
            yield _overlap(self.tags, UNKNOWN if machine is None else machine.asked.strings("tags"))
        if isinstance(self.accounts, Accounts):
            account = UNKNOWN if machine is None else account_of(stack, machine)
            yield False if account is None else when_known(account, self.accounts.include)
        if not is_absent(self.secure_tags):
            # A tag can be bound to a machine in other ways than by its template, so nothing excludes it.
            yield True if machine and _overlap(self.secure_tags, _secure_tags_of(machine)) is True else UNKNOWN


@dataclass(frozen=True)
class FirewallRule:
    """One rule, of either kind.

    Attributes:
        label: what to call it: the name of its resource, and its place in a policy that has several.
        resource: the resource that it is, or is part of.
        is_ingress: it is about traffic to machines.
        is_enabled: it is enforced.
        action: `allow`, `deny`, `goto_next` or `apply_security_profile_group`.
        priority: lower numbers go first.
        sources: where traffic that it matches comes from.
        scopes: what narrows the sources to a kind of network, such as `INTERNET`.
        has_any_destination: it matches traffic to any address of the machines that it applies to.
        layers: the protocols and ports that it matches.
        protocol_key: the property with a layer's protocol.
        targets: the machines that it applies to.
    """

    label: str
    resource: Resource
    is_ingress: bool | Unknown
    is_enabled: bool | Unknown
    action: str | Unknown
    priority: float | Unknown
    sources: Ranges
    scopes: list[str] | Unknown
    has_any_destination: bool | Unknown
    layers: list[Properties] | Unknown
    protocol_key: str
    targets: Targets

    @property
    def admits(self) -> bool | Unknown:
        """Whether it lets traffic in: an enabled ingress rule that allows, after an inspection or without."""
        is_allowed = is_in(self.action, ("allow", "apply_security_profile_group"))
        return all_of([self.is_ingress, self.is_enabled, is_allowed])

    @property
    def is_internal(self) -> bool | Unknown:
        """Whether it matches nothing from the internet, whatever its sources are."""
        return when_known(self.scopes, lambda scopes: any(scope in _INTERNAL_SCOPES for scope in scopes))

    @property
    def sources_property(self) -> str:
        return "source_ranges" if self.resource.type in FIREWALL_TYPES else "src_ip_ranges"

    @property
    def targets_property(self) -> str:
        """The input property with the tags of the machines that it applies to."""
        return "target_tags" if self.resource.type in FIREWALL_TYPES else "target_secure_tags"

    def matches_tcp(self, port: int | Unknown) -> bool | Unknown:
        return when_known(self.layers, lambda layers: any_of(self._layer_matches(layer, port) for layer in layers))

    def _layer_matches(self, layer: Properties, port: int | Unknown) -> bool | Unknown:
        protocol = layer.string(self.protocol_key)
        if protocol is None or isinstance(protocol, Unknown):
            return UNKNOWN
        if protocol.lower() not in _TCP:
            return False
        ports = layer.value("ports")
        if is_absent(ports) or protocol.lower() == "all":
            return True
        if not isinstance(ports, list) or isinstance(port, Unknown):
            return UNKNOWN
        return any_of(_is_within(port, range_) for range_ in ports)

    def applies_to(self, stack: Stack, endpoint: Endpoint) -> bool | Unknown:
        """Whether it is among the rules for these machines, by their network, region, tags and service account."""
        is_target = self.targets.include(stack, endpoint.machine)
        if is_target is False:
            return False
        networks = (
            (network, governs(stack, self.resource, network, endpoint)) for network in stack.of_types(NETWORK_TYPES)
        )
        is_there = any_of(
            all_of([is_governed, any_of(place.is_in(network) for place in endpoint.places)])
            for network, is_governed in networks
            if is_governed is not False
        )
        return all_of([is_there, is_target, self.has_any_destination])


class Firewall(View):
    """What holds firewall rules: a VPC firewall rule, a rule of a policy, or a policy with its rules.

    Those of hierarchical policies can be read as well, but are not on the serving path of any service.
    """

    TYPES = (*FIREWALL_TYPES, *FIREWALL_POLICY_RULE_TYPES, *WITH_RULES_TYPES)

    @cached_property
    def rules(self) -> tuple[FirewallRule, ...] | Unknown:
        if self.resource.type in FIREWALL_TYPES:
            return (_vpc_rule(self.stack, self.resource),)
        if self.resource.type not in (*WITH_RULES_TYPES, FIREWALL_POLICY_WITH_RULES):
            return (_policy_rule(self.stack, self.resource, self.resource.asked, self.name),)
        rules = self.resource.asked.objects("rules")
        if isinstance(rules, Unknown):
            return UNKNOWN
        named = ((asked, f"{self.name}.rules[{number}]") for number, asked in enumerate(rules))
        return tuple(_policy_rule(self.stack, self.resource, *item) for item in named)


def _vpc_rule(stack: Stack, resource: Resource) -> FirewallRule:
    asked = resource.asked
    action, layers = _action_of(asked)
    emails = asked.strings("targetServiceAccounts")
    return FirewallRule(
        label=resource.name,
        resource=resource,
        is_ingress=_is_ingress(asked),
        is_enabled=negation(asked.boolean("disabled")),
        action=action,
        priority=asked.number("priority", default=_DEFAULT_PRIORITY),
        sources=vpc_sources(asked),
        scopes=[],
        has_any_destination=_covers_all(asked.strings("destinationRanges")),
        layers=layers,
        protocol_key="protocol",
        targets=Targets(
            asked.strings("targetTags"),
            _accounts(stack, resource, "targetServiceAccounts", emails),
            secure_tags=[],
            are_machines=True,
        ),
    )


def _action_of(asked: Properties) -> tuple[str | Unknown, list[Properties] | Unknown]:
    """A VPC rule has protocols to allow or to deny, never both."""
    allows, denies = asked.objects("allows"), asked.objects("denies")
    if isinstance(allows, Unknown) or isinstance(denies, Unknown):
        # Left out of outputs alone means not read; next to the other one it is not set.
        if is_absent(denies):
            return "allow", allows
        return ("deny", denies) if is_absent(allows) else (UNKNOWN, UNKNOWN)
    return ("allow", allows) if allows else ("deny", denies) if denies else (UNKNOWN, UNKNOWN)


def _policy_rule(stack: Stack, resource: Resource, asked: Properties, label: str) -> FirewallRule:
    key = "targetServiceAccounts"
    match = asked.block("match") if asked.object("match") is not None else Properties(UNKNOWN)
    # The dependency edges of a policy with rules are those of all its rules.
    edges = key if asked is resource.asked else "rules"
    emails, tags = asked.strings(key), asked.objects("targetSecureTags")
    return FirewallRule(
        label=label,
        resource=resource,
        is_ingress=_is_ingress(asked),
        is_enabled=negation(asked.boolean("disabled")),
        action=when_known(asked.string("action", default=UNKNOWN), str.lower),
        priority=asked.number("priority", default=UNKNOWN),
        sources=policy_sources(match, address_groups(stack, resource, match, whole=asked is resource.asked)),
        scopes=_scopes(match),
        # A rule of a hierarchical policy may be for some networks only.
        has_any_destination=_has_any_destination(match) if is_absent(asked.value("targetResources")) else UNKNOWN,
        layers=match.objects("layer4Configs"),
        protocol_key="ipProtocol",
        targets=Targets(
            [],
            _accounts(stack, resource, edges, emails),
            when_known(tags, lambda given: [tag.string("name", default=UNKNOWN) for tag in given]),
            equals(asked.string("targetType", default="INSTANCES"), "INSTANCES"),
        ),
    )


def _accounts(
    stack: Stack, resource: Resource, key: str, emails: list[str | Unknown] | Unknown
) -> Accounts | Unknown | None:
    return when_known(emails, lambda given: accounts_in(stack, resource, key, given) if given else None)


def _scopes(match: Properties) -> list[str] | Unknown:
    found = [match.string(key, default="UNSPECIFIED") for key in ("srcNetworkScope", "srcNetworkContext")]
    known = known_in(found)
    return [scope for scope in known if scope != "UNSPECIFIED"] if len(known) == len(found) else UNKNOWN


def _has_any_destination(match: Properties) -> bool | Unknown:
    others = ("destAddressGroups", "destFqdns", "destRegionCodes", "destThreatIntelligences")
    scopes = [match.string(key) for key in ("destNetworkScope", "destNetworkContext")]
    narrowed = [match.value(key) for key in others]
    if not all(is_absent(value) for value in narrowed):
        return UNKNOWN
    if any(isinstance(scope, Unknown) or scope not in (None, "UNSPECIFIED") for scope in scopes):
        return UNKNOWN
    return _covers_all(match.strings("destIpRanges"))


def _covers_all(ranges: list[str | Unknown] | Unknown) -> bool | Unknown:
    """Whether destination ranges leave no address out; the machines' own addresses are not known."""
    if is_absent(ranges):
        return True
    return True if any(range_.prefixlen == 0 for range_ in parse_ranges(ranges).certain) else UNKNOWN


def _is_ingress(asked: Properties) -> bool | Unknown:
    return when_known(asked.string("direction", default="INGRESS"), lambda direction: direction.upper() == "INGRESS")


def _is_within(port: int, range_: object) -> bool | Unknown:
    first, dash, last = (range_ if isinstance(range_, str) else str(range_)).partition("-")
    if range_ is UNKNOWN or not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
        return UNKNOWN
    return int(first) <= port <= int(last if dash else first)


def _overlap(one: list[str | Unknown] | Unknown, other: list[str | Unknown] | Unknown) -> bool | Unknown:
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return False if is_absent(one) or is_absent(other) else UNKNOWN
    mine, theirs = ({item for item in items if isinstance(item, str)} for items in (one, other))
    if mine & theirs or not one or not other:
        return bool(mine & theirs)
    return False if all(isinstance(item, str) for item in (*one, *other)) else UNKNOWN


def known_tags(machine: Resource) -> frozenset[str] | None:
    """The network tags of a machine; `None` if they are not all known."""
    tags = machine.asked.strings("tags")
    known = known_in(tags)
    return None if isinstance(tags, Unknown) or len(known) < len(tags) else frozenset(known)


def _secure_tags_of(machine: Resource) -> list[str | Unknown] | Unknown:
    tags = machine.asked.value("resourceManagerTags")
    return [item if isinstance(item, str) else UNKNOWN for item in tags.values()] if isinstance(tags, dict) else []
