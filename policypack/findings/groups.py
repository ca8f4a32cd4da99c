"""Findings that are alike, said once: what a loop makes, machines of one template."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final, NamedTuple

from policypack.evaluate import Finding
from policypack.findings.order import importance
from policypack.wording import facts_of, printable

# What the turns of a loop call differently besides the resource itself: places, and the number of the turn.
_LOCATION: Final = re.compile(r"[a-z]+-[a-z]+[0-9]+(?:-[a-z])?")
_NUMBER: Final = re.compile(r"(?<=[^0-9])[0-9]+$")
# How many of its resources a message names, and how many fixes are told first.
MOST_NAMED: Final = 12
MOST_TO_DO: Final = 3


class Group(NamedTuple):
    """Findings of one rule that say the same, the most important first.

    Attributes:
        findings: one for each resource.
        is_literal: they say it in the same words; otherwise with the names and places of each resource.
    """

    findings: tuple[Finding, ...]
    is_literal: bool

    @property
    def first(self) -> Finding:
        return self.findings[0]


def groups_of(findings: Iterable[Finding]) -> list[Group]:
    """The findings in groups, the most important first."""
    found: dict[object, list[Finding]] = {}
    for finding in sorted(findings, key=importance):
        key = (finding.rule.name, finding.level, finding.status, finding.type, _with_names_left_out(finding))
        found.setdefault(key, []).append(finding)
    return [Group(tuple(group), _is_literal(group)) for group in found.values()]


class ToDo(NamedTuple):
    """What settles some findings of a rule.

    Attributes:
        fix: what to do, a sentence.
        findings: those that it settles.
    """

    fix: str
    findings: tuple[Finding, ...]

    @property
    def names(self) -> str:
        """The resources for a sentence: `chat`, or `chat` and 3 others."""
        names = list(dict.fromkeys(f"`{finding.name}`" for finding in self.findings))
        return " and ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} others"


def first_to_do(failed: Iterable[Group]) -> list[ToDo]:
    """The few fixes to begin with: those of what the run fails for before advice."""
    by_fix: dict[tuple[str, str], list[Finding]] = {}
    for group in sorted(failed, key=lambda group: group.first.level != "mandatory"):
        by_fix.setdefault((group.first.rule.name, group.first.problems[0].fix), []).extend(group.findings)
    return [ToDo(fix, tuple(findings)) for (_, fix), findings in islice(by_fix.items(), MOST_TO_DO)]


def _with_names_left_out(finding: Finding) -> str:
    """What a finding says, without what is its resource's own."""
    name = printable(finding.name)
    text = "\n".join(sentence for _, sentence in facts_of(finding)).replace(f"`{name}`", "`N`")
    for place in _LOCATION.findall(name):
        text = text.replace(place, "L")
    if number := _NUMBER.search(name):
        for before in "-_":
            text = text.replace(f"{before}{number[0]}`", f"{before}#`")
    return text


def _is_literal(group: list[Finding]) -> bool:
    return len({tuple(facts_of(finding)) for finding in group}) == 1
