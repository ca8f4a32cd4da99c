"""What is told of the stacks, rules and owners of an audit: one entry each, with the numbers of their verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from policypack.evaluate import Finding
from policypack.rule import Waiver

StackStatus: TypeAlias = Literal["violations", "advisories", "undecided", "compliant", "nothing to judge", "unreadable"]


class StackTotal(NamedTuple):
    """A stack with the numbers of its verdicts; `mandatory` and `advisory` are violations."""

    id: int
    url: str
    target: str
    project: str
    name: str
    resources: int
    error: str
    judged: int
    mandatory: int
    advisory: int
    undecided: int
    waived: int
    status: StackStatus
    owner: str

    @property
    def title(self) -> str:
        return _title(self.project, self.name, self.url)


class RuleTotal(NamedTuple):
    """A rule with the number of stacks that violate it, and of its verdicts over all stacks."""

    rule: str
    level: str
    stacks: int
    failed: int
    undecided: int
    waived: int
    passed: int
    not_applicable: int


class OwnerTotal(NamedTuple):
    """An owner, empty for stacks without one, with the numbers of stacks and of their verdicts."""

    owner: str
    stacks: int
    violating: int
    mandatory: int
    advisory: int
    undecided: int
    waived: int
    unreadable: int


class StackFinding(NamedTuple):
    """A finding with the stack that it is of."""

    url: str
    project: str
    stack: str
    owner: str
    finding: Finding

    @property
    def title(self) -> str:
        return _title(self.project, self.stack, self.url)

    @property
    def last_waiver(self) -> Waiver:
        """Of its waivers in force the one that ends last."""
        return max(self.finding.waivers, key=lambda waiver: waiver.expires)


@dataclass(frozen=True)
class Totals:
    """How many stacks there are of each status, and how many verdicts."""

    statuses: dict[StackStatus, int]
    mandatory: int
    advisory: int
    undecided: int
    waived: int
    resources: int

    @property
    def stacks(self) -> int:
        return sum(self.statuses.values())

    @property
    def unreadable(self) -> int:
        return self.statuses.get("unreadable", 0)


def _title(project: str, stack: str, url: str) -> str:
    """`PROJECT/STACK`, or where its state is if that does not tell."""
    return f"{project}/{stack}" if project and stack else url
