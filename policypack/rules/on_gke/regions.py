"""What `llm-backend-regions` says of backends on GKE."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.fronts import Front, FrontClass
from policypack.model.gke.regions import (
    exporters_of,
    may_be_joined_by_dns,
    region_of_front,
    regions_of_exporters,
    regions_of_peers,
)
from policypack.model.kubernetes.kinds import GATEWAY, IMPORTS, INFERENCE_POOL
from policypack.model.values.logic import is_in
from policypack.verdict import Checks, Fail, Undecided, known, provided
from policypack.wording import how_many, quoted

_JOIN: Final = (
    "Also serve the model from a cluster in another region, behind its own load balancer. Join both by DNS with "
    "health checks, and set the option `regional_peers` of `llm-backend-regions` to one glob that matches the "
    "logical names of all Gateways or Ingresses that belong together."
)
_MULTI_CLUSTER: Final = (
    "Use a Gateway of class `{name}`, export the {what} from clusters in two regions to it, and make its `{imported}` "
    "the backend of the route{limit}. Or: "
)
# What clusters export is its backend already.
_CLASS_ALONE: Final = "Set `spec.gatewayClassName` of {front} to `{name}`{limit}. Or: "
_LIMIT: Final = ", with a limit such as `maxRatePerEndpoint` in its GCPBackendPolicy"
# https://cloud.google.com/kubernetes-engine/docs/how-to/gatewayclass-capabilities
_EXTERNAL_CLASS: Final = "gke-l7-global-external-managed-mc"
_INTERNAL_CLASS: Final = "gke-l7-cross-regional-internal-managed-mc"


def spans_regions(backend: GkeBackend, min_regions: int, peers: Sequence[str]) -> Checks:
    """A backend is in several regions, of which the clusters that export it decide.

    A Gateway or an Ingress of one cluster has backends in that cluster alone; where its address is does not count.
    https://cloud.google.com/kubernetes-engine/docs/concepts/multi-cluster-gateways
    """
    if backend.has_unseen_front:
        yield Undecided(f"the Gateway of {backend.label} is not known to be in the stack", "parentRefs")
    for front, sends in backend.fronts:
        doubt = Undecided(f"whether {front.label} sends requests to {backend.label} is not known", "parentRefs")
        yield provided(sends, doubt, _of_front(backend, front, min_regions, peers))


def _of_front(backend: GkeBackend, front: Front, min_regions: int, peers: Sequence[str]) -> Checks:
    found = known(front.front_class, "gatewayClassName", front.name)
    if found is None or min_regions <= 1:
        return
    if found.is_multi_cluster:
        yield _are_exported(backend, found, min_regions)
        return
    joined = [regions_of_peers(front, glob) for glob in peers if fnmatchcase(front.name, glob)]
    if any(len({region for region in regions if region}) >= min_regions for regions in joined):
        return
    if any(None in regions for regions in joined):
        has_peers = any(len(regions) > 1 for regions in joined)
        alone = f"`regional_peers` matches {front.label} alone, whose region is not known"
        yield Undecided(f"the region of a peer of {front.label} is not known" if has_peers else alone, "location")
    elif may_be_joined_by_dns(backend.stack):
        yield Undecided(
            f"a DNS record may join {front.label} with others; if so, set the option `regional_peers` to one glob "
            f"that matches their logical names",
            "routing_policy",
        )
    else:
        yield _serves_one_cluster(backend, front, found, min_regions)


def _serves_one_cluster(backend: GkeBackend, front: Front, its_class: FrontClass, min_regions: int) -> Checks:
    region, is_internal = region_of_front(front), its_class.product.is_internal
    where = f", in `{region}`" if region else ""
    is_imported, is_pool = is_in(backend.kind, IMPORTS) is True, backend.is_pool
    # A pool behind a global external load balancer is not documented.
    name = _INTERNAL_CLASS if is_internal else "" if is_pool else _EXTERNAL_CLASS
    imported, limit = _imported(is_pool=is_pool), "" if _has_a_limit(backend) else _LIMIT
    what = "pool (annotation `networking.gke.io/export`)" if is_pool else "Service (`ServiceExport`)"
    how = _CLASS_ALONE if is_imported else _MULTI_CLUSTER
    yield Fail(
        f"{front.label} of class `{its_class.name}` serves its own cluster only{where}.",
        f"Backends in at least {how_many(min_regions, 'region')}.",
        (how.format(front=front.label, name=name, what=what, imported=imported, limit=limit) if name else "") + _JOIN,
    )


def _has_a_limit(backend: GkeBackend) -> bool:
    """Whether a policy limits its load, as `llm-backend-max-utilization` asks of several clusters."""
    return backend.way == GATEWAY and any(policy.has_limit is True for policy, _ in backend.settings.policies)


def _imported(*, is_pool: bool) -> str:
    """The kind by which a route names what clusters export."""
    return next(kind for kind, exported in IMPORTS.items() if (exported == INFERENCE_POOL) == is_pool)


def _are_exported(backend: GkeBackend, its_class: FrontClass, min_regions: int) -> Checks:
    if its_class.product.is_regional:
        yield Undecided(
            f"whether `{its_class.name}` reaches clusters in other regions is not documented", "gatewayClassName"
        )
        return
    kind = known(known(backend.ref, "backendRefs").kind, "backendRefs")
    if kind not in IMPORTS:
        imported = _imported(is_pool=kind == INFERENCE_POOL)
        why = f"the route names {backend.label} itself, not what clusters export: name its `{imported}`"
        yield Undecided(why, "backendRefs")
        return
    regions, exporters = regions_of_exporters(backend), exporters_of(backend)
    if len(regions) < min_regions:
        there = f" in {quoted(regions)}" if regions else ""
        export = "exports" if len(exporters) == 1 else "export"
        seen = f"{how_many(len(exporters), 'cluster')} of this stack {export} {backend.label}{there}"
        yield Undecided(
            f"{seen}, {min_regions} regions are needed, and clusters of other stacks may export it", "location"
        )
