"""Options and levels of rules: their JSON schema, and reading them from configuration."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from policypack.rule import AnyRule, Level, Options, Range

_LEVELS: Final = ("advisory", "mandatory", "remediate", "disabled")
_LEVEL_KEY: Final = "enforcementLevel"


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


def read_settings(rules: Iterable[AnyRule], document: object) -> dict[str, Setting]:
    """Reads what `pulumi --policy-pack-config FILE` takes, and refuses what the engine silently accepts.

    Args:
        rules: the rules of the pack.
        document: the parsed JSON: for each rule a level, or an object with `enforcementLevel` and options; for
            `all` rules a level.

    Raises:
        ConfigurationError: an unknown rule, level or option, or a value of the wrong type.
    """
    by_name = {rule.name: rule for rule in rules}
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"the policy configuration must be an object, not {_type_name(document)}")
    for name in document:
        if name != "all" and name not in by_name:
            raise ConfigurationError(f"unknown policy `{name}`{_did_you_mean(name, [*by_name, 'all'])}")
    everywhere, others = _level_and_options("all", document.get("all"))
    if others:
        raise ConfigurationError(f"`all` takes a level only, not `{next(iter(others))}`")
    settings = {}
    for name, rule in by_name.items():
        level, options = _level_and_options(name, document.get(name))
        settings[name] = Setting(level or everywhere or rule.level, read_options(rule, options))
    return settings


def read_options(rule: AnyRule, configured: Mapping[str, object]) -> Options:
    """Reads the options of one rule, as the SDK or a configuration file gives them.

    Raises:
        ConfigurationError: an unknown option, a value of the wrong type or out of bounds.
    """
    options = _convert(rule.options, configured, f"policy `{rule.name}`: option ")
    assert isinstance(options, Options)
    return options


def _level_and_options(name: str, entry: object) -> tuple[Level | None, dict[str, object]]:
    if entry is None:
        return None, {}
    if isinstance(entry, str):
        return _read_level(name, entry), {}
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"policy `{name}`: expected a level or an object, got {_type_name(entry)}")
    options = {key: value for key, value in entry.items() if key != _LEVEL_KEY}
    return (_read_level(name, entry[_LEVEL_KEY]) if _LEVEL_KEY in entry else None), options


def _read_level(name: str, level: object) -> Level:
    if level not in _LEVELS or not isinstance(level, str):
        hint = _did_you_mean(level, _LEVELS) if isinstance(level, str) else ""
        raise ConfigurationError(f"policy `{name}`: unknown level `{level}`, use one of {', '.join(_LEVELS)}{hint}")
    # No rule changes resources, and the engine takes `remediate` for `mandatory` where nothing remediates.
    return "mandatory" if level == "remediate" else typing.cast("Level", level)


def _convert(type_: Any, value: object, where: str) -> Any:
    """Converts JSON into an option's type, or says what is wrong with it. `where` is the beginning of that sentence."""
    bounds: Range | None = None
    if typing.get_origin(type_) is typing.Annotated:
        type_, bounds = typing.get_args(type_)
    if dataclasses.is_dataclass(type_) and isinstance(type_, type):
        return _convert_object(type_, value, where)
    converted = _convert_plain(type_, value)
    if converted is None:
        raise ConfigurationError(f"{where} must be {_describe(type_, bounds)}, not {_type_name(value)}")
    if bounds and not bounds.minimum <= converted <= bounds.maximum:
        raise ConfigurationError(f"{where} must be {_describe(type_, bounds)}, not {value}")
    return converted


def _convert_object(type_: type[Any], value: object, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where.rstrip(' ,')} must be an object, not {_type_name(value)}")
    hints = option_types(type_)
    for key in value:
        if key not in hints:
            raise ConfigurationError(f"{where}`{key}` is unknown{_did_you_mean(str(key), hints)}")
    converted = {}
    for key, item in value.items():
        inside = f"{where}`{key}`"
        nested = dataclasses.is_dataclass(hints[key])
        converted[key] = _convert(hints[key], item, f"{inside}, " if nested else inside)
    return type_(**converted)


def _convert_plain(type_: Any, value: object) -> Any:
    """The converted value; `None` if it does not fit, which is no value of any option."""
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is Literal:
        return value if value in arguments and isinstance(value, str) else None
    if origin is tuple:
        is_list = isinstance(value, list | tuple) and all(isinstance(item, arguments[0]) for item in value)
        return tuple(typing.cast("Iterable[object]", value)) if is_list else None
    if origin is not None and issubclass(origin, Mapping):
        is_map = isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
        return dict(typing.cast("Mapping[str, object]", value)) if is_map else None
    if type_ is bool or isinstance(value, bool):
        return value if type_ is bool and isinstance(value, bool) else None
    if not isinstance(value, int | float):
        return value if type_ is str and isinstance(value, str) else None
    if type_ is int:
        return int(value) if float(value).is_integer() else None
    return float(value) if type_ is float else None


def option_types(type_: type[Any]) -> Mapping[str, Any]:
    """The types of a class of options, by name, with their bounds."""
    hints = typing.get_type_hints(type_, include_extras=True)
    return types.MappingProxyType({field.name: hints[field.name] for field in dataclasses.fields(type_)})


def json_schema(type_: type[Any]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each option of a class of options, with its description and default."""
    defaults, descriptions = type_(), _descriptions(type_)
    return {
        name: {
            **_schema_of(hint),
            **({"description": descriptions[name]} if name in descriptions else {}),
            **({} if dataclasses.is_dataclass(hint) else {"default": _as_json(getattr(defaults, name))}),
        }
        for name, hint in option_types(type_).items()
    }


def _schema_of(type_: Any) -> dict[str, Any]:
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is typing.Annotated:
        return {**_schema_of(arguments[0]), "minimum": arguments[1].minimum, "maximum": arguments[1].maximum}
    if dataclasses.is_dataclass(type_) and isinstance(type_, type):
        return {"type": "object", "properties": json_schema(type_), "additionalProperties": False}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema_of(arguments[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(arguments[1])}
    return {"type": {bool: "boolean", int: "integer", float: "number", str: "string"}[type_]}


def _descriptions(type_: type[Any]) -> dict[str, str]:
    """What the `Attributes:` section of a class, and of its bases, says about each option."""
    found: dict[str, str] = {}
    for base in reversed(type_.__mro__):
        _, _, section = (base.__doc__ or "").partition("Attributes:")
        for line in section.splitlines():
            name, colon, text = line.strip().partition(": ")
            if colon:
                found[name] = text
    return found


def _as_json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _describe(type_: Any, bounds: Range | None) -> str:
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin is tuple:
        return "a list of strings"
    if origin is not None:
        return "an object with strings as values"
    name = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}[type_]
    return f"{name} from {bounds.minimum:g} to {bounds.maximum:g}" if bounds else name


def _type_name(value: object) -> str:
    if isinstance(value, str):
        return f"the string `{value}`"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value:g}"
    return "an object" if isinstance(value, Mapping) else "a list"


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(sorted(known))}"
