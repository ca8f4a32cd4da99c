"""Which connections the firewall rules of a network let through to machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from policypack.model.firewalls.effects import Effect, Layer, effect_of, hierarchical_layer, relevant
from policypack.model.firewalls.firewall import Firewall, FirewallRule, known_tags
from policypack.model.firewalls.firewall_policy import attachment, network_of, policy_of
from policypack.model.graph.links import LinkIndex
from policypack.model.graph.reference import is_regional_type
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    FIREWALL_POLICY_ASSOCIATION_TYPES,
    FIREWALL_POLICY_RULE_TYPES,
    FIREWALL_TYPES,
    GKE,
    NETWORK_TYPES,
    SUBNETWORK_TYPES,
    WITH_RULES_TYPES,
)
from policypack.model.network.placement import Endpoint
from policypack.model.values.logic import all_of, equals, negation
from policypack.model.values.ranges import EVERYWHERE, Range, Ranges, within, without
from policypack.model.values.values import UNKNOWN, Unknown

_BEFORE: Final = "BEFORE_CLASSIC_FIREWALL"


@dataclass(frozen=True)
class Blocked:
    """Connections that do not get through: from where, and which rule denies them, if any does."""

    source: Range
    rule: str | None


@dataclass(frozen=True)
class Reach:
    """Whether connections get through.

    Attributes:
        is_open: all of them do; false if some certainly do not.
        blocked: those that certainly do not.
        uncertain: the rules of which it is not known whether, or how, they apply.
        denied_by_policy: a policy denies some of them before VPC rules are evaluated.
    """

    is_open: bool | Unknown
    blocked: tuple[Blocked, ...]
    uncertain: tuple[str, ...]
    denied_by_policy: bool = False


def reach(stack: Stack, network: Resource, endpoint: Endpoint, port: int | Unknown, sources: Iterable[Range]) -> Reach:
    """Whether TCP connections from all of `sources` reach a port of the machines of an endpoint.

    Rules are taken in Google Cloud's order; what none of them matches is denied:
    https://cloud.google.com/firewall/docs/firewall-policies-rule-eval-order. Policies of folders and organizations that
    the stack has may apply or not; rules that other stacks add are not seen.
    """
    traffic = tuple(sources)
    rules = _vpc_rules(stack, network).about(endpoint.machine)
    vpc = [effect_of(stack, rule, endpoint, port, is_there) for rule, is_there in rules]
    policies = _policy_layers(stack, network, endpoint, port)
    layers = [relevant(layer, traffic) for layer in (vpc, *policies)]
    above, owners = hierarchical_layer(stack, endpoint, port)
    orders = _orders(network, layers)
    if owners:
        orders += [[relevant(above, traffic), *order] for order in orders]
    blocked = [_blocked(order, traffic, hopeful=True) for order in orders]
    uncertain = sorted({*owners, *(effect.label for layer in layers for effect in layer if not effect.is_certain)})
    if not any(_blocked(order, traffic, hopeful=False) for order in orders):
        return Reach(True, (), ())
    if all(blocked) and _is_all_there_is(stack, network):
        of_policies = {effect.label for layer in layers[1:] for effect in layer}
        is_first = equals(network.asked.string("networkFirewallPolicyEnforcementOrder"), _BEFORE) is True
        denied = is_first and any(one.rule in of_policies for one in blocked[0])
        return Reach(False, blocked[0], tuple(uncertain), denied)
    return Reach(UNKNOWN, (), tuple(uncertain))


def is_closed(stack: Stack, network: Resource, endpoint: Endpoint, port: int) -> bool | Unknown:
    """Whether no TCP connection reaches a port of the machines of an endpoint, wherever it comes from."""
    found = reach(stack, network, endpoint, port, EVERYWHERE)
    if found.is_open is not False:
        return negation(found.is_open)
    is_open_to_some = bool(without(EVERYWHERE, tuple(one.source for one in found.blocked)))
    return UNKNOWN if is_open_to_some and found.uncertain else not is_open_to_some


def _is_all_there_is(stack: Stack, network: Resource) -> bool:
    """No rule is still to come, and nothing in the stack makes rules that are no resources of it.

    GKE and its load balancer controllers add firewall rules of their own to a cluster's network.
    """
    makers = [type_ for type_ in stack.types if type_.startswith(GKE)]
    places = (network, *stack.users(network, SUBNETWORK_TYPES))
    return stack.is_complete and not any(stack.users(place, makers) for place in places)


def _orders(network: Resource, layers: Sequence[Layer]) -> list[list[Layer]]:
    """The orders in which a network may take VPC rules, global and regional policies."""
    vpc, *policies = layers
    order = network.asked.string("networkFirewallPolicyEnforcementOrder")
    before, after = [*policies, vpc], [vpc, *policies]
    if isinstance(order, Unknown):
        return [after, before]
    return [before] if order == _BEFORE else [after]


class _VpcRules:
    """The VPC rules of a network, each with whether it certainly is one, by the network tags that they target."""

    def __init__(self, rules: Iterable[tuple[FirewallRule, bool | Unknown]]) -> None:
        self._rules = tuple(rules)
        self._by_tag: dict[str, list[int]] = {}
        self._others: list[int] = []
        for number, (rule, _) in enumerate(self._rules):
            tags = rule.targets.only_tags
            for tag in tags or ():
                self._by_tag.setdefault(tag, []).append(number)
            if tags is None:
                self._others.append(number)

    def about(self, machine: Resource | None) -> list[tuple[FirewallRule, bool | Unknown]]:
        """The rules that may apply to a machine, in their order; of all others it is certain that they do not."""
        tags = None if machine is None else known_tags(machine)
        if tags is None:
            return list(self._rules)
        numbers = {*self._others, *(number for tag in tags for number in self._by_tag.get(tag, ()))}
        return [self._rules[number] for number in sorted(numbers)]


@per_stack
def _vpc_rules(stack: Stack, network: Resource) -> _VpcRules:
    return _VpcRules(_find_vpc_rules(stack, network))


def _find_vpc_rules(stack: Stack, network: Resource) -> Iterator[tuple[FirewallRule, bool | Unknown]]:
    for firewall, links in _firewalls_by_network(stack).about(network):
        is_there = links.includes(network)
        if is_there is not False:
            yield from ((rule, is_there) for rule in _rules(Firewall.of(firewall, stack)))


@per_stack
def _firewalls_by_network(stack: Stack) -> LinkIndex[Resource]:
    return LinkIndex((firewall, network_of(stack, firewall)) for firewall in stack.of_types(FIREWALL_TYPES))


def _rules(view: Firewall) -> tuple[FirewallRule, ...]:
    return () if isinstance(view.rules, Unknown) else view.rules


def _policy_layers(stack: Stack, network: Resource, endpoint: Endpoint, port: int | Unknown) -> list[list[Effect]]:
    """What the network's global policies do, and its regional ones."""
    layers: list[list[Effect]] = [[], []]
    for association in stack.of_types(FIREWALL_POLICY_ASSOCIATION_TYPES):
        is_attached = all_of(attachment(stack, association, network, endpoint))
        if is_attached is False:
            continue
        layer = layers[1 if is_regional_type(association.type) else 0]
        layer += _policy_effects(stack, association, endpoint, port, is_attached)
    return layers


