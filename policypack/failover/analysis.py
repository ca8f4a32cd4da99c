"""From a stack to what the loss of each region means for its backend services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from policypack.failover.change import fewest_for
from policypack.failover.instances import remedies_of_instances
from policypack.failover.pictures import hides_numbers, with_numbers
from policypack.failover.remedies import remedies, remedies_for_peak
from policypack.failover.result import (
    INFERRED,
    Amounts,
    Change,
    Demand,
    DemandError,
    Kind,
    Remedies,
    ServiceFailover,
)
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.fleets.capacity import Fleet, losses
from policypack.model.fleets.fleet import FailoverBasis, ServiceFleets
from policypack.model.fleets.target import Target
from policypack.model.graph.stack import Stack
from policypack.model.run.capacity import failover_basis, too_small_alone
from policypack.model.run.failover_signal import undetected
from policypack.model.run.neg import leads_to_app_engine, psc_targets
from policypack.model.values.spelling import Spelling, spelled, spelled_path
from policypack.selection import views_of
from policypack.wording import printable

_UNITS: Final = {
    "UTILIZATION": "VMs at 100 % utilization",
    "RATE": "requests per second",
    "CONNECTION": "connections",
    "IN_FLIGHT": "requests in flight",
}
_WEIGHED_UNIT: Final = "GPUs or vCPUs at 100 % utilization"
_RATE_PER_INSTANCE: Final = "maxRatePerInstance"


def failovers(stack: Stack, demand: Demand = INFERRED, globs: Sequence[str] = ()) -> tuple[ServiceFailover, ...]:
    """What the loss of each region means for each backend service of a stack, ordered by URN.

    Args:
        stack: the stack.
        demand: the load, if it is given.
        globs: the logical names of the services that are asked for; all without any.

    Raises:
        DemandError: the demand names a service that the stack does not have, or one that has no use for it.
    """
    services = [view for view in views_of(stack, BackendService) if isinstance(view, BackendService)]
    services = [service for service in services if not service.resource.is_empty]
    _check_names(demand, sorted({service.name for service in services}))
    asked = [one for one in services if not globs or any(fnmatchcase(one.name, glob) for glob in globs)]
    return tuple(failover_of(service, demand) for service in asked)


def _check_names(demand: Demand, names: Sequence[str]) -> None:
    known = ", ".join(map(printable, names)) or "none"
    for option, amounts in (("--peak-rps", demand.peak_rps), ("--rps-per-machine", demand.rps_per_machine)):
        for name in sorted(amounts.by_name):
            if name not in names:
                raise DemandError(f"{option} {printable(name)}: there is no such backend service; there are: {known}")
    for name in sorted(demand.rps_per_machine.by_name):
        if demand.peak_rps.of(name) is None:
            raise DemandError(f"--rps-per-machine {printable(name)}: it needs --peak-rps for the same service")


def failover_of(service: BackendService, demand: Demand = INFERRED) -> ServiceFailover:
    """What the loss of each region means for one backend service."""
    return _as_spelled(_failover_of(service, demand), service.stack.spelling)


def _failover_of(service: BackendService, demand: Demand) -> ServiceFailover:
    peak = demand.peak_rps.of(service.name)
    basis = failover_basis(service, needs_load=peak is None)
    draft = ServiceFailover(service.urn, service.name, "undecided", peak_rps=peak, kind=_kind_of(service))
    if basis.not_applicable:
        return _without_failover(draft, service, basis.not_applicable)
    judged = _without_what_is_secret(_by_capacity(draft, service, basis, demand), basis.found)
    return _where_detected(judged, service) if draft.is_cloud_run else judged


def _as_spelled(judged: ServiceFailover, spelling: Spelling) -> ServiceFailover:
    """A result with the properties in its texts as the program spells them."""
    changes = judged.remedies and replace(
        judged.remedies,
        machines=_changes_spelled(judged.remedies.machines, spelling),
        targets=_changes_spelled(judged.remedies.targets, spelling),
        needed=spelled(judged.remedies.needed, spelling),
    )
    reasons, notes = (tuple(spelled(one, spelling) for one in texts) for texts in (judged.reasons, judged.notes))
    return replace(judged, reasons=reasons, notes=notes, remedies=changes)


def _changes_spelled(changes: tuple[Change, ...] | None, spelling: Spelling) -> tuple[Change, ...] | None:
    return changes and tuple(replace(one, setting=spelled_path(one.setting, spelling)) for one in changes)


def _kind_of(service: BackendService) -> Kind:
    if service.kinds == {GroupKind.SERVERLESS_NEG}:
        return "cloudRun"
    return "" if service.is_measured is False else "machines"


def _where_detected(judged: ServiceFailover, service: BackendService) -> ServiceFailover:
    """A result for Cloud Run: what others could carry counts only if the load balancer leaves the lost region."""
    why = undetected(service)
    if not why:
        return judged
    reasons = () if judged.verdict == "survives" else judged.reasons
    reasons = (*dict.fromkeys(why.values()), *reasons)
    return replace(judged, verdict="fails", undetected=tuple(sorted(why)), reasons=reasons, blocked_by=())


def _without_what_is_secret(judged: ServiceFailover, found: ServiceFleets) -> ServiceFailover:
    return replace(judged, remedies=None, enough=None) if hides_numbers(found.fleets) else judged


def _by_capacity(
    draft: ServiceFailover, service: BackendService, basis: FailoverBasis, demand: Demand
) -> ServiceFailover:
    peak = draft.peak_rps
    if basis.undecided:
        reasons = tuple(one.why for one in basis.undecided)
        undecided = replace(draft, reasons=reasons, blocked_by=tuple(one.property_name for one in basis.undecided))
        return _whichever(undecided, service, basis) if peak is None else undecided
    if peak is None:
        return _by_steady_load(draft, service, basis)
    return _by_peak(draft, service, basis, peak, demand.rps_per_machine)


def _without_failover(draft: ServiceFailover, service: BackendService, why: str) -> ServiceFailover:
    if service.is_regional or service.regions.upper != 1:
        return replace(draft, verdict="not applicable", reasons=(why,))
    if any(target.is_google_api is True for target in psc_targets(service)):
        why = "its backend is a Google API, and a service supports only one"
        return replace(draft, verdict="not applicable", reasons=(why,))
    reason = "all its backends are in one region, and nothing is left if it is lost"
    needed = _another_region(draft, service)
    return replace(draft, verdict="one region", reasons=(reason,), remedies=Remedies(needed=needed))


def _another_region(draft: ServiceFailover, service: BackendService) -> str:
    """What makes a service with one region survive its loss: a sentence."""
    if leads_to_app_engine(service):
        return (
            "Deploy what the App Engine app serves as Cloud Run services in two regions, each with a maximum number of "
            "instances that carries the whole load alone: an App Engine app stays in its one region."
        )
    if draft.is_cloud_run:
        return (
            "Also create the Cloud Run service in another region, with a maximum number of instances that carries the "
            "whole load alone, and add a serverless NEG for it to the backends."
        )
    if service.kinds == {GroupKind.PRIVATE_SERVICE_CONNECT_NEG}:
        return "Add a Private Service Connect NEG in another region, for a service attachment published there."
    if draft.peak_rps is not None:
        return (
            "Add a backend in another region, with enough VMs in each of the two regions to carry "
            f"{draft.peak_rps:g} requests per second."
        )
    return (
        "Add a backend in another region that can carry the whole load alone: as many VMs as here, and autoscaler "
        "targets that keep both regions at 0.5 of the load balancer's target or less."
    )


def _whichever(undecided: ServiceFailover, service: BackendService, basis: FailoverBasis) -> ServiceFailover:
    """What holds in whichever way backends and groups pair, while that is not known; numbers would differ."""
    ways = [_by_steady_load(undecided, service, FailoverBasis(found)) for found in basis.found.alternatives]
    verdicts = {way.verdict for way in ways}
    if len(verdicts) != 1 or "undecided" in verdicts:
        return undecided
    reasons = ("this is true however the groups belong to the backends",)
    return replace(undecided, verdict=ways[0].verdict, reasons=reasons, blocked_by=())


def _by_steady_load(draft: ServiceFailover, service: BackendService, basis: FailoverBasis) -> ServiceFailover:
    fleets, targets = basis.found.by_group, basis.found.targets
    each = losses(basis.found.fleets, after_scale_out=draft.is_cloud_run)
    shown = with_numbers(replace(draft, unit=_unit_of(fleets, targets)), service, tuple(fleets.values()), None)
    if all(loss.is_survivable for loss in each):
        return _unless_crowded(shown, service, basis.found, None)
    inexact = basis.found.inexact
    least = losses(basis.found.fleets, after_scale_out=draft.is_cloud_run, demand=basis.found.least_load)
    if inexact and all(loss.is_survivable for loss in least):
        return replace(shown, reasons=(f"{inexact.why}; set `--peak-rps`",), blocked_by=(inexact.property_name,))
    changes = remedies_of_instances(service, fleets, None) if draft.is_cloud_run else remedies(service, fleets, targets)
    return replace(shown, verdict="fails", remedies=changes)


def _unless_crowded(
    shown: ServiceFailover, service: BackendService, found: ServiceFleets, peak: float | None
) -> ServiceFailover:
    """What all regions together carry survives, unless Cloud Run's requests may all go to one that is too small."""
    why = too_small_alone(found.fleets, demand=peak) if shown.is_cloud_run else ""
    if not why:
        return replace(shown, verdict="survives")
    changes = remedies_of_instances(service, found.by_group, peak)
    return replace(shown, reasons=(why,), blocked_by=("template",), remedies=changes)


