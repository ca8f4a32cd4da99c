"""Runs functions in forks of this process."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Final, TypeVar

_T = TypeVar("_T")

_FORKS: Final = multiprocessing.get_context("fork")


def in_forks(tasks: Sequence[Callable[[], _T]], jobs: int) -> list[_T | None]:
    """What each task returns, `None` if its process ended without; so many `jobs` at a time. Nothing is printed."""
    results: list[_T | None] = [None] * len(tasks)
    waiting = list(enumerate(tasks))
    running = dict[Connection, tuple[int, ForkProcess]]()
    while waiting or running:
        while waiting and len(running) < jobs:
            number, task = waiting.pop(0)
            receiver, sender = _FORKS.Pipe(duplex=False)
            process = _FORKS.Process(target=_send, args=(sender, task))
            process.start()
            sender.close()
            running[receiver] = number, process
        for ready in wait(running):
            assert isinstance(ready, Connection)
            number, process = running.pop(ready)
            with suppress(EOFError):
                results[number] = ready.recv()
            ready.close()
            process.join()
    return results


def _send(sender: Connection, task: Callable[[], object]) -> None:
    # What was there before is not its garbage: to look at it takes longer than most tasks.
    gc.freeze()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    sender.send(task())
