"""`check`: judges a project or a state."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal

import click

from policypack.config_file import read_config_file
from policypack.evaluate import Report, evaluate
from policypack.options import ConfigurationError, Setting, default_settings, strict
from policypack.report.formats import FORMATS, OutputError, format_of, write_report
from policypack.report.progress import progress
from policypack.report.results import Results
from policypack.report.terminal import make_console, print_report
from policypack.rules import RULES
from policypack.sources.error import SourceError
from policypack.sources.target import load_target

from .problem import refuse

_VIOLATIONS: Final = 1

FailOn = Literal["advisory", "undecided"]


@click.command(short_help="Judge a Pulumi project or a state.")
@click.argument("target", default=".", metavar="[PROJECT_DIR | STATE]")
@click.option("--stack", "stack_name", metavar="NAME", help="The stack whose configuration a project runs with.")
@click.option(
    "--policy-config", metavar="FILE", help="Levels and options, as `pulumi --policy-pack-config` takes them."
)
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
    help="Write a report too, in the format that the name says: .json, .sarif, .xml (JUnit), .md, .html or .txt. "
    "Can be repeated.",
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(["advisory", "undecided"]),
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
def check(
    *,
    target: str,
    stack_name: str | None,
    policy_config: str | None,
    format_name: str,
    outputs: tuple[Path, ...],
    color: str,
    fail_on: tuple[FailOn, ...],
    is_strict: bool,
    today: datetime | None,
) -> None:
    """Judge a Pulumi project, or a state, without the Pulumi CLI, an account or credentials.

    PROJECT_DIR is a folder with a Pulumi.yaml of a Python project, by default this one. STATE is what `pulumi stack
    export` writes, a checkpoint file of a local or bucket backend, or - for standard input.

    \b
    Examples:
      python -m policypack check reference_stack --stack dev
      python -m policypack check --output report.html --output results.sarif
      pulumi stack export | python -m policypack check - --format json

    Exit status: 0 no mandatory violation, 1 violations, 2 it could not judge.
    """
    day = today.date() if today else date.today()
    try:
        for file in outputs:
            format_of(file)
        settings = read_policy_config(policy_config)
        results = _judge(target, stack_name, strict(settings) if is_strict else settings, day)
        for file in outputs:
            write_report(file, results)
    except (SourceError, ConfigurationError, OutputError) as error:
        refuse(error)
    if format_name == "terminal":
        print_report(make_console(color), results)
    else:
        click.echo(FORMATS[format_name].render(results), nl=False)
    sys.exit(_exit_status(results.report, fail_on))


def read_policy_config(file: str | None) -> Mapping[str, Setting]:
    """The settings that `--policy-config` gives, or the defaults."""
    return default_settings(RULES) if file is None else read_config_file(Path(file), RULES)


def _judge(target: str, stack_name: str | None, settings: Mapping[str, Setting], today: date) -> Results:
    with progress(f"Reading {'standard input' if target == '-' else target}"):
        loaded = load_target(target, stack_name)
    with progress("Judging"):
        report = evaluate(loaded.stack, RULES, settings, today)
    return Results(loaded.title, loaded.stack, report, today, loaded.is_preview, loaded.file, loaded.notes)


def _exit_status(report: Report, fail_on: tuple[FailOn, ...]) -> int:
    failed = report.with_status("failed")
    is_failure = (
        any(finding.level == "mandatory" for finding in failed)
        or ("advisory" in fail_on and failed)
        or ("undecided" in fail_on and report.with_status("undecided"))
    )
    return _VIOLATIONS if is_failure else 0
