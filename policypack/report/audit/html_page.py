"""The report of an audit as one HTML page, which loads nothing from anywhere."""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Any, Final

from policypack.audit.results import AuditResults
from policypack.audit.totals import StackStatus, StackTotal
from policypack.evaluate import Finding
from policypack.report.audit.text import (
    STATUS_IN_WORDS,
    Shown,
    bad_stacks,
    first_of,
    headline,
    headline_status,
    soon,
    statuses_of,
)
from policypack.report.page_template import Filters, render_page
from policypack.wording import EXPIRES_SOON_DAYS, counted, shortened

# What bounds the size of the page, whatever the audit; a sentence on the page says what is left out.
MOST_STACKS: Final = 100
MOST_FINDINGS: Final = 8
MOST_LINES: Final = 50
MOST_UNREADABLE: Final = 100
MOST_TARGETS: Final = 20
MOST_OWNERS: Final = 100
_MOST_CHARACTERS: Final = 400

MARKS: Final[dict[StackStatus, str]] = {
    "violations": "failed",
    "advisories": "advisory",
    "undecided": "undecided",
    "compliant": "passed",
    "nothing to judge": "none",
    "unreadable": "undecided",
}


def render(results: AuditResults) -> str:
    """The audit as a page in one file, which loads nothing."""
    return render_page("audit.html", _page(results), FILTERS)


def _page(results: AuditResults) -> dict[str, Any]:
    """What the template shows."""
    targets, totals, today = results.targets, results.totals, date.fromisoformat(results.today)
    bad, number = bad_stacks(results)
    stacks = [_listed(results, stack) for stack in islice(bad, MOST_STACKS)]
    return {
        "results": results,
        "totals": totals,
        "headline": headline(results),
        "mark": MARKS[headline_status(totals)],
        "title": targets[0].target if len(targets) == 1 else counted(len(targets), "target"),
        "targets": first_of(sorted(targets, key=lambda target: not target.error), MOST_TARGETS),
        "shares": [
            {"mark": MARKS[status], "words": STATUS_IN_WORDS[status], "number": totals.statuses[status]}
            for status in statuses_of(totals)
        ],
        "owners": first_of(results.owners, MOST_OWNERS),
        "unowned": first_of(results.projects_without_owner, MOST_LINES),
        "stacks": Shown(stacks, number - len(stacks)),
        "changes": results.baseline and changes_of(results),
        "unreadable": first_of(results.unreadable(), MOST_UNREADABLE),
        "ending": first_of(soon(results), MOST_LINES),
        "days_left": lambda waiver: (waiver.expires - today).days,
        "soon_days": EXPIRES_SOON_DAYS,
    }


def changes_of(results: AuditResults) -> dict[str, Any]:
    """What a template shows of the changes since the baseline."""
    return {
        "is_judged_alike": results.is_judged_alike,
        "new_findings": first_of(results.new_findings(), MOST_LINES),
        "fixed_findings": first_of(results.fixed_findings(), MOST_LINES),
        "new_stacks": first_of(results.new_stacks(), MOST_LINES),
        "gone_stacks": first_of(results.gone_stacks(), MOST_LINES),
    }


def _listed(results: AuditResults, stack: StackTotal) -> dict[str, Any]:
    """A stack with its most important findings, and how many more it has."""
    found = first_of(results.findings_of(stack), MOST_FINDINGS)
    return {"total": stack, "mark": MARKS[stack.status], "findings": found.items, "rest": found.rest}


def _short(text: str) -> str:
    return shortened(text, _MOST_CHARACTERS)


def _mark_of(finding: Finding) -> str:
    """The name of the mark for a finding, which stands for it beside the color."""
    return "advisory" if finding.status == "failed" and finding.level == "advisory" else finding.status


FILTERS: Final[Filters] = {"short": _short, "mark_of": _mark_of}
