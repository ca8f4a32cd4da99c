"""A stack: its resources, found by URN, by type and by the names under which others refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .reference import Reference, references_to
from .resource import Resource


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
        self._by_urn: dict[str, Resource] = {}
        self._by_type: dict[str, dict[str, Resource]] = {}
        self._by_reference: dict[Reference, dict[str, Resource]] = {}
        for resource in resources:
            self.add(resource)

    def add(self, resource: Resource) -> None:
        """Adds a resource, in place of one with the same URN."""
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
