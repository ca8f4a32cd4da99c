"""The report in a terminal: what comes first, what is said once, and how lines are broken."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from rich.console import Console

from policypack.evaluate import Finding
from policypack.findings.groups import groups_of
from policypack.judgement import Results
from policypack.report.check.terminal import print_report
from policypack.report.console import make_console
from policypack.report.source_line import source_line
from policypack.verdict import Problem
from tests.report.made import BY_NAME, FAIL, HOSTILE, made_finding, made_results

LONG = Problem(
    "It has no `outlier_detection`, and nothing else that tells servers apart which answer from those that do not.",
    "Outlier detection.",
    'Set `outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50}`, and look at the log.',
)


def printed(results: Results, width: int = 1000) -> list[str]:
    file = io.StringIO()
    print_report(Console(file=file, width=width, highlight=False, soft_wrap=True), results)
    return file.getvalue().splitlines()


def many(number: int) -> list[Finding]:
    """Findings of every rule in turn, each about a resource of its own, in the least useful order."""
    rules = sorted(BY_NAME.values(), key=lambda rule: ("low", "medium", "high", "critical").index(rule.severity))
    found = []
    for index in range(number):
        rule = rules[index * len(rules) // number]
        fail = Problem(f"It is {index}.", LONG.required, LONG.fix)
        found.append(made_finding(rule.name, f"chat{index}", problems=(fail,), level=rule.level))
    return found


def headings(lines: Iterable[str]) -> list[str]:
    """The severities of findings, in the order in which they are printed."""
    starts = ("critical  ", "high  ", "medium  ", "low  ")
    return [line.split()[0] for line in lines if line.startswith(starts)]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("number", [1, 20, 200])
def test_the_first_critical_finding_is_within_ten_lines(number: int, width: int) -> None:
    lines = printed(made_results(many(number)), width)
    [first, *_] = [index for index, line in enumerate(lines, 1) if line.startswith(headings(lines)[0])]
    assert first <= 10
    assert number == 1 or headings(lines)[0] == "critical"


@pytest.mark.parametrize("number", [1, 20, 200])
def test_findings_are_ordered_by_severity(number: int) -> None:
    order = ("critical", "high", "medium", "low")
    found = headings(printed(made_results(many(number))))
    assert found == sorted(found, key=order.index)
    assert len(found) == number


def test_within_a_severity_what_is_mandatory_comes_first_then_by_resource() -> None:
    findings = [
        made_finding("backend-cloud-armor", "a", problems=(FAIL,), level="advisory"),
        made_finding("backend-cloud-armor", "c", problems=(FAIL,)),
        made_finding("llm-backend-timeout", "b", problems=(LONG,)),
        made_finding("llm-backend-regions", "z", problems=(FAIL,), level="advisory"),
    ]
    names = [group.first.name for group in groups_of(findings)]
    assert names == ["z", "b", "c", "a"]


@pytest.mark.parametrize("width", [80, 120])
def test_lines_are_broken_with_their_indent_and_never_in_code(width: int) -> None:
    lines = printed(made_results([made_finding(problems=(LONG,))]), width)
    assert [line for line in lines if len(line) > width and "https://" not in line] == []
    start = next(index for index, line in enumerate(lines) if line.startswith("  Observed: "))
    assert lines[start + 1].startswith("    ")
    assert any('`outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50}`' in line for line in lines)


def test_without_findings_the_summary_is_said_once() -> None:
    assert printed(made_results([made_finding()], title="made")) == [
        "made: 1 resource",
        "",
        "0 violations (0 mandatory), 0 undecided, in 1 resource judged by 1 rule.",
    ]


def test_the_summary_and_what_to_do_first_are_at_both_ends() -> None:
    lines = printed(made_results(many(20)), 80)
    summary = next(line for line in lines if "violations (" in line)
    assert [index for index, line in enumerate(lines) if line == summary] == [1, len(lines) - 2]
    top, bottom = (index for index, line in enumerate(lines) if line == "First:")
    assert [line[:2] for line in lines[top + 1 : top + 5]] == ["1.", "2.", "3.", ""]
    assert all(len(line) <= 80 for line in lines[top : top + 4])
    assert {line[:2] for line in lines[bottom + 1 : -2]} == {"1.", "2.", "3.", "  "}


def test_a_long_or_hostile_name_takes_one_line_of_the_list_at_the_top() -> None:
    findings = [made_finding(name=f"{HOSTILE * 30}{n}", problems=(Problem(f"{n}", "r", f"f{n}"),)) for n in range(5)]
    lines = printed(made_results(findings), 80)
    top = lines.index("First:")
    assert [line[:2] for line in lines[top + 1 : top + 5]] == ["1.", "2.", "3.", ""]
    assert all(len(line) <= 80 for line in lines[top : top + 4])


def test_what_the_run_fails_for_is_done_first() -> None:
    advice = [
        made_finding("llm-backend-regions", f"chat{n}", problems=(Problem(f"{n}", "r", f"Do {n}."),), level="advisory")
        for n in range(4)
    ]
    blocking = made_finding("llm-backend-timeout", "embed", problems=(FAIL,))
    lines = printed(made_results([*advice, blocking]))
    assert lines[lines.index("First:") + 1] == "1. `embed`: Make it other."


def test_one_thing_to_do_about_several_resources_is_one_line() -> None:
    findings = [made_finding(name=f"chat{n}", problems=(Problem(f"It is {n}.", "r", "Do it."),)) for n in range(4)]
    zones = made_finding("llm-backend-zones", "embed", problems=(FAIL,))
    lines = printed(made_results([*findings, zones]))
    top = lines.index("First:")
    assert lines[top + 1 : top + 4] == ["1. `chat0` and 3 others: Do it.", "2. `embed`: Make it other.", ""]


def test_a_list_of_what_to_do_that_has_everything_is_left_out() -> None:
    assert "First:" not in printed(made_results(many(3)))
    assert "First:" in printed(made_results(many(4)))


def test_the_rules_are_listed_on_demand() -> None:
    results = made_results([made_finding(problems=(FAIL,))])
    assert not any(line.startswith("Rule ") for line in printed(results))
    assert any(line.startswith("Rule ") for line in printed(dataclasses.replace(results, detail="verbose")))


# What is alike


def group_names(*findings: Finding) -> list[list[str]]:
    return [[finding.name for finding in group.findings] for group in groups_of(findings)]


def says(name: str, observed: str, rule: str = "llm-backend-regions", **more: str) -> Finding:
    return made_finding(rule, name, problems=(Problem(observed, "r", "f"),), **more)


@pytest.mark.parametrize(
    ("what", "first", "second", "is_one"),
    [
        ("same words", says("a", "It is so."), says("b", "It is so."), True),
        ("own names", says("a", "`a` is so."), says("b", "`b` is so."), True),
        ("regions", says("v-us-east1", "`x-us-east1` is."), says("v-us-west1", "`x-us-west1` is."), True),
        ("zones", says("v-us-east1-b", "In us-east1-b."), says("v-us-east1-c", "In us-east1-c."), True),
        ("turns", says("v-0", "`x-0` is."), says("v-1", "`x-1` is."), True),
        ("another value", says("v-0", "`max=0` is."), says("v-1", "`max=1` is."), False),
        ("another region", says("v-us-east1", "In `us-east1`."), says("v-us-west1", "In `us-east1`."), False),
        ("a number in a region", says("v-1", "In `us-east1`."), says("v-2", "In `us-east1`."), True),
        ("another resource", says("a", "`x` is so."), says("b", "`y` is so."), False),
        ("another rule", says("a", "x"), says("b", "x", "llm-backend-zones"), False),
        ("another level", says("a", "x"), says("b", "x", level="advisory"), False),
        ("undecided", made_finding(reasons=("x",)), made_finding(name="b", problems=(FAIL,)), False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_one_finding(what: str, first: Finding, second: Finding, is_one: bool) -> None:
    names = [[first.name, second.name]] if is_one else [[first.name], [second.name]]
    assert sorted(group_names(first, second)) == sorted(names)


def test_a_group_lists_its_resources_and_says_whose_words_it_uses() -> None:
    literal = printed(made_results([says("a", "It is so."), says("b", "It is so.")]))
    assert "  a, b  gcp:compute/backendService:BackendService" in literal
    assert not any("stands for all" in line for line in literal)
    own = printed(made_results([says("a", "`a` is so."), says("b", "`b` is so.")]))
    assert "  Observed: `a` is so." in own
    assert "  `a` stands for each of them here." in own


@pytest.mark.parametrize(
    ("number", "listed"),
    [(1, "chat0"), (13, ", ".join(f"chat{n}" for n in range(13)))],
    ids=["one", "as many as fit"],
)
def test_few_resources_of_a_group_are_all_named(number: int, listed: str) -> None:
    found = [made_finding(name=f"chat{n}", problems=(FAIL,), urn=f"urn-{n:03}") for n in range(number)]
    assert any(line.startswith(f"  {listed}  gcp") for line in printed(made_results(found)))


def test_very_many_resources_of_a_group_are_named_on_demand() -> None:
    found = [made_finding(name=f"chat{n}", problems=(FAIL,), urn=f"urn-{n:03}") for n in range(100)]
    first = ", ".join(f"chat{n}" for n in range(12))
    assert any(line.startswith(f"  {first} and 88 more (--verbose)  gcp") for line in printed(made_results(found)))
    in_full = printed(dataclasses.replace(made_results(found), detail="verbose"))
    assert any("chat98, chat99  gcp" in line for line in in_full)


def test_what_is_undecided_says_what_to_do() -> None:
    lines = printed(made_results([made_finding(reasons=("`mode` is not known",))]))
    start = lines.index("Undecided")
    assert lines[start + 1].startswith("If a reason names a computed property, replace it")
    assert "  Undecided: `mode` is not known." in lines[start:]


# The line of the program


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("gcp.compute.BackendService(", "gcp.compute.BackendService("),
        ("    chat = gcp.compute.BackendService('chat', ", "chat = gcp.compute.BackendService('chat',"),
        ('chat = service("chat", token="hunter2")', 'chat = service("chat", …'),
        ('make("hunter2", name="chat")', "make(…"),
        ('make(8123, "chat")', "make(…"),
        ('make(f"chat-{region}", x)', 'make(f"chat-{region}", …'),
        ('make(f"hunter2", x)', "make(…"),
        ('x["hunter2"] = make("chat")', 'x["…"] = make("chat")'),
        ("value = 'hunter2'", ""),
        ("port=8123,", ""),
        ("", ""),
    ],
)
def test_a_line_of_the_program_shows_no_value(tmp_path: Path, code: str, shown: str) -> None:
    file = tmp_path / "__main__.py"
    file.write_text(f"import pulumi\n{code}\n")
    assert source_line(str(file), 2, "chat") == shown


def test_a_line_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "__main__.py"
    file.write_bytes(b"\xff\xfe(\n")
    assert source_line(str(file), 9, "chat") == ""
    assert source_line(str(tmp_path / "none.py"), 1, "chat") == ""
    assert source_line(str(tmp_path), 1, "chat") == ""


# Width


@pytest.mark.parametrize(("columns", "width"), [("80", 80), ("", 1000), ("wide", 1000), (None, 1000)])
def test_piped_lines_are_broken_where_that_is_asked_for(
    columns: str | None, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert make_console("never").width == width
