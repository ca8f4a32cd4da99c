"""The zones that a backend of one cluster is in: by the nodes of its cluster, and by how many Pods there are.

https://cloud.google.com/kubernetes-engine/docs/concepts/types-of-clusters,
https://cloud.google.com/kubernetes-engine/docs/concepts/node-pools
"""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import GKE_NODE_POOL
from policypack.model.kubernetes.clusters import GkeCluster
from policypack.model.kubernetes.objects import objects_of, same_cluster
from policypack.model.values.logic import known_in
from policypack.model.values.values import UNKNOWN, Unknown

_SCALERS: Final = ("HorizontalPodAutoscaler", "ScaledObject", "MultidimPodAutoscaler")
# A regional cluster has nodes in this many zones where nobody says in which.
_ZONES_OF_A_REGION: Final = 3


def least_zones(cluster: GkeCluster) -> int | Unknown:
    """In how many zones all node pools of a cluster are at least, so that Pods can spread whichever pool they need."""
    pools = _pools(cluster)
    counts = [_count(zones) for zones in known_in(pools)]
    return min(counts) if pools and len(counts) == len(pools) else UNKNOWN


def most_zones(cluster: GkeCluster) -> int | Unknown:
    """In how many zones the nodes of a cluster are at most."""
    pools = _pools(cluster)
    known = [zones for zones in pools if isinstance(zones, frozenset)]
    if not pools or len(known) < len(pools) or _provisions_nodes(cluster):
        return UNKNOWN
    return len(frozenset().union(*known))


def _count(zones: frozenset[str] | None) -> int:
    return _ZONES_OF_A_REGION if zones is None else len(zones)


def _pools(cluster: GkeCluster) -> list[frozenset[str] | Unknown | None]:
    """The zones of each node pool of the stack; `None` where GKE selects them in a region."""
    pools = ((pool, _is_of(pool, cluster)) for pool in cluster.stack.of_types([GKE_NODE_POOL]))
    found = [_zones(pool, cluster) if is_its else UNKNOWN for pool, is_its in pools if is_its is not False]
    asked = cluster.resource.asked
    found += [] if asked.value("nodePools") is None else [UNKNOWN]
    removes_default = asked.boolean("removeDefaultNodePool", default=False)
    if removes_default is not True:
        found.append(UNKNOWN if isinstance(removes_default, Unknown) else _own_zones(cluster))
    return found


def _is_of(pool: Resource, cluster: GkeCluster) -> bool | None:
    """Whether a node pool belongs to a cluster; `None` if that is not known."""
    sources = pool.edges.get("cluster", ())
    if sources:
        return cluster.urn in sources
    name, own = pool.asked.string("cluster"), cluster.resource.asked.string("name")
    return name.rpartition("/")[2] == own if isinstance(name, str) and isinstance(own, str) else None


def _provisions_nodes(cluster: GkeCluster) -> bool:
    """Whether GKE makes node pools by itself, or may."""
    asked = cluster.resource.asked
    settings = (asked.boolean("enableAutopilot", default=False), asked.block("clusterAutoscaling").boolean("enabled"))
    return any(one is not None and one is not False for one in settings)


def _zones(pool: Resource, cluster: GkeCluster) -> frozenset[str] | Unknown | None:
    given = pool.asked.strings("nodeLocations")
    if isinstance(given, Unknown) or any(isinstance(zone, Unknown) for zone in given):
        return UNKNOWN
    return frozenset(known_in(given)) or _own_zones(cluster)


def _own_zones(cluster: GkeCluster) -> frozenset[str] | Unknown | None:
    """The zones of node pools that do not say another: those that the cluster lists, with that of a zonal cluster."""
    given, location = cluster.resource.asked.strings("nodeLocations"), cluster.location
    if isinstance(given, Unknown) or isinstance(location, Unknown) or any(isinstance(zone, Unknown) for zone in given):
        return UNKNOWN
    zones = frozenset(known_in(given))
    is_zonal = location != cluster.region
    return zones | {location} if is_zonal else zones or None


def has_several_pods(backend: GkeBackend) -> bool | Unknown:
    """Whether there is more than one Pod behind a backend, or something that scales them."""
    if any(same_cluster(one, backend.shown_on) is not False for one in objects_of(backend.stack, _SCALERS)):
        return True
    counts = [one.replicas for one, serves in backend.workloads if serves is True]
    known = known_in(counts)
    if sum(known) > 1:
        return True
    is_whole = len(known) == len(backend.workloads) and known and not backend.hidden
    return False if is_whole else UNKNOWN
