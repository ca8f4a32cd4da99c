"""Configuration files: the JSON that `pulumi --policy-pack-config FILE` takes too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from policypack.config.options import ConfigurationError, Setting, notes_on_names, read_settings
from policypack.config.schema import starting_document
from policypack.rule import AnyRule


class ConfigFile(NamedTuple):
    """The settings that a file gives, and what to change in it some time: sentences without full stop."""

    settings: dict[str, Setting]
    notes: tuple[str, ...] = ()


def read_config_file(path: Path, rules: Iterable[AnyRule]) -> ConfigFile:
    """Reads a file.

    Raises:
        ConfigurationError: there is no such file, it is no JSON, or `read_settings` refuses what it says.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"cannot read the policy configuration {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not valid JSON: it is not written in UTF-8") from error
    try:
        document, rules = _parse(text), list(rules)
        settings = read_settings(rules, document)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid JSON: {error}") from error
    return ConfigFile(settings, notes_on_names(rules, document))


def write_starting_file(path: Path, rules: Iterable[AnyRule]) -> None:
    """Writes a file that says what goes without saying, and never over another one.

    Raises:
        ConfigurationError: there is such a file, or it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starting_text(rules))
    except FileExistsError as error:
        raise ConfigurationError(f"{path} exists and is left as it is: name another file, or remove it") from error
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error


def starting_text(rules: Iterable[AnyRule]) -> str:
    """A configuration of every rule with its level and all defaults, as text."""
    return f"{json.dumps(starting_document(rules), indent=2)}\n"


def _parse(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """JSON readers take the last of two equal keys without a word."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ConfigurationError(f"`{key}` is there twice, leave one of the two out")
        found[key] = value
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")
