"""What options can be: one entry for each type says how it is read, described and written.

A new type of option is one more entry of `_PLAIN` or `_GENERIC`.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import json
import math
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, Final, Literal

from policypack.rule import NotBlank, Range


class OptionError(ValueError):
    """A value does not fit its option. The message is a clause that names the option."""


@dataclass(frozen=True)
class OptionKind:
    """A type of options.

    Attributes:
        one: what such an option takes, for a sentence: `a whole number from 1 to 50`.
        many: the same in the plural, for lists.
        schema: its JSON schema.
        convert: makes a value of JSON and the option's name; `None` if the JSON does not fit.
        to_json: the way back.
    """

    one: str
    many: str
    schema: Mapping[str, Any]
    convert: Callable[[Any, str], Any]
    to_json: Callable[[Any], Any] = lambda value: value

    def read(self, value: object, name: str) -> Any:
        """Makes a value of JSON.

        Raises:
            OptionError: it does not fit; the clause begins with `name`.
        """
        found = self.convert(value, name)
        if found is None:
            raise OptionError(f"{name} must be {self.one}, not {in_words(value)}")
        return found


@dataclass(frozen=True)
class Option:
    """An option of a class of options, with its default (`MISSING` if it has to be given) and description."""

    kind: OptionKind
    default: Any
    description: str

    @property
    def is_required(self) -> bool:
        """Whether it has no default."""
        return self.default is dataclasses.MISSING

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON schema with description and default, unless it is an object whose entries have their own."""
        has_default = not self.is_required and "properties" not in self.kind.schema
        return {
            **self.kind.schema,
            **({"description": self.description} if self.description else {}),
            **({"default": self.kind.to_json(self.default)} if has_default else {}),
        }


def _number(value: object) -> float | None:
    try:
        return float(value) if type(value) in (int, float) and math.isfinite(value) else None  # type: ignore[arg-type]
    except OverflowError:
        return None


def _whole_number(value: Any) -> int | None:
    number = _number(value)
    return int(value) if number is not None and number.is_integer() else None


def _day(value: object) -> date | None:
    is_written_right = isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
    try:
        return date.fromisoformat(str(value)) if is_written_right else None
    except ValueError:
        return None


def _only(type_: type) -> Callable[[Any, str], Any]:
    return lambda value, _: value if isinstance(value, type_) else None


