"""`trend`: how the findings of audits change over their journals."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from policypack.commands.ending import ExitStatus, refuse
from policypack.commands.options import FilePath, color_option, owners_options, report_options
from policypack.config.error import ConfigurationError
from policypack.report.formats import check_outputs, deliver
from policypack.report.writing import OutputError


@click.command(short_help="Show how the findings of audits change over time.")
@click.argument(
    "journals", nargs=-1, required=True, metavar="JOURNAL...", type=FilePath(path_type=Path, dir_okay=False)
)
@report_options("trend")
@owners_options
@color_option
def trend(
    *,
    journals: tuple[Path, ...],
    format_name: str,
    outputs: tuple[Path, ...],
    owners_file: Path | None,
    only: tuple[str, ...],
    color: str,
) -> None:
    """Show how the findings of audits change over time, and what has changed between the last two.

    JOURNAL is the journal of an audit that is over, or a copy of it; nothing is judged, and no target is read.

    \b
    Examples:
      python -m policypack trend yesterday.journal today.journal
      python -m policypack trend journals/*.journal --output trend.html
      python -m policypack trend journals/*.journal --owners owners.yaml --owner serving --format json
      python -m policypack trend journals/*.journal --color never

    Exit status: 0, or 2 if a file is no journal.
    """
    # Neither help nor completion has any use for what reads journals.
    from policypack.audit.error import AuditError
    from policypack.audit.owners import read_owners
    from policypack.audit.trend import open_trend

    try:
        check_outputs("trend", outputs, [*journals, *([owners_file] if owners_file else [])])
        owners = read_owners(owners_file, only)
        with open_trend(journals, owners) as found:
            deliver("trend", found, outputs, format_name, color)
    except (AuditError, ConfigurationError, OutputError) as error:
        refuse(error)
    sys.exit(ExitStatus.FINE)
