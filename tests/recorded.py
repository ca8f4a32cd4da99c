"""Recorded stacks as resources of the model, read straight from the recordings."""

from __future__ import annotations

from functools import cache
from typing import Any

from policypack.model.graph.resource import Resource
from policypack.model.values.read import read_object
from tests.replay import recorded


def recorded_resources(name: str) -> list[Resource]:
    """The resources of a recording's `AnalyzeStack`, joined with the inputs that `Analyze` showed."""
    return list(_recorded_resources(name))


@cache
def _recorded_resources(name: str) -> tuple[Resource, ...]:
    return tuple(joined_resources(*recorded(name)))


def joined_resources(requests: list[dict[str, Any]], stack: dict[str, Any] | None) -> list[Resource]:
    """The resources of an `AnalyzeStack` request, joined with the inputs of `Analyze` requests."""
    inputs = {request["urn"]: request["properties"] for request in requests}
    resources = stack["resources"] if stack else requests
    return [
        Resource(
            urn=shown["urn"],
            type=shown["type"],
            name=shown["name"],
            inputs=read_object(inputs[shown["urn"]]) if shown["urn"] in inputs else None,
            outputs=read_object(shown["properties"]) if stack else {},
            edges={key: tuple(found["urns"]) for key, found in shown.get("propertyDependencies", {}).items()},
            parent=shown.get("parent") or shown.get("options", {}).get("parent"),
            provider=read_object(shown.get("provider", {}).get("properties", {})),
            provider_urn=shown.get("provider", {}).get("urn", ""),
            ignore_changes=tuple(shown.get("options", {}).get("ignoreChanges", ())),
            is_read=shown["urn"] not in inputs,
        )
        for shown in resources
    ]
