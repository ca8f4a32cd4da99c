"""The rule `llm-backend-zones`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.balancing.serving import serving_groups
from policypack.model.fleets.zones import RegionZones, may_be_in_zones, zones_by_region
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, Range, rule
from policypack.rules.on_gke.zones import spans_zones
from policypack.rules.shared.conditions import HAS_BACKENDS
from policypack.verdict import Checks, Fail, NotApplicable, Undecided, decided, not_known, provided, unresolved
from policypack.wording import how_many

# Instance groups and NEGs do not mix: https://cloud.google.com/load-balancing/docs/backend-service#backends
_IN_INSTANCE_GROUPS: Final = (
    "Use a `RegionInstanceGroupManager` with two or more ``distribution_policy_zones`` and the "
    '``distribution_policy_target_shape`` "BALANCED" or "EVEN", or add a zonal group in another zone.'
)
_IN_NEGS: Final = (
    "Add a zonal NEG (`NetworkEndpointGroup`) in another zone of the region to `backends`, with servers there."
)


@dataclass(frozen=True)
class ZonesOptions(Options):
    """Options of `llm-backend-zones`.

    Attributes:
        min_zones: the minimum number of zones with backends in each region. 2 zones survive the loss of one, and every
            region has 3 (https://cloud.google.com/compute/docs/regions-zones).
        spreading_shapes: the target shapes of a regional group that count as spreading its VMs. The default has the two
            that Google recommends for highly available serving
            (https://cloud.google.com/compute/docs/instance-groups/regional-mig-distribution-shape).
    """

    min_zones: Annotated[int, Range(1, 3)] = 2
    spreading_shapes: tuple[str, ...] = ("EVEN", "BALANCED")


@rule(
    title="Backends span at least two zones in each region",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/instance-groups/regional-migs",
    applies=(HAS_BACKENDS,),
    gke=lambda backend, options: spans_zones(backend, options.min_zones),
)
def llm_backend_zones(service: BackendService, options: ZonesOptions) -> Checks:
    """The backends in each region are spread over at least `min_zones` zones.

    ## What it checks
    All groups of a service in one region together cover at least `min_zones` zones. One zonal group in each of two
    zones is as good as one regional group. These zones count:

    - for a regional managed group, its `distribution_policy_zones`, or the three zones that Compute Engine selects by
      default;
    - for a zonal group, managed or not, and for a zonal network endpoint group, its own zone;
    - for a regional group whose `distribution_policy_target_shape` is ANY or ANY_SINGLE_ZONE, a single zone, because
      all its VMs may be in one.

    Drained backends (`capacity_scaler` 0) do not count. Hybrid NEGs are not judged on their own, but count together
    with zonal NEGs. Serverless, internet and Private Service Connect NEGs have no zone.

    On GKE, the nodes of the backend's cluster are in several zones (`location` and `node_locations` of the cluster and
    its node pools), and its Deployment has more than one Pod (`replicas`), unless something scales it.

    ## Why it matters
    Zones fail, and run out of GPUs, far more often than regions do. If a region uses a single zone, each such event
    takes out the whole region: all its traffic moves to another region at once, which must be large enough for both.
    LLM stacks often choose ANY_SINGLE_ZONE to find capacity, and lose zone redundancy without noticing.

    ## Applies to
    Global and regional backend services of every scheme, with instance groups or zonal NEGs, and LLM backends of
    Gateways and Ingresses on GKE.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
        distribution_policy_zones=["us-central1-a", "us-central1-b"],
        distribution_policy_target_shape="ANY_SINGLE_ZONE",
        update_policy={"type": "OPPORTUNISTIC", "minimal_action": "REPLACE", "instance_redistribution_type": "NONE"},
    )
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
         distribution_policy_zones=["us-central1-a", "us-central1-b"],
    -    distribution_policy_target_shape="ANY_SINGLE_ZONE",
    +    distribution_policy_target_shape="BALANCED",
         update_policy={"type": "OPPORTUNISTIC", "minimal_action": "REPLACE", "instance_redistribution_type": "NONE"},
    ```

    ## Undecided
    The verdict is undecided when:

    - a regional group is outside the stack;
    - the zones, the shape or the region of a group are computed;
    - `backends` is built inside `apply`;
    - it is not known which backends are drained;
    - the NEGs of a region are in one zone, and may be zonal or hybrid;
    - on GKE, the cluster is not in the stack, serves together with others, manages its own node pools, or has some node
      pools in one zone and others in several.
    """
    yield from unresolved(service.links)
    serving = serving_groups(service)
    groups = [group for group in (*serving.certain, *serving.possible) if may_be_in_zones(group)]
    if not groups and service.links.is_complete:
        yield NotApplicable("its backends have no zones")
    nowhere = [group for group in groups if group.region is UNKNOWN]
    for group in nowhere:
        yield not_known("region", group.name)
    others_may_follow = nowhere or service.leaves_backends_to_a_controller or not service.links.is_complete
    for zones in zones_by_region(serving, options.spreading_shapes):
        why = "other backends may follow" if others_may_follow else _why_not_judged(zones)
        is_certain = zones.is_zonal and not others_may_follow
        doubt = Undecided(f"{why} in `{zones.region}`", "backends")
        yield provided(True if is_certain else UNKNOWN, doubt, _spans_zones(zones, options.min_zones))


def _why_not_judged(zones: RegionZones) -> str:
    if zones.may_be_drained:
        return "it is not known which backends are drained"
    return "the backends may be hybrid NEGs (with endpoints elsewhere)"


def _spans_zones(zones: RegionZones, needed: int) -> Checks:
    if zones.may_be_drained:
        doubt = Undecided(f"it is not known which backends in `{zones.region}` are drained", "capacity_scaler")
    else:
        why = f"it is not known in how many zones of `{zones.region}` its backends are"
        doubt = Undecided(why, "distribution_policy_zones")
    if not decided(zones.reach(needed), doubt):
        yield Fail(
            f"In `{zones.region}`, all backends may be in {how_many(zones.upper or 0, 'zone')}.",
            f"Backends in at least {how_many(needed, 'zone')} of each region.",
            _IN_INSTANCE_GROUPS if GroupKind.INSTANCE_GROUP in zones.kinds else _IN_NEGS,
        )
