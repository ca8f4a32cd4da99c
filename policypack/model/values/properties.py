"""Typed access to properties."""

from __future__ import annotations

from typing import Final, TypeVar, overload

from policypack.model.values.read import read
from policypack.model.values.secret import like
from policypack.model.values.values import UNKNOWN, Object, Unknown, Value

T = TypeVar("T")

# A union would be made anew for each of the hundreds of thousands of properties of a stack.
_NUMBERS: Final = (int, float)


class Properties:
    """Typed access to the properties of a resource or of an object nested in one.

    A property of another type than asked for is `UNKNOWN`: the provider may convert it or refuse it, but what it
    will be is not known here. Strings that hold a number or a boolean are converted, as the provider does.

    A property that is not set is `None`, or the default if one is given. In outputs zero, empty and "not set" look
    alike. All of these count as not set, which is right where they mean the same; with `if_omitted` the default is
    only for what the program's inputs certainly omit, and `UNKNOWN` for the rest.

    Args:
        values: the properties by name; `UNKNOWN` for an object of which nothing is known.
        missing: what a property is that is not among them.
        inputs: the same object in the program's inputs; `None` if they do not show it.
    """

    __slots__ = ("_inputs", "_missing", "_values")

    def __init__(
        self, values: Object | Unknown, *, missing: Unknown | None = None, inputs: Object | None = None
    ) -> None:
        self._values: Object = {} if isinstance(values, Unknown) else values
        self._missing = UNKNOWN if isinstance(values, Unknown) else missing
        self._inputs = inputs

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the properties, where they are the program's own; none if nothing is known."""
        return tuple(self._values)

    def value(self, key: str) -> Value:
        return self._values.get(key, self._missing)

    @overload
    def string(self, key: str) -> str | Unknown | None: ...
    @overload
    def string(self, key: str, *, default: str | Unknown, if_omitted: bool = ...) -> str | Unknown: ...
    def string(
        self, key: str, *, default: str | Unknown | None = None, if_omitted: bool = False
    ) -> str | Unknown | None:
        """The property as a string; an empty one is not set, as the provider treats it."""
        value = _as_string(self.value(key))
        return value if value is not None or default is None else self._default(key, default, if_omitted)

    @overload
    def number(self, key: str) -> float | Unknown | None: ...
    @overload
    def number(self, key: str, *, default: float | Unknown, if_omitted: bool = ...) -> float | Unknown: ...
    def number(
        self, key: str, *, default: float | Unknown | None = None, if_omitted: bool = False
    ) -> float | Unknown | None:
        value = _as_number(self.value(key))
        return value if value is not None or default is None else self._default(key, default, if_omitted)

    @overload
    def boolean(self, key: str) -> bool | Unknown | None: ...
    @overload
    def boolean(self, key: str, *, default: bool | Unknown, if_omitted: bool = ...) -> bool | Unknown: ...
    def boolean(
        self, key: str, *, default: bool | Unknown | None = None, if_omitted: bool = False
    ) -> bool | Unknown | None:
        value = _as_boolean(self.value(key))
        return value if value is not None or default is None else self._default(key, default, if_omitted)

    def _default(self, key: str, default: T, if_omitted: bool) -> T | Unknown:
        return UNKNOWN if if_omitted and not self._omits(key) else default

    def _omits(self, key: str) -> bool:
        """Whether the program's inputs are shown and certainly do not have a property."""
        value: Value = UNKNOWN if self._inputs is None else self._inputs.get(key)
        return value is None or (isinstance(value, str) and not value)

    def object(self, key: str) -> Properties | Unknown | None:
        """The property as an object; of a list of one, the only item, as older providers had it."""
        match self.value(key):
            case None | []:
                return None
            case dict(values) | [dict(values)]:
                return Properties(values, inputs=self._inputs_of(key))
        return UNKNOWN

    def block(self, key: str) -> Properties:
        """The property as an object: one without properties if it is not set, one of which nothing is known if that
        is not known. For what has the same meaning in an empty object as without one."""
        found = self.object(key)
        if isinstance(found, Properties):
            return found
        return Properties({} if found is None else UNKNOWN, inputs=self._inputs_of(key))

    def _inputs_of(self, key: str) -> Object | None:
        value: Value = UNKNOWN if self._inputs is None else self._inputs.get(key)
        if isinstance(value, list) and len(value) == 1:
            [value] = value
        if value is UNKNOWN:
            return None
        return value if isinstance(value, dict) else {}

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


def _as_string(value: Value) -> str | Unknown | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, _NUMBERS):
        return UNKNOWN
    # Not with `str`, which hides a secret number.
    return like(value, float.__repr__(value) if isinstance(value, float) else int.__repr__(value))


def _as_number(value: Value) -> float | Unknown | None:
    if value is None:
        return None
    if isinstance(value, str):
        return like(value, _number_in(value))
    return value if isinstance(value, _NUMBERS) and not isinstance(value, bool) else UNKNOWN


def _as_boolean(value: Value) -> bool | Unknown | None:
    if value is None or isinstance(value, bool):
        return value
    return value == "true" if isinstance(value, str) and value in ("true", "false") else UNKNOWN


def _number_in(text: str) -> float | Unknown | None:
    if not text:
        return None
    try:
        number = read(float(text))
    except ValueError:
        return UNKNOWN
    return number if isinstance(number, int | float) else UNKNOWN
