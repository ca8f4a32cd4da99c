"""Where firewall rules are enforced: the networks of VPC rules, and those that policies are attached to."""

from __future__ import annotations

from collections.abc import Iterable

from policypack.model.graph.links import Links, resolve
from policypack.model.graph.reference import (
    is_regional_type,
    parse_reference,
    region_setting,
    short_name,
)
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    FIREWALL_POLICY_ASSOCIATION_TYPES,
    FIREWALL_POLICY_TYPES,
    FIREWALL_TYPES,
    WITH_RULES_TYPES,
)
from policypack.model.network.placement import Endpoint, network_links
from policypack.model.values.logic import all_of, any_of, equals
from policypack.model.values.values import UNKNOWN, Unknown


def governs(stack: Stack, resource: Resource, network: Resource, endpoint: Endpoint) -> bool | Unknown:
    """Whether the rules of a resource are enforced in a network, in the region of an endpoint."""
    if resource.type in FIREWALL_TYPES:
        return network_of(stack, resource).includes(network)
    return any_of(
        all_of([is_of_policy(stack, resource, association), *attachment(stack, association, network, endpoint)])
        for association in stack.of_types(FIREWALL_POLICY_ASSOCIATION_TYPES)
    )


@per_stack
def network_of(stack: Stack, resource: Resource) -> Links:
    """The network of a VPC firewall rule, or the one that an association attaches its policy to."""
    key = "network" if resource.type in FIREWALL_TYPES else "attachmentTarget"
    return network_links(stack, resource, key)


def attachment(stack: Stack, association: Resource, network: Resource, endpoint: Endpoint) -> Iterable[bool | Unknown]:
    """Whether an association attaches its policy to a network, and in the region of an endpoint."""
    yield network_of(stack, association).includes(network)
    if is_regional_type(association.type):
        yield equals(region_setting(association), endpoint.group.region)


def is_of_policy(stack: Stack, resource: Resource, association: Resource) -> bool | Unknown:
    """Whether a rule, or a policy with rules, belongs to the policy that an association attaches."""
    attached = policy_of(stack, association)
    own = resource if resource.type in WITH_RULES_TYPES else policy_of(stack, resource)
    if isinstance(attached, Resource) and isinstance(own, Resource):
        return attached is own
    if isinstance(attached, str) and isinstance(own, str):
        return attached == own
    return UNKNOWN if attached is None or own is None else False


@per_stack
def policy_of(stack: Stack, resource: Resource) -> Resource | str | None:
    """The policy of a rule or an association: in the stack, by its name outside it, or not known."""
    is_regional = is_regional_type(resource.type)
    types = [type_ for type_ in FIREWALL_POLICY_TYPES if is_regional_type(type_) == is_regional]
    given = resource.asked.string("firewallPolicy")
    if isinstance(given, str):
        name = short_name(given)
        policies = [(policy, _name_of(policy)) for policy in stack.of_types(types) if _are_near(policy, resource)]
        named = [policy for policy, own in policies if isinstance(own, str) and own == name]
        unnamed = [policy for policy, own in policies if isinstance(own, Unknown)]
        return named[0] if len(named) == 1 else None if named or unnamed else name
    links = resolve(stack, resource, "firewallPolicy", [given], types)
    return links.targets[0] if links.is_complete and links.targets else None


def _are_near(policy: Resource, resource: Resource) -> bool:
    """Whether both may be in one region, or are global: policies of two regions can have one name."""
    here, there = region_setting(policy), region_setting(resource)
    return not is_regional_type(policy.type) or equals(here, there) is not False


def _name_of(policy: Resource) -> str | Unknown | None:
    """A policy's name in Google Cloud; `None` for a new one that Pulumi names."""
    identifier = policy.result.string("id")
    if isinstance(identifier, str) and parse_reference(identifier):
        return short_name(identifier)
    return policy.asked.string("name")
