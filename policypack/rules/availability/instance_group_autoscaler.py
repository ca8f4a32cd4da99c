"""The rule `instance-group-autoscaler`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from policypack.model.fleets.autoscaler import Autoscaler
from policypack.model.fleets.fleet import can_signal_load, has_group_wide_rate, warm_in_region
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted

_FITTING = "A signal that says how busy the servers are."


@dataclass(frozen=True)
class AutoscalerOptions(Options):
    """Options of `instance-group-autoscaler`.

    Attributes:
        min_replicas: how many machines a service has to have at least in each region; with 2 the loss of a machine is
            not the loss of the region, and Google advises a machine more than the load needs
            (https://cloud.google.com/compute/docs/instance-groups/regional-migs).
    """

    min_replicas: Annotated[int, Range(1, 1000)] = 2


@rule(
    title="Managed instance groups are autoscaled by a signal that fits, before they are full",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/autoscaler/scaling-load-balancing",
)
def instance_group_autoscaler(group: GroupManager, options: AutoscalerOptions) -> Iterator[Verdict]:
    """Each managed instance group has an autoscaler that keeps two machines and adds others before those are full.

    ## What it checks
    An autoscaler has the group as its `target`, and its `mode` is not OFF. The groups that a service has in the region
    have at least `min_replicas` machines together. On machines with GPUs, CPU utilization is not the only signal;
    without any signal that is the default. `load_balancing_utilization` is used only if a service of an Application
    Load Balancer sends requests to the group and does not limit it by a `max_rate` for the group as a whole. The
    targets of CPU and load balancing utilization are above 0 and below 1; where left out they are 0.6 and 0.8.

    ## Why it matters
    Without an autoscaler a group stays as large as it is when another region fails and its load comes over. The CPUs of
    a machine with GPUs are idle while its GPUs are saturated: by CPU utilization it never grows. A `max_rate` for the
    group does not change with the number of machines, so adding some never brings the group below its target. With a
    target of 1 a machine is added only when the load balancer already sends requests elsewhere, minutes too late for
    loading a model.

    ## Applies to
    `RegionInstanceGroupManager` and `InstanceGroupManager` behind a backend service of any scheme, with a
    `RegionAutoscaler` or an `Autoscaler`. Unmanaged groups and NEGs cannot be autoscaled and are not judged.

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
    When the group may have an autoscaler that is not known: an autoscaler's `target` is computed, the group is read
    from elsewhere, or `ignore_changes` leaves its `target_size` to somebody else. When a number, the mode or a signal
    is computed. When it scales by CPU utilization alone and its template is not known.
    """
    autoscaler = group.autoscaler
    if not group.services and not group.possible_services:
        yield NotApplicable("it is no backend of a service")
    elif isinstance(autoscaler, Unknown):
        why = (
            "this program leaves its size to somebody else" if group.is_sized_elsewhere else "one may have it as target"
        )
        yield Undecided(f"its autoscaler is not known: {why}")
    elif autoscaler is None:
        yield Fail(
            "It has no autoscaler.",
            "An autoscaler that keeps a minimum and grows with the load.",
            "Add a `RegionAutoscaler` (for a zonal group an `Autoscaler`) with the group's `id` as `target`.",
        )
    else:
        yield from _judge_mode(autoscaler)
        yield from _judge_minimum(group, options)
        yield from _judge_cpu(group, autoscaler)
        if autoscaler.balancing_target is not None:
            yield from _judge_limit(group, autoscaler)
            yield from _judge_signal(group, autoscaler)
        yield from _judge_target("cpu_utilization", autoscaler.cpu_target, autoscaler)
        yield from _judge_target("load_balancing_utilization", autoscaler.balancing_target, autoscaler)


def _judge_mode(autoscaler: Autoscaler) -> Iterator[Verdict]:
    if autoscaler.is_on is UNKNOWN:
        yield Undecided(f"the mode of `{autoscaler.name}` is not known")
    elif not autoscaler.is_on:
        yield Fail(f"`{autoscaler.name}` is switched off.", "An autoscaler that is on.", 'Set `mode="ON"`.')


def _judge_minimum(group: GroupManager, options: AutoscalerOptions) -> Iterator[Verdict]:
    for service in group.services:
        warm = warm_in_region(group, service)
        if warm.lower >= options.min_replicas:
            continue
        if not warm.is_exact:
            yield Undecided(f"it is not known how many machines `{service.name}` has in its region")
        else:
            yield Fail(
                f"`{service.name}` keeps {warm.lower:g} of its machines in this region.",
                f"At least {options.min_replicas} machines in each region, all groups there together.",
                f"Set `min_replicas` to {options.min_replicas} or more.",
            )
    if any(warm_in_region(group, service).lower < options.min_replicas for service in group.possible_services):
        yield Undecided("it is not known which services it serves, and so how many machines these have in its region")


def _judge_cpu(group: GroupManager, autoscaler: Autoscaler) -> Iterator[Verdict]:
    alone = autoscaler.scales_by_cpu_alone
    if alone is False or group.has_gpu is False:
        return
    if alone is UNKNOWN:
        yield Undecided(f"it is not known whether `{autoscaler.name}` scales by CPU utilization alone")
    elif group.has_gpu is UNKNOWN:
        yield Undecided(f"`{autoscaler.name}` scales by CPU utilization alone, and whether it has GPUs is not known")
    else:
        yield Fail(
            f"`{autoscaler.name}` scales machines with GPUs by CPU utilization alone.",
            _FITTING,
            "Use `load_balancing_utilization` with a backend limited by `max_rate_per_instance`, or `metrics` such as "
            "the length of the server's queue.",
        )


def _judge_limit(group: GroupManager, autoscaler: Autoscaler) -> Iterator[Verdict]:
    limited = [service.name for service in group.services if has_group_wide_rate(group, service) is True]
    maybe_limited = any(has_group_wide_rate(group, service) is UNKNOWN for service in group.services) or any(
        has_group_wide_rate(group, service) is not False for service in group.possible_services
    )
    if autoscaler.balancing_target is not UNKNOWN and limited:
        yield Fail(
            f"{quoted(limited)} limits the group as a whole by `max_rate`, which `load_balancing_utilization` of "
            f"`{autoscaler.name}` cannot follow.",
            _FITTING,
            "Limit the backend by `max_rate_per_instance`, or scale by `metrics`.",
        )
    elif limited or maybe_limited:
        yield Undecided("it is not known whether it scales by a `max_rate` for the whole group")


def _judge_signal(group: GroupManager, autoscaler: Autoscaler) -> Iterator[Verdict]:
    known = [can_signal_load(service) for service in group.services]
    possible = [can_signal_load(service) for service in group.possible_services]
    # Whichever it serves, if it is one of these, signals.
    if any(answer is True for answer in known) or (not known and all(answer is True for answer in possible)):
        return
    is_open = any(answer is not False for answer in (*known, *possible))
    if is_open or autoscaler.balancing_target is UNKNOWN or not group.stack.is_complete:
        yield Undecided(f"it is not known whether an Application Load Balancer signals load to `{autoscaler.name}`")
        return
    yield Fail(
        f"`{autoscaler.name}` scales by `load_balancing_utilization`, and no Application Load Balancer serves it.",
        _FITTING,
        "Scale by `metrics` or `cpu_utilization`, or use a backend service with protocol HTTP, HTTPS or HTTP2.",
    )


def _judge_target(name: str, target: float | Unknown | None, autoscaler: Autoscaler) -> Iterator[Verdict]:
    if isinstance(target, Unknown):
        yield Undecided(f"the target of `{name}` of `{autoscaler.name}` is not known")
    elif target is not None and not 0 < target < 1:
        yield Fail(
            f"`{autoscaler.name}` keeps `{name}` at {target:g}.",
            "A target above 0 and below 1.",
            f"Lower the `target` of `{name}`, so that machines are added before those that are there are full.",
        )
