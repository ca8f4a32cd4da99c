"""GKE clusters of a stack: found by the kubeconfig of a Kubernetes provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from policypack.model.graph.reference import region_of
from policypack.model.graph.tokens import GKE_CLUSTER
from policypack.model.graph.view import View
from policypack.model.kubernetes.objects import KubernetesObject, gke_clusters_of
from policypack.model.values.logic import when_known
from policypack.model.values.values import UNKNOWN, Unknown


@dataclass(frozen=True, eq=False)
class GkeCluster(View):
    """A GKE cluster: where it is."""

    TYPES: ClassVar[tuple[str, ...]] = (GKE_CLUSTER,)

    @property
    def location(self) -> str | Unknown:
        """Its region, or the zone of its control plane."""
        return self.resource.asked.string("location", default=UNKNOWN)

    @property
    def region(self) -> str | Unknown:
        return when_known(self.location, region_of)


def cluster_of(one: KubernetesObject) -> GkeCluster | None:
    """The cluster of the stack that an object is in; `None` for one outside the stack, or if it is not known which."""
    found = gke_clusters_of(one.stack, one.resource.provider_urn)
    return GkeCluster.of(found[0], one.stack) if len(found) == 1 else None
