"""What firewall rules do to connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from policypack.model.firewalls.firewall import Firewall, FirewallRule
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    HIERARCHICAL_ASSOCIATION_TYPES,
    HIERARCHICAL_POLICY_TYPES,
    HIERARCHICAL_RULE_TYPES,
)
from policypack.model.network.placement import Endpoint
from policypack.model.values.logic import all_of
from policypack.model.values.ranges import EVERYWHERE, Range, Ranges, within
from policypack.model.values.values import UNKNOWN, Unknown

_FIRST: Final = -1


@dataclass(frozen=True)
class Effect:
    """What a rule does to connections from these ranges."""

    label: str
    action: str | Unknown
    priority: float | Unknown
    sources: Ranges

    @property
    def is_certain(self) -> bool:
        is_known = not isinstance(self.action, Unknown) and not isinstance(self.priority, Unknown)
        return is_known and self.sources.is_known and self.action in ("allow", "deny", "goto_next")

    def steps(self, *, hopeful: bool) -> tuple[float, tuple[tuple[str, tuple[Range, ...]], ...]]:
        """When it acts, and what it does: as much as it can for the connections if hopeful, against them if not."""
        priority = _FIRST if isinstance(self.priority, Unknown) else self.priority
        certain = () if isinstance(self.priority, Unknown) else self.sources.certain
        guess = "allow" if hopeful else "deny"
        if isinstance(self.action, Unknown):
            return priority, ((guess, self.sources.possible),)
        if self.action == "goto_next":
            return priority, (("goto_next", certain), (guess, self.sources.possible))
        if self.action in ("allow", "deny"):
            return priority, ((self.action, self.sources.possible if self.action == guess else certain),)
        return priority, ((guess, self.sources.possible),)


Layer: TypeAlias = Sequence[Effect]


def effect_of(
    stack: Stack, rule: FirewallRule, endpoint: Endpoint, port: int | Unknown, is_there: bool | Unknown
) -> Effect:
    """What a rule does to connections to a port of these machines; nothing if it is not about them."""
    applies = all_of(
        [
            is_there,
            rule.is_ingress,
            rule.is_enabled,
            rule.matches_tcp(port),
            rule.targets.include(stack, endpoint.machine),
            rule.has_any_destination,
        ]
    )
    # Whether probes are traffic of a scope is not documented for each of them.
    is_certain = applies is True and not isinstance(rule.scopes, Unknown) and not rule.scopes
    possible = () if applies is False else rule.sources.possible
    certain = rule.sources.certain if is_certain else ()
    return Effect(f"`{rule.label}`", rule.action, rule.priority, Ranges(certain, possible))


def relevant(layer: Layer, traffic: tuple[Range, ...]) -> list[Effect]:
    """The effects on this traffic."""
    cut = [
        Effect(
            effect.label,
            effect.action,
            effect.priority,
            Ranges(within(traffic, effect.sources.certain), within(traffic, effect.sources.possible)),
        )
        for effect in layer
    ]
    return [effect for effect in cut if effect.sources.possible]


def hierarchical_layer(stack: Stack, endpoint: Endpoint, port: int | Unknown) -> tuple[list[Effect], tuple[str, ...]]:
    """What policies of folders and the organization do to connections if they apply, and what they are called.

    They act before all others. Which projects are below a folder is nothing that a stack shows, so that each may apply
    or not: https://cloud.google.com/firewall/docs/firewall-policies. Nothing if the stack has nothing of any.
    """
    policies, holders = stack.of_types(HIERARCHICAL_POLICY_TYPES), stack.of_types(HIERARCHICAL_RULE_TYPES)
    parts = dict.fromkeys((*policies, *holders, *stack.of_types(HIERARCHICAL_ASSOCIATION_TYPES)))
    names = tuple(f"`{part.name}`" for part in parts)
    found = [Firewall.of(holder, stack).rules for holder in holders]
    rules = [rule for one in found if not isinstance(one, Unknown) for rule in one]
    # Of several policies it is not known which apply, and without its rules one may do anything.
    may_do_anything = not rules or any(isinstance(one, Unknown) for one in found)
    is_whole = len(policies) <= 1 and not may_do_anything
    effects = [effect_of(stack, rule, endpoint, port, is_whole or UNKNOWN) for rule in rules]
    if names and may_do_anything:
        effects.append(Effect(names[0], UNKNOWN, UNKNOWN, Ranges((), EVERYWHERE)))
    return effects, names
