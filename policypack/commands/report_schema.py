"""`report-schema`: describes the JSON report of `check`."""

from __future__ import annotations

import json

import click

from policypack.report.check.json_document import schema


@click.command("report-schema", short_help="Print the JSON schema of reports.")
def report_schema() -> None:
    """Print the JSON schema (draft 2020-12) of what `check --format json` writes."""
    click.echo(json.dumps(schema(), indent=2))
