"""One finding reads the same in every format, whatever the stack says, and the most important comes first."""

from __future__ import annotations

import html
import io
import json
import re
from xml.etree import ElementTree

import pytest
from rich.console import Console

from policypack.evaluate import Finding
from policypack.findings.order import importance
from policypack.pack import _message
from policypack.report.check.terminal import print_report
from policypack.report.formats import render
from policypack.verdict import Undecided
from policypack.wording import lines_of, listed, natural, quoted, title_of, waiver_text
from tests.report.made import FAIL, HOSTILE, WAIVER, hostile_results, made_finding, made_results

FINDINGS = {
    "failed": made_finding(problems=(FAIL,), expired=(WAIVER,)),
    "failed and undecided": made_finding(problems=(FAIL,), reasons=("`mode` is not known",)),
    "undecided": made_finding(reasons=("`mode` is not known", "b")),
    "waived": made_finding(problems=(FAIL,), waivers=(WAIVER,)),
}


def test_what_a_finding_says_in_lines() -> None:
    finding = made_finding(problems=(FAIL,), expired=(WAIVER,))._replace(undecided=(Undecided("r", "mode"),))
    assert lines_of(finding) == (
        "Observed: It is so.",
        "Required: It has to be other.",
        "Fix: Make it other.",
        "Undecided: r.",
        "Waiver: expired after 2026-12-31, owner the team: it has to be.",
    )
    assert lines_of(made_finding(not_applicable="n")) == ("Not applicable: n.",)
    assert lines_of(made_finding(waivers=(WAIVER,))) == (f"Waiver: {waiver_text(WAIVER)}.",)
    assert waiver_text(WAIVER) == "in force until 2026-12-31, owner the team: it has to be"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, ""),
        (1, "a"),
        (2, "a, b"),
        (3, "a, b, c"),
        (4, "a, b and 2 more (see FILE)"),
        (5, "a, b and 3 more (see FILE)"),
    ],
)
def test_of_very_many_the_first_are_listed(number: int, said: str) -> None:
    assert listed("abcde"[:number], 2, " (see FILE)") == said


@pytest.mark.parametrize("finding", FINDINGS.values(), ids=FINDINGS)
def test_a_finding_reads_the_same_in_every_format(finding: Finding) -> None:
    results, lines = made_results([finding]), lines_of(finding)
    (case,) = ElementTree.fromstring("".join(render("check", "junit", results))).iter("testcase")
    (result,) = json.loads("".join(render("check", "sarif", results)))["runs"][0]["results"]
    page = "".join(render("check", "html", results))
    terms = zip(
        re.findall(r"<dt>(\w+)</dt>", page), re.findall(r"<dd(?: class=\"fix\")?>(.*?)</dd>", page), strict=False
    )
    said = {
        "junit": (case[0].text or "").splitlines(),
        "sarif": [line for line in lines if line in result["message"]["text"]],
        "html": [f"{term}: {html.unescape(re.sub('<.*?>', '`', text))}" for term, text in terms][: len(lines)],
        "sdk": _message(finding).splitlines()[:-1],
    }
    if finding.status != "waived":
        text = "".join(render("check", "terminal", results))
        said["terminal"] = [line.strip() for line in text.splitlines() if line.strip() in lines]
    assert said == {name: list(lines) for name in said}


def test_what_a_stack_says_commands_no_terminal() -> None:
    file = io.StringIO()
    print_report(Console(file=file, force_terminal=True, no_color=True, width=10_000), hostile_results())
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", file.getvalue())) <= {"\n", "\x1b"}
    assert set(re.findall(r"\x1b\[[\d;]*m", file.getvalue())) <= {"\x1b[0m", "\x1b[1m", "\x1b[2m"}
    findings = [finding for rule in hostile_results().report.rules for finding in rule.findings]
    assert all(line.isprintable() for finding in findings for line in lines_of(finding))
    assert title_of(made_finding(name=HOSTILE)).isprintable()


def test_the_most_important_comes_first() -> None:
    ordered = [
        made_finding("llm-backend-regions", "b", problems=(FAIL,)),
        made_finding("backend-cloud-armor", "a", problems=(FAIL,)),
        made_finding("backend-cloud-armor", "b", problems=(FAIL,)),
        made_finding("backend-cloud-armor", "b-2", problems=(FAIL,)),
        made_finding("backend-cloud-armor", "b-10", problems=(FAIL,)),
        made_finding("backend-cloud-armor", "b-10-a", problems=(FAIL,)),
        made_finding("backend-cloud-armor", "a", problems=(FAIL,), level="advisory"),
        made_finding("llm-backend-regions", "a", reasons=("r",)),
        made_finding("llm-backend-regions", "a", problems=(FAIL,), waivers=(WAIVER,)),
        made_finding("llm-backend-regions", "a"),
        made_finding("llm-backend-regions", "a", not_applicable="n"),
    ]
    mixed = ordered[::-1]
    assert sorted(mixed, key=importance) == ordered


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["b-1", "b-2", "b-10"], id="numbers count"),
        pytest.param(["zone-1-b", "zone-2-a", "zone-10-a"], id="within names"),
        pytest.param(["7", "a", "b-9876543210987654321098"], id="a long number"),
        pytest.param(["b-01", "b-1", "b-2"], id="leading zeros"),
    ],
)
def test_names_are_listed_as_people_count(names: list[str]) -> None:
    assert sorted({*names}, key=natural) == names
    *most, last = [f"`{name}`" for name in names]
    assert quoted([*names[::-1], *names]) == f"{', '.join(most)} and {last}"
