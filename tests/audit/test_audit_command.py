"""`python -m policypack audit`, as a process: what it prints, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from policypack.audit.journal import VERSION
from policypack.commands.audit import audit
from tests.audit.states import BAD, EMPTY, GOOD, ONE_RULE, UNDECIDED, of_version, put
from tests.command import installing

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(ONE_RULE))
    return file


def test_a_process_from_beginning_to_end(tmp_path: Path, config: Path) -> None:
    states = put(tmp_path / "states", {"a.json": GOOD, "b.json": BAD})
    command = [sys.executable, "-m", "policypack", "audit", "*.json", "--policy-config", str(config)]
    outputs = ["--output", str(tmp_path / "out" / "f.parquet"), "--output", str(tmp_path / "out" / "f.json")]
    result = subprocess.run(
        [*command, *outputs],
        cwd=states,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (1, "")
    assert (
        "2 stacks: 1 with mandatory violations, 1 compliant. 1 violation (1 mandatory), 0 undecided." in result.stdout
    )
    assert "\x1b" not in result.stdout
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["f.json", "f.parquet"]
    assert [file.suffix for file in (tmp_path / "cache" / "llm-policypack").iterdir()] == [".journal"]


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.audit.states import one_by_one

    monkeypatch.setattr("policypack.audit.executors.processes.run", lambda jobs, workers: one_by_one(jobs))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(audit, [str(argument) for argument in arguments])


CASES: dict[str, tuple[dict[str, bytes], list[str], int]] = {
    "compliant": ({"a.json": GOOD}, [], 0),
    "a violation": ({"a.json": BAD}, [], 1),
    "a violation that is advisory": ({"a.json": BAD}, ["advisory"], 0),
    "which fails": ({"a.json": BAD}, ["advisory", "--fail-on", "advisory"], 1),
    "undecided": ({"a.json": UNDECIDED}, [], 0),
    "undecided, which fails": ({"a.json": UNDECIDED}, ["--fail-on", "undecided"], 1),
    "undecided, strictly": ({"a.json": UNDECIDED}, ["--strict"], 1),
    "one unreadable": ({"a.json": GOOD, "b.json": b"{"}, [], 0),
    "one unreadable, which fails": ({"a.json": GOOD, "b.json": b"{"}, ["--fail-on", "unreadable"], 1),
    "all unreadable": ({"a.json": b"{", "b.json": b"{"}, [], 2),
    "nothing to judge": ({"a.json": EMPTY}, [], 0),
    "nothing to judge, which fails": ({"a.json": EMPTY, "b.json": b"{"}, ["--fail-on", "nothing-judged"], 1),
    "one of two is judged": ({"a.json": EMPTY, "b.json": GOOD}, ["--fail-on", "nothing-judged"], 0),
    "too large": ({"a.json": b" " * 1_100_000}, ["--max-size", "1"], 2),
}


@pytest.mark.parametrize(("states", "arguments", "status"), CASES.values(), ids=CASES.keys())
def test_exit_status(tmp_path: Path, config: Path, states: dict[str, bytes], arguments: list[str], status: int) -> None:
    if arguments[:1] == ["advisory"]:
        config.write_text(json.dumps({**ONE_RULE, "llm-backend-regions": "advisory"}))
        arguments = arguments[1:]
    folder = put(tmp_path / "states", states)
    result = run(folder, "--policy-config", config, "--journal", tmp_path / "j", *arguments)
    assert result.exit_code == status, result.output


def test_one_target_of_two_fails(tmp_path: Path, config: Path) -> None:
    states = put(tmp_path / "states", {"a.json": GOOD})
    common = (states, tmp_path / "nowhere", "--policy-config", config, "--journal", tmp_path / "j")
    result = run(*common)
    assert result.exit_code == 0
    assert f"{tmp_path / 'nowhere'}: 0 stacks, then: there is no file or folder" in result.stdout
    assert run(*common, "--fail-on", "unreadable").exit_code == 1


def test_json_on_standard_output(tmp_path: Path, config: Path) -> None:
    states = put(tmp_path / "states", {"a.json": GOOD})
    result = run(states, "--policy-config", config, "--journal", tmp_path / "j", "--format", "json")
    assert json.loads(result.stdout)["summary"]["stacksByStatus"]["compliant"] == 1


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("html", "<!DOCTYPE html>"),
        ("markdown", "<!-- llm-policypack-audit -->\n### LLM policy pack, audit: No violations\n"),
        ("sarif", '{"$schema": '),
        ("junit", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites '),
    ],
)
def test_documents_on_standard_output(tmp_path: Path, config: Path, name: str, start: str) -> None:
    states = put(tmp_path / "states", {"a.json": GOOD})
    result = run(states, "--policy-config", config, "--journal", tmp_path / "j", "--format", name)
    assert result.exit_code == 0
    assert result.stdout.startswith(start)


REFUSED: dict[str, tuple[list[str], str]] = {
    "no target": ([], "Missing argument 'TARGET...'"),
    "an unknown scheme": (["ftp://x"], "error: ftp://x: there are no targets with ftp://"),
    "no matches": (["nothing-*.json"], "there is no such file"),
    "an output of no format": (["ftp://x", "--output", "f.xlsx"], "error: cannot infer a format from f.xlsx"),
    "no configuration": (
        ["ftp://x", "--policy-config", "none.json"],
        "error: there is no policy configuration none.json",
    ),
    "no baseline": (["ftp://x", "--baseline", "none"], "error: there is no baseline none"),
    "no worker": (["ftp://x", "--workers", "0"], "Invalid value for '--workers'"),
    "no day": (["ftp://x", "--today", "tomorrow"], "Invalid value for '--today'"),
}


@pytest.mark.parametrize(("arguments", "phrase"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], phrase: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, "--journal", "j")
    assert result.exit_code == 2
    assert phrase in result.output
    assert "Traceback" not in result.output


def test_a_package_that_is_not_installed(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from policypack.audit.stores.cloud import _session
    from policypack.audit.stores.filesystem import _open

    _open.cache_clear()
    monkeypatch.setitem(sys.modules, "s3fs", None)
    result = run("s3://states", "--journal", tmp_path / "j")
    assert result.exit_code == 2
    assert f"error: s3://states: reading s3:// needs the package s3fs: run `{installing('s3')}`" in result.output
    _session.cache_clear()
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "pul-1")
    monkeypatch.setitem(sys.modules, "requests", None)
    result = run("pulumi://acme", "--journal", tmp_path / "j")
    assert result.exit_code == 2
    assert f"error: pulumi://acme: pulumi:// needs the package requests: run `{installing('audit')}`" in result.output
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "policypack.report.audit.parquet_rows", raising=False)
    states = put(tmp_path / "states", {"a.json": GOOD})
    result = run(states, "--policy-config", config, "--journal", tmp_path / "j", "--output", tmp_path / "f.parquet")
    assert result.exit_code == 2
    assert f"needs the package pyarrow: run `{installing('audit')}`" in result.output
    assert not (tmp_path / "f.parquet").exists()


def test_reports_name_the_command_that_installs_what_a_stack_or_a_target_needs(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from policypack.audit.stores.filesystem import _open

    _open.cache_clear()
    for package in ("s3fs", "pyarrow"):
        monkeypatch.setitem(sys.modules, package, None)
    states = put(tmp_path / "states", {"a.json": GOOD, "b.json.zst": b"\x28\xb5\x2f\xfd"})
    report = tmp_path / "f.json"
    result = run(states, "s3://b", "--policy-config", config, "--journal", tmp_path / "j", "--output", report)
    needed = {
        f"Zstandard needs the package pyarrow: run `{installing('audit')}`",
        f"reading s3:// needs the package s3fs: run `{installing('s3')}`",
    }
    document = json.loads(report.read_text())
    assert {one["error"] for one in document["stacks"] + document["targets"] if one["error"]} == needed
    assert all(text in result.stdout for text in needed)


@pytest.mark.parametrize(("target", "output"), [("", "report.json"), ("a.json", "a.json"), ("*.json", "b.json")])
def test_a_report_never_replaces_a_state(tmp_path: Path, target: str, output: str) -> None:
    states = put(tmp_path / "states", {"a.json": GOOD})
    before = (states / "a.json").read_bytes()
    result = CliRunner().invoke(audit, [str(states / target), "--output", str(states / output)])
    assert result.exit_code == 2
    assert "is part of the target" in result.output
    assert [file.name for file in states.iterdir()] == ["a.json"]
    assert (states / "a.json").read_bytes() == before


def test_journals_of_an_older_format_are_not_used(tmp_path: Path) -> None:
    states, journal, before = put(tmp_path / "states", {"a.json": BAD}), tmp_path / "j", tmp_path / "before"
    for file in (journal, before):
        of_version(file, VERSION - 1)
    result = run(states, "--journal", journal, "--baseline", before, "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["changes"] is None
    assert result.stderr.splitlines() == [
        f"note: {journal} is of an older format, so the audit starts anew; it is kept as {journal}.v{VERSION - 1}",
        f"note: the baseline {before} is of an older format, so it is not known what has changed since",
    ]
    assert run(states, "--journal", journal).stderr == ""
