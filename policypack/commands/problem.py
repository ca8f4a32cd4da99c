"""How commands end that cannot do what they were asked."""

from __future__ import annotations

import sys
from typing import Final, NoReturn

import click

COULD_NOT_JUDGE: Final = 2


def refuse(error: Exception) -> NoReturn:
    """Ends the command with the error's message on standard error and status 2."""
    click.echo(f"error: {error}", err=True)
    sys.exit(COULD_NOT_JUDGE)
