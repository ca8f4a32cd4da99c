"""Terminals, and text that looks as they show it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from rich.console import Console

from policypack.rule import Level

LEVEL_STYLES: Final[dict[Level, str]] = {"mandatory": "bold red", "advisory": "bold yellow", "disabled": "dim"}
_PIPED_WIDTH: Final = 1000


def make_console(color: str) -> Console:
    """The console for standard output.

    Args:
        color: `always`, `never`, or `auto`: colors in a terminal only, and none with `NO_COLOR`.
    """
    console = Console(
        highlight=False,
        soft_wrap=True,
        force_terminal=True if color == "always" else None,
        no_color=True if color == "never" else None,
    )
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def plain_text(fill: Callable[[Console], None]) -> str:
    """What is printed to a console, as plain text."""
    text = io.StringIO()
    fill(Console(file=text, highlight=False, soft_wrap=True, no_color=True, width=_PIPED_WIDTH))
    return text.getvalue()


def progress(what: str) -> AbstractContextManager[object]:
    """Shows what is being done, on standard error and while it lasts; nothing where that is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return nullcontext()
    return Console(stderr=True).status(f"{what} ...")
