"""The regions that serve a backend: those of the clusters that export it, or the one of its own cluster.

https://cloud.google.com/kubernetes-engine/docs/concepts/multi-cluster-gateways,
https://cloud.google.com/kubernetes-engine/docs/how-to/setup-multicluster-inference-gateway
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.fronts import Front, fronts_of
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import RECORD_SET
from policypack.model.kubernetes.clusters import cluster_of
from policypack.model.kubernetes.kinds import EXPORTS, IMPORTS, INFERENCE_POOL
from policypack.model.kubernetes.objects import KubernetesObject, objects_of, same_namespace
from policypack.model.values.logic import all_of, equals, when_known
from policypack.model.values.values import UNKNOWN, Unknown

_EXPORT: Final = "networking.gke.io/export"


def region_of_front(front: Front) -> str | None:
    """The region of the cluster that a Gateway or an Ingress is in, if it is known."""
    return next(iter(_regions([front])), None)


def exporters_of(backend: GkeBackend) -> tuple[KubernetesObject, ...]:
    """The objects of the stack that certainly export what a backend imports: pools with an annotation, ServiceExports.

    Clusters with their own stacks may export it as well.
    """
    return tuple(one for one, exports in _exporters(backend) if exports is True)


def may_have_other_exporters(backend: GkeBackend) -> bool:
    """Whether another object of the stack may export what a backend imports."""
    return any(exports is UNKNOWN for _, exports in _exporters(backend))


def _exporters(backend: GkeBackend) -> list[tuple[KubernetesObject, bool | Unknown]]:
    ref = backend.ref
    if isinstance(ref, Unknown) or not isinstance(ref.kind, str) or ref.kind not in IMPORTS:
        return []
    is_pool, name = IMPORTS[ref.kind] == INFERENCE_POOL, ref.name
    found = objects_of(backend.stack, (INFERENCE_POOL if is_pool else EXPORTS,))
    names = [equals(one.object_name, name) for one in found]
    places = [same_namespace(one.namespace, ref.namespace) for one in found]
    marks = [is_exported(one) if is_pool else True for one in found]
    return [(one, all_of(answers)) for one, *answers in zip(found, names, places, marks, strict=True)]


def is_exported(pool: KubernetesObject) -> bool | Unknown:
    """Whether an InferencePool is exported to the other clusters of its fleet."""
    return when_known(pool.annotation(_EXPORT), lambda text: text is not None and text.lower() == "true")


def regions_of_exporters(backend: GkeBackend) -> frozenset[str]:
    """The regions that certainly serve what a backend imports."""
    return _regions(exporters_of(backend))


def regions_of_peers(front: Front, pattern: str) -> tuple[str | None, ...]:
    """The region of each Gateway and Ingress whose logical name matches a glob; `None` where it is not known."""
    return tuple(region_of_front(one) for one in fronts_of(front.stack) if fnmatchcase(one.name, pattern))


def may_be_joined_by_dns(stack: Stack) -> bool:
    """Whether a DNS record of the stack may answer with the addresses of load balancers in several clusters."""
    clusters = {front.cluster for front in fronts_of(stack) if front.is_googles is not False}
    records = stack.of_types([RECORD_SET])
    return len(clusters) > 1 and any(one.asked.value("routingPolicy") is not None for one in records)


def _regions(objects: Iterable[KubernetesObject]) -> frozenset[str]:
    clusters = (cluster_of(one) for one in objects)
    return frozenset(one.region for one in clusters if one and isinstance(one.region, str))
