"""The findings of an audit as the rows of a table, for a warehouse, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from typing import Final, NamedTuple

from policypack.audit.results import AuditResults
from policypack.audit.totals import StackFinding
from policypack.wording import printable, waiver_text

_UNREADABLE: Final = "unreadable"
# Spreadsheets run what begins like this, and anybody who names a resource could write it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Row(NamedTuple):
    """A row: a finding, or a stack that could not be judged, which has `reasons` and nothing of a finding.

    What a finding may have several of has a line each: the first line of `fix` belongs to the first of `observed`, and
    the first of `unknown_properties` to the first of `reasons`.
    """

    audit_date: str
    stack_url: str
    project: str
    stack: str
    status: str
    rule: str = ""
    level: str = ""
    severity: str = ""
    resource_urn: str = ""
    resource_type: str = ""
    resource_name: str = ""
    observed: str = ""
    required: str = ""
    fix: str = ""
    reasons: str = ""
    unknown_properties: str = ""
    waiver: str = ""
    owner: str = ""


def rows(results: AuditResults) -> Iterator[Row]:
    """The findings, the worst stack first, then the stacks that could not be judged."""
    for finding in results.findings():
        yield _row(results.today, finding)
    for stack in results.unreadable():
        yield Row(
            results.today, stack.url, stack.project, stack.name, _UNREADABLE, reasons=stack.error, owner=stack.owner
        )


def _row(today: str, found: StackFinding) -> Row:
    finding = found.finding
    waivers = [waiver_text(waiver) for waiver in finding.waivers]
    return Row(
        audit_date=today,
        stack_url=found.url,
        project=found.project,
        stack=found.stack,
        status=finding.status,
        rule=finding.rule.name,
        level=finding.level,
        severity=finding.severity,
        resource_urn=finding.urn,
        resource_type=finding.type,
        resource_name=finding.name,
        observed=_lines(problem.observed for problem in finding.problems),
        required=_lines(problem.required for problem in finding.problems),
        fix=_lines(problem.fix for problem in finding.problems),
        reasons=_lines(finding.reasons),
        unknown_properties=_lines(one.property_name for one in finding.undecided),
        waiver=_lines([*waivers, *(waiver_text(waiver, has_expired=True) for waiver in finding.expired)]),
        owner=found.owner,
    )


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(map(printable, texts))


def render(results: AuditResults) -> Iterator[str]:
    """The file row by row: a header, RFC 4180. A text that begins like a formula gets a `'` before it."""
    line = StringIO()
    writer = csv.writer(line)
    for row in chain([Row._fields], rows(results)):
        writer.writerow([_harmless(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _harmless(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
