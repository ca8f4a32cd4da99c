"""GKE clusters of a stack: found by the kubeconfig of a Kubernetes provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from policypack.model.graph.reference import region_of
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import GKE_CLUSTER, GKE_NODE_POOL
from policypack.model.graph.view import View
from policypack.model.kubernetes.objects import KubernetesObject
from policypack.model.values.values import UNKNOWN, Unknown


@dataclass(frozen=True, eq=False)
class GkeCluster(View):
    """A GKE cluster."""

    TYPES: ClassVar[tuple[str, ...]] = (GKE_CLUSTER,)

    @property
    def location(self) -> str | Unknown:
        """Its region, or the zone of its control plane."""
        return self.resource.asked.string("location", default=UNKNOWN)

    @property
    def region(self) -> str | Unknown:
        location = self.location
        return location if isinstance(location, Unknown) else region_of(location)


def cluster_of(one: KubernetesObject) -> GkeCluster | None:
    """The cluster of the stack that an object is in; `None` for one outside the stack, or if it is not known which."""
    return _cluster_of_provider(one.stack, one.resource.provider_urn)


@per_stack
def _cluster_of_provider(stack: Stack, provider_urn: str) -> GkeCluster | None:
    provider = stack.by_urn(provider_urn)
    sources = [stack.by_urn(urn) for urn in (provider.edges.get("kubeconfig", ()) if provider else ())]
    found = {one.urn: one for one in sources if one and one.type == GKE_CLUSTER}
    for pool in (one for one in sources if one and one.type == GKE_NODE_POOL):
        found |= {one.urn: one for one in stack.uses(pool) if one.type == GKE_CLUSTER}
    return GkeCluster.of(next(iter(found.values())), stack) if len(found) == 1 else None
