"""A stack: its resources, found by URN, by type and by the names under which others refer to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from .reference import Reference, parse_reference, references_to
from .resource import Resource
from .values import Value

T = TypeVar("T")


class Stack:
    """The resources that one operation shows.

    Args:
        resources: the resources, in any order.
        is_complete: no further resource belongs to the stack. During an update it is false: what is not there yet
            may still come, so a missing resource proves nothing.
        tags: the stack's tags; `None` if this source does not know them.
    """

    def __init__(
        self,
        resources: Iterable[Resource] = (),
        *,
        is_complete: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.is_complete = is_complete
        self.tags = tags
        self._derived: dict[str, Any] = {}
        self._by_urn: dict[str, Resource] = {}
        self._by_type: dict[str, dict[str, Resource]] = {}
        self._by_reference: dict[Reference, dict[str, Resource]] = {}
        for resource in resources:
            self.add(resource)

    def add(self, resource: Resource) -> None:
        """Adds a resource, in place of one with the same URN."""
        self._derived.clear()
        known = self._by_urn.get(resource.urn)
        if known is not None:
            del self._by_type[known.type][known.urn]
            for reference in references_to(known):
                self._by_reference[reference].pop(known.urn, None)
        self._by_urn[resource.urn] = resource
        self._by_type.setdefault(resource.type, {})[resource.urn] = resource
        for reference in references_to(resource):
            self._by_reference.setdefault(reference, {})[resource.urn] = resource

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All resources, ordered by URN, whatever the order they came in."""
        return tuple(self._by_urn[urn] for urn in sorted(self._by_urn))

    @property
    def project(self) -> str | None:
        """The name of the Pulumi project; `None` for a stack without resources."""
        return next((urn.split("::")[1] for urn in self._by_urn if urn.count("::") >= 3), None)

    def of_types(self, types: Iterable[str]) -> tuple[Resource, ...]:
        """The resources of any of these types, ordered by URN."""
        found = (resource for type_ in types for resource in self._by_type.get(type_, {}).values())
        return tuple(sorted(found, key=lambda resource: resource.urn))

    def by_urn(self, urn: str) -> Resource | None:
        """The resource with this URN."""
        return self._by_urn.get(urn)

    def by_reference(self, reference: Reference) -> Resource | None:
        """The resource with this name; `None` if there is none, or more than one to choose from."""
        found = self._by_reference.get(reference, {})
        return next(iter(found.values())) if len(found) == 1 else None

    def derived(self, name: str, compute: Callable[[Stack], T]) -> T:
        """What `compute` makes of this stack, computed once for the resources that it has now."""
        if name not in self._derived:
            self._derived[name] = compute(self)
        found: T = self._derived[name]
        return found

    def uses(self, resource: Resource) -> tuple[Resource, ...]:
        """The resources that any property of `resource` names or is computed from, ordered by URN."""
        return self.derived("uses", _all_uses).get(resource.urn, ())

    def users(self, resource: Resource) -> tuple[Resource, ...]:
        """The resources with a property that names `resource` or is computed from it, ordered by URN."""
        return self.derived("users", _all_users).get(resource.urn, ())


def _all_uses(stack: Stack) -> dict[str, tuple[Resource, ...]]:
    return {resource.urn: _uses(stack, resource) for resource in stack.resources}


def _uses(stack: Stack, resource: Resource) -> tuple[Resource, ...]:
    urns = {urn for sources in resource.edges.values() for urn in sources}
    found = {urn: source for urn in urns if (source := stack.by_urn(urn))}
    shown = resource.outputs if resource.inputs is None else resource.inputs
    for text in _strings(dict(shown or {})):
        reference = parse_reference(text) if "/" in text else None
        named = stack.by_reference(reference) if reference else None
        if named:
            found[named.urn] = named
    found.pop(resource.urn, None)
    return tuple(found[urn] for urn in sorted(found))


def _strings(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _all_users(stack: Stack) -> dict[str, tuple[Resource, ...]]:
    users: dict[str, list[Resource]] = {}
    for resource in stack.resources:
        for used in stack.uses(resource):
            users.setdefault(used.urn, []).append(resource)
    return {urn: tuple(found) for urn, found in users.items()}
