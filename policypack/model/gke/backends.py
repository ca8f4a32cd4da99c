"""The backend services that GKE makes: one for each Service or InferencePool that routes of a stack lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, Literal, NamedTuple

from policypack.model.gke.exports import exported_targets
from policypack.model.gke.fronts import TARGETS, Front, Route, gateways_of, routes_of
from policypack.model.gke.missing import has_no_pods, is_missing, meant_by, unserved_beside
from policypack.model.gke.opaque import opaque_in, why_hidden
from policypack.model.gke.policies import Policy
from policypack.model.gke.workloads import Workload, workloads_behind
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.view import View
from policypack.model.kubernetes.kinds import (
    BACKEND_CONFIG,
    BACKEND_CONFIG_ANNOTATIONS,
    BACKEND_POLICY,
    GATEWAY,
    HEALTH_CHECK_POLICY,
    IMPORTS,
    INFERENCE_POOL,
)
from policypack.model.kubernetes.objects import (
    KubernetesObject,
    Ref,
    objects_of,
    ref_in,
    refers_to,
    same_cluster,
    same_namespace,
)
from policypack.model.values.logic import all_of, any_of, equals, is_in, known_in
from policypack.model.values.properties import Properties
from policypack.model.values.secret import plain
from policypack.model.values.values import UNKNOWN, Unknown

_POOLS: Final = {INFERENCE_POOL, *(kind for kind, of in IMPORTS.items() if of == INFERENCE_POOL)}


class Attached(NamedTuple):
    """The objects of one kind that shape a backend.

    Attributes:
        policies: those that certainly or possibly do, each with whether it does.
        hidden: why there may be others, a clause; empty if there are none.
    """

    policies: tuple[tuple[Policy, bool | Unknown], ...] = ()
    hidden: str = ""


@dataclass(frozen=True, eq=False)
class GkeBackend:
    """What routes of Gateways, or paths of Ingresses, lead to.

    Attributes:
        stack: the stack that it is in.
        shown_on: the object that findings are about: the target or, if that is not in the stack, the route.
        way: whether the policies of Gateways or those of Ingresses count.
        ref: how a route names it; `UNKNOWN` if it is not known what a route leads to.
        routes: the ways to it, each with whether it leads here.
    """

    stack: Stack
    shown_on: KubernetesObject
    way: Literal["Gateway", "Ingress"]
    ref: Ref | Unknown
    routes: tuple[tuple[Route, bool | Unknown], ...]

    @property
    def target(self) -> KubernetesObject | None:
        """The Service or the InferencePool; `None` if it is not in the stack."""
        return self.shown_on if self.shown_on.kind in TARGETS else None

    @property
    def kind(self) -> str | Unknown:
        """The kind of the target."""
        if self.target:
            return self.target.kind
        return self.ref if isinstance(self.ref, Unknown) else self.ref.kind

    @property
    def is_pool(self) -> bool:
        """Whether it certainly is an InferencePool, of its cluster or of those that export one."""
        return is_in(self.kind, _POOLS) is True

    @property
    def may_be_any(self) -> bool:
        """Whether not even the kind of what a route names is known."""
        return isinstance(self.ref, Unknown) or isinstance(self.ref.kind, Unknown)

    @property
    def label(self) -> str:
        """What messages call it."""
        if self.target:
            return self.target.label
        if isinstance(self.ref, Ref) and isinstance(self.ref.name, str):
            return f"{self.ref.kind if isinstance(self.ref.kind, str) else 'backend'} `{self.ref.name}`"
        return f"the backend of {self.shown_on.label}"

    @cached_property
    def fronts(self) -> tuple[tuple[Front, bool | Unknown], ...]:
        """The Gateways and Ingresses that send requests to it or may, each with whether they do."""
        found: dict[str, tuple[Front, list[bool | Unknown]]] = {}
        for route, leads in self.routes:
            for front, is_parent in gateways_of(self.stack, route.holder):
                found.setdefault(front.urn, (front, []))[1].append(all_of([leads, is_parent]))
        return tuple((front, any_of(answers)) for front, answers in found.values())

    @property
    def has_unseen_front(self) -> bool:
        """Whether a route to it may belong to a Gateway that is not in the stack."""
        holders = {route.holder.urn: route.holder for route, _ in self.routes}.values()
        return not all(any(is_it is True for _, is_it in gateways_of(self.stack, holder)) for holder in holders)

    @property
    def spans_clusters(self) -> bool | Unknown:
        """Whether a Gateway for several clusters sends requests to it."""
        found = any_of(all_of([sends, front.is_multi_cluster]) for front, sends in self.fronts)
        return UNKNOWN if found is False and self.has_unseen_front else found

    @cached_property
    def is_googles(self) -> bool | Unknown:
        """Whether a load balancer of Google Cloud sends requests to it."""
        found = any_of(all_of([sends, front.is_googles]) for front, sends in self.fronts)
        if found is True or (found is False and not self.has_unseen_front):
            return found
        kinds = (HEALTH_CHECK_POLICY, BACKEND_POLICY) if self.way == GATEWAY else ()
        # No other controller reads these, so that there is one of Google Cloud where a program has them.
        if any(is_it is True for kind in kinds for _, is_it in self.attached(kind).policies):
            return True
        return UNKNOWN

    @property
    def is_routed(self) -> bool | Unknown:
        """Whether a route leads to it."""
        return any_of(leads for _, leads in self.routes)

    @cached_property
    def workloads(self) -> tuple[tuple[Workload, bool | Unknown], ...]:
        """What makes the Pods behind it, or may, each with whether it does."""
        return workloads_behind(self.stack, self.target) if self.target else ()

    @cached_property
    def workloads_anywhere(self) -> tuple[tuple[Workload, bool | Unknown], ...]:
        """The same, with what is behind the Services and InferencePools that clusters of the stack export to it."""
        if self.target:
            return self.workloads
        return tuple(
            (one, all_of([is_it, serves]))
            for target, is_it in exported_targets(self.stack, self.ref)
            for one, serves in workloads_behind(self.stack, target)
        )

    @cached_property
    def is_llm(self) -> bool | Unknown:
        """Whether it serves a model: an InferencePool, or Pods with accelerators or with a known model server."""
        if self.is_pool or (self.is_missing and self.meant) or self.unserved:
            return True
        found = any_of(all_of([serves, one.is_model_server]) for one, serves in self.workloads_anywhere)
        is_open = not self.target or not self.workloads or opaque_in(self.stack, self.shown_on)
        return UNKNOWN if found is False and is_open else found

    @cached_property
    def is_missing(self) -> bool:
        """Whether what its route names is certainly not there."""
        return not self.target and isinstance(self.ref, Ref) and is_missing(self.shown_on, self.ref)

    @cached_property
    def meant(self) -> tuple[KubernetesObject, ...]:
        """Where nothing has the name in its route: what serves a model beside it, and has no route."""
        return () if self.target or not isinstance(self.ref, Ref) else meant_by(self.shown_on, self.ref)

    @cached_property
    def unserved(self) -> tuple[Workload, ...]:
        """Where its selector certainly matches no Pods: what serves a model beside it, and is behind nothing."""
        beside = unserved_beside(self.target) if self.target and has_no_pods(self.target) else ()
        return tuple(one for one, is_beside in beside if is_beside is True)

    @property
    def target_ports(self) -> tuple[int, ...]:
        """The ports of its Pods that get requests, as far as they are known as numbers."""
        if self.target is None:
            return ()
        entries = [self.target.spec.objects(key) for key in ("targetPorts", "ports")]
        given = [one for part in entries for one in known_in(part)]
        numbers = [self.target.spec.number("targetPortNumber"), *(_port_in(one) for one in given)]
        return tuple(int(number) for number in numbers if isinstance(number, int | float))

    @property
    def cluster(self) -> str:
        return self.shown_on.cluster

    @cached_property
    def hidden(self) -> str:
        """Why something that shapes it may be out of sight, a clause; empty if nothing can be."""
        elsewhere = "" if self.target else f"{self.label} is not in the stack, and its policies may be elsewhere, too"
        return why_hidden(self.stack, self.shown_on) or elsewhere

    def attached(self, kind: str) -> Attached:
        """The policies of a kind, such as `HealthCheckPolicy`, whose `targetRef` is this backend or may be."""
        found = ((one, self._is_target_of(one)) for one in objects_of(self.stack, (kind,)))
        return Attached(tuple((Policy(kind, one), is_it) for one, is_it in found if is_it is not False), self.hidden)

    @property
    def settings(self) -> Attached:
        """What has its timeout, draining and log: GCPBackendPolicies, or BackendConfigs behind an Ingress."""
        return self.attached(BACKEND_POLICY) if self.way == GATEWAY else self._backend_configs

    def _is_target_of(self, policy: KubernetesObject) -> bool | Unknown:
        given = policy.spec.object("targetRef")
        if given is None or same_cluster(policy, self.shown_on) is False:
            return False
        ref = ref_in(policy, Properties(UNKNOWN) if isinstance(given, Unknown) else given)
        # A policy has to be in the namespace of its target.
        if isinstance(ref.namespace, str) and same_namespace(ref.namespace, policy.namespace) is False:
            return False
        ref = ref._replace(namespace=policy.namespace)
        if self.target:
            return refers_to(policy, ref, self.target)
        if isinstance(self.ref, Unknown):
            return UNKNOWN
        return all_of([same_cluster(policy, self.shown_on), _are_same(ref, self.ref)])

    @property
    def _backend_configs(self) -> Attached:
        """The BackendConfigs that annotations of its Service name, for all ports or for those of the Ingress."""
        if self.target is None:
            return Attached(hidden=self.hidden)
        found = (self.target.annotation_object(name) for name in BACKEND_CONFIG_ANNOTATIONS)
        annotation = next((one for one in found if one is not None), None)
        if annotation is None:
            return Attached(hidden=self.hidden if self.target.is_patch else "")
        names = self._names_in(annotation)
        configs = ((one, self._is_named(one, names)) for one in objects_of(self.stack, (BACKEND_CONFIG,)))
        policies = tuple((Policy(BACKEND_CONFIG, one), is_it) for one, is_it in configs if is_it is not False)
        is_found = any(is_it is True for _, is_it in policies)
        hidden = "" if is_found or not names else f"the BackendConfig of {self.label} is not known to be in the stack"
        return Attached(policies, hidden)

    def _is_named(self, config: KubernetesObject, names: list[str | Unknown]) -> bool | Unknown:
        target = self.target or config
        refs = [Ref(config.group, config.kind, name, target.namespace, "metadata") for name in names]
        is_it = any_of(refers_to(target, ref, config) for ref in refs)
        return is_it if len(names) == 1 or is_it is False else UNKNOWN

    def _names_in(self, annotation: Properties | Unknown) -> list[str | Unknown]:
        """The BackendConfigs that an annotation names: one if it counts for certain, several if any of them may."""
        ports = UNKNOWN if isinstance(annotation, Unknown) else annotation.object("ports")
        default = UNKNOWN if isinstance(annotation, Unknown) else annotation.string("default", default=UNKNOWN)
        if not isinstance(ports, Properties):
            return [default if ports is None else UNKNOWN]
        by_key = {key: ports.string(key, default=UNKNOWN) for key in ports.keys}
        # A port can be named by its number here and by its name there.
        called = [self._names_of_port(route.port) for route, _ in self.routes]
        routed = [next((by_key[name] for name in names if name in by_key), None) for names in called]
        known = [name for name in routed if name is not None]
        if len(known) == len(routed) == 1:
            return known
        is_for_others = not known and all(len(names) > 1 for names in called)
        if is_for_others and not isinstance(annotation, Unknown) and annotation.value("default") is None:
            return []
        # For all ports the same one is certain.
        names = [default, *by_key.values()]
        return list(dict.fromkeys(names)) if all(isinstance(name, str) for name in names) else names

    def _names_of_port(self, port: str | Unknown | None) -> tuple[str, ...]:
        """What a port of its Service is called: all its names if the Service shows it, else the one in the route."""
        if self.target is None or not isinstance(port, str):
            return ()
        shown = list[Properties]() if self.target.is_patch else known_in(self.target.spec.objects("ports"))
        for entry in shown:
            name, number = entry.string("name", default=""), entry.number("port")
            if isinstance(name, str) and isinstance(number, int | float) and plain(port) in (name, f"{number:g}"):
                return f"{number:g}", name
        return (plain(port),)


def _port_in(entry: Properties) -> float | Unknown | None:
    """The port of Pods in an entry of a pool or a Service; a Service without `targetPort` uses its own."""
    keys = [key for key in ("number", "targetPort", "port") if entry.value(key) is not None]
    return entry.number(keys[0]) if keys else None


def _are_same(one: Ref, other: Ref) -> bool | Unknown:
    answers = [equals(one.group, other.group), equals(one.kind, other.kind), equals(one.name, other.name)]
    return all_of([*answers, same_namespace(one.namespace, other.namespace)])


@dataclass(frozen=True, eq=False)
class GkeSubject(View):
    """The object that shows backends of GKE: a Service, an InferencePool or, if that is elsewhere, a route."""

    TYPES: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def resources_in(cls, stack: Stack) -> tuple[Resource, ...]:
        """The objects that show the backends of a stack, ordered by URN."""
        shown = {one.shown_on.urn: one.shown_on.resource for one in gke_backends(stack)}
        return tuple(shown[urn] for urn in sorted(shown))

    @property
    def is_a_service(self) -> bool:
        return True

    @cached_property
    def backends(self) -> tuple[GkeBackend, ...]:
        """The backends that findings about this object are about."""
        return tuple(one for one in gke_backends(self.stack) if one.shown_on.urn == self.urn)


@per_stack
def gke_backends(stack: Stack) -> tuple[GkeBackend, ...]:
    """The backends that routes of a stack lead to, but those that a proxy in the cluster serves; ordered by URN."""
    return tuple(one for one in all_backends(stack) if one.is_googles is not False)


@per_stack
def all_backends(stack: Stack) -> tuple[GkeBackend, ...]:
    """The backends that routes of a stack lead to, whoever serves them; ordered by URN."""
    found: dict[tuple[str, str, str], GkeBackend] = {}
    for route in routes_of(stack):
        for shown_on, leads in _targets(stack, route):
            key = (shown_on.urn, route.way, "" if shown_on is not route.holder else f"{route.ref}")
            before = found[key].routes if key in found else ()
            found[key] = GkeBackend(stack, shown_on, route.way, route.ref, (*before, (route, leads)))
    return tuple(found[key] for key in sorted(found))


def _targets(stack: Stack, route: Route) -> Sequence[tuple[KubernetesObject, bool | Unknown]]:
    """The objects that a route leads to or may, each with whether it does; itself for what is not in the stack."""
    ref = route.ref
    if isinstance(ref, Unknown):
        return [(route.holder, UNKNOWN)]
    links = [(one, refers_to(route.holder, ref, one)) for one in objects_of(stack, TARGETS)]
    certain = [(one, leads) for one, leads in links if leads is True]
    return certain or [link for link in links if link[1] is UNKNOWN] or [(route.holder, True)]
