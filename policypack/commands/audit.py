"""`audit`: judges every stack of an organization from its state."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import click

from policypack.commands.options import color_option, policy_config_option, strict_option, today_option

FailOn = Literal["advisory", "undecided", "unreadable"]


@click.command(short_help="Judge every stack of an organization from its state.")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@policy_config_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json", "sarif", "junit", "markdown", "html"]),
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
    help="Also write a report, in the format of the extension: .html, .md, .sarif, .xml (JUnit), .json, .txt, or "
    ".parquet or .csv with a row for each finding. Can be repeated.",
)
@click.option(
    "--journal",
    "journal_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to keep the result of each stack: an interrupted audit resumes from it, and the next one skips "
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
    type=click.Choice(["advisory", "undecided", "unreadable"]),
    multiple=True,
    help="Exit with 1 for these too, not only for mandatory violations. Can be repeated.",
)
@strict_option
@today_option
def audit(
    *,
    targets: tuple[str, ...],
    policy_config: Path | None,
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

    TARGET is a backend as `pulumi login` takes it (file://, gs://, s3:// or azblob://), an organization in Pulumi Cloud
    (pulumi://ORG, with the token in PULUMI_ACCESS_TOKEN), or a file, a folder or a glob of exported states.

    \b
    Examples:
      python -m policypack audit gs://my-pulumi-states
      python -m policypack audit pulumi://acme --output findings.parquet --fail-on unreadable
      python -m policypack audit "exports/*.json" --journal today.journal --baseline yesterday.journal

    Exit status: 0 for no mandatory violation, 1 for violations, 2 if it could not judge, 130 if interrupted.
    """
    # Other commands need nothing of what reads and judges many stacks.
    from policypack.commands.auditing import Request, run

    day = today.date() if today else date.today()
    request = Request(
        targets=targets,
        policy_config=policy_config,
        is_strict=is_strict,
        today=day,
        max_mebibytes=max_size,
        journal=journal_file,
        baseline=baseline,
        workers=workers,
        scheduler=scheduler,
        outputs=outputs,
        format_name=format_name,
        color=color,
        fail_on=fail_on,
    )
    sys.exit(run(request))
