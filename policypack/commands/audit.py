"""`audit`: judges every stack of an organisation from its state."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import closing
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal, NoReturn

import click

from policypack.audit.cluster import judge_on_cluster
from policypack.audit.content import MEBIBYTE
from policypack.audit.error import AuditError
from policypack.audit.fingerprint import fingerprint, pack_digest
from policypack.audit.journal import Journal
from policypack.audit.judge import Order
from policypack.audit.local import judge_locally
from policypack.audit.results import AuditResults
from policypack.audit.run import Execute, Progress, run_audit
from policypack.options import ConfigurationError, strict
from policypack.report.audit_formats import audit_format_of, write_audit
from policypack.report.audit_json import write_to
from policypack.report.audit_progress import AuditProgress
from policypack.report.audit_terminal import print_audit
from policypack.report.formats import OutputError
from policypack.report.terminal import make_console

from .check import read_policy_config
from .problem import COULD_NOT_JUDGE, refuse

_VIOLATIONS: Final = 1
_INTERRUPTED: Final = 130

FailOn = Literal["advisory", "undecided", "unreadable"]


@click.command(short_help="Judge every stack of an organization from its state.")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--policy-config", metavar="FILE", help="Levels and options, as `pulumi --policy-pack-config` takes them."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="What to print on standard output.",
)
@click.option(
    "--output",
    "outputs",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a report too, in the format that the name says: .json, .parquet or .csv (a row a finding), or .txt. "
    "Can be repeated.",
)
@click.option(
    "--journal",
    "journal_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to keep what came of each stack: an interrupted audit goes on from it, and the next one skips the "
    "states that have not changed. By default a file in the user's cache for these targets.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The journal of an earlier audit, to report what has changed since.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    metavar="N",
    help="How many processes judge, by default one a CPU.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Judge on the Dask cluster with this scheduler instead.")
@click.option(
    "--max-size",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="MIB",
    help="Skip and report states that are larger.",
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(["advisory", "undecided", "unreadable"]),
    multiple=True,
    help="Exit with 1 for these too, not for mandatory violations only. Can be repeated.",
)
@click.option("--strict", "is_strict", is_flag=True, help="Count what is undecided as violated, in every rule.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Judge waivers as on that day, by default this one.",
)
def audit(
    *,
    targets: tuple[str, ...],
    policy_config: str | None,
    format_name: str,
    outputs: tuple[Path, ...],
    journal_file: Path | None,
    baseline: Path | None,
    workers: int,
    scheduler: str | None,
    max_size: int,
    color: str,
    fail_on: tuple[FailOn, ...],
    is_strict: bool,
    today: datetime | None,
) -> None:
    """Judge every stack of an organization from its state, without running a program.

    TARGET is a backend as `pulumi login` takes it (file://, gs://, s3:// or azblob://), an organization of Pulumi Cloud
    (pulumi://ORG, with the token in PULUMI_ACCESS_TOKEN), or a file, a folder or a glob of exported states.

    \b
    Examples:
      python -m policypack audit gs://my-pulumi-states
      python -m policypack audit pulumi://acme --output findings.parquet --fail-on unreadable
      python -m policypack audit "exports/*.json" --journal today.journal --baseline yesterday.journal

    Exit status: 0 no mandatory violation, 1 violations, 2 it could not judge, 130 interrupted.
    """
    day = today.date() if today else date.today()
    file = journal_file or _default_journal(targets)
    try:
        for output in outputs:
            audit_format_of(output)
        settings = read_policy_config(policy_config)
        settings = strict(settings) if is_strict else settings
        order = Order(settings, day, max_size * MEBIBYTE, pack_digest())
        execute = (
            partial(judge_on_cluster, scheduler=scheduler) if scheduler else partial(judge_locally, workers=workers)
        )
        with closing(Journal(file, fingerprint(settings, day), settings, day)) as journal:
            results = AuditResults(journal, baseline)
            _run(targets, order, journal, execute)
            for output in outputs:
                write_audit(output, results)
            if format_name == "terminal":
                print_audit(make_console(color), results)
            else:
                write_to(sys.stdout, results)
            status = _exit_status(results, fail_on)
    except (AuditError, ConfigurationError, OutputError) as error:
        refuse(error)
    sys.exit(status)


def _default_journal(targets: tuple[str, ...]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256("\n".join(targets).encode("utf-8", "surrogateescape")).hexdigest()
    return cache / "llm-policypack" / f"{digest[:16]}.journal"


def _run(targets: tuple[str, ...], order: Order, journal: Journal, execute: Execute) -> None:
    with AuditProgress(journal.goes_on) as progress:
        try:
            run_audit(targets, order, journal, execute, progress.show)
        except KeyboardInterrupt:
            _interrupted(progress.last, journal.file)


def _interrupted(progress: Progress, file: Path) -> NoReturn:
    click.echo(f"interrupted after {progress.judged} stacks: run the same command again to go on ({file})", err=True)
    sys.exit(_INTERRUPTED)


def _exit_status(results: AuditResults, fail_on: tuple[FailOn, ...]) -> int:
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
