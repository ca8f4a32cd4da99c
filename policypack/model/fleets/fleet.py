"""The fleets behind a backend service, as the capacity arithmetic takes them, or why they are not known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.balancing.targets import CONNECTION_FIELDS, IN_FLIGHT_FIELDS, RATE_FIELDS
from policypack.model.fleets.capacity import Fleet
from policypack.model.fleets.group_manager import GroupManager, manager_of
from policypack.model.machines.machine import Machine
from policypack.model.machines.shape import MachineShape, weights
from policypack.model.values.values import UNKNOWN, Properties, Unknown

_PER_INSTANCE: Final = {
    "RATE": "maxRatePerInstance",
    "CONNECTION": "maxConnectionsPerInstance",
    "IN_FLIGHT": "maxInFlightRequestsPerInstance",
}
_GROUP_WIDE: Final = ("maxRate", "maxConnections", "maxInFlightRequests")
_FIELDS: Final = {"RATE": RATE_FIELDS, "CONNECTION": CONNECTION_FIELDS, "IN_FLIGHT": IN_FLIGHT_FIELDS}
_ALL_FIELDS: Final = (*RATE_FIELDS, *CONNECTION_FIELDS, *IN_FLIGHT_FIELDS)


@dataclass(frozen=True)
class Unresolved:
    """Something that is not known. `why` names what blocks it, a clause."""

    why: str


@dataclass(frozen=True)
class Untargeted:
    """A backend that certainly has no target, so that it never counts as full."""


@dataclass(frozen=True)
class Target:
    """When one machine of a backend counts as full.

    Attributes:
        mode: the balancing mode, `UTILIZATION`, `RATE`, `CONNECTION` or `IN_FLIGHT`.
        value: the mode's target for one machine.
        scaler: the capacity scaler.
        others: further limits for one machine, of which the first to be reached counts: (field, value).
    """

    mode: str
    value: float
    scaler: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Sizing:
    """How many machines a group has, and how full its autoscaler keeps them.

    Attributes:
        warm: at least.
        maximum: at most.
        fill: steady load as a fraction of the target, at most.
        is_exact: the steady load is `fill`; otherwise a signal that says nothing of the target may keep it lower.
    """

    warm: float
    maximum: float
    fill: float
    is_exact: bool


@dataclass(frozen=True)
class WarmCount:
    """How many machines some groups have together: at least `lower`, and no more than that if it `is_exact`."""

    lower: float
    is_exact: bool


@dataclass(frozen=True)
class ServiceFleets:
    """The fleets behind a service.

    Attributes:
        by_group: all of them, by their groups' URNs, if nothing blocks.
        why: what keeps them from being known, clauses; empty if they are.
        has_untargeted: some backend certainly has no target, so there is no capacity to speak of.
        is_exact: the steady load is what the fleets say; otherwise it may be lower.
        targets: when a machine of each fleet counts as full, by their groups' URNs.
    """

    by_group: Mapping[str, Fleet] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    has_untargeted: bool = False
    is_exact: bool = True
    targets: Mapping[str, Target] = field(default_factory=dict)

    @property
    def fleets(self) -> tuple[Fleet, ...]:
        """All fleets."""
        return tuple(self.by_group.values())


@dataclass(frozen=True)
class FailoverBasis:
    """What the loss of a region is judged by.

    Attributes:
        found: the fleets, if nothing keeps them from being judged.
        not_applicable: why there is nothing to judge, a clause; empty if there is.
        undecided: why it cannot be judged, clauses; empty if it can.
    """

    found: ServiceFleets = field(default_factory=ServiceFleets)
    not_applicable: str = ""
    undecided: tuple[str, ...] = ()


@dataclass
class _Collected:
    managers: list[GroupManager] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    sizings: list[Sizing] = field(default_factory=list)
    why: list[str] = field(default_factory=list)


def failover_basis(service: BackendService, *, needs_load: bool = True) -> FailoverBasis:
    """The fleets that carry the load when a region is lost, or why that is not to be judged.

    Args:
        service: the service that loses a region.
        needs_load: the steady load has to be known; otherwise the fleets say nothing about it.
    """
    if service.is_regional or service.has_no_backends or service.regions.upper == 1:
        return FailoverBasis(not_applicable="its backends are in one region or none, so there is none to fail over to")
    if service.is_measured is False:
        return FailoverBasis(not_applicable="its backends take no target")
    found = service_fleets(service, needs_load=needs_load)
    if found.has_untargeted:
        return FailoverBasis(not_applicable="a backend has no target, and so no capacity to speak of")
    if service.leaves_backends_to_a_controller:
        return FailoverBasis(undecided=("`ignore_changes` leaves its backends to a controller",))
    return FailoverBasis(found, undecided=tuple(f"its capacity is not known: {why}" for why in found.why))


def service_fleets(service: BackendService, *, needs_load: bool = True) -> ServiceFleets:
    """The fleets behind a service with instance groups; `needs_load` as in `failover_basis`."""
    if isinstance(service.backends, Unknown):
        return ServiceFleets(why=(service.links.why or "`backends` is not known",))
    targets = [_target(backend) for backend in service.backends]
    if any(isinstance(target, Untargeted) for target in targets):
        return ServiceFleets(has_untargeted=True)
    if not service.links.is_complete:
        return ServiceFleets(why=(service.links.why,))
    pairs = _paired(service, targets)
    if isinstance(pairs, Unresolved):
        return ServiceFleets(why=(pairs.why,))
    found = _Collected()
    for group, target in pairs:
        _collect(found, group, target, needs_load)
    if found.why:
        return ServiceFleets(why=tuple(dict.fromkeys(found.why)))
    return _weighed(found)


def _paired(
    service: BackendService, targets: Sequence[Target | Unresolved | Untargeted]
) -> list[tuple[Group, Target | Unresolved | Untargeted]] | Unresolved:
    """Which group has which target. While only the set of groups is known, that takes equal targets."""
    assert not isinstance(service.backends, Unknown)
    pairs = list(zip((backend.group for backend in service.backends), targets, strict=True))
    placed = [(group, target) for group, target in pairs if group]
    open_targets = [target for group, target in pairs if not group]
    taken = [group.target for group, _ in placed]
    open_groups = [group for group in service.groups if group.target not in taken]
    unresolved = [target for target in open_targets if isinstance(target, Unresolved)]
    if unresolved:
        return unresolved[0]
    if any(target != open_targets[0] for target in open_targets):
        return Unresolved("the backends' targets differ, and which group has which is not known yet")
    return [*placed, *zip(open_groups, open_targets, strict=False)]


def _collect(found: _Collected, group: Group, target: Target | Unresolved | Untargeted, needs_load: bool) -> None:
    manager, name = manager_of(group), f"`{group.name}`"
    if isinstance(target, Unresolved):
        found.why.append(target.why)
    if manager is None:
        found.why.append(_no_manager(group, name))
        return
    if isinstance(manager.region, Unknown):
        found.why.append(f"the region of {name} is not known")
    if not isinstance(target, Target):
        return
    sizing = _sizing(manager, target, name, needs_load)
    if isinstance(sizing, Unresolved):
        found.why.append(sizing.why)
        return
    found.managers.append(manager)
    found.targets.append(target)
    found.sizings.append(sizing)


def _no_manager(group: Group, name: str) -> str:
    if group.is_external:
        return f"{name} is outside the stack, and so is what sizes it"
    if GroupKind.INSTANCE_GROUP in group.kinds:
        return f"{name} is an unmanaged group, whose size is not known"
    return f"{name} is a network endpoint group, whose machines are not known"


def _weighed(found: _Collected) -> ServiceFleets:
    if len({target.mode for target in found.targets}) > 1:
        return ServiceFleets(why=("its backends have different balancing modes, whose targets cannot be compared",))
    by_machine = _machine_weights(found)
    if by_machine is None:
        return ServiceFleets(why=("its groups have machines that cannot be compared, or are not known",))
    if not _limits_agree(found.targets, by_machine):
        return ServiceFleets(why=("its backends have a second limit, and which is reached first is not known",))
    fleets = {
        manager.urn: Fleet(
            manager.name,
            _text(manager.region),
            sizing.warm,
            sizing.maximum,
            weight,
            target.value,
            target.scaler,
            sizing.fill,
        )
        for manager, target, sizing, weight in zip(
            found.managers, found.targets, found.sizings, by_machine, strict=True
        )
    }
    targets = {manager.urn: target for manager, target in zip(found.managers, found.targets, strict=True)}
    return ServiceFleets(fleets, is_exact=all(sizing.is_exact for sizing in found.sizings), targets=targets)


def _machine_weights(found: _Collected) -> tuple[float, ...] | None:
    """A limit for each machine says what the machine can do; a utilization depends on how large the machine is."""
    if any(target.mode != "UTILIZATION" for target in found.targets):
        return tuple(1.0 for _ in found.targets)
    shapes = [_shape(manager) for manager in found.managers]
    known = [shape for shape in shapes if shape]
    return weights(known) if len(known) == len(shapes) else None


def _shape(manager: GroupManager) -> MachineShape | None:
    """The machines of a group, if its versions and policies leave no choice."""
    links = manager.template_links
    if not links.is_complete or manager.mixes_machines:
        return None
    external = {str(reference): MachineShape(str(reference)) for reference in links.external}
    shapes = {shape.identity: shape for shape in (_shape_of(Machine.of(r, manager.stack)) for r in links.targets)}
    found = [*external.values(), *shapes.values()]
    return found[0] if len(found) == 1 else None


def _shape_of(machine: Machine) -> MachineShape:
    accelerators = machine.resource.asked.objects("guestAccelerators")
    gpus = [] if isinstance(accelerators, Unknown) else [_gpu(accelerator) for accelerator in accelerators]
    known = tuple(gpu for gpu in gpus if gpu)
    machine_type = machine.machine_type
    if not isinstance(machine_type, str) or isinstance(accelerators, Unknown) or len(known) < len(gpus):
        return MachineShape(machine.urn)
    return MachineShape(f"{machine_type} {sorted(known)}", machine_type, known)


def _gpu(accelerator: Properties) -> tuple[str, int] | None:
    type_, count = accelerator.string("type"), accelerator.number("count")
    if not isinstance(type_, str) or not isinstance(count, int | float) or not float(count).is_integer():
        return None
    return type_.rpartition("/")[2], int(count)


def _limits_agree(targets: Sequence[Target], by_machine: Sequence[float]) -> bool:
    """Whether further limits are in the same proportion to the target everywhere, so that they change nothing."""
    first = targets[0].others if targets else ()
    ratios = [
        [value / (target.value * weight) for _, value in target.others]
        for target, weight in zip(targets, by_machine, strict=True)
    ]
    same_fields = all([name for name, _ in target.others] == [name for name, _ in first] for target in targets)
    return same_fields and all(
        math.isclose(value, expected) for found in ratios for value, expected in zip(found, ratios[0], strict=True)
    )


def _target(backend: Backend) -> Target | Unresolved | Untargeted:
    mode, name = backend.balancing_mode, f"`{backend.label}`"
    if isinstance(mode, Unknown):
        return Unresolved(f"the balancing mode of {name} is not known")
    if mode != "UTILIZATION" and mode not in _PER_INSTANCE:
        return Unresolved(f"the balancing mode of {name} has no target that can be compared")
    value = backend.max_utilization if mode == "UTILIZATION" else backend.properties.number(_PER_INSTANCE[mode])
    if not isinstance(value, Unknown) and (value is None or value <= 0):
        bounded = False if mode == "UTILIZATION" else backend.has_any(_FIELDS[mode])
        return Untargeted() if bounded is False else Unresolved(f"{name} has no target for each machine")
    scaler = _scaler(backend)
    group_wide, others = backend.has_any(_GROUP_WIDE), _others(backend, mode)
    if isinstance(value, Unknown) or isinstance(scaler, Unknown) or isinstance(others, Unknown):
        return Unresolved(f"the target of {name} is not known")
    if group_wide is not False:
        return Unresolved(f"{name} has a limit for the whole group, which says nothing of one machine")
    return Target(mode, value, scaler, others)


def _scaler(backend: Backend) -> float | Unknown:
    """The capacity scaler; a regional service without one is taken to use its backends whole."""
    scaler = backend.capacity_scaler
    if isinstance(scaler, Unknown):
        return UNKNOWN
    return 1 if scaler is None else scaler if scaler >= 0 else UNKNOWN


def _others(backend: Backend, mode: str) -> tuple[tuple[str, float], ...] | Unknown:
    """The limits beside the mode's own."""
    fields = _ALL_FIELDS if mode == "UTILIZATION" else [name for name in _ALL_FIELDS if name != _PER_INSTANCE[mode]]
    values = [(name, backend.properties.number(name)) for name in fields]
    if any(isinstance(value, Unknown) for _, value in values):
        return UNKNOWN
    return tuple((name, value) for name, value in values if isinstance(value, int | float) and value > 0)


