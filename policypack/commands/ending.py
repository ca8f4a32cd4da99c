"""How commands end, and what they say beside their reports."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import NoReturn

import click

from policypack.commands.installing import with_commands
from policypack.wording import printable


class ExitStatus(IntEnum):
    """What the status says with which a command ends."""

    FINE = 0
    VIOLATIONS = 1
    COULD_NOT_JUDGE = 2
    INTERRUPTED = 130
    TERMINATED = 143


def called() -> str:
    """How the program was called: `llm-policypack`, or `python -m policypack`."""
    return click.get_current_context().find_root().info_name or "llm-policypack"


def note(text: str) -> None:
    """Says something on standard error, on one line."""
    click.echo(f"note: {printable(text)}", err=True)


def refuse(error: Exception | str) -> NoReturn:
    """Ends a command that cannot do what it was asked, with a line on standard error for each thing that is wrong."""
    for problem in getattr(error, "problems", None) or (error,):
        lines = with_commands(str(problem)).split("\n")
        click.echo("error: " + "\n".join(map(printable, lines)), err=True)
    sys.exit(ExitStatus.COULD_NOT_JUDGE)