def _policy_effects(
    stack: Stack, association: Resource, endpoint: Endpoint, port: int | Unknown, is_attached: bool | Unknown
) -> list[Effect]:
    policy = policy_of(stack, association)
    not_known = Effect(f"`{association.name}`", UNKNOWN, UNKNOWN, Ranges((), EVERYWHERE))
    if not isinstance(policy, Resource):
        return [not_known]
    effects = []
    if policy.type in WITH_RULES_TYPES:
        view = Firewall.of(policy, stack)
        if isinstance(view.rules, Unknown):
            return [not_known]
        effects += [effect_of(stack, rule, endpoint, port, is_attached) for rule in view.rules]
    for resource in stack.of_types(FIREWALL_POLICY_RULE_TYPES):
        own = policy_of(stack, resource)
        if own is policy or own is None:
            is_there = is_attached if own is policy else UNKNOWN
            effects += [
                effect_of(stack, rule, endpoint, port, is_there) for rule in _rules(Firewall.of(resource, stack))
            ]
    return effects


def _blocked(layers: Iterable[Layer], traffic: tuple[Range, ...], *, hopeful: bool) -> tuple[Blocked, ...]:
    """What does not get through, if all that is not known is in its favor, or against it.

    For example, probes come from a/16 and b/22, and the network has two VPC rules:

        priority 900: deny from b/22, if the machine has the tag `llm`, which is not known
        priority 1000: allow from a/16 and b/22

    Taken hopefully the first rule does nothing, the second lets all through, and nothing is blocked. Taken the other
    way the first blocks b/22, and the second is left with a/16. As the answers differ, the outcome is not known and the
    first rule is what it depends on. What `goto_next` hits waits for the next layer, and what no layer hits is denied.

    Args:
        layers: the rules of the VPC network, and of its global and regional policies, in the order that they act in.
        traffic: where the connections come from.
        hopeful: what is not known is in favor of the connections.
    """
    left, blocked = traffic, list[Blocked]()
    for layer in layers:
        passed_on: tuple[Range, ...] = ()
        steps = [(*effect.steps(hopeful=hopeful), effect.label) for effect in layer]
        # Of VPC rules with one priority, those that deny go first.
        for _, acts, label in sorted(steps, key=lambda step: (step[0], step[1][0][0] != "deny", step[2])):
            for action, ranges in acts:
                hit, left = within(left, ranges), without(left, ranges)
                blocked += [Blocked(range_, label) for range_ in hit if action == "deny"]
                passed_on += hit if action == "goto_next" else ()
        left += passed_on
    return (*blocked, *(Blocked(range_, None) for range_ in left))


def own_networks(stack: Stack) -> tuple[Resource, ...]:
    """The networks that the stack makes; of those that it only reads it does not show all firewall rules."""
    return tuple(network for network in stack.of_types(NETWORK_TYPES) if not network.is_read)
