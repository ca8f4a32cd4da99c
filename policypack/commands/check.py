"""`check`: judges a project or a state."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Final, get_args

import click

from policypack.commands.options import color_option, policy_config_option, stack_option, strict_option, today_option
from policypack.commands.problem import refuse
from policypack.config.options import ConfigurationError
from policypack.evaluate import FailOn
from policypack.judgement import judge_target
from policypack.report.check.progress import progress
from policypack.report.check.terminal import make_console, print_report
from policypack.report.formats import FORMATS, OutputError, check_outputs, write_report
from policypack.sources.error import SourceError

_VIOLATIONS: Final = 1


@click.command(short_help="Judge a Pulumi project or a state.")
@click.argument("target", default=".", metavar="[PROJECT_DIR | STATE]")
@stack_option
@policy_config_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
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
    help="Also write a report, in the format of the extension: .json, .sarif, .xml (JUnit), .md, .html or .txt. "
    "Can be repeated.",
)
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
    format_name: str,
    outputs: tuple[Path, ...],
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
      python -m policypack check --output report.html --output results.sarif
      pulumi stack export | python -m policypack check - --format json

    Exit status: 0 for no mandatory violation, 1 for violations, 2 if it could not judge.
    """
    try:
        check_outputs(outputs, reads=[Path(file) for file in (target, policy_config) if file])
        with progress(f"Judging {'standard input' if target == '-' else target}"):
            results = judge_target(
                target, stack_name, policy_config=policy_config, is_strict=is_strict, today=today and today.date()
            )
        for file in outputs:
            write_report(file, results)
    except (SourceError, ConfigurationError, OutputError) as error:
        refuse(error)
    if format_name == "terminal":
        print_report(make_console(color), results)
    else:
        click.echo(FORMATS[format_name].render(results), nl=False)
    sys.exit(_VIOLATIONS if results.report.violations(fail_on) else 0)
