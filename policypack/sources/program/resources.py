"""The resources that a program registered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from policypack.model.graph.resource import Place, Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.read import read_object
from policypack.model.values.values import UNKNOWN, Object, Value
from policypack.sources.program.config import StackConfig


def stack_of(records: Iterable[Mapping[str, Any]], config: StackConfig, *, is_complete: bool = True) -> Stack:
    """The stack of what a program registered, the records of `runner.py`; default providers take the configuration.

    It is not complete where a plugin makes resources that the program does not show, or `is_complete` is false.
    """
    by_urn = {record["urn"]: record for record in records}
    resources = [_to_resource(record, by_urn, config) for record in by_urn.values()]
    return Stack(resources, is_complete=is_complete and not any(map(hides_resources, by_urn.values())))


def hides_resources(record: Mapping[str, Any]) -> bool:
    """Whether a plugin makes resources of this one. Components of Kubernetes are known to hide objects alone."""
    return bool(record["remote"]) and not record["type"].startswith("kubernetes:")


def _to_resource(record: Mapping[str, Any], by_urn: Mapping[str, Mapping[str, Any]], config: StackConfig) -> Resource:
    inputs = read_object(record["inputs"])
    outputs: dict[str, Value] = {"id": UNKNOWN} if record["custom"] else {}
    return Resource(
        urn=record["urn"],
        type=record["type"],
        name=record["name"],
        inputs=None if record["read"] else inputs,
        outputs={**inputs, **outputs, **read_object(record["outputs"])},
        edges={key: tuple(urns) for key, urns in record["edges"].items() if urns},
        parent=record["parent"] or None,
        provider=_provider_of(record, by_urn, config),
        provider_urn=record["provider"].rpartition("::")[0],
        ignore_changes=tuple(record["ignore_changes"]),
        is_read=record["read"],
        place=Place(*record["place"]) if record["place"] else None,
    )


def _provider_of(record: Mapping[str, Any], by_urn: Mapping[str, Mapping[str, Any]], config: StackConfig) -> Object:
    """The configuration of its provider: the one that it names, else the stack's for its package."""
    explicit = by_urn.get(record["provider"].rpartition("::")[0])
    version = (explicit and explicit["version"]) or record["version"]
    settings = explicit["inputs"] if explicit else config.of_package(record["type"].partition(":")[0])
    return read_object({"version": version, **settings} if version else settings)
