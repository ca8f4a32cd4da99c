"""The rule `llm-backend-zones`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.zones import RegionZones, may_be_in_zones, zones_by_region
from policypack.model.values.values import Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted


@dataclass(frozen=True)
class ZonesOptions(Options):
    """Options of `llm-backend-zones`.

    Attributes:
        min_zones: in how many zones of each region the backends have to be at least; 2 survive the loss of one, and
            every region has 3 (https://cloud.google.com/compute/docs/regions-zones).
        spreading_shapes: the target shapes of a regional group that count as spreading its machines; these two are
            those that Google recommends for serving with high availability
            (https://cloud.google.com/compute/docs/instance-groups/regional-mig-distribution-shape).
    """

    min_zones: Annotated[int, Range(1, 3)] = 2
    spreading_shapes: tuple[str, ...] = ("EVEN", "BALANCED")


@rule(
    title="In each region the backends are in more than one zone",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/instance-groups/regional-migs",
)
def llm_backend_zones(service: BackendService, options: ZonesOptions) -> Iterator[Verdict]:
    """The backends in each region are spread over at least `min_zones` zones.

    ## What it checks
    The zones of all groups that a service has in a region, together: the `distribution_policy_zones` of regional
    managed groups, where left out the three that Compute Engine selects; the zone of zonal groups, managed or not, and
    of zonal network endpoint groups. One zonal group in each of two zones is as good as one regional group. A regional
    group whose `distribution_policy_target_shape` is ANY or ANY_SINGLE_ZONE counts as one zone, since all its machines
    may be in one. Hybrid, serverless, internet and Private Service Connect NEGs have no zone and are not judged.

    ## Why it matters
    Zones fail, and run out of GPUs, far more often than regions. With one zone in a region, each of these is the loss
    of the region: all its traffic moves to another one at once, which has to be large enough for both. Stacks for LLMs
    often choose ANY_SINGLE_ZONE to find capacity, and lose this without noticing.

    ## Applies to
    Global and regional backend services of every scheme, with instance groups or zonal NEGs.

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
    When a regional group is outside the stack, the zones or the shape of a group are computed, its region is not known,
    or `backends` is built inside `apply`.
    """
    if service.has_no_backends:
        yield NotApplicable("it has no backends")
        return
    if isinstance(service.backends, Unknown) or not service.links.is_complete:
        yield Undecided(f"its groups are not known: {service.links.why or '`backends` is not known'}")
        return
    groups = [group for group in service.groups if may_be_in_zones(group)]
    if not groups:
        yield NotApplicable("its backends have no zones")
        return
    nowhere = sorted(group.name for group in groups if isinstance(group.region, Unknown))
    if nowhere:
        yield Undecided(f"the region of {quoted(nowhere)} is not known")
    is_open = bool(nowhere) or service.leaves_backends_to_a_controller
    for zones in zones_by_region(groups, options.spreading_shapes):
        yield from _judge(zones, options.min_zones, is_open=is_open)


def _judge(zones: RegionZones, needed: int, *, is_open: bool) -> Iterator[Verdict]:
    if zones.lower >= needed:
        return
    if zones.upper is None or zones.upper >= needed:
        yield Undecided(f"it is not known in how many zones of `{zones.region}` its backends are")
    elif is_open:
        yield Undecided(f"its known backends in `{zones.region}` are in {_counted(zones.upper)}, others may follow")
    else:
        yield Fail(
            f"In `{zones.region}` all backends are in {_counted(zones.upper)}, or may be.",
            f"Backends in at least {_counted(needed)} of each region.",
            "Use a `RegionInstanceGroupManager` with two or more `distribution_policy_zones` and the "
            '`distribution_policy_target_shape` "BALANCED" or "EVEN", or add a zonal group in another zone.',
        )


def _counted(number: int) -> str:
    return "1 zone" if number == 1 else f"{number} zones"
