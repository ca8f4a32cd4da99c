"""`rules`: lists the rules."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import get_args

import click

from policypack.commands.ending import called, refuse
from policypack.commands.options import color_option
from policypack.report.console import make_console
from policypack.report.rule_list import as_json, print_rules
from policypack.rule import Level
from policypack.rules import RULES
from policypack.verdict import Severity

_AREAS = sorted({rule.area for rule in RULES})


@click.command(short_help="List the rules.")
@click.argument("glob", default="*", metavar="[GLOB]")
@click.option("--area", type=click.Choice(_AREAS), help="Only the rules of this area.")
@click.option(
    "--severity",
    type=click.Choice(get_args(Severity)),
    multiple=True,
    help="Only the rules of this severity. Can be repeated.",
)
@click.option(
    "--level",
    type=click.Choice([level for level in get_args(Level) if level != "disabled"]),
    help="Only the rules that have this level by default.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="What to print.",
)
@color_option
def rules(
    *, glob: str, area: str | None, severity: tuple[Severity, ...], level: Level | None, format_name: str, color: str
) -> None:
    """List the rules whose names match GLOB, by default all of them.

    \b
    Examples:
      python -m policypack rules
      python -m policypack rules "llm-*" --severity critical --severity high
      python -m policypack rules --area network --format json

    Exit status: 0, or 2 if no rule matches.
    """
    found = [
        rule
        for rule in RULES
        if any(fnmatchcase(name, glob) for name in (rule.name, *rule.aliases))
        and area in (None, rule.area)
        and (not severity or rule.severity in severity)
        and level in (None, rule.level)
    ]
    if not found:
        refuse(f"no rule matches; `{called()} rules` lists all")
    if format_name == "json":
        click.echo(as_json(found))
    else:
        print_rules(make_console(color), found)
