"""JSON schemas of options and of whole configuration files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from policypack.config.kinds import closed_object, options_of
from policypack.config.options import EVERY_RULE, LEVEL_KEY, LEVELS
from policypack.config.profiles import RECOMMENDED, Profile
from policypack.rule import AnyRule, Options, by_any_name

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(type_: type[Any]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each option of a class of options, with its description and default."""
    return {name: option.schema for name, option in options_of(type_).items()}


def document_schema(rules: Iterable[AnyRule]) -> dict[str, Any]:
    """The JSON schema of a whole configuration file, as `read_settings` takes it.

    It cannot tell whether values make sense together, nor whether a day exists.
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
                "anyOf": [level, closed_object({LEVEL_KEY: level})],
            },
            **{name: _rule_schema(rule, name, common) for name, rule in by_any_name(rules).items()},
        },
        "additionalProperties": False,
        "$defs": {
            "level": {
                "description": "What a violation does. `remediate` applies the fix if the rule can, and otherwise "
                "counts as `mandatory`.",
                "type": "string",
                "enum": list(LEVELS),
            },
            **common,
        },
    }


def starting_document(
    rules: Iterable[AnyRule], services: Iterable[str] = (), profile: Profile = RECOMMENDED
) -> dict[str, Any]:
    """A configuration that says what goes without saying: every rule with its level and all options.

    Args:
        rules: the rules.
        services: globs on the names of backend services to judge, in every rule; all without any.
        profile: the levels.
    """
    names = list(services)
    document = {rule.name: {LEVEL_KEY: profile.level_of(rule), **_defaults(rule), **profile.options} for rule in rules}
    for entry in document.values() if names else ():
        entry["services"] = {**entry["services"], "names": names}
    return document


def _defaults(rule: AnyRule) -> dict[str, Any]:
    return {name: option.kind.to_json(option.default) for name, option in options_of(rule.options).items()}


def _rule_schema(rule: AnyRule, name: str, common: Mapping[str, Any]) -> dict[str, Any]:
    level = {"$ref": "#/$defs/level"}
    options = {
        name: {"$ref": f"#/$defs/{name}"} if common.get(name) == schema else schema
        for name, schema in json_schema(rule.options).items()
    }
    return {
        "description": f"{rule.title}." if name == rule.name else f"Now called `{rule.name}`.",
        **({"deprecated": True} if rule.deprecated or name != rule.name else {}),
        "anyOf": [level, closed_object({LEVEL_KEY: level, **options})],
    }
