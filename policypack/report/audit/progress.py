"""How far an audit is, on standard error: a bar in a terminal, a line a minute where there is none."""

from __future__ import annotations

import time
from contextlib import ExitStack
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from policypack.audit.run import Progress

_SECONDS_A_LINE: Final = 60


class AuditProgress:
    """Shows how far an audit is, while it lasts."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("stacks"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("Judging", total=None)
        self._said = time.monotonic()
        self._open = ExitStack()

    def __enter__(self) -> AuditProgress:
        self._open.enter_context(self._bar)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    def show(self, progress: Progress) -> None:
        description = "Resuming the audit" if progress.goes_on else "Judging"
        self._bar.update(self._task, completed=progress.judged, total=progress.taken, description=description)
        if not self._console.is_terminal and time.monotonic() - self._said >= _SECONDS_A_LINE:
            self._said = time.monotonic()
            self._console.print(f"judged {progress.judged} stacks", markup=False, highlight=False)
