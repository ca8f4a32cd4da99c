"""Options and levels of rules, as they are read from configuration."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Final, Literal, TypeAlias, TypeVar

from policypack.config.error import ConfigurationError
from policypack.config.kinds import FOR_SERVICES, OptionError, read_object
from policypack.config.profiles import RECOMMENDED, Profile
from policypack.config.terms import Level, Severity
from policypack.config.words import in_words, shown
from policypack.rule import AnyRule, Options, by_any_name
from policypack.wording import closest, did_you_mean

_NamedLevel: TypeAlias = Literal["remediate"] | Level
LEVELS: Final = ("advisory", "mandatory", "remediate", "disabled")
LEVEL_KEY: Final = "enforcementLevel"
EVERY_RULE: Final = "all"

_OF_EVERY_RULE: Final = ("services", "undecided", "waivers", FOR_SERVICES)
# The Pulumi CLI passes a policy's options to that policy only, and none of `all`.
_HOW_FOR_EVERY_RULE: Final = {
    "services": ": `config init --services 'chat-*' FILE` writes it into every rule, and `check` and `audit` take "
    "`--services`",
    "undecided": ": `check` and `audit` take `--strict`",
}

_WHERE_THE_RULES_ARE: Final = "; the command `rules` lists all"

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """How one rule is to run.

    Attributes:
        level: what a violation does; `mandatory` for the level `remediate`.
        options: the options.
        remediates: the level is `remediate`: the Pulumi CLI has the rule make fixes itself, if it can.
    """

    level: Level
    options: Options
    remediates: bool = False


Settings = Mapping[str, Setting]


def default_settings(rules: Iterable[AnyRule], profile: Profile = RECOMMENDED) -> dict[str, Setting]:
    """The settings of rules that nobody configured."""
    return read_settings(rules, {}, profile)


def strict(settings: Settings) -> dict[str, Setting]:
    """The same settings with undecided counting as violated everywhere."""
    return {
        name: dataclasses.replace(setting, options=dataclasses.replace(setting.options, undecided="fail"))
        for name, setting in settings.items()
    }


def with_services(settings: Settings, globs: Iterable[str]) -> dict[str, Setting]:
    """The same settings with the services that these globs on logical names select, in every rule."""
    names = tuple(globs)

    def select(options: Options) -> Options:
        return dataclasses.replace(options, services=dataclasses.replace(options.services, names=names))

    return {name: dataclasses.replace(setting, options=select(setting.options)) for name, setting in settings.items()}


def only(
    settings: Settings,
    rules: Iterable[AnyRule],
    *,
    named: Iterable[str] = (),
    skipped: Iterable[str] = (),
    severity: Severity | None = None,
) -> dict[str, Setting]:
    """The same settings with all rules disabled that a run shall leave out.

    Args:
        settings: the settings.
        rules: the rules of the pack.
        named: globs on the names of the rules to keep, former names too; all without any.
        skipped: globs on the names of those to leave out.
        severity: the least severity to keep.

    Raises:
        ConfigurationError: a glob names no rule, or no rule is left.
    """
    known = by_any_name(rules)
    named, skipped = list(named), list(skipped)
    unknown = [glob for glob in dict.fromkeys((*named, *skipped)) if not _rules_like(glob, known)]
    if unknown:
        raise ConfigurationError(*(_no_rule_like(glob, known) for glob in unknown))
    kept = {name for glob in named for name in _rules_like(glob, known)} if named else set(settings)
    kept -= {name for glob in skipped for name in _rules_like(glob, known)}
    if severity:
        order = typing.get_args(Severity)
        kept = {name for name in kept if order.index(known[name].severity) >= order.index(severity)}
    if not kept:
        raise ConfigurationError("no rule is selected: choose other rules with `--rule`, `--skip` and `--severity`")
    return {
        name: setting if name in kept else dataclasses.replace(setting, level="disabled")
        for name, setting in settings.items()
    }


def _no_rule_like(glob: str, known: Iterable[str]) -> str:
    if not glob.strip():
        return "the name of a rule is empty: give a name or a glob, such as 'llm-*'"
    return f"no rule is named `{shown(glob)}`{did_you_mean(glob, known, _WHERE_THE_RULES_ARE)}"


def _rules_like(glob: str, known: Mapping[str, AnyRule]) -> set[str]:
    return {rule.name for name, rule in known.items() if fnmatchcase(name, glob)}


def read_settings(rules: Iterable[AnyRule], document: object, profile: Profile = RECOMMENDED) -> dict[str, Setting]:
    """Reads what `pulumi --policy-pack-config FILE` takes, and refuses what the engine silently accepts.

    Args:
        rules: the rules of the pack.
        document: the parsed JSON: for each rule a level, or an object with `enforcementLevel` and options; for
            `all` rules a level.
        profile: what holds where the document says nothing.

    Raises:
        ConfigurationError: unknown rules, levels or options, values of the wrong type, or values that make no sense
            together; it has all of them.
    """
    rules = list(rules)
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"the policy configuration must be an object, not {in_words(document)}")
    problems, settings = list(_wrong_names(rules, document)), dict[str, Setting]()

    def attempt(read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except ConfigurationError as error:
            problems.extend(error.problems)
            return otherwise

    known = by_any_name(rules)
    entries = {known[name].name: document[name] for name in document if name in known}
    everywhere = attempt(lambda: _level_in(EVERY_RULE, document.get(EVERY_RULE, {})), None)
    attempt(lambda: _options_of_every_rule(document.get(EVERY_RULE, {})), None)
    for rule in rules:
        entry = entries.get(rule.name, {})
        level = attempt(partial(_level_in, rule.name, entry), None)
        options = attempt(partial(read_options, rule, {**profile.options, **_options_in(entry)}), rule.options())
        settings[rule.name] = _setting(level or everywhere or profile.level_of(rule), options)
    if problems:
        raise ConfigurationError(*problems)
    return settings


def _wrong_names(rules: Iterable[AnyRule], document: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with the names in a configuration."""
    known, found = by_any_name(rules), dict[str, str]()
    for name in document:
        if name in _OF_EVERY_RULE:
            yield f"`{name}` is an option of each rule, not a policy{_HOW_FOR_EVERY_RULE.get(name, '')}"
        elif name in known:
            other = found.setdefault(known[name].name, name)
            if other != name:
                yield f"`{other}` and `{name}` are the same policy: remove one of the two"
        elif name != EVERY_RULE:
            yield f"unknown policy `{shown(name)}`{did_you_mean(name, [*known, EVERY_RULE], _WHERE_THE_RULES_ARE)}"


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
        options: Options = read_object(rule.options, configured, "option ", also=[LEVEL_KEY])
        problems = list(_contradictions(options))
    except OptionError as error:
        problems = [*error.args, *_contradictions_of_the_rest(rule, configured)]
    if problems:
        raise ConfigurationError(*(f"policy `{rule.name}`: {problem}" for problem in problems))
    return options


