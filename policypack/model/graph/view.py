"""The base of all views: a resource with the stack it belongs to."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

from policypack.model.graph.links import Links, resolve
from policypack.model.graph.reference import full_url
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack


@dataclass(frozen=True, eq=False)
class View:
    """Typed access to a resource of one kind. Subclasses name the `TYPES` that they show."""

    TYPES: ClassVar[tuple[str, ...]] = ()

    resource: Resource
    stack: Stack

    @cached_property
    def answers(self) -> dict[Hashable, Any]:
        """What was asked about it, with the answers: for questions of those who look at it."""
        return {}

    @classmethod
    def of(cls, resource: Resource, stack: Stack) -> Self:
        """The view of a resource, one for all who look at it while the stack stays as it is."""
        return _view(stack, cls, resource)

    @classmethod
    def resources_in(cls, stack: Stack) -> tuple[Resource, ...]:
        """The resources of a stack that the view shows, ordered by URN."""
        return stack.of_types(cls.TYPES)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of it, so that nothing is said of it; a component has no properties."""
        return self.resource.is_empty

    @property
    def counts_alone(self) -> bool:
        """Whether rules say something of it although no backend service leads to it."""
        return False

    @property
    def is_a_service(self) -> bool:
        """Whether it is what a backend service is to others, so that the option `services` selects it by its name."""
        return False

    @property
    def urn(self) -> str:
        return self.resource.urn

    def link(self, key: str, types: Iterable[str], collection: str = "") -> Links:
        """What a property with one URL points at; nothing if it is left out.

        Args:
            key: the name of the property.
            types: the types that it may point at.
            collection: where a bare name in it is from, such as `sslPolicies`, if the provider takes one.
        """
        url = self.resource.asked.string(key)
        if collection:
            url = full_url(self.resource, url, collection)
        return resolve(self.stack, self.resource, key, [] if url is None else [url], types)

    @property
    def name(self) -> str:
        return self.resource.name


V = TypeVar("V", bound=View)


@per_stack
def _view(stack: Stack, view: type[V], resource: Resource) -> V:
    return view(resource, stack)
