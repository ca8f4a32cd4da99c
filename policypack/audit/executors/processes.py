"""The work of an audit on this machine, in processes of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Set
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any, Final, TypeAlias

from policypack.audit.error import AuditError
from policypack.audit.record import StackRecord, unreadable
from policypack.audit.worker import Job, run_job
from policypack.garbage import collect_seldom

_Future: TypeAlias = Future[list[StackRecord]]
_SECONDS_TO_NOTICE: Final = 2
# Enough that no process waits, and few enough that little is in memory.
_AHEAD: Final = 2
_KILLED: Final = (
    "the process that judged it was killed, perhaps because it needed more memory than there is: lower `--workers`, or "
    "use a larger machine"
)


def run(jobs: Iterator[Job], workers: int) -> Iterator[tuple[Job, list[StackRecord]]]:
    """Judges in processes; the results come in any order. One state that kills a process is reported as unreadable.

    Raises:
        AuditError: no process can be started.
    """
    pool = _Pool(workers)
    try:
        for job in jobs:
            pool.submit(job)
            while len(pool.under_way) >= workers * _AHEAD:
                yield from pool.finished()
        while pool.under_way:
            yield from pool.finished()
    finally:
        pool.kill()


class _Pool:
    """Processes that are replaced after one of them died."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._start(workers)
        self.under_way: dict[_Future, Job] = {}

    def submit(self, job: Job) -> None:
        try:
            future = self._submitted(job)
        except BrokenProcessPool as error:
            future = Future()
            future.set_exception(error)
        self.under_way[future] = job

    def finished(self) -> Iterator[tuple[Job, list[StackRecord]]]:
        for future in self._done(self.under_way):
            job = self.under_way.pop(future)
            if isinstance(future.exception(), BrokenProcessPool):
                suspects = [job, *self.under_way.values()]
                self.under_way.clear()
                self._restart(self._workers)
                yield from self._one_at_a_time(suspects)
                return
            yield job, future.result()

    def kill(self) -> None:
        """Ends the processes, whatever they are doing."""
        processes = self._processes()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._end(processes)

    def _one_at_a_time(self, suspects: list[Job]) -> Iterator[tuple[Job, list[StackRecord]]]:
        """A process died, and nobody knows over which state: each alone tells."""
        for job in (single for suspect in suspects for single in suspect.split()):
            try:
                (future,) = self._done([self._submitted(job)])
                yield job, future.result()
            except BrokenProcessPool:
                self._restart(self._workers)
                yield job, [unreadable(job.entries[0], _KILLED)]

    def _submitted(self, job: Job) -> _Future:
        with _explained():
            return self._executor.submit(run_job, job)

    def _done(self, futures: Iterable[_Future]) -> Set[_Future]:
        """Those that are done, at least one."""
        while not (done := wait(futures, _SECONDS_TO_NOTICE, FIRST_COMPLETED).done):
            processes = self._processes()
            # The executor waits for the rest of a result whose sender died while it sent it.
            if not all(process.is_alive() for process in processes):
                self._end(processes)
        return done

    def _processes(self) -> list[BaseProcess]:
        return list((self._executor._processes or {}).values())

    def _end(self, processes: Iterable[BaseProcess]) -> None:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
        # Nobody sends any more, so what was cut off has an end.
        self._results._writer.close()

    def _restart(self, workers: int) -> None:
        self.kill()
        self._start(workers)

    def _start(self, workers: int) -> None:
        with _explained():
            self._executor = _executor(workers)
        # The executor forgets it when it is shut down.
        self._results: Any = self._executor._result_queue  # type: ignore[attr-defined, unused-ignore]


@contextmanager
def _explained() -> Iterator[None]:
    """Says why no process can be started; a broken pipe would be taken for that of the standard output."""
    try:
        yield
    except OSError as error:
        raise AuditError(
            f"no process to judge in can be started ({error.strerror}): check that this user may run {sys.executable}, "
            "and the limits on processes and open files"
        ) from error


def _executor(workers: int) -> ProcessPoolExecutor:
    # A fork would copy the threads that read from buckets in a state that they never leave.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _prepare)


def _prepare() -> None:
    """Leaves it to the first process what Ctrl-C does, and ends when that one is killed."""
    collect_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