def _contradictions_of_the_rest(rule: AnyRule, configured: Mapping[str, object]) -> Iterator[str]:
    """The contradictions between options that are right by themselves, beside others that are not."""

    def fits(name: str) -> bool:
        try:
            read_object(rule.options, {name: configured[name]}, "")
        except OptionError:
            return False
        return True

    fitting = {name: value for name, value in configured.items() if fits(name)}
    wrong = configured.keys() - fitting
    for problem in _contradictions(read_object(rule.options, fitting, "")):
        if not any(f"`{name}`" in problem for name in wrong):
            yield problem


def _contradictions(options: Options) -> Iterator[str]:
    if problem := options.problem():
        yield problem
        return
    for number, variant in enumerate(options.variants(), 1):
        if problem := variant.problem():
            yield f"option `{FOR_SERVICES}`, item {number}: {problem}"


def _options_of_every_rule(entry: object) -> None:
    names = list(_options_in(entry))
    if names:
        raise ConfigurationError(
            *(f"`{EVERY_RULE}` accepts only a level, not `{shown(n)}`{_HOW_FOR_EVERY_RULE.get(n, '')}" for n in names)
        )


def _setting(level: _NamedLevel, options: Options) -> Setting:
    # Where nothing is remediated, the engine takes it for `mandatory`.
    return Setting("mandatory", options, remediates=True) if level == "remediate" else Setting(level, options)


def _level_in(name: str, entry: object) -> _NamedLevel | None:
    if isinstance(entry, str):
        return _read_level(name, entry)
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"policy `{name}`: expected a level or an object, got {in_words(entry)}")
    return _read_level(name, entry[LEVEL_KEY]) if LEVEL_KEY in entry else None


def _options_in(entry: object) -> dict[str, object]:
    return {k: v for k, v in entry.items() if k != LEVEL_KEY} if isinstance(entry, Mapping) else {}


def _read_level(name: str, level: object) -> _NamedLevel:
    if not isinstance(level, str):
        raise ConfigurationError(
            f"policy `{name}`: the level must be one of {', '.join(LEVELS)}, not {in_words(level)}"
        )
    if level not in LEVELS:
        near = closest(level, LEVELS)
        raise ConfigurationError(
            f"policy `{name}`: unknown level `{shown(level)}`, use one of {', '.join(LEVELS)}"
            f"{f'; did you mean `{near}`?' if near else ''}"
        )
    return typing.cast("_NamedLevel", level)