def _by_peak(
    draft: ServiceFailover, service: BackendService, basis: FailoverBasis, peak: float, per_machine: Amounts
) -> ServiceFailover:
    rates = _machine_rates(service, basis, per_machine)
    if isinstance(rates, str):
        return replace(draft, reasons=(rates,))
    by_group = {
        urn: replace(fleet, weight=1.0, target=rates.by_group[urn]) for urn, fleet in basis.found.by_group.items()
    }
    fleets = tuple(by_group.values())
    enough = _enough(fleets, peak) if rates.is_exact and not draft.is_cloud_run else None
    draft = replace(draft, unit=_UNITS["RATE"], is_at_most=not rates.is_exact, enough=enough)
    shown = with_numbers(draft, service, fleets, peak)
    if not all(loss.is_survivable for loss in losses(fleets, after_scale_out=draft.is_cloud_run, demand=peak)):
        more = remedies_of_instances if draft.is_cloud_run else remedies_for_peak
        return replace(shown, verdict="fails", remedies=more(service, by_group, peak))
    if not rates.is_exact:
        why = (
            "its backends' limit for requests per second is high enough, but another limit may be reached earlier: "
            "set --rps-per-machine to what one VM serves when the load balancer counts it as full"
        )
        return replace(shown, reasons=(why,))
    return _unless_crowded(shown, service, replace(basis.found, by_group=by_group), peak)


