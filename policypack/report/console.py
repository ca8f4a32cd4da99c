"""Terminals, and text that looks as they show it."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.text import Text

from policypack.config.terms import Level, Severity
from policypack.wording import printable

LEVEL_STYLES: Final[dict[Level, str]] = {"mandatory": "bold red", "advisory": "bold yellow", "disabled": "dim"}
SEVERITY_STYLES: Final[dict[Severity, str]] = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "dim",
}
_UNBROKEN: Final = 1000
# A word with the spaces before it; code between backticks is one, unless it is long.
_WORD: Final = re.compile(r" *(?:`[^`]{0,72}`|[^ ])+| +")
# Where a line has room for less, it is broken nevertheless.
_NARROWEST: Final = 24


@dataclass(frozen=True)
class Line:
    """A line in parts, each a text or a text with a style. What it has no room for goes on, `hanging` columns in."""

    parts: tuple[str | tuple[str, str], ...] = ()
    hanging: int = 0


def line(*parts: str | tuple[str, str], hanging: int = 0) -> Line:
    """A line of these parts."""
    return Line(parts, hanging)


def make_console(color: str) -> Console:
    """The console for standard output. Piped, lines are broken where `COLUMNS` asks for it, and nowhere else.

    Args:
        color: `always`, `never`, or `auto`: colors in a terminal only, and none with `NO_COLOR`.
    """
    console = Console(
        highlight=False,
        soft_wrap=True,
        force_terminal=True if color == "always" else None,
        no_color=True if color == "never" else None,
    )
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdecimal():
        console.width = _UNBROKEN
    return console


def plain_text(fill: Callable[[Console], None]) -> str:
    """What is printed to a console, as plain text."""
    text = io.StringIO()
    fill(Console(file=text, highlight=False, soft_wrap=True, no_color=True, width=_UNBROKEN))
    return text.getvalue()


def print_lines(console: Console, lines: Iterable[Line]) -> None:
    """Prints lines, made printable and broken between words."""
    width = max(console.width, _NARROWEST)
    broken = (part for one in lines for part in _broken(one, width))
    if console.is_terminal:
        for parts in broken:
            console.print(Text.assemble(*parts))
        return
    # Thousands of lines take the library longer than the rules took to find what is in them.
    console.file.write("".join(f"{''.join(text for text, _ in parts)}\n" for parts in broken))


def _broken(one: Line, width: int) -> Iterator[list[tuple[str, str]]]:
    styled = [(part, "") if isinstance(part, str) else part for part in one.parts]
    parts = [(printable(text), style) for text, style in styled]
    if sum(len(text) for text, _ in parts) <= width or width >= _UNBROKEN:
        yield parts
        return
    taken, column, is_empty = list[tuple[str, str]](), 0, True
    for word, style in ((word, style) for text, style in parts for word in _WORD.findall(text)):
        fits = is_empty or column + len(word.rstrip()) <= width
        if not fits:
            yield taken
            taken, column, is_empty = [(" " * one.hanging, "")], one.hanging, True
        shown = word if fits else word.lstrip()
        taken.append((shown, style))
        column += len(shown)
        is_empty = is_empty and not shown.strip()
    yield taken


def progress(what: str) -> AbstractContextManager[object]:
    """Shows what is being done, on standard error and while it lasts; nothing where that is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return nullcontext()
    return Console(stderr=True).status(f"{what} ...")
