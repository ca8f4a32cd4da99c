"""The report for a person at a terminal, and plain text when it is piped: the most important first, and last."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from policypack.evaluate import Finding, Report, RuleReport, Status, WaiverState, WaiverUse
from policypack.findings.groups import MOST_NAMED, MOST_TO_DO, Group, first_to_do, groups_of
from policypack.findings.order import waiver_importance
from policypack.judgement import Results
from policypack.report.check.verdicts import count_verdicts, nothing_judged
from policypack.report.console import LEVEL_STYLES, SEVERITY_STYLES, Line, line, plain_text, print_lines
from policypack.report.source_line import source_line
from policypack.wording import counted, lines_of, listed, printable, quoted, verdicts_text, waiver_text

_STATUSES: Final[tuple[Status, ...]] = ("passed", "failed", "undecided", "known", "waived", "not applicable")
# The table fits into 80 columns.
_HEADINGS: Final[dict[Status, str]] = {"not applicable": "N/A"}
_STYLES: Final[dict[Status, str]] = {
    "passed": "green",
    "failed": "red",
    "undecided": "yellow",
    "known": "cyan",
    "waived": "cyan",
    "not applicable": "dim",
}
_WAIVER_STYLES: Final[dict[WaiverState, str]] = {"in force": "cyan", "expired": "red", "unused": "yellow"}
_COVERS: Final[dict[WaiverState, str]] = {"in force": "Waives", "expired": "Stands"}
_HOW_TO_DECIDE: Final = (
    "If a reason names a computed property, replace it with a literal value; if it names an option, set it. Or judge "
    "the deployed stack: `pulumi stack export`, then `check -`."
)


def render(results: Results) -> str:
    """The report as plain text."""
    return plain_text(lambda console: _print(console, results))


def findings_text(results: Results, findings: Collection[Finding]) -> str:
    """Some findings of a run as plain text, violations with what was observed and its fix."""
    failed = groups_of(finding for finding in findings if finding.status == "failed")
    others = groups_of(finding for finding in findings if finding.status == "undecided")
    return plain_text(lambda console: print_lines(console, _lines(results, failed, others)))


def print_report(console: Console, results: Results) -> None:
    """Prints the summary and what to do first, the findings, waivers, notes, and the summary again.

    Where only violations are asked for, that nothing was judged is said on standard error.
    """
    _print(console, results)
    if results.detail == "quiet" and (nothing := nothing_judged(results.report)):
        print(f"note: {nothing}", file=sys.stderr, flush=True)


def _print(console: Console, results: Results) -> None:
    if results.detail == "quiet":
        _print_violations(console, results)
        return
    report = results.report
    failed, undecided = groups_of(report.with_status("failed")), groups_of(report.with_status("undecided"))
    print_lines(console, [line((results.subject, "bold"))])
    if failed or undecided:
        print_lines(console, [line(_summary(report)), *_to_do(results, failed, console.width)])
    print_lines(console, _lines(results, failed, undecided))
    if results.detail == "verbose" and report.with_status("known"):
        print_lines(console, [line(), line(("Known", _STYLES["known"]))])
        print_lines(console, _group_lines(results, groups_of(report.with_status("known"))))
    print_lines(console, _waiver_lines(report.waivers, results.today))
    if results.notes:
        print_lines(console, [line(), *(line((f"Note: {note}.", "dim"), hanging=2) for note in results.notes)])
    if results.detail == "verbose":
        console.print()
        console.print(_rule_table(report))
    print_lines(console, [line(), *_to_do(results, failed), line(_summary(report))])
    if failed or undecided:
        print_lines(console, [line("`explain RULE` shows what a rule checks, why, and examples.")])


def _print_violations(console: Console, results: Results) -> None:
    """Prints what the run fails for, and nothing where it passes."""
    failed = groups_of(finding for finding in results.violations if finding.status == "failed")
    undecided = groups_of(finding for finding in results.violations if finding.status == "undecided")
    if failed or undecided:
        print_lines(console, [line((results.subject, "bold")), *_lines(results, failed, undecided)])


def _to_do(results: Results, failed: Sequence[Group], width: int | None = None) -> Iterator[Line]:
    """What to do first where more is to do: what the run fails for before advice. A line each if there is a width."""
    if len(failed) <= MOST_TO_DO:
        return
    yield line(("First:", "bold"))
    for number, one in enumerate(first_to_do(failed), 1):
        text, finding = printable(f"{number}. {one.names}: {one.fix}"), one.findings[0]
        if width is None:
            yield line(f"{text} ({finding.rule.name}{_place(results, finding, ', ')})", hanging=3)
        else:
            yield line(text if len(text) <= width else f"{text[: width - 1]}…")


def _lines(results: Results, failed: Iterable[Group], undecided: Collection[Group]) -> Iterator[Line]:
    yield from _group_lines(results, failed)
    if undecided:
        yield from (line(), line(("Undecided", _STYLES["undecided"])), line(_HOW_TO_DECIDE))
        yield from _group_lines(results, undecided)


def _group_lines(results: Results, groups: Iterable[Group]) -> Iterator[Line]:
    for group in groups:
        first, severity = group.first, group.first.severity
        yield line()
        level = (first.level, LEVEL_STYLES[first.level])
        yield line((severity, SEVERITY_STYLES[severity]), f"  {first.rule.name}  ", level)
        yield from _resource_lines(results, group)
        yield from (line(f"  {text}", hanging=4) for text in lines_of(first))
        if not group.is_literal:
            yield line(f"  `{first.name}` stands for each of them here.")
        if first.status == "failed":
            yield line(f"  See {first.rule.url}", hanging=4)


def _resource_lines(results: Results, group: Group) -> Iterator[Line]:
    """The resources of a group by the line of the program that makes them, with that line."""
    by_place: dict[str, list[Finding]] = {}
    for finding in group.findings:
        by_place.setdefault(_place(results, finding), []).append(finding)
    for place, findings in by_place.items():
        all_names = list(_names(results, findings))
        names = listed(all_names, len(all_names) if results.detail == "verbose" else MOST_NAMED, " (--verbose)")
        yield line("  ", (names, "bold"), f"  {group.first.type}", place, hanging=4)
        resource = results.stack.by_urn(findings[0].urn)
        made = resource.place if resource and place else None
        if made and (code := source_line(made.file, made.line, findings[0].name)):
            yield line((f"    {made.line} | {code}", "dim"), hanging=6)


def _names(results: Results, findings: Iterable[Finding]) -> Iterator[str]:
    """The names, each with its stacks where there are several, and with the URN where it has another's name."""
    stacks: dict[str, list[str]] = {}
    for finding in findings:
        name = f"{finding.name}  {finding.urn}" if results.is_ambiguous(finding) else finding.name
        stacks.setdefault(name, []).append(results.stack_of(finding.urn))
    return (f"{name} ({', '.join(of)})" if any(of) else name for name, of in stacks.items())


