"""Load balancers of a stack that no rule can judge, and what may hide some.

Only roots are told: a Gateway that is judged brings its routes, pools and policies with it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, NamedTuple

from policypack.model.gke.backends import all_backends
from policypack.model.gke.edge.listeners import takes_route
from policypack.model.gke.exports import is_exported
from policypack.model.gke.fronts import INGRESS_CLASS, Front, fronts_of, gateways_of, routes_of
from policypack.model.gke.opaque import opaque_resources, why_hidden
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import SERVICE_TYPES
from policypack.model.graph.view import View
from policypack.model.kubernetes.controllers import has_negs
from policypack.model.kubernetes.kinds import (
    ATTACHMENTS,
    COMPONENT_TYPES,
    GATEWAY_GROUPS,
    IMPORTS,
    INFERENCE_POOL,
    MULTI_CLUSTER_INGRESS,
    NEG_ANNOTATION,
    OTHER_PACKAGES,
    ROUTES,
    SERVICE,
)
from policypack.model.kubernetes.objects import KubernetesObject, all_objects, objects_of
from policypack.model.values.logic import all_of, any_of, equals
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.wording import quoted

# https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters
_LOAD_BALANCER: Final = "LoadBalancer"
_GOOGLE_CLASS: Final = "networking.gke.io/"
_MOST_NAMES: Final = 4


class Sight(enum.Enum):
    """Whether rules judge a load balancer."""

    JUDGED = "rules judge it"
    ELSEWHERE = "it is none of Google Cloud"
    OUT_OF_SIGHT = "no rule judges it"
    NOT_KNOWN = "it may be or have one"


class Signal(NamedTuple):
    """What a resource tells of a load balancer.

    Attributes:
        resource: the resource.
        sight: whether rules judge the load balancer.
        text: what it is or why it is not judged: a sentence where it is out of sight, else a clause.
        fix: what to do, a sentence; empty where there is nothing special to do.
    """

    resource: Resource
    sight: Sight
    text: str = ""
    fix: str = ""


@dataclass(frozen=True, eq=False)
class LoadBalancerSignal(View):
    """A resource that tells of a load balancer which no backend service of the stack belongs to."""

    TYPES: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def resources_in(cls, stack: Stack) -> tuple[Resource, ...]:
        """The resources that tell of one, ordered by URN."""
        return tuple(one.resource for one in signals_of(stack))

    @property
    def counts_alone(self) -> bool:
        return True

    @property
    def is_empty(self) -> bool:
        return self.resource.is_empty and self.resource.type not in COMPONENT_TYPES

    @cached_property
    def signal(self) -> Signal:
        return next(one for one in signals_of(self.stack) if one.resource.urn == self.urn)


@per_stack
def signals_of(stack: Stack) -> tuple[Signal, ...]:
    """What the resources of a stack tell, one entry a resource, ordered by URN."""
    found = [*_fronts(stack), *_services(stack), *_other_packages(stack), *_opaque(stack)]
    found += [*_unused_pools(stack), *_attachments(stack)]
    by_urn = {one.resource.urn: one for one in found}
    return tuple(by_urn[urn] for urn in sorted(by_urn))


def _fronts(stack: Stack) -> Iterator[Signal]:
    for front in fronts_of(stack):
        yield _of_front(front)
    for one in objects_of(stack, (MULTI_CLUSTER_INGRESS,)):
        yield Signal(one.resource, Sight.OUT_OF_SIGHT, f"{one.label} creates a load balancer that no rule judges.")


def _of_front(front: Front) -> Signal:
    name, found = front.class_name, front.front_class
    if front.has_ignored_class:
        text = f"GKE creates no load balancer for {front.label}: `ingressClassName: {name}` is not what it reads."
        fix = f"Name the class in the annotation `{INGRESS_CLASS}` instead."
        return Signal(front.resource, Sight.OUT_OF_SIGHT, text, fix)
    if found is None:
        why = f"its class `{name}` is not one of GKE, so a proxy in the cluster serves it"
        return Signal(front.resource, Sight.ELSEWHERE, why)
    leads_on = _leads_on(front)
    if leads_on is True:
        return Signal(front.resource, Sight.JUDGED)
    if isinstance(leads_on, Unknown):
        return Signal(front.resource, Sight.NOT_KNOWN, f"what {front.label} leads to is not known")
    if isinstance(found, Unknown):
        why = f"whether GKE creates a load balancer for {front.label} is not known"
        return Signal(front.resource, Sight.NOT_KNOWN, why)
    of_class = f" of class `{name}`" if isinstance(name, str) else ""
    lacks, fix = "it has no backends", ""
    if not front.is_ingress:
        if why := why_hidden(front.stack, front):
            text = f"no route in this stack is attached to {front.label}, and {why}"
            return Signal(front.resource, Sight.NOT_KNOWN, text)
        lacks, fix = _lacks_routes(front)
    text = f"{front.label}{of_class} creates a load balancer, but {lacks}."
    return Signal(front.resource, Sight.OUT_OF_SIGHT, text, fix)


def _lacks_routes(front: Front) -> tuple[str, str]:
    """Why no route is attached to a Gateway, a clause, and what to do if one names it."""
    refused = [one.label for one, is_parent in _routes_that_name(front) if is_parent is True]
    if not refused:
        return "no HTTPRoute or GRPCRoute in this stack is attached to it", ""
    routes = ", ".join(refused)
    fix = f"Have a listener of {front.label} take {routes}: by its `allowedRoutes`, `sectionName` and host names."
    return f"none of its listeners takes {routes}", fix


def _routes_that_name(front: Front) -> Iterator[tuple[KubernetesObject, bool | Unknown]]:
    for one in objects_of(front.stack, ROUTES):
        if one.group in GATEWAY_GROUPS:
            yield from ((one, is_it) for gateway, is_it in gateways_of(front.stack, one) if gateway is front)


def _leads_on(front: Front) -> bool | Unknown:
    """Whether an Ingress has backends, or a route is attached to a Gateway."""
    if front.is_ingress:
        routes = (route for route in routes_of(front.stack) if route.holder.urn == front.urn)
        return any_of(UNKNOWN if isinstance(route.ref, Unknown) else True for route in routes)
    return any_of(all_of([is_it, takes_route(front, one)]) for one, is_it in _routes_that_name(front))


def _services(stack: Stack) -> Iterator[Signal]:
    has_backend_service = bool(stack.of_types(SERVICE_TYPES))
    for one in objects_of(stack, (SERVICE,)):
        is_balanced = equals(one.spec.string("type"), _LOAD_BALANCER)
        if is_balanced is True:
            yield _of_load_balancer(one)
        elif is_balanced is UNKNOWN:
            yield Signal(one.resource, Sight.NOT_KNOWN, f"whether {one.label} creates a load balancer is not known")
        elif has_backend_service:
            continue
        elif one.annotation(NEG_ANNOTATION) is UNKNOWN:
            yield Signal(one.resource, Sight.NOT_KNOWN, f"whether {one.label} has annotations for NEGs is not known")
        elif has_negs(one):
            text = f"{one.label} has NEGs for a load balancer whose backend service is not in this stack."
            yield Signal(one.resource, Sight.OUT_OF_SIGHT, text)


def _of_load_balancer(service: KubernetesObject) -> Signal:
    its_class = service.spec.string("loadBalancerClass")
    if isinstance(its_class, Unknown):
        return Signal(service.resource, Sight.NOT_KNOWN, f"`loadBalancerClass` of {service.label} is not known")
    if its_class is not None and not its_class.startswith(_GOOGLE_CLASS):
        return Signal(service.resource, Sight.ELSEWHERE, f"its `loadBalancerClass` is `{its_class}`")
    text = f"{service.label} creates a passthrough Network Load Balancer, which no rule judges."
    return Signal(service.resource, Sight.OUT_OF_SIGHT, text)


def _other_packages(stack: Stack) -> Iterator[Signal]:
    for type_ in stack.types:
        if any(type_.startswith(prefix) and type_.endswith(suffix) for prefix, suffix in OTHER_PACKAGES):
            for one in stack.of_types([type_]):
                package = type_.partition(":")[0]
                text = f"`{one.name}` is a backend service of the package `{package}`, and the rules read only `gcp`."
                yield Signal(one, Sight.OUT_OF_SIGHT, text)


def _opaque(stack: Stack) -> Iterator[Signal]:
    """The first of what may hide load balancers, for all of them."""
    found = opaque_resources(stack)
    if found:
        yield Signal(found[0], Sight.NOT_KNOWN, f"{_names(found)} may hold load balancers that the stack does not show")


def _unused_pools(stack: Stack) -> Iterator[Signal]:
    used = {one.shown_on.urn for one in all_backends(stack)}
    for one in objects_of(stack, (INFERENCE_POOL,)):
        exported = is_exported(one)
        if one.urn in used or (exported is True and _has_imports(stack)):
            continue
        if exported is UNKNOWN or any(backend.may_be_any for backend in all_backends(stack)):
            yield Signal(one.resource, Sight.NOT_KNOWN, f"which route leads to {one.label} is not known")
        elif why := why_hidden(stack, one):
            yield Signal(one.resource, Sight.NOT_KNOWN, f"no route in this stack leads to {one.label}, and {why}")
        else:
            yield Signal(one.resource, Sight.OUT_OF_SIGHT, f"{one.label} is not a backend of any route in this stack.")


def _has_imports(stack: Stack) -> bool:
    return any(isinstance(one.kind, str) and one.kind in IMPORTS for one in all_backends(stack))


def _attachments(stack: Stack) -> Iterator[Signal]:
    """For each cluster without a Gateway, a route or an Ingress, the first of the policies that are there for one."""
    fronts = {*(front.cluster for front in fronts_of(stack)), *(route.holder.cluster for route in routes_of(stack))}
    found: dict[str, list[KubernetesObject]] = {}
    for one in all_objects(stack):
        is_policy = one.kind in ATTACHMENTS.get(one.group, ()) and one.kind != INFERENCE_POOL
        if is_policy and one.cluster not in fronts and not _has_imports(stack):
            found.setdefault(one.cluster, []).append(one)
    for policies in found.values():
        resources = [one.resource for one in policies]
        text, why = f"his stack has no Gateway and no Ingress for {_names(resources)}", why_hidden(stack, policies[0])
        sight = Sight.NOT_KNOWN if why else Sight.OUT_OF_SIGHT
        yield Signal(resources[0], sight, f"t{text}, and {why}" if why else f"T{text}.")


def _names(resources: Sequence[Resource] | Iterable[Resource]) -> str:
    names = sorted({one.name for one in resources})
    more = len(names) - _MOST_NAMES
    return quoted(names) if more <= 0 else f"{', '.join(f'`{name}`' for name in names[:_MOST_NAMES])} and {more} more"
