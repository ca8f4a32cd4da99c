"""The Cloud Run services behind a backend service, as the capacity arithmetic takes them, or why they are not known."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.fleets.capacity import Fleet, crowded
from policypack.model.fleets.fleet import FailoverBasis, ServiceFleets
from policypack.model.fleets.fleet import failover_basis as basis_of_machines
from policypack.model.fleets.target import Target, Unresolved
from policypack.model.run.neg import ServerlessBackend, serverless_backends
from policypack.model.run.service import RunService
from policypack.model.values.values import UNKNOWN, Unknown

_SERVERLESS = frozenset({GroupKind.SERVERLESS_NEG})
_NOT_KNOWN_TO_BE_MACHINES = FailoverBasis(
    undecided=(Unresolved("its capacity is not known: whether its backends are serverless NEGs is not", "backends"),)
)


def failover_basis(service: BackendService, *, needs_load: bool = True) -> FailoverBasis:
    """What carries the load when a region is lost, machines or Cloud Run services, or why that is not to be judged.

    Args:
        service: the service that loses a region.
        needs_load: the steady load has to be known; otherwise the fleets say nothing about it.
    """
    if service.kinds != _SERVERLESS or service.is_regional or service.regions.upper == 1:
        found = basis_of_machines(service, needs_load=needs_load)
        return _NOT_KNOWN_TO_BE_MACHINES if found.not_applicable and _may_be_serverless(service) else found
    backends = serverless_backends(service)
    if any(backend.is_of_cloud_run is False for backend in backends):
        why = "a backend is a serverless product other than Cloud Run, whose capacity the stack does not set"
        return FailoverBasis(not_applicable=why)
    fleets = _fleets_of(service, backends, needs_load)
    if isinstance(fleets, Unresolved):
        return FailoverBasis(undecided=(Unresolved(f"its capacity is not known: {fleets.why}", fleets.property_name),))
    return FailoverBasis(fleets)


def _may_be_serverless(service: BackendService) -> bool:
    """Whether all backends of a service in several regions may be serverless NEGs: none other is beside them."""
    if service.is_regional or service.regions.upper == 1 or service.attachments.any:
        return False
    each = [group.kinds for group in service.groups]
    return GroupKind.SERVERLESS_NEG in service.kinds and all(GroupKind.SERVERLESS_NEG in kinds for kinds in each)


def too_small_alone(fleets: Sequence[Fleet], *, demand: float | None = None) -> str:
    """Which region may be too small for what the load balancer may send it, a clause; empty if none is.

    It sends all requests of a lost region to the closest one, and which that is for each client is not known.
    https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts

    Args:
        fleets: Cloud Run services that together are enough whichever region is lost.
        demand: the load, in the unit of capacity; `None` for the steady load.
    """
    for lost, other in crowded(fleets, demand=demand):
        return f"all requests of `{lost}` may go to `{other}`, whose maximum of instances is too low for them"
    return ""


def _fleets_of(
    service: BackendService, backends: tuple[ServerlessBackend, ...], needs_load: bool
) -> ServiceFleets | Unresolved:
    if service.leaves_backends_to_a_controller:
        return Unresolved("``ignore_changes`` leaves its backends to a controller", "backends")
    if not service.links.is_complete:
        return Unresolved(service.links.why, "backends")
    fleets, targets, fixed = dict[str, Fleet](), dict[str, Target](), list[RunService]()
    for backend in backends:
        blocked = _why_open(backend)
        if blocked or backend.service is None or backend.neg is None or isinstance(backend.region, Unknown):
            return blocked or Unresolved(f"`region` of `{backend.label}` is not known", "region")
        fleet = _fleet(backend.service, backend.region)
        if isinstance(fleet, Unresolved):
            return fleet
        fleets[backend.neg.urn] = fleet
        targets[backend.neg.urn] = Target("IN_FLIGHT", fleet.target, 1.0)
        if not fleet.warm < fleet.maximum:
            fixed.append(backend.service)
    least = sum(fleet.load for fleet in fleets.values() if fleet.warm < fleet.maximum)
    why = f"`{fixed[0].name}` has a fixed number of instances, and no signal shows its load" if fixed else ""
    inexact = Unresolved(why, "template") if fixed and needs_load else None
    return ServiceFleets(
        fleets,
        inexact=inexact,
        least_load=least,
        has_fixed_size=bool(fixed),
        targets=targets,
        starts_on_demand=True,
    )


def _why_open(backend: ServerlessBackend) -> Unresolved | None:
    service, name = backend.service, f"`{backend.label}`"
    if service is None:
        return Unresolved(backend.why_unlinked, "cloud_run")
    if backend.has_url_mask is not False:
        return Unresolved(f"{name} takes, or may take, the names of services from URLs", "cloud_run")
    if backend.has_tag is not False:
        return Unresolved(f"{name} selects, or may select, a revision by its tag", "cloud_run")
    if service.serves_its_template is not True:
        return Unresolved(f"`{service.name}` sends requests to a revision other than the described one", "traffics")
    return None


def _fleet(service: RunService, region: str) -> Fleet | Unresolved:
    """The instances of a service in one of its regions; the default maximum is what the project's quota allows.

    https://cloud.google.com/run/docs/configuring/max-instances-limits
    """
    warm, most, share = service.min_instances, service.max_instances, service.concurrency_target
    if isinstance(warm, Unknown) or isinstance(most, Unknown) or isinstance(share, Unknown):
        asked = {"min_instance_count": warm, "max_instance_count": most, "concurrency_utilization": share}
        unknown = next(name for name, value in asked.items() if value is UNKNOWN)
        return Unresolved(f"``{unknown}`` of `{service.name}` is not known", "template")
    concurrency = service.concurrency
    if isinstance(concurrency, Unknown):
        return Unresolved(service.why_concurrency_is_open, "template")
    maximum = math.inf if most is None else max(most, warm)
    return Fleet(service.name, region, warm, maximum, 1.0, concurrency, 1.0, 1.0 if share is None else share)
