"""A project or a state in, results out: what `check` and the helper for tests have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from policypack.config.files import ConfigFile, read_config_file
from policypack.config.options import Setting, default_settings, strict
from policypack.evaluate import evaluate
from policypack.results import Results
from policypack.rules import RULES
from policypack.sources.target import load_target


def judge_target(
    target: str,
    stack_name: str | None = None,
    *,
    policy_config: Path | None = None,
    is_strict: bool = False,
    today: date | None = None,
) -> Results:
    """Loads a stack and judges it by all rules.

    Args:
        target: the folder of a Pulumi project, the file of a state, or `-` for standard input.
        stack_name: the stack whose configuration a project runs with.
        policy_config: a file with levels and options; without one every rule has its defaults.
        is_strict: what is undecided counts as violated, in every rule.
        today: the day that waivers are judged on; `None` is this day.

    Raises:
        SourceError: the target cannot be read or run.
        ConfigurationError: the policy configuration cannot be read, or is wrong.
    """
    settings, notes = _read(policy_config)
    loaded, day = load_target(target, stack_name), today or date.today()
    report = evaluate(loaded.stack, RULES, strict(settings) if is_strict else settings, day)
    return Results(loaded.title, loaded.stack, report, day, loaded.is_preview, loaded.file, (*loaded.notes, *notes))


def read_settings_of(policy_config: Path | None) -> Mapping[str, Setting]:
    """The settings of all rules from a configuration file, or their defaults without one.

    Raises:
        ConfigurationError: the file cannot be read, or is wrong.
    """
    return _read(policy_config).settings


def _read(policy_config: Path | None) -> ConfigFile:
    return ConfigFile(default_settings(RULES)) if policy_config is None else read_config_file(policy_config, RULES)
