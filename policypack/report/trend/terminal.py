"""The trend over audits for a person at a terminal, and plain text when it is piped."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from policypack.audit.trend import Trend
from policypack.config.terms import SEVERITIES
from policypack.report.audit.terminal import print_changes
from policypack.report.console import plain_text

_MOST_RULES: Final = 20
_MOST_AUDITS: Final = 8


def render(trend: Trend) -> str:
    """The report as plain text."""
    return plain_text(lambda console: print_report(console, trend))


def print_report(console: Console, trend: Trend) -> None:
    """Prints a line an audit, a line a rule, and what has changed between the last two."""
    table = _table(
        "Audit", ("Stacks", "Violating", *(severity.capitalize() for severity in SEVERITIES), "Undecided", "Unreadable")
    )
    for point in trend.points:
        totals = point.totals
        table.add_row(
            *map(str, (totals.stacks, totals.statuses.get("violations", 0), *point.severities.values())),
            *map(str, (totals.undecided, totals.unreadable)),
            f"{point.today}  {point.file.name}{'' if point.is_judged_alike else '  (judged by other settings)'}",
        )
    console.print(table)
    shown = trend.points[-_MOST_AUDITS:]
    rules = _table("Violating stacks", [point.today[5:] for point in shown])
    for rule in trend.rules[:_MOST_RULES]:
        rules.add_row(*("-" if n is None else str(n) for n in trend.stacks_of(rule)[-_MOST_AUDITS:]), rule)
    console.print()
    console.print(rules)
    if len(trend.rules) > _MOST_RULES:
        console.print(Text(f"and {len(trend.rules) - _MOST_RULES} more rules; `--output FILE.json` writes all", "dim"))
    assert trend.last.baseline is not None
    print_changes(console, trend.last, trend.last.baseline)


def _table(last: str, numbers: tuple[str, ...] | list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(last, overflow="fold")
    return table
