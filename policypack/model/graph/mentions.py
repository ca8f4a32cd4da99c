"""What the properties of a resource name: the resources that they are computed from, and names in their texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from policypack.model.graph.reference import Reference, parse_reference, with_provider_default
from policypack.model.graph.resource import Resource
from policypack.model.values.values import Value


class Mentions(NamedTuple):
    """What a resource names.

    Attributes:
        urns: the resources that a property is computed from.
        references: the names of Compute Engine resources in its inputs, in its outputs if no inputs are shown.
    """

    urns: frozenset[str]
    references: frozenset[Reference]


def mentions_of(resource: Resource) -> Mentions:
    """What the properties of a resource name, be it in the stack or not."""
    shown = resource.outputs if resource.inputs is None else resource.inputs
    texts = list[tuple[str, str]]()
    for key, value in (shown or {}).items():
        _collect_texts(key, value, texts)
    urns = frozenset(urn for sources in resource.edges.values() for urn in sources)
    return Mentions(urns, frozenset(_references(resource, texts)))


def _references(resource: Resource, texts: Iterable[tuple[str, str]]) -> Iterator[Reference]:
    for key, text in texts:
        if "/" in text:
            reference = parse_reference(text)
            if reference:
                yield reference
        elif key == "network":
            project = with_provider_default(resource, "project")
            if isinstance(project, str):
                yield Reference(project, "global", None, "networks", text)


def _collect_texts(key: str, value: Value, found: list[tuple[str, str]]) -> None:
    """Adds all texts in a property tree, each with the key that it stands under."""
    if isinstance(value, str):
        found.append((key, value))
    elif isinstance(value, dict):
        for inner, item in value.items():
            _collect_texts(inner, item, found)
    elif isinstance(value, list):
        for item in value:
            _collect_texts(key, item, found)
