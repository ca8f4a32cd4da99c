"""`check --format` and `--output`: what is printed, what is written where, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from policypack.report.formats import PRODUCTS, Product, check_outputs, schema_of
from policypack.report.writing import OutputError, replacing
from tests.command import ROOT, Ended, command, process
from tests.replay import RECORDINGS

STATE = RECORDINGS / "exported_state.json"
TODAY = ("--today", "2026-06-30")


def assert_refused(result: Ended, *sentences: str) -> None:
    """Status 2, nothing printed, and one clear message."""
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert [sentence for sentence in sentences if sentence not in result.stderr] == [], result.stderr


def read(file: Path) -> Any:
    return ElementTree.parse(file).getroot() if file.suffix == ".xml" else json.loads(file.read_text(encoding="ascii"))


def test_json_is_printed_alone_in_any_encoding() -> None:
    result = process("check", STATE, "--format", "json", *TODAY, PYTHONIOENCODING="ascii")
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert result.returncode == (1 if document["summary"]["mandatory"]["failed"] else 0) == 1
    assert document["target"]["file"] == "tests/recordings/exported_state.json"
    assert {entry["location"]["line"] for entry in document["findings"]} == {None}


def test_a_state_from_standard_input_is_shown_at_the_project_file(tmp_path: Path) -> None:
    sarif, junit = tmp_path / "report.sarif", tmp_path / "report.xml"
    arguments = ("--format", "json", "--output", sarif, "--output", junit)
    result = command("check", "-", *arguments, *TODAY, given=STATE.read_text())
    assert (result.returncode, result.stderr) == (1, "")
    document = json.loads(result.stdout)
    assert document["target"]["file"] is None
    assert {entry["location"]["path"] for entry in document["findings"]} == {"Pulumi.yaml"}
    locations = [entry["locations"][0]["physicalLocation"] for entry in read(sarif)["runs"][0]["results"]]
    assert {location["artifactLocation"]["uri"] for location in locations} == {"Pulumi.yaml"}
    assert {case.get("file") for case in read(junit).iter("testcase")} == {"Pulumi.yaml"}


def test_several_files_are_written_and_the_report_is_printed_too(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.json", "new/folder/b.sarif", "c.sarif.json", "D.XML", "e.txt")]
    result = command("check", STATE, *TODAY, *(part for file in files for part in ("--output", file)))
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout == files[4].read_text()
    assert read(files[0])["schemaVersion"] == "1.3"
    assert read(files[1]) == read(files[2])
    assert read(files[1])["version"] == "2.1.0"
    assert ElementTree.parse(files[3]).getroot().tag == "testsuites"
    assert sorted(file.name for file in tmp_path.rglob("*")) == [
        "D.XML", "a.json", "b.sarif", "c.sarif.json", "e.txt", "folder", "new",
    ]  # fmt: skip


def test_what_is_written_is_what_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    printed = command("check", STATE, *TODAY, "--format", "json", "--output", file).stdout
    assert file.read_text() == printed == command("check", STATE, *TODAY, "--format", "json").stdout


def test_an_existing_file_is_replaced_whole(tmp_path: Path) -> None:
    file, link = tmp_path / "report.xml", tmp_path / "link.json"
    file.write_text("<" * 1_000_000)
    (tmp_path / "target.json").write_text("old")
    link.symlink_to(tmp_path / "target.json")
    assert command("check", STATE, *TODAY, "--output", file, "--output", link).stderr == ""
    assert read(file).tag == "testsuites"
    assert link.is_symlink()
    assert read(tmp_path / "target.json")["schemaVersion"] == "1.3"


@pytest.mark.parametrize(
    ("names", "sentences"),
    [
        (["report.pdf"], ["cannot infer a format from report.pdf", ".sarif (sarif)", ".xml (junit)"]),
        (["report"], ["cannot infer a format from report"]),
        (["-"], ["cannot infer a format from -"]),
        (["json"], ["cannot infer a format from json"]),
        (["a.json", "b.yaml"], ["cannot infer a format from b.yaml"]),
        (["a.json", "b.xml", "./a.json"], ["a.json is named twice"]),
        (["x/../a.json", "a.json"], ["a.json is named twice"]),
    ],
)
def test_names_that_make_no_sense_are_refused(
    names: list[str], sentences: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError) as caught:
        check_outputs("check", [Path(name) for name in names], reads=[])
    assert [sentence for sentence in sentences if sentence not in str(caught.value)] == []
    check_outputs("check", [Path("a.json"), Path("a.sarif"), Path("x/a.json"), Path("b.json")], reads=[Path("c.json")])
    assert list(tmp_path.iterdir()) == []


def test_they_are_refused_before_anything_is_judged(tmp_path: Path) -> None:
    assert_refused(command("check", "nowhere", "--output", tmp_path / "report.pdf"), "report.pdf: use one of these")
    assert list(tmp_path.iterdir()) == []


def test_what_the_run_reads_is_never_written_over(tmp_path: Path) -> None:
    state, config = tmp_path / "state.json", tmp_path / "config.json"
    state.write_text(STATE.read_text())
    config.write_text("{}")
    assert_refused(command("check", state, "--output", state), "state.json is read by this run")
    arguments = ("--policy-config", config, "--output", tmp_path / "x/../config.json")
    assert_refused(command("check", state, *arguments), "config.json is read by this run")
    assert (state.read_text(), config.read_text()) == (STATE.read_text(), "{}")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "report.json"
    folder.mkdir()
    result = command("check", "nowhere", "--output", folder)
    assert (result.returncode, result.stdout) == (2, "")
    assert "is a directory" in result.stderr


def test_what_cannot_be_written_is_no_violation(tmp_path: Path) -> None:
    (tmp_path / "report.json").symlink_to("/dev/full")
    result = process("check", STATE, *TODAY, "--output", tmp_path / "report.json")
    assert_refused(result, f"cannot write {tmp_path / 'report.json'}: No space left on device")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("full.json", "No space left on device"),
        ("file/report.json", "File exists"),
        ("file/folder/report.json", "Not a directory"),
        (f"{'x' * 300}.json", "File name too long"),
        ("/proc/report.json", ""),
    ],
)
def test_a_file_that_cannot_be_written_leaves_nothing(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "full.json").symlink_to("/dev/full")
    (tmp_path / "file").write_text("mine")
    refused = pytest.raises(OutputError, match=f"^cannot write {tmp_path / name}: {why}")
    with refused, replacing(tmp_path / name) as part:
        part.write_text("text")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "full.json"]
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_behind_standard_output() -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "policypack", "check", str(STATE), "--format", "sarif"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (result.returncode, result.stderr) == (2, "error: cannot write the report: No space left on device\n")


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_schemas_can_be_had(product: Product) -> None:
    result = command("report-schema", product)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == schema_of(product)


def test_the_schema_of_check_is_the_default() -> None:
    assert json.loads(command("report-schema").stdout) == schema_of("check")