def _enough(fleets: Sequence[Fleet], peak: float) -> tuple[tuple[str, int], ...] | None:
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
                "`max_rate_per_instance` already sets that; omit it"
            )
        return _Rates({urn: target.value for urn, target in targets.items()}, is_exact=True)
    given = per_machine.of(service.name)
    if given is None:
        known = {urn: limit for urn, limit in limits.items() if limit is not None}
        if len(known) < len(limits):
            if basis.found.starts_on_demand:
                return (
                    "Cloud Run counts concurrent requests, not requests per second: set --rps-per-machine to what one "
                    "instance serves at its maximum concurrency"
                )
            mode = next(iter(targets.values())).mode
            return (
                f"the load balancer's target is not in requests per second ({mode} mode): set --rps-per-machine to "
                "what one VM serves when the load balancer counts it as full"
            )
        return _Rates(known, is_exact=False)
    if len({(fleet.weight, fleet.target) for fleet in fleets.values()}) > 1:
        return "its backends differ in their VMs or targets, and --rps-per-machine is one number for all of them"
    return _Rates({urn: given if limit is None else min(given, limit) for urn, limit in limits.items()}, is_exact=True)


def _rate_limit(target: Target) -> float | None:
    return target.value if target.mode == "RATE" else dict(target.others).get(_RATE_PER_INSTANCE)


def _unit_of(fleets: Mapping[str, Fleet], targets: Mapping[str, Target]) -> str:
    mode = next(iter(targets.values())).mode
    is_weighed = any(fleet.weight != 1 for fleet in fleets.values())
    return _WEIGHED_UNIT if is_weighed else _UNITS[mode]
