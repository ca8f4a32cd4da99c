"""What the fix of a message says can be done: the rule passes then, and no rule fails that passed before."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args
from unittest import mock

import pytest

import policypack.rules
from policypack.config.options import Setting, default_settings, read_options
from policypack.evaluate import Report, Status, apply_to_stack, evaluate
from policypack.model.graph.stack import Stack
from policypack.model.values.spelling import Spelling, spelled
from policypack.rules import RULES
from policypack.verdict import Fail
from tests import kept_programs
from tests.fixes.fix import Fix, words
from tests.fixes.rows import FIXES
from tests.fixes.together import broken, joined, mended
from tests.spelling import misspelled

pytestmark = pytest.mark.usefixtures("_warm")
_RULES = Path(policypack.rules.__file__).parent
_BY_NAME = {rule.name: rule for rule in RULES}
# Those of one program follow each other, so that one process runs it.
ROWS = {name: rows for rows in joined(FIXES) for name in FIXES if FIXES[name] in rows}


@dataclass(frozen=True)
class Judged:
    """A program with its verdicts, and the fix of each `Fail` that was made, with the function that made it."""

    stack: Stack
    report: Report
    said: frozenset[tuple[str, str]]

    def verdicts(self, *statuses: Status) -> set[str]:
        return {found.rule.name for status in statuses for found in self.report.with_status(status)}

    @property
    def passed(self) -> set[str]:
        return self.verdicts("passed") - self.verdicts("failed")


def judged(changed: str, fix: Fix) -> Judged:
    """The verdicts on the fix's program, or on what is made of it."""
    return judged_with(fix.program, changed, fix) if fix.options else judged_by_default(fix.program, changed)


@cache
def judged_by_default(program: str, changed: str) -> Judged:
    return judged_with(program, changed)


def judged_with(program: str, changed: str, fix: Fix | None = None) -> Judged:
    settings = default_settings(RULES)
    if fix:
        rule = _BY_NAME[fix.rule]
        settings[rule.name] = Setting(rule.level, read_options(rule, fix.options))
    made: list[tuple[str, str]] = []
    original = Fail.__init__

    def remember(self: Fail, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made.append((spelled(self.remedy.text, "python"), sys._getframe(1).f_code.co_name))

    stack = kept_programs.load(program, changed)
    with mock.patch.object(Fail, "__init__", remember):
        report = evaluate(stack, RULES, settings)
    return Judged(stack, report, frozenset(made))


def misspelled_in(fix: Fix, stack: Stack) -> Iterator[str]:
    """What the rule says of the broken program in words of another language than its reader's."""
    rule = _BY_NAME[fix.rule]
    setting, names = Setting(rule.level, read_options(rule, fix.options)), {one.name for one in stack.resources}
    for spelling in get_args(Spelling):
        shown = Stack(stack.resources, spelling=spelling)
        for finding in apply_to_stack(rule, shown, setting):
            yield from misspelled(finding, spelling, names)


def assert_can_be_done(fix: Fix, rows: tuple[Fix, ...]) -> None:
    """The fix of a row that is broken, and mended, in one program with others."""
    before = judged(broken(rows), fix)
    assert [*misspelled_in(fix, before.stack)] == []
    problems = [
        problem
        for found in before.report.with_status("failed")
        if found.rule.name == fix.rule
        for problem in found.problems
    ]
    sentences = {problem.fix for problem in problems if (problem.fix, fix.part) in before.said}
    assert sentences, (before.verdicts("failed"), problems)
    assert len(sentences) == 1 or len(rows) == 1
    assert [sentence for sentence in sentences if re.search(r"\{\w+\}", sentence)] == []
    assert fix.added - {word for sentence in sentences for word in words(sentence)} == set(fix.chosen.split())
    after = judged(mended(rows), fix)
    failed, undecided = after.verdicts("failed"), after.verdicts("undecided")
    assert fix.rule not in failed | undecided
    passed = before.passed if len(rows) == 1 else judged(fix.program, fix).passed
    assert failed & passed == set()


@pytest.mark.parametrize("name", ROWS)
def test_the_fix_can_be_done(name: str) -> None:
    fix, rows = FIXES[name], ROWS[name]
    try:
        assert_can_be_done(fix, rows)
    except AssertionError:
        # Another row may be in its way.
        assert_can_be_done(fix, (fix,))


def test_every_message_has_a_program() -> None:
    """A new `Fail` needs a row, so that somebody has done what it asks for."""
    with_program = {(fix.rule.replace("-", "_"), fix.part) for fix in FIXES.values()}
    shared = {path.stem for folder in ("shared", "on_gke", "forwarding") for path in (_RULES / folder).rglob("*.py")}
    parts = {part for _, part in with_program}
    without = {
        (path.stem, part)
        for path in sorted(_RULES.rglob("*.py"))
        for part in _parts_that_fail(path)
        if (path.stem, part) not in with_program and not (path.stem in shared and part in parts)
    }
    assert without == set(), "add a row to tests/fixes/ for each of these files and functions"


def _parts_that_fail(path: Path) -> set[str]:
    """The functions of a rule in which a `Fail` is made."""
    return {
        function.name
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Fail"
    }
