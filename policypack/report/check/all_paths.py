"""The serving paths of a stack: of its backend services, and of the backends that GKE makes."""

from __future__ import annotations

from functools import cached_property
from typing import Final, TypeAlias, cast

from policypack.evaluate import views_of
from policypack.model.balancing.backend_service import BackendService
from policypack.model.gke.backends import GkeBackend, GkeSubject
from policypack.model.gke.fronts import Front, gateways_of
from policypack.model.gke.policies import Policy
from policypack.model.gke.regions import exporters_of
from policypack.model.gke.workloads import Workload
from policypack.model.graph.tokens import SECURITY_POLICY_TYPES
from policypack.model.kubernetes.clusters import cluster_of
from policypack.model.kubernetes.kinds import GATEWAY, HEALTH_CHECK_POLICY, INGRESS
from policypack.model.kubernetes.names import named_in_spec
from policypack.model.kubernetes.objects import KubernetesObject
from policypack.model.values.values import Unknown
from policypack.report.check.serving_path import (
    NOT_KNOWN,
    REGION_NOT_KNOWN,
    Drawn,
    Node,
    ServingPath,
    ServingPaths,
)
from policypack.report.check.verdicts import Verdicts, count_verdicts

Served: TypeAlias = BackendService | GkeSubject
_ELSEWHERE: Final = "its Pods are not in the stack"


class AllPaths(ServingPaths):
    """The serving paths of backend services and of the backends that GKE makes, each made when it is asked for."""

    @cached_property
    def subjects(self) -> tuple[Served, ...]:
        """What has a path, that with most violations on it first, then by URN."""
        of_gke = [cast("GkeSubject", one) for stack in self._stacks for one in views_of(stack, GkeSubject)]
        found: list[Served] = [*self.services, *of_gke]
        return tuple(sorted(found, key=lambda one: (self.verdicts_on_path(one).urgency, one.urn)))

    def verdicts_on_path(self, subject: Served) -> Verdicts:
        """The findings about all that is on a path, together."""
        if isinstance(subject, BackendService):
            return super().verdicts_on_path(subject)
        return self.path_of(subject).verdicts

    def path_of(self, subject: Served) -> ServingPath:
        """What is on the path of a backend service or of what a controller makes one of."""
        if isinstance(subject, BackendService):
            return super().path_of(subject)
        drawn = Drawn(self, subject.stack)
        own = _own_node(drawn, subject)
        for backend in subject.backends:
            _add_fronts(drawn, own, backend)
            _add_policies(drawn, own, backend)
            _add_backends(drawn, own, backend)
        judged = {node.urn for node in drawn.nodes.values() if node.urn}
        verdicts = count_verdicts(finding for urn in sorted(judged) for finding in self._findings.get(urn, ()))
        return ServingPath(own, drawn.in_order, tuple(drawn.edges), (), verdicts, self.stack_of(subject))


def _own_node(drawn: Drawn, subject: GkeSubject) -> Node:
    """The Service or the InferencePool; for one that is not in the stack, what its route calls it."""
    first = subject.backends[0]
    if first.target:
        return drawn.resource("backend service", subject.resource, first.target.kind)
    key, kind = f"{subject.urn} backend", first.kind if isinstance(first.kind, str) else ""
    verdicts = drawn.verdicts_of(subject.urn)
    return drawn.add(Node(key, "backend service", first.label, subject.urn, kind, verdicts=verdicts))


def _add_fronts(drawn: Drawn, own: Node, backend: GkeBackend) -> None:
    for route, leads in backend.routes:
        holder = route.holder
        if holder.kind == INGRESS:
            drawn.connect(_front_node(drawn, Front.of(holder.resource, backend.stack)), own, is_certain=leads is True)
            continue
        through = drawn.resource("route", holder.resource, holder.kind)
        drawn.connect(through, own, is_certain=leads is True)
        for front, is_parent in gateways_of(backend.stack, holder):
            drawn.connect(_front_node(drawn, front), through, is_certain=is_parent is True)


def _front_node(drawn: Drawn, front: Front) -> Node:
    name = front.class_name
    return drawn.resource("front end", front.resource, name if isinstance(name, str) else front.kind)


def _add_policies(drawn: Drawn, own: Node, backend: GkeBackend) -> None:
    checks = backend.attached(HEALTH_CHECK_POLICY).policies if backend.way == GATEWAY else ()
    for policy, is_it in checks:
        if policy.object:
            node = drawn.resource("health check", policy.object.resource, _check_detail(policy))
            drawn.connect(own, node, is_certain=is_it is True)
    for policy, is_it in backend.settings.policies:
        if policy.object:
            node = drawn.resource("policy", policy.object.resource, policy.kind)
            drawn.connect(own, node, is_certain=is_it is True)
            _add_security_policy(drawn, node, policy)


def _add_security_policy(drawn: Drawn, node: Node, policy: Policy) -> None:
    name = policy.text("security policy")
    if policy.object and name is not None:
        found, are_all = named_in_spec(policy.object, name, SECURITY_POLICY_TYPES)
        for resource in found:
            drawn.connect(node, drawn.resource("security policy", resource), is_certain=are_all)


def _add_backends(drawn: Drawn, own: Node, backend: GkeBackend) -> None:
    """The Deployments behind it, in the regions of their clusters; for an import, what other clusters export."""
    for workload, serves in backend.workloads:
        node = drawn.resource("backend", workload.resource, _size(workload), _region(workload))
        drawn.connect(own, node, is_certain=serves is True)
    exporters = exporters_of(backend)
    for one in exporters:
        drawn.connect(own, drawn.resource("backend", one.resource, one.kind, _region(one)))
    if not backend.workloads and not exporters:
        unknown = Node(f"{own.key} Pods", "backend", NOT_KNOWN, None, _ELSEWHERE, _region(backend.shown_on))
        drawn.connect(own, drawn.add(unknown), is_certain=False)


def _region(one: KubernetesObject) -> str:
    cluster = cluster_of(one)
    return cluster.region if cluster and isinstance(cluster.region, str) else REGION_NOT_KNOWN


def _size(workload: Workload) -> str:
    replicas = workload.spec.number("replicas")
    return f"{workload.kind}, {replicas:g} Pods" if isinstance(replicas, int | float) else workload.kind


def _check_detail(policy: Policy) -> str:
    return " ".join(f"{text}" for text in policy.check if not isinstance(text, Unknown) and text)
