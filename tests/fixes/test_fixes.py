"""What the fix of a message says can be done: the rule passes then, and no rule fails that passed before."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

import policypack.rules
from policypack.config.options import Setting, default_settings, read_options
from policypack.evaluate import Report, Status, apply_to_stack, evaluate
from policypack.model.graph.stack import Stack
from policypack.model.values.spelling import Spelling, spelled
from policypack.rules import RULES
from policypack.verdict import Fail
from tests.fixes.fix import Fix, words
from tests.fixes.rows import FIXES
from tests.projects import program_stack
from tests.spelling import misspelled

pytestmark = pytest.mark.usefixtures("_warm")
_RULES = Path(policypack.rules.__file__).parent
_BY_NAME = {rule.name: rule for rule in RULES}


def judged(program: str, fix: Fix | None = None) -> Report:
    settings = default_settings(RULES)
    if fix and fix.options:
        rule = _BY_NAME[fix.rule]
        settings[rule.name] = Setting(rule.level, read_options(rule, fix.options))
    return evaluate(program_stack(program), RULES, settings)


@cache
def mended(program: str) -> Report:
    """Most fixes lead back to the same whole program."""
    return judged(program)


def misspelled_in(fix: Fix) -> Iterator[str]:
    """What the rule says of the broken program in words of another language than its reader's."""
    rule, stack = _BY_NAME[fix.rule], program_stack(fix.broken)
    setting, names = Setting(rule.level, read_options(rule, fix.options)), {one.name for one in stack.resources}
    for spelling in get_args(Spelling):
        shown = Stack(stack.resources, spelling=spelling)
        for finding in apply_to_stack(rule, shown, setting):
            yield from misspelled(finding, spelling, names)


def verdicts(report: Report, *statuses: Status) -> set[str]:
    return {found.rule.name for status in statuses for found in report.with_status(status)}


def passed(report: Report) -> set[str]:
    return verdicts(report, "passed") - verdicts(report, "failed")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The fix of each `Fail` that is made, with the function that makes it."""
    made: list[tuple[str, str]] = []
    original = Fail.__init__

    def remember(self: Fail, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made.append((spelled(self.remedy.text, "python"), sys._getframe(1).f_code.co_name))

    monkeypatch.setattr(Fail, "__init__", remember)
    return made


@pytest.mark.parametrize("name", FIXES)
def test_the_fix_can_be_done(said: list[tuple[str, str]], name: str) -> None:
    fix = FIXES[name]
    before = judged(fix.broken, fix)
    assert [*misspelled_in(fix)] == []
    problems = [
        problem for found in before.with_status("failed") if found.rule.name == fix.rule for problem in found.problems
    ]
    sentences = {problem.fix for problem in problems if (problem.fix, fix.part) in said}
    assert sentences, (verdicts(before, "failed"), problems)
    assert [sentence for sentence in sentences if re.search(r"\{\w+\}", sentence)] == []
    assert fix.added - {word for sentence in sentences for word in words(sentence)} == set(fix.chosen.split())
    after = judged(fix.mended, fix) if fix.options else mended(fix.mended)
    failed, undecided = verdicts(after, "failed"), verdicts(after, "undecided")
    assert fix.rule not in failed | undecided
    assert verdicts(after, "failed") & passed(before) == set()


def test_every_message_has_a_program() -> None:
    """A new `Fail` needs a row, so that somebody has done what it asks for."""
    with_program = {(fix.rule.replace("-", "_"), fix.part) for fix in FIXES.values()}
    shared = {path.stem for folder in (_RULES / "shared", _RULES / "on_gke") for path in folder.rglob("*.py")}
    parts = {part for _, part in with_program}
    without = {
        (path.stem, part)
        for path in sorted(_RULES.rglob("*.py"))
        for part in _parts_that_fail(path)
        if (path.stem, part) not in with_program and not (path.stem in shared and part in parts)
    }
    assert without == set()


def _parts_that_fail(path: Path) -> set[str]:
    """The functions of a rule in which a `Fail` is made."""
    return {
        function.name
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Fail"
    }
