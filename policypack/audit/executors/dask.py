"""The work of an audit on more machines than this one: https://distributed.dask.org/."""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib
import socket
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from policypack.audit.error import AuditError
from policypack.audit.record import StackRecord, unreadable
from policypack.audit.worker import Job, run_job

_AHEAD: Final = 2
_SECONDS_TO_CONNECT: Final = 2.5
_SECONDS_FOR_WORKERS: Final = 30
_KILLED: Final = "the workers that judged it died, perhaps because it needs more memory than they have: give them more"


def run(jobs: Iterator[Job], scheduler: str) -> Iterator[tuple[Job, list[StackRecord]]]:
    """Judges on the workers of a Dask cluster; the results come in any order.

    The work of a worker that dies is done by another one. A state over which workers die again and again is reported
    as unreadable.

    Args:
        jobs: what to judge; they are taken as workers become free.
        scheduler: the address of its scheduler, such as `tcp://10.0.0.5:8786`.

    Raises:
        AuditError: Dask is not installed, or the scheduler does not answer or has no workers.
    """
    _check_port(scheduler)
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise AuditError("--scheduler needs Dask: install llm-policypack[dask], here and on the workers") from error
    client = _connect(distributed, scheduler)
    suspects: list[Job] = []
    try:
        for job, records in _judged(client, distributed.as_completed(loop=client.loop), jobs):
            if records is None:
                suspects.extend(job.split())
            else:
                yield job, records
        # Workers died, and nobody knows over which state: each alone tells.
        for job in suspects:
            yield job, _records_of(_submit(client, job)) or [unreadable(job.entries[0], _KILLED)]
    except OSError as error:
        raise AuditError(
            f"the Dask scheduler {scheduler} is lost ({error}): run the audit again to continue"
        ) from error
    finally:
        client.close(timeout=_SECONDS_FOR_WORKERS)


def _judged(client: Any, completed: Any, jobs: Iterator[Job]) -> Iterator[tuple[Job, list[StackRecord] | None]]:
    """The jobs with what came of them, as they are done; `None` for those whose workers died."""
    under_way: dict[Any, Job] = {}
    for job in jobs:
        future = _submit(client, job)
        under_way[future] = job
        completed.add(future)
        while len(under_way) >= _AHEAD * max(1, sum(client.nthreads().values())):
            future = next(completed)
            yield under_way.pop(future), _records_of(future)
    for future in completed:
        yield under_way.pop(future), _records_of(future)


def _submit(client: Any, job: Job) -> Any:
    return client.submit(run_job, job, pure=False)


def _check_port(scheduler: str) -> None:
    """Asks the port itself first: Dask takes long to load, and repeats what is refused."""
    parts = urlsplit(scheduler if "://" in scheduler else f"//{scheduler}")
    try:
        # Dask would wait for port 0 to answer.
        if not parts.hostname or not parts.port:
            raise _no_scheduler(scheduler)
        socket.create_connection((parts.hostname, parts.port), timeout=_SECONDS_TO_CONNECT).close()
    except (OSError, ValueError) as error:
        raise _no_scheduler(scheduler) from error


def _connect(distributed: Any, scheduler: str) -> Any:
    try:
        # A client that gets no answer waits on, whatever its time limit.
        asyncio.run(asyncio.wait_for(_ask(distributed, scheduler), _SECONDS_TO_CONNECT))
        client = distributed.Client(scheduler, timeout=_SECONDS_FOR_WORKERS, set_as_default=False)
    except Exception as error:
        # What another kind of server sends may be taken for anything, such as a message of more bytes than there are.
        raise _no_scheduler(scheduler) from error
    try:
        client.wait_for_workers(1, timeout=_SECONDS_FOR_WORKERS)
    except TimeoutError as error:
        client.close()
        raise AuditError(f"the Dask scheduler {scheduler} has no workers") from error
    return client


async def _ask(distributed: Any, scheduler: str) -> None:
    async with distributed.rpc(scheduler, timeout=_SECONDS_TO_CONNECT) as asked:
        await asked.identity()


def _no_scheduler(address: str) -> AuditError:
    return AuditError(f"there is no Dask scheduler at {address}; it must look like tcp://HOST:8786")


def _records_of(future: Any) -> list[StackRecord] | None:
    """What came of a job; `None` if its workers died.

    A result that was ready is computed once more if the worker that had it dies, so this waits for it.
    """
    try:
        records: list[StackRecord] = future.result()
    except AuditError:
        raise
    except (asyncio.CancelledError, concurrent.futures.CancelledError) as error:
        raise AuditError("the Dask scheduler is lost: run the audit again to continue") from error
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            return None
        raise AuditError(
            f"the Dask cluster failed ({type(error).__name__}): its workers need the same release of this "
            "policy pack with its extra `dask`; run the audit again to continue"
        ) from error
    return records
