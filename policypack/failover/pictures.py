"""What happens to the load and to the capacity of a backend service, region by region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policypack.failover.overflow import closest, overflow
from policypack.failover.region_places import nearest_first, places_unknown
from policypack.failover.result import LostRegion, Picture, Region, ServiceFailover, Survivor
from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.capacity import Fleet, Loss, by_region, carried, losses
from policypack.model.values.secret import is_secret

_HIDDEN: Final = "The underlying numbers are marked as secret, so none are shown."


@dataclass(frozen=True)
class _Spread:
    """How the load balancer spreads load.

    Attributes:
        has_order: it is known in which order.
        knows_capacity: it knows when a region is full, and goes on to the next one.
    """

    has_order: bool
    knows_capacity: bool


def hides_numbers(fleets: Sequence[Fleet]) -> bool:
    """Whether the program or the state marks as secret what the numbers are computed from."""
    return any(is_secret(value) for fleet in fleets for value in vars(fleet).values())


def with_numbers(
    found: ServiceFailover, service: BackendService, fleets: Sequence[Fleet], peak: float | None
) -> ServiceFailover:
    """A result with its numbers, unless these are secret."""
    if hides_numbers(fleets):
        return replace(found, notes=(_HIDDEN,))
    regions = _regions(fleets, peak)
    why = _why_no_order(service, [region.region for region in regions])
    spread = _Spread(has_order=not why, knows_capacity=not found.is_cloud_run)
    warm = losses(fleets, demand=peak)
    after = losses(fleets, after_scale_out=True, demand=peak)
    lost = tuple(
        LostRegion(
            one.region,
            _picture(one, {region.region: region.warm_capacity for region in regions}, regions, spread),
            _picture(other, {region.region: region.max_capacity for region in regions}, regions, spread),
        )
        for one, other in zip(warm, after, strict=True)
    )
    return replace(found, regions=regions, losses=lost, notes=(why,) if why else ())


def _regions(fleets: Sequence[Fleet], peak: float | None) -> tuple[Region, ...]:
    """Where clients are is not known: a peak is taken to arise next to the regions in proportion to their capacity."""
    loads = carried(fleets, peak)
    return tuple(
        Region(
            region.region,
            sum(fleet.warm for fleet in fleets if fleet.region == region.region),
            sum(max(fleet.warm, fleet.maximum) for fleet in fleets if fleet.region == region.region),
            region.warm,
            region.maximum,
            loads[region.region],
        )
        for region in by_region(fleets)
    )


def _why_no_order(service: BackendService, regions: Sequence[str]) -> str:
    """Why it is not known which region takes what overflows; empty if it is."""
    if service.has_setting("serviceLbPolicy") is not False:
        return (
            "Its ``service_lb_policy`` may set a different overflow order or none, so it is not known where the load "
            "goes."
        )
    if len(regions) <= 2:
        return ""
    backends = service.backends if isinstance(service.backends, tuple) else ()
    if any(backend.preference not in (None, "DEFAULT") for backend in backends):
        return "Its preferred backends are filled first, so it is not known where the load goes."
    unknown = places_unknown(regions)
    if unknown:
        names = ", ".join(unknown)
        return f"It is not known where these regions are, so it is not known where the load goes: {names}."
    return ""


def _picture(loss: Loss, capacities: Mapping[str, float], regions: Sequence[Region], spread: _Spread) -> Picture:
    left = {region: capacity for region, capacity in capacities.items() if region != loss.region}
    loads = {region.region: region.load for region in regions}
    orders = {region: nearest_first(region, left) for region in loads} if spread.has_order else {}
    known = {region: order for region, order in orders.items() if order is not None}
    where = overflow if spread.knows_capacity else closest
    found = where(loads, left, known if len(known) == len(loads) else None)
    sent = found.loads
    survivors = tuple(
        Survivor(region, capacity, None if sent is None else sent.get(region, 0.0))
        for region, capacity in sorted(left.items())
    )
    return Picture(loss, survivors, found.flows, found.excess, found.unserved)
