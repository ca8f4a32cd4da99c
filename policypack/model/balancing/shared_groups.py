"""Instance groups that are backends of several services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
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
        group: the name of the group.
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
        for service in services:
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


def _without_project(identity: Identity) -> Identity:
    return identity.in_project(None) if isinstance(identity, Reference) else identity


@per_stack
def _users(stack: Stack) -> _Users:
    return _Users(stack, (BackendService.of(resource, stack) for resource in stack.of_types(BackendService.TYPES)))
