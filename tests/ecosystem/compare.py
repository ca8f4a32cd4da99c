"""What differs between the verdicts of two packs, as Markdown for a pull request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

MARKER: Final = "<!-- llm-policypack-ecosystem -->"
# GitHub takes 65,536 characters.
LONGEST: Final = 60_000
_SHOWN: Final = 8
_LONGEST_TEXT: Final = 300
Verdicts: TypeAlias = dict[tuple[str, str], tuple[str, str]]
"""(verdict, message) by (rule, resource); what is not there passes, or is not applicable."""


@dataclass(frozen=True)
class Judged:
    """What a pack says: its rules, and the verdicts of each stack."""

    rules: frozenset[str]
    stacks: dict[str, Verdicts]


class Difference(NamedTuple):
    """A verdict that is another one now, or has another text."""

    rule: str
    change: str
    stack: str
    resource: str
    message: str


def read(file: Path) -> Judged:
    """What `judge.py` wrote."""
    rules, *stacks = (json.loads(line) for line in file.read_text().splitlines())
    return Judged(
        frozenset(rules),
        {name: _verdicts(rows) for name, rows in stacks},
    )


def _verdicts(rows: list[list[str]]) -> Verdicts:
    found: Verdicts = {}
    for rule, resource, verdict, message in rows:
        before = found.get((rule, resource))
        # Two findings of a rule on one resource; a violation outweighs what is undecided.
        text = f"{before[1]}\n{message}" if before else message
        found[rule, resource] = ("failed" if before and before[0] == "failed" else verdict, text)
    return found


def differences(base: Judged, head: Judged) -> list[Difference]:
    """By rule, then by what changed."""
    found = []
    for stack, after in head.stacks.items():
        before = base.stacks[stack]
        for rule, resource in {*before, *after}:
            old, new = before.get((rule, resource)), after.get((rule, resource))
            if old != new:
                was, text = old or ("passed", "")
                now, new_text = new or ("passed", "")
                change = f"{was} → {now}" if was != now else f"{now}, in other words"
                found.append(Difference(rule, change, stack, resource, new_text or text))
    return sorted(found, key=lambda one: (one.rule, "other words" in one.change, one))


def markdown(base: Judged, head: Judged) -> str:
    """The differences, grouped by rule."""
    found = differences(base, head)
    lines = [MARKER, _heading(found, len(head.stacks)), ""]
    lines += [f"New: {', '.join(f'`{rule}`' for rule in sorted(new))}.\n"] if (new := head.rules - base.rules) else []
    lines += [f"Gone: {', '.join(f'`{rule}`' for rule in sorted(old))}.\n"] if (old := base.rules - head.rules) else []
    if found:
        lines += ["| rule | change | verdicts | stacks |", "| --- | --- | ---: | ---: |", *_table(found), ""]
    text = "\n".join(lines)
    for rule, group in groupby(found, key=lambda one: one.rule):
        details = "\n".join(_details(rule, list(group)))
        if len(text) + len(details) > LONGEST:
            return f"{text}\nThe details of the other rules do not fit here: see the artifact of this run.\n"
        text += details
    return text


def _heading(found: list[Difference], stacks: int) -> str:
    if not found:
        return (
            f"### Ecosystem: the same verdicts\n\n{stacks} stacks were judged by the pack before and after this change."
        )
    changed = len({one.stack for one in found if "other words" not in one.change})
    if not changed:
        reworded = len({one.stack for one in found})
        return f"### Ecosystem: the same verdicts, in other words for {reworded} of {stacks} stacks"
    return f"### Ecosystem: other verdicts for {changed} of {stacks} stacks"


def _table(found: list[Difference]) -> Iterator[str]:
    counts = Counter((one.rule, one.change) for one in found)
    for (rule, change), count in counts.items():
        stacks = len({one.stack for one in found if (one.rule, one.change) == (rule, change)})
        yield f"| `{rule}` | {change} | {count} | {stacks} |"


def _details(rule: str, found: list[Difference]) -> Iterator[str]:
    yield f"\n<details><summary>{rule}</summary>\n"
    for change, group in groupby(found, key=lambda one: one.change):
        rows = list(group)
        yield f"**{change}**\n"
        for one in rows[:_SHOWN]:
            where = f"`{one.stack}`: `{one.resource}`" if one.resource else f"`{one.stack}`"
            yield f"- {where}\n  {_text(one.message)}"
        yield f"- and {len(rows) - _SHOWN} more\n" if len(rows) > _SHOWN else ""
    yield "</details>\n"


def _text(message: str) -> str:
    text = " ".join(message.split())
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
