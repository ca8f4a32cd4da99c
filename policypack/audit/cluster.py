"""The work of an audit on more machines than this one: https://distributed.dask.org/."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Final

from .error import AuditError
from .judge import Job, judge_job
from .record import StackRecord, unreadable

_AHEAD: Final = 2
_SECONDS_TO_CONNECT: Final = 30
_KILLED: Final = "the workers that judged it died, perhaps because it needs more memory than they have"


def judge_on_cluster(jobs: Iterator[Job], scheduler: str) -> Iterator[tuple[Job, list[StackRecord]]]:
    """Judges on the workers of a Dask cluster; the results come in any order.

    The work of a worker that dies is done by another one. A state over which workers die again and again is reported
    as unreadable.

    Args:
        jobs: what to judge; they are taken as workers become free.
        scheduler: the address of its scheduler, such as `tcp://10.0.0.5:8786`.

    Raises:
        AuditError: Dask is not installed, or the scheduler does not answer or has no workers.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise AuditError("--scheduler needs Dask: `pip install distributed`, here and where the workers run") from error
    client = _connect(distributed.Client, scheduler)
    try:
        under_way: dict[Any, Job] = {}
        completed = distributed.as_completed(loop=client.loop, raise_errors=False)

        def submit(job: Job) -> None:
            future = client.submit(judge_job, job, pure=False)
            under_way[future] = job
            completed.add(future)

        def finished() -> Iterator[tuple[Job, list[StackRecord]]]:
            future = next(completed)
            job = under_way.pop(future)
            records = _records_of(future, job)
            if records is None:
                for single in job.split():
                    submit(single)
            else:
                yield job, records

        for job in jobs:
            submit(job)
            while len(under_way) >= _AHEAD * max(1, sum(client.nthreads().values())):
                yield from finished()
        while under_way:
            yield from finished()
    except OSError as error:
        raise AuditError(f"the Dask scheduler {scheduler} is lost ({error}): run the audit again to go on") from error
    finally:
        client.close(timeout=_SECONDS_TO_CONNECT)


def _connect(client_class: Any, scheduler: str) -> Any:
    try:
        client = client_class(scheduler, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise AuditError(f"there is no Dask scheduler at {scheduler}; it has to be like tcp://HOST:8786") from error
    try:
        client.wait_for_workers(1, timeout=_SECONDS_TO_CONNECT)
    except TimeoutError as error:
        client.close()
        raise AuditError(f"the Dask scheduler {scheduler} has no workers") from error
    return client


def _records_of(future: Any, job: Job) -> list[StackRecord] | None:
    """What came of a job; `None` if its workers died and it has to be split to find out over which state."""
    error = future.exception() if future.status == "error" else None
    if error is None and future.status == "finished":
        records: list[StackRecord] = future.result()
        return records
    if isinstance(error, AuditError):
        raise error
    if type(error).__name__ == "KilledWorker":
        return [unreadable(job.entries[0], _KILLED)] if len(job.entries) == 1 else None
    raise AuditError(
        f"the cluster did not do its work ({type(error).__name__ if error else future.status}): it needs the same "
        "release of this policy pack, with requirements-audit.txt; run the audit again to go on"
    )
