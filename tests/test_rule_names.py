"""Names of rules are forever: no released one vanishes, and old ones lead to what they are called now."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import policypack.pack as pack_module
import policypack.rules as rules_module
from policypack.authoring.pages import pages, rules_page
from policypack.commands.config import config
from policypack.commands.rules import explain, rules
from policypack.config.error import ConfigurationError
from policypack.config.files import read_config_file
from policypack.config.options import Setting, notes_on_names, read_settings
from policypack.config.schema import document_schema
from policypack.evaluate import evaluate
from policypack.judgement import Results
from policypack.model.run.service import RunService
from policypack.report.check.sarif import log_of
from policypack.rule import AnyRule, Options, by_any_name, rule
from policypack.rules import BY_ANY_NAME, RULES
from policypack.verdict import Checks
from tests.replay import Pack, replay
from tests.stacks import BY_NAME, backend, build, mig, service
from tests.test_waivers import LAST_DAY, waiver

RELEASED = (Path(__file__).parent / "rule_names.txt").read_text().splitlines()
OLD, NEW = "backend-regions", "llm-backend-regions"
RENAMED: AnyRule = replace(BY_NAME[NEW], aliases=(OLD,))
RETIRED: AnyRule = replace(BY_NAME["llm-backend-zones"], deprecated="use `llm-backend-regions` instead, since 1.2")
CHANGED = tuple({RENAMED.name: RENAMED, RETIRED.name: RETIRED}.get(one.name, one) for one in RULES)
NOTE = f"`{OLD}` is now called `{NEW}`, use that name"


@pytest.mark.parametrize("name", RELEASED)
def test_no_released_name_vanishes(name: str) -> None:
    assert name in BY_ANY_NAME, f"keep `{name}` as an alias of what takes its place (CONTRIBUTING.md says how)"


def test_the_released_names_are_listed_once() -> None:
    assert sorted(set(RELEASED)) == RELEASED


def test_an_alias_was_released_once() -> None:
    assert {alias for one in RULES for alias in one.aliases} <= set(RELEASED)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"aliases": (NEW,)}),
        ({"aliases": (OLD,)}, {"aliases": (OLD,)}),
        ({"aliases": (NEW,)}, {}),
        ({"aliases": (OLD, OLD)}, {}),
    ],
    ids=["alias of a living rule", "alias of two rules", "alias of itself", "alias twice"],
)
def test_a_name_stands_for_one_rule(first: dict[str, Any], second: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a name is never used again"):
        by_any_name([replace(BY_NAME[NEW], **first), replace(BY_NAME["llm-backend-zones"], **second)])


@pytest.mark.parametrize("metadata", [{"aliases": ("Old_Name",)}, {"deprecated": "Use another."}])
def test_a_rule_with_a_name_that_is_none_is_refused(metadata: dict[str, Any]) -> None:
    def some_rule(subject: Any, options: Options) -> Checks:
        yield from ()

    make = rule(title="T", severity="low", level="advisory", stage="stack", url="https://x", **metadata)
    with pytest.raises(ValueError, match="aliases are in kebab case"):
        make(some_rule)


def test_a_rule_about_what_serves_a_service_needs_the_stack() -> None:
    def some_rule(subject: RunService, options: Options) -> Checks:
        yield from ()

    make = rule(title="T", severity="low", level="advisory", stage="resource", url="https://x")
    with pytest.raises(ValueError, match='which services a RunService serves: needs stage="stack"'):
        make(some_rule)


# Configuration


def test_a_configuration_may_use_an_old_name() -> None:
    entry = {"enforcementLevel": "advisory", "min_regions": 3, "waivers": [waiver()]}
    assert read_settings(CHANGED, {OLD: entry}) == read_settings(CHANGED, {NEW: entry})
    assert set(read_settings(CHANGED, {OLD: entry})) == set(BY_NAME)


def test_a_rule_is_configured_by_one_of_its_names() -> None:
    with pytest.raises(ConfigurationError, match=f"`{OLD}` and `{NEW}` are the same policy: remove one of the two"):
        read_settings(CHANGED, {OLD: "advisory", NEW: "advisory"})


@pytest.mark.parametrize(
    ("document", "notes"),
    [
        ({NEW: "advisory", "all": "mandatory"}, ()),
        ({OLD: "advisory"}, (NOTE,)),
        ({RETIRED.name: {}}, ("`llm-backend-zones` is deprecated: use `llm-backend-regions` instead, since 1.2",)),
    ],
)
def test_a_configuration_is_told_what_to_change(document: Any, notes: tuple[str, ...], tmp_path: Path) -> None:
    assert notes_on_names(CHANGED, document) == notes
    file = tmp_path / "policy-config.json"
    file.write_text(json.dumps(document))
    assert read_config_file(file, CHANGED) == (read_settings(CHANGED, document), notes)


def test_the_schema_knows_old_names() -> None:
    properties = document_schema(CHANGED)["properties"]
    assert properties[OLD] == {**properties[NEW], "description": f"Now called `{NEW}`.", "deprecated": True}
    assert [name for name, entry in properties.items() if entry.get("deprecated")] == [OLD, RETIRED.name]


# Commands and documentation


def test_config_check_says_it_in_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rules_module, "RULES", CHANGED)
    file = tmp_path / "policy-config.json"
    file.write_text(json.dumps({OLD: "advisory"}))
    result = CliRunner().invoke(config, ["check", str(file)])
    assert result.exit_code == 0
    assert result.output.splitlines()[1:] == [f"{file}: note: {NOTE}"]


def test_explain_shows_the_page_of_the_new_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_module, "BY_ANY_NAME", by_any_name(CHANGED))
    result = CliRunner().invoke(explain, [OLD])
    assert result.exit_code == 0
    assert result.stderr == f"note: {NOTE}\n"
    assert result.stdout.startswith(f"# {NEW}\n")


def test_rules_finds_old_names_and_marks_deprecated_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_module, "RULES", CHANGED)
    (found,) = json.loads(CliRunner().invoke(rules, [OLD, "--format", "json"]).stdout)
    assert (found["name"], found["aliases"]) == (NEW, [OLD])
    (found,) = json.loads(CliRunner().invoke(rules, [RETIRED.name, "--format", "json"]).stdout)
    assert found["deprecated"] == RETIRED.deprecated
    assert f"Deprecated: {RETIRED.title}" in CliRunner().invoke(rules, [RETIRED.name]).stdout


def test_pages_and_table_say_it() -> None:
    made = pages(CHANGED)
    assert made[f"{OLD}.md"] == f"# {OLD}\n\nNow called [{NEW}]({NEW}.md).\n"
    assert f"| Former names | `{OLD}` |" in made[f"{NEW}.md"].splitlines()
    assert f"| Deprecated | {RETIRED.deprecated} |" in made[f"{RETIRED.name}.md"].splitlines()
    assert f"{RETIRED.title} (deprecated: {RETIRED.deprecated})" in rules_page(CHANGED)
    assert OLD not in rules_page(CHANGED).replace(NEW, "")


def test_sarif_names_the_old_ids() -> None:
    stack = build(service([backend(mig())]), mig())
    settings = {RENAMED.name: Setting("mandatory", RENAMED.options())}
    log = log_of(Results("t", stack, evaluate(stack, [RENAMED], settings, LAST_DAY), LAST_DAY))
    assert [one["deprecatedIds"] for one in log["runs"][0]["tool"]["driver"]["rules"]] == [[OLD]]


# Behind the SDK


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Pack:
    monkeypatch.setattr(pack_module, "RULES", CHANGED)
    monkeypatch.setattr(pack_module, "BY_ANY_NAME", by_any_name(CHANGED))
    return Pack(monkeypatch, "true", pack_module.policies(update=False, today=LAST_DAY))


@pytest.mark.parametrize(
    ("config", "is_reported"),
    [
        ({}, True),
        ({OLD: {"waivers": [waiver("chat")]}}, False),
        ({NEW: {"waivers": [waiver("chat")]}}, False),
        ({OLD: {"waivers": [waiver("chat")]}, NEW: {"min_regions": 3}}, True),
    ],
    ids=["neither", "the old name", "the new name", "the new name wins"],
)
def test_options_under_an_old_name_count_while_the_new_one_has_none(
    changed: Pack, config: dict[str, Any], is_reported: bool
) -> None:
    changed.configure(config)
    shown, whole = replay(changed, "global_one_region")
    found = (shown + whole).violations
    assert ((NEW, "chat") in found) == is_reported
    assert OLD not in {policy for policy, _ in found}


def test_a_pack_of_your_own_may_use_an_old_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_module, "RULES", CHANGED)
    monkeypatch.setattr(pack_module, "BY_ANY_NAME", by_any_name(CHANGED))
    with pytest.warns(DeprecationWarning, match="is now called"):
        found = pack_module.policies(OLD, update=False)
    assert {policy.name for policy in found} == {OLD, NEW}


def test_what_a_deprecated_policy_finds_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_module, "RULES", (replace(BY_NAME[NEW], deprecated=RETIRED.deprecated),))
    started = Pack(monkeypatch, "true", pack_module.policies(update=False, today=LAST_DAY))
    shown, whole = replay(started, "global_one_region")
    (message,) = (shown + whole).messages
    assert "This policy is deprecated: use `llm-backend-regions` instead, since 1.2." in message.splitlines()


def test_pulumi_cloud_gets_all_references_to_a_framework() -> None:
    found = {policy.name: policy.framework for policy in pack_module.policies(update=False)}
    references = {name: framework.reference for name, framework in found.items() if framework}
    assert references["instance-metadata-access"] == "4.3, 4.4, 4.5"
    expected = {one.name: ", ".join(each.reference for each in one.frameworks) for one in RULES if one.frameworks}
    assert references == expected
