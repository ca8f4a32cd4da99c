"""A stack: its resources, found by URN, by type and by the names under which others refer to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from policypack.model.graph.mentions import Mentions, mentions_of
from policypack.model.graph.reference import Reference, may_be_one_project, references_to
from policypack.model.graph.resource import Resource, ordered
from policypack.model.values.spelling import Spelling

P = ParamSpec("P")
R = TypeVar("R")

_MISSING: Final[Any] = object()


def per_stack(function: Callable[Concatenate[Stack, P], R]) -> Callable[Concatenate[Stack, P], R]:
    """Computes what a function makes of a stack once, and once again after the stack has got another resource.

    Its other arguments have to be hashable.
    """

    @wraps(function)
    def once(stack: Stack, /, *args: P.args, **kwargs: P.kwargs) -> R:
        key = (function, args, *kwargs.items()) if kwargs else (function, args)
        found: R = stack._derived.get(key, _MISSING)
        if found is _MISSING:
            found = stack._derived[key] = function(stack, *args, **kwargs)
        return found

    return once


class Stack:
    """The resources that one operation shows.

    Args:
        resources: the resources, in any order.
        is_complete: no further resource belongs to the stack. During an update it is false: what is not there yet
            may still come, so a missing resource proves nothing.
        tags: the stack's tags; `None` if this source does not know them.
        spelling: how its program spells properties.
    """

    def __init__(
        self,
        resources: Iterable[Resource] = (),
        *,
        is_complete: bool = True,
        tags: Mapping[str, str] | None = None,
        spelling: Spelling = "python",
    ) -> None:
        self.is_complete = is_complete
        self.tags = tags
        self.spelling = spelling
        self._derived: dict[Hashable, Any] = {}
        self._by_urn: dict[str, Resource] = {}
        self._by_type: dict[str, dict[str, Resource]] = {}
        self._references: dict[str, frozenset[Reference]] = {}
        self._by_reference: dict[Reference, dict[str, Resource]] = {}
        self._by_place: dict[Reference, dict[str, str | None]] = {}
        # What resources mention is read when somebody asks about their type, most types never.
        self._mentions: dict[str, Mentions] = {}
        self._mentioned_by: dict[str, dict[str | Reference, dict[str, Resource]]] = {}
        for resource in resources:
            self.add(resource)

    def add(self, resource: Resource) -> None:
        """Adds a resource, in place of one with the same URN."""
        self._derived.clear()
        if resource.urn in self._by_urn:
            self._remove(self._by_urn[resource.urn])
        self._by_urn[resource.urn] = resource
        self._by_type.setdefault(resource.type, {})[resource.urn] = resource
        self._references[resource.urn] = references_to(resource)
        for reference in self._references[resource.urn]:
            self._by_reference.setdefault(reference, {})[resource.urn] = resource
            self._by_place.setdefault(reference.in_project(None), {})[resource.urn] = reference.project
        if resource.type in self._mentioned_by:
            self._index_mentions(resource, self._mentioned_by[resource.type])

    def _remove(self, resource: Resource) -> None:
        del self._by_type[resource.type][resource.urn]
        for reference in self._references[resource.urn]:
            self._by_reference[reference].pop(resource.urn, None)
            self._by_place[reference.in_project(None)].pop(resource.urn, None)
        if resource.type in self._mentioned_by:
            for mention in self._all_mentions(resource):
                self._mentioned_by[resource.type][mention].pop(resource.urn, None)
        self._mentions.pop(resource.urn, None)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All resources, ordered by URN, whatever the order they came in."""
        return ordered(self._by_urn.values())

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(type_ for type_, resources in self._by_type.items() if resources)

    @property
    def project(self) -> str | None:
        """The name of the Pulumi project; `None` for a stack without resources."""
        return _project(self)

    @property
    def name(self) -> str | None:
        """The name of the Pulumi stack; `None` for a stack without resources."""
        return next((urn.split("::")[0].removeprefix("urn:pulumi:") for urn in self._by_urn if "::" in urn), None)

    def of_types(self, types: Iterable[str]) -> tuple[Resource, ...]:
        return self._of_types(tuple(types))

    @per_stack
    def _of_types(self, types: tuple[str, ...]) -> tuple[Resource, ...]:
        found = (resource for type_ in types for resource in self._by_type.get(type_, {}).values())
        return tuple(sorted(found, key=lambda resource: resource.urn))

    def by_urn(self, urn: str) -> Resource | None:
        return self._by_urn.get(urn)

    def by_reference(self, reference: Reference) -> Resource | None:
        """The resource with this name; `None` if there is none, or more than one to choose from."""
        found = self._by_reference.get(reference, {})
        return next(iter(found.values())) if len(found) == 1 else None

    def possibly_named(self, reference: Reference) -> tuple[Resource, ...]:
        """The resources that may have this name: a project can go by its id or its number."""
        projects = self._by_place.get(reference.in_project(None), {})
        return ordered(
            self._by_urn[urn] for urn, project in projects.items() if may_be_one_project(project, reference.project)
        )

    def forget(self) -> None:
        """Forgets what was computed `per_stack`: that refers to the stack, which nobody but the garbage collector would
        free otherwise."""
        self._derived.clear()

    @per_stack
    def uses(self, resource: Resource) -> tuple[Resource, ...]:
        """The resources that any property of `resource` names or is computed from, ordered by URN."""
        mentions = self._mentions_of(resource)
        named = (self.by_reference(reference) for reference in mentions.references)
        sources = (self.by_urn(urn) for urn in mentions.urns)
        return ordered(used for used in (*named, *sources) if used and used.urn != resource.urn)

    def users(self, resource: Resource, types: Collection[str]) -> tuple[Resource, ...]:
        """The resources of these types with a property that names `resource` or is computed from it, ordered by URN.

        Resources of types that nobody asks about are never looked into.
        """
        indexes = [self._mentions_by(type_) for type_ in types if type_ in self._by_type]
        if not indexes:
            return ()
        names: list[str | Reference] = [resource.urn]
        names += (name for name in self._references.get(resource.urn, ()) if self.by_reference(name) is resource)
        found: dict[str, Resource] = {}
        for index in indexes:
            for name in names:
                found.update(index.get(name, {}))
        found.pop(resource.urn, None)
        return ordered(found.values())

    def _mentions_by(self, type_: str) -> dict[str | Reference, dict[str, Resource]]:
        if type_ not in self._mentioned_by:
            index = self._mentioned_by[type_] = {}
            for resource in self._by_type[type_].values():
                self._index_mentions(resource, index)
        return self._mentioned_by[type_]

    def _index_mentions(self, resource: Resource, index: dict[str | Reference, dict[str, Resource]]) -> None:
        for mention in self._all_mentions(resource):
            index.setdefault(mention, {})[resource.urn] = resource

    def _all_mentions(self, resource: Resource) -> tuple[str | Reference, ...]:
        mentions = self._mentions_of(resource)
        return (*mentions.urns, *mentions.references)

    def _mentions_of(self, resource: Resource) -> Mentions:
        if resource.urn not in self._mentions:
            self._mentions[resource.urn] = mentions_of(resource)
        return self._mentions[resource.urn]


@per_stack
def _project(stack: Stack) -> str | None:
    return next((urn.split("::")[1] for urn in stack._by_urn if urn.count("::") >= 3), None)
