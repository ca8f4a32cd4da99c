"""What options can be: one entry for each type says how it is read, described and written.

A new type of option is one more entry of `_PLAIN` or `_GENERIC`.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import Annotated, Any, Final, Literal

from policypack.config.words import in_words, shown
from policypack.rule import ForServices, NotBlank, Options, Range
from policypack.wording import did_you_mean

FOR_SERVICES: Final = "for_services"


class OptionError(ValueError):
    """Values do not fit their options. Its arguments are clauses, each of which names its option."""


def read_all(readings: Mapping[Any, Callable[[], Any]]) -> dict[Any, Any]:
    """What each reading gives, by its key.

    Raises:
        OptionError: one of them raises it; it has the clauses of all that do.
    """
    found, clauses = dict[Any, Any](), list[str]()
    for key, read in readings.items():
        try:
            found[key] = read()
        except OptionError as error:
            clauses += error.args
    if clauses:
        raise OptionError(*clauses)
    return found


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
    return _list_of(kind_of(item_type))


def _list_of(item: OptionKind) -> OptionKind:
    def convert(value: object, name: str) -> tuple[Any, ...] | None:
        if not isinstance(value, list | tuple):
            return None
        items = enumerate(value, 1)
        return tuple(read_all({n: partial(item.read, each, f"{name}, item {n}") for n, each in items}).values())

    words, schema = f"a list of {item.many}", {"type": "array", "items": item.schema}
    return OptionKind(words, "lists", schema, convert, lambda value: [item.to_json(each) for each in value])


def _mapping(_: Any, value_type: Any) -> OptionKind:
    kind = kind_of(value_type)

    def convert(value: object, name: str) -> dict[str, Any] | None:
        if not isinstance(value, Mapping):
            return None
        return read_all({key: partial(kind.read, each, f"{name}, `{shown(key)}`") for key, each in value.items()})

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
    return _options_of(typing.cast("Any", type_))


@cache
def _options_of(type_: Any) -> Mapping[str, Option]:
    hints, descriptions = typing.get_type_hints(type_, include_extras=True), _descriptions(type_)
    fields = {field.name: field for field in dataclasses.fields(type_)}

    def option(name: str, kind: OptionKind) -> Option:
        field = fields[name]
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        return Option(kind, default, descriptions.get(name, ""))

    found = {name: option(name, kind_of(hints[name])) for name in fields if name != FOR_SERVICES}
    own = {name: found[name] for name in own_options(type_)}
    return {**found, FOR_SERVICES: option(FOR_SERVICES, _list_of(_for_services(own)))} if own else found


def own_options(type_: type[Any]) -> tuple[str, ...]:
    """The names of the options that a class has besides those of every rule."""
    if not issubclass(type_, Options):
        return ()
    common = {field.name for field in dataclasses.fields(Options)}
    return tuple(field.name for field in dataclasses.fields(type_) if field.name not in common)


def _for_services(own: Mapping[str, Option]) -> OptionKind:
    """The kind of `ForServices` of a rule with these options: what is left out is as for the other services."""
    schemas = {name: {k: v for k, v in option.schema.items() if k != "default"} for name, option in own.items()}
    names = kind_of(tuple[str, ...])

    def options(value: object, name: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise OptionError(f"{name} must be an object, not {in_words(value)}")
        unknown = [f"{name}, `{shown(key)}` is unknown{did_you_mean(str(key), own)}" for key in value if key not in own]
        if unknown:
            raise OptionError(*unknown)
        return read_all({key: partial(own[key].kind.read, each, f"{name}, `{key}`") for key, each in value.items()})

    kinds = {"names": names, "options": OptionKind("an object", "objects", closed_object(schemas), options)}

    def convert(value: object, name: str) -> ForServices | None:
        if not isinstance(value, Mapping):
            return None
        return ForServices(**_read_entries(kinds, tuple(kinds), value, f"{name}, "))

    def to_json(value: ForServices) -> dict[str, Any]:
        return {"names": list(value.names), "options": {k: own[k].kind.to_json(v) for k, v in value.options.items()}}

    descriptions = _descriptions(ForServices)
    schema = {name: {**kind.schema, "description": descriptions[name]} for name, kind in kinds.items()}
    return OptionKind("an object", "objects", closed_object(schema, kinds), convert, to_json)


def read_object(type_: type[Any], entries: Mapping[str, object], prefix: str, also: Iterable[str] = ()) -> Any:
    """Makes an object of a class of options.

    Args:
        type_: the class.
        entries: its options by name, as JSON.
        prefix: what comes before the names of entries in messages.
        also: other names that may have been meant.

    Raises:
        OptionError: unknown or missing entries, or some that do not fit.
    """
    options = options_of(type_)
    required = [name for name, option in options.items() if option.is_required]
    kinds = {name: option.kind for name, option in options.items()}
    return type_(**_read_entries(kinds, required, entries, prefix, also))


def _read_entries(
    kinds: Mapping[str, OptionKind],
    required: Iterable[str],
    entries: Mapping[str, object],
    prefix: str,
    also: Iterable[str] = (),
) -> dict[str, Any]:
    def refuse(clause: str) -> Any:
        raise OptionError(clause)

    readings: dict[str, Callable[[], Any]] = {}
    for key, value in entries.items():
        name = f"{prefix}`{shown(key)}`"
        if key in kinds:
            readings[key] = partial(kinds[key].read, value, name)
        else:
            readings[key] = partial(refuse, f"{name} is unknown{did_you_mean(str(key), (*kinds, *also))}")
    for key in required:
        if key not in entries:
            readings[key] = partial(refuse, f"{prefix}`{key}` is missing, add {kinds[key].one}")
    return read_all(readings)


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
