"""What routes name and is not there."""

from __future__ import annotations

from policypack.model.gke.fronts import TARGETS, routes_of
from policypack.model.gke.opaque import why_hidden
from policypack.model.gke.workloads import workloads_behind
from policypack.model.kubernetes.clusters import cluster_of
from policypack.model.kubernetes.kinds import INFERENCE_POOL, NAMESPACE
from policypack.model.kubernetes.objects import (
    KubernetesObject,
    Ref,
    objects_of,
    refers_to,
    same_cluster,
    same_namespace,
)
from policypack.model.values.logic import all_of, any_of, is_in
from policypack.model.values.values import Unknown


def is_missing(holder: KubernetesObject, ref: Ref) -> bool:
    """Whether nothing is what a route names, which nothing in the stack is: not in a cluster and a namespace that the
    stack makes, and where nothing can hide objects.

    Args:
        holder: the object that has the route.
        ref: what it names.
    """
    if is_in(ref.kind, TARGETS) is not True or not isinstance(ref.name, str) or why_hidden(holder.stack, holder):
        return False
    spaces = [one for one in objects_of(holder.stack, (NAMESPACE,)) if same_cluster(one, holder) is True]
    is_made = any(same_namespace(one.identity, ref.namespace) is True for one in spaces)
    return is_made and cluster_of(holder) is not None


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
        if one.kind == ref.kind
        and all_of([same_cluster(one, holder), same_namespace(one.namespace, ref.namespace)]) is True
        and all(isinstance(route.ref, Ref) and refers_to(route.holder, route.ref, one) is False for route in routes)
        and (one.kind == INFERENCE_POOL or _serves_model(one) is True)
    )


def _serves_model(target: KubernetesObject) -> bool | Unknown:
    return any_of(all_of([serves, one.is_model_server]) for one, serves in workloads_behind(target.stack, target))
