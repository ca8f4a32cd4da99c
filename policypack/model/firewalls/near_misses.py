"""The firewall rule that comes nearest to letting connections through, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from policypack.model.firewalls.firewall import Firewall, FirewallRule
from policypack.model.firewalls.firewall_policy import governs
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.network.placement import Endpoint
from policypack.model.values.logic import is_in
from policypack.model.values.ranges import Range, within, without
from policypack.model.values.values import Unknown

# In the order in which one is taken for what was meant: nearest first.
_LACKS: Final = ("priority", "sources", "port", "enabled", "targets", "network", "direction")


@dataclass(frozen=True)
class NearMiss:
    """A rule that lets connections through but for one thing.

    Attributes:
        rule: the rule.
        lacks: what that is: `priority` (another rule denies them first), `sources`, `port`, `enabled`, `targets`,
            `network` or `direction`.
        missed: the sources that it lacks.
    """

    rule: FirewallRule
    lacks: str
    missed: tuple[Range, ...] = ()


def nearest_miss(
    stack: Stack, network: Resource, endpoint: Endpoint, port: int | Unknown, sources: Sequence[Range]
) -> NearMiss | None:
    """The rule that would let TCP connections from `sources` reach a port but for one thing; `None` if none would."""
    found = [
        miss
        for resource in stack.of_types(Firewall.TYPES)
        for rule in _rules(Firewall.of(resource, stack))
        for miss in _miss(stack, rule, network, endpoint, port=port, sources=sources)
    ]
    # A rule for the very sources in question was meant for them, rather than one for others.
    order = sorted(found, key=lambda miss: (_is_for_others(miss, sources), _LACKS.index(miss.lacks), miss.rule.label))
    return order[0] if order else None


def _rules(view: Firewall) -> tuple[FirewallRule, ...]:
    return () if isinstance(view.rules, Unknown) else view.rules


def _miss(
    stack: Stack,
    rule: FirewallRule,
    network: Resource,
    endpoint: Endpoint,
    *,
    port: int | Unknown,
    sources: Sequence[Range],
) -> Iterator[NearMiss]:
    missed = without(sources, rule.sources.certain)
    conditions = {
        "network": governs(stack, rule.resource, network, endpoint),
        "direction": rule.is_ingress,
        "enabled": rule.is_enabled,
        "targets": rule.targets.include(stack, endpoint.machine),
        "port": rule.matches_tcp(port),
        "sources": not missed,
    }
    false = [name for name, holds in conditions.items() if holds is False]
    is_certain = all(isinstance(holds, bool) for holds in conditions.values())
    if not is_certain or len(false) > 1 or is_in(rule.action, ("allow",)) is not True or not rule.sources.is_known:
        return
    yield NearMiss(rule, false[0] if false else "priority", missed)


def _is_for_others(miss: NearMiss, sources: Sequence[Range]) -> bool:
    return not within(sources, miss.rule.sources.certain)
