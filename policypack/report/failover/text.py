"""How what the loss of each region means is said in every format."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Final

from policypack.failover.result import Change, FailoverResults, Picture, ServiceFailover, Verdict
from policypack.wording import counted

_VERDICTS: Final[dict[Verdict, str]] = {
    "survives": "survives the loss of any one region",
    "fails": "does not survive",
    "one region": "does not survive the loss of its only region",
    "undecided": "undecided",
    "not applicable": "not judged",
}
_TERMS: Final[dict[Verdict, str]] = {"undecided": "Undecided", "not applicable": "Not applicable"}
# What an autoscaler may grow to is no machine that is kept warm.
_LIMITS: Final = ("max_replicas", "maxReplicas")
OVERLOADED: Final = "OVERLOADED"
# Beside a region of Cloud Run that has to start instances first.
COLD: Final = "COLD START"


def verdict_of(service: ServiceFailover) -> str:
    """The verdict in words, with the regions whose loss is fatal."""
    if service.verdict != "fails":
        return _VERDICTS[service.verdict]
    fatal = [lost.region for lost in service.losses if not service.survives_loss(lost)] or service.undetected
    return f"does not survive the loss of {' or '.join(f'{region}' for region in fatal) or 'a region'}"


def sentences(service: ServiceFailover) -> Iterator[str]:
    """What there is to know before the numbers."""
    yield from (f"{_TERMS.get(service.verdict, 'Observed')}: {reason}." for reason in service.reasons)
    if service.losses:
        bound = ", at most: another limit may be reached earlier" if service.is_at_most else ""
        yield f"Capacity and load are in {service.unit}{bound}."
        if service.is_cloud_run:
            yield (
                "Cloud Run starts instances on demand, so the maximum of each region decides. Not known: whether "
                "quota and GPUs are available, and how long an instance takes to start and load its model."
            )
        if service.peak_rps is None and service.is_cloud_run:
            yield (
                "The load is inferred: what the minimum number of instances carries before Cloud Run starts another "
                "one. Set the real load with --peak-rps."
            )
        elif service.peak_rps is None:
            yield (
                "The load is inferred: what the autoscalers let the warm VMs carry, or the full capacity of groups "
                "without an autoscaler. Set the real load with --peak-rps."
            )
        else:
            yield (
                f"The load is the given peak of {number(service.peak_rps)} requests per second, spread over the "
                "regions in proportion to their warm capacity."
            )
    yield from service.notes


def region_rows(service: ServiceFailover) -> list[list[str]]:
    """A table of the regions, its header first."""
    return [
        ["Region", "Instances" if service.is_cloud_run else "VMs", "Capacity", "Load"],
        *(
            [
                region.region,
                _span(region.warm_machines, region.max_machines),
                _span(region.warm_capacity, region.max_capacity),
                number(region.load),
            ]
            for region in service.regions
        ),
    ]


def loss_rows(service: ServiceFailover) -> list[list[str]]:
    """A table of the losses, its header first."""
    return [
        ["Lost", "Load", "Left, warm", "Left, scaled out", "Overflow, warm"],
        *(
            [
                lost.region,
                number(lost.warm.loss.load),
                _judged(lost.warm, COLD if service.is_cloud_run else OVERLOADED),
                _judged(lost.after_scale_out, OVERLOADED),
                overflow(service, lost.warm),
            ]
            for lost in service.losses
        ),
    ]


def _judged(picture: Picture, mark: str) -> str:
    """What is left, how full that gets, and in words whether it is enough."""
    if picture.loss.left <= 0:
        return "0: none warm" if mark == COLD else "0: nothing left"
    if picture.is_unlimited:
        return "no limit set"
    return f"{number(picture.loss.left)}: {percent(picture.utilization or 0.0)}{marked(picture.is_survivable, mark)}"


def overflow(service: ServiceFailover, picture: Picture) -> str:
    """Who takes what, and what is beyond all capacity."""
    if picture.unserved and service.is_cloud_run:
        return f"{number(picture.unserved)} waits for instances to start"
    if picture.unserved:
        return f"{number(picture.unserved)} not served"
    if picture.flows is None:
        parts = ["not known"]
    else:
        parts = [
            f"{number(flow.load)} to {flow.target}"
            + ("" if flow.source == picture.loss.region else f" from {flow.source}")
            for flow in picture.flows
        ]
    if picture.excess:
        where = "waits for instances to start" if service.is_cloud_run else "beyond capacity, to all"
        parts.append(f"{number(picture.excess)} {where}")
    return ", ".join(parts) or "no overflow"


def advice(service: ServiceFailover) -> Iterator[str]:
    """The smallest changes, in words."""
    remedies = service.remedies
    if remedies and service.is_cloud_run and remedies.machines:
        yield "Let Cloud Run start more instances, the fewest with which any region can take over for another:"
        yield from (f"  {_setting(change)}" for change in remedies.machines)
    elif remedies:
        if remedies.machines is not None:
            sizes = (one for one in remedies.machines if one.setting not in _LIMITS)
            more = sum(change.after - change.before for change in sizes)
            least = "at least " if service.is_at_most else ""
            noun = "VM" if more == 1 else "VMs"
            yield f"Keep {least}{number(more)} more {noun} warm, the minimum needed:"
            yield from (f"  {_setting(change)}" for change in remedies.machines)
        elif service.verdict == "fails":
            yield "No number of warm VMs alone is enough: each adds load, or has no capacity."
        if remedies.targets:
            start = "Or keep" if remedies.machines is not None else "Keep"
            yield f"{start} the current VMs, and every autoscaler at {remedies.highest_fill:g} of full or less:"
            yield from (f"  {_setting(change)}" for change in remedies.targets)
        if remedies.needed:
            yield remedies.needed
    if service.enough is not None and service.peak_rps is not None:
        where = ", ".join(f"{machines} in {region}" for region, machines in service.enough)
        total = sum(machines for _, machines in service.enough)
        yield f"The fewest VMs for {number(service.peak_rps)} requests per second: {total} ({where})."


def _setting(change: Change) -> str:
    return (
        f"set `{change.setting}` of `{change.resource}` from {_exact(change.before)} to {_exact(change.after)} "
        f"({change.region})"
    )


def _exact(value: float) -> str:
    return f"{value:.10g}"


def _span(least: float, most: float) -> str:
    if most == math.inf:
        return f"{number(least)} or more"
    return number(least) if least == most else f"{number(least)} to {number(most)}"


def number(value: float) -> str:
    """A number of three digits, or a whole one."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def percent(fraction: float) -> str:
    """A percentage that says 100 for what is exactly full only."""
    text = number(100 * fraction)
    if text == "100" and abs(fraction - 1) > 1e-9:
        return "> 100 %" if fraction > 1 else "99.9 %"
    return f"{text} %"


def summary(results: FailoverResults) -> str:
    """How many services survive, and how many do not."""
    if not results.services:
        return "Nothing was judged: there is no backend service."
    counts = Counter(service.verdict for service in results.services)
    parts = [f"{counts[verdict]} {_said(verdict, counts[verdict])}" for verdict in _VERDICTS if counts[verdict]]
    return f"{counted(len(results.services), 'backend service')}: {', '.join(parts)}."


def _said(verdict: Verdict, number: int) -> str:
    if verdict in ("survives", "fails"):
        return verdict if number == 1 else verdict.removesuffix("s")
    return "in one region only" if verdict == "one region" else verdict


def marked(is_fine: bool, mark: str = OVERLOADED) -> str:
    """What is said beside a number that is too high."""
    return "" if is_fine else f" {mark}"
