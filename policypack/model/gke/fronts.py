"""Gateways and Ingresses: which load balancer their class makes, and what their routes send requests to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple

from policypack.model.graph.stack import Stack, per_stack
from policypack.model.kubernetes.clusters import cluster_of
from policypack.model.kubernetes.kinds import (
    BACKEND_CONFIG_ANNOTATIONS,
    CORE_GROUP,
    GATEWAY,
    GATEWAY_GROUPS,
    INFERENCE_POOL,
    INGRESS,
    INGRESS_GROUPS,
    NEG_ANNOTATION,
    ROUTES,
    SERVICE,
)
from policypack.model.kubernetes.objects import KubernetesObject, Ref, objects_of, ref_in, refers_to
from policypack.model.products.product import PRODUCTS, Family, Product
from policypack.model.values.logic import any_of, equals, or_else, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# What routes lead to.
TARGETS: Final = (SERVICE, INFERENCE_POOL)
INGRESS_CLASS: Final = "kubernetes.io/ingress.class"
_GOOGLE_PREFIXES: Final = ("gke-l7-", "asm-l7-")


def _product(scheme: str, *, is_regional: bool) -> Product:
    return next(
        one
        for one in PRODUCTS
        if one.family is Family.APPLICATION and (one.scheme, one.is_regional) == (scheme, is_regional)
    )


_GLOBAL: Final = _product("EXTERNAL_MANAGED", is_regional=False)
_REGIONAL: Final = _product("EXTERNAL_MANAGED", is_regional=True)
_CLASSIC: Final = _product("EXTERNAL", is_regional=False)
_INTERNAL: Final = _product("INTERNAL_MANAGED", is_regional=True)
_CROSS_REGION: Final = _product("INTERNAL_MANAGED", is_regional=False)


@dataclass(frozen=True)
class FrontClass:
    """A class of Gateways or Ingresses.

    Attributes:
        name: its name.
        product: the load balancer that GKE makes of it.
        is_multi_cluster: whether it has backends in several clusters.
    """

    name: str
    product: Product
    is_multi_cluster: bool = False


# https://cloud.google.com/kubernetes-engine/docs/how-to/gatewayclass-capabilities
_GATEWAY_CLASSES: Final = {
    one.name: one
    for one in (
        FrontClass("gke-l7-global-external-managed", _GLOBAL),
        FrontClass("gke-l7-regional-external-managed", _REGIONAL),
        FrontClass("gke-l7-rilb", _INTERNAL),
        FrontClass("gke-l7-gxlb", _CLASSIC),
        FrontClass("gke-l7-global-external-managed-mc", _GLOBAL, True),
        FrontClass("gke-l7-regional-external-managed-mc", _REGIONAL, True),
        FrontClass("gke-l7-rilb-mc", _INTERNAL, True),
        FrontClass("gke-l7-cross-regional-internal-managed-mc", _CROSS_REGION, True),
        FrontClass("gke-l7-gxlb-mc", _CLASSIC, True),
    )
}
# https://cloud.google.com/kubernetes-engine/docs/concepts/ingress
_INGRESS_CLASSES: Final = {
    one.name: one
    for one in (
        FrontClass("gce", _CLASSIC),
        FrontClass("gce-internal", _INTERNAL),
        FrontClass("gce-regional-external", _REGIONAL),
        FrontClass("gce-multi-cluster", _CLASSIC, True),
    )
}


@dataclass(frozen=True, eq=False)
class Front(KubernetesObject):
    """A Gateway or an Ingress."""

    @property
    def is_ingress(self) -> bool:
        return self.kind == INGRESS

    @cached_property
    def class_name(self) -> str | Unknown | None:
        """The name of its class; `None` for an Ingress without one."""
        if not self.is_ingress:
            return self.spec.string("gatewayClassName", default=UNKNOWN)
        annotated = self.annotation(INGRESS_CLASS)
        return self.spec.string("ingressClassName") if annotated is None else annotated

    @property
    def has_ignored_class(self) -> bool:
        """Whether it names a class of GKE where GKE does not look: with `ingressClassName` alone it "takes no action".

        https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#controller_summary
        """
        name = self.class_name
        return self._is_of_field and isinstance(name, str) and name in _INGRESS_CLASSES

    @property
    def _is_of_field(self) -> bool:
        return self.is_ingress and self.annotation(INGRESS_CLASS) is None

    @cached_property
    def front_class(self) -> FrontClass | Unknown | None:
        """Its class; `None` for one that is not of GKE, whose load balancer is a proxy in the cluster.

        GKE serves an Ingress without a class, but not every cluster is one of GKE.
        """
        name = self.class_name
        if name is None:
            return _INGRESS_CLASSES["gce"] if self._is_on_gke else UNKNOWN
        if self._is_of_field:
            return when_known(name, lambda _: None)
        return when_known(name, self._class_named)

    def _class_named(self, name: str) -> FrontClass | Unknown | None:
        known = (_INGRESS_CLASSES if self.is_ingress else _GATEWAY_CLASSES).get(name)
        return (
            UNKNOWN if known is None and (name.startswith(_GOOGLE_PREFIXES) or self._is_made_for_gke(name)) else known
        )

    def _is_made_for_gke(self, name: str) -> bool:
        """Whether the stack has a class of this name of its own, which may be one of GKE's controller."""
        return any(equals(one.object_name, name) is not False for one in objects_of(self.stack, ("GatewayClass",)))

    @property
    def _is_on_gke(self) -> bool:
        marks = (*BACKEND_CONFIG_ANNOTATIONS, NEG_ANNOTATION)
        services = [one for one in objects_of(self.stack, (SERVICE,)) if one.cluster == self.cluster]
        return cluster_of(self) is not None or any(
            one.annotation(mark) is not None for one in services for mark in marks
        )

    @property
    def is_googles(self) -> bool | Unknown:
        """Whether Google Cloud makes a load balancer of it."""
        return when_known(self.front_class, lambda found: found is not None)

    @property
    def is_multi_cluster(self) -> bool | Unknown:
        """Whether it has backends in several clusters."""
        return when_known(self.front_class, lambda found: found is not None and found.is_multi_cluster)

    @property
    def is_external(self) -> bool | Unknown:
        """Whether clients on the internet reach it."""
        return when_known(self.front_class, lambda found: found is not None and not found.product.is_internal)


