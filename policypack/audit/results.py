"""What an audit found, read from its journal row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from policypack.audit.error import AuditError
from policypack.audit.journal import BELOW_UNREADABLE, Journal, KeptJournal, TargetResult, check_is_journal, explained
from policypack.audit.owners import Owners
from policypack.audit.record import FindingRow, RuleCount, finding_of
from policypack.audit.totals import OwnerTotal, RuleTotal, StackFinding, StackTotal, Totals
from policypack.config.terms import Level
from policypack.evaluate import Finding
from policypack.rule import AnyRule
from policypack.rules import RULES

# The `StackStatus` of a stack: the first that holds.
_STATUS: Final = """
CASE WHEN error <> '' THEN 'unreadable' WHEN mandatory > 0 THEN 'violations' WHEN advisory > 0 THEN 'advisories'
     WHEN undecided > 0 THEN 'undecided' WHEN judged > 0 THEN 'compliant' ELSE 'nothing to judge' END
"""
_STACK: Final = (
    "id, url, target, project, name, resources, error, judged, mandatory, advisory, undecided, waived,"
    f" {_STATUS}, owner"
)
_WORST_FIRST: Final = "s.mandatory DESC, s.advisory DESC, s.undecided DESC, s.url"
_OF_THIS_AUDIT: Final = "FROM shown s JOIN main.findings f ON f.stack = s.id WHERE s.audit = ?"
_FINDING: Final = f"s.url, s.project, s.name, s.owner, {', '.join(f'f.{field}' for field in FindingRow._fields)}"
# As `order.importance`, and of several stacks by their places.
_MOST_IMPORTANT_FIRST: Final = "f.rank, s.url, f.urn, f.rule"


class AuditResults:
    """What an audit found.

    Args:
        journal: its journal, finished.
        baseline: the journal of an earlier audit to compare with.
        owners: who owns which stacks, and whose stacks these results are about.

    Raises:
        AuditError: the baseline is none, or that audit was not finished; OldFormatError if it is of an older format.
    """

    def __init__(
        self, journal: Journal | KeptJournal, baseline: Path | None = None, owners: Owners | None = None
    ) -> None:
        self._connection = journal.connection
        self._audit = journal.audit
        self._file = journal.file
        self.baseline = baseline
        self.has_owners = owners is not None
        if baseline is not None:
            self._attach(baseline)
            self._show(owners or Owners(), "before", "baseline")
        self._show(owners or Owners(), "shown", "main")

    @cached_property
    def today(self) -> str:
        """The day of the audit, `YYYY-MM-DD`."""
        (day,) = self._connection.execute("SELECT today FROM main.audits WHERE id = ?", (self._audit,)).fetchone()
        return str(day)

    @cached_property
    def levels(self) -> dict[str, Level]:
        (text,) = self._connection.execute("SELECT levels FROM main.audits WHERE id = ?", (self._audit,)).fetchone()
        levels: dict[str, Level] = json.loads(text)
        return levels

    @cached_property
    def enabled(self) -> dict[str, AnyRule]:
        return {rule.name: rule for rule in RULES if rule.name in self.levels}

    @cached_property
    def targets(self) -> tuple[TargetResult, ...]:
        rows = self._connection.execute(
            "SELECT target, stacks, error FROM main.targets WHERE audit = ? ORDER BY rowid", (self._audit,)
        )
        return tuple(TargetResult(*row) for row in rows)

    @cached_property
    def totals(self) -> Totals:
        statuses = self._rows(f"SELECT {_STATUS} AS status, count(*) FROM shown WHERE audit = ? GROUP BY status")
        counts = "mandatory", "advisory", "undecided", "waived", "resources"
        sums = ", ".join(f"total({column})" for column in counts)
        (row,) = self._rows(f"SELECT {sums} FROM shown WHERE audit = ?")
        return Totals(dict(statuses), *(int(number) for number in row))

    @cached_property
    def rules(self) -> tuple[RuleTotal, ...]:
        """The enabled rules, those first that the most stacks violate."""
        rows = self._rows(
            "SELECT c.rule, c.level, sum(c.failed > 0), sum(c.failed), sum(c.undecided), sum(c.waived), sum(c.passed),"
            " sum(c.not_applicable) FROM main.counts c JOIN shown s ON s.id = c.stack WHERE s.audit = ?"
            " GROUP BY c.rule"
        )
        found = {str(row[0]): RuleTotal(*row) for row in rows}
        totals = (found.get(rule, RuleTotal(rule, level, 0, 0, 0, 0, 0, 0)) for rule, level in self.levels.items())
        return tuple(sorted(totals, key=lambda total: (-total.stacks, -total.failed, -total.undecided, total.rule)))

    @cached_property
    def owners(self) -> tuple[OwnerTotal, ...]:
        """The owners, those first whose stacks violate most, and at the end what has none; empty without a file."""
        if not self.has_owners:
            return ()
        rows = self._rows(
            "SELECT owner, count(*), sum(mandatory > 0), sum(mandatory) AS m, sum(advisory) AS a, sum(undecided),"
            " sum(waived), sum(error <> '') FROM shown WHERE audit = ? GROUP BY owner"
            " ORDER BY owner = '', m DESC, a DESC, owner"
        )
        return tuple(OwnerTotal(*row) for row in rows)

    @property
    def projects_without_owner(self) -> tuple[str, ...]:
        """The projects with a stack that has no owner; where nothing tells the project, the URL of the stack."""
        rows = self._rows(
            "SELECT DISTINCT CASE project WHEN '' THEN url ELSE project END FROM shown"
            " WHERE audit = ? AND owner = '' ORDER BY 1"
        )
        return tuple(str(project) for (project,) in rows) if self.has_owners else ()

    @property
    def mandatory_and_other_cases(self) -> tuple[int, int]:
        """In how many stacks a rule has findings, over all rules: with mandatory violations, and without."""
        (row,) = self._rows(
            "SELECT total(violated), total(NOT violated) FROM ("
            " SELECT c.failed > 0 AND c.level = 'mandatory' AS violated"
            " FROM main.counts c JOIN shown s ON s.id = c.stack"
            " WHERE s.audit = ? AND c.failed + c.undecided + c.waived > 0)"
        )
        return int(row[0]), int(row[1])

    def stacks(self) -> Iterator[StackTotal]:
        """All stacks, the worst first: mandatory violations, then advisory ones, then undecided verdicts."""
        return self._stacks()

    def unreadable(self) -> Iterator[StackTotal]:
        return self._stacks("error <> ''")

    def stacks_with_findings(self) -> Iterator[StackTotal]:
        """The stacks with findings or without a verdict, as `stacks` orders them."""
        return self._stacks("(error <> '' OR mandatory + advisory + undecided + waived > 0)")

    def findings(self) -> Iterator[StackFinding]:
        """All findings, the worst stack first, in it the most important first."""
        return self._findings(f"{_OF_THIS_AUDIT} ORDER BY {_WORST_FIRST}, {_MOST_IMPORTANT_FIRST}")

    def most_important(self, most: int) -> Iterator[StackFinding]:
        return self._findings(f"{_OF_THIS_AUDIT} ORDER BY {_MOST_IMPORTANT_FIRST} LIMIT ?", most)

    def waived_until(self, day: str) -> Iterator[StackFinding]:
        """The findings whose last waiver ends on this day (`YYYY-MM-DD`) or before, that which ends first before."""
        return self._findings(
            f"{_OF_THIS_AUDIT} AND f.status = 'waived' AND f.waived_until <= ?"
            f" ORDER BY f.waived_until, {_MOST_IMPORTANT_FIRST}",
            day,
        )

    def findings_of(self, stack: StackTotal) -> Iterator[Finding]:
        """The findings of one stack, the most important first."""
        found = self._findings(f"{_OF_THIS_AUDIT} AND s.id = ? ORDER BY {_MOST_IMPORTANT_FIRST}", stack.id)
        return (one.finding for one in found)

    def counts_of(self, stack: StackTotal) -> Iterator[RuleCount]:
        """The numbers of verdicts of each rule that judged something in a stack, by the rules' names."""
        fields = ", ".join(RuleCount._fields)
        rows = self._connection.execute(f"SELECT {fields} FROM main.counts WHERE stack = ? ORDER BY rule", (stack.id,))
        return (RuleCount(*row) for row in rows)

    # Changes since the baseline

    @property
    def is_judged_alike(self) -> bool:
        """Whether the baseline was judged by the same pack with the same settings."""
        (same,) = self._connection.execute(
            "SELECT (SELECT fingerprint FROM main.audits WHERE id = ?)"
            " = (SELECT fingerprint FROM baseline.audits ORDER BY id DESC LIMIT 1)",
            (self._audit,),
        ).fetchone()
        return bool(same)

    def new_findings(self) -> Iterator[StackFinding]:
        return self._findings(
            f"{_OF_THIS_AUDIT} AND f.status = 'failed' AND NOT EXISTS ("
            " SELECT 1 FROM baseline.stacks b JOIN baseline.findings g ON g.stack = b.id"
            " WHERE b.url = s.url AND g.rule = f.rule AND g.urn = f.urn AND g.status = 'failed'"
            f") ORDER BY {_MOST_IMPORTANT_FIRST}"
        )

    def fixed_findings(self) -> Iterator[StackFinding]:
        """The violations of the baseline that are gone: not those that are undecided, waived or not judged now."""
        return self._findings(
            "FROM before s JOIN baseline.findings f ON f.stack = s.id"
            " JOIN main.stacks n ON n.url = s.url AND n.audit = ? AND n.error = ''"
            " WHERE f.status = 'failed' AND EXISTS (SELECT 1 FROM main.audits a, json_each(a.levels) l"
            "  WHERE a.id = n.audit AND l.key = f.rule"
            " ) AND NOT EXISTS (SELECT 1 FROM main.findings g"
            f"  WHERE g.stack = n.id AND g.rule = f.rule AND g.urn = f.urn) ORDER BY {_MOST_IMPORTANT_FIRST}"
        )

    def new_stacks(self) -> Iterator[str]:
        rows = self._rows(
            "SELECT url FROM shown WHERE audit = ? AND url NOT IN (SELECT url FROM baseline.stacks) ORDER BY url"
        )
        return (str(url) for (url,) in rows)

    def gone_stacks(self) -> Iterator[str]:
        """The stacks of the baseline that are gone from targets that were listed, closed folders apart."""
        rows = self._rows(
            "SELECT url FROM before AS stacks WHERE url NOT IN (SELECT url FROM main.stacks WHERE audit = ?1)"
            " AND target IN (SELECT target FROM main.targets WHERE audit = ?1 AND error = '')"
            f" AND NOT {BELOW_UNREADABLE} ORDER BY url"
        )
        return (str(url) for (url,) in rows)

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        return self._connection.execute(query, (self._audit,))

    def _stacks(self, condition: str = "TRUE") -> Iterator[StackTotal]:
        query = f"SELECT {_STACK} FROM shown s WHERE audit = ? AND {condition} ORDER BY {_WORST_FIRST}"
        return (StackTotal(*row) for row in self._rows(query))

    def _findings(self, query: str, *arguments: object) -> Iterator[StackFinding]:
        """The findings of a query without its columns, whose first argument is the number of this audit."""
        rows = self._connection.execute(f"SELECT {_FINDING} {query}", (self._audit, *arguments))
        for url, project, name, owner, *row in rows:
            yield StackFinding(url, project, name, owner, finding_of(FindingRow(*row)))

    def _show(self, owners: Owners, view: str, schema: str) -> None:
        """Makes the view of the stacks that these results are about, with their owners."""
        owner_of, is_shown = lru_cache(None)(owners.of), lru_cache(None)(owners.are_shown)
        self._connection.create_function("owner_of", 2, owner_of, deterministic=True)
        self._connection.create_function("is_shown", 2, is_shown, deterministic=True)
        self._connection.execute(
            f"CREATE TEMP VIEW {view} AS SELECT *, owner_of(project, name) AS owner FROM {schema}.stacks"
            " WHERE is_shown(project, name)"
        )

    def _attach(self, baseline: Path) -> None:
        if not baseline.is_file():
            raise AuditError(f"there is no baseline {baseline}: give the journal of an earlier audit")
        if baseline.resolve() == self._file.resolve():
            raise AuditError(f"{baseline} is this audit's own journal: keep a copy of it before the next audit")
        with explained(baseline):
            # The file may be where nothing can be written.
            self._connection.execute("ATTACH ? AS baseline", (f"{baseline.resolve().as_uri()}?immutable=1",))
            check_is_journal(self._connection, baseline, "baseline")
            last = self._connection.execute("SELECT finished FROM baseline.audits ORDER BY id DESC").fetchone()
        if not last or not last[0]:
            raise AuditError(f"the audit in the baseline {baseline} was not finished: finish it first")
