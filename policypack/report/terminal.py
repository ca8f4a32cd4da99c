"""The report for a person at a terminal, and plain text when it is piped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from policypack.evaluate import Finding, Report, RuleReport, Status
from policypack.rule import Level

_STATUSES: Final[tuple[Status, ...]] = ("passed", "failed", "undecided", "not applicable")
_STYLES: Final[dict[Status, str]] = {
    "passed": "green",
    "failed": "red",
    "undecided": "yellow",
    "not applicable": "dim",
}
_LEVEL_STYLES: Final[dict[Level, str]] = {"mandatory": "bold red", "advisory": "bold yellow", "disabled": "dim"}
_PIPED_WIDTH: Final = 1000


def make_console(color: str) -> Console:
    """The console for standard output.

    Args:
        color: `always`, `never`, or `auto`: colors in a terminal only, and none with `NO_COLOR`.
    """
    console = Console(
        highlight=False,
        soft_wrap=True,
        force_terminal=True if color == "always" else None,
        no_color=True if color == "never" else None,
    )
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def print_report(console: Console, subject: str, report: Report, notes: Iterable[str] = ()) -> None:
    """Prints the findings by resource, the undecided ones, a line a rule, and a summary.

    Args:
        console: where to print.
        subject: what was judged.
        report: the verdicts.
        notes: what the reader has to know about this run.
    """
    console.print(Text(subject, "bold"))
    for note in notes:
        console.print(Text(f"Note: {note}", "dim"))
    _print_findings(console, report.with_status("failed"), _problems)
    undecided = report.with_status("undecided")
    if undecided:
        console.print()
        console.print(Text("Undecided", _STYLES["undecided"]))
        _print_findings(console, undecided, _reasons)
    console.print()
    console.print(_rule_table(report))
    console.print()
    console.print(_summary(report))


def _print_findings(console: Console, findings: Iterable[Finding], lines: Callable[[Finding], Iterable[str]]) -> None:
    by_resource: dict[str, list[Finding]] = {}
    for finding in findings:
        by_resource.setdefault(finding.urn, []).append(finding)
    for urn in sorted(by_resource):
        first = by_resource[urn][0]
        console.print()
        console.print(Text.assemble((first.name, "bold"), f"  {first.type}"))
        for finding in by_resource[urn]:
            console.print(
                Text.assemble(
                    f"  {finding.rule.name}  ",
                    (finding.level, _LEVEL_STYLES[finding.level]),
                    f", severity {finding.rule.severity}",
                )
            )
            for line in lines(finding):
                console.print(Text(f"    {line}"))


def _problems(finding: Finding) -> Iterable[str]:
    for problem in finding.problems:
        yield f"Observed: {problem.observed}"
        yield f"Required: {problem.required}"
        yield f"Fix:      {problem.fix}"
    yield f"See:      {finding.rule.url}"


def _reasons(finding: Finding) -> Iterable[str]:
    return (f"Because {reason}." for reason in finding.reasons)


def _rule_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Rule", no_wrap=True)
    table.add_column("Level", no_wrap=True)
    for status in _STATUSES:
        table.add_column(status.capitalize(), justify="right", no_wrap=True)
    for rule in report.rules:
        level = Text(rule.level, _LEVEL_STYLES[rule.level] if rule.with_status("failed") else "")
        table.add_row(rule.rule.name, level, *(_count(rule, status) for status in _STATUSES))
    return table


def _count(rule: RuleReport, status: Status) -> Text:
    number = len(rule.with_status(status))
    return Text(str(number), _STYLES[status]) if number else Text("-", "dim")


def _summary(report: Report) -> Text:
    findings = [finding for rule in report.rules for finding in rule.findings]
    if not findings:
        return Text("Nothing was judged: there is no backend service that the rules select.", "yellow")
    failed, undecided = report.with_status("failed"), report.with_status("undecided")
    mandatory = sum(finding.level == "mandatory" for finding in failed)
    counts = f"{_plural(len(failed), 'violation')} ({mandatory} mandatory), {len(undecided)} undecided"
    judged = _plural(len({finding.urn for finding in findings}), "resource")
    style = "red" if mandatory else "yellow" if failed or undecided else "green"
    return Text(f"{counts}, in {judged} judged by {_plural(len(report.rules), 'rule')}.", style)


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
