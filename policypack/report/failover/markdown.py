"""What the loss of each region means, in Markdown: a section a service."""

from __future__ import annotations

import re

from policypack.failover.result import FailoverResults
from policypack.report.failover.text import advice, loss_rows, region_rows, sentences, summary, verdict_of
from policypack.report.markdown_text import row, table
from policypack.wording import printable


def render(results: FailoverResults) -> str:
    """The report as Markdown."""
    lines = [f"# Failover: {_escaped(results.title)}", "", summary(results), ""]
    lines += [f"Note: {_escaped(note)}\n" for note in results.notes]
    for service in results.services:
        lines += [f"## {_escaped(service.name)}: {_escaped(verdict_of(service))}", ""]
        lines += [f"{_escaped(sentence)}\n" for sentence in sentences(service)]
        if service.losses:
            lines += [_table(region_rows(service)), "", _table(loss_rows(service)), ""]
        lines += [f"{'  ' * line.startswith('  ')}- {_escaped(line.strip())}" for line in advice(service)]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _table(rows: list[list[str]]) -> str:
    header, *body = rows
    return table(header, (row(map(_escaped, cells)) for cells in body))


def _escaped(text: str) -> str:
    """Text that Markdown and the HTML in it take as such."""
    return re.sub(r"([\\`*_{}\[\]<>|#~&!])", r"\\\1", printable(text))
