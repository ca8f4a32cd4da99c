"""How an organization's findings change over kept journals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from policypack.audit.error import AuditError
from policypack.audit.journal import KeptJournal
from policypack.audit.owners import Owners
from policypack.audit.results import AuditResults
from policypack.audit.totals import Totals
from policypack.config.terms import SEVERITIES, Severity
from policypack.rules import RULES

# A journal may have rules that this release does not.
KNOWN: Final = {rule.name: rule for rule in RULES}
# Of violations `order.rank` is twice the place of the severity, and one more for advisory ones.
_BY_SEVERITY: Final = (
    "SELECT f.rank / 2, count(*) FROM shown s JOIN main.findings f ON f.stack = s.id"
    " WHERE s.audit = ? AND f.status = 'failed' GROUP BY 1"
)


@dataclass(frozen=True)
class Point:
    """One audit.

    Attributes:
        file: its journal.
        today: the day of the audit, `YYYY-MM-DD`.
        totals: the numbers of all stacks together.
        severities: how many violations there are of each severity.
        rules: how many stacks violate each rule that was enabled.
        is_judged_alike: it was judged by the same release with the same settings as the one before.
    """

    file: Path
    today: str
    totals: Totals
    severities: dict[Severity, int]
    rules: dict[str, int]
    is_judged_alike: bool


@dataclass(frozen=True)
class Trend:
    """Several audits, the oldest first.

    Attributes:
        points: the audits.
        last: what the last one found, with the one before it as its baseline.
    """

    points: tuple[Point, ...]
    last: AuditResults

    @property
    def rules(self) -> list[str]:
        """The rules that stacks violate in one of the audits, those first that most violate in the last."""
        names = {name for point in self.points for name, stacks in point.rules.items() if stacks}
        last = self.points[-1].rules
        return sorted(names, key=lambda name: (-last.get(name, 0), name))

    def stacks_of(self, rule: str) -> list[int | None]:
        """How many stacks violate a rule in each audit; `None` where it was not enabled."""
        return [point.rules.get(rule) for point in self.points]


@contextmanager
def open_trend(files: Sequence[Path], owners: Owners | None = None) -> Iterator[Trend]:
    """The trend over kept journals, while they are open.

    Args:
        files: the journals, two or more; audits are ordered by their days, those of one day as they are given.
        owners: who owns which stacks, and whose stacks it is about.

    Raises:
        AuditError: there are fewer than two, one is none, or its audit was not finished.
    """
    places = [file.resolve() for file in files]
    twice = [str(file) for file, place in zip(files, places, strict=True) if places.count(place) > 1]
    if twice:
        raise AuditError(f"{twice[0]} is named twice: give each journal once")
    if len(files) < 2:
        raise AuditError("one journal shows no trend: keep a copy of the journal of each audit, and give two or more")
    with ExitStack() as opened:
        ordered = sorted(
            (opened.enter_context(closing(KeptJournal(file))) for file in files),
            key=lambda journal: journal.today,
        )
        points = [_point(ordered[0], None, owners)]
        points += [_point(journal, before, owners) for before, journal in pairwise(ordered)]
        last = opened.enter_context(closing(KeptJournal(ordered[-1].file)))
        yield Trend(tuple(points), AuditResults(last, ordered[-2].file, owners))


def _point(journal: KeptJournal, before: KeptJournal | None, owners: Owners | None) -> Point:
    results = AuditResults(journal, None, owners)
    found = dict(journal.connection.execute(_BY_SEVERITY, (journal.audit,)).fetchall())
    return Point(
        journal.file,
        journal.today,
        results.totals,
        {severity: found.get(place, 0) for place, severity in enumerate(SEVERITIES)},
        {total.rule: total.stacks for total in results.rules},
        before is None or _fingerprint(before) == _fingerprint(journal),
    )


def _fingerprint(journal: KeptJournal) -> str:
    (found,) = journal.connection.execute("SELECT fingerprint FROM audits WHERE id = ?", (journal.audit,)).fetchone()
    return str(found)
