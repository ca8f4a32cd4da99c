"""Options and levels of rules, as they are read from configuration."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from policypack.rule import AnyRule, Level, NotBlank, Options, Range

LEVELS: Final = ("advisory", "mandatory", "remediate", "disabled")
LEVEL_KEY: Final = "enforcementLevel"
EVERY_RULE: Final = "all"


class ConfigurationError(Exception):
    """The configuration of the pack is wrong. The message says what, where and how to fix it, in one sentence."""


@dataclass(frozen=True)
class Setting:
    """How one rule is to run."""

    level: Level
    options: Options


Settings = Mapping[str, Setting]


def default_settings(rules: Iterable[AnyRule]) -> dict[str, Setting]:
    """The settings of rules that nobody configured."""
    return {rule.name: Setting(rule.level, rule.options()) for rule in rules}


def strict(settings: Settings) -> dict[str, Setting]:
    """The same settings with undecided counting as violated everywhere."""
    return {
        name: dataclasses.replace(setting, options=dataclasses.replace(setting.options, undecided="fail"))
        for name, setting in settings.items()
    }


def read_settings(rules: Iterable[AnyRule], document: object) -> dict[str, Setting]:
    """Reads what `pulumi --policy-pack-config FILE` takes, and refuses what the engine silently accepts.

    Args:
        rules: the rules of the pack.
        document: the parsed JSON: for each rule a level, or an object with `enforcementLevel` and options; for
            `all` rules a level.

    Raises:
        ConfigurationError: an unknown rule, level or option, a value of the wrong type, or values that make no sense
            together.
    """
    by_name = {rule.name: rule for rule in rules}
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"the policy configuration must be an object, not {_type_name(document)}")
    for name in document:
        if name != EVERY_RULE and name not in by_name:
            raise ConfigurationError(f"unknown policy `{_shown(name)}`{_did_you_mean(name, [*by_name, EVERY_RULE])}")
    everywhere, others = _level_and_options(EVERY_RULE, document.get(EVERY_RULE, {}))
    if others:
        raise ConfigurationError(f"`{EVERY_RULE}` takes a level only, not `{_shown(next(iter(others)))}`")
    settings = {}
    for name, rule in by_name.items():
        level, options = _level_and_options(name, document.get(name, {}))
        settings[name] = Setting(level or everywhere or rule.level, read_options(rule, options))
    return settings


def read_options(rule: AnyRule, configured: Mapping[str, object]) -> Options:
    """Reads the options of one rule, as the SDK or a configuration file gives them.

    Raises:
        ConfigurationError: an unknown option, a value of the wrong type or out of bounds, or values that make no
            sense together.
    """
    options = _convert(rule.options, configured, f"policy `{rule.name}`: option ")
    assert isinstance(options, Options)
    problem = options.problem()
    if problem is not None:
        raise ConfigurationError(f"policy `{rule.name}`: {problem}")
    return options


def _level_and_options(name: str, entry: object) -> tuple[Level | None, dict[str, object]]:
    if isinstance(entry, str):
        return _read_level(name, entry), {}
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"policy `{name}`: expected a level or an object, got {_type_name(entry)}")
    options = {key: value for key, value in entry.items() if key != LEVEL_KEY}
    return (_read_level(name, entry[LEVEL_KEY]) if LEVEL_KEY in entry else None), options


def _read_level(name: str, level: object) -> Level:
    if not isinstance(level, str):
        raise ConfigurationError(
            f"policy `{name}`: the level must be one of {', '.join(LEVELS)}, not {_type_name(level)}"
        )
    if level not in LEVELS:
        hint = _did_you_mean(level, LEVELS)
        raise ConfigurationError(
            f"policy `{name}`: unknown level `{_shown(level)}`, use one of {', '.join(LEVELS)}{hint}"
        )
    # No rule changes resources, and the engine takes `remediate` for `mandatory` where nothing remediates.
    return "mandatory" if level == "remediate" else typing.cast("Level", level)


def _convert(type_: Any, value: object, where: str) -> Any:
    """Converts JSON into an option's type, or says what is wrong with it. `where` is the beginning of that sentence."""
    type_, constraint = _parts(type_)
    if _is_class_of_options(type_):
        return _convert_object(type_, value, where)
    if typing.get_origin(type_) is tuple and isinstance(value, list | tuple):
        return _convert_items(typing.get_args(type_)[0], value, where)
    converted = _convert_plain(type_, value)
    if converted is None:
        raise ConfigurationError(f"{where} must be {_describe(type_, constraint)}, not {_type_name(value)}")
    if isinstance(constraint, Range) and not constraint.minimum <= converted <= constraint.maximum:
        raise ConfigurationError(f"{where} must be {_describe(type_, constraint)}, not {value}")
    if isinstance(constraint, NotBlank) and not converted.strip():
        raise ConfigurationError(f"{where} must not be empty")
    return converted


