"""The JSON report is what its schema says, and says what the verdicts are."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from policypack import VERSION
from policypack.authoring.pages import field_table, with_field_tables
from policypack.judgement import Results
from policypack.report.check.json_document import SCHEMA_VERSION, document_of, render
from policypack.report.formats import PRODUCTS, Product, schema_of
from policypack.verdict import Undecided
from policypack.wording import printable
from tests.report.made import FAIL, HOSTILE, WAIVER, hostile_results, made_finding, made_results, many_findings

ROOT = Path(__file__).parent.parent.parent


SCHEMA = schema_of("check")


def closed(part: Any) -> Any:
    """The schema without room for fields that it does not name."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: closed(value) for key, value in part.items()}
    return {**found, "additionalProperties": False} if isinstance(part.get("properties"), dict) else found


STRICT = Draft202012Validator(closed(SCHEMA), format_checker=Draft202012Validator.FORMAT_CHECKER)


def read(results: Results) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(results))
    assert [error.message for error in STRICT.iter_errors(document)] == []
    return document


def test_the_schema_is_one() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def described(part: Any, path: str = "") -> list[str]:
    """The fields that say nothing of what they mean."""
    fields = part.get("properties", {}).items() if isinstance(part, dict) else []
    missing = [f"{path}.{name}" for name, field in fields if not field.get("description") and "$ref" not in field]
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else []
    return missing + [found for key, value in inner for found in described(value, f"{path}.{key}")]


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_field_is_described_and_required(product: Product) -> None:
    schema = schema_of(product)
    Draft202012Validator.check_schema(schema)
    assert described(schema) == []
    assert [part for part in objects(schema) if list(part["properties"]) != part["required"]] == []


def objects(part: Any) -> list[dict[str, Any]]:
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    found = [item for value in inner for item in objects(value)]
    return [part, *found] if isinstance(part, dict) and isinstance(part.get("properties"), dict) else found


def test_the_documentation_has_every_field() -> None:
    text = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    assert text == with_field_tables(text), "docs/formats.md is not what the schema says: run `make docs`"
    assert f"`schemaVersion` is `{SCHEMA_VERSION}`" in text
    assert "| `findings[].problems[].fix` | string | How to fix it. |" in field_table(SCHEMA).splitlines()


def test_a_version_that_adds_fields_fits_the_schema_of_an_older_one(results: Results) -> None:
    document = {**document_of(results), "schemaVersion": "1.7", "more": {"than": "this"}}
    assert Draft202012Validator(SCHEMA).is_valid(document)
    assert not STRICT.is_valid(document)
    assert not Draft202012Validator(SCHEMA).is_valid({**document, "schemaVersion": "2.0"})


