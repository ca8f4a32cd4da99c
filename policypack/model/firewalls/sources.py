"""Where the traffic that a firewall rule matches comes from."""

from __future__ import annotations

from typing import Final

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import ADDRESS_GROUP
from policypack.model.values.properties import Properties
from policypack.model.values.ranges import EVERYWHERE, NOT_KNOWN, NOWHERE, Ranges, parse_ranges
from policypack.model.values.values import Unknown

# Sources whose addresses the program does not show.
_OPAQUE_SOURCES: Final = ("srcFqdns", "srcRegionCodes", "srcThreatIntelligences")


def vpc_sources(asked: Properties) -> Ranges:
    """Tags and service accounts among the sources name machines of the network, which no range is needed for.

    Without any source a rule admits any IPv4 address: https://cloud.google.com/firewall/docs/firewalls#sources
    """
    ranges = asked.strings("sourceRanges")
    if not is_absent(ranges):
        return parse_ranges(ranges)
    others = [asked.strings(key) for key in ("sourceTags", "sourceServiceAccounts")]
    if all(is_absent(other) for other in others):
        return parse_ranges(["0.0.0.0/0"])
    return NOWHERE if any(isinstance(other, list) and other for other in others) else NOT_KNOWN


def policy_sources(match: Properties, groups: Ranges) -> Ranges:
    """The sources of a policy's rule add up, those of address groups too; one without any is taken as open to all.

    https://cloud.google.com/firewall/docs/firewall-policies-rule-details#sources
    """
    ranges = match.strings("srcIpRanges")
    others = [match.value(key) for key in ("srcSecureTags", "srcNetworks", "srcAddressGroups")]
    opaque = [match.value(key) for key in _OPAQUE_SOURCES]
    if all(is_absent(source) for source in (ranges, *others, *opaque)):
        return Ranges(EVERYWHERE, EVERYWHERE)
    found = parse_ranges(ranges)
    certain = (*found.certain, *groups.certain)
    is_known = found.is_known and groups.is_known and all(is_absent(source) for source in opaque)
    return Ranges(certain, certain if is_known else EVERYWHERE)


def address_groups(stack: Stack, resource: Resource, match: Properties, *, whole: bool) -> Ranges:
    """The addresses in the address groups that a rule names, where all of these are in the stack.

    Args:
        stack: the stack.
        resource: what holds the rule.
        match: what it matches.
        whole: the resource is that rule, and has no others.
    """
    given = match.strings("srcAddressGroups")
    if is_absent(given):
        return NOWHERE
    if isinstance(given, Unknown):
        return NOT_KNOWN
    by_id = {group.result.string("id"): group for group in stack.of_types([ADDRESS_GROUP]) if _has_id(group)}
    named = [by_id.get(name) for name in given if isinstance(name, str)]
    unknown = sum(isinstance(name, Unknown) for name in given)
    # Those that are still to be created are the ones that the property is computed from.
    sources = [stack.by_urn(urn) for urn in resource.edges.get("match" if whole else "rules", ())]
    new = [source for source in sources if source is not None and source.type == ADDRESS_GROUP]
    new = [group for group in new if group not in named]
    if None in named or (unknown and len(new) != unknown):
        return NOT_KNOWN
    found = [parse_ranges(group.asked.strings("items")) for group in (*named, *new) if group is not None]
    certain = tuple(range_ for one in found for range_ in one.certain)
    return Ranges(certain, certain if all(one.is_known for one in found) else EVERYWHERE)


def _has_id(resource: Resource) -> bool:
    return isinstance(resource.result.string("id"), str)


def is_absent(value: object) -> bool:
    """A property is left out; an empty list is."""
    return value is None or (isinstance(value, list) and not value)
