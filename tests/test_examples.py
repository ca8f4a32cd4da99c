"""The examples in the rules' docstrings are Pulumi programs, and get the verdict that their section says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

from policypack.authoring.examples import example
from policypack.config.options import Setting
from policypack.evaluate import apply_to_stack
from policypack.rule import AnyRule
from policypack.rules import RULES
from policypack.sources.program import load_program
from tests.projects import make_project
from tests.rules.update_messages import FILE, messages_of
from tests.sources.deployed import DEPLOYED

pytestmark = pytest.mark.usefixtures("_warm")
SECTIONS = {"Fails": "failed", "Passes": "passed"}
MESSAGES = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("deployed", [False, True], ids=["first-preview", "deployed"])
@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_example(tmp_path: Path, rule: AnyRule, section: Literal["Fails", "Passes"], deployed: bool) -> None:
    project = make_project(tmp_path, example(rule, section))
    stack = load_program(project, computed=DEPLOYED if deployed else None, timeout=60).stack
    findings = apply_to_stack(rule, stack, Setting(rule.level, rule.options()))
    assert {finding.name: finding.status for finding in findings} == {"chat": SECTIONS[section]}
    if section == "Fails" and not deployed:
        assert messages_of(findings) == MESSAGES[rule.name], "run `python -m tests.rules.update_messages`"


def test_the_messages_are_those_of_the_rules() -> None:
    assert sorted(MESSAGES) == sorted(rule.name for rule in RULES)
