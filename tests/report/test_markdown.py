"""The comment on a pull request: below GitHub's limit whatever the stack, and names in it are nothing but names."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from policypack.findings.groups import groups_of
from policypack.judgement import Results
from policypack.model.graph.stack import Stack
from policypack.report.check.markdown import MARKER, render
from policypack.report.markdown_text import MOST_BYTES
from policypack.verdict import Problem
from tests.report.every_verdict import PROGRAM
from tests.report.judged import HOSTILE, hostile_results, judged, large_results
from tests.report.made import made_finding, made_results
from tests.stacks import backend, build, check, mig, service

SHAPE = re.compile(r'n\d+\["(?:[A-Za-z0-9 ,.\-]|#\d+;|<br/>)*"\]')
LINES = (
    re.compile(r"flowchart LR"),
    SHAPE,
    re.compile(r'subgraph r\d+\["(?:[A-Za-z0-9 ,.\-]|#\d+;)*"\]'),
    re.compile("end"),
    re.compile(r"n\d+ (?:-->|-\.->) n\d+"),
    re.compile(r"classDef [a-z]+ [a-z0-9#:, -]+"),
    re.compile(r"class n\d+ (?:failed|undecided|waived|outside)"),
)


def diagram_of(text: str) -> list[str]:
    (diagram,) = re.findall(r"^```mermaid\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    return [line.strip() for line in diagram.splitlines()]


def rows_of(text: str) -> list[list[str]]:
    """The cells of all rows of tables: a bar after a backslash is none of a cell."""
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_the_first_line_is_the_marker_and_the_second_the_verdict(results: Results) -> None:
    first, second, *_ = render(results).splitlines()
    assert first == MARKER == "<!-- llm-policypack -->"
    assert second == "### LLM policy pack: 43 violations, 26 of them mandatory; 27 undecided; 1 waived"


def test_every_violation_is_in_a_row_with_its_fix(results: Results) -> None:
    rows = [row for row in rows_of(render(results)) if len(row) == 6 and row[5].startswith("`infra/")]
    failed = results.report.with_status("failed")
    wanted = {(one.name, one.type.rpartition(":")[2], one.rule.name, one.level, one.rule.severity) for one in failed}
    found = [
        (name, row[0].split(" ")[-1], row[1].strip("`"), row[2].strip("*"), row[3])
        for row in rows
        for name in re.findall("`(.*?)`", row[0])
    ]
    assert set(found) == wanted
    assert len(found) == len(wanted) > len(rows)
    assert rows[0][:4] == ["`embed` BackendService", "`llm-backend-regions`", "**mandatory**", "critical"]
    assert rows[0][4].startswith(
        "All backends are in one region (`us-central1`). Fix: Add a backend in another region to `backends`"
    )
    line = PROGRAM[: PROGRAM.index("return gcp.compute.BackendService(")].count("\n") + 1
    assert rows[0][5] == f"`infra/__main__.py:{line}`"


def test_a_stack_without_violations_says_so_and_draws_nothing() -> None:
    group = mig()
    stack = build(group, check(), service([backend(group, maxUtilization=0.7)]))
    text = render(judged(stack, ["llm-backend-max-utilization"]))
    assert text == (
        "<!-- llm-policypack -->\n### LLM policy pack: No violations\n\n"
        "1 rule judged demo: 3 resources, as a first preview, on 2026-06-30.\n"
    )


def test_a_stack_without_services_says_that_nothing_was_judged() -> None:
    assert "Nothing was judged: there is no backend service that the rules select" in render(judged(Stack()))


def test_the_diagram_has_the_paths_and_their_verdicts(results: Results) -> None:
    lines = diagram_of(render(results))
    assert lines[:4] == [
        "flowchart LR",
        'n0["front end chat"]',
        'n1["target proxy chat<br/>1 violation, 1 undecided"]',
        'n2["URL map chat"]',
    ]
    assert 'n11["backend service draft<br/>3 violations, 19 undecided"]' in lines
    assert {"n0 --> n1", "n1 --> n2", "n2 --> n3", "n11 -.-> n6", "class n3 failed", "class n12 outside"} <= set(lines)
    assert all(any(pattern.fullmatch(line) for pattern in LINES) for line in lines)


def test_a_hostile_name_is_nothing_but_a_name() -> None:
    text = render(hostile_results())
    assert all(any(pattern.fullmatch(line) for pattern in LINES) for line in diagram_of(text))
    assert {len(row) for row in rows_of(text)} == {6}
    outside_code = re.sub(r"```mermaid.*?```|(`+)(?!`).*?(?<!`)\1(?!`)", "", text.replace("\\`", ""), flags=re.DOTALL)
    assert "@team" not in outside_code
    assert "https://evil" not in outside_code
    assert "www.evil" not in outside_code
    assert re.findall(r"(?<!\\)<(?!!--|/?details>|/?summary>|br/>)", outside_code) == []
    assert re.findall(r"(?<!\\)\]\((?!https://cloud\.google\.com/)", outside_code) == []
    assert all(c in "\n\u200b" or c.isprintable() for c in text)
    assert HOSTILE not in text


def different(number: int, name: str = "chat") -> Results:
    """As many violations, none of which is like another."""
    said = [Problem(f"`{n}` {'is so ' * 30}", "It has to be other.", f"Make `{n}` other.") for n in range(number)]
    return made_results([made_finding(name=f"{name}{n}", problems=(fail,)) for n, fail in enumerate(said)])


@pytest.mark.parametrize(
    "results_of",
    [
        lambda: large_results(300),
        lambda: large_results(40, name="é|" * 2000),
        lambda: different(2000),
        lambda: different(200, name="é|" * 2000),
    ],
    ids=["alike", "alike, with long names", "different", "different, with long names"],
)
def test_a_large_stack_stays_below_the_limit_and_says_what_is_left_out(results_of: Callable[[], Results]) -> None:
    results = results_of()
    text = render(results)
    assert len(text.encode()) < MOST_BYTES
    groups = groups_of(results.report.with_status("failed"))
    shown = len([row for row in rows_of(text) if len(row) == 6 and row[2] in ("**mandatory**", "advisory")])
    left_out = sum(len(group.findings) for group in groups[shown:])
    assert 0 < shown <= len(groups)
    assert (f"{left_out} further violations are left out here" in text) == (left_out > 0)
    assert left_out > 0 or len(groups) < 100
    assert text.count("<details>") == text.count("</details>")
