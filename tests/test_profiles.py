"""Profiles: which level each rule has in which, in `check`, behind the SDK and on its page."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policypack.authoring.pages import page
from policypack.config.options import default_settings, read_settings
from policypack.config.profiles import _CORE, PROFILES
from policypack.config.schema import starting_document
from policypack.rule import AnyRule
from policypack.rules import BY_ANY_NAME, RULES
from policypack.testing import assert_compliant
from tests.test_cli import ONE_REGION_STATE, UNDECIDED_ONLY, check, config, state
from tests.test_config_command import run

CORE, RECOMMENDED, STRICT = (PROFILES[name] for name in ("core", "recommended", "strict"))


def test_core_names_rules_that_are_there() -> None:
    assert {name for name in _CORE if name not in BY_ANY_NAME or BY_ANY_NAME[name].name != name} == set()


def test_core_is_the_four_demands_and_what_google_cloud_refuses() -> None:
    mandatory = {rule.name for rule in RULES if CORE.level_of(rule) == "mandatory"}
    legality = {rule.name for rule in RULES if rule.area == "legality" and rule.level == "mandatory"}
    assert mandatory == _CORE | legality
    demands = (
        "llm-backend-regions",
        "llm-backend-health-check",
        "llm-backend-named-port",
        "llm-backend-max-utilization",
    )
    assert mandatory > set(demands)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_profile_asks_for_no_less_than_the_one_before(rule: AnyRule) -> None:
    order = ("advisory", "mandatory")
    levels = [order.index(profile.level_of(rule)) for profile in (CORE, RECOMMENDED, STRICT)]
    assert levels == sorted(levels)
    assert RECOMMENDED.level_of(rule) == rule.level


def test_the_default_is_recommended() -> None:
    assert default_settings(RULES) == default_settings(RULES, RECOMMENDED)
    assert all(
        setting.options == BY_ANY_NAME[name].options() for name, setting in default_settings(RULES, CORE).items()
    )


def test_strict_counts_what_is_undecided() -> None:
    settings = default_settings(RULES, STRICT)
    assert {(setting.level, setting.options.undecided) for setting in settings.values()} == {("mandatory", "fail")}


@pytest.mark.parametrize(
    ("document", "level", "undecided"),
    [
        ({}, "mandatory", "fail"),
        ({"all": "advisory"}, "advisory", "fail"),
        ({"subnet-flow-logs": "disabled"}, "disabled", "fail"),
        ({"subnet-flow-logs": {"undecided": "advise"}}, "mandatory", "advise"),
        ({"subnet-flow-logs": {"enforcementLevel": "advisory"}}, "advisory", "fail"),
    ],
)
def test_what_a_file_says_goes_before_the_profile(document: Any, level: str, undecided: str) -> None:
    setting = read_settings(RULES, document, STRICT)["subnet-flow-logs"]
    assert (setting.level, setting.options.undecided) == (level, undecided)


@pytest.mark.parametrize("name", PROFILES)
def test_the_written_file_is_the_profile(name: str, tmp_path: Path) -> None:
    """Behind the SDK the file is all that there is: levels and options of each rule."""
    made = run("init", "start.json", "--profile", name, cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    document = json.loads((tmp_path / "start.json").read_text())
    assert document == starting_document(RULES, (), PROFILES[name])
    assert read_settings(RULES, document) == default_settings(RULES, PROFILES[name])
    assert run("check", "start.json", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_page_says_the_levels(rule: AnyRule) -> None:
    levels = ", ".join(f"`{name}` {profile.level_of(rule)}" for name, profile in PROFILES.items())
    assert f"| Level by profile | {levels} |" in page(rule).splitlines()


ADVICE_IN_CORE = ("--rule", "backend-cloud-armor")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--profile", "core", *ADVICE_IN_CORE], 0),
        (["--profile", "recommended", *ADVICE_IN_CORE], 1),
        (["--profile", "strict", *ADVICE_IN_CORE], 1),
        (["--profile", "core", "--rule", "llm-backend-regions"], 1),
        (["--profile", "core", *ADVICE_IN_CORE, "--fail-on", "advisory"], 1),
        (["--profile", "relaxed"], 2),
    ],
)
def test_check_takes_a_profile(arguments: list[str], status: int, tmp_path: Path) -> None:
    assert check(state(tmp_path, [ONE_REGION_STATE]), *arguments).returncode == status


def test_the_file_goes_before_the_profile_in_check(tmp_path: Path) -> None:
    target, levels = state(tmp_path, [ONE_REGION_STATE]), config(tmp_path, {"backend-cloud-armor": "mandatory"})
    assert check(target, "--profile", "core", *ADVICE_IN_CORE, "--policy-config", levels).returncode == 1


def test_strict_in_check_counts_what_is_undecided(tmp_path: Path) -> None:
    target = state(tmp_path, [UNDECIDED_ONLY])
    assert check(target, "--rule", "llm-backend-named-port").returncode == 0
    assert check(target, "--rule", "llm-backend-named-port", "--profile", "strict").returncode == 1


def test_assert_compliant_takes_a_profile(tmp_path: Path) -> None:
    target, today = state(tmp_path, [UNDECIDED_ONLY]), date(2026, 6, 30)
    levels = config(tmp_path, {rule.name: "disabled" for rule in RULES if rule.name != "llm-backend-named-port"})
    assert_compliant(target, policy_config=levels, today=today)
    with pytest.raises(AssertionError, match="llm-backend-named-port"):
        assert_compliant(target, policy_config=levels, today=today, profile="strict")
    with pytest.raises(ValueError, match="profile takes 'core', 'recommended', 'strict', not 'lax'"):
        assert_compliant(target, profile="lax")  # type: ignore[arg-type]
