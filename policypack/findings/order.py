"""What comes first wherever findings are listed: the most important."""

from __future__ import annotations

from typing import Final

from policypack.config.terms import SEVERITIES
from policypack.evaluate import Finding, Status, WaiverState, WaiverUse
from policypack.wording import natural

STATUSES: Final[tuple[Status, ...]] = ("failed", "undecided", "known", "waived", "passed", "not applicable")
# The verdicts that somebody may have to act on.
OPEN: Final[tuple[Status, ...]] = ("failed", "undecided", "known", "waived")
_WAIVER_STATES: Final[tuple[WaiverState, ...]] = ("expired", "in force", "unused")


def rank(finding: Finding) -> int:
    """By verdict, then by severity, then mandatory before advisory; lower is more important."""
    severity = STATUSES.index(finding.status) * len(SEVERITIES) + SEVERITIES.index(finding.severity)
    return severity * 2 + (finding.level != "mandatory")


def importance(finding: Finding) -> tuple[int, tuple[str, str], str]:
    """Sorts findings, the most important first: by rank, then resource, then rule."""
    return rank(finding), natural(finding.urn), finding.rule.name


def waiver_importance(use: WaiverUse) -> tuple[int, str, str, str]:
    """Sorts waivers: expired ones first, then those in force by the day that they end, then the unused ones."""
    return _WAIVER_STATES.index(use.state), str(use.waiver.expires), use.rule.name, use.waiver.resource
