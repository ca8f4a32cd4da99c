"""The report of an audit for a person at a terminal, and plain text when it is piped."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from policypack.audit.results import AuditResults
from policypack.audit.totals import RuleTotal, StackFinding, StackStatus
from policypack.report.audit.text import bad_stacks, first_of, statuses_of, summary
from policypack.report.console import plain_text
from policypack.wording import counted, printable

_SHOWN: Final = 20
_STYLES: Final[dict[StackStatus, str]] = {
    "violations": "red",
    "advisories": "yellow",
    "undecided": "yellow",
    "compliant": "green",
    "nothing to judge": "dim",
    "unreadable": "magenta",
}


def render(results: AuditResults) -> str:
    """The report as plain text."""
    return plain_text(lambda console: print_report(console, results))


def print_report(console: Console, results: AuditResults) -> None:
    """Prints the worst stacks, the rules that most stacks violate, what is unreadable, changes, and a summary."""
    for target in results.targets:
        line = f"{target.target}: {counted(target.stacks, 'stack')}"
        console.print(Text(line, "bold") if not target.error else Text(f"{line}, then: {target.error}", "bold magenta"))
    _print_stacks(console, results)
    _print_owners(console, results)
    _print_rules(console, results.rules)
    _print_lines(console, "Unreadable stacks", (f"{stack.url}: {stack.error}" for stack in results.unreadable()))
    if results.baseline is not None:
        print_changes(console, results, results.baseline)
    console.print()
    statuses = statuses_of(results.totals)
    console.print(Text(summary(results.totals), _STYLES[statuses[0]] if statuses else "yellow"))


def _print_stacks(console: Console, results: AuditResults) -> None:
    bad, number = bad_stacks(results)
    table = _table("Worst stacks", "Mandatory", "Advisory", "Undecided", "Waived")
    for stack in islice(bad, _SHOWN):
        numbers = (stack.mandatory, stack.advisory, stack.undecided, stack.waived)
        table.add_row(
            *map(_number, numbers),
            Text.assemble((stack.url, _STYLES[stack.status]), (f"  {printable(stack.owner)}", "dim")),
        )
    _print_table(console, table, number, "stacks")


def _print_owners(console: Console, results: AuditResults) -> None:
    table = _table("Owners", "Stacks", "Violating", "Mandatory", "Advisory", "Undecided", "Unreadable")
    for one in results.owners[:_SHOWN]:
        numbers = (one.stacks, one.violating, one.mandatory, one.advisory, one.undecided, one.unreadable)
        table.add_row(*map(_number, numbers), Text(printable(one.owner) or "without an owner"))
    _print_table(console, table, len(results.owners), "owners")
    _print_lines(console, "Projects without an owner", results.projects_without_owner)


def _print_rules(console: Console, rules: Iterable[RuleTotal]) -> None:
    table = _table("Rules", "Stacks", "Violations", "Undecided", "Waived", "Passed")
    for rule in rules:
        if rule.failed or rule.undecided:
            name = Text.assemble(rule.rule, (f"  {rule.level}", "dim"))
            numbers = (rule.stacks, rule.failed, rule.undecided, rule.waived, rule.passed)
            table.add_row(*map(_number, numbers), name)
    _print_table(console, table, table.row_count, "rules")


def print_changes(console: Console, results: AuditResults, baseline: Path) -> None:
    """Prints what has changed since the baseline."""
    if not results.is_judged_alike:
        console.print()
        note = (
            f"Note: {baseline} was judged by another release or with other settings, so not all changes are the stacks'"
        )
        console.print(Text(note, "dim"))
    _print_lines(console, "New violations", map(_finding, results.new_findings()))
    _print_lines(console, "Fixed violations", map(_finding, results.fixed_findings()))
    _print_lines(console, "New stacks", results.new_stacks())
    _print_lines(console, "Gone stacks", results.gone_stacks())


def _finding(found: StackFinding) -> str:
    finding = found.finding
    what = f"{finding.rule.name}  {finding.level}, severity {finding.severity}"
    return f"{what}: {printable(finding.name)} in {found.url}"


def _table(last: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    # The last column, since it may be longer than a line has room for.
    table.add_column(last, overflow="fold")
    return table


def _print_table(console: Console, table: Table, number: int, noun: str) -> None:
    if table.row_count:
        console.print()
        console.print(table)
    if number > table.row_count:
        console.print(_rest(number - table.row_count, noun))


def _print_lines(console: Console, heading: str, lines: Iterable[str]) -> None:
    shown, rest = first_of(lines, _SHOWN)
    if not shown:
        return
    console.print()
    console.print(Text(f"{heading}: {len(shown) + rest}", "bold"))
    for line in shown:
        console.print(Text(f"  {line}"))
    if rest:
        console.print(_rest(rest, "lines"))


def _rest(number: int, noun: str) -> Text:
    return Text(f"and {number} more {noun}; `--output FILE.json` writes all", "dim")


def _number(number: int) -> Text:
    return Text(str(number)) if number else Text("-", "dim")
