"""`audit`: judges every stack of an organization from its state."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

from policypack.commands.completion import complete_path
from policypack.commands.ending import ExitStatus, note, refuse
from policypack.commands.installing import with_commands
from policypack.commands.options import (
    FilePath,
    choice_options,
    color_option,
    no_empty_path,
    owners_options,
    report_options,
    today_option,
)
from policypack.config.error import ConfigurationError
from policypack.report.formats import check_outputs, deliver
from policypack.report.writing import OutputError

if TYPE_CHECKING:
    from policypack.audit.results import AuditResults
    from policypack.config.choice import Choice

AuditFailOn = Literal["advisory", "undecided", "unreadable", "nothing-judged"]


@click.command(short_help="Judge every stack of an organization from its state.")
@click.argument(
    "targets", nargs=-1, required=True, metavar="TARGET...", callback=no_empty_path, shell_complete=complete_path
)
@choice_options
@report_options("audit")
@click.option(
    "--journal",
    "journal_file",
    metavar="FILE",
    type=FilePath(path_type=Path, dir_okay=False),
    help="Where to store each stack's result: an interrupted audit resumes from it, and the next one skips "
    "unchanged states. By default a file in the user's cache for these targets.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    type=FilePath(path_type=Path, dir_okay=False),
    help="The journal of an earlier audit; the report shows what has changed since.",
)
@owners_options
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    metavar="N",
    help="The number of processes, by default one per CPU.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Judge on the Dask cluster with this scheduler instead.")
@click.option(
    "--max-size",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="MIB",
    help="Skip larger states, and report them.",
)
@color_option
@click.option(
    "--fail-on",
    type=click.Choice(get_args(AuditFailOn)),
    multiple=True,
    help="Exit with 1 for these too, not only for mandatory violations: nothing-judged if no stack has anything that a "
    "rule applies to. Can be repeated.",
)
@today_option
def audit(
    *,
    targets: tuple[str, ...],
    choice: Choice,
    format_name: str,
    outputs: tuple[Path, ...],
    journal_file: Path | None,
    baseline: Path | None,
    owners_file: Path | None,
    only: tuple[str, ...],
    workers: int,
    scheduler: str | None,
    max_size: int,
    color: str,
    fail_on: tuple[AuditFailOn, ...],
    today: datetime | None,
) -> None:
    """Judge every stack of an organization from its state, without running a program.

    TARGET is a backend as `pulumi login` takes it (file://, gs://, s3:// or azblob://), an organization in Pulumi Cloud
    (pulumi://ORG, with the token in PULUMI_ACCESS_TOKEN), or a file, a folder or a glob of exported states.

    \b
    Examples:
      python -m policypack audit gs://my-pulumi-states
      python -m policypack audit gs://my-pulumi-states --services 'chat-*'
      python -m policypack audit pulumi://acme --output findings.parquet --fail-on unreadable
      python -m policypack audit "exports/*.json" --journal today.journal --baseline yesterday.journal
      python -m policypack audit pulumi://acme --owners owners.yaml --owner serving --output serving.md
      python -m policypack audit states --profile core --severity high --format json
      python -m policypack audit states --rule 'llm-*' --skip llm-backend-retry --color never
      python -m policypack audit states --policy-config policy-config.json --strict --today 2026-12-31
      python -m policypack audit gs://my-pulumi-states --workers 8 --max-size 64
      python -m policypack audit gs://my-pulumi-states --scheduler tcp://dask.example.com:8786

    Exit status: 0 for no mandatory violation, 1 for violations, 2 if it could not judge, 130 if interrupted.
    """
    # Neither help nor completion has any use for what reads and judges many stacks.
    from policypack.audit.error import AuditError, AuditInterrupted
    from policypack.audit.owners import read_owners
    from policypack.audit.session import audit as open_audit
    from policypack.audit.stores.backend_url import notes_on
    from policypack.report.audit.progress import AuditProgress
    from policypack.rules import RULES

    try:
        check_outputs(
            "audit", outputs, [file for file in (choice.policy_config, journal_file, baseline, owners_file) if file]
        )
        _check_targets(targets, outputs)
        settings = choice.read(RULES).settings
        owners = read_owners(owners_file, only)
        for text in (text for target in targets for text in notes_on(target)):
            note(text)
        with ExitStack() as opened:
            with AuditProgress() as progress:
                results = opened.enter_context(
                    open_audit(
                        targets,
                        settings=settings,
                        today=today and today.date(),
                        journal=journal_file,
                        baseline=baseline,
                        owners=owners,
                        workers=workers,
                        scheduler=scheduler,
                        max_mebibytes=max_size,
                        on_progress=progress.show,
                        reword=with_commands,
                        warn=note,
                    )
                )
            deliver("audit", results, outputs, format_name, color)
            for text in _what_selects_nothing(results, only, choice.services):
                note(text)
            sys.exit(exit_status(results, fail_on))
    except AuditInterrupted as error:
        click.echo(error, err=True)
        sys.exit(ExitStatus.INTERRUPTED)
    except (AuditError, ConfigurationError, OutputError) as error:
        refuse(error)


def _check_targets(targets: tuple[str, ...], outputs: tuple[Path, ...]) -> None:
    """Refuses reports that would be in what is read, and be taken for states by the next audit."""
    from policypack.audit.stores.objects import SUFFIXES

    for target in targets:
        place = os.path.realpath(target.removeprefix("file://"))
        for report in map(os.path.realpath, outputs):
            is_in_folder = report.startswith(f"{place}{os.sep}") and report.endswith(SUFFIXES)
            if is_in_folder or report == place or fnmatchcase(report, place):
                raise OutputError(f"{report} is part of the target {target}: write the report elsewhere")


def _what_selects_nothing(results: AuditResults, owners: Sequence[str], services: Sequence[str]) -> Iterator[str]:
    if owners and not results.totals.stacks:
        yield f"no stack is owned by {' or '.join(owners)}"
    if services and _judged_nothing(results):
        yield f"{' '.join(f'--services {glob}' for glob in services)}: no stack has such a backend service"


def _judged_nothing(results: AuditResults) -> bool:
    return set(results.totals.statuses) <= {"nothing to judge", "unreadable"}


def exit_status(results: AuditResults, fail_on: tuple[AuditFailOn, ...]) -> ExitStatus:
    """How the command ends: see the table of docs/audit.md."""
    totals = results.totals
    if totals.unreadable == totals.stacks:
        return ExitStatus.COULD_NOT_JUDGE
    is_failure = (
        totals.mandatory
        or ("advisory" in fail_on and totals.advisory)
        or ("undecided" in fail_on and totals.undecided)
        or ("nothing-judged" in fail_on and _judged_nothing(results))
        or ("unreadable" in fail_on and (totals.unreadable or any(target.error for target in results.targets)))
    )
    return ExitStatus.VIOLATIONS if is_failure else ExitStatus.FINE
