"""What `llm-backend-zones` says of backends on GKE."""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.regions import exporters_of, may_have_other_exporters
from policypack.model.gke.zones import has_several_pods, least_zones, most_zones
from policypack.model.kubernetes.clusters import GkeCluster, cluster_of
from policypack.model.values.bounds import reaches
from policypack.model.values.logic import or_else
from policypack.model.values.values import UNKNOWN
from policypack.verdict import Checks, Fail, Undecided, decided, provided
from policypack.wording import how_many

_HOW_TO_SHOW: Final = "; give the objects a `provider` whose `kubeconfig` comes from a cluster of the stack"


def spans_zones(backend: GkeBackend, min_zones: int) -> Checks:
    """The Pods of a backend can be in several zones: there are two at least, and nodes for them in two zones.

    https://cloud.google.com/kubernetes-engine/docs/concepts/types-of-clusters
    """
    if min_zones > 1:
        yield _has_nodes_in_zones(backend, min_zones)
        yield _has_several_pods(backend, min_zones)


def _has_nodes_in_zones(backend: GkeBackend, min_zones: int) -> Checks:
    is_alone = backend.spans_clusters is False
    serving = [cluster_of(one) for one in ([backend.shown_on] if is_alone else exporters_of(backend))]
    clusters = [one for one in serving if one]
    if not clusters or len(clusters) < len(serving) or (not is_alone and may_have_other_exporters(backend)):
        seen = f"the clusters that serve {backend.label} are not known to be in the stack"
        yield Undecided(f"{seen}{_HOW_TO_SHOW if len(clusters) < max(len(serving), 1) else ''}", "kubeconfig")
    for cluster in clusters:
        doubt = Undecided(f"clusters of other stacks may serve {backend.label} in the region of `{cluster.name}`")
        yield provided(True if is_alone else UNKNOWN, doubt, _cluster_spans_zones(backend, cluster, min_zones))


def _cluster_spans_zones(backend: GkeBackend, cluster: GkeCluster, min_zones: int) -> Checks:
    most, least = most_zones(cluster), least_zones(cluster)
    why = f"it is not known in how many zones `{cluster.name}` has nodes for {backend.label}"
    spans = reaches(or_else(least, 0), or_else(most, None), min_zones)
    if not decided(spans, Undecided(why, "node_locations")):
        zones = how_many(or_else(most, 0), "zone")
        yield Fail(
            f"All nodes of the cluster `{cluster.name}` are in {zones}.",
            f"Backends in at least {how_many(min_zones, 'zone')} of each region.",
            f"Set ``node_locations`` of the cluster or of its node pools to {min_zones} zones or more of its region.",
        )


def _has_several_pods(backend: GkeBackend, min_zones: int) -> Checks:
    # What clusters import has its Pods in those that export it.
    doubt = Undecided(f"it is not known how many Pods serve {backend.label}", "replicas")
    if backend.target and not decided(has_several_pods(backend), doubt):
        labels = ", ".join(workload.label for workload, _ in backend.workloads)
        yield Fail(
            f"{backend.label} has at most one Pod, from {labels}, so it is in one zone.",
            f"Backends in at least {how_many(min_zones, 'zone')} of each region.",
            f"Set `spec.replicas` of {labels} to {min_zones} or more, and spread its Pods over zones with "
            "`topologySpreadConstraints`.",
        )
