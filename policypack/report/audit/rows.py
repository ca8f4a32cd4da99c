"""The findings of an audit as the rows of a table, for a warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from policypack.audit.results import AuditResults, StackFinding

_UNREADABLE: Final = "unreadable"


class Row(NamedTuple):
    """A row: a finding, or a stack that could not be judged, which has `reasons` and nothing of a finding."""

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
    waiver: str = ""


def rows(results: AuditResults) -> Iterator[Row]:
    """The findings, the worst stack first, then the stacks that could not be judged."""
    for finding in results.findings():
        yield _row(results.today, finding)
    for stack in results.unreadable():
        yield Row(results.today, stack.url, stack.project, stack.name, _UNREADABLE, reasons=stack.error)


def _row(today: str, finding: StackFinding) -> Row:
    return Row(
        today,
        finding.url,
        finding.project,
        finding.stack,
        finding.status,
        finding.rule,
        finding.level,
        finding.severity,
        finding.urn,
        finding.type,
        finding.name,
        finding.observed,
        finding.required,
        finding.fix,
        finding.reasons,
        finding.waiver,
    )
