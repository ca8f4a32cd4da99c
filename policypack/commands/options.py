"""The options that several commands have, and that mean the same in all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from policypack.report.formats import Product, formats_of

stack_option: Final = click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack whose configuration the project runs with."
)
policy_config_option: Final = click.option(
    "--policy-config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A JSON file with levels and options, as for `pulumi --policy-pack-config`.",
)
color_option: Final = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True
)
strict_option: Final = click.option(
    "--strict", "is_strict", is_flag=True, help="Count undecided verdicts as violations, in every rule."
)
today_option: Final = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Evaluate waivers as of that day; the default is today.",
)

Command = TypeVar("Command", bound=Callable[..., Any])


def report_options(product: Product) -> Callable[[Command], Command]:
    """The options `--format` and `--output` of a command that reports."""
    formats = formats_of(product).values()
    endings = ", ".join(entry.suffixes[0] for entry in formats)
    printed = click.option(
        "--format",
        "format_name",
        type=click.Choice([entry.name for entry in formats if entry.is_text]),
        default="terminal",
        show_default=True,
        help="What to print on standard output.",
    )
    written = click.option(
        "--output",
        "outputs",
        metavar="FILE",
        multiple=True,
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"Write a report too, in the format that the name says ({endings}). Can be repeated.",
    )
    return lambda command: printed(written(command))
