"""Runs transforms as the engine does. By the same rules as `runner.py`, beside it.

https://www.pulumi.com/docs/iac/concepts/resources/options/transforms/
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped, unused-ignore]
from pulumi.runtime import _callbacks, rpc
from pulumi.runtime.proto import resource_pb2
from runner_wire import OUTPUT, SECRET, SIGNATURE


class Callbacks(_callbacks._CallbackServicer):
    """What the SDK registers with the engine, without the server through which the engine would call it."""

    def __init__(self, monitor: Any) -> None:
        self._callbacks = {}
        self._transforms = {}
        self._state_migrations = {}
        self._monitor = monitor
        self._target = "this process"
        # Only so does a transform's result say which resources its outputs come from.
        servicer: Any = _callbacks
        servicer.serialize_properties = functools.partial(rpc.serialize_properties, keep_output_values=True)

    async def run(self, token: str, request: Any) -> Any:
        """What a callback answers."""
        return await self._callbacks[token](request.SerializeToString())


class Transforms:
    """The transforms of resources, of the stack and of function calls, by the tokens of their callbacks."""

    def __init__(self) -> None:
        self.of_stack: list[str] = []
        self.of_functions: list[str] = []
        self.of_resources: dict[str, list[str]] = {}
        self.parents: dict[str, str] = {}
        self.callbacks: Any = None
        self.loop: Any = None

    def _answer(self, token: str, request: Any) -> Any:
        """Runs a callback in the program's loop, from the thread of an RPC."""
        return asyncio.run_coroutine_threadsafe(self.callbacks.run(token, request), self.loop).result()

    def _applying(self, request: Any) -> Iterator[str]:
        """First the resource's own, then those of its parents, outwards, then those of the stack."""
        yield from (callback.token for callback in getattr(request, "transforms", ()))
        parent = request.parent
        while parent:
            yield from self.of_resources.get(parent, ())
            parent = self.parents.get(parent, "")
        yield from self.of_stack

    def register(self, urn: str, request: Any) -> None:
        """Keeps what applies to the children of a resource."""
        self.parents[urn] = request.parent
        self.of_resources[urn] = [callback.token for callback in getattr(request, "transforms", ())]

    def apply(self, request: Any) -> None:
        """Changes the registration of a resource."""
        tokens = list(self._applying(request))
        if not tokens:
            return
        edges = {key: list(edge.urns) for key, edge in request.propertyDependencies.items()}
        properties = struct_pb2.Struct()
        for key, value in request.object.fields.items():
            properties[key] = _upgraded(value, edges.get(key, []))
        options = _options_of(request)
        for token in tokens:
            transform = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=properties,
                options=options,
            )
            answer = self._answer(token, transform)
            properties = answer.properties
            options = answer.options if answer.HasField("options") else options
        before = plain_object(request.object)
        request.object.Clear()
        request.propertyDependencies.clear()
        for key, value in properties.fields.items():
            urns: dict[str, None] = {}
            after = _downgraded(value, urns)
            request.object[key] = after
            # What is not known says where it comes from.
            is_same = key in before and before[key] == after and rpc.UNKNOWN not in str(after)
            request.propertyDependencies[key].urns.extend(edges.get(key, ()) if is_same else urns)
        _take_options(request, options)

    def of_call(self, token: str, arguments: Any) -> Any:
        """The arguments of a function call as the transforms leave them."""
        for callback in self.of_functions:
            request = resource_pb2.TransformInvokeRequest(token=token, args=arguments)
            arguments = self._answer(callback, request).args
        return arguments


_SAME_OPTIONS = ("ignoreChanges", "ignore_changes"), ("dependencies", "depends_on"), ("aliases", "aliases")
_SAME_VALUES = ("version", "version"), ("provider", "provider"), ("importId", "import"), ("deletedWith", "deleted_with")


def _options_of(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions()
    for ours, theirs in _SAME_OPTIONS:
        getattr(options, theirs).extend(getattr(request, ours))
    for ours, theirs in _SAME_VALUES:
        setattr(options, theirs, getattr(request, ours))
    return options


def _take_options(request: Any, options: Any) -> None:
    for ours, theirs in _SAME_OPTIONS:
        request.ClearField(ours)
        getattr(request, ours).extend(getattr(options, theirs))
    for ours, theirs in _SAME_VALUES:
        setattr(request, ours, getattr(options, theirs))


def _upgraded(value: Any, urns: list[str]) -> Any:
    """A value in which what is unknown or secret is an output of these resources."""
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return [_upgraded(item, urns) for item in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE not in fields:
            return {key: _upgraded(item, urns) for key, item in fields.items()}
        if fields[SIGNATURE].string_value == SECRET:
            inner = _upgraded(fields["value"], urns)
            is_output = isinstance(inner, dict) and inner.get(SIGNATURE) == OUTPUT
            return {**(inner if is_output else {"value": inner}), **_output(urns), "secret": True}
        return {key: _plain(item) for key, item in fields.items()}
    return _output(urns) if value.string_value == rpc.UNKNOWN else _plain(value)


def _output(urns: list[str]) -> dict[str, Any]:
    return {SIGNATURE: OUTPUT, "dependencies": urns}


def _downgraded(value: Any, urns: dict[str, None]) -> Any:
    """The value without outputs, as resources are registered; adds the resources that they come from."""
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return [_downgraded(item, urns) for item in value.list_value.values]
    if kind != "struct_value":
        return _plain(value)
    fields = value.struct_value.fields
    if SIGNATURE not in fields or fields[SIGNATURE].string_value != OUTPUT:
        return {key: _downgraded(item, urns) for key, item in fields.items()}
    urns.update((one.string_value, None) for one in fields["dependencies"].list_value.values)
    inner = _downgraded(fields["value"], urns) if "value" in fields else rpc.UNKNOWN
    return {SIGNATURE: SECRET, "value": inner} if "secret" in fields and fields["secret"].bool_value else inner


def plain_object(struct: Any) -> dict[str, Any]:
    """The fields of a struct in Python's types."""
    return {key: _plain(value) for key, value in struct.fields.items()}


def _plain(value: Any) -> Any:
    # protobuf's own conversion refuses numbers that are not finite.
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain_object(value.struct_value)
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    return None if kind in (None, "null_value") else getattr(value, kind)
