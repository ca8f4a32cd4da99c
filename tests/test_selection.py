"""`--rule`, `--skip`, `--severity` and `--quiet`: which rules judge, and how much is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policypack.config.options import ConfigurationError, default_settings, only
from policypack.rules import RULES
from tests.test_cli import ONE_REGION_STATE, UNDECIDED_ONLY, assert_refused, check, config, state

SETTINGS = default_settings(RULES)


def kept(**asked: Any) -> set[str]:
    return {name for name, setting in only(SETTINGS, RULES, **asked).items() if setting.level != "disabled"}


def names(severities: set[str] | None = None, prefix: str = "") -> set[str]:
    return {
        rule.name
        for rule in RULES
        if rule.name.startswith(prefix) and (severities is None or rule.severity in severities)
    }


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, names()),
        ({"named": ["llm-backend-regions"]}, {"llm-backend-regions"}),
        ({"named": ["llm-*"]}, names(prefix="llm-")),
        ({"named": ["llm-*", "frontend-*"]}, names(prefix="llm-") | names(prefix="frontend-")),
        ({"skipped": ["llm-*"]}, names() - names(prefix="llm-")),
        ({"named": ["llm-*"], "skipped": ["llm-backend-*s"]}, {n for n in names(prefix="llm-") if n[-1] != "s"}),
        ({"severity": "critical"}, names({"critical"})),
        ({"severity": "high"}, names({"critical", "high"})),
        ({"severity": "low"}, names()),
        ({"named": ["llm-*"], "severity": "critical"}, names({"critical"}, "llm-")),
    ],
)
def test_which_rules_judge(asked: dict[str, Any], wanted: set[str]) -> None:
    assert kept(**asked) == wanted


@pytest.mark.parametrize(
    ("asked", "problems"),
    [
        (
            {"named": ["llm-backend-region"]},
            ["no rule is named `llm-backend-region`; did you mean `llm-backend-regions`?"],
        ),
        ({"named": ["nope-*"], "skipped": ["zz"]}, ["no rule is named `nope-*`", "no rule is named `zz`"]),
        ({"named": [""]}, ["no rule is named ``"]),
        ({"named": ["llm-*"], "skipped": ["*"]}, ["no rule is left to judge by"]),
        ({"named": ["subnet-flow-logs"], "severity": "critical"}, ["no rule is left to judge by"]),
    ],
)
def test_what_names_no_rule_is_refused(asked: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        only(SETTINGS, RULES, **asked)
    for found, problem in zip(caught.value.problems, problems, strict=True):
        assert found.startswith(problem)


def test_the_options_select(tmp_path: Path) -> None:
    target = state(tmp_path, [ONE_REGION_STATE])
    result = check(
        target, "--rule", "llm-*", "--skip", "llm-backend-retry", "--severity", "critical", "--format", "json"
    )
    assert result.returncode == 1
    assert {rule["name"] for rule in json.loads(result.stdout)["rules"]} == names({"critical"}, "llm-")
    assert check(target, "--skip", "*-*", "--rule", "llm-*").returncode == 2
    assert_refused(check(target, "--rule", "llm-backend-region"), "did you mean `llm-backend-regions`?")
    assert check(target, "--severity", "urgent").returncode == 2


def test_a_level_of_the_configuration_still_counts(tmp_path: Path) -> None:
    target, levels = state(tmp_path, [ONE_REGION_STATE]), config(tmp_path, {"all": "advisory"})
    assert check(target, "--rule", "llm-backend-regions", "--policy-config", levels).returncode == 0
    disabled = config(tmp_path, {"all": "disabled"})
    assert "Nothing was judged" in check(target, "--rule", "llm-*", "--policy-config", disabled).stdout


def test_quiet_is_silent_where_nothing_fails(tmp_path: Path) -> None:
    passing = check(state(tmp_path, [UNDECIDED_ONLY]), "--rule", "llm-backend-named-port", "--quiet")
    assert (passing.returncode, passing.stdout, passing.stderr) == (0, "", "")
    asked = ("--rule", "llm-backend-named-port", "--quiet", "--fail-on", "undecided")
    failing = check(state(tmp_path, [UNDECIDED_ONLY]), *asked)
    assert failing.returncode == 1
    assert any(line.startswith("  Undecided: ") for line in failing.stdout.splitlines())


def test_quiet_says_what_the_run_fails_for_and_no_more(tmp_path: Path) -> None:
    result = check(state(tmp_path, [ONE_REGION_STATE]), "--quiet")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert not any("advisory" in line or "First:" in line or "violations (" in line for line in lines)
    assert "critical  llm-backend-regions  mandatory" in lines
    both = check(state(tmp_path, []), "--quiet", "--verbose")
    assert (both.returncode, both.stdout) == (2, "")
    assert "--quiet and --verbose contradict each other" in both.stderr
