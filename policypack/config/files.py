"""Configuration files: the JSON that `pulumi --policy-pack-config FILE` takes too."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from policypack.config.error import ConfigurationError
from policypack.config.options import Setting, notes_on_names, read_settings
from policypack.config.profiles import RECOMMENDED, Profile
from policypack.config.schema import starting_document
from policypack.config.words import shown
from policypack.rule import AnyRule
from policypack.wording import why_unreadable


class ConfigFile(NamedTuple):
    """The settings that a file gives, and what to change in it some time: sentences without full stop."""

    settings: dict[str, Setting]
    notes: tuple[str, ...] = ()


def read_config_file(path: Path, rules: Iterable[AnyRule], profile: Profile = RECOMMENDED) -> ConfigFile:
    """Reads a file; where it says nothing, the profile holds.

    Raises:
        ConfigurationError: there is no such file, it is no JSON, or `read_settings` refuses what it says.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"there is no policy configuration {path}: `config init {path}` writes one with all defaults"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"cannot read the policy configuration {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not valid JSON: {why_unreadable(error)}") from error
    try:
        (document, twice), rules = _parse(text), list(rules)
        settings = _read(rules, document, twice, profile)
    except ConfigurationError as error:
        raise ConfigurationError(*(f"{path}: {problem}" for problem in error.problems)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid JSON: {why_unreadable(error)}") from error
    return ConfigFile(settings, notes_on_names(rules, document))


def _read(rules: Iterable[AnyRule], document: Any, twice: list[str], profile: Profile) -> dict[str, Setting]:
    try:
        settings = read_settings(rules, document, profile)
    except ConfigurationError as error:
        raise ConfigurationError(*twice, *error.problems) from error
    if twice:
        raise ConfigurationError(*twice)
    return settings


def write_starting_file(path: Path, text: str) -> None:
    """Writes a `starting_text` to a file, and never over another one.

    Raises:
        ConfigurationError: there is such a file, or it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigurationError(f"{path} already exists: name another file, or remove it") from error
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error


def starting_text(rules: Iterable[AnyRule], services: Iterable[str] = (), profile: Profile = RECOMMENDED) -> str:
    """A configuration of every rule with its level and all options, as text; the arguments of `starting_document`."""
    return f"{json.dumps(starting_document(rules, services, profile), indent=2)}\n"


class _Pairs(dict[str, object]):
    """An object of JSON, and the keys that it has twice: JSON readers take the last of them without a word."""

    twice: tuple[str, ...] = ()


def _parse(text: str) -> tuple[Any, list[str]]:
    """The JSON, and what is wrong with its keys."""
    document = json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse_constant)
    return document, [f"{place} appears twice: remove one of the two" for place in _twice(document)]


def _pairs(pairs: list[tuple[str, object]]) -> _Pairs:
    found, counts = _Pairs(pairs), Counter(key for key, _ in pairs)
    found.twice = tuple(key for key in counts if counts[key] > 1)
    return found


def _twice(value: object, place: str = "") -> Iterator[str]:
    """Where keys are twice: `rule`, `option`, item 1, `key`."""
    if isinstance(value, _Pairs):
        yield from (f"{place}`{shown(key)}`" for key in value.twice)
        for key, inner in value.items():
            yield from _twice(inner, f"{place}`{shown(key)}`, ")
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _twice(inner, f"{place}item {number}, ")


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")
