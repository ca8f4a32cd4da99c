"""The report for a person at a terminal, and plain text when it is piped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from policypack.evaluate import Finding, Report, RuleReport, Status, WaiverState, WaiverUse
from policypack.judgement import Results
from policypack.order import waiver_importance
from policypack.report.check.verdicts import count_verdicts, nothing_judged
from policypack.report.console import LEVEL_STYLES, plain_text
from policypack.wording import counted, lines_of, printable, quoted, verdicts_text, waiver_text

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
_WAIVER_STYLES: Final[dict[WaiverState, str]] = {"in force": "cyan", "expired": "red", "unused": "yellow"}
_COVERS: Final[dict[WaiverState, str]] = {"in force": "Waives", "expired": "Stands"}


def render(results: Results) -> str:
    """The report as plain text."""
    return plain_text(lambda console: print_report(console, results))


def findings_text(results: Results, findings: Collection[Finding]) -> str:
    """Some findings of a run by resource as plain text, violations with what was observed and its fix."""
    failed = [finding for finding in findings if finding.status == "failed"]
    others = [finding for finding in findings if finding.status == "undecided"]
    return plain_text(lambda console: _print_lines(console, _lines(results, failed, others)))


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
    styled = ([(part, "") if isinstance(part, str) else part for part in line] for line in lines)
    printed = ([(printable(text), style) for text, style in line] for line in styled)
    if console.is_terminal:
        for line in printed:
            console.print(Text.assemble(*line))
        return
    # Thousands of lines take the library longer than the rules took to find what is in them.
    console.file.write("".join(f"{''.join(text for text, _ in line)}\n" for line in printed))


def _lines(results: Results, failed: Iterable[Finding], undecided: Collection[Finding]) -> Iterator[_Line]:
    yield from _finding_lines(results, failed)
    if undecided:
        yield ()
        yield (("Undecided", _STYLES["undecided"]),)
        yield from _finding_lines(results, undecided)


def _finding_lines(results: Results, findings: Iterable[Finding]) -> Iterator[_Line]:
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
            yield f"  {finding.rule.name}  ", level, f", severity {finding.severity}"
            see = [f"See {finding.rule.url}"] if finding.status == "failed" else []
            yield from ((f"    {line}",) for line in (*lines_of(finding), *see))


def _place(results: Results, finding: Finding) -> str:
    location = results.location_of(finding)
    return f"  {location.path}:{location.line}" if location.line else ""


def _waiver_lines(uses: Iterable[WaiverUse]) -> Iterator[_Line]:
    ordered = sorted(uses, key=waiver_importance)
    if ordered:
        yield ()
        yield (("Waivers", "bold"),)
    for use in ordered:
        yield ()
        yield f"  {use.rule.name}  {use.waiver.resource}  ", (use.state, _WAIVER_STYLES[use.state])
        yield (f"    Waiver: {waiver_text(use.waiver, has_expired=use.state == 'expired')}.",)
        if use.findings:
            yield (f"    {_COVERS[use.state]}: {quoted({finding.name for finding in use.findings})}",)


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
    if nothing := nothing_judged(report):
        return f"{nothing}.", "yellow"
    verdicts = count_verdicts(findings)
    counts = verdicts_text(
        verdicts.mandatory, verdicts.failed - verdicts.mandatory, verdicts.undecided, verdicts.waived
    )
    judged = counted(len({finding.urn for finding in findings}), "resource")
    style = "red" if verdicts.mandatory else "yellow" if verdicts.failed or verdicts.undecided else "green"
    return f"{counts}, in {judged} judged by {counted(len(report.rules), 'rule')}.", style
