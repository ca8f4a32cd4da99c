"""Values as the rules see them: known, absent (`None`) or `UNKNOWN`."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeGuard


class Unknown(enum.Enum):
    """The type of `UNKNOWN`, an enum so that type checkers narrow on `is UNKNOWN`."""

    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false: compare with `is UNKNOWN` first")

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        raise TypeError("UNKNOWN equals nothing for certain: compare with `is UNKNOWN` first")

    __hash__ = enum.Enum.__hash__

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | Unknown | None"
Object: TypeAlias = "Mapping[str, Value]"

# Pulumi's wire format: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go
SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN_SENTINELS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

# Stands for an encrypted configuration value in a run without the CLI. What was computed from one is not known.
PLACEHOLDER: Final = "encrypted-value-not-available-here"

_MAX_DEPTH: Final = 100
# No number of the API is larger. Products of a few such numbers can still be written as floats.
_MAX_NUMBER: Final = 2**64


def read(raw: object, unknown_errors: tuple[type[Exception], ...] = (), depth: int = 0) -> Value:
    """Turns any form in which Pulumi hands over a property into a `Value`.

    Takes plain JSON values, protobuf's floats, the SDK's proxies, secrets and unknown sentinels. Secrets are
    unwrapped, ciphertext is `UNKNOWN`, whole floats become integers, `__defaults` and other internal keys go.

    Args:
        raw: the property.
        unknown_errors: what reading an unknown item of `raw` raises, for the SDK's proxies.
        depth: how deep `raw` is nested; what is deeper than any real property is `UNKNOWN`.
    """
    if isinstance(raw, str):
        return UNKNOWN if raw in UNKNOWN_SENTINELS or PLACEHOLDER in raw else raw
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, int):
        return raw if abs(raw) <= _MAX_NUMBER else UNKNOWN
    if isinstance(raw, float):
        if not abs(raw) <= _MAX_NUMBER:
            return UNKNOWN
        return int(raw) if raw.is_integer() else raw
    if depth >= _MAX_DEPTH:
        return UNKNOWN
    if isinstance(raw, list):
        return [read(item, unknown_errors, depth + 1) for item in raw]
    if isinstance(raw, dict) and SIGNATURE_KEY not in raw:
        return {key: read(item, unknown_errors, depth + 1) for key, item in raw.items() if _is_shown(key)}
    if isinstance(raw, Mapping):
        return _read_mapping(raw, unknown_errors, depth)
    if isinstance(raw, Sequence):
        return [_read_item(raw, i, unknown_errors, depth) for i in range(len(raw))]
    return UNKNOWN


def read_object(raw: object, unknown_errors: tuple[type[Exception], ...] = ()) -> dict[str, Value]:
    """Reads the properties of a resource; anything but an object has none."""
    value = read(raw, unknown_errors)
    return value if isinstance(value, dict) else {}


def read_lazily(raw: object) -> Object:
    """Reads the properties of a resource as `read_object` does, each when it is first looked at.

    Args:
        raw: the properties, plain JSON values.
    """
    if not isinstance(raw, dict) or SIGNATURE_KEY in raw:
        return read_object(raw)
    return LazyObject(raw, lambda key: read(raw[key], depth=1))


class LazyObject(Mapping[str, "Value"]):
    """An object whose values are made when they are first looked at, each once. Internal keys are not shown.

    Args:
        source: an object with the same keys.
        make: makes the value of a key.
    """

    __slots__ = ("_made", "_make", "_source")

    def __init__(self, source: Mapping[str, object], make: Callable[[str], Value]) -> None:
        self._source = source
        self._make = make
        self._made: dict[str, Value] = {}

    def __getitem__(self, key: str) -> Value:
        if key not in self:
            raise KeyError(key)
        value: Value = self.get(key)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, `default` without one."""
        if key in self._made:
            return self._made[key]
        if key not in self:
            return default
        value = self._made[key] = self._make(key)
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._source and _is_shown(key)

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._source if _is_shown(key))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _is_shown(key: object) -> TypeGuard[str]:
    """Whether a key is the name of a property: those that begin with two underscores are Pulumi's own."""
    return isinstance(key, str) and not key.startswith("__")


