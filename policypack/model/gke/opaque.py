"""What may hold Kubernetes objects that the stack does not show: with it, what is absent may be there after all."""

from __future__ import annotations

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.kubernetes.kinds import COMPONENT_TYPES, OPAQUE_TYPES, PACKAGE
from policypack.model.kubernetes.objects import KubernetesObject, same_cluster
from policypack.wording import quoted


@per_stack
def opaque_resources(stack: Stack) -> tuple[Resource, ...]:
    """The resources that may hold objects which the stack does not show, ordered by URN."""
    types = [type_ for type_ in stack.types if type_.startswith(PACKAGE) and _may_hide(type_)]
    parents = _parents(stack)
    return tuple(one for one in stack.of_types(types) if one.type not in COMPONENT_TYPES or one.urn not in parents)


def _may_hide(type_: str) -> bool:
    return type_.startswith(OPAQUE_TYPES) or type_ in COMPONENT_TYPES or type_.endswith("List")


@per_stack
def _parents(stack: Stack) -> frozenset[str]:
    return frozenset(one.parent for one in stack.resources if one.parent)


@per_stack
def opaque_in(stack: Stack, example: KubernetesObject) -> tuple[Resource, ...]:
    """Those that may hold objects of the cluster of one. A component has no provider: it may hold those of any."""
    hiding = ((one, KubernetesObject.of(one, stack)) for one in opaque_resources(stack))
    return tuple(one for one, seen in hiding if one.type in COMPONENT_TYPES or same_cluster(seen, example) is not False)


def why_hidden(stack: Stack, example: KubernetesObject) -> str:
    """Why objects of the cluster of one may be out of sight, a clause; empty if nothing can hold any."""
    found = opaque_in(stack, example)
    return f"{quoted(one.name for one in found)} may hold objects that the stack does not show" if found else ""
