"""`check`: judges a project or a state."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from policypack.commands.ending import ExitStatus, refuse
from policypack.commands.options import (
    color_option,
    judged_services_option,
    policy_config_option,
    report_options,
    stack_option,
    strict_option,
    today_option,
)
from policypack.config.options import ConfigurationError
from policypack.evaluate import FailOn
from policypack.judgement import judge
from policypack.report.console import progress
from policypack.report.formats import check_outputs, deliver
from policypack.report.writing import OutputError
from policypack.sources.error import SourceError


@click.command(short_help="Judge a Pulumi project or a state.")
@click.argument("target", default=".", metavar="[PROJECT_DIR | STATE]")
@stack_option
@policy_config_option
@judged_services_option
@report_options("check")
@click.option("--verbose", "is_verbose", is_flag=True, help="List all rules with their verdicts in the terminal, too.")
@color_option
@click.option(
    "--fail-on",
    type=click.Choice(get_args(FailOn)),
    multiple=True,
    help="Exit with 1 for these too, not only for mandatory violations. Can be repeated.",
)
@strict_option
@today_option
def check(
    *,
    target: str,
    stack_name: str | None,
    policy_config: Path | None,
    services: tuple[str, ...],
    format_name: str,
    outputs: tuple[Path, ...],
    is_verbose: bool,
    color: str,
    fail_on: tuple[FailOn, ...],
    is_strict: bool,
    today: datetime | None,
) -> None:
    """Judge a Pulumi project, or a state, without the Pulumi CLI, an account or credentials.

    PROJECT_DIR is the folder of a Python project, by default the current one. STATE is what `pulumi stack
    export` writes, a checkpoint file of a local or bucket backend, or - for standard input.

    \b
    Examples:
      python -m policypack check reference_stack --stack dev
      python -m policypack check --services 'chat-*' --services embed
      python -m policypack check --output report.html --output results.sarif
      pulumi stack export | python -m policypack check - --format json

    Exit status: 0 for no mandatory violation, 1 for violations, 2 if it could not judge.
    """
    try:
        check_outputs("check", outputs, reads=[Path(file) for file in (target, policy_config) if file])
        with progress(f"Judging {'standard input' if target == '-' else target}"):
            results = judge(
                target,
                stack_name,
                policy_config=policy_config,
                services=services,
                is_strict=is_strict,
                today=today and today.date(),
            )
        results = replace(results, is_verbose=is_verbose)
        deliver("check", results, outputs, format_name, color)
    except (SourceError, ConfigurationError, OutputError) as error:
        refuse(error)
    sys.exit(ExitStatus.VIOLATIONS if results.report.violations(fail_on) else ExitStatus.FINE)
