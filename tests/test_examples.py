"""The examples in the rules' docstrings are Pulumi programs, and get the verdict that their section says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, TypeAlias

import pytest

from policypack.authoring.examples import example
from policypack.config.options import Setting, default_settings
from policypack.evaluate import Finding, apply_to_stack, evaluate
from policypack.model.graph.stack import Stack
from policypack.rule import AnyRule
from policypack.rules import RULES
from policypack.wording import lines_of
from tests import kept_programs
from tests.rules.update_messages import FILE, messages_of

pytestmark = pytest.mark.usefixtures("_warm")
Section: TypeAlias = Literal["Fails", "Passes"]
SECTIONS: dict[Section, str] = {"Fails": "failed", "Passes": "passed"}
MESSAGES = json.loads(FILE.read_text(encoding="utf-8"))
STALE = "run `make messages`"


@pytest.mark.parametrize("deployed", [False, True], ids=["first-preview", "deployed"])
@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_example(rule: AnyRule, section: Section, deployed: bool) -> None:
    stack = stack_of(rule, section, deployed=deployed)
    findings = apply_to_stack(rule, stack, Setting(rule.level, rule.options()))
    said = "\n".join(line for finding in findings for line in lines_of(finding))
    assert {finding.name: finding.status for finding in findings} == {"chat": SECTIONS[section]}, said
    if section == "Fails" and not deployed:
        assert messages_of(findings) == MESSAGES.get(rule.name), STALE


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_the_page_shows_breaks_no_other_rule(rule: AnyRule) -> None:
    before, after = (evaluate(stack_of(rule, section), RULES, default_settings(RULES)) for section in SECTIONS)
    passed, failed = named(before.with_status("passed")), named(before.with_status("failed"))
    assert rule.name not in named(after.with_status("failed"))
    assert named(after.with_status("failed")) & (passed - failed) == set()


def stack_of(rule: AnyRule, section: Section, *, deployed: bool = False) -> Stack:
    return kept_programs.load(example(rule, "Fails"), example(rule, section), deployed=deployed)


def named(findings: Iterable[Finding]) -> set[str]:
    return {finding.rule.name for finding in findings}


def test_the_messages_are_those_of_the_rules() -> None:
    assert sorted(MESSAGES) == sorted(rule.name for rule in RULES), STALE
