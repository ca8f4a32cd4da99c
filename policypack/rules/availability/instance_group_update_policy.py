"""The rule `instance-group-update-policy`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.capacity import losses_during_update
from policypack.model.fleets.fleet import service_fleets
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict


@dataclass(frozen=True)
class UpdatePolicyOptions(Options):
    """Options of `instance-group-update-policy`: those that every rule has."""


@rule(
    title="An update never takes capacity below what failover needs",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups",
)
def instance_group_update_policy(group: GroupManager, options: UpdatePolicyOptions) -> Iterator[Verdict]:
    """While an update takes machines of a group, the loss of any other region is still survivable.

    ## What it checks
    If `update_policy` is PROACTIVE and may restart or replace machines: with `max_unavailable_fixed` or
    `max_unavailable_percent` of the group's warm machines gone, the rest of its region and the other regions can carry
    the steady load of all, whichever other region is lost; with one region, the rest of it can. Capacity and load are
    those of `llm-backend-failover-capacity`. Machines that `max_surge_fixed` adds count only once they serve, and so
    not at all. Each group is judged by itself: update one region after the other. OPPORTUNISTIC updates, which are what
    a group without `update_policy` has, run when an operator says so, and pass.

    ## Why it matters
    An update that removes machines before their replacements serve is a planned outage of a part of a region, for the
    minutes that loading the model takes. If another region fails then, what is left is not enough; with all machines of
    a small group gone at once, it is an outage without any failure. Surge costs quota for the time of the update.

    ## Applies to
    `RegionInstanceGroupManager` and `InstanceGroupManager` behind a backend service of any scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "chat",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
        update_policy={
            "type": "PROACTIVE",
            "minimal_action": "REPLACE",
            "max_surge_fixed": 0,
            "max_unavailable_fixed": 3,
        },
    )
    gcp.compute.RegionAutoscaler(
        "llm",
        region="us-central1",
        target=group.id,
        autoscaling_policy={"min_replicas": 3, "max_replicas": 8, "load_balancing_utilization": {"target": 0.5}},
    )
    gcp.compute.BackendService(
        "llm",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        backends=[{"group": group.instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4}],
    )
    ```

    ## Passes
    ```diff
             "minimal_action": "REPLACE",
    -        "max_surge_fixed": 0,
    -        "max_unavailable_fixed": 3,
    +        "max_surge_fixed": 3,
    +        "max_unavailable_fixed": 0,
         },
    ```

    ## Undecided
    When the policy is computed, and when the update takes machines and the capacity of a service is not known (see
    `llm-backend-failover-capacity`). Where neither `max_unavailable_fixed` nor `max_unavailable_percent` is set, it is
    not known whether the update takes none or one a zone, and percentages may be rounded up or down.
    """
    if group.is_updated_at_once is False:
        return
    if not group.services and not group.possible_services:
        yield NotApplicable("it is no backend of a service")
    elif group.is_updated_at_once is UNKNOWN:
        yield Undecided("its `update_policy` is not known")
    elif not group.takes_machines:
        return
    else:
        for service in group.services:
            yield from _judge(group, service)
        if group.possible_services:
            yield Undecided("it is not known which services it serves")


def _judge(group: GroupManager, service: BackendService) -> Iterator[Verdict]:
    found = service_fleets(service)
    if found.has_untargeted or service.is_measured is False or service.is_passthrough is True:
        yield NotApplicable("a backend has no target, and so no capacity to speak of")
        return
    if service.is_passthrough is UNKNOWN:
        yield Undecided(f"the scheme of `{service.name}` is not known, and so whether its backends have targets")
        return
    why = ("`ignore_changes` leaves its backends to a controller",) if service.leaves_backends_to_a_controller else ()
    for reason in (*why, *found.why):
        yield Undecided(f"the capacity of `{service.name}` is not known: {reason}")
    if why or found.why:
        return
    fleet = found.by_group[group.urn]
    taken = group.unavailable_of(fleet.warm)
    if isinstance(taken, Unknown):
        yield Undecided("how many machines an update takes is not known")
        return
    if all(loss.is_survivable for loss in losses_during_update(found.fleets, fleet, taken.upper)):
        return
    fatal = [loss for loss in losses_during_update(found.fleets, fleet, taken.lower) if not loss.is_survivable]
    if not fatal or not taken.lower or not found.is_exact:
        yield Undecided(f"an update may take {taken.upper:g} of {fleet.warm:g} machines, which may be too many")
        return
    for loss in fatal:
        without = f", and without `{loss.region}`" if loss.region else ""
        yield Fail(
            f"While an update has taken {taken.lower:g} of {fleet.warm:g} machines{without}, "
            f"{100 * loss.left_fraction:.3g} % of the warm capacity of `{service.name}` is left for a steady load of "
            f"{100 * loss.load_fraction:.3g} %.",
            "Enough capacity for the steady load while machines are updated.",
            "Set `max_unavailable_fixed=0` with a `max_surge_fixed` of one machine a zone, keep more machines warm, or "
            "set `type` to OPPORTUNISTIC and replace machines region by region.",
        )