def _is_class_of_options(type_: Any) -> bool:
    return isinstance(type_, type) and dataclasses.is_dataclass(type_)


def _convert_items(type_: Any, items: Iterable[object], where: str) -> tuple[Any, ...]:
    end = ", " if _is_class_of_options(type_) else ""
    return tuple(_convert(type_, item, f"{where}, item {number}{end}") for number, item in enumerate(items, 1))


def _convert_object(type_: type[Any], value: object, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where.rstrip(' ,')} must be an object, not {_type_name(value)}")
    hints = option_types(type_)
    for key in value:
        if key not in hints:
            raise ConfigurationError(f"{where}`{_shown(key)}` is unknown{_did_you_mean(str(key), hints)}")
    for name in required_options(type_):
        if name not in value:
            raise ConfigurationError(f"{where}`{name}` is missing, add {_describe(*_parts(hints[name]))}")
    converted = {}
    for key, item in value.items():
        inside = f"{where}`{key}`"
        converted[key] = _convert(hints[key], item, f"{inside}, " if _is_class_of_options(hints[key]) else inside)
    return type_(**converted)


def _convert_plain(type_: Any, value: object) -> Any:
    """The converted value; `None` if it does not fit, which is no value of any option."""
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is Literal:
        return value if value in arguments and isinstance(value, str) else None
    if origin is tuple:
        return None
    if origin is not None and issubclass(origin, Mapping):
        is_map = isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
        return dict(typing.cast("Mapping[str, object]", value)) if is_map else None
    if type_ is bool or isinstance(value, bool):
        return value if type_ is bool and isinstance(value, bool) else None
    if isinstance(value, int | float):
        return _convert_number(type_, value)
    if type_ is date:
        return _read_date(value)
    return value if type_ is str and isinstance(value, str) else None


def _convert_number(type_: Any, value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    if type_ is int:
        return int(value) if number.is_integer() else None
    return number if type_ is float and math.isfinite(number) else None


def _read_date(value: object) -> date | None:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def option_types(type_: type[Any]) -> Mapping[str, Any]:
    """The types of a class of options, by name, with their bounds."""
    hints = typing.get_type_hints(type_, include_extras=True)
    return types.MappingProxyType({field.name: hints[field.name] for field in dataclasses.fields(type_)})


def required_options(type_: type[Any]) -> tuple[str, ...]:
    """The names of those options of a class of options that have no default."""
    return tuple(
        field.name
        for field in dataclasses.fields(type_)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )


def _parts(type_: Any) -> tuple[Any, Range | NotBlank | None]:
    """A type without its constraint, and the constraint."""
    if typing.get_origin(type_) is typing.Annotated:
        plain, constraint = typing.get_args(type_)
        return plain, constraint
    return type_, None


def _describe(type_: Any, constraint: Range | NotBlank | None) -> str:
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin is tuple:
        return f"a list of {_plural(arguments[0])}"
    if origin is not None:
        return "an object with strings as values"
    if type_ is date:
        return "a day of the calendar, written as `YYYY-MM-DD`"
    name = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}[type_]
    return f"{name} {bounds_text(constraint)}" if isinstance(constraint, Range) else name


def bounds_text(bounds: Range) -> str:
    """Bounds for a sentence: from 1 to 50."""
    return f"from {_number(bounds.minimum)} to {_number(bounds.maximum)}"


def _number(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else f"{number:g}"


def _plural(type_: Any) -> str:
    plain, _ = _parts(type_)
    return "objects" if _is_class_of_options(plain) else {int: "whole numbers", float: "numbers"}.get(plain, "strings")


def _type_name(value: object) -> str:
    if isinstance(value, str):
        return f"the string `{_shown(value)}`"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value}" if isinstance(value, int) else f"the number {value:g}"
    return "an object" if isinstance(value, Mapping) else "a list"


def _shown(text: str) -> str:
    """Text for a sentence, on one line."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(sorted(known))}"
