"""`report-schema`: describes the JSON reports."""

from __future__ import annotations

import json

import click

from policypack.report.formats import PRODUCTS, Product, schema_of


@click.command("report-schema", short_help="Print the JSON schema of reports.")
@click.argument("command", type=click.Choice(PRODUCTS), default="check")
def report_schema(command: Product) -> None:
    """Print the JSON schema (draft 2020-12) of what COMMAND writes with `--format json`, by default `check`."""
    click.echo(json.dumps(schema_of(command), indent=2))
