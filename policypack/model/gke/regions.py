"""The regions that serve a backend: those of the clusters that export it, or the one of its own cluster.

https://cloud.google.com/kubernetes-engine/docs/concepts/multi-cluster-gateways,
https://cloud.google.com/kubernetes-engine/docs/how-to/setup-multicluster-inference-gateway
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.exports import exports_to
from policypack.model.gke.fronts import Front, fronts_of
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import RECORD_SET
from policypack.model.kubernetes.clusters import cluster_of
from policypack.model.kubernetes.objects import KubernetesObject
from policypack.model.values.values import UNKNOWN


def region_of_front(front: Front) -> str | None:
    """The region of the cluster that a Gateway or an Ingress is in, if it is known."""
    return next(iter(_regions([front])), None)


def exporters_of(backend: GkeBackend) -> tuple[KubernetesObject, ...]:
    """The objects of the stack that certainly export what a backend imports: pools with an annotation, ServiceExports.

    Clusters with their own stacks may export it as well.
    """
    return tuple(one for one, exports in exports_to(backend.stack, backend.ref) if exports is True)


def may_have_other_exporters(backend: GkeBackend) -> bool:
    """Whether another object of the stack may export what a backend imports."""
    return any(exports is UNKNOWN for _, exports in exports_to(backend.stack, backend.ref))


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
