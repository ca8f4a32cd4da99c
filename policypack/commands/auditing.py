"""What `audit` does with its arguments."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Final

import click

from policypack.audit.cluster import judge_on_cluster
from policypack.audit.content import MEBIBYTE
from policypack.audit.error import AuditError
from policypack.audit.fingerprint import fingerprint, pack_digest
from policypack.audit.journal import Journal
from policypack.audit.judge import Order
from policypack.audit.local import judge_locally
from policypack.audit.objects import SUFFIXES
from policypack.audit.results import AuditResults
from policypack.audit.run import run_audit
from policypack.commands.problem import COULD_NOT_JUDGE, refuse
from policypack.config.options import ConfigurationError, strict
from policypack.judgement import read_settings_of
from policypack.report.audit.formats import AUDIT_FORMATS, audit_format_of, write_audit
from policypack.report.audit.progress import AuditProgress
from policypack.report.audit.terminal import print_audit
from policypack.report.check.terminal import make_console
from policypack.report.formats import OutputError, check_places

_VIOLATIONS: Final = 1
_INTERRUPTED: Final = 130


@dataclass(frozen=True)
class Request:
    """The arguments of `audit`."""

    targets: tuple[str, ...]
    policy_config: Path | None
    is_strict: bool
    today: date
    max_mebibytes: int
    journal: Path | None
    baseline: Path | None
    workers: int
    scheduler: str | None
    outputs: tuple[Path, ...]
    format_name: str
    color: str
    fail_on: tuple[str, ...]


def run(request: Request) -> int:
    """Audits, reports and returns the exit status; ends the command if it cannot."""
    try:
        _check_outputs(request)
        settings = read_settings_of(request.policy_config)
        settings = strict(settings) if request.is_strict else settings
        order = Order(settings, request.today, request.max_mebibytes * MEBIBYTE, pack_digest())
        with closing(_open_journal(request, order)) as journal:
            results = AuditResults(journal, request.baseline)
            if not _judge(request, order, journal):
                return _INTERRUPTED
            _report(request, results)
            return _exit_status(results, request.fail_on)
    except (AuditError, ConfigurationError, OutputError) as error:
        refuse(error)


def _check_outputs(request: Request) -> None:
    for output in request.outputs:
        audit_format_of(output)
    read = (request.policy_config, request.journal, request.baseline)
    check_places(request.outputs, [file for file in read if file])
    for target in request.targets:
        place = os.path.realpath(target.removeprefix("file://"))
        for report in map(os.path.realpath, request.outputs):
            is_in_folder = report.startswith(f"{place}{os.sep}") and report.endswith(SUFFIXES)
            if is_in_folder or report == place or fnmatchcase(report, place):
                raise OutputError(f"{report} is in what this run reads, {target}: write the report to another place")


def _open_journal(request: Request, order: Order) -> Journal:
    file = request.journal or _default_journal(request.targets)
    return Journal(file, fingerprint(order.settings, order.today), order.settings, order.today)


def _default_journal(targets: tuple[str, ...]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    here = "\n".join((os.getcwd(), *targets))
    digest = hashlib.sha256(here.encode("utf-8", "surrogateescape")).hexdigest()
    return cache / "llm-policypack" / f"{digest[:16]}.journal"


def _judge(request: Request, order: Order, journal: Journal) -> bool:
    """Judges all that has to be judged; false if somebody interrupted it."""
    if request.scheduler:
        execute = partial(judge_on_cluster, scheduler=request.scheduler)
    else:
        execute = partial(judge_locally, workers=request.workers)
    with AuditProgress(journal.goes_on) as progress:
        try:
            run_audit(request.targets, order, journal, execute, progress.show)
        except KeyboardInterrupt:
            done = progress.last.judged
            click.echo(
                f"interrupted after {done} stacks: run the same command again to go on ({journal.file})", err=True
            )
            return False
    return True


def _report(request: Request, results: AuditResults) -> None:
    for output in request.outputs:
        write_audit(output, results)
    if request.format_name == "terminal":
        print_audit(make_console(request.color), results)
    else:
        AUDIT_FORMATS[request.format_name].print(sys.stdout, results)


def _exit_status(results: AuditResults, fail_on: tuple[str, ...]) -> int:
    totals = results.totals
    if totals.unreadable == totals.stacks:
        return COULD_NOT_JUDGE
    is_failure = (
        totals.mandatory
        or ("advisory" in fail_on and totals.advisory)
        or ("undecided" in fail_on and totals.undecided)
        or ("unreadable" in fail_on and (totals.unreadable or any(target.error for target in results.targets)))
    )
    return _VIOLATIONS if is_failure else 0
