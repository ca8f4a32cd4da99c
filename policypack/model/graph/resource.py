"""A resource of a stack, whichever source it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Object, Value


@dataclass(frozen=True)
class Place:
    """A line of a program: the path of its file, absolute, and the line's number from 1."""

    file: str
    line: int


@dataclass(frozen=True, eq=False)
class Resource:
    """What is known of one resource.

    Attributes:
        urn: its URN, unique in the stack.
        type: its type token, such as `gcp:compute/backendService:BackendService`.
        name: its logical name.
        inputs: what the program asked for; `None` if that was not shown (a `.get()`, an import behind the SDK).
        outputs: what the provider returned or predicts; `None` if there are none.
        edges: for each input property, the URNs of the resources that any part of it came from.
        parent: the URN of its parent.
        provider: the configuration of its provider.
        provider_urn: the URN of its provider; empty if the source does not say.
        ignore_changes: the property paths of its `ignore_changes` option.
        is_read: it is read with `.get()` or belongs to another stack, so this program does not manage it.
        place: where the program makes it; `None` if the source does not know the program.
    """

    urn: str
    type: str
    name: str
    inputs: Object | None = None
    outputs: Object | None = None
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parent: str | None = None
    provider: Object = field(default_factory=dict)
    provider_urn: str = ""
    ignore_changes: tuple[str, ...] = ()
    is_read: bool = False
    place: Place | None = None

    @cached_property
    def is_empty(self) -> bool:
        """Nothing is known of it: it is new and not targeted by this operation."""
        return not self.inputs and not self.outputs

    @cached_property
    def asked(self) -> Properties:
        """What was asked for, from the inputs; outputs decide only what inputs leave unknown.

        Outputs show what the API filled in as if it had been asked for, so an absent input stays absent.
        """
        inputs, outputs = self.inputs, {} if self.outputs is None else self.outputs
        if inputs is None:
            # A provider lists all outputs, the unset ones as null: what is missing has not been read.
            return Properties({key: _set_in_output(value) for key, value in outputs.items()}, missing=UNKNOWN)
        return Properties({key: _join(value, key, outputs) for key, value in inputs.items()}, inputs=inputs)

    @cached_property
    def result(self) -> Properties:
        return Properties({} if self.outputs is None else self.outputs)

    @cached_property
    def provider_settings(self) -> Properties:
        return Properties(self.provider)

    def ignores_changes_of(self, key: str) -> bool:
        """Whether `ignore_changes` leaves the property `key`, or a part of it, to somebody else."""
        return any(path == "*" or path.replace("[", ".").split(".")[0] == key for path in self.ignore_changes)


def ordered(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """The resources, each once, ordered by URN."""
    by_urn = {resource.urn: resource for resource in resources}
    return tuple(by_urn[urn] for urn in sorted(by_urn))


def _join(asked: Value, key: str, outputs: Object) -> Value:
    if asked is UNKNOWN:
        return _set_in_output(outputs[key]) if key in outputs else UNKNOWN
    if isinstance(asked, dict) and isinstance(result := outputs.get(key), dict):
        # Lists are not joined: after creation a list that is a set comes back in another order.
        return {inner: _join(value, inner, result) for inner, value in asked.items()}
    return asked


def _set_in_output(value: Value) -> Value:
    """An output, or null where it only says "not set" (null, empty and zero)."""
    if isinstance(value, dict):
        return {key: _set_in_output(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_set_in_output(item) for item in value] or None
    if value is UNKNOWN or isinstance(value, bool):
        return value
    return value or None
