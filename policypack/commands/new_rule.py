"""`new-rule`: makes the files of a rule."""

from __future__ import annotations

from typing import get_args

import click

from policypack.commands.ending import refuse
from policypack.config.terms import Stage


@click.command("new-rule", short_help="Create the files of a rule.")
@click.argument("name")
@click.option("--area", required=True, help="The package in policypack/rules that it belongs to.")
@click.option(
    "--stage",
    type=click.Choice(get_args(Stage)),
    default="stack",
    show_default=True,
    help="resource: the inputs of a backend service decide; stack: all else.",
)
def new_rule(name: str, area: str, stage: Stage) -> None:
    """Create the files of a rule NAME, such as `llm-backend-quota`, in a checkout of the pack.

    A test fails until each TODO in its two files is filled in. CONTRIBUTING.md has the steps.

    \b
    Example:
      python -m policypack new-rule llm-backend-quota --area serving --stage stack
    """
    from policypack.authoring.new_rule import NewRuleError, make_rule

    try:
        files = make_rule(name, area, stage)
    except NewRuleError as error:
        refuse(error)
    for file in files:
        click.echo(f"made {file}")
    click.echo("Now fill in each TODO, and go on with step 2 of 'Add a rule' in CONTRIBUTING.md.")
