"""JSON schemas of options and of whole configuration files."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, Literal

from policypack.config.options import EVERY_RULE, LEVEL_KEY, LEVELS, option_types, required_options
from policypack.rule import AnyRule, Options, Range

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(type_: type[Any]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each option of a class of options, with its description and default."""
    defaults, descriptions = default_values(type_), descriptions_of(type_)
    return {
        name: {
            **_schema_of(hint),
            **({"description": descriptions[name]} if name in descriptions else {}),
            **({"default": defaults[name]} if name in defaults and not dataclasses.is_dataclass(hint) else {}),
        }
        for name, hint in option_types(type_).items()
    }


def document_schema(rules: Iterable[AnyRule]) -> dict[str, Any]:
    """The JSON schema of a whole configuration file, as `read_settings` takes it.

    It can't tell whether values make sense together, nor whether a day exists.
    """
    level = {"$ref": "#/$defs/level"}
    common = json_schema(Options)
    return {
        "$schema": DIALECT,
        "title": "Policies for LLM backends behind Google Cloud load balancers",
        "description": "Levels and options of the rules, as `pulumi --policy-pack-config` takes them.",
        "type": "object",
        "properties": {
            EVERY_RULE: {
                "description": "The level of every rule that has none of its own.",
                "anyOf": [level, _object({LEVEL_KEY: level})],
            },
            **{rule.name: _rule_schema(rule, common) for rule in rules},
        },
        "additionalProperties": False,
        "$defs": {
            "level": {
                "description": "What a violation does. `remediate` counts as `mandatory`.",
                "type": "string",
                "enum": list(LEVELS),
            },
            **common,
        },
    }


def starting_document(rules: Iterable[AnyRule]) -> dict[str, Any]:
    """A configuration that says what goes without saying: every rule with its level and all defaults."""
    return {rule.name: {LEVEL_KEY: rule.level, **default_values(rule.options)} for rule in rules}


def default_values(type_: type[Any]) -> dict[str, Any]:
    """The options of a class of options that have a default, as JSON."""
    required = required_options(type_)
    fields = [field for field in dataclasses.fields(type_) if field.name not in required]
    return {
        field.name: _as_json(field.default if field.default_factory is dataclasses.MISSING else field.default_factory())
        for field in fields
    }


def descriptions_of(type_: type[Any]) -> dict[str, str]:
    """What the `Attributes:` section of a class, and of its bases, says about each option.

    `name: text` starts an option; further lines belong to the one before.
    """
    found: dict[str, str] = {}
    for base in reversed(type_.__mro__):
        _, _, section = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")
        name = ""
        for line in section.splitlines():
            if line and not line.startswith(" "):
                break
            start = re.match(r"(\w+): ", line.strip())
            if start and start[1] in getattr(base, "__annotations__", {}):
                name = start[1]
                found[name] = line.strip()[start.end() :]
            elif name and line.strip():
                found[name] += f" {line.strip()}"
    return found


def _rule_schema(rule: AnyRule, common: Mapping[str, Any]) -> dict[str, Any]:
    level = {"$ref": "#/$defs/level"}
    options = {
        name: {"$ref": f"#/$defs/{name}"} if common.get(name) == schema else schema
        for name, schema in json_schema(rule.options).items()
    }
    return {"description": f"{rule.title}.", "anyOf": [level, _object({LEVEL_KEY: level, **options})]}


def _schema_of(type_: Any) -> dict[str, Any]:
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is typing.Annotated:
        plain, constraint = arguments
        if isinstance(constraint, Range):
            return {**_schema_of(plain), "minimum": constraint.minimum, "maximum": constraint.maximum}
        return {**_schema_of(plain), "pattern": r"\S"}
    if dataclasses.is_dataclass(type_) and isinstance(type_, type):
        return _object(json_schema(type_), required_options(type_))
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema_of(arguments[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(arguments[1])}
    if type_ is date:
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
    return {"type": {bool: "boolean", int: "integer", float: "number", str: "string"}[type_]}


def _object(properties: Mapping[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    needed = list(required)
    return {
        "type": "object",
        "properties": dict(properties),
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def _as_json(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value
