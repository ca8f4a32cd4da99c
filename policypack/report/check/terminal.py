"""The report for a person at a terminal, and plain text when it is piped."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from policypack.evaluate import Finding, Report, RuleReport, Status, WaiverState, WaiverUse
from policypack.report.text import nothing_judged, one_line
from policypack.results import Results
from policypack.rule import Level
from policypack.wording import counted, printable, quoted

_STATUSES: Final[tuple[Status, ...]] = ("passed", "failed", "undecided", "waived", "not applicable")
# The table fits into 80 columns.
_HEADINGS: Final[dict[Status, str]] = {"not applicable": "N/A"}
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


def findings_text(results: Results, findings: Collection[Finding]) -> str:
    """Some findings of a run by resource as plain text, violations with what was observed and its fix."""
    failed = [finding for finding in findings if finding.status == "failed"]
    others = [finding for finding in findings if finding.status == "undecided"]
    return _as_text(lambda console: _print_lines(console, _lines(results, failed, others)))


def _as_text(fill: Callable[[Console], None]) -> str:
    text = io.StringIO()
    fill(Console(file=text, highlight=False, soft_wrap=True, no_color=True, width=_PIPED_WIDTH))
    return text.getvalue()


def print_report(console: Console, results: Results) -> None:
    """Prints the findings by resource, the undecided ones, the waivers, a line a rule, and a summary."""
    report = results.report
    _print_lines(console, [((results.subject, "bold"),), *(((f"Note: {note}", "dim"),) for note in results.notes)])
    _print_lines(console, _lines(results, report.with_status("failed"), report.with_status("undecided")))
    _print_lines(console, _waiver_lines(report.waivers))
    console.print()
    console.print(_rule_table(report))
    _print_lines(console, [(), (_summary(report),)])
    if report.with_status("failed") or report.with_status("undecided"):
        _print_lines(console, [("`explain RULE` shows what a rule checks, why, and examples.",)])


# A line in parts, of which some have a style.
_Line: TypeAlias = tuple[str | tuple[str, str], ...]


def _print_lines(console: Console, lines: Iterable[_Line]) -> None:
    if console.is_terminal:
        for line in lines:
            console.print(Text.assemble(*line))
        return
    # Thousands of lines take the library longer than the rules took to find what is in them.
    texts = ("".join(part if isinstance(part, str) else part[0] for part in line) for line in lines)
    console.file.write("".join(f"{printable(text)}\n" for text in texts))


def _lines(results: Results, failed: Iterable[Finding], undecided: Collection[Finding]) -> Iterator[_Line]:
    yield from _finding_lines(results, failed, _problems)
    if undecided:
        yield ()
        yield (("Undecided", _STYLES["undecided"]),)
        yield from _finding_lines(results, undecided, _reasons)


def _finding_lines(
    results: Results, findings: Iterable[Finding], said: Callable[[Finding], Iterable[str]]
) -> Iterator[_Line]:
    by_resource: dict[str, list[Finding]] = {}
    for finding in findings:
        by_resource.setdefault(finding.urn, []).append(finding)
    titles = Counter((found[0].name, found[0].type) for found in by_resource.values())
    for urn in sorted(by_resource):
        first = by_resource[urn][0]
        yield ()
        urn_if_needed = f"  {urn}" if titles[first.name, first.type] > 1 else ""
        yield (first.name, "bold"), f"  {first.type}", urn_if_needed, _place(results, first)
        for finding in by_resource[urn]:
            level = (finding.level, LEVEL_STYLES[finding.level])
            yield f"  {finding.rule.name}  ", level, f", severity {finding.rule.severity}"
            for sentence in said(finding):
                yield (f"    {sentence}",)


def _place(results: Results, finding: Finding) -> str:
    location = results.location_of(finding)
    return f"  {location.path}:{location.line}" if location.line else ""


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


def _waiver_lines(uses: Iterable[WaiverUse]) -> Iterator[_Line]:
    ordered = sorted(uses, key=lambda use: list(_WAIVER_STYLES).index(use.state))
    if ordered:
        yield ()
        yield (("Waivers", "bold"),)
    for use in ordered:
        expires = f"{'until' if use.state != 'expired' else 'since the end of'} {use.waiver.expires}"
        yield ()
        yield f"  {use.rule.name}  {use.waiver.resource}  ", (use.state, _WAIVER_STYLES[use.state]), f", {expires}"
        yield (f"    Owner:    {one_line(use.waiver.owner)}",)
        yield (f"    Reason:   {one_line(use.waiver.reason)}",)
        if use.findings:
            yield (f"    {_COVERS[use.state]}:   {quoted({finding.name for finding in use.findings})}",)


def _rule_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Rule", no_wrap=True)
    table.add_column("Level", no_wrap=True)
    statuses = [status for status in _STATUSES if status != "waived" or report.with_status("waived")]
    for status in statuses:
        table.add_column(_HEADINGS.get(status, status.capitalize()), justify="right", no_wrap=True)
    for rule in report.rules:
        level = Text(rule.level, LEVEL_STYLES[rule.level] if rule.with_status("failed") else "")
        table.add_row(rule.rule.name, level, *(_count(rule, status) for status in statuses))
    return table


def _count(rule: RuleReport, status: Status) -> Text:
    number = len(rule.with_status(status))
    return Text(str(number), _STYLES[status]) if number else Text("-", "dim")


def _summary(report: Report) -> tuple[str, str]:
    findings = [finding for rule in report.rules for finding in rule.findings]
    if not findings:
        return f"{nothing_judged(report)}.", "yellow"
    failed, undecided = report.with_status("failed"), report.with_status("undecided")
    mandatory = sum(finding.level == "mandatory" for finding in failed)
    waived = report.with_status("waived")
    counts = f"{counted(len(failed), 'violation')} ({mandatory} mandatory), {len(undecided)} undecided"
    counts += f", {len(waived)} waived" if waived else ""
    judged = counted(len({finding.urn for finding in findings}), "resource")
    style = "red" if mandatory else "yellow" if failed or undecided else "green"
    return f"{counts}, in {judged} judged by {counted(len(report.rules), 'rule')}.", style
