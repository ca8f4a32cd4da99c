"""What an audit writes: terminal, JSON, Parquet and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from policypack.audit.results import AuditResults
from policypack.report.audit.csv_rows import Row
from policypack.report.formats import check_outputs, schema_of, write_report
from policypack.report.writing import OutputError
from tests.audit.states import BAD, EMPTY, GOOD, ONE_RULE, TODAY, audited, checkpoint, put, service
from tests.report.test_json_document import closed

WAIVERS = [{"resource": "rerank", "reason": "soon", "owner": "search", "expires": "2026-12-31"}]
CONFIG = {
    **ONE_RULE,
    "llm-backend-regions": {"enforcementLevel": "mandatory", "waivers": WAIVERS},
    "load-balancer-product": "advisory",
}
WRONG_PRODUCT = service("embed", 2)
WRONG_PRODUCT["inputs"] = {**WRONG_PRODUCT["inputs"], "protocol": "UDP"}
STATES = {
    "bad.json": checkpoint(service("=cmd()", 1), service("chat", 1), service("rerank", 1)),
    "advisory.json": checkpoint(WRONG_PRODUCT),
    "good.json": GOOD,
    "empty.json": EMPTY,
    "broken.json": b"{",
}

STRICT = Draft202012Validator(closed(schema_of("audit")), format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.fixture
def states(tmp_path: Path) -> Path:
    return put(tmp_path / "states", STATES)


def written(results: AuditResults, file: Path) -> bytes:
    write_report("audit", file, results)
    return file.read_bytes()


def test_a_row_a_finding(states: Path, tmp_path: Path) -> None:
    with audited(states, journal=tmp_path / "j", config=CONFIG) as results:
        write_report("audit", tmp_path / "new" / "f.parquet", results)
        text = written(results, tmp_path / "f.csv").decode()
    table = pq.read_table(tmp_path / "new" / "f.parquet")
    assert table.column_names == list(Row._fields)
    found = table.to_pylist()
    assert {row["audit_date"] for row in found} == {TODAY} == {date(2026, 6, 30)}
    identified = [
        (row["stack_url"].rpartition("/")[2], row["status"], row["rule"], row["resource_name"]) for row in found
    ]
    assert identified == [
        ("bad.json", "failed", "llm-backend-regions", "=cmd()"),
        ("bad.json", "failed", "llm-backend-regions", "chat"),
        ("bad.json", "waived", "llm-backend-regions", "rerank"),
        ("advisory.json", "failed", "load-balancer-product", "embed"),
        ("broken.json", "unreadable", None, None),
    ]
    chat = found[1]
    assert chat["observed"] == "All backends are in one region (`us-central1`)."
    assert (chat["level"], chat["severity"], chat["project"], chat["stack"]) == ("mandatory", "critical", "llm", "dev")
    assert chat["reasons"] is None
    assert found[2]["waiver"] == "in force until 2026-12-31, owner search: soon"
    assert found[4]["reasons"].startswith("it is not JSON")

    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == list(Row._fields)
    # The same, but for what a spreadsheet would run.
    expected = [["" if value is None else str(value) for value in row.values()] for row in found]
    assert expected[0][10] == "=cmd()"
    expected[0][10] = "'=cmd()"
    assert rows[1:] == expected


def test_no_finding_is_no_row(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {"good.json": GOOD})
    with audited(states, journal=tmp_path / "j") as results:
        write_report("audit", tmp_path / "f.parquet", results)
        assert written(results, tmp_path / "f.csv").decode().splitlines() == [",".join(Row._fields)]
    assert pq.read_table(tmp_path / "f.parquet").num_rows == 0
    assert pq.read_table(tmp_path / "f.parquet").column_names == list(Row._fields)


def test_the_json_document(states: Path, tmp_path: Path) -> None:
    with audited(states, journal=tmp_path / "before", config=CONFIG):
        pass
    (states / "good.json").write_bytes(BAD)
    (states / "advisory.json").write_bytes(GOOD)
    (states / "empty.json").unlink()
    (states / "new.json").write_bytes(EMPTY)
    with audited(states, journal=tmp_path / "j", config=CONFIG, baseline=tmp_path / "before") as results:
        document = json.loads(written(results, tmp_path / "r.json"))
    assert [error.message for error in STRICT.iter_errors(document)] == []
    assert document["schemaVersion"] == "2.1"
    assert document["today"] == "2026-06-30"
    assert document["targets"] == [{"target": f"file://{states}", "stacks": 5, "error": None}]
    assert document["summary"] == {
        "stacks": 5,
        "resources": 5,
        "stacksByStatus": {
            "violations": 2,
            "advisories": 0,
            "undecided": 0,
            "compliant": 1,
            "nothingToJudge": 1,
            "unreadable": 1,
        },
        "mandatoryViolations": 3,
        "advisoryViolations": 0,
        "undecided": 0,
        "waived": 1,
    }
    assert [
        (rule["rule"], rule["level"], rule["violatingStacks"], rule["counts"]["failed"]) for rule in document["rules"]
    ] == [
        ("llm-backend-regions", "mandatory", 2, 3),
        ("load-balancer-product", "advisory", 0, 0),
    ]
    worst, *_ = document["stacks"]
    assert [stack["status"] for stack in document["stacks"]] == [
        "violations",
        "violations",
        "compliant",
        "unreadable",
        "nothingToJudge",
    ]
    counts = {"failed": 2, "undecided": 0, "waived": 1, "passed": 0, "notApplicable": 0}
    assert [rule["counts"] for rule in worst["rules"] if rule["rule"] == "llm-backend-regions"] == [counts]
    assert [finding["name"] for finding in worst["findings"]] == ["=cmd()", "chat", "rerank"]
    assert [finding["name"] for finding in document["changes"]["newFindings"]] == ["chat"]
    assert [finding["name"] for finding in document["changes"]["fixedFindings"]] == ["embed"]
    assert [url.rpartition("/")[2] for url in document["changes"]["newStacks"]] == ["new.json"]
    assert [url.rpartition("/")[2] for url in document["changes"]["goneStacks"]] == ["empty.json"]
    assert document["changes"]["isJudgedAlike"] is True


def test_the_text(states: Path, tmp_path: Path) -> None:
    with audited(states, journal=tmp_path / "before", config=CONFIG):
        pass
    (states / "good.json").write_bytes(BAD)
    with audited(states, journal=tmp_path / "j", config=CONFIG, baseline=tmp_path / "before") as results:
        text = written(results, tmp_path / "r.txt").decode().replace(f"file://{states}", "S")
    # Columns are as wide as their longest text.
    assert [re.sub("  +", "  ", line.rstrip()) for line in text.splitlines()] == [
        "S: 5 stacks",
        "",
        "Mandatory  Advisory  Undecided  Waived  Worst stacks",
        "  2  -  -  1  S/bad.json",
        "  1  -  -  -  S/good.json",
        "  -  1  -  -  S/advisory.json",
        "",
        "Stacks  Violations  Undecided  Waived  Passed  Rules",
        "  2  3  -  1  1  llm-backend-regions  mandatory",
        "  1  1  -  -  4  load-balancer-product  advisory",
        "",
        "Unreadable stacks: 1",
        "  S/broken.json: it is not JSON, or is cut off: Expecting property name enclosed in double quotes in"
        " line 1, column 2. It must be a state. Export the stack again: `pulumi stack export > state.json`.",
        "",
        "New violations: 1",
        "  llm-backend-regions  mandatory, severity critical: chat in S/good.json",
        "",
        "5 stacks: 2 with mandatory violations, 1 with advisory violations only, 1 with nothing to judge,"
        " 1 unreadable. 4 violations (3 mandatory), 0 undecided, 1 waived.",
    ]


def test_a_long_list_says_how_much_is_left_out(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {f"{i}.json": BAD if i % 2 else b"{" for i in range(50)})
    with audited(states, journal=tmp_path / "j") as results:
        text = written(results, tmp_path / "r.txt").decode()
    assert text.count("and 5 more stacks; `--output FILE.json` writes all") == 1
    assert text.count("and 5 more lines; `--output FILE.json` writes all") == 1


def test_a_name_that_says_no_format(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"use one of these extensions: .*\.parquet \(parquet\)"):
        check_outputs("audit", [tmp_path / "findings.xlsx"], [])
