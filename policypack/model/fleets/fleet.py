"""The fleets behind a backend service, as the capacity arithmetic takes them, or why they are not known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Final, TypeAlias

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.fleets.capacity import Fleet
from policypack.model.fleets.group_manager import GroupManager, manager_of
from policypack.model.fleets.sizing import Sizing, sizing_of
from policypack.model.fleets.target import Target, Unresolved, Untargeted, target_of
from policypack.model.machines.machine import Machine
from policypack.model.machines.shape import MachineShape, weights
from policypack.model.values.values import UNKNOWN, Unknown

_AnyTarget: TypeAlias = Target | Unresolved | Untargeted
_Pair: TypeAlias = tuple[Group, _AnyTarget]
# Beyond so many backends the ways to pair them with groups are too many to look at.
_MOST_PAIRED: Final = 5


@dataclass(frozen=True)
class ServiceFleets:
    """The fleets behind a service.

    Attributes:
        by_group: all of them, by their groups' URNs, if nothing blocks.
        why: what keeps them from being known; empty if they are.
        has_untargeted: some backend certainly has no target, so there is no capacity to speak of.
        inexact: why the steady load may be lower than the fleets say; `None` if it is not.
        least_load: the steady load of those of which it is exact, which is what there is at least.
        has_fixed_size: some group has no autoscaler that is on.
        switched_off: the names of the autoscalers that are off.
        alternatives: the fleets as each way of pairing backends and groups makes them, if which has which is all that
            is not known.
        targets: when a machine of each fleet counts as full, by their groups' URNs.
        starts_on_demand: they are Cloud Run services: their machines are instances, which start as requests come.
    """

    by_group: Mapping[str, Fleet] = field(default_factory=dict)
    why: tuple[Unresolved, ...] = ()
    has_untargeted: bool = False
    inexact: Unresolved | None = None
    least_load: float = 0.0
    has_fixed_size: bool = False
    switched_off: tuple[str, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
    alternatives: tuple[ServiceFleets, ...] = ()
    starts_on_demand: bool = False

    @property
    def is_exact(self) -> bool:
        return self.inexact is None

    @property
    def fleets(self) -> tuple[Fleet, ...]:
        return tuple(self.by_group.values())


@dataclass(frozen=True)
class FailoverBasis:
    """What the loss of a region is judged by.

    Attributes:
        found: the fleets, if nothing keeps them from being judged.
        not_applicable: why there is nothing to judge, a clause; empty if there is.
        undecided: why it cannot be judged; empty if it can.
    """

    found: ServiceFleets = field(default_factory=ServiceFleets)
    not_applicable: str = ""
    undecided: tuple[Unresolved, ...] = ()


@dataclass
class _Collected:
    managers: list[GroupManager] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    sizings: list[Sizing] = field(default_factory=list)
    why: list[Unresolved] = field(default_factory=list)


def failover_basis(service: BackendService, *, needs_load: bool = True) -> FailoverBasis:
    """The fleets that carry the load when a region is lost, or why that is not to be judged.

    Args:
        service: the service that loses a region.
        needs_load: the steady load has to be known; otherwise the fleets say nothing about it.
    """
    has_none = service.has_no_backends and not service.attachments.any
    if service.is_regional or has_none or service.regions.upper == 1:
        return FailoverBasis(not_applicable="its backends are in at most one region, so there is none to fail over to")
    basis = capacity_basis(service, needs_load=needs_load)
    return replace(
        basis, undecided=tuple(replace(one, why=f"its capacity is not known: {one.why}") for one in basis.undecided)
    )


def capacity_basis(service: BackendService, *, needs_load: bool = True) -> FailoverBasis:
    """The fleets behind a service, in one region or several, or why their capacity is not to be judged."""
    if service.is_measured is False or service.is_passthrough is True:
        return FailoverBasis(not_applicable="its backends support no target")
    found = _service_fleets(service, needs_load)
    if found.has_untargeted:
        return FailoverBasis(not_applicable="a backend has no target, so its capacity is not defined")
    if service.is_passthrough is UNKNOWN:
        blocked = "``load_balancing_scheme`` is not known, so its backends may have no targets"
        return FailoverBasis(undecided=(Unresolved(blocked, "load_balancing_scheme"),))
    if service.leaves_backends_to_a_controller or service.attachments.any:
        blocked = "a controller attaches its backends"
        return FailoverBasis(undecided=(Unresolved(blocked, "backends"),))
    return FailoverBasis(found, undecided=found.why)


def _service_fleets(service: BackendService, needs_load: bool) -> ServiceFleets:
    if isinstance(service.backends, Unknown):
        return ServiceFleets(why=(Unresolved(service.links.why or "`backends` is not known", "backends"),))
    targets = [target_of(backend) for backend in service.backends]
    if any(isinstance(target, Untargeted) for target in targets):
        return ServiceFleets(has_untargeted=True)
    if not service.links.is_complete:
        return ServiceFleets(why=(Unresolved(service.links.why, "backends"),))
    pairings = _pairings(service, targets)
    if isinstance(pairings, Unresolved):
        return ServiceFleets(why=(pairings,))
    first, *others = [_fleets_of(pairs, needs_load) for pairs in pairings]
    if not others or first.why:
        return first
    differ = Unresolved(
        "the backends' targets differ, and it is not known yet which group has which target", "backends"
    )
    return ServiceFleets(why=(differ,), alternatives=(first, *others))


def _fleets_of(pairs: Iterable[_Pair], needs_load: bool) -> ServiceFleets:
    found = _Collected()
    for group, target in pairs:
        _collect(found, group, target, needs_load)
    if found.why:
        return ServiceFleets(why=tuple(dict.fromkeys(found.why)))
    return _weighed(found)


def _pairings(service: BackendService, targets: Sequence[_AnyTarget]) -> list[list[_Pair]] | Unresolved:
    """Which group may have which target: one way, unless the set of groups is all that is known and targets differ."""
    assert not isinstance(service.backends, Unknown)
    pairs = list(zip((backend.group for backend in service.backends), targets, strict=True))
    placed = [(group, target) for group, target in pairs if group]
    open_targets = [target for group, target in pairs if not group]
    taken = [group.target for group, _ in placed]
    open_groups = [group for group in service.groups if group.target not in taken]
    unresolved = [target for target in open_targets if isinstance(target, Unresolved)]
    if unresolved:
        return unresolved[0]
    if all(target == open_targets[0] for target in open_targets):
        return [[*placed, *zip(open_groups, open_targets, strict=False)]]
    if len(open_targets) > _MOST_PAIRED:
        return Unresolved(
            "the backends' targets differ, and it is not known yet which group has which target", "backends"
        )
    orders = dict.fromkeys(permutations(open_targets))
    return [[*placed, *zip(open_groups, order, strict=False)] for order in orders]


def _collect(found: _Collected, group: Group, target: _AnyTarget, needs_load: bool) -> None:
    manager, name = manager_of(group), f"`{group.name}`"
    if isinstance(target, Unresolved):
        found.why.append(target)
    if manager is None:
        found.why.append(_no_manager(group, name))
        return
    if isinstance(manager.region, Unknown):
        found.why.append(Unresolved(f"`region` of {name} is not known", "region"))
    if not isinstance(target, Target):
        return
    sizing = sizing_of(manager, target, name, needs_load)
    if isinstance(sizing, Unresolved):
        found.why.append(sizing)
        return
    found.managers.append(manager)
    found.targets.append(target)
    found.sizings.append(sizing)


def _no_manager(group: Group, name: str) -> Unresolved:
    if group.is_external:
        return Unresolved(f"{name} is outside the stack, so its size is not known", "backends")
    if GroupKind.INSTANCE_GROUP in group.kinds:
        return Unresolved(f"{name} is an unmanaged group, whose size is not known", "backends")
    return Unresolved(f"{name} is a network endpoint group, whose VMs are not known", "backends")


def _weighed(found: _Collected) -> ServiceFleets:
    if len({target.mode for target in found.targets}) > 1:
        why = "its backends have different balancing modes, whose targets cannot be compared"
        return ServiceFleets(why=(Unresolved(why, "balancing_mode"),))
    by_machine = _machine_weights(found)
    if by_machine is None:
        why = "its groups have VMs that cannot be compared, or are not known"
        return ServiceFleets(why=(Unresolved(why, "machine_type"),))
    if not _limits_agree(found.targets, by_machine):
        why = "its backends have a second limit, and it is not known which is reached first"
        return ServiceFleets(why=(Unresolved(why, "backends"),))
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
    return ServiceFleets(
        fleets,
        inexact=_inexact(found),
        least_load=sum(
            fleets[one.urn].load for one, sizing in zip(found.managers, found.sizings, strict=True) if sizing.is_exact
        ),
        has_fixed_size=any(one.is_fixed for one in found.sizings),
        switched_off=tuple(one.switched_off for one in found.sizings if one.switched_off),
        targets=targets,
    )


def _inexact(found: _Collected) -> Unresolved | None:
    inexact = [(manager, sizing) for manager, sizing in zip(found.managers, found.sizings, strict=True)
               if not sizing.is_exact]  # fmt: skip
    if not inexact:
        return None
    for manager, sizing in inexact:
        if sizing.is_fixed:
            off = f" while `{sizing.switched_off}` is off" if sizing.switched_off else ""
            return Unresolved(f"`{manager.name}` has a fixed size{off}, and no signal shows its load", "target_size")
    why = "an autoscaler also follows other signals, so the steady load is not known"
    return Unresolved(why, "autoscaling_policy")


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
    shapes = [MachineShape(reference) for reference in links.external]
    shapes += [Machine.of(template, manager.stack).shape for template in links.targets]
    return shapes[0] if len({shape.identity for shape in shapes}) == 1 else None


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


def _text(value: str | Unknown) -> str:
    assert isinstance(value, str)
    return value
