"""How what an audit found is said in all its formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Final, Generic, NamedTuple, TypeVar, get_args

from policypack.audit.results import AuditResults
from policypack.audit.totals import StackFinding, StackStatus, StackTotal, Totals
from policypack.wording import EXPIRES_SOON_DAYS, counted, verdicts_text

Item = TypeVar("Item")

STATUS_IN_WORDS: Final[dict[StackStatus, str]] = {
    "violations": "with mandatory violations",
    "advisories": "with advisory violations only",
    "undecided": "undecided",
    "compliant": "compliant",
    "nothing to judge": "with nothing to judge",
    "unreadable": "unreadable",
}
NOTHING_JUDGED: Final = "Nothing was judged: no stack has a resource that a rule applies to"
_BAD: Final[tuple[StackStatus, ...]] = ("violations", "advisories", "undecided")


def headline(results: AuditResults) -> str:
    """The verdict in a line: how many stacks violate rules, and what could not be judged."""
    totals = results.totals
    unlisted = sum(1 for target in results.targets if target.error)
    parts = [
        _verdict(totals),
        *([f"{counted(totals.unreadable, 'stack')} unreadable"] if totals.unreadable else []),
        *([f"{counted(unlisted, 'target')} not listed, or only in part"] if unlisted else []),
    ]
    return "; ".join(parts)


def headline_status(totals: Totals) -> StackStatus:
    """The status that decides the headline."""
    order: tuple[StackStatus, ...] = ("violations", "advisories", "undecided", "unreadable", "compliant")
    return next((status for status in order if totals.statuses.get(status)), "nothing to judge")


def summary(totals: Totals) -> str:
    """All numbers: stacks by status, and verdicts."""
    parts = [f"{totals.statuses[status]} {STATUS_IN_WORDS[status]}" for status in statuses_of(totals)]
    verdicts = verdicts_text(totals.mandatory, totals.advisory, totals.undecided, totals.waived)
    return f"{counted(totals.stacks, 'stack')}: {', '.join(parts)}. {verdicts}."


def statuses_of(totals: Totals) -> list[StackStatus]:
    """The statuses that stacks have, the worst first."""
    return [status for status in get_args(StackStatus) if totals.statuses.get(status)]


def bad_stacks(results: AuditResults) -> tuple[Iterator[StackTotal], int]:
    """The stacks with violations or undecided verdicts, the worst first, and how many these are."""
    found = (stack for stack in results.stacks() if stack.status in _BAD)
    return found, sum(results.totals.statuses.get(status, 0) for status in _BAD)


def soon(results: AuditResults) -> Iterator[StackFinding]:
    """The waived findings whose last waiver ends within `EXPIRES_SOON_DAYS`, that which ends first before."""
    last = date.fromisoformat(results.today) + timedelta(days=EXPIRES_SOON_DAYS)
    return results.waived_until(last.isoformat())


class Shown(NamedTuple, Generic[Item]):
    """The first of some items, and how many there are more."""

    items: Sequence[Item]
    rest: int

    @property
    def number(self) -> int:
        return len(self.items) + self.rest


def first_of(items: Iterable[Item], most: int) -> Shown[Item]:
    """The first items, and how many there are more."""
    remaining = iter(items)
    return Shown(list(islice(remaining, most)), sum(1 for _ in remaining))


def _verdict(totals: Totals) -> str:
    number, status = totals.statuses, headline_status(totals)
    all_ = counted(totals.stacks, "stack")
    verb = "violates" if number.get(status) == 1 else "violate"
    if status == "violations":
        return f"{number[status]} of {all_} {verb} mandatory rules"
    if status == "advisories":
        return f"No mandatory violations; {number[status]} of {all_} {verb} advisory rules"
    if status == "undecided":
        return f"No violations; {number[status]} of {all_} undecided"
    if number.get("compliant"):
        return "No violations"
    if totals.unreadable == totals.stacks:
        return "Nothing was judged"
    return NOTHING_JUDGED
