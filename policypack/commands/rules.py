"""`rules` lists the rules, `explain` shows the page of one."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import get_args

import click

from policypack.commands.completion import complete_rule, written_rules
from policypack.commands.ending import called, note, refuse
from policypack.commands.options import color_option
from policypack.config.terms import Level, Severity

_AREAS = sorted({rule.area for rule in written_rules()})


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
      python -m policypack rules --level advisory --color never

    Exit status: 0, or 2 if no rule matches.
    """
    from policypack.report.console import make_console
    from policypack.report.rule_list import as_json, print_rules
    from policypack.rules import RULES

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


@click.command(short_help="Show the page of a rule.")
@click.argument("name", metavar="RULE", shell_complete=complete_rule)
@color_option
def explain(name: str, color: str) -> None:
    """Show what a rule checks and why, its options, an example that fails and its fix, and when it is undecided.

    \b
    Example:
      python -m policypack explain llm-backend-regions
      python -m policypack explain llm-backend-regions --color always | less -R
    """
    from policypack.authoring.pages import page
    from policypack.config.options import renamed
    from policypack.report.console import make_console
    from policypack.report.rule_list import print_page
    from policypack.rules import BY_ANY_NAME
    from policypack.wording import closest

    rule = BY_ANY_NAME.get(name)
    if not name.strip():
        refuse("the name of the rule is empty: give one, such as llm-backend-regions")
    if rule is None:
        close = closest(name, BY_ANY_NAME)
        hint = f"did you mean {close}?" if close else f"`{called()} rules` lists all"
        refuse(f"there is no rule {name}; {hint}")
    if name != rule.name:
        note(renamed(name, rule))
    print_page(make_console(color), _without_files(page(rule)))


def _without_files(markdown: str) -> str:
    """The page without what only says something beside the files of the repository."""
    without_comment = re.sub(r"\A<!--.*?-->\s*", "", markdown, flags=re.DOTALL)
    without_source = re.sub(r"^\| Source \|.*\n", "", without_comment, flags=re.MULTILINE)
    return re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", without_source)
