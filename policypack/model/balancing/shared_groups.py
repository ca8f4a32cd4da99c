"""Instance groups that are backends of several services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.graph.links import Links
from policypack.model.graph.reference import Reference, may_have_any_name
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.values.values import Unknown

# An instance group in one of these modes has no other in any service; NEGs may have.
# https://cloud.google.com/load-balancing/docs/backend-service#backends: "UTILIZATION is incompatible with all other
# balancing modes. CUSTOM_METRICS is incompatible with all other balancing modes."
EXCLUSIVE_MODES: Final = ("UTILIZATION", "CUSTOM_METRICS")
# What tells a group from others: its URN, or its name outside the stack.
Identity: TypeAlias = "str | Reference"


@dataclass(frozen=True)
class SharedUse:
    """An instance group of one service that is, or may be, one of another in a mode that does not go with its own.

    Attributes:
        group: the name of the group, or what the backend is called that may have it.
        mode: its balancing mode here.
        other: the name of the other service.
        other_mode: its balancing mode there.
        is_certain: all of that is known.
    """

    group: str
    mode: str
    other: str
    other_mode: str
    is_certain: bool


def modes_go_together(one: str, other: str) -> bool:
    """Whether an instance group can be in two services with these balancing modes."""
    return one == other or not {one, other} & set(EXCLUSIVE_MODES)


def clashing_uses(service: BackendService) -> Iterator[SharedUse]:
    """The uses of a service's instance groups in other services with a mode that does not go with that here."""
    for group in service.groups:
        if group.kinds == {GroupKind.INSTANCE_GROUP}:
            identity = service.identity(group.target)
            for other in _users(service.stack).of(identity):
                if other.urn != service.urn:
                    yield from _clash(service, other, identity, group.name)
    yield from _clashes_of_the_others(service)


def _clashes_of_the_others(service: BackendService) -> Iterator[SharedUse]:
    """The uses of groups of which it is not known which they are, one for each backend."""
    if service.links.is_complete or isinstance(service.backends, Unknown):
        return
    for backend in service.backends:
        mode = backend.balancing_mode
        if backend.group is None and GroupKind.INSTANCE_GROUP in backend.kinds and isinstance(mode, str):
            others = (other for other in _users(service.stack).in_another_mode(mode) if other.urn != service.urn)
            found = next((other for other in others if _may_share(service, mode, other)), None)
            if found:
                yield SharedUse(backend.label, mode, found.name, "", is_certain=False)


def _may_share(service: BackendService, mode: str, other: BackendService) -> bool:
    """Whether a backend of which the group is not known may have one that another service has in another mode."""
    if isinstance(other.backends, Unknown):
        return not _are_apart(service.links, other.links)
    return any(_may_be_group_of(service, one, other) for one in other.backends if _differs(one, mode))


def _differs(backend: Backend, mode: str) -> bool:
    other = backend.balancing_mode
    is_instance_group = GroupKind.INSTANCE_GROUP in backend.kinds
    return is_instance_group and (isinstance(other, Unknown) or not modes_go_together(mode, other))


def _may_be_group_of(service: BackendService, backend: Backend, other: BackendService) -> bool:
    links = service.links
    if backend.group is None:
        return not _are_apart(links, other.links)
    target = backend.group.target
    if isinstance(target, Reference):
        return not links.is_closed or any(map(may_have_any_name, links.candidates))
    return target not in links.targets and links.includes(target) is not False


def _are_apart(one: Links, other: Links) -> bool:
    """Whether what is not known of two properties certainly is not the same."""
    return one.is_closed and other.is_closed and not {*one.candidates} & {*other.candidates, *other.targets}


def _clash(service: BackendService, other: BackendService, identity: Identity, name: str) -> Iterator[SharedUse]:
    mine, theirs = _modes(service, identity), _modes(other, identity)
    clashes = [
        (one, another)
        for one in mine
        for another in theirs
        if one is None or another is None or not modes_go_together(one, another)
    ]
    if clashes:
        is_used = identity in map(other.identity, other.links.members)
        is_certain = is_used and len(clashes) == len(mine) * len(theirs) and None not in (*mine, *theirs)
        yield SharedUse(name, mine[0] or "", other.name, theirs[0] or "", is_certain)


def _modes(service: BackendService, identity: Identity) -> list[str | None]:
    """The balancing modes that a group can have in a service; `None` for any."""
    if isinstance(service.backends, Unknown):
        return [None]
    known = [one for one in service.backends if one.group and service.identity(one.group.target) == identity]
    possible = known or [one for one in service.backends if one.group is None or one.group.is_external]
    return [None if isinstance(one.balancing_mode, Unknown) else one.balancing_mode for one in possible]


class _Users:
    """The services that have a group among their backends, or may have it.

    Args:
        stack: the stack of the services.
        services: all services.
    """

    def __init__(self, stack: Stack, services: Iterable[BackendService]) -> None:
        self._stack = stack
        self._known: dict[Identity, list[BackendService]] = {}
        self._open: list[BackendService] = []
        self._of_any_name: list[BackendService] = []
        self._outside: list[BackendService] = []
        self._nameless: set[str] = set()
        self._by_mode: dict[str | None, list[BackendService]] = {}
        for service in services:
            for mode in _instance_group_modes(service):
                self._by_mode.setdefault(mode, []).append(service)
            identities = {_without_project(service.identity(member)) for member in service.links.members}
            for identity in identities:
                self._known.setdefault(identity, []).append(service)
            if not service.links.is_complete:
                self._open.append(service)
            if service.links.external:
                self._outside.append(service)
            nameless = [target.urn for target in service.links.targets if may_have_any_name(target)]
            if nameless:
                self._of_any_name.append(service)
                self._nameless.update(nameless)

    def of(self, identity: Identity) -> list[BackendService]:
        """Those that have the group, or of which it is not known whether they do."""
        group = self._stack.by_urn(identity) if isinstance(identity, str) else None
        possible = (one for one in self._open if group is None or one.links.includes(group) is not False)
        found = [*self._known.get(_without_project(identity), ()), *possible]
        if isinstance(identity, Reference):
            found += self._of_any_name
        elif identity in self._nameless:
            found += self._outside
        return list({service.urn: service for service in found}.values())

    def in_another_mode(self, mode: str) -> Iterator[BackendService]:
        """Those that may have instance groups in a mode that does not go with this one."""
        for other, services in self._by_mode.items():
            if other is None or not modes_go_together(mode, other):
                yield from services


def _instance_group_modes(service: BackendService) -> set[str | None]:
    """The modes in which a service may have instance groups; `None` for any."""
    if isinstance(service.backends, Unknown):
        return {None}
    modes = (one.balancing_mode for one in service.backends if GroupKind.INSTANCE_GROUP in one.kinds)
    return {None if isinstance(mode, Unknown) else mode for mode in modes}


def _without_project(identity: Identity) -> Identity:
    return identity.in_project(None) if isinstance(identity, Reference) else identity


@per_stack
def _users(stack: Stack) -> _Users:
    return _Users(stack, (BackendService.of(resource, stack) for resource in stack.of_types(BackendService.TYPES)))
