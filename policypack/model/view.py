"""The base of all views: a resource with the stack it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .resource import Resource
from .stack import Stack


@dataclass(frozen=True, eq=False)
class View:
    """Typed access to a resource of one kind. Subclasses name the `TYPES` that they show."""

    TYPES: ClassVar[tuple[str, ...]] = ()

    resource: Resource
    stack: Stack

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return self.resource.urn

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return self.resource.name
