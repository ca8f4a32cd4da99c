"""An audit from its targets to its finished journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from policypack.audit.error import AuditError, TargetError
from policypack.audit.journal import Journal, TargetResult
from policypack.audit.record import StackRecord
from policypack.audit.stores.content import MEBIBYTE
from policypack.audit.stores.store import Entry, Store
from policypack.audit.stores.target import open_target
from policypack.audit.worker import Job, JobOptions
from policypack.wording import printable

# Where jobs are done: in order or not, one after the other or at once.
Execute: TypeAlias = Callable[[Iterator[Job]], Iterator[tuple[Job, list[StackRecord]]]]

_STATES_A_JOB: Final = 32
_BYTES_A_JOB: Final = 32 * MEBIBYTE


@dataclass
class Progress:
    """How far an audit is.

    Attributes:
        listed: the stacks that the targets have, as far as they are listed.
        taken: those of them that have to be judged; the others were, and have not changed since.
        judged: those that are judged by now.
        goes_on: it goes on with an audit that was interrupted.
    """

    listed: int = 0
    taken: int = 0
    judged: int = 0
    goes_on: bool = False


OnProgress: TypeAlias = Callable[[Progress], None]
Reword: TypeAlias = Callable[[str], str]


def run_audit(
    targets: Iterable[str | Store],
    options: JobOptions,
    journal: Journal,
    execute: Execute,
    *,
    on_progress: OnProgress = lambda progress: None,
    reword: Reword = str,
) -> None:
    """Judges every stack of the targets that the journal does not have yet.

    A target that cannot be listed is noted in the journal, and the others are judged.

    Args:
        targets: what `open_target` takes, or stores.
        options: how to judge.
        journal: where the results go.
        execute: where the work is done.
        on_progress: is called whenever something was judged.
        reword: rewords what is said of stacks and targets that cannot be read.

    Raises:
        AuditError: no target can be listed, or the audit cannot go on.
    """
    audit = _Audit(options, journal, on_progress, reword)
    for job, records in execute(audit.jobs(targets)):
        audit.keep(job, records)
    if all(result.error for result in audit.targets):
        raise AuditError("; ".join(f"{result.target}: {result.error}" for result in audit.targets))
    journal.finish(audit.targets)


class _Audit:
    def __init__(self, options: JobOptions, journal: Journal, on_progress: OnProgress, reword: Reword) -> None:
        self._options = options
        self._journal = journal
        self._on_progress = on_progress
        self._reword = reword
        self._progress = Progress(goes_on=journal.goes_on)
        self.targets: list[TargetResult] = []

    def jobs(self, targets: Iterable[str | Store]) -> Iterator[Job]:
        """The work, one target after the other, as far as it is asked for."""
        for target in targets:
            yield from self._jobs_of(target)

    def keep(self, job: Job, records: list[StackRecord]) -> None:
        reworded = (replace(record, error=self._reword(record.error)) for record in records)
        self._journal.write(reworded, job.store.target)
        self._progress.judged += len(records)
        self._on_progress(self._progress)

    def _jobs_of(self, target: str | Store) -> Iterator[Job]:
        # The parameters of a URL are for the store that reads them.
        name = printable(target.partition("?")[0]) if isinstance(target, str) else target.target
        before = self._progress.listed
        try:
            store = open_target(target) if isinstance(target, str) else target
            name = store.target
            for batch in _in_batches(self._journal.claim(self._counted(store.entries()), name)):
                self._progress.taken += len(batch)
                yield Job(store, batch, self._options)
        except TargetError as error:
            self.targets.append(TargetResult(name, self._progress.listed - before, self._reword(str(error))))
        else:
            self.targets.append(TargetResult(name, self._progress.listed - before))

    def _counted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self._progress.listed += 1
            yield entry


def _in_batches(entries: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == _STATES_A_JOB or size + entry.size > _BYTES_A_JOB):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield tuple(batch)
