"""What an audit keeps of a stack: plain data, which is pickled and written to the journal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from policypack.audit.stores.store import Entry
from policypack.config.terms import Level, Severity
from policypack.evaluate import Finding, Report, RuleReport, Status
from policypack.findings.order import OPEN, rank
from policypack.model.graph.stack import Stack
from policypack.rule import Waiver
from policypack.rules import RULES
from policypack.verdict import Problem, PropertyValue, Undecided
from policypack.wording import printable

_RULES: Final = {rule.name: rule for rule in RULES}


class RuleCount(NamedTuple):
    """How many resources of a stack a rule gave which verdict."""

    rule: str
    level: str
    passed: int
    failed: int
    undecided: int
    waived: int
    not_applicable: int


class FindingRow(NamedTuple):
    """A finding as the journal has it.

    Attributes:
        rank: what comes first, as `order.rank` says.
        said: its problems, what is undecided, and its waivers, as JSON.
        waived_until: the last day of a waiver in force, `YYYY-MM-DD`; empty if there is none.
    """

    rule: str
    level: Level
    status: Status
    rank: int
    urn: str
    type: str
    name: str
    said: str
    waived_until: str


@dataclass(frozen=True, slots=True)
class StackRecord:
    """What came of one stack.

    Attributes:
        url: where its state is.
        version: the version of the state, as the store listed it.
        project: the name of its Pulumi project; empty if nothing tells.
        name: its name; empty if nothing tells.
        resources: how many resources it has.
        error: why it could not be judged; empty if it was.
        rules: the verdicts of each rule that judged something in it.
        findings: the verdicts that somebody may have to act on.
    """

    url: str
    version: str | None
    project: str
    name: str
    resources: int = 0
    error: str = ""
    rules: tuple[RuleCount, ...] = ()
    findings: tuple[FindingRow, ...] = ()


def record_of(entry: Entry, stack: Stack, report: Report) -> StackRecord:
    """The record of a stack that was judged."""
    rules = tuple(_count(rule) for rule in report.rules if rule.findings)
    project, name = _names(entry, stack)
    findings = tuple(_row(finding) for rule in report.rules for finding in rule.findings if finding.status in OPEN)
    return StackRecord(entry.url, entry.version, project, name, len(stack.resources), "", rules, findings)


def unreadable(entry: Entry, why: str) -> StackRecord:
    """The record of a stack that could not be judged."""
    return StackRecord(
        entry.url, entry.version, printable(entry.project or ""), printable(entry.name or ""), error=printable(why)
    )


def finding_of(row: FindingRow) -> Finding:
    """The finding that a row of the journal was made of."""
    said: dict[str, list[Any]] = json.loads(row.said)
    return Finding(
        _RULES[row.rule],
        row.level,
        row.urn,
        row.type,
        row.name,
        problems=tuple(_problem(*problem) for problem in said["problems"]),
        undecided=tuple(Undecided(*reason) for reason in said["undecided"]),
        waivers=tuple(_waiver(*waiver) for waiver in said["waivers"]),
        expired=tuple(_waiver(*waiver) for waiver in said["expired"]),
    )


def _row(finding: Finding) -> FindingRow:
    said = {
        "problems": [
            (one.observed, one.required, one.fix, one.severity, [(v.path, v.value, v.urn) for v in one.settings])
            for one in finding.problems
        ],
        "undecided": [(one.why, one.property_name) for one in finding.undecided],
        "waivers": [(w.resource, w.reason, w.owner, w.expires.isoformat()) for w in finding.waivers],
        "expired": [(w.resource, w.reason, w.owner, w.expires.isoformat()) for w in finding.expired],
    }
    return FindingRow(
        finding.rule.name,
        finding.level,
        finding.status,
        rank(finding),
        printable(finding.urn),
        printable(finding.type),
        printable(finding.name),
        json.dumps(said),
        max((waiver.expires.isoformat() for waiver in finding.waivers), default=""),
    )


def _problem(observed: str, required: str, fix: str, severity: Severity | None, settings: Iterable[Any]) -> Problem:
    values = (PropertyValue(tuple(path), value, urn) for path, value, urn in settings)
    return Problem(observed, required, fix, severity, tuple(values))


def _waiver(resource: str, reason: str, owner: str, expires: str) -> Waiver:
    return Waiver(resource, reason, owner, date.fromisoformat(expires))


def _names(entry: Entry, stack: Stack) -> tuple[str, str]:
    """The names of project and stack; a place that does not tell them leaves it to the resources."""
    first = next(iter(stack.resources), None)
    parts = first.urn.split("::") if first else ["", ""]
    project = entry.project if entry.project is not None else parts[1]
    name = entry.name if entry.name is not None else parts[0].removeprefix("urn:pulumi:")
    return printable(project), printable(name)


def _count(report: RuleReport) -> RuleCount:
    counts = Counter(finding.status.replace(" ", "_") for finding in report.findings)
    return RuleCount(report.rule.name, report.level, *(counts[field] for field in RuleCount._fields[2:]))
