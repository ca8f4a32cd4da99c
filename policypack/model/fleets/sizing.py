"""How many machines a group has, and which load sizes it."""

from __future__ import annotations

from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.autoscaler import Autoscaler
from policypack.model.fleets.group_manager import GroupManager, manager_of
from policypack.model.fleets.target import Target, Unresolved
from policypack.model.values.bounds import reaches
from policypack.model.values.logic import all_of, any_of, is_set, known_in, negation, same
from policypack.model.values.values import UNKNOWN, Unknown


@dataclass(frozen=True)
class Sizing:
    """How many machines a group has, and how full its autoscaler keeps them.

    Attributes:
        warm: at least.
        maximum: at most.
        fill: steady load as a fraction of the target, at most.
        is_exact: the steady load is `fill`; otherwise a signal that says nothing of the target may keep it lower.
        is_fixed: no autoscaler sizes it, so that nothing says what its load is.
        switched_off: the name of its autoscaler, if that is why; otherwise empty.
    """

    warm: float
    maximum: float
    fill: float
    is_exact: bool
    is_fixed: bool = False
    switched_off: str = ""


@dataclass(frozen=True)
class WarmCount:
    """How many machines some groups have together: at least `lower`, and no more than that if it `is_exact`."""

    lower: float
    is_exact: bool

    def reaches(self, needed: float) -> bool | Unknown:
        return reaches(self.lower, self.lower if self.is_exact else None, needed)


def sizing_of(manager: GroupManager, target: Target, name: str, needs_load: bool) -> Sizing | Unresolved:
    """How a group that is called `name` is sized; without `needs_load` nothing is said about its load."""
    autoscaler = manager.autoscaler
    if isinstance(autoscaler, Unknown):
        return Unresolved(f"it is not known what sets the size of {name}", "target")
    if autoscaler is None or autoscaler.is_on is False:
        size = manager.target_size
        unknown_size = Unresolved(f"``target_size`` of {name} is not known", "target_size")
        if manager.is_filled_by_requests is not False:
            may = "" if manager.is_filled_by_requests is True else " may"
            return Unresolved(f"resize requests{may} set the size of {name}", "target_size")
        return unknown_size if isinstance(size, Unknown) else _fixed(size, needs_load, autoscaler)
    warm, most = autoscaler.min_replicas, autoscaler.max_replicas
    if isinstance(autoscaler.is_on, Unknown) or isinstance(warm, Unknown) or isinstance(most, Unknown):
        return Unresolved(f"the size that `{autoscaler.name}` gives {name} is not known", "autoscaling_policy")
    if not needs_load:
        return Sizing(warm, most, 1, True)
    cpu, balancing, metrics = autoscaler.cpu_target, autoscaler.balancing_target, autoscaler.has_metrics
    if isinstance(cpu, Unknown) or isinstance(balancing, Unknown) or isinstance(metrics, Unknown):
        return Unresolved(f"the signals of `{autoscaler.name}` are not known", "autoscaling_policy")
    by_cpu = cpu / target.value if cpu is not None and target.mode == "UTILIZATION" and not target.others else None
    fills = [fill for fill in (by_cpu, balancing) if fill is not None and fill > 0]
    if not fills:
        why = f"`{autoscaler.name}` scales by a signal that is unrelated to the load balancer's target"
        return Unresolved(why, "autoscaling_policy")
    is_exact = not metrics and (cpu is None or by_cpu is not None)
    return Sizing(warm, most, min(fills), is_exact)


def _fixed(size: float, needs_load: bool, autoscaler: Autoscaler | None) -> Sizing:
    is_exact = not needs_load or size == 0
    return Sizing(size, size, 1, is_exact, is_fixed=True, switched_off=autoscaler.name if autoscaler else "")


def warm_in_region(manager: GroupManager, service: BackendService) -> WarmCount:
    """How many machines a service has at least in the region of one of its groups, all groups there together."""
    counts = [manager.warm_replicas]
    for group in service.groups:
        if group.target is manager.resource:
            continue
        if isinstance(group.region, Unknown) or isinstance(manager.region, Unknown):
            counts.append(UNKNOWN)
        elif group.region == manager.region:
            neighbour = manager_of(group)
            counts.append(neighbour.warm_replicas if neighbour else UNKNOWN)
    known = known_in(counts)
    return WarmCount(sum(known), service.links.is_complete and len(known) == len(counts))


def has_group_wide_rate(manager: GroupManager, service: BackendService) -> bool | Unknown:
    """Whether a service limits the requests per second of a group as a whole.

    While it is not known which of its backends has the group, all of those have to agree.
    """
    if isinstance(service.backends, Unknown):
        return UNKNOWN
    own = [backend for backend in service.backends if backend.group and backend.group.target is manager.resource]
    return same(backend.is_set("maxRate") for backend in own or (b for b in service.backends if not b.group))


def follows_cpu_alone(manager: GroupManager, autoscaler: Autoscaler) -> bool | Unknown:
    """Whether an autoscaler follows the CPUs of its group's machines and nothing else.

    In UTILIZATION mode a backend without another limit is full when the CPUs of its machines are, so that
    `load_balancing_utilization` says no more than `cpu_utilization`:
    https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode
    """
    by_balancing = all_of(
        (is_set(autoscaler.balancing_target), negation(autoscaler.has_metrics), _is_full_by_cpu(manager))
    )
    return any_of((autoscaler.scales_by_cpu_alone, by_balancing))


def _is_full_by_cpu(manager: GroupManager) -> bool | Unknown:
    """Whether all services that a group serves, or may serve, count it as full by the CPUs of its machines."""
    answers = [
        (serves, _counts_cpus_alone(manager, service))
        for service, serves in manager.serving
        if service.can_signal_load is not False
    ]
    if not answers or any(serves is True and by_cpus is False for serves, by_cpus in answers):
        return False
    return same(by_cpus for _, by_cpus in answers)


def _counts_cpus_alone(manager: GroupManager, service: BackendService) -> bool | Unknown:
    """Whether a service counts a group as full by the CPUs of its machines: see `Backend.is_full_by_cpu`."""
    if isinstance(service.backends, Unknown):
        return UNKNOWN
    own = [backend for backend in service.backends if backend.group and backend.group.target is manager.resource]
    return same(backend.is_full_by_cpu for backend in own or (b for b in service.backends if not b.group))


def has_load_signal(manager: GroupManager) -> bool | Unknown:
    """Whether a service that a group serves signals load to its autoscaler: see `BackendService.can_signal_load`."""
    answers = [service.can_signal_load for service, _ in manager.serving]
    certain = [service.can_signal_load for service, serves in manager.serving if serves is True]
    # Whichever of the possible services it serves, if all of them signal.
    if any_of(certain) is True or (not certain and all_of(answers) is True):
        return True
    return False if any_of(answers) is False and manager.stack.is_complete else UNKNOWN