class Route(NamedTuple):
    """One way from a Gateway or an Ingress to a backend.

    Attributes:
        holder: the HTTPRoute, GRPCRoute or Ingress that has it.
        ref: what it names; `UNKNOWN` if not even the number of ways is known.
        port: the port of the Service that it names, a number or a name.
    """

    holder: KubernetesObject
    ref: Ref | Unknown
    port: str | Unknown | None = None

    @property
    def way(self) -> Literal["Gateway", "Ingress"]:
        """What it belongs to, by which the policies differ that count."""
        return INGRESS if self.holder.kind == INGRESS else GATEWAY  # type: ignore[return-value]


@per_stack
def fronts_of(stack: Stack) -> tuple[Front, ...]:
    """The Gateways and Ingresses of a stack, ordered by URN."""
    groups = {GATEWAY: GATEWAY_GROUPS, INGRESS: INGRESS_GROUPS}
    found = (one for one in objects_of(stack, (GATEWAY, INGRESS)) if one.group in groups[one.kind])
    return tuple(Front.of(one.resource, stack) for one in found)


@per_stack
def gateways_of(stack: Stack, holder: KubernetesObject) -> tuple[tuple[Front, bool | Unknown], ...]:
    """The Gateways that a route is attached to or may be, each with whether it is; of an Ingress, itself."""
    if holder.kind == INGRESS:
        return ((Front.of(holder.resource, stack), True),)
    parents = parents_of(holder)
    candidates = (front for front in fronts_of(stack) if not front.is_ingress)
    found = ((front, any_of(is_parent(holder, one, front) for one in parents)) for front in candidates)
    return tuple((front, is_its) for front, is_its in found if is_its is not False)


def parents_of(holder: KubernetesObject) -> list[Properties]:
    """The entries of `parentRefs` of a route; one of which nothing is known if they are computed."""
    return or_else(holder.spec.objects("parentRefs"), [Properties(UNKNOWN)])


def is_parent(holder: KubernetesObject, parent: Properties, front: Front) -> bool | Unknown:
    """Whether an entry of `parentRefs` of a route names this Gateway, whichever listener of it."""
    return refers_to(holder, ref_in(holder, parent, kind=GATEWAY, group=GATEWAY_GROUPS[0]), front)


@per_stack
def routes_of(stack: Stack) -> tuple[Route, ...]:
    """The ways to backends of all HTTPRoutes, GRPCRoutes and Ingresses of a stack that get requests."""
    found = list[Route]()
    for holder in objects_of(stack, ROUTES):
        found += _with_rivals(list(_routes_in(holder))) if holder.group in GATEWAY_GROUPS else []
    for front in fronts_of(stack):
        found += _with_rivals(list(_paths_in(front))) if front.is_ingress else []
    return tuple(found)


def _routes_in(holder: KubernetesObject) -> Iterator[Route]:
    rules = holder.spec.objects("rules")
    if isinstance(rules, Unknown):
        yield Route(holder, UNKNOWN)
        return
    for rule in rules:
        backends = rule.objects("backendRefs")
        if isinstance(backends, Unknown):
            yield Route(holder, UNKNOWN)
            continue
        for one in backends:
            weight = one.number("weight")
            if isinstance(weight, Unknown) or weight != 0:
                yield Route(holder, ref_in(holder, one, kind=SERVICE), one.string("port"))


def _paths_in(ingress: Front) -> Iterator[Route]:
    rules = or_else(ingress.spec.objects("rules"), [Properties(UNKNOWN)])
    blocks = [ingress.spec.object(key) for key in ("defaultBackend", "backend")]
    for rule in rules:
        paths = rule.block("http").objects("paths")
        blocks += [UNKNOWN] if isinstance(paths, Unknown) else [path.object("backend") for path in paths]
    for block in blocks:
        if isinstance(block, Unknown):
            yield Route(ingress, UNKNOWN)
        elif block is not None and block.value("resource") is None:
            yield _to_service(ingress, block)


def _to_service(ingress: Front, block: Properties) -> Route:
    service = block.object("service")
    if isinstance(service, Unknown):
        return Route(ingress, UNKNOWN)
    if service is None:
        # How the API before `networking.k8s.io/v1` had it.
        name, port = block.string("serviceName", default=UNKNOWN), block.string("servicePort")
    else:
        given = service.block("port")
        number = given.string("number")
        name, port = service.string("name", default=UNKNOWN), given.string("name") if number is None else number
    return Route(ingress, Ref(CORE_GROUP, SERVICE, name, ingress.namespace), port)


def _with_rivals(routes: list[Route]) -> list[Route]:
    """The routes of one object; of names that are not known, each comes from another resource or from the same one."""
    unknown = sum(isinstance(one.ref, Ref) and isinstance(one.ref.name, Unknown) for one in routes)
    return [
        one._replace(ref=one.ref._replace(rivals=max(unknown, 1))) if isinstance(one.ref, Ref) else one
        for one in routes
    ]
