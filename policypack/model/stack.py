"""A stack: its resources, found by URN, by type and by the names under which others refer to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from .reference import Reference, parse_reference, references_to, setting
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
        self._by_place: dict[Reference, dict[str, str | None]] = {}
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
                self._by_place[replace(reference, project=None)].pop(known.urn, None)
        self._by_urn[resource.urn] = resource
        self._by_type.setdefault(resource.type, {})[resource.urn] = resource
        for reference in references_to(resource):
            self._by_reference.setdefault(reference, {})[resource.urn] = resource
            self._by_place.setdefault(replace(reference, project=None), {})[resource.urn] = reference.project

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All resources, ordered by URN, whatever the order they came in."""
        return tuple(self._by_urn[urn] for urn in sorted(self._by_urn))

    @property
    def project(self) -> str | None:
        """The name of the Pulumi project; `None` for a stack without resources."""
        return next((urn.split("::")[1] for urn in self._by_urn if urn.count("::") >= 3), None)

    @property
    def name(self) -> str | None:
        """The name of the Pulumi stack; `None` for a stack without resources."""
        return next((urn.split("::")[0].removeprefix("urn:pulumi:") for urn in self._by_urn if "::" in urn), None)

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

    def may_have(self, reference: Reference) -> bool:
        """Whether a resource of the stack may have this name: a project can go by its id or its number."""
        projects = self._by_place.get(replace(reference, project=None), {}).values()
        return any(_may_be_one_project(project, reference.project) for project in projects)

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


def _may_be_one_project(one: str | None, other: str | None) -> bool:
    if one is None or other is None or one == other:
        return True
    return one.isdigit() != other.isdigit()


def _all_uses(stack: Stack) -> dict[str, tuple[Resource, ...]]:
    return {resource.urn: _uses(stack, resource) for resource in stack.resources}


def _uses(stack: Stack, resource: Resource) -> tuple[Resource, ...]:
    urns = {urn for sources in resource.edges.values() for urn in sources}
    found = {urn: source for urn in urns if (source := stack.by_urn(urn))}
    shown = resource.outputs if resource.inputs is None else resource.inputs
    project = setting(resource, "project")
    for key, text in _strings("", dict(shown or {})):
        reference = parse_reference(text) if "/" in text else None
        if key == "network" and "/" not in text and isinstance(project, str):
            reference = Reference(project, "global", None, "networks", text)
        named = stack.by_reference(reference) if reference else None
        if named:
            found[named.urn] = named
    found.pop(resource.urn, None)
    return tuple(found[urn] for urn in sorted(found))


def _strings(key: str, value: Value) -> Iterator[tuple[str, str]]:
    """All texts in a property tree, each with the key that it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for inner, item in value.items():
            yield from _strings(inner, item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(key, item)


def _all_users(stack: Stack) -> dict[str, tuple[Resource, ...]]:
    users: dict[str, list[Resource]] = {}
    for resource in stack.resources:
        for used in stack.uses(resource):
            users.setdefault(used.urn, []).append(resource)
    return {urn: tuple(found) for urn, found in users.items()}
