"""The trend over kept journals, and what changed between the last two."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from policypack.commands.trend import trend
from policypack.report.formats import schema_of
from tests.audit.states import BAD, GOOD, ONE_RULE, audited, put
from tests.report.valid import parsed

RULE = "llm-backend-regions"
ADVISED = {**ONE_RULE, "load-balancer-product": "advisory"}
# The stacks of each day; the settings change with the last.
DAYS = {
    date(2026, 1, 5): ({"a/x.json": BAD, "b/x.json": GOOD, "c/x.json": b"{"}, ONE_RULE),
    date(2026, 1, 6): ({"a/x.json": BAD, "b/x.json": BAD, "c/x.json": BAD}, ONE_RULE),
    date(2026, 1, 16): ({"a/x.json": GOOD, "b/x.json": BAD, "d/x.json": GOOD}, ADVISED),
}


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Journals whose names do not say which is older."""
    folder = tmp_path_factory.mktemp("trend")
    stacks = folder / "backend/.pulumi/stacks"
    for name, (today, (states, config)) in zip("cba", DAYS.items(), strict=True):
        shutil.rmtree(stacks, ignore_errors=True)
        put(stacks, states)
        with audited(folder / "backend", journal=folder / f"{name}.journal", config=config, today=today):
            pass
    put(folder, {"o.yaml": b"owners: [{owner: ann, project: a}, {owner: bob, project: '[b-d]'}]"})
    return folder


def run(folder: Path, *arguments: str) -> Result:
    files = [str(folder / f"{name}.journal") for name in "abc"]
    return CliRunner().invoke(trend, [*files, *arguments])


def document(folder: Path, *arguments: str) -> dict[str, Any]:
    result = run(folder, "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    Draft202012Validator(schema_of("trend")).validate(found)
    return found


def test_the_audits_in_the_order_of_their_days(journals: Path) -> None:
    found = document(journals)
    assert [
        (one["today"], one["stacks"], one["mandatoryViolations"], one["isJudgedAlike"]) for one in found["audits"]
    ] == [
        ("2026-01-05", 3, 1, True),
        ("2026-01-06", 3, 3, True),
        ("2026-01-16", 3, 1, False),
    ]
    assert [one["violationsBySeverity"]["critical"] for one in found["audits"]] == [1, 3, 1]
    assert found["rules"] == [{"rule": RULE, "violatingStacks": [1, 3, 1]}]
    changes = found["changes"]
    base = f"file://{journals}/backend/.pulumi/stacks"
    assert [one["url"] for one in changes["fixedFindings"]] == [f"{base}/a/x.json"]
    assert {key: changes[key] for key in ("newFindings", "newStacks", "goneStacks", "isJudgedAlike")} == {
        "newFindings": [],
        "newStacks": [f"{base}/d/x.json"],
        "goneStacks": [f"{base}/c/x.json"],
        "isJudgedAlike": False,
    }


def test_the_trend_of_an_owner(journals: Path) -> None:
    found = document(journals, "--owners", str(journals / "o.yaml"), "--owner", "bob")
    assert [one["stacks"] for one in found["audits"]] == [2, 2, 2]
    assert found["rules"] == [{"rule": RULE, "violatingStacks": [0, 2, 1]}]
    assert found["changes"]["fixedFindings"] == []


def test_for_people(journals: Path) -> None:
    result = run(journals, "--output", str(journals / "t.html"))
    assert result.exit_code == 0, result.output
    for part in ("2026-01-06  b.journal", "(judged by other settings)", RULE, "Fixed violations: 1", "Gone stacks: 1"):
        assert part in result.stdout
    page = (journals / "t.html").read_text()
    parsed(page)
    assert "Violations of severity critical: 2026-01-05 1, 2026-01-06 3, 2026-01-16 1" in page
    # A day after the first of eleven.
    assert "M0.0 31.3L18.2 2.0L200.0 31.3" in page


REFUSED: dict[str, tuple[list[str], str]] = {
    "one": (["a.journal"], "error: one journal shows no trend: "),
    "twice": (["a.journal", "./a.journal"], "error: a.journal is named twice"),
    "none": (["a.journal", "nothing"], "error: there is no journal nothing"),
    "no journal": (["a.journal", "o.yaml"], "error: o.yaml is not the journal of an audit"),
    "an owner without a file": (["a.journal", "b.journal", "--owner", "x"], "error: --owner needs a file"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(journals: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(journals)
    result = CliRunner().invoke(trend, arguments)
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_a_journal_where_nothing_can_be_written(journals: Path, tmp_path: Path) -> None:
    for name in "ab":
        shutil.copy(journals / f"{name}.journal", tmp_path)
        (tmp_path / f"{name}.journal").chmod(0o400)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert CliRunner().invoke(trend, [str(tmp_path / "a.journal"), str(tmp_path / "b.journal")]).exit_code == 0
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
