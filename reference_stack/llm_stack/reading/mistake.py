"""What is wrong with a configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi

Path = tuple[str | int, ...]
"""The keys that lead to a value, and in a list its place."""

LONG = re.compile(r"([^\s`]{100})[^\s`]{100,}")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a value, as the end of a sentence about it, and a sentence that says how to put it right."""

    path: Path
    problem: str
    fix: str

    @property
    def key(self) -> str:
        """The path as people write it: `regions.us-east1.zones[1]`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")

    def __str__(self) -> str:
        return f"{shown(self.key)}: {shown(self.problem)}. {shown(self.fix)}."


def shown(text: str) -> str:
    """A text in one line that can be printed; a value in it that is long is cut."""
    printable = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return re.sub(LONG, r"\1...", printable)


class ConfigError(pulumi.RunError):
    """A configuration that cannot be built, with all that is wrong with it.

    Pulumi prints the message of a RunError without a traceback.
    """

    def __init__(self, mistakes: Sequence[Mistake], place: Callable[[Path], str]) -> None:
        """`place` says where a path stands in a file, as `FILE:LINE: `, or nothing if that is not known."""
        self.mistakes = tuple(mistakes)
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = [f"{place(mistake.path)}{mistake}" for mistake in mistakes]
        super().__init__("\n".join([f"The configuration has {count}:", *lines]))
