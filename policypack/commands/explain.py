"""`explain`: the page of a rule in the terminal."""

from __future__ import annotations

import re

import click

from policypack.authoring.pages import page
from policypack.commands.ending import called, refuse
from policypack.commands.options import color_option, complete_rule
from policypack.config.options import renamed
from policypack.config.words import closest
from policypack.report.console import make_console
from policypack.report.rule_list import print_page
from policypack.rules import BY_ANY_NAME


@click.command(short_help="Show the page of a rule.")
@click.argument("name", metavar="RULE", shell_complete=complete_rule)
@color_option
def explain(name: str, color: str) -> None:
    """Show what a rule checks and why, its options, an example that fails and its fix, and when it is undecided.

    \b
    Example:
      python -m policypack explain llm-backend-regions
    """
    rule = BY_ANY_NAME.get(name)
    if not name.strip():
        refuse("the name of the rule is empty: give one, such as llm-backend-regions")
    if rule is None:
        close = closest(name, BY_ANY_NAME)
        hint = f"did you mean {close}?" if close else f"`{called()} rules` lists all"
        refuse(f"there is no rule {name}; {hint}")
    if name != rule.name:
        click.echo(f"note: {renamed(name, rule)}", err=True)
    print_page(make_console(color), _without_files(page(rule)))


def _without_files(markdown: str) -> str:
    """The page without what only says something beside the files of the repository."""
    without_comment = re.sub(r"\A<!--.*?-->\s*", "", markdown, flags=re.DOTALL)
    without_source = re.sub(r"^\| Source \|.*\n", "", without_comment, flags=re.MULTILINE)
    return re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", without_source)
