"""The command line: `python -m policypack`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import click

from policypack.evaluate import Report, evaluate
from policypack.model.stack import Stack
from policypack.options import ConfigurationError, Setting, default_settings, read_settings
from policypack.report.terminal import make_console, print_report
from policypack.rules import RULES
from policypack.sources.error import SourceError
from policypack.sources.program import load_program
from policypack.sources.state import load_state

_VIOLATIONS: Final = 1
_COULD_NOT_JUDGE: Final = 2
_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")

FailOn = Literal["advisory", "undecided"]


@dataclass(frozen=True)
class _Target:
    subject: str
    stack: Stack
    notes: tuple[str, ...] = ()


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
def check(
    target: str, stack_name: str | None, policy_config: str | None, color: str, fail_on: tuple[FailOn, ...]
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
        click.echo(f"error: {error}", err=True)
        sys.exit(_COULD_NOT_JUDGE)
    report = evaluate(judged.stack, RULES, settings)
    print_report(make_console(color), judged.subject, report, judged.notes)
    sys.exit(_exit_status(report, fail_on))


def _read_policy_config(file: str | None) -> Mapping[str, Setting]:
    if file is None:
        return default_settings(RULES)
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the policy configuration {file}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{file} is not valid JSON: {error}") from error
    try:
        return read_settings(RULES, document)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from error


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
    if stack_name is not None:
        raise SourceError(f"--stack {stack_name} chooses a stack of a project, and {target} is a state: leave it out")
    stack = load_state(None if target == "-" else path)
    return _Target(f"{'standard input' if target == '-' else target}: {len(stack.resources)} resources", stack)


def _placeholder_notes(keys: tuple[str, ...]) -> tuple[str, ...]:
    if not keys:
        return ()
    return (f"encrypted configuration values are not known in this run: {', '.join(keys)}",)


def _exit_status(report: Report, fail_on: tuple[FailOn, ...]) -> int:
    failed = report.with_status("failed")
    is_failure = (
        any(finding.level == "mandatory" for finding in failed)
        or ("advisory" in fail_on and failed)
        or ("undecided" in fail_on and report.with_status("undecided"))
    )
    return _VIOLATIONS if is_failure else 0
