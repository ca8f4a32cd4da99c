"""The page about kinds of backends says what is: its programs are fine, and each change of them is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from policypack.authoring.backend_kinds import KINDS, LEFT_OUT, Change, Kind
from policypack.authoring.backends import PAGE, page
from policypack.authoring.pages import ROOT
from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.rules import RULES
from policypack.sources.program import load_program
from tests.projects import make_project

pytestmark = pytest.mark.usefixtures("_warm")


def said(folder: Path, program: str) -> dict[str, str]:
    """What is not fine, by rule."""
    report = evaluate(load_program(make_project(folder, program), timeout=60).stack, RULES, default_settings(RULES))
    failed = {found.rule.name: "fails" for found in report.with_status("failed")}
    undecided = {found.rule.name: "undecided" for found in report.with_status("undecided")}
    return {rule: verdict for rule, verdict in (undecided | failed).items() if rule not in LEFT_OUT}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_programs_are_fine(tmp_path: Path, kind: Kind) -> None:
    assert said(tmp_path, kind.program) == dict.fromkeys(kind.undecided, "undecided")


@pytest.mark.parametrize(
    ("kind", "change"),
    [pytest.param(kind, change, id=f"{kind.name}: {change.what}") for kind in KINDS for change in kind.changes],
)
def test_changes_are_found(tmp_path: Path, kind: Kind, change: Change) -> None:
    found = said(tmp_path, kind.changed(change))
    always = kind.undecided - change.said.keys()
    assert {rule: verdict for rule, verdict in found.items() if rule not in always} == change.said


def test_the_page_is_as_it_is_made() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()
