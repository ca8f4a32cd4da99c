"""What is certainly not there: what routes name, and Pods that a selector matches.

That takes a cluster and a namespace that the stack makes, in which nothing can make or hide other objects.
"""

from __future__ import annotations

from typing import Final

from policypack.model.gke.fronts import TARGETS, routes_of
from policypack.model.gke.opaque import why_hidden
from policypack.model.gke.workloads import Workload, selector_of, workloads_behind, workloads_of
from policypack.model.graph.stack import per_stack
from policypack.model.kubernetes.clusters import cluster_of
from policypack.model.kubernetes.kinds import (
    BACKEND_CONFIG_GROUP,
    CORE_GROUP,
    FLEET_GROUP,
    GATEWAY_GROUPS,
    GKE_GROUP,
    INFERENCE_POOL,
    INGRESS_GROUPS,
    NAMESPACE,
    POOL_GROUPS,
)
from policypack.model.kubernetes.objects import (
    KubernetesObject,
    Ref,
    all_objects,
    objects_of,
    refers_to,
    same_cluster,
    same_namespace,
)
from policypack.model.values.logic import all_of, any_of, equals, is_in
from policypack.model.values.properties import Properties
from policypack.model.values.values import Unknown

# Groups whose objects make no Services, and no Pods but those that are read of workloads. The operators of others may,
# as that of a RayService does: https://docs.ray.io/en/latest/cluster/kubernetes/
_MAKE_NO_OTHERS: Final = frozenset(
    {
        *(CORE_GROUP, "apps", "autoscaling", "policy", "rbac.authorization.k8s.io", "scheduling.k8s.io"),
        *("storage.k8s.io", "autoscaling.gke.io", "monitoring.googleapis.com", "llm-d.ai"),
        *(BACKEND_CONFIG_GROUP, FLEET_GROUP, GKE_GROUP, *GATEWAY_GROUPS, *INGRESS_GROUPS, *POOL_GROUPS),
    }
)


@per_stack
def _is_closed(stack: object, one: KubernetesObject, namespace: str | Unknown | None) -> bool:
    """Whether a namespace of the cluster of an object has nothing but what the stack shows."""
    if why_hidden(one.stack, one) or cluster_of(one) is None:
        return False
    here = [other for other in all_objects(one.stack) if same_cluster(other, one) is not False]
    spaces = [other for other in here if other.kind == NAMESPACE and same_cluster(other, one) is True]
    is_made = any(same_namespace(space.identity, namespace) is True for space in spaces)
    return is_made and all(other.group in _MAKE_NO_OTHERS for other in here)


def is_missing(holder: KubernetesObject, ref: Ref) -> bool:
    """Whether nothing is what a route names, which nothing in the stack is.

    Args:
        holder: the object that has the route.
        ref: what it names.
    """
    is_named = is_in(ref.kind, TARGETS) is True and isinstance(ref.name, str)
    return is_named and _is_closed(holder.stack, holder, ref.namespace)


def meant_by(holder: KubernetesObject, ref: Ref) -> tuple[KubernetesObject, ...]:
    """What serves a model where a route looks for something, and has no route.

    Args:
        holder: the object that has the route.
        ref: what it names.
    """
    routes = routes_of(holder.stack)
    return tuple(
        one
        for one in objects_of(holder.stack, TARGETS)
        if equals(ref.kind, one.kind) is True
        and all_of([same_cluster(one, holder), same_namespace(one.namespace, ref.namespace)]) is True
        and all(isinstance(route.ref, Ref) and refers_to(route.holder, route.ref, one) is False for route in routes)
        and (one.kind == INFERENCE_POOL or _serves_model(one) is True)
    )


def namesakes_of(holder: KubernetesObject, ref: Ref | Unknown) -> tuple[KubernetesObject, ...]:
    """What has the name in a route, and is in a namespace of another name than the route says."""
    if isinstance(ref, Unknown):
        return ()
    return tuple(
        one
        for one in objects_of(holder.stack, TARGETS)
        if isinstance(one.namespace, str) and refers_to(holder, ref._replace(namespace=one.namespace), one) is True
    )


def _serves_model(target: KubernetesObject) -> bool | Unknown:
    return any_of(all_of([serves, one.is_model_server]) for one, serves in workloads_behind(target.stack, target))


def selects_nothing(target: KubernetesObject) -> bool:
    """Whether the selector of a Service or an InferencePool may match none: it matches no Pods of the stack."""
    selector = selector_of(target)
    has_labels = isinstance(selector, Properties) and bool(selector.keys)
    # Without a selector somebody else says which endpoints a Service has.
    return has_labels and not target.is_patch and not workloads_behind(target.stack, target)


def has_no_pods(target: KubernetesObject) -> bool:
    """Whether the selector of a Service or an InferencePool certainly matches no Pods."""
    return selects_nothing(target) and _is_closed(target.stack, target, target.namespace)


def unserved_beside(target: KubernetesObject) -> tuple[tuple[Workload, bool | Unknown], ...]:
    """What serves a model in the namespace of a Service or an InferencePool, or may, and is behind none."""
    stack = target.stack
    served = {one.urn for other in objects_of(stack, TARGETS) for one, _ in workloads_behind(stack, other)}
    answers = (
        (one, all_of([same_cluster(one, target), same_namespace(one.namespace, target.namespace), one.is_model_server]))
        for one in workloads_of(stack)
        if one.urn not in served
    )
    return tuple((one, is_beside) for one, is_beside in answers if is_beside is not False)
