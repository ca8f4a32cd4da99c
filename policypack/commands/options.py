"""The options that several commands have, and that mean the same in all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

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
