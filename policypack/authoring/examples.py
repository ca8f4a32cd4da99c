"""The programs in the docstrings of rules: what fails, and the change that makes it pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from policypack.rule import AnyRule

_PROGRAM: Final = re.compile(r"```python\n(.*?)```", re.DOTALL)
_CHANGE: Final = re.compile(r"```diff\n(.*?)```", re.DOTALL)


def example(rule: AnyRule, section: Literal["Fails", "Passes"]) -> str:
    """The program of a section; a section that shows a change shows what to do to the program that fails.

    Raises:
        ValueError: the section has no program and no change, or the change does not fit.
    """
    text = rule.sections[section]
    if program := _PROGRAM.search(text):
        return program[1]
    change = _CHANGE.search(text)
    if change is None or section == "Fails":
        raise ValueError(f"rule {rule.name}: the section {section} needs a program")
    return "\n".join(_changed(example(rule, "Fails").splitlines(), change[1].splitlines())) + "\n"


def _changed(program: list[str], change: list[str]) -> Iterator[str]:
    """The lines of a program after a change: lines that stay, go (`-`) and come (`+`), in parts set off by `@@`."""
    done = 0
    for part in "\n".join(change).split("\n@@\n"):
        lines = part.split("\n")
        old = [line[1:] for line in lines if not line.startswith("+")]
        places = [i for i in range(done, len(program) - len(old) + 1) if program[i : i + len(old)] == old]
        if not places:
            raise ValueError(f"the change does not fit the program: {old}")
        yield from program[done : places[0]]
        yield from (line[1:] for line in lines if not line.startswith("-"))
        done = places[0] + len(old)
    yield from program[done:]
