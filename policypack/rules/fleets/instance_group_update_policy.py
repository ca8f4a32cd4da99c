"""The rule `instance-group-update-policy`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.capacity import losses_during_update
from policypack.model.fleets.fleet import capacity_basis
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.fleets.updates import (
    Limit,
    UpdateLimits,
    contradicts_its_shape,
    loses_names,
    loses_places,
    update_limits,
    versions_for_the_rest,
)
from policypack.model.values.logic import all_of, any_of
from policypack.model.values.values import Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import SERVES
from policypack.verdict import Checks, Fail, NotApplicable, Undecided, known, setting

# Whichever of these are said together can be done together, and with what the other parts say.
_SURGE_A_ZONE: Final = "Set ``max_surge_fixed`` to the number of the group's zones, or, with RECREATE, to 0."
_UNAVAILABLE_A_ZONE: Final = (
    "Set ``max_unavailable_fixed`` to 0 with a ``max_surge_fixed`` of the number of the group's zones, or, with "
    "RECREATE, "
    "to that number."
)


@rule(
    title="Update policies are valid and leave enough capacity for failover",
    severity="medium",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups",
)
def instance_group_update_policy(group: GroupManager, options: Options) -> Checks:
    """The API accepts the group's update policy, and any other region can be lost while an update replaces VMs.

    ## What it checks
    Of several `versions`, exactly one has no `target_size`. The update policy is valid:

    - `max_surge` and `max_unavailable` are not both 0.
    - With `replacement_method` RECREATE, the surge is 0 and `max_unavailable` is not.
    - In a regional group, `max_surge_fixed` and `max_unavailable_fixed` are either 0 or at least the number of its
      zones (`distribution_policy_zones`, or three by default).
    - A stateful group has `replacement_method` RECREATE if its updates are PROACTIVE, and
      `instance_redistribution_type` NONE if it is regional.
    - A regional group with the target shape BALANCED or ANY_SINGLE_ZONE has `instance_redistribution_type` NONE.

    An update leaves enough capacity. If `update_policy` is PROACTIVE and may restart or replace VMs, assume that
    `max_unavailable_fixed` or `max_unavailable_percent` of the group's warm VMs are gone. The rest of its region and
    the other regions can still carry the whole steady load, whichever other region is lost. With a single region, the
    rest of that region can. Capacity and load are those of `llm-backend-failover-capacity`.

    VMs that `max_surge_fixed` adds serve only later, so they do not count. Each group is judged on its own: update one
    region after the other. OPPORTUNISTIC updates, the default without an `update_policy`, run only when an operator
    starts them, and pass.

    ## Why it matters
    The preview accepts limits that Compute Engine then rejects in the middle of a deployment.

    An update that removes VMs before their replacements serve is a planned partial outage of a region, for the minutes
    it takes to load the model. If another region fails then, the remaining capacity is not enough. If all VMs of a
    small group are gone at once, it is an outage without any failure. Surge costs quota for the time of the update.

    ## Applies to
    Every `RegionInstanceGroupManager` and `InstanceGroupManager` behind a backend service of any scheme.

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
    The verdict is undecided when:

    - the policy is computed, or omitted with the target shape BALANCED or ANY_SINGLE_ZONE;
    - the update removes VMs, and the capacity of a service is not known (see `llm-backend-failover-capacity`);
    - neither `max_unavailable_fixed` nor `max_unavailable_percent` is set: it is not known whether the update removes
      no VM or one per zone;
    - a percentage may be rounded up or down, and the result depends on it.
    """
    if not group.serving:
        yield NotApplicable(SERVES.otherwise)
        return
    yield _has_a_version_for_the_rest(group)
    yield _is_accepted(group)
    yield _keeps_names(group)
    yield _keeps_places(group)
    yield _suits_its_shape(group)
    if group.is_updated_at_once is not False:
        yield _leaves_enough(group)


def _has_a_version_for_the_rest(group: GroupManager) -> Checks:
    """ "Exactly one version must leave the targetSize field unset. That version will be applied to all remaining
    instances": https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers
    """
    count = known(versions_for_the_rest(group), "versions", because="exactly one may have no ``target_size``")
    if count != 1:
        yield Fail(
            f"{count or 'None'} of its `versions` {'have' if count else 'has'} no ``target_size``.",
            "Exactly one version without ``target_size``, which gets all VMs that the others leave.",
            "Set ``target_size`` only for the canary, and omit it for the stable version.",
        )


def _is_accepted(group: GroupManager) -> Checks:
    limits = known(update_limits(group), "update_policy")
    if limits is None:
        return
    yield _lets_an_update_begin(limits)
    yield _can_recreate(limits)
    yield _is_enough_for_the_zones(limits, limits.surge, _SURGE_A_ZONE)
    yield _is_enough_for_the_zones(limits, limits.unavailable, _UNAVAILABLE_A_ZONE)


def _keeps_names(group: GroupManager) -> Checks:
    if known(loses_names(group), "update_policy", because="a stateful group keeps its VMs"):
        yield Fail(
            "It is stateful, and its PROACTIVE updates replace VMs with new ones under new names.",
            "With PROACTIVE updates a stateful group has ``replacement_method`` RECREATE.",
            "Set `type` to OPPORTUNISTIC and replace VMs region by region, or set ``replacement_method`` to RECREATE, "
            "``max_surge_fixed`` to 0 and ``max_unavailable_fixed`` to one VM per zone.",
        )


def _keeps_places(group: GroupManager) -> Checks:
    if known(loses_places(group), "update_policy", because="a stateful group keeps its VMs"):
        yield Fail(
            "It is stateful, and deletes VMs to spread them evenly over its zones.",
            "A stateful regional group has ``instance_redistribution_type`` NONE.",
            setting({"update_policy": {"instance_redistribution_type": "NONE"}}),
        )


def _suits_its_shape(group: GroupManager) -> Checks:
    because = "with the shapes BALANCED and ANY_SINGLE_ZONE ``instance_redistribution_type`` has to be NONE"
    if known(contradicts_its_shape(group), "update_policy", because=because):
        yield Fail(
            f"``distribution_policy_target_shape`` is {group.target_shape}, and VMs are redistributed evenly.",
            "With the shapes BALANCED and ANY_SINGLE_ZONE ``instance_redistribution_type`` is NONE.",
            setting({"update_policy": {"instance_redistribution_type": "NONE"}}),
        )


def _lets_an_update_begin(limits: UpdateLimits) -> Checks:
    if known(limits.are_both_zero, "max_surge_fixed", because="both limits may be 0"):
        yield Fail(
            "``max_surge`` and ``max_unavailable`` are both 0.",
            "At least one of them is above 0.",
            "Set ``max_surge_fixed`` to one VM per zone.",
        )


def _can_recreate(limits: UpdateLimits) -> Checks:
    surge, unavailable = limits.surge.is_positive, limits.unavailable.is_zero
    if not known(all_of((limits.recreates, any_of((surge, unavailable)))), "replacement_method"):
        return
    wrong = "``max_surge`` is above 0" if surge is True else "``max_unavailable`` is 0"
    yield Fail(
        f"``replacement_method`` is RECREATE, and {wrong}.",
        "With RECREATE ``max_surge`` is 0 and ``max_unavailable`` above 0, because VMs keep their names.",
        "Set ``max_surge_fixed=0`` and a ``max_unavailable_fixed`` of one VM per zone, or omit ``replacement_method``.",
    )


def _is_enough_for_the_zones(limits: UpdateLimits, limit: Limit, fix: str) -> Checks:
    if known(limits.is_too_small(limit), f"{limit.name}_fixed", because="it may be below the number of zones"):
        yield Fail(
            f"``{limit.name}_fixed`` is {limit.fixed:g}, and a regional group has more zones.",
            f"``{limit.name}_fixed`` is 0, or at least the number of zones.",
            fix,
        )


def _leaves_enough(group: GroupManager) -> Checks:
    if known(group.is_updated_at_once, "update_policy") and group.takes_machines:
        for service, serves in group.serving:
            yield _keeps_enough(group, service, serves)


def _keeps_enough(group: GroupManager, service: BackendService, serves: bool | Unknown) -> Checks:
    known(serves, "backends", service.name, because="the group may be one of them")
    basis = capacity_basis(service)
    if basis.not_applicable:
        yield NotApplicable(basis.not_applicable)
    for blocked in basis.undecided:
        yield Undecided(f"the capacity of `{service.name}` is not known: {blocked.why}", blocked.property_name)
    found, fleet = basis.found, basis.found.by_group.get(group.urn)
    if fleet is None:
        return
    taken = known(group.unavailable_of(fleet.warm), "update_policy")
    if all(loss.is_survivable for loss in losses_during_update(found.fleets, fleet, taken.upper)):
        return
    fatal = [loss for loss in losses_during_update(found.fleets, fleet, taken.lower) if not loss.is_survivable]
    if found.inexact:
        # Whatever the load is, it is too much for nothing.
        fatal = [loss for loss in fatal if not loss.left]
    if not fatal or not taken.lower:
        why = f"an update may remove {taken.upper:g} of {fleet.warm:g} VMs, which may be too many"
        yield Undecided(why, found.inexact.property_name if found.inexact else "update_policy")
        return
    for loss in fatal:
        without = f", and without `{loss.region}`" if loss.region else ""
        yield Fail(
            f"While an update has {taken.lower:g} of {fleet.warm:g} VMs down{without}, {100 * loss.left_fraction:.3g} "
            f"% of the warm capacity of `{service.name}` is left"
            + ("." if found.inexact else f" for a steady load of {100 * loss.load_fraction:.3g} %."),
            "Enough capacity for the steady load during updates.",
            "Set ``max_unavailable_fixed=0`` with a ``max_surge_fixed`` of one VM per zone, keep more VMs warm, or set "
            "`type` to OPPORTUNISTIC and replace VMs region by region.",
        )
