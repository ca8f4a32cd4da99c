"""The work of an audit, done in processes and on machines of its own: states in, records out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial

from policypack.audit.error import AuditError, DamagedContent, UnreadableState
from policypack.audit.fingerprint import pack_digest
from policypack.audit.record import StackRecord, record_of, unreadable
from policypack.audit.stores.content import decompressed
from policypack.audit.stores.store import Entry, Store
from policypack.config.options import Setting
from policypack.evaluate import evaluate
from policypack.rules import RULES
from policypack.sources.error import DamagedState, SourceError
from policypack.sources.state import parse_state


@dataclass(frozen=True)
class JobOptions:
    """How to judge.

    Attributes:
        settings: the settings by the rules' names.
        today: the day that decides whether a waiver has expired.
        max_bytes: how large a state may be, stored and decompressed.
        pack: the digest of the policy pack that the audit was started with.
    """

    settings: Mapping[str, Setting]
    today: date
    max_bytes: int
    pack: str


@dataclass(frozen=True)
class Job:
    """States to judge in one go, few and small enough to be in memory together."""

    store: Store
    entries: tuple[Entry, ...]
    options: JobOptions

    def split(self) -> Iterator[Job]:
        return (Job(self.store, (entry,), self.options) for entry in self.entries)


def run_job(job: Job) -> list[StackRecord]:
    """Reads and judges states; what is wrong with one of them is in its record.

    Raises:
        AuditError: this machine has another policy pack than the one that the audit was started with.
    """
    if job.options.pack != pack_digest():
        raise AuditError(
            "a worker has other files of the policy pack than this machine: install the same release on both"
        )
    return [_record(job.store, entry, content, job.options) for entry, content in _read_all(job)]


def _read_all(job: Job) -> Iterator[tuple[Entry, bytes | UnreadableState]]:
    read = partial(_read, job.store, job.options.max_bytes)
    if job.store.readers == 1:
        yield from ((entry, read(entry)) for entry in job.entries)
        return
    with ThreadPoolExecutor(job.store.readers) as pool:
        yield from zip(job.entries, pool.map(read, job.entries), strict=True)


def _read(store: Store, max_bytes: int, entry: Entry) -> bytes | UnreadableState:
    if entry.error:
        return UnreadableState(entry.error)
    try:
        return store.read(entry, max_bytes)
    except UnreadableState as error:
        return error


def _record(store: Store, entry: Entry, content: bytes | UnreadableState, options: JobOptions) -> StackRecord:
    if isinstance(content, UnreadableState):
        return unreadable(entry, str(content))
    try:
        stack = parse_state(decompressed(content, options.max_bytes), "it")
        record = record_of(entry, stack, evaluate(stack, RULES, options.settings, options.today))
        # Frees it now, not when the garbage collector comes by.
        stack.forget()
        return record
    except DamagedContent as error:
        return unreadable(entry, f"{error}. {store.advice(entry)}")
    except DamagedState as error:
        return unreadable(entry, f"{error.problem} {store.advice(entry)}")
    except (UnreadableState, SourceError) as error:
        return unreadable(entry, str(error))
    except MemoryError:
        return unreadable(entry, "there is not enough memory to judge it: lower `--workers`, or use a larger machine")