_PLAIN: Final[Mapping[Any, OptionKind]] = {
    bool: OptionKind("true or false", "booleans", {"type": "boolean"}, _only(bool)),
    int: OptionKind("a whole number", "whole numbers", {"type": "integer"}, lambda value, _: _whole_number(value)),
    float: OptionKind("a number", "numbers", {"type": "number"}, lambda value, _: _number(value)),
    str: OptionKind("a string", "strings", {"type": "string"}, _only(str)),
    date: OptionKind(
        "a day of the calendar, written as `YYYY-MM-DD`",
        "days, written as `YYYY-MM-DD`",
        {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        lambda value, _: _day(value),
        date.isoformat,
    ),
}


def _choice(*values: str) -> OptionKind:
    words, schema = " or ".join(f"`{value}`" for value in values), {"type": "string", "enum": list(values)}
    return OptionKind(words, words, schema, lambda value, _: value if value in values else None)


def _list(item_type: Any, _: Any) -> OptionKind:
    item = kind_of(item_type)

    def convert(value: object, name: str) -> tuple[Any, ...] | None:
        items = enumerate(value, 1) if isinstance(value, list | tuple) else None
        return None if items is None else tuple(item.read(each, f"{name}, item {number}") for number, each in items)

    words, schema = f"a list of {item.many}", {"type": "array", "items": item.schema}
    return OptionKind(words, "lists", schema, convert, lambda value: [item.to_json(each) for each in value])


def _mapping(_: Any, value_type: Any) -> OptionKind:
    kind = kind_of(value_type)

    def convert(value: object, name: str) -> dict[str, Any] | None:
        entries = value.items() if isinstance(value, Mapping) else None
        return None if entries is None else {key: kind.read(each, f"{name}, `{shown(key)}`") for key, each in entries}

    words, schema = f"an object with {kind.many} as values", {"type": "object", "additionalProperties": kind.schema}
    return OptionKind(words, "objects", schema, convert, lambda value: {k: kind.to_json(v) for k, v in value.items()})


_GENERIC: Final[Mapping[Any, Callable[..., OptionKind]]] = {Literal: _choice, tuple: _list, Mapping: _mapping}


def _class(type_: type[Any]) -> OptionKind:
    options = options_of(type_)
    required = [name for name, option in options.items() if option.is_required]
    return OptionKind(
        "an object",
        "objects",
        closed_object({name: option.schema for name, option in options.items()}, required),
        lambda value, name: read_object(type_, value, f"{name}, ") if isinstance(value, Mapping) else None,
        lambda value: {name: option.kind.to_json(getattr(value, name)) for name, option in options.items()},
    )


def _constrained(kind: OptionKind, constraint: Range | NotBlank) -> OptionKind:
    def convert(value: object, name: str) -> Any:
        found = kind.convert(value, name)
        return found if found is not None and fits(found) else None

    schema: dict[str, Any]
    fits: Callable[[Any], object]
    if isinstance(constraint, NotBlank):
        words, schema, fits = "that is not empty", {"pattern": r"\S"}, str.strip
    else:
        low, high = constraint.minimum, constraint.maximum
        words, schema = f"from {low:.15g} to {high:.15g}", {"minimum": low, "maximum": high}
        fits = lambda number: low <= number <= high  # noqa: E731
    return OptionKind(f"{kind.one} {words}", kind.many, {**kind.schema, **schema}, convert, kind.to_json)


@cache
def kind_of(type_: Any) -> OptionKind:
    """The kind of a type of options: one of the tables, a class of options, or either with a constraint."""
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is Annotated:
        return _constrained(kind_of(arguments[0]), arguments[1])
    if dataclasses.is_dataclass(type_):
        return _class(typing.cast("type[Any]", type_))
    return _GENERIC[origin](*arguments) if origin else _PLAIN[type_]


def options_of(type_: type[Any]) -> Mapping[str, Option]:
    """The options of a class of options, by name."""
    hints, descriptions = typing.get_type_hints(type_, include_extras=True), _descriptions(type_)
    return {
        field.name: Option(
            kind_of(hints[field.name]),
            field.default if field.default_factory is dataclasses.MISSING else field.default_factory(),
            descriptions.get(field.name, ""),
        )
        for field in dataclasses.fields(type_)
    }


def read_object(type_: type[Any], entries: Mapping[str, object], prefix: str) -> Any:
    """Makes an object of a class of options; `prefix` comes before the names of its entries in messages.

    Raises:
        OptionError: an unknown or missing entry, or one that does not fit.
    """
    options = options_of(type_)
    for key in entries:
        if key not in options:
            raise OptionError(f"{prefix}`{shown(key)}` is unknown{did_you_mean(str(key), options)}")
    for name, option in options.items():
        if option.is_required and name not in entries:
            raise OptionError(f"{prefix}`{name}` is missing, add {option.kind.one}")
    return type_(**{key: options[key].kind.read(value, f"{prefix}`{key}`") for key, value in entries.items()})


def closed_object(properties: Mapping[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    """The JSON schema of an object with these properties and no others."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), **needed, "additionalProperties": False}


def _descriptions(type_: type[Any]) -> dict[str, str]:
    """What the `Attributes:` section of a class, and of its bases, says of each option; further lines are indented."""
    found: dict[str, str] = {}
    for base in reversed(type_.__mro__):
        _, _, section = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")
        for name, text in re.findall(r"^    (\w+): (.+(?:\n     +.+)*)", section, re.MULTILINE):
            found[name] = " ".join(text.split())
    return found


def in_words(value: object) -> str:
    """A value of JSON for a sentence: the string `x`."""
    if isinstance(value, str):
        return f"the string `{shown(value)}`"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return f"the number {value}"
    return "an object" if isinstance(value, Mapping) else "a list"


def shown(text: str) -> str:
    """Text for a sentence, on one line."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses a name."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(sorted(known))}"
