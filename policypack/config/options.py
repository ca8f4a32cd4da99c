"""Options and levels of rules, as they are read from configuration."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from policypack.config.kinds import OptionError, did_you_mean, in_words, read_object, shown
from policypack.rule import AnyRule, Level, Options, by_any_name

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
    rules = list(rules)
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"the policy configuration must be an object, not {in_words(document)}")
    entries = _by_present_name(rules, document)
    everywhere, others = _level_and_options(EVERY_RULE, document.get(EVERY_RULE, {}))
    if others:
        raise ConfigurationError(f"`{EVERY_RULE}` takes a level only, not `{shown(next(iter(others)))}`")
    settings = {}
    for rule in rules:
        level, options = _level_and_options(rule.name, entries.get(rule.name, {}))
        settings[rule.name] = Setting(level or everywhere or rule.level, read_options(rule, options))
    return settings


def _by_present_name(rules: Iterable[AnyRule], document: Mapping[str, object]) -> dict[str, object]:
    known, found = by_any_name(rules), dict[str, str]()
    for name in document:
        if name == EVERY_RULE:
            continue
        if name not in known:
            raise ConfigurationError(f"unknown policy `{shown(name)}`{did_you_mean(name, [*known, EVERY_RULE])}")
        other = found.setdefault(known[name].name, name)
        if other != name:
            raise ConfigurationError(f"`{other}` and `{name}` are the same policy, leave one of the two out")
    return {present: document[name] for present, name in found.items()}


def notes_on_names(rules: Iterable[AnyRule], document: Mapping[str, object]) -> tuple[str, ...]:
    """What to change in a configuration some time, of names and deprecated rules: sentences without full stop."""
    named = [(name, rule) for name, rule in by_any_name(rules).items() if name in document]
    return (
        *(renamed(name, rule) for name, rule in named if name != rule.name),
        *(f"`{rule.name}` is deprecated: {rule.deprecated}" for _, rule in named if rule.deprecated),
    )


def renamed(name: str, rule: AnyRule) -> str:
    """What is said where a rule is called by a name that it once had: a sentence without full stop."""
    return f"`{name}` is now called `{rule.name}`, use that name"


def read_options(rule: AnyRule, configured: Mapping[str, object]) -> Options:
    """Reads the options of one rule, as the SDK or a configuration file gives them.

    Raises:
        ConfigurationError: an unknown option, a value of the wrong type or out of bounds, or values that make no
            sense together.
    """
    try:
        options: Options = read_object(rule.options, configured, "option ")
        problem = options.problem()
    except OptionError as error:
        problem = str(error)
    if problem is not None:
        raise ConfigurationError(f"policy `{rule.name}`: {problem}")
    return options


def _level_and_options(name: str, entry: object) -> tuple[Level | None, dict[str, object]]:
    if isinstance(entry, str):
        return _read_level(name, entry), {}
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"policy `{name}`: expected a level or an object, got {in_words(entry)}")
    options = {key: value for key, value in entry.items() if key != LEVEL_KEY}
    return (_read_level(name, entry[LEVEL_KEY]) if LEVEL_KEY in entry else None), options


def _read_level(name: str, level: object) -> Level:
    if not isinstance(level, str):
        raise ConfigurationError(
            f"policy `{name}`: the level must be one of {', '.join(LEVELS)}, not {in_words(level)}"
        )
    if level not in LEVELS:
        hint = did_you_mean(level, LEVELS)
        raise ConfigurationError(
            f"policy `{name}`: unknown level `{shown(level)}`, use one of {', '.join(LEVELS)}{hint}"
        )
    # No rule changes resources, and the engine takes `remediate` for `mandatory` where nothing remediates.
    return "mandatory" if level == "remediate" else typing.cast("Level", level)