def _place(results: Results, finding: Finding, before: str = "  ") -> str:
    location = results.location_of(finding)
    return f"{before}{location.path}:{location.line}" if location.line else ""


def _waiver_lines(uses: Iterable[WaiverUse], today: date) -> Iterator[Line]:
    ordered = sorted(uses, key=waiver_importance)
    if ordered:
        yield from (line(), line(("Waivers", "bold")))
    for use in ordered:
        yield line()
        yield line(f"  {use.rule.name}  {use.waiver.resource}  ", (use.state, _WAIVER_STYLES[use.state]))
        text = waiver_text(use.waiver, has_expired=use.waiver.has_expired(today))
        yield line(f"    Waiver: {text}.", hanging=6)
        if use.findings:
            yield line(f"    {_COVERS[use.state]}: {quoted({finding.name for finding in use.findings})}", hanging=6)


def _rule_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Rule", no_wrap=True)
    table.add_column("Level", no_wrap=True)
    statuses = [status for status in _STATUSES if status not in ("known", "waived") or report.with_status(status)]
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
    advisory = verdicts.failed - verdicts.mandatory
    counts = verdicts_text(verdicts.mandatory, advisory, verdicts.undecided, verdicts.waived, verdicts.known)
    judged = counted(len({finding.urn for finding in findings}), "resource")
    style = "red" if verdicts.mandatory else "yellow" if verdicts.failed or verdicts.undecided else "green"
    return f"{counts}, in {judged} judged by {counted(len(report.rules), 'rule')}.", style
