"""`--rule`, `--skip`, `--severity` and `--quiet`: which rules judge, and how much is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policypack.cli import main
from policypack.config.error import ConfigurationError
from policypack.config.options import default_settings, only
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
        (
            {"named": ["zzz-*", "nope"], "skipped": ["zz"]},
            [f"no rule is named `{glob}`; the command `rules` lists all" for glob in ("zzz-*", "nope", "zz")],
        ),
        ({"named": [""], "skipped": [" "]}, ["the name of a rule is empty: give a name or a glob"] * 2),
        ({"named": ["llm-*"], "skipped": ["*"]}, ["no rule is selected"]),
        ({"named": ["subnet-flow-logs"], "severity": "critical"}, ["no rule is selected"]),
    ],
)
def test_what_names_no_rule_is_refused(asked: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        only(SETTINGS, RULES, **asked)
    for found, problem in zip(caught.value.problems, problems, strict=True):
        assert found.startswith(problem)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("llm-backend-region", "there is no rule llm-backend-region; did you mean llm-backend-regions?"),
        ("LLM_backend_regions", "there is no rule LLM_backend_regions; did you mean llm-backend-regions?"),
        ("nope", "there is no rule nope; `main rules` lists all"),
        ("", "the name of the rule is empty: give one, such as llm-backend-regions"),
    ],
)
def test_only_a_near_name_is_suggested(name: str, said: str) -> None:
    result = CliRunner().invoke(main, ["explain", name])
    assert (result.exit_code, result.stderr) == (2, f"error: {said}\n")


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


NOTHING = "Nothing was judged: there is no backend service that the rules select"
SELECT_NOTHING = {"llm-backend-regions": {"enforcementLevel": "mandatory", "services": {"names": ["zz*"]}}}


@pytest.mark.parametrize(
    ("resources", "arguments", "status"),
    [
        ([ONE_REGION_STATE], [], 0),
        ([ONE_REGION_STATE], ["--strict"], 1),
        ([ONE_REGION_STATE], ["--fail-on", "undecided"], 1),
        ([ONE_REGION_STATE], ["--fail-on", "nothing-judged"], 1),
        ([ONE_REGION_STATE], ["--fail-on", "advisory"], 0),
        ([], ["--strict"], 0),
        ([], ["--fail-on", "nothing-judged"], 1),
        ([], ["--fail-on", "undecided"], 0),
        ([], ["--services", "zz*"], 0),
    ],
)
def test_a_run_that_judged_nothing_is_no_silent_green(
    tmp_path: Path, resources: list[dict[str, Any]], arguments: list[str], status: int
) -> None:
    """A stack without a backend service has nothing to judge; one with some needs what selects them."""
    file = config(tmp_path, {"all": "disabled"} | SELECT_NOTHING)
    asked: tuple[str | Path, ...] = (state(tmp_path, resources), "--policy-config", file, *arguments)
    loud, quiet = check(*asked), check(*asked, "--quiet")
    assert (loud.returncode, loud.stdout.splitlines()[-1], loud.stderr) == (status, f"{NOTHING}.", "")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (status, "", f"note: {NOTHING}\n")


def test_quiet_says_what_the_run_fails_for_and_no_more(tmp_path: Path) -> None:
    result = check(state(tmp_path, [ONE_REGION_STATE]), "--quiet")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert not any("advisory" in line or "First:" in line or "violations (" in line for line in lines)
    assert "critical  llm-backend-regions  mandatory" in lines
    both = check(state(tmp_path, []), "--quiet", "--verbose")
    assert (both.returncode, both.stdout) == (2, "")
    assert "--quiet and --verbose contradict each other" in both.stderr