def _read_mapping(raw: Mapping[object, object], unknown_errors: tuple[type[Exception], ...], depth: int) -> Value:
    if SIGNATURE_KEY in iter(raw):
        return _read_special(raw, unknown_errors, depth)
    return {key: _read_item(raw, key, unknown_errors, depth) for key in iter(raw) if _is_shown(key)}


def _read_special(raw: Mapping[object, object], unknown_errors: tuple[type[Exception], ...], depth: int) -> Value:
    keys = set(iter(raw))
    if _read_item(raw, SIGNATURE_KEY, unknown_errors, depth) is not UNKNOWN and raw[SIGNATURE_KEY] == SECRET_SIGNATURE:
        if "value" in keys:
            return _read_item(raw, "value", unknown_errors, depth)
        if "plaintext" in keys:
            return _read_plaintext(raw["plaintext"], depth)
    return UNKNOWN


def _read_plaintext(plaintext: object, depth: int) -> Value:
    """A decrypted secret of a state is JSON in a string."""
    try:
        return read(json.loads(plaintext), depth=depth + 1) if isinstance(plaintext, str) else UNKNOWN
    except (ValueError, RecursionError):
        return UNKNOWN


def _read_item(container: object, key: object, unknown_errors: tuple[type[Exception], ...], depth: int) -> Value:
    try:
        item = container[key]  # type: ignore[index]
    except unknown_errors:
        return UNKNOWN
    return read(item, unknown_errors, depth + 1)


class Properties:
    """Typed access to the properties of a resource or of an object nested in one.

    A property of another type than asked for is `UNKNOWN`: the provider may convert it or refuse it, but what it
    will be is not known here. Strings that hold a number or a boolean are converted, as the provider does.

    Args:
        values: the properties by name; `UNKNOWN` for an object of which nothing is known.
        missing: what a property is that is not among them.
    """

    __slots__ = ("_missing", "_values")

    def __init__(self, values: Object | Unknown, missing: Unknown | None = None) -> None:
        self._values = values
        self._missing = missing

    def value(self, key: str) -> Value:
        """The property as it is."""
        return UNKNOWN if self._values is UNKNOWN else self._values.get(key, self._missing)

    def string(self, key: str) -> str | Unknown | None:
        """The property as a string; an empty one is absent, as the provider treats it."""
        value = self.value(key)
        if value is None or isinstance(value, str):
            return value or None
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, int | float) else UNKNOWN

    def number(self, key: str) -> float | Unknown | None:
        """The property as a number."""
        value = self.value(key)
        if value is None:
            return None
        if isinstance(value, str):
            return _number_in(value)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else UNKNOWN

    def boolean(self, key: str) -> bool | Unknown | None:
        """The property as a boolean."""
        value = self.value(key)
        if value is None or isinstance(value, bool):
            return value
        return value == "true" if isinstance(value, str) and value in ("true", "false") else UNKNOWN

    def object(self, key: str) -> Properties | Unknown | None:
        """The property as an object; of a list of one, the only item, as older providers had it."""
        match self.value(key):
            case None | []:
                return None
            case dict(values) | [dict(values)]:
                return Properties(values)
        return UNKNOWN

    def objects(self, key: str) -> list[Properties] | Unknown:
        """The property as a list of objects; an unknown item is an object of which nothing is known."""
        match self.value(key):
            case None:
                return []
            case list(items):
                return [Properties(item if isinstance(item, dict) else UNKNOWN) for item in items]
        return UNKNOWN

    def strings(self, key: str) -> list[str | Unknown] | Unknown:
        """The property as a list of strings; one string is a list of one."""
        match self.value(key):
            case None:
                return []
            case str(text):
                return [text] if text else []
            case list(items):
                return [item if isinstance(item, str) else UNKNOWN for item in items if item is not None]
        return UNKNOWN


@lru_cache(maxsize=1024)
def python_name(key: str) -> str:
    """The name that a property has in Python programs: `maxUtilization` is `max_utilization`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower()


def _number_in(text: str) -> float | Unknown | None:
    if not text:
        return None
    try:
        number = read(float(text))
    except ValueError:
        return UNKNOWN
    return number if isinstance(number, int | float) else UNKNOWN
