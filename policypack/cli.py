"""The command line: `python -m policypack`."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, NoReturn

import click

from policypack.config_file import read_config_file, starting_text, write_starting_file
from policypack.evaluate import Report, evaluate
from policypack.model.stack import Stack
from policypack.new_rule import NewRuleError, make_rule
from policypack.options import ConfigurationError, Setting, default_settings, strict
from policypack.report.terminal import make_console, print_report
from policypack.rule import Stage
from policypack.rules import RULES
from policypack.schema import document_schema
from policypack.sources.error import SourceError
from policypack.sources.program import load_program
from policypack.sources.state import load_state

_VIOLATIONS: Final = 1
_COULD_NOT_JUDGE: Final = 2
_INTERRUPTED: Final = 130
_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")

FailOn = Literal["advisory", "undecided"]


@dataclass(frozen=True)
class _Target:
    subject: str
    stack: Stack
    notes: tuple[str, ...] = ()


def run() -> NoReturn:
    """Runs the command line. Whatever goes wrong in it ends with one sentence and status 2, never with a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        main(prog_name="python -m policypack", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(_COULD_NOT_JUDGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(_INTERRUPTED)
    except OSError as error:
        _give_up(f"cannot write the report: {error.strerror}")
    except Exception as error:
        _give_up(f"internal error ({type(error).__name__}); please report it")
    sys.exit(0)


def _give_up(why: str) -> NoReturn:
    # Python writes what is left in the buffers when it ends, and would fail once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(f"error: {why}", err=True)
    sys.exit(_COULD_NOT_JUDGE)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Policies for LLM backends behind Google Cloud load balancers."""


@main.command()
@click.argument("target", default=".", metavar="[PROJECT_DIR | STATE]")
@click.option("--stack", "stack_name", metavar="NAME", help="The stack whose configuration a project runs with.")
@click.option(
    "--policy-config", metavar="FILE", help="Levels and options, as `pulumi --policy-pack-config` takes them."
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
      pulumi stack export | python -m policypack check -

    Exit status: 0 no mandatory violation, 1 violations, 2 it could not judge.
    """
    try:
        settings = _read_policy_config(policy_config)
        judged = _load(target, stack_name)
    except (SourceError, ConfigurationError) as error:
        _refuse(error)
    report = evaluate(judged.stack, RULES, strict(settings) if is_strict else settings, today and today.date())
    print_report(make_console(color), judged.subject, report, judged.notes)
    sys.exit(_exit_status(report, fail_on))


@main.group()
def config() -> None:
    """Check, describe and start configuration files."""


@config.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def config_check(file: Path) -> None:
    """Check FILE as the pack and `check` do, without judging anything.

    Exit status: 0 it is right, 2 it is wrong, with a message that says what, where and how to fix it.
    """
    try:
        settings = read_config_file(file, RULES)
    except ConfigurationError as error:
        _refuse(error)
    enabled = sum(setting.level != "disabled" for setting in settings.values())
    click.echo(f"{file}: all right, {enabled} of {len(settings)} rules enabled")


@config.command("schema")
def config_schema() -> None:
    """Print the JSON schema (draft 2020-12) of configuration files, for editors and other checks."""
    click.echo(json.dumps(document_schema(RULES), indent=2))


@config.command("init")
@click.argument("file", type=click.Path(path_type=Path), required=False)
def config_init(file: Path | None) -> None:
    """Write a configuration with every rule, its level and all defaults to FILE, or print it.

    An existing file is never overwritten.
    """
    if file is None:
        click.echo(starting_text(RULES), nl=False)
        return
    try:
        write_starting_file(file, RULES)
    except ConfigurationError as error:
        _refuse(error)
    click.echo(f"{file}: {len(RULES)} rules with their levels and defaults")


@main.command("new-rule")
@click.argument("name")
@click.option("--area", required=True, help="The package in policypack/rules that it belongs to.")
@click.option(
    "--stage",
    type=click.Choice(["resource", "stack"]),
    default="stack",
    show_default=True,
    help="Whether one resource's inputs decide, or other resources are needed.",
)
def new_rule(name: str, area: str, stage: Stage) -> None:
    """Make the files of a rule NAME, such as `llm-backend-quota`, for somebody who works on the pack.

    The rule says nothing but undecided, and a test refuses it, until each TODO in its two files is filled in.
    """
    try:
        files = make_rule(name, area, stage)
    except NewRuleError as error:
        _refuse(error)
    for file in files:
        click.echo(f"made {file}")
    click.echo(
        "Now fill in each TODO, add a mutation of the reference stack that the rule catches, and run `make docs`."
    )


def _refuse(error: Exception) -> NoReturn:
    click.echo(f"error: {error}", err=True)
    sys.exit(_COULD_NOT_JUDGE)


def _read_policy_config(file: str | None) -> Mapping[str, Setting]:
    return default_settings(RULES) if file is None else read_config_file(Path(file), RULES)


def _load(target: str, stack_name: str | None) -> _Target:
    path = Path(target)
    if path.name in _PROJECT_FILES:
        path = path.parent
    if path.is_dir():
        program = load_program(path, stack_name)
        number = len(program.stack.resources)
        return _Target(
            f"{path.resolve().name}, stack {program.name}: {number} resources, as a first preview",
            program.stack,
            _placeholder_notes(program.placeholders),
        )
    if path.suffix in (".yaml", ".yml", ".py"):
        raise SourceError(
            f"{target} is no state: to judge a project, give its folder and choose its stack with --stack"
        )
    if stack_name is not None:
        raise SourceError(f"--stack {stack_name} chooses a stack of a project, and {target} is a state: leave it out")
    stack = load_state(None if target == "-" else path)
    return _Target(f"{'standard input' if target == '-' else target}: {len(stack.resources)} resources", stack)


def _placeholder_notes(keys: tuple[str, ...]) -> tuple[str, ...]:
    if not keys:
        return ()
    return (
        f"encrypted configuration values are not known in this run, nor what a program that compares them decides: "
        f"{', '.join(keys)}",
    )


def _exit_status(report: Report, fail_on: tuple[FailOn, ...]) -> int:
    failed = report.with_status("failed")
    is_failure = (
        any(finding.level == "mandatory" for finding in failed)
        or ("advisory" in fail_on and failed)
        or ("undecided" in fail_on and report.with_status("undecided"))
    )
    return _VIOLATIONS if is_failure else 0
