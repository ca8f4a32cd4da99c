"""What an audit writes in the formats of `check`: SARIF, JUnit, Markdown and the page."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import pytest

from policypack.audit.results import AuditResults
from policypack.report.audit import html_page, junit, markdown, sarif
from policypack.report.audit.place import path_of
from policypack.report.formats import write_report
from policypack.report.markdown_text import MOST_BYTES
from policypack.wording import printable
from tests.audit.states import BAD, EMPTY, GOOD, audited, checkpoint, put, service
from tests.report.judged import HOSTILE
from tests.report.valid import LOADING, by_class, junit_root, links_of, parsed, sarif_run, text_of

NAME = printable(HOSTILE)
DASH = "\u2013"
REGIONS, PRODUCT = "llm-backend-regions", "load-balancer-product"


def text_in(module: Any, results: AuditResults) -> str:
    return "".join(module.render(results))


# SARIF


def test_sarif_has_a_result_a_finding_the_most_important_first(everything: AuditResults) -> None:
    run = sarif_run(text_in(sarif, everything))
    found = [
        (
            result["ruleId"],
            result["level"],
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].removeprefix("backend/.pulumi/"),
            [logical["name"] for logical in result["locations"][0]["logicalLocations"]],
        )
        for result in run["results"]
    ]
    assert found == [
        (REGIONS, "error", "stacks/llm/bad.json", ["chat", "llm/bad"]),
        (REGIONS, "error", "stacks/llm/bad.json", [NAME, "llm/bad"]),
        (REGIONS, "error", "stacks/llm/good.json", ["chat", "llm/good"]),
        (PRODUCT, "warning", "stacks/llm/advisory.json", ["embed", "llm/advisory"]),
        (f"{REGIONS}/undecided", "note", "stacks/llm/undecided.json", ["chat", "llm/undecided"]),
        (f"{REGIONS}/waived", "note", "stacks/llm/bad.json", ["later", "llm/bad"]),
        (f"{REGIONS}/waived", "note", "stacks/llm/bad.json", ["rerank", "llm/bad"]),
    ]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        REGIONS,
        PRODUCT,
        f"{REGIONS}/undecided",
        f"{REGIONS}/waived",
    ]
    chat, later = run["results"][0], run["results"][5]
    assert chat["message"]["text"] == (
        "llm/bad: chat (gcp:compute/backendService:BackendService). Observed: All backends are in one region "
        "(`us-central1`). Required: Backends in at least 2 regions. Fix: Add a backend in another region to "
        "`backends`, such as a `RegionInstanceGroupManager` there, with a named port, an autoscaler and autohealing of "
        "its own."
    )
    assert chat["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].endswith("::chat")
    assert chat["locations"][0]["logicalLocations"][1]["fullyQualifiedName"].endswith("/llm/bad.json")
    assert [one["justification"] for one in later["suppressions"]] == ["in force until 2026-12-31, owner search: soon"]
    assert "suppressions" not in chat
    (invocation,) = run["invocations"]
    said = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert [text.partition(": it is")[0].rpartition("/")[2] for text in said[1:]] == ["broken.json"]
    assert said[0].startswith("nowhere: there is no file or folder nowhere;")
    assert invocation["executionSuccessful"] is True


def test_sarif_tells_the_same_resource_in_two_stacks_apart(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {"a.json": BAD, "b.json": BAD})
    with audited(states, journal=tmp_path / "j") as results:
        first, second = sarif_run(text_in(sarif, results))["results"]
    assert first["partialFingerprints"] != second["partialFingerprints"]


def test_sarif_keeps_the_most_important_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    states = put(tmp_path / "states", {f"{i}.json": BAD for i in range(5)})
    with audited(states, journal=tmp_path / "j") as results:
        run = sarif_run(text_in(sarif, results))
    assert len(run["results"]) == 3
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "2 results are left out, the least important ones."


def test_an_audit_that_read_nothing_is_no_success_in_sarif(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {"a.json": b"{"})
    with audited(states, journal=tmp_path / "j") as results:
        (invocation,) = sarif_run(text_in(sarif, results))["invocations"]
    assert invocation["executionSuccessful"] is False


PATHS = {
    "gs://bucket/.pulumi/stacks/llm/prod.json": "bucket/.pulumi/stacks/llm/prod.json",
    "s3://bucket/a%20b/x%3F.json?endpoint=s3.test": "bucket/a b/x?.json",
    "azblob://container/x.json?storage_account=a": "container/x.json",
    "pulumi://acme/llm/prod?api=https%3A%2F%2Fpulumi.test": "acme/llm/prod",
    "gs://bucket//a/../../b/./c.json": "bucket/a/b/c.json",
    "file:///somewhere/else/prod.json": "somewhere/else/prod.json",
    "nowhere": "nowhere",
}


@pytest.mark.parametrize(("url", "path"), PATHS.items(), ids=PATHS)
def test_the_path_that_stands_for_a_state(url: str, path: str) -> None:
    assert path_of(url) == path


# JUnit


def outcomes_of(case: Element) -> list[tuple[str, str | None]]:
    return [(child.tag, child.get("type")) for child in case]


def test_junit_has_a_suite_a_stack_and_a_case_a_rule(everything: AuditResults, tmp_path: Path) -> None:
    root = junit_root(text_in(junit, everything))
    where = f"file://{tmp_path}/backend"
    found = [
        (
            str(suite.get("name")).rpartition("/")[2],
            [(case.get("name"), *outcomes_of(case)) for case in suite.iter("testcase")],
        )
        for suite in root
    ]
    assert found == [
        ("llm-backends-gcp", [(where,), ("nowhere", ("error", "target"))]),
        ("bad.json", [(REGIONS, ("failure", "mandatory"))]),
        ("good.json", [(REGIONS, ("failure", "mandatory"))]),
        ("advisory.json", [(PRODUCT, ("skipped", "advisory"))]),
        ("undecided.json", [(REGIONS, ("skipped", "undecided"))]),
        ("broken.json", [("state", ("error", "unreadable"))]),
    ]
    bad = root[1].find("testcase/failure")
    assert bad is not None
    lines = str(bad.text).splitlines()
    kind = "(gcp:compute/backendService:BackendService)."
    assert [line.split(f" {kind} ")[0] for line in lines] == ["chat", NAME, "later", "rerank"]
    assert lines[2].startswith(f"later {kind} Waiver: in force until 2026-12-31, owner search: soon. Observed: All")
    properties = {one.get("name"): one.get("value") for one in root[0].iter("property")}
    assert {name: properties.get(name) for name in ("stacks", "violations", "compliant", "nothing to judge")} == {
        "stacks": "7",
        "violations": "2",
        "compliant": "1",
        "nothing to judge": "1",
    }


def test_junit_says_what_it_leaves_out(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {"a.json": checkpoint(*(service(f"s{i:02}", 1) for i in range(23)))})
    with audited(states, journal=tmp_path / "j") as results:
        root = junit_root(text_in(junit, results))
    lines = str(root[1].findtext("testcase/failure")).splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [f"s{i:02}" for i in range(5)]
    assert lines[-1] == "And 18 further findings."


def test_junit_of_nothing_to_judge_is_no_silent_success(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {"a.json": EMPTY})
    with audited(states, journal=tmp_path / "j") as results:
        root = junit_root(text_in(junit, results))
    assert [outcome for case in root.iter("testcase") for outcome in outcomes_of(case)] == [("skipped", "empty")]


# Markdown


def test_markdown(everything: AuditResults, tmp_path: Path) -> None:
    stacks = f"file://{tmp_path}/backend/.pulumi/stacks/llm"
    text = text_in(markdown, everything).replace(stacks, "S")
    # Long paths are shortened.
    text = re.sub(r"`file:[^`]*…[^`]*/(\w+\.json)`", r"`S/\1`", text)
    assert text.splitlines()[:16] == [
        "<!-- llm-policypack-audit -->",
        "### LLM policy pack, audit: 2 of 7 stacks violate mandatory rules; 1 stack unreadable; 1 target not listed,"
        " or only in part",
        "",
        "7 stacks: 2 with mandatory violations, 1 with advisory violations only, 1 undecided, 1 compliant, 1 with"
        " nothing to judge, 1 unreadable. 4 violations (3 mandatory), 1 undecided, 2 waived. Judged by 2 rules on"
        " 2026-06-30.",
        "",
        "> `nowhere`: there is no file or folder nowhere; give a backend (file:\u200b//, gs:\u200b//, s3:\u200b//,"
        " azblob:\u200b//), an organization of Pulumi Cloud (pulumi:\u200b//ORG), or a file, a folder or a glob of"
        " states",
        "",
        "| stack | mandatory | advisory | undecided | waived |",
        "| --- | --: | --: | --: | --: |",
        "| `llm/bad`<br>`S/bad.json` | **2** | - | - | 2 |",
        "| `llm/good`<br>`S/good.json` | **1** | - | - | - |",
        "| `llm/advisory`<br>`S/advisory.json` | - | 1 | - | - |",
        "| `llm/undecided`<br>`S/undecided.json` | - | - | 1 | - |",
        "",
        "<details>",
        "<summary>Rules that most stacks violate</summary>",
    ]
    assert re.findall("<summary>(.*)</summary>", text) == [
        "Rules that most stacks violate",
        "New violations (1)",
        "New stacks (1)",
        "Gone stacks (1)",
        "Unreadable stacks (1)",
        "Waivers that end within 30 days (1)",
    ]
    for line in (
        "| `llm-backend-regions` | mandatory | 2 | 3 | 1 | 2 | 2 |",
        "- `llm-backend-regions` (mandatory, severity critical): `chat` in `llm/good`. All backends are in one region"
        " (`us-central1`).",
        "- `S/new.json`",
        "- `S/gone.json`",
    ):
        assert line in text.splitlines()
    (waived,) = [line for line in text.splitlines() if "until 2026-07-05" in line]
    assert waived.startswith(
        "- `llm-backend-regions`, `rerank` in `llm/bad`: in force until 2026-07-05, owner search: "
        "x\"'\\</style\\>\\</script\\>\\<script\\>alert(1)"
    )


def test_markdown_stays_below_the_limit(tmp_path: Path) -> None:
    long = HOSTILE * 20
    bad = checkpoint(*(service(f"{long}{i}", 1, project=long, stack=long) for i in range(3)))
    states = put(tmp_path / "states", {f"{i}.json": bad if i % 2 else b"{" for i in range(300)})
    put(tmp_path / "before", {"a.json": GOOD})
    with audited(tmp_path / "before", journal=tmp_path / "b"):
        pass
    with audited(states, journal=tmp_path / "j", baseline=tmp_path / "b") as results:
        text, page = text_in(markdown, results), text_in(html_page, results)
    assert len(text.encode()) < MOST_BYTES
    assert re.search(r"\d+ further stacks are left out here, for GitHub's limit on comments; the JSON", text)
    outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text.replace("\\`", ""), flags=re.DOTALL)
    assert not re.search(r"@team|https://evil|www\.evil", outside_code)
    assert re.findall(r"(?<!\\)<(?!!--|/?details>|/?summary>|br>)|(?<!\\)\]\(", outside_code) == []
    assert {len(re.split(r"(?<!\\)\|", row)) for row in text.splitlines() if row.startswith("| ")} == {7, 9}
    assert len(page.encode()) < 1_000_000
    parsed(page)


# The page


def test_the_page_says_it_all(everything: AuditResults) -> None:
    page = parsed(text_in(html_page, everything))
    assert text_of(page.find(".//h1")) == "2 targets"
    (verdict,) = by_class(page, "verdict")
    assert text_of(verdict) == (
        "2 of 7 stacks violate mandatory rules; 1 stack unreadable; 1 target not listed, or only in part."
    )
    (shares,) = by_class(page, "shares")
    assert [text_of(share) for share in shares] == [
        "2 with mandatory violations",
        "1 with advisory violations only",
        "1 undecided",
        "1 compliant",
        "1 with nothing to judge",
        "1 unreadable",
    ]
    stacks, rules = by_class(page, "rules")
    assert [
        [text_of(row.find("th/details/summary")), *(text_of(cell) for cell in row.findall("td"))]
        for row in stacks.findall("tbody/tr")
    ] == [
        ["llm/bad", "2", DASH, DASH, "2"],
        ["llm/good", "1", DASH, DASH, DASH],
        ["llm/advisory", DASH, "1", DASH, DASH],
        ["llm/undecided", DASH, DASH, "1", DASH],
    ]
    assert [
        [str(row.get("id")), *(text_of(cell) for cell in row.findall("td"))] for row in rules.findall("tbody/tr")
    ] == [
        [f"rule-{REGIONS}", "critical", "mandatory", "2", "3", "1", "2", "2"],
        [f"rule-{PRODUCT}", "critical", "advisory", "1", "1", DASH, DASH, "7"],
    ]
    assert [text_of(one.find("summary")) for one in by_class(page, "others")] == [
        "New violations: 1",
        "New stacks: 1",
        "Gone stacks: 1",
    ]
    (reasons,) = by_class(page, "reasons")
    assert [text_of(one).rpartition("/")[2] for one in reasons.findall("dt")] == ["broken.json"]
    (waivers,) = by_class(page, "waivers")
    (row,) = waivers.findall("tbody/tr")
    assert [text_of(cell) for cell in row][:3] == ["2026-07-05 in 5 days", f"rerank {REGIONS}", "llm/bad"]


def test_the_page_loads_nothing_and_its_links_lead_somewhere(everything: AuditResults) -> None:
    page = parsed(text_in(html_page, everything))
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    documentation = {rule.url for rule in everything.enabled.values()}
    for link in links_of(page):
        assert (link.startswith("#") and link[1:] in ids) or link in documentation or link == "data:,"
    for element in page.iter():
        assert not {str(name) for name in element.attrib} & LOADING
        assert str(element.tag) not in ("script", "iframe", "img", "object")
    (policy,) = [meta.get("content") for meta in page.iter("meta") if meta.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256((next(page.iter("style")).text or "").encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; script-src 'none'"


def test_the_page_is_cut_off_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_STACKS", "MOST_FINDINGS", "MOST_UNREADABLE"):
        monkeypatch.setattr(html_page, name, 2)
    bad = checkpoint(*(service(f"s{i}", 1) for i in range(3)))
    states = put(tmp_path / "states", {f"{i}.json": bad if i % 2 else b"{" for i in range(6)})
    with audited(states, journal=tmp_path / "j") as results:
        text = text_of(parsed(text_in(html_page, results)))
    assert text.count("1 further stack with violations or undecided verdicts would make this page too large") == 1
    assert text.count("and 1 further finding") == 2
    assert text.count("1 further stack would make this page too large: the JSON document has all.") == 1


# Files


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("r.html", "<!DOCTYPE html>"),
        ("r.md", "<!-- llm-policypack-audit -->"),
        ("r.sarif", '{"$schema": '),
        ("r.sarif.json", '{"$schema": '),
        ("R.XML", '<?xml version="1.0"'),
    ],
)
def test_the_name_of_a_file_says_the_format(everything: AuditResults, tmp_path: Path, name: str, start: str) -> None:
    write_report("audit", tmp_path / name, everything)
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


VERDICTS: dict[str, tuple[dict[str, bytes], str]] = {
    "advisory": ({"a.json": GOOD}, "No violations"),
    "nothing to judge": ({"a.json": EMPTY}, "Nothing was judged: no stack has a resource that a rule applies to"),
    "all unreadable": ({"a.json": b"{"}, "Nothing was judged; 1 stack unreadable"),
    "one unreadable": ({"a.json": GOOD, "b.json": b"{"}, "No violations; 1 stack unreadable"),
}


@pytest.mark.parametrize(("states", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict(tmp_path: Path, states: dict[str, bytes], verdict: str) -> None:
    with audited(put(tmp_path / "states", states), journal=tmp_path / "j") as results:
        line = text_in(markdown, results).splitlines()[1]
    assert line == f"### LLM policy pack, audit: {verdict}"


def test_a_hostile_name_of_a_state_is_quoted(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {"a ](b)\r\n#?.json": BAD})
    with audited(states, journal=tmp_path / "j") as results:
        (result,) = sarif_run(text_in(sarif, results))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri).endswith("states/a ](b)\r\n#?.json")
