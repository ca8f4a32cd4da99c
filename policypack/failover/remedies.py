"""The settings to change so that the loss of any one region is survivable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from policypack.failover.change import MOST_ADDED, fewest_added, highest_fill
from policypack.failover.result import Change, Remedies
from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.autoscaler import Autoscaler
from policypack.model.fleets.capacity import Fleet
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.fleets.target import Target
from policypack.wording import quoted


def remedies(service: BackendService, by_group: Mapping[str, Fleet], targets: Mapping[str, Target]) -> Remedies:
    """What makes a service survive any loss under its steady load.

    Args:
        service: the service, which does not survive.
        by_group: its fleets, by their groups' URNs.
        targets: when a machine of each fleet counts as full, by the same.
    """
    managers = [_manager(service, urn) for urn in by_group]
    fleets = tuple(by_group.values())
    added = fewest_added(fleets)
    machines = None if added is None else _machine_changes(managers, fleets, added)
    scalers = [_autoscaler(manager) for manager in managers]
    highest = highest_fill(fleets, [scaler is not None for scaler in scalers])
    fill = 0.0 if highest is None else _rounded_down(highest)
    lowered = _target_changes(managers, fleets, targets, fill) if fill > 0 else None
    needed = ""
    if machines is None and lowered is None:
        needed = _needed(fleets, managers)
    return Remedies(machines, lowered, fill if lowered is not None else None, needed)


def remedies_for_peak(service: BackendService, by_group: Mapping[str, Fleet], peak: float) -> Remedies:
    """What makes a service survive any loss under a peak: more machines, as targets do not change that load.

    Args:
        service: the service, which does not survive.
        by_group: its fleets, by their groups' URNs, with capacities in requests per second.
        peak: the load in requests per second.
    """
    managers, fleets = [_manager(service, urn) for urn in by_group], tuple(by_group.values())
    added = fewest_added(fleets, demand=peak)
    if added is None:
        return Remedies(needed=_no_capacity(fleets) or f"Add a region: {MOST_ADDED} more VMs are not enough here.")
    return Remedies(_machine_changes(managers, fleets, added))


def _needed(fleets: Sequence[Fleet], managers: Sequence[GroupManager]) -> str:
    if _no_capacity(fleets):
        return _no_capacity(fleets)
    scalers = [manager.autoscaler for manager in managers]
    off = [scaler.name for scaler in scalers if isinstance(scaler, Autoscaler) and scaler.is_on is False]
    if off:
        return f'Set ``mode="ON"`` of {quoted(off)}: an autoscaler that is off leaves its group at ``target_size``.'
    if not any(_autoscaler(manager) for manager in managers):
        return (
            "Use autoscalers with targets below the load balancer's, which leave room for the load of a lost region. "
            "Or set the real load with --peak-rps, because groups of a fixed size count as full."
        )
    return "Add a region, or lower the autoscalers' targets and raise ``min_replicas`` in the smaller regions together."


def _no_capacity(fleets: Sequence[Fleet]) -> str:
    """What to do if fewer than two regions have machines that could take load at all."""
    able = {fleet.region for fleet in fleets if fleet.weight * fleet.target * fleet.scaler > 0}
    return "" if len(able) > 1 else "Give the backends of at least two regions a ``capacity_scaler`` above 0."


def _machine_changes(
    managers: Sequence[GroupManager], fleets: Sequence[Fleet], added: Sequence[int]
) -> tuple[Change, ...]:
    changes = []
    for manager, fleet, more in zip(managers, fleets, added, strict=True):
        if not more:
            continue
        scaler, size = _autoscaler(manager), fleet.warm + more
        resource = (scaler or manager).name
        setting = "min_replicas" if scaler else "target_size"
        changes.append(Change(resource, setting, fleet.warm, size, fleet.region))
        if scaler and size > fleet.maximum:
            changes.append(Change(resource, "max_replicas", fleet.maximum, size, fleet.region))
    return tuple(changes)


def _target_changes(
    managers: Sequence[GroupManager], fleets: Sequence[Fleet], targets: Mapping[str, Target], fill: float
) -> tuple[Change, ...] | None:
    """The targets of the autoscalers that keep their groups fuller than `fill`; `None` if rounding leaves none."""
    changes = []
    for manager, fleet in zip(managers, fleets, strict=True):
        scaler = _autoscaler(manager)
        if scaler is None or fleet.fill <= fill:
            continue
        balancing, cpu = scaler.balancing_target, scaler.cpu_target
        name = scaler.name
        if isinstance(balancing, int | float):
            changes.append(Change(name, "load_balancing_utilization.target", balancing, fill, fleet.region))
        elif isinstance(cpu, int | float):
            target = _rounded_down(fill * targets[manager.urn].value)
            if target <= 0:
                return None
            changes.append(Change(name, "cpu_utilization.target", cpu, target, fleet.region))
    return tuple(changes)


def _manager(service: BackendService, urn: str) -> GroupManager:
    resource = service.stack.by_urn(urn)
    assert resource is not None
    return GroupManager(resource, service.stack)


def _autoscaler(manager: GroupManager) -> Autoscaler | None:
    """What sizes a group whose size is known."""
    scaler = manager.autoscaler
    return scaler if isinstance(scaler, Autoscaler) and scaler.is_on is True else None


def _rounded_down(fraction: float) -> float:
    """A fraction to two places, so that it is no more than it may be."""
    return math.floor(100 * fraction + 1e-6) / 100