def test_the_version_is_that_of_the_pack(results: Results) -> None:
    project = yaml.safe_load((ROOT / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert project["version"] == VERSION
    assert read(results)["tool"] == {"name": "llm-backends-gcp", "version": VERSION}


def test_what_was_judged(results: Results) -> None:
    document = read(results)
    assert document["target"] == {
        "title": "infra, stack cases",
        "kind": "preview",
        "project": "llm",
        "stack": "cases",
        "file": "infra/Pulumi.yaml",
        "resources": len(results.stack.resources),
    }
    assert (document["today"], document["notes"]) == ("2026-06-30", [])


def test_each_finding_is_in_one_place_and_counted_once(results: Results) -> None:
    document = read(results)
    wanted = sorted((finding.rule.name, finding.urn) for rule in results.report.rules for finding in rule.findings)
    listed = sorted((entry["rule"], entry["urn"]) for key in ("findings", "passed") for entry in document[key])
    assert listed == wanted
    for level in ("mandatory", "advisory"):
        statuses = [entry["status"] for entry in document["findings"] if entry["level"] == level]
        by_rule = {rule["name"]: rule["level"] for rule in document["rules"]}
        statuses += ["passed" for entry in document["passed"] if by_rule[entry["rule"]] == level]
        assert document["summary"][level] == {key: statuses.count(key) for key in document["summary"][level]}
    for rule in document["rules"]:
        entries = [entry for entry in document["findings"] if entry["rule"] == rule["name"]]
        statuses = [entry["status"] for entry in entries]
        statuses += ["passed" for entry in document["passed"] if entry["rule"] == rule["name"]]
        assert rule["counts"] == {key: statuses.count(key) for key in rule["counts"]}


def test_what_a_finding_says() -> None:
    findings = [
        made_finding(name="a", problems=(FAIL,), reasons=("r",), expired=(WAIVER,)),
        made_finding(name="b", reasons=("r", "s")),
        made_finding(name="c", problems=(FAIL,), waivers=(WAIVER,)),
        made_finding(name="d", not_applicable="n"),
        made_finding(name="e"),
    ]
    document = read(made_results(findings))
    waiver = {"resource": "*", "reason": "it\nhas to be", "owner": "the  team", "expires": "2026-12-31"}
    fail = {"observed": "It is so.", "required": "It has to be other.", "fix": "Make it other.", "settings": []}
    keys = ("name", "status", "problems", "reasons", "notApplicable", "waivers", "expiredWaivers")
    assert [tuple(entry[key] for key in keys) for entry in document["findings"]] == [
        ("a", "failed", [fail], ["r"], None, [], [waiver]),
        ("b", "undecided", [], ["r", "s"], None, [], []),
        ("c", "waived", [fail], [], None, [waiver], []),
        ("d", "notApplicable", [], [], "n", [], []),
    ]
    assert document["passed"] == [{"rule": "llm-backend-regions", "urn": findings[4].urn}]


def test_each_reason_names_the_property_that_would_decide() -> None:
    reasons = {"`backends` is not known": "backends", "r": "", "`mode` of `a` is not known": "mode"}
    undecided = tuple(Undecided(*reason) for reason in reasons.items())
    finding = made_finding()._replace(undecided=undecided)
    (entry,) = read(made_results([finding]))["findings"]
    assert list(zip(entry["reasons"], entry["unknownProperties"], strict=True)) == list(reasons.items())


def test_waivers_say_what_became_of_them(results: Results) -> None:
    found = [(entry["resource"], entry["state"], entry["urns"]) for entry in read(results)["waivers"]]
    urn = "urn:pulumi:cases::llm::gcp:compute/backendService:BackendService"
    assert found == [
        ("rerank", "inForce", [f"{urn}::rerank"]),
        ("guard", "expired", [f"{urn}::guard"]),
        ("vision-*", "unused", []),
    ]


def test_hostile_text_is_whole_and_no_reader_refuses_it() -> None:
    results = hostile_results()
    text = render(results)
    assert text.isascii()
    document = read(results)
    assert document["findings"][0]["name"] == printable(HOSTILE)
    assert document["findings"][0]["problems"][0]["fix"] == printable(HOSTILE)
    assert document["target"]["title"] == HOSTILE.replace("\ud800", "\\ud800")
    json.dumps(document, ensure_ascii=False).encode("utf-8")


def test_an_empty_stack() -> None:
    document = read(made_results([]))
    assert document["summary"]["judgedResources"] == 0
    assert document["target"]["project"] is document["target"]["stack"] is document["target"]["file"] is None
    assert [document[key] for key in ("rules", "findings", "passed", "waivers")] == [[], [], [], []]


def test_thirty_thousand_findings_take_seconds() -> None:
    results = many_findings(30_000)
    start = time.process_time()
    document = json.loads(render(results))
    assert time.process_time() - start < 60
    assert len(document["findings"]) == 30_000


@pytest.mark.parametrize("part", ["urn", "status", "location"])
def test_the_schema_finds_what_is_missing(part: str, results: Results) -> None:
    document = document_of(results)
    del document["findings"][0][part]
    assert not Draft202012Validator(SCHEMA).is_valid(document)
