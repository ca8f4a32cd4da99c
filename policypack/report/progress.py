"""What a person at a terminal sees while something takes its time."""

from __future__ import annotations

from contextlib import AbstractContextManager

from rich.console import Console


def progress(what: str) -> AbstractContextManager[object]:
    """Shows what is being done, on standard error and while it lasts; nothing where that is no terminal."""
    return Console(stderr=True).status(f"{what} ...")
