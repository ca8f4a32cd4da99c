"""What a person at a terminal sees while something takes its time."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext


def progress(what: str) -> AbstractContextManager[object]:
    """Shows what is being done, on standard error and while it lasts; nothing where that is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"{what} ...")
