"""The rule `instance-group-autoscaler`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.autoscaler import Autoscaler
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.fleets.sizing import warm_in_region
from policypack.model.fleets.updates import is_stateful
from policypack.model.values.logic import negation
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.rules.shared.conditions import SERVES
from policypack.rules.shared.signals import has_a_telling_signal, may_serve
from policypack.verdict import Checks, Fail, Undecided, decided, known, provided, setting
from policypack.wording import quoted

_MAY_BE_STATEFUL = Undecided("it has no autoscaler, and may be stateful, so that it supports none", "stateful_disks")


@dataclass(frozen=True)
class AutoscalerOptions(Options):
    """Options of `instance-group-autoscaler`.

    Attributes:
        min_replicas: the minimum number of VMs of a service in each region. With 2, losing a VM does not mean losing
            the region. Google recommends one VM more than the load needs
            (https://cloud.google.com/compute/docs/instance-groups/regional-migs).
    """

    min_replicas: Annotated[int, Range(1, 1000)] = 2


@rule(
    title="Managed instance groups scale out before they are full",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/autoscaler/scaling-load-balancing",
    applies=(SERVES,),
)
def instance_group_autoscaler(group: GroupManager, options: AutoscalerOptions) -> Checks:
    """Each managed instance group has an autoscaler that keeps at least two VMs and adds more before they are full.

    ## What it checks
    - An autoscaler of the group's kind and location (see `instance-group-scope`) has the group as its `target`, and its
      `mode` is not OFF.
    - `max_replicas` is not below `min_replicas`.
    - Together, the groups of a service in one region have at least `min_replicas` VMs.
    - On VMs with GPUs, CPU utilization is not the only signal. It is the default if no signal is set.
      `load_balancing_utilization` amounts to the same if the backend is in UTILIZATION mode without
      `max_rate_per_instance`.
    - `load_balancing_utilization` is used only if an Application Load Balancer sends requests to the group and no
      `max_rate` limits the group as a whole.
    - The targets of CPU utilization (0.6 by default) and load balancing utilization (0.8 by default) are above 0 and
      below 1.
    - A stateful group has no autoscaler, because it does not support one. Its `target_size` must be large enough
      instead.

    ## Why it matters
    Without an autoscaler, a group cannot grow when another region fails and its load arrives.

    The CPUs of a VM with GPUs are idle while its GPUs are saturated, so a group that scales by CPU utilization never
    grows. A `max_rate` for the group does not change with the number of VMs, so adding VMs never brings the group below
    its target. With a target of 1, a VM is added only when the load balancer already sends requests elsewhere, minutes
    too late to load a model.

    ## Applies to
    Every `RegionInstanceGroupManager` and `InstanceGroupManager` behind a backend service of any scheme, with its
    `RegionAutoscaler` or `Autoscaler`. Unmanaged groups and NEGs cannot be autoscaled and are not judged.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "chat",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
    )
    gcp.compute.RegionAutoscaler(
        "llm",
        region="us-central1",
        target=group.id,
        autoscaling_policy={"min_replicas": 1, "max_replicas": 8, "load_balancing_utilization": {"target": 1}},
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
         target=group.id,
    -    autoscaling_policy={"min_replicas": 1, "max_replicas": 8, "load_balancing_utilization": {"target": 1}},
    +    autoscaling_policy={"min_replicas": 2, "max_replicas": 8, "load_balancing_utilization": {"target": 0.5}},
     )
    ```

    ## Undecided
    The verdict is undecided when:

    - the group may have an autoscaler that is not known: an autoscaler's `target` is computed, the group was read with
      `get`, or `ignore_changes` leaves its `target_size` to another tool;
    - the group has no autoscaler, and resize requests fill it or its VMs come from a specific reservation, which is
      limited;
    - a number, the mode or a signal is computed;
    - the group scales by CPU utilization alone, and its template is not known or its VMs have TPUs;
    - the group has schedules and no signal: it is not documented whether it then scales by CPU utilization.
    """
    stateful = is_stateful(group)
    if stateful is True:
        yield _has_a_fixed_size(group, options)
        return
    if group.rival_autoscalers:
        yield _has_one(group.rival_autoscalers)
        return
    autoscaler = decided(group.autoscaler, _unknown_autoscaler(group))
    if autoscaler is None:
        yield provided(negation(stateful), _MAY_BE_STATEFUL, _needs_one(group, options))
        return
    yield _is_on(autoscaler)
    yield _has_room(autoscaler)
    # How many VMs there are is another question once it is on.
    for service, serves in group.serving if autoscaler.is_on is not False else ():
        yield provided(serves, may_serve(service), _keeps_a_minimum(group, service, options))
    yield has_a_telling_signal(group, autoscaler)
    yield _grows_before_it_is_full("cpu_utilization", autoscaler.cpu_target, autoscaler)
    yield _grows_before_it_is_full("load_balancing_utilization", autoscaler.balancing_target, autoscaler)


def _has_a_fixed_size(group: GroupManager, options: AutoscalerOptions) -> Checks:
    if isinstance(group.autoscaler, Autoscaler):
        yield Fail(
            f"It is stateful, and `{group.autoscaler.name}` is its autoscaler: Compute Engine allows only one of the "
            f"two.",
            "A fixed size for a group that keeps the state of its VMs.",
            f"Remove `{group.autoscaler.name}` and set ``target_size``; or remove the stateful configuration: weights "
            f"and caches can be loaded again.",
        )
        return
    for service, serves in group.serving:
        yield provided(serves, may_serve(service), _keeps_a_minimum(group, service, options, "target_size"))


def _has_one(rivals: tuple[Autoscaler, ...]) -> Checks:
    """https://cloud.google.com/compute/docs/autoscaler."""
    yield Fail(
        f"It has more than one autoscaler: {quoted(one.name for one in rivals)}.",
        "One autoscaler, which a managed instance group has at most.",
        f"Keep `{rivals[0].name}`, move the signals of the others into its ``autoscaling_policy``, and remove them: an "
        "autoscaler follows the signal that asks for the most VMs.",
    )


def _needs_one(group: GroupManager, options: AutoscalerOptions) -> Checks:
    if group.is_filled_by_requests is not False:
        fill = "fill" if group.is_filled_by_requests is True else "may fill"
        yield Undecided(
            f"resize requests {fill} it, and it is not documented whether it then supports an autoscaler", "target"
        )
    elif group.takes_reservation is True:
        yield Undecided("its VMs come from a reservation, which it may already use up", "target_size")
    elif group.takes_reservation is UNKNOWN:
        yield Undecided("its VMs may come from a reservation, which it may already use up", "versions")
    else:
        others = quoted(one.name for one in group.named_autoscalers) if group.named_autoscalers else ""
        kind = "a `RegionAutoscaler` in its region" if group.is_regional else "an `Autoscaler` in its zone"
        with_gpus = (
            "" if group.has_gpu is False else " For VMs with GPUs, limit the backend with ``max_rate_per_instance``."
        )
        yield Fail(
            f"It has no autoscaler{f': {others} cannot size it' if others else ''}.",
            "An autoscaler that keeps a minimum and scales out with the load.",
            f"Add {kind}, with the group's `id` as `target` and ``min_replicas`` of {options.min_replicas} or more, "
            f"and omit the group's ``target_size``: at a ``load_balancing_utilization`` of 0.5 either of two "
            "equal regions "
            "can carry the load of both." + with_gpus,
        )


def _unknown_autoscaler(group: GroupManager) -> Undecided:
    if group.is_sized_elsewhere:
        return Undecided("its autoscaler is not known: this program leaves its size to another tool", "target_size")
    if group.named_autoscalers:
        place = "region" if group.is_regional else "zone"
        names = quoted(one.name for one in group.named_autoscalers)
        return Undecided(f"it is not known whether {names} is its only autoscaler and in its {place}", place)
    return Undecided("its autoscaler is not known: one may have it as its target", "target")


def _is_on(autoscaler: Autoscaler) -> Checks:
    if not known(autoscaler.is_on, "mode", autoscaler.name):
        fix = setting({"autoscaling_policy": {"mode": "ON"}}, of=autoscaler)
        yield Fail(f"`{autoscaler.name}` is switched off.", "An autoscaler that is switched on.", fix)


def _has_room(autoscaler: Autoscaler) -> Checks:
    if not known(autoscaler.has_room, "max_replicas", autoscaler.name):
        yield Fail(
            f"`{autoscaler.name}` has a ``max_replicas`` below its ``min_replicas``.",
            "A maximum no lower than the minimum, which the API rejects.",
            "Raise ``max_replicas``, or lower ``min_replicas``.",
        )


def _keeps_a_minimum(
    group: GroupManager, service: BackendService, options: AutoscalerOptions, setting: str = "min_replicas"
) -> Checks:
    warm = warm_in_region(group, service)
    doubt = Undecided(f"it is not known how many VMs `{service.name}` has in its region", setting)
    if not decided(warm.reaches(options.min_replicas), doubt):
        yield Fail(
            f"`{service.name}` keeps {warm.lower:g} of its VMs in this region.",
            f"At least {options.min_replicas} VMs in each region, across all groups there.",
            f"Set ``{setting}`` to {options.min_replicas} or more.",
        )


def _grows_before_it_is_full(signal: str, value: float | Unknown | None, autoscaler: Autoscaler) -> Checks:
    target = known(value, signal, autoscaler.name)
    if target is not None and not 0 < target < 1:
        yield Fail(
            f"`{autoscaler.name}` keeps ``{signal}`` at {target:g}.",
            "A target above 0 and below 1.",
            f"Lower the `target` of ``{signal}``, so that VMs are added before the existing ones are full. At half of "
            "the backends' limits, either of two equal regions can carry the load of both.",
        )
