"""The report of an audit as one HTML page, which loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any, Final, Generic

from policypack.audit.results import AuditResults, RuleTotal, StackFinding, StackStatus, StackTotal
from policypack.evaluate import Finding
from policypack.report.audit.text import (
    EXPIRES_SOON_DAYS,
    STATUS_IN_WORDS,
    Item,
    bad_stacks,
    first_of,
    headline,
    headline_status,
    soon,
    statuses_of,
)
from policypack.report.page_template import render_page
from policypack.rule import AnyRule, Level, Waiver
from policypack.wording import counted, shortened

# What bounds the size of the page, whatever the audit; a sentence on the page says what is left out.
MOST_STACKS: Final = 100
MOST_FINDINGS: Final = 8
MOST_LINES: Final = 50
MOST_UNREADABLE: Final = 100
MOST_TARGETS: Final = 20
_MOST_CHARACTERS: Final = 400

_MARKS: Final[dict[StackStatus, str]] = {
    "violations": "failed",
    "advisories": "advisory",
    "undecided": "undecided",
    "compliant": "passed",
    "nothing to judge": "none",
    "unreadable": "undecided",
}


@dataclass(frozen=True)
class Share:
    """How many of all stacks have a status; `fraction` is from 0 to 1."""

    mark: str
    words: str
    number: int
    fraction: float


@dataclass(frozen=True)
class Shown(Generic[Item]):
    """The first of some items, and how many there are more."""

    items: Sequence[Item]
    rest: int

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.items) + self.rest


@dataclass(frozen=True)
class ListedStack:
    """A stack with its most severe findings, and how many more it has."""

    total: StackTotal
    mark: str
    findings: Sequence[Finding]
    rest: int


@dataclass(frozen=True)
class ListedRule:
    """A rule with its numbers."""

    rule: AnyRule
    level: Level
    total: RuleTotal


@dataclass(frozen=True)
class Changes:
    """What has changed since the baseline."""

    is_judged_alike: bool
    new_findings: Shown[StackFinding]
    fixed_findings: Shown[StackFinding]
    new_stacks: Shown[str]
    gone_stacks: Shown[str]


def render(results: AuditResults) -> str:
    """The page."""
    return render_page("audit.html", AuditPage(results), {"short": _short, "mark_of": _mark_of})


class AuditPage:
    """What the template shows."""

    soon_days = EXPIRES_SOON_DAYS

    def __init__(self, results: AuditResults) -> None:
        self.results = results
        self.totals = results.totals

    @cached_property
    def headline(self) -> str:
        """The verdict in a line."""
        return headline(self.results)

    @property
    def mark(self) -> str:
        """The name of the mark of the verdict."""
        return _MARKS[headline_status(self.totals)]

    @property
    def title(self) -> str:
        """What was judged."""
        targets = self.results.targets
        return targets[0].target if len(targets) == 1 else counted(len(targets), "target")

    @cached_property
    def targets(self) -> Shown[Any]:
        """The targets, those that could not be listed first."""
        return _shown(sorted(self.results.targets, key=lambda target: not target.error), MOST_TARGETS)

    @property
    def shares(self) -> list[Share]:
        """How many stacks there are of each status, the worst first."""
        found = ((status, self.totals.statuses[status]) for status in statuses_of(self.totals))
        return [
            Share(_MARKS[status], STATUS_IN_WORDS[status], number, number / self.totals.stacks)
            for status, number in found
        ]

    @cached_property
    def stacks(self) -> Shown[ListedStack]:
        """The stacks with violations or undecided verdicts, the worst first."""
        bad, number = bad_stacks(self.results)
        listed = [self._listed(stack) for stack in islice(bad, MOST_STACKS)]
        return Shown(listed, number - len(listed))

    def _listed(self, stack: StackTotal) -> ListedStack:
        shown, rest = first_of(self.results.findings_of(stack), MOST_FINDINGS)
        return ListedStack(stack, _MARKS[stack.status], shown, rest)

    @property
    def rules(self) -> list[ListedRule]:
        """The enabled rules, those first that most stacks violate."""
        enabled, levels = self.results.enabled, self.results.levels
        return [ListedRule(enabled[total.rule], levels[total.rule], total) for total in self.results.rules]

    @cached_property
    def changes(self) -> Changes | None:
        """What has changed, if there is a baseline."""
        results = self.results
        if results.baseline is None:
            return None
        return Changes(
            results.is_judged_alike,
            _shown(results.new_findings(), MOST_LINES),
            _shown(results.fixed_findings(), MOST_LINES),
            _shown(results.new_stacks(), MOST_LINES),
            _shown(results.gone_stacks(), MOST_LINES),
        )

    @cached_property
    def unreadable(self) -> Shown[StackTotal]:
        """The stacks that could not be judged."""
        return _shown(self.results.unreadable(), MOST_UNREADABLE)

    @cached_property
    def ending(self) -> Shown[StackFinding]:
        """The waived findings whose last waiver ends soon."""
        return _shown(soon(self.results), MOST_LINES)

    def days_left(self, waiver: Waiver) -> int:
        """In how many days a waiver ends, 0 being the day itself."""
        return (waiver.expires - date.fromisoformat(self.results.today)).days


def _shown(items: Iterable[Item], most: int) -> Shown[Item]:
    return Shown(*first_of(items, most))


def _short(text: str) -> str:
    return shortened(text, _MOST_CHARACTERS)


def _mark_of(finding: Finding) -> str:
    """The name of the mark for a finding, which stands for it beside the color."""
    return "advisory" if finding.status == "failed" and finding.level == "advisory" else finding.status
