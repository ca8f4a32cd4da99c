"""A program that gets a message, and the change that the message's fix describes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.fixes.programs import EXTERNAL

# A text, what it is replaced by to get the message, and what the fix makes of that.
Edit: TypeAlias = tuple[str, str, str]
_WORDS = re.compile(r"[A-Za-z_]\w*|\d[\d.]*")


@dataclass(frozen=True)
class Fix:
    """One message of a rule, got and mended.

    Attributes:
        rule: the rule's name.
        part: the function in the rule's file that says it.
        program: the program before anything is broken.
        edits: what is changed; each text occurs once.
        chosen: words of the change that the fix leaves to the reader, such as a number, or the name of a resource.
        options: options of the rule without which it does not say it.
    """

    rule: str
    part: str
    program: str
    edits: tuple[Edit, ...]
    chosen: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def broken(self) -> str:
        """The program that gets the message."""
        program = self.program
        for text, broken, _ in self.edits:
            assert program.count(text) == 1, (program.count(text), text)
            program = program.replace(text, broken)
        return program

    @property
    def mended(self) -> str:
        """The program after what the fix says is done."""
        program = self.program
        for text, _, mended in self.edits:
            program = program.replace(text, mended)
        return program

    @property
    def added(self) -> set[str]:
        """The words that the change brings in, or those that it takes out if it brings none."""
        broken, mended = words(self.broken), words(self.mended)
        parts = {word for _, _, text in self.edits for word in words(text)}
        left = {word for _, text, _ in self.edits for word in words(text)}
        return parts - left or (mended - broken) or left - parts


def fix(rule: str, part: str, *edits: Edit, chosen: str = "", program: str = EXTERNAL, **options: Any) -> Fix:
    return Fix(rule, part, program, edits, chosen, options)


def words(text: str) -> set[str]:
    """Names and numbers in a text."""
    return {word.rstrip(".") for word in _WORDS.findall(text)}
