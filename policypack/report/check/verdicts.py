"""Verdicts counted, and said in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from policypack.evaluate import Finding, Report, Status
from policypack.findings.order import OPEN, STATUSES
from policypack.wording import counted, printable, quoted

_WHY_NOTHING: Final = {
    "out of sight": ", although there are or may be load balancers",
    "not selected": ": there is no backend service that the rules select",
    "not applicable": ": no rule applies to what there is",
    "disabled": ": every rule is disabled",
}


@dataclass(frozen=True)
class Verdicts:
    """How many findings there are of each status; `mandatory` counts the failed ones of mandatory rules."""

    failed: int = 0
    undecided: int = 0
    known: int = 0
    waived: int = 0
    passed: int = 0
    not_applicable: int = 0
    mandatory: int = 0

    @property
    def worst(self) -> Status | None:
        """The status that matters most; `None` if nothing was judged."""
        return next((status for status in STATUSES if getattr(self, status.replace(" ", "_"))), None)

    @property
    def urgency(self) -> tuple[int, int, int, int]:
        """Sorts what has verdicts, the worst first."""
        return -self.mandatory, -self.failed, -self.undecided, -self.known - self.waived

    @property
    def need_a_look(self) -> bool:
        return self.worst in OPEN


def count_verdicts(findings: Iterable[Finding]) -> Verdicts:
    """How many findings there are of each status."""
    counts = Counter[str]()
    for (status, level), number in Counter((finding.status, finding.level) for finding in findings).items():
        counts[status.replace(" ", "_")] += number
        counts["mandatory"] += number if status == "failed" and level == "mandatory" else 0
    return Verdicts(**counts)


def nothing_judged(report: Report) -> str:
    """That nothing was judged and why, a sentence without full stop; empty if something was."""
    nothing = report.nothing
    if nothing is None:
        return ""
    named = f": see {quoted(map(printable, nothing.names))}" if nothing.names else ""
    return f"Nothing was judged{_WHY_NOTHING[nothing.why]}{named}"


def verdict_line(report: Report) -> str:
    """The verdict in a line: violations, how many of them mandatory, undecided, known, waived."""
    if nothing := nothing_judged(report):
        return nothing
    verdicts = count_verdicts(finding for rule in report.rules for finding in rule.findings)
    parts = ["No violations"]
    if verdicts.failed:
        parts = [f"{counted(verdicts.failed, 'violation')}, {verdicts.mandatory or 'none'} of them mandatory"]
        if verdicts.mandatory == verdicts.failed:
            parts = [f"{counted(verdicts.failed, 'mandatory violation')}"]
    parts += [f"{verdicts.undecided} undecided"] if verdicts.undecided else []
    parts += [f"{verdicts.known} known"] if verdicts.known else []
    parts += [f"{verdicts.waived} waived"] if verdicts.waived else []
    return "; ".join(parts)


def by_reason(findings: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    """Why findings are undecided, the most frequent reason first."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        for reason in finding.reasons if finding.status == "undecided" else ():
            found.setdefault(reason, []).append(finding)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
