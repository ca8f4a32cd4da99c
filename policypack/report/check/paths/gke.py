"""The serving path of what GKE makes a backend service of: its Gateways and Ingresses, its policies, its Pods."""

from __future__ import annotations

from typing import Final

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
from policypack.report.check.paths.serving_path import NOT_KNOWN, REGION_NOT_KNOWN, Drawn, Node

_ELSEWHERE: Final = "its Pods are not in the stack"


def draw_gke(drawn: Drawn, subject: GkeSubject) -> Node:
    """Draws all that is on the path of what a controller makes a backend service of, and gives its own node."""
    own = _own_node(drawn, subject)
    for backend in subject.backends:
        _add_fronts(drawn, own, backend)
        _add_policies(drawn, own, backend)
        _add_backends(drawn, own, backend)
    return own


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
