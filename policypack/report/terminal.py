"""The report for a person at a terminal, and plain text when it is piped."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from policypack.evaluate import Finding, Report, RuleReport, Status, WaiverState, WaiverUse
from policypack.rule import Level, quoted

from .results import Results

_STATUSES: Final[tuple[Status, ...]] = ("passed", "failed", "undecided", "waived", "not applicable")
_STYLES: Final[dict[Status, str]] = {
    "passed": "green",
    "failed": "red",
    "undecided": "yellow",
    "waived": "cyan",
    "not applicable": "dim",
}
LEVEL_STYLES: Final[dict[Level, str]] = {"mandatory": "bold red", "advisory": "bold yellow", "disabled": "dim"}
_WAIVER_STYLES: Final[dict[WaiverState, str]] = {"in force": "cyan", "expired": "red", "unused": "yellow"}
_COVERS: Final[dict[WaiverState, str]] = {"in force": "Waives", "expired": "Stands"}
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


def render(results: Results) -> str:
    """The report as plain text."""
    return _as_text(lambda console: print_report(console, results))


def findings_text(findings: Collection[Finding]) -> str:
    """Findings by resource as plain text, violations with what was observed and its fix."""
    failed = [finding for finding in findings if finding.status == "failed"]
    others = [finding for finding in findings if finding.status == "undecided"]
    return _as_text(lambda console: _print_failed_and_undecided(console, failed, others))


def _as_text(fill: Callable[[Console], None]) -> str:
    text = io.StringIO()
    fill(Console(file=text, highlight=False, soft_wrap=True, no_color=True, width=_PIPED_WIDTH))
    return text.getvalue()


def print_report(console: Console, results: Results) -> None:
    """Prints the findings by resource, the undecided ones, the waivers, a line a rule, and a summary."""
    report = results.report
    console.print(Text(results.subject, "bold"))
    for note in results.notes:
        console.print(Text(f"Note: {note}", "dim"))
    _print_failed_and_undecided(console, report.with_status("failed"), report.with_status("undecided"))
    _print_waivers(console, report.waivers)
    console.print()
    console.print(_rule_table(report))
    console.print()
    console.print(_summary(report))


def _print_failed_and_undecided(console: Console, failed: Iterable[Finding], undecided: Collection[Finding]) -> None:
    _print_findings(console, failed, _problems)
    if undecided:
        console.print()
        console.print(Text("Undecided", _STYLES["undecided"]))
        _print_findings(console, undecided, _reasons)


def _print_findings(console: Console, findings: Iterable[Finding], lines: Callable[[Finding], Iterable[str]]) -> None:
    by_resource: dict[str, list[Finding]] = {}
    for finding in findings:
        by_resource.setdefault(finding.urn, []).append(finding)
    titles = Counter((found[0].name, found[0].type) for found in by_resource.values())
    for urn in sorted(by_resource):
        first = by_resource[urn][0]
        where = f"  {urn}" if titles[first.name, first.type] > 1 else ""
        console.print()
        console.print(Text.assemble((first.name, "bold"), f"  {first.type}{where}"))
        for finding in by_resource[urn]:
            console.print(
                Text.assemble(
                    f"  {finding.rule.name}  ",
                    (finding.level, LEVEL_STYLES[finding.level]),
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
    yield from _expired(finding)
    yield f"See:      {finding.rule.url}"


def _reasons(finding: Finding) -> Iterable[str]:
    yield from (f"Because {reason}." for reason in finding.reasons)
    yield from _expired(finding)


def _expired(finding: Finding) -> Iterable[str]:
    return (f"Waiver:   {waiver.expiry_sentence}" for waiver in finding.expired)


def _print_waivers(console: Console, uses: Iterable[WaiverUse]) -> None:
    ordered = sorted(uses, key=lambda use: list(_WAIVER_STYLES).index(use.state))
    if ordered:
        console.print()
        console.print(Text("Waivers", "bold"))
    for use in ordered:
        expires = f"{'until' if use.state != 'expired' else 'since the end of'} {use.waiver.expires}"
        console.print()
        console.print(
            Text.assemble(
                f"  {use.rule.name}  {use.waiver.resource}  ", (use.state, _WAIVER_STYLES[use.state]), f", {expires}"
            )
        )
        console.print(Text(f"    Owner:    {' '.join(use.waiver.owner.split())}"))
        console.print(Text(f"    Reason:   {' '.join(use.waiver.reason.split())}"))
        if use.findings:
            names = quoted({finding.name for finding in use.findings})
            console.print(Text(f"    {_COVERS[use.state]}:   {names}"))


def _rule_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Rule", no_wrap=True)
    table.add_column("Level", no_wrap=True)
    statuses = [status for status in _STATUSES if status != "waived" or report.with_status("waived")]
    for status in statuses:
        table.add_column(status.capitalize(), justify="right", no_wrap=True)
    for rule in report.rules:
        level = Text(rule.level, LEVEL_STYLES[rule.level] if rule.with_status("failed") else "")
        table.add_row(rule.rule.name, level, *(_count(rule, status) for status in statuses))
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
    waived = report.with_status("waived")
    counts = f"{_plural(len(failed), 'violation')} ({mandatory} mandatory), {len(undecided)} undecided"
    counts += f", {len(waived)} waived" if waived else ""
    judged = _plural(len({finding.urn for finding in findings}), "resource")
    style = "red" if mandatory else "yellow" if failed or undecided else "green"
    return Text(f"{counts}, in {judged} judged by {_plural(len(report.rules), 'rule')}.", style)


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
