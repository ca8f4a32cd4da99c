"""`check`: judges a project or a state."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from policypack.commands.completion import complete_path
from policypack.commands.ending import ExitStatus, refuse
from policypack.commands.options import (
    FilePath,
    all_stacks_option,
    answers_option,
    choice_options,
    color_option,
    no_empty_path,
    report_options,
    stacks_option,
    today_option,
)
from policypack.config.error import ConfigurationError
from policypack.config.terms import FailOn
from policypack.report.formats import check_outputs, deliver
from policypack.report.writing import OutputError, replacing
from policypack.sources.error import SourceError
from policypack.wording import counted

if TYPE_CHECKING:
    from policypack.config.choice import Choice
    from policypack.judgement import Detail, Results


@click.command(short_help="Judge a Pulumi project or a state.")
@click.argument(
    "target", default=".", metavar="[PROJECT_DIR | STATE]", callback=no_empty_path, shell_complete=complete_path
)
@stacks_option
@all_stacks_option
@answers_option
@choice_options
@click.option(
    "--baseline",
    metavar="FILE",
    type=FilePath(path_type=Path, dir_okay=False),
    help="A file from --write-baseline: fail only for findings that are not in it, and report what is fixed.",
)
@click.option(
    "--write-baseline",
    metavar="FILE",
    type=FilePath(path_type=Path, dir_okay=False),
    help="Write the findings to a baseline file, and exit with 0 unless --baseline is given too.",
)
@report_options("check")
@click.option(
    "--quiet",
    "is_quiet",
    is_flag=True,
    help="In the terminal, print only what makes the run fail, and nothing if it passes, unless nothing was judged.",
)
@click.option(
    "--verbose",
    "is_verbose",
    is_flag=True,
    help="In the terminal, also print all rules with their verdicts, and known findings.",
)
@color_option
@click.option(
    "--fail-on",
    type=click.Choice(get_args(FailOn)),
    multiple=True,
    help="Exit with 1 for these too, not only for mandatory violations: nothing-judged if no rule judged anything. "
    "Can be repeated.",
)
@today_option
def check(
    *,
    target: str,
    stack_names: tuple[str, ...],
    is_all_stacks: bool,
    answers: Path | None,
    choice: Choice,
    baseline: Path | None,
    write_baseline: Path | None,
    format_name: str,
    outputs: tuple[Path, ...],
    is_quiet: bool,
    is_verbose: bool,
    color: str,
    fail_on: tuple[FailOn, ...],
    today: datetime | None,
) -> None:
    """Judge a Pulumi project or state without the Pulumi CLI, an account or credentials.

    PROJECT_DIR is the folder of a Python project, by default the current one. STATE is what `pulumi stack
    export` writes, a checkpoint file of a local or bucket backend, or - for standard input.

    \b
    Examples:
      python -m policypack check reference_stack --stack dev
      python -m policypack check infra --all-stacks --output report.md
      python -m policypack check infra --answers zones-and-images.yaml
      python -m policypack check --services 'chat-*' --services embed
      python -m policypack check --rule 'llm-*' --skip llm-backend-retry --severity high --quiet
      python -m policypack check --fail-on nothing-judged
      python -m policypack check --profile core --write-baseline baseline.json
      python -m policypack check --policy-config policy-config.json --strict --today 2026-12-31
      python -m policypack check --verbose --color always | less -R
      python -m policypack check --baseline baseline.json --output report.html --output results.sarif
      pulumi stack export | python -m policypack check - --format json

    Exit status: 0 for no mandatory violation, 1 for violations, and 2 if it could not judge.
    """
    # Neither help nor completion has any use for what judges.
    from policypack.judgement import judge, judge_stacks
    from policypack.report.console import progress

    if is_all_stacks and stack_names:
        raise click.UsageError("--all-stacks includes every --stack: use only one of the two")
    if is_quiet and is_verbose:
        raise click.UsageError("--quiet and --verbose contradict each other: use only one of the two")
    try:
        reads = [Path(target), *(file for file in (choice.policy_config, baseline, answers) if file)]
        check_outputs("check", outputs, reads)
        _check_place(write_baseline, [*(file for file in reads if file != baseline), *outputs])
        with progress(f"Judging {'standard input' if target == '-' else target}"):
            day = today and today.date()
            if is_all_stacks or len(stack_names) > 1:
                results = judge_stacks(
                    target, stack_names, choice=choice, answers=answers, baseline=baseline, today=day
                )
            else:
                results = judge(target, *stack_names, choice=choice, answers=answers, baseline=baseline, today=day)
        detail: Detail = "quiet" if is_quiet else "verbose" if is_verbose else "normal"
        if choice.is_strict or choice.profile == "strict":
            # What is undecided counts as violated already, but for a run in which nothing was judged.
            fail_on = (*fail_on, "undecided")
        results = replace(results, fail_on=fail_on, detail=detail)
        if write_baseline:
            _write_baseline(write_baseline, results)
            results = results if baseline else results.compared(write_baseline, results.known)
        deliver("check", results, outputs, format_name, color)
    except (SourceError, ConfigurationError, OutputError) as error:
        refuse(error)
    sys.exit(ExitStatus.VIOLATIONS if results.fails else ExitStatus.FINE)


def _check_place(file: Path | None, others: Iterable[Path]) -> None:
    """Refuses to write a baseline over what the run reads, or writes besides."""
    if file and os.path.realpath(file) in map(os.path.realpath, others):
        raise OutputError(f"{file} is already read or written by this run: write the baseline to another file")


def _write_baseline(file: Path, results: Results) -> None:
    from policypack.baseline import baseline_document
    from policypack.report.text import json_text

    with replacing(file) as part:
        part.write_text(json_text(baseline_document(results.known)), encoding="ascii")
    number = len({(known.rule, known.urn) for known in results.known})
    click.echo(f"{file}: {counted(number, 'finding')}", err=True)
