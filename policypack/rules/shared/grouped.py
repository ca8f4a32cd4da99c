"""How a rule says once what it has to say of several groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from policypack.verdict import Checks, Fail, Verdict, settled
from policypack.wording import quoted

# Stands for the names of the groups.
GROUPS: Final = "{groups}"


def grouped(checks: Iterable[tuple[str, Checks]]) -> Iterator[Verdict]:
    """What checks say of each of several groups, where the texts have `GROUPS` for its name: once, with all names."""
    names = dict[Verdict, list[str]]()
    for name, check in checks:
        for verdict in settled(check):
            names.setdefault(verdict, []).append(name)
    for verdict, found in names.items():
        listed = quoted(set(found))
        if isinstance(verdict, Fail):
            fix = replace(verdict.remedy, text=verdict.remedy.text.replace(GROUPS, listed))
            yield replace(verdict, observed=verdict.observed.replace(GROUPS, listed), fix=fix)
        else:
            yield replace(verdict, why=verdict.why.replace(GROUPS, listed))
