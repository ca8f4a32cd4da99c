"""What there is to know of rules, without a stack: a list of them, and the page of one."""

from __future__ import annotations

import json
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from policypack.report.console import LEVEL_STYLES
from policypack.rule import AnyRule


def print_rules(console: Console, rules: Iterable[AnyRule]) -> None:
    """Prints a line a rule, by area."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Rule", "Area", "Severity", "Level"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Requires")
    for rule in sorted(rules, key=lambda rule: (rule.area, rule.name)):
        title = f"Deprecated: {rule.title}" if rule.deprecated else rule.title
        table.add_row(rule.name, rule.area, rule.severity, Text(rule.level, LEVEL_STYLES[rule.level]), title)
    console.print(table)


def print_page(console: Console, markdown: str) -> None:
    """Prints a page as a terminal shows it, or as it is where there is no terminal."""
    if not console.is_terminal:
        console.print(markdown, markup=False, end="")
        return
    # Its parser takes longer to import than all else of a command.
    from rich.markdown import Markdown

    console.print(Markdown(markdown), soft_wrap=False)


def as_json(rules: Iterable[AnyRule]) -> str:
    """The metadata of rules as a JSON list."""
    return json.dumps(
        [
            {
                "name": rule.name,
                "title": rule.title,
                "area": rule.area,
                "severity": rule.severity,
                "level": rule.level,
                "stage": rule.stage,
                "url": rule.url,
                **({"aliases": list(rule.aliases)} if rule.aliases else {}),
                **({"deprecated": rule.deprecated} if rule.deprecated else {}),
            }
            for rule in rules
        ],
        indent=2,
    )
