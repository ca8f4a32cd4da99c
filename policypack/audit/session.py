"""Targets in, the results of an audit out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from functools import partial
from pathlib import Path

from policypack.audit.error import AuditInterrupted, OldFormatError
from policypack.audit.executors import dask, processes
from policypack.audit.fingerprint import fingerprint, pack_digest
from policypack.audit.journal import VERSION, Journal
from policypack.audit.owners import Owners
from policypack.audit.results import AuditResults
from policypack.audit.run import Execute, OnProgress, Progress, Reword, run_audit
from policypack.audit.stores.content import MEBIBYTE
from policypack.audit.worker import JobOptions
from policypack.config.options import Setting


@contextmanager
def audit(
    targets: Sequence[str],
    *,
    settings: Mapping[str, Setting],
    today: date | None = None,
    journal: Path | None = None,
    baseline: Path | None = None,
    owners: Owners | None = None,
    workers: int = os.cpu_count() or 1,
    scheduler: str | None = None,
    max_mebibytes: int = 64,
    on_progress: OnProgress = lambda progress: None,
    reword: Reword = str,
    warn: Callable[[str], object] = str,
) -> Iterator[AuditResults]:
    """Judges every stack of the targets, and gives the results while the journal that they are in is open.

    Args:
        targets: what `open_target` takes.
        settings: the settings by the rules' names.
        today: the day that waivers are judged on; `None` is this day.
        journal: where to keep what came of each stack; by default a file in the user's cache for these targets.
        baseline: the journal of an earlier audit to compare with.
        owners: who owns which stacks, and whose stacks the results are about.
        workers: how many processes judge.
        scheduler: the address of a Dask scheduler, whose cluster judges instead.
        max_mebibytes: how large a state may be.
        on_progress: is called whenever something was judged.
        reword: rewords what is said of stacks and targets that cannot be read.
        warn: is called with a sentence for each journal of an older format, which is not used.

    Raises:
        AuditError: no target can be listed, the journal or the baseline is none, or the audit cannot go on.
        AuditInterrupted: somebody pressed Ctrl-C; the same call goes on with the audit.
    """
    day, last = today or date.today(), Progress()

    def note(progress: Progress) -> None:
        nonlocal last
        last = progress
        on_progress(progress)

    options = JobOptions(settings, day, max_mebibytes * MEBIBYTE, pack_digest())
    file = journal or _default_journal(targets)
    with closing(Journal(file, fingerprint(settings, day), settings, day)) as opened:
        if opened.set_aside:
            warn(f"{file} is of an older format, so the audit starts anew; it is kept as {opened.set_aside}")
        results = _results(opened, baseline, owners, warn)
        try:
            run_audit(targets, options, opened, _executor(workers, scheduler), on_progress=note, reword=reword)
        except KeyboardInterrupt:
            raise AuditInterrupted(
                f"interrupted after {last.judged} stacks: run the same command again to continue ({file})"
            ) from None
        yield results


def _results(
    journal: Journal, baseline: Path | None, owners: Owners | None, warn: Callable[[str], object]
) -> AuditResults:
    try:
        return AuditResults(journal, baseline, owners)
    except OldFormatError:
        warn(f"the baseline {baseline} is of an older format, so it is not known what has changed since")
        return AuditResults(journal, None, owners)


def _executor(workers: int, scheduler: str | None) -> Execute:
    return partial(dask.run, scheduler=scheduler) if scheduler is not None else partial(processes.run, workers=workers)


def _default_journal(targets: Sequence[str]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    # A journal of another version is of no use to this release.
    here = "\n".join((str(VERSION), os.getcwd(), *targets))
    digest = hashlib.sha256(here.encode("utf-8", "surrogateescape")).hexdigest()
    return cache / "llm-policypack" / f"{digest[:16]}.journal"