def _sizing(manager: GroupManager, target: Target, name: str, needs_load: bool) -> Sizing | Unresolved:
    autoscaler = manager.autoscaler
    if isinstance(autoscaler, Unknown):
        return Unresolved(f"what sizes {name} is not known")
    if autoscaler is None or autoscaler.is_on is False:
        size = manager.target_size
        return Unresolved(f"the size of {name} is not known") if isinstance(size, Unknown) else _fixed(size)
    warm, most = autoscaler.min_replicas, autoscaler.max_replicas
    if isinstance(autoscaler.is_on, Unknown) or isinstance(warm, Unknown) or isinstance(most, Unknown):
        return Unresolved(f"the size that `{autoscaler.name}` gives {name} is not known")
    if not needs_load:
        return Sizing(warm, most, 1, True)
    cpu, balancing, metrics = autoscaler.cpu_target, autoscaler.balancing_target, autoscaler.has_metrics
    if isinstance(cpu, Unknown) or isinstance(balancing, Unknown) or isinstance(metrics, Unknown):
        return Unresolved(f"the signals of `{autoscaler.name}` are not known")
    by_cpu = cpu / target.value if cpu is not None and target.mode == "UTILIZATION" and not target.others else None
    fills = [fill for fill in (by_cpu, balancing) if fill is not None and fill > 0]
    if not fills:
        return Unresolved(f"`{autoscaler.name}` scales by a signal that says nothing of the load balancer's target")
    is_exact = not metrics and (cpu is None or by_cpu is not None)
    return Sizing(warm, most, min(fills), is_exact)


def _fixed(size: float) -> Sizing:
    return Sizing(size, size, 1, True)


def _text(value: str | Unknown) -> str:
    assert isinstance(value, str)
    return value


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
    known = [count for count in counts if not isinstance(count, Unknown)]
    return WarmCount(sum(known), service.links.is_complete and len(known) == len(counts))


def has_group_wide_rate(manager: GroupManager, service: BackendService) -> bool | Unknown:
    """Whether a service limits the requests per second of a group as a whole.

    While it is not known which of its backends has the group, all of those have to agree.
    """
    if isinstance(service.backends, Unknown):
        return UNKNOWN
    own = [backend for backend in service.backends if backend.group and backend.group.target is manager.resource]
    answers = {backend.is_set("maxRate") for backend in own or (b for b in service.backends if not b.group)}
    return answers.pop() if len(answers) == 1 else UNKNOWN


def can_signal_load(service: BackendService) -> bool | Unknown:
    """Whether an autoscaler can follow the load of a service."""
    return service.can_signal_load
