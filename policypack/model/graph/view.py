"""The base of all views: a resource with the stack it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack


@dataclass(frozen=True, eq=False)
class View:
    """Typed access to a resource of one kind. Subclasses name the `TYPES` that they show."""

    TYPES: ClassVar[tuple[str, ...]] = ()

    resource: Resource
    stack: Stack

    @classmethod
    def of(cls, resource: Resource, stack: Stack) -> Self:
        """The view of a resource, one for all who look at it while the stack stays as it is."""
        return stack.derived((cls, resource.urn), lambda stack: cls(resource, stack))

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return self.resource.urn

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return self.resource.name
