"""What the loss of each region means for each backend service, as data: the command and the reports show it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from policypack.evaluate import printable, views_of
from policypack.model.autoscaler import Autoscaler
from policypack.model.backend_service import BackendService
from policypack.model.capacity import Fleet, Loss, by_region, losses
from policypack.model.failover_change import MOST_ADDED, fewest_added, fewest_for, highest_fill
from policypack.model.fleet import FailoverBasis, Target, failover_basis
from policypack.model.group_manager import GroupManager
from policypack.model.overflow import Flow, overflow
from policypack.model.region_places import nearest_first, places_unknown
from policypack.model.stack import Stack

Verdict: TypeAlias = Literal["survives", "fails", "undecided", "one region", "not applicable"]

_UNITS: Final = {
    "UTILIZATION": "machines at 100 % utilization",
    "RATE": "requests per second",
    "CONNECTION": "connections",
    "IN_FLIGHT": "requests in flight",
}
_WEIGHED_UNIT: Final = "GPUs or vCPUs at 100 % utilization"
_RATE_PER_INSTANCE: Final = "maxRatePerInstance"


class DemandError(Exception):
    """A demand that does not fit the stack; the message says what to do."""


@dataclass(frozen=True)
class Amounts:
    """A number for each backend service, in requests per second.

    Attributes:
        default: for the services that are not named; `None` if there is none for them.
        by_name: for services by their logical names.
    """

    default: float | None = None
    by_name: Mapping[str, float] = field(default_factory=dict)

    def of(self, name: str) -> float | None:
        """The number for a service."""
        return self.by_name.get(name, self.default)


@dataclass(frozen=True)
class Demand:
    """The load that services have to carry.

    Attributes:
        peak_rps: requests per second of all regions together; for a service without one the load is inferred: what
            its autoscalers let its warm machines carry.
        rps_per_machine: the requests per second that one machine serves when the load balancer counts it as full;
            needed where a peak is given and the load balancer's target is not in requests per second.
    """

    peak_rps: Amounts = Amounts()
    rps_per_machine: Amounts = Amounts()


@dataclass(frozen=True)
class Survivor:
    """One of the regions that are left.

    Attributes:
        region: its name.
        capacity: what it takes until the load balancer counts it as full.
        load: what it is sent; `None` if that depends on which regions are nearest, and that is not known.
    """

    region: str
    capacity: float
    load: float | None

    @property
    def utilization(self) -> float | None:
        """The load as a fraction of the capacity; `None` if it is not known, or there is no capacity."""
        return None if self.load is None or self.capacity <= 0 else self.load / self.capacity


@dataclass(frozen=True)
class Picture:
    """What happens after a loss, with the machines of one moment.

    Attributes:
        loss: what is left and what has to be carried, as the rule judges it.
        survivors: the regions that are left, ordered by name.
        flows: what overflows where; `None` if that is not known.
        excess: the load beyond all capacity, which the load balancer sends nevertheless.
        unserved: the load that no machine is there for.
    """

    loss: Loss
    survivors: tuple[Survivor, ...]
    flows: tuple[Flow, ...] | None
    excess: float
    unserved: float

    @property
    def is_survivable(self) -> bool:
        """Whether the regions that are left can carry the load."""
        return self.loss.is_survivable

    @property
    def utilization(self) -> float | None:
        """The load as a fraction of all capacity that is left; `None` if there is none."""
        return self.loss.load / self.loss.left if self.loss.left > 0 else None


@dataclass(frozen=True)
class LostRegion:
    """The loss of one region: with the warm machines only, and once autoscalers have added all that they may."""

    region: str
    warm: Picture
    after_scale_out: Picture


@dataclass(frozen=True)
class Region:
    """One region of a service.

    Attributes:
        region: its name.
        warm_machines: how many machines are there at least.
        max_machines: how many there can be.
        warm_capacity: what the warm ones take until the load balancer counts them as full.
        max_capacity: the same of all that there can be.
        load: what arises next to it.
    """

    region: str
    warm_machines: float
    max_machines: float
    warm_capacity: float
    max_capacity: float
    load: float


@dataclass(frozen=True)
class Change:
    """One setting to change.

    Attributes:
        resource: the logical name of the autoscaler, or of the group if that has a fixed size.
        setting: the property, as programs write it.
        before: its value today.
        after: its value after the change.
        region: the region of the group.
    """

    resource: str
    setting: str
    before: float
    after: float
    region: str


@dataclass(frozen=True)
class Remedies:
    """Changes of which each alone makes every loss survivable.

    Attributes:
        machines: the fewest warm machines to add; `None` if no number is enough.
        targets: the highest autoscaler targets at which the machines of today are enough; `None` if there are none.
        highest_fill: the fraction of the load balancer's target that these targets are, rounded down; `None` as well.
        needed: what it takes if neither is possible, a sentence; else empty.
    """

    machines: tuple[Change, ...] | None = None
    targets: tuple[Change, ...] | None = None
    highest_fill: float | None = None
    needed: str = ""


@dataclass(frozen=True)
class ServiceFailover:
    """What the loss of each region means for one backend service.

    Attributes:
        urn: its URN.
        name: its logical name, printable.
        verdict: `survives`, `fails` and `undecided` as the rule `llm-backend-failover-capacity` says, with the given
            demand in place of the inferred load; where that is not applicable `one region` for a global service whose
            loss of its only region nobody makes up for, else `not applicable`.
        reasons: why it is undecided or not applicable, clauses.
        unit: what capacity and load are counted in; empty without numbers.
        peak_rps: the demand that was given, in requests per second; `None` if the load is inferred.
        is_at_most: the capacity is an upper bound, as a further limit may be reached earlier.
        regions: its regions, ordered by name; empty if the numbers are not known.
        losses: the loss of each of them.
        notes: what the reader has to know about the numbers, sentences.
        remedies: what to do; `None` if nothing has to be done or it cannot be told.
        enough: with a demand, the fewest machines that carry it whichever region is lost: (region, machines).
    """

    urn: str
    name: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    unit: str = ""
    peak_rps: float | None = None
    is_at_most: bool = False
    regions: tuple[Region, ...] = ()
    losses: tuple[LostRegion, ...] = ()
    notes: tuple[str, ...] = ()
    remedies: Remedies | None = None
    enough: tuple[tuple[str, int], ...] | None = None

    @property
    def survives_after_scale_out(self) -> bool | None:
        """Whether every loss is survivable once autoscalers have added all machines; `None` without numbers."""
        return all(loss.after_scale_out.is_survivable for loss in self.losses) if self.losses else None


def failovers(stack: Stack, demand: Demand = Demand()) -> tuple[ServiceFailover, ...]:
    """What the loss of each region means for each backend service of a stack, ordered by URN.

    Raises:
        DemandError: the demand names a service that the stack does not have, or one that has no use for it.
    """
    services = [view for view in views_of(stack, BackendService) if isinstance(view, BackendService)]
    services = [service for service in services if not service.resource.is_empty]
    _check_names(demand, sorted({service.name for service in services}))
    return tuple(_failover(service, demand) for service in services)


def _check_names(demand: Demand, names: Sequence[str]) -> None:
    known = ", ".join(map(printable, names)) or "none"
    for option, amounts in (("--peak-rps", demand.peak_rps), ("--rps-per-machine", demand.rps_per_machine)):
        for name in sorted(amounts.by_name):
            if name not in names:
                raise DemandError(f"{option} {printable(name)}: there is no such backend service; there are: {known}")
    for name in sorted(demand.rps_per_machine.by_name):
        if demand.peak_rps.of(name) is None:
            raise DemandError(
                f"--rps-per-machine {printable(name)}: it says nothing without --peak-rps for the service"
            )


def _failover(service: BackendService, demand: Demand) -> ServiceFailover:
    peak = demand.peak_rps.of(service.name)
    basis = failover_basis(service, needs_load=peak is None)
    found = ServiceFailover(service.urn, printable(service.name), "undecided", peak_rps=peak)
    if basis.not_applicable:
        return _without_failover(found, service, basis.not_applicable)
    if basis.undecided:
        return replace(found, reasons=tuple(map(printable, basis.undecided)))
    if peak is None:
        return _by_steady_load(found, service, basis)
    return _by_peak(found, service, basis, peak, demand.rps_per_machine)


def _without_failover(found: ServiceFailover, service: BackendService, why: str) -> ServiceFailover:
    if service.is_regional or service.regions.upper != 1:
        return replace(found, verdict="not applicable", reasons=(why,))
    needed = (
        "Add a backend in another region that can carry the whole load alone: as many machines as here, and "
        "autoscaler targets that keep both regions at 0.5 of the load balancer's target or less."
    )
    if found.peak_rps is not None:
        needed = (
            "Add a backend in another region, with machines in each of the two that alone can carry "
            f"{found.peak_rps:g} requests per second."
        )
    reason = "all its backends are in one region, and nothing is left when that is lost"
    return replace(found, verdict="one region", reasons=(reason,), remedies=Remedies(needed=needed))


def _by_steady_load(found: ServiceFailover, service: BackendService, basis: FailoverBasis) -> ServiceFailover:
    fleets, targets = basis.found.by_group, basis.found.targets
    is_survivable = all(loss.is_survivable for loss in losses(basis.found.fleets))
    shown = _with_numbers(replace(found, unit=_unit_of(fleets, targets)), service, tuple(fleets.values()), None)
    if is_survivable:
        return replace(shown, verdict="survives")
    if not basis.found.is_exact:
        why = "an autoscaler follows further signals, so the steady load may be low enough or not"
        return replace(shown, reasons=(why,))
    return replace(shown, verdict="fails", remedies=_remedies(service, basis.found.by_group, basis.found.targets))


def _by_peak(
    found: ServiceFailover, service: BackendService, basis: FailoverBasis, peak: float, per_machine: Amounts
) -> ServiceFailover:
    rates = _machine_rates(service, basis, per_machine)
    if isinstance(rates, str):
        return replace(found, reasons=(rates,))
    by_group = {
        urn: replace(fleet, weight=1.0, target=rates.by_group[urn]) for urn, fleet in basis.found.by_group.items()
    }
    fleets = tuple(by_group.values())
    enough = _enough(fleets, peak) if rates.is_exact else None
    found = replace(found, unit=_UNITS["RATE"], is_at_most=not rates.is_exact, enough=enough)
    shown = _with_numbers(found, service, fleets, peak)
    if not all(loss.is_survivable for loss in losses(fleets, demand=peak)):
        return replace(shown, verdict="fails", remedies=_remedies_for(service, by_group, peak))
    if not rates.is_exact:
        why = (
            "its backends' limit for the requests per second is enough, but another limit may be reached earlier: "
            "say with --rps-per-machine what one machine serves when the load balancer counts it as full"
        )
        return replace(shown, reasons=(why,))
    return replace(shown, verdict="survives")


def _enough(fleets: Sequence[Fleet], peak: float) -> tuple[tuple[str, int], ...] | None:
    """The fewest machines for a peak, by region."""
    fewest = fewest_for(fleets, peak)
    if fewest is None:
        return None
    regions = sorted({fleet.region for fleet in fleets})
    return tuple(
        (region, sum(number for fleet, number in zip(fleets, fewest, strict=True) if fleet.region == region))
        for region in regions
    )


@dataclass(frozen=True)
class _Rates:
    by_group: Mapping[str, float]
    is_exact: bool


def _machine_rates(service: BackendService, basis: FailoverBasis, per_machine: Amounts) -> _Rates | str:
    """The requests per second that one machine of each group serves when it counts as full, or why it is not known."""
    targets, fleets = basis.found.targets, basis.found.by_group
    limits = {urn: _rate_limit(target) for urn, target in targets.items()}
    if all(target.mode == "RATE" and not target.others for target in targets.values()):
        if service.name in per_machine.by_name:
            raise DemandError(
                f"--rps-per-machine {printable(service.name)}: the service is in RATE mode, whose "
                "`max_rate_per_instance` says that already; leave it out"
            )
        return _Rates({urn: target.value for urn, target in targets.items()}, is_exact=True)
    given = per_machine.of(service.name)
    if given is None:
        known = {urn: limit for urn, limit in limits.items() if limit is not None}
        if len(known) < len(limits):
            mode = next(iter(targets.values())).mode
            return (
                f"the load balancer's target is not in requests per second ({mode} mode): say with --rps-per-machine "
                "what one machine serves when the load balancer counts it as full"
            )
        return _Rates(known, is_exact=False)
    if len({(fleet.weight, fleet.target) for fleet in fleets.values()}) > 1:
        return "its backends differ in their machines or targets, and --rps-per-machine is one number for all of them"
    return _Rates({urn: given if limit is None else min(given, limit) for urn, limit in limits.items()}, is_exact=True)


def _rate_limit(target: Target) -> float | None:
    return target.value if target.mode == "RATE" else dict(target.others).get(_RATE_PER_INSTANCE)


def _unit_of(fleets: Mapping[str, Fleet], targets: Mapping[str, Target]) -> str:
    mode = next(iter(targets.values())).mode
    is_weighed = any(fleet.weight != 1 for fleet in fleets.values())
    return _WEIGHED_UNIT if is_weighed else _UNITS[mode]


def _with_numbers(
    found: ServiceFailover, service: BackendService, fleets: Sequence[Fleet], peak: float | None
) -> ServiceFailover:
    regions = _regions(fleets, peak)
    why = _why_no_order(service, [region.region for region in regions])
    warm = losses(fleets, demand=peak)
    after = losses(fleets, after_scale_out=True, demand=peak)
    lost = tuple(
        LostRegion(
            one.region,
            _picture(one, {region.region: region.warm_capacity for region in regions}, regions, not why),
            _picture(other, {region.region: region.max_capacity for region in regions}, regions, not why),
        )
        for one, other in zip(warm, after, strict=True)
    )
    return replace(found, regions=regions, losses=lost, notes=(why,) if why else ())


def _regions(fleets: Sequence[Fleet], peak: float | None) -> tuple[Region, ...]:
    """Where clients are is not known: a peak is taken to arise next to the regions in proportion to their capacity."""
    found = by_region(fleets)
    total = sum(region.warm for region in found)
    return tuple(
        Region(
            region.region,
            sum(fleet.warm for fleet in fleets if fleet.region == region.region),
            sum(max(fleet.warm, fleet.maximum) for fleet in fleets if fleet.region == region.region),
            region.warm,
            region.maximum,
            region.load if peak is None else peak * region.warm / total if total else peak / len(found),
        )
        for region in found
    )


def _why_no_order(service: BackendService, regions: Sequence[str]) -> str:
    """Why it is not known which region takes what overflows; empty if it is."""
    if service.has_setting("serviceLbPolicy") is not False:
        return "Its `service_lb_policy` may set another order of overflow or none, so who takes what is not known."
    if len(regions) <= 2:
        return ""
    backends = service.backends if isinstance(service.backends, tuple) else ()
    if any(backend.preference not in (None, "DEFAULT") for backend in backends):
        return "Its preferred backends are filled first, so who takes what is not known."
    unknown = places_unknown(regions)
    if unknown:
        names = printable(", ".join(unknown))
        return f"Where these regions are is not known, so who takes what is not known: {names}."
    return ""


def _picture(loss: Loss, capacities: Mapping[str, float], regions: Sequence[Region], has_order: bool) -> Picture:
    left = {region: capacity for region, capacity in capacities.items() if region != loss.region}
    loads = {region.region: region.load for region in regions}
    orders = {region: nearest_first(region, left) for region in loads} if has_order else {}
    known = {region: order for region, order in orders.items() if order is not None}
    found = overflow(loss.region, loads, left, known if len(known) == len(loads) else None)
    sent = found.loads
    survivors = tuple(
        Survivor(region, capacity, None if sent is None else sent.get(region, 0.0))
        for region, capacity in sorted(left.items())
    )
    return Picture(loss, survivors, found.flows, found.excess, found.unserved)


def _remedies(service: BackendService, by_group: Mapping[str, Fleet], targets: Mapping[str, Target]) -> Remedies:
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
        needed = _needed(fleets, all(scaler is None for scaler in scalers))
    return Remedies(machines, lowered, fill if lowered is not None else None, needed)


def _remedies_for(service: BackendService, by_group: Mapping[str, Fleet], peak: float) -> Remedies:
    managers, fleets = [_manager(service, urn) for urn in by_group], tuple(by_group.values())
    added = fewest_added(fleets, demand=peak)
    if added is None:
        return Remedies(needed=_no_capacity(fleets) or f"Add a region: {MOST_ADDED} more machines are not enough here.")
    return Remedies(_machine_changes(managers, fleets, added))


def _needed(fleets: Sequence[Fleet], are_fixed: bool) -> str:
    if _no_capacity(fleets):
        return _no_capacity(fleets)
    if are_fixed:
        return (
            "Size the groups by autoscalers with targets below the load balancer's, which keep room for the load of a "
            "lost region; or say with --peak-rps what the load really is, since groups of a fixed size count as full."
        )
    return "Add a region, or lower the autoscalers' targets and raise `min_replicas` in the smaller regions together."


def _no_capacity(fleets: Sequence[Fleet]) -> str:
    """What to do if fewer than two regions have machines that could take load at all."""
    able = {fleet.region for fleet in fleets if fleet.weight * fleet.target * fleet.scaler > 0}
    return "" if len(able) > 1 else "Give the backends of at least two regions a `capacity_scaler` above 0."


def _machine_changes(
    managers: Sequence[GroupManager], fleets: Sequence[Fleet], added: Sequence[int]
) -> tuple[Change, ...]:
    changes = []
    for manager, fleet, more in zip(managers, fleets, added, strict=True):
        if not more:
            continue
        scaler, size = _autoscaler(manager), fleet.warm + more
        resource = printable((scaler or manager).name)
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
        name = printable(scaler.name)
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
