"""Resources that write down which of their properties are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from policypack.model.graph.resource import Resource
from policypack.model.values.properties import Properties

Side = Literal["inputs", "outputs", "provider"]


class Read(NamedTuple):
    """One property that was read: of which type, on which side, under which path of keys."""

    type: str
    side: Side
    path: tuple[str, ...]


class _TracedObject(dict[str, Any]):
    """A property tree of which each key that is asked for is noted, whether it is there or not."""

    def __init__(self, values: dict[str, Any], origin: Read, reads: set[Read]) -> None:
        super().__init__({key: _traced(value, _below(origin, key), reads) for key, value in values.items()})
        self._origin, self._reads = origin, reads

    def get(self, key: str, default: Any = None) -> Any:
        self._reads.add(_below(self._origin, key))
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._reads.add(_below(self._origin, key))
        return super().__getitem__(key)


def _below(origin: Read, key: str) -> Read:
    return Read(origin.type, origin.side, (*origin.path, key))


def _traced(value: Any, origin: Read, reads: set[Read]) -> Any:
    if isinstance(value, dict):
        return _TracedObject(value, origin, reads)
    return [_traced(item, origin, reads) for item in value] if isinstance(value, list) else value


class _TracedResource(Resource):
    """A resource whose three sides are traced where the model reads them."""

    reads: set[Read]

    def _side(self, of: Resource, attribute: str, side: Side) -> Properties:
        properties: Properties = getattr(of, attribute)
        provider = f"pulumi:providers:{self.type.partition(':')[0]}"
        origin = Read(provider if side == "provider" else self.type, side, ())
        values: Any = properties._values
        traced = _TracedObject(dict(values), origin, self.reads)
        return Properties(traced, missing=properties._missing, inputs=properties._inputs)


def traced(resources: Iterable[Resource], reads: set[Read]) -> Iterator[Resource]:
    """The same resources; every property that is read of them goes into `reads`."""
    for resource in resources:
        fields = {name: getattr(resource, name) for name in Resource.__dataclass_fields__}
        if resource.inputs is not None:
            fields["inputs"] = _TracedObject(dict(resource.inputs), Read(resource.type, "inputs", ()), reads)
        copy = _TracedResource(**fields)
        object.__setattr__(copy, "reads", reads)
        for attribute, side in (("asked", "inputs"), ("result", "outputs"), ("provider_settings", "provider")):
            object.__setattr__(copy, attribute, copy._side(resource, attribute, side))  # type: ignore[arg-type]
        yield copy
