"""`failover`: what the loss of each region means for each backend service."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import click

from policypack.commands.options import color_option, stack_option
from policypack.commands.problem import refuse
from policypack.failover import Amounts, Demand, DemandError, ServiceFailover, failovers
from policypack.report.check.progress import progress
from policypack.report.check.terminal import make_console
from policypack.report.failover.formats import FailoverResults, as_json, as_markdown, as_text, print_failover
from policypack.report.formats import OutputError, write_text
from policypack.sources.error import SourceError
from policypack.sources.target import load_target

_DOES_NOT_SURVIVE: Final = 1
_MOST_RPS: Final = 1e9
_FORMATS: Final[dict[str, tuple[str, Callable[[FailoverResults], str]]]] = {
    "terminal": (".txt", as_text),
    "json": (".json", as_json),
    "markdown": (".md", as_markdown),
}


def _amounts(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> Amounts:
    """Reads `N` and `NAME=N`, each number and name once."""
    default: float | None = None
    by_name: dict[str, float] = {}
    for value in values:
        name, equals, number = value.rpartition("=")
        amount = _amount(value, number)
        if (equals and name in by_name) or (not equals and default is not None):
            what = f"for {name}" if equals else "for all services"
            raise click.BadParameter(f"{value!r}: there is a number {what} already, leave one out")
        if equals and not name:
            raise click.BadParameter(f"{value!r}: name a backend service before the equals sign, or leave that out")
        if equals:
            by_name[name] = amount
        else:
            default = amount
    return Amounts(default, by_name)


def _amount(value: str, number: str) -> float:
    try:
        amount = float(number)
    except ValueError:
        amount = math.nan
    if math.isnan(amount) or not 0 < amount <= _MOST_RPS:
        raise click.BadParameter(f"{value!r}: give requests per second, above 0 up to {_MOST_RPS:g}, as 40 or chat=40")
    return amount


@click.command(short_help="Show what losing each region means.")
@click.argument("target", default=".", metavar="[PROJECT_DIR | STATE]")
@stack_option
@click.option(
    "--peak-rps",
    metavar="N | NAME=N",
    multiple=True,
    callback=_amounts,
    help="The load, in requests per second over all regions: of every backend service, or of the one with that logical "
    "name. Without it the load is what the autoscalers let the warm machines carry. Can be repeated.",
)
@click.option(
    "--rps-per-machine",
    metavar="N | NAME=N",
    multiple=True,
    callback=_amounts,
    help="With --peak-rps: the requests per second that one machine serves when the load balancer counts it as full. "
    "Needed where the load balancer's target is not a rate. Can be repeated.",
)
@click.option("--format", "format_name", type=click.Choice(list(_FORMATS)), default="terminal", show_default=True)
@click.option(
    "--output",
    "outputs",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a report, in the format of the extension: .json, .md or .txt. Can be repeated.",
)
@color_option
@click.option(
    "--fail-on",
    type=click.Choice(["undecided"]),
    multiple=True,
    help="Exit with 1 for undecided services too.",
)
def failover(
    *,
    target: str,
    stack_name: str | None,
    peak_rps: Amounts,
    rps_per_machine: Amounts,
    format_name: str,
    outputs: tuple[Path, ...],
    color: str,
    fail_on: tuple[Literal["undecided"], ...],
) -> None:
    """Show for each backend service what happens when it loses a region, for each of its regions in turn.

    It shows where the load goes, how full the other regions get with the machines that are running and with all that
    autoscalers may add, and the smallest change that makes the loss survivable. PROJECT_DIR and STATE are those of
    `check`. The arithmetic is in docs/failover.md.

    \b
    Examples:
      python -m policypack failover reference_stack --stack dev
      python -m policypack failover state.json --peak-rps 40 --peak-rps chat=25
      python -m policypack failover state.json --peak-rps 40 --rps-per-machine 4 --output failover.md

    Exit status: 0 if every service survives the loss of any region, 1 if one does not, 2 if it could not judge.
    """
    try:
        if rps_per_machine != Amounts() and peak_rps == Amounts():
            raise DemandError("--rps-per-machine says nothing without --peak-rps: give the load too")
        written = [(file, _format_of(file)) for file in outputs]
        results = _judge(target, stack_name, Demand(peak_rps, rps_per_machine))
        for file, render in written:
            write_text(file, render(results))
    except (SourceError, DemandError, OutputError) as error:
        refuse(error)
    if format_name == "terminal":
        print_failover(make_console(color), results)
    else:
        click.echo(_FORMATS[format_name][1](results), nl=False)
    sys.exit(_exit_status(results.services, fail_on))


def _format_of(file: Path) -> Callable[[FailoverResults], str]:
    for suffix, render in _FORMATS.values():
        if file.name.lower().endswith(suffix):
            return render
    endings = ", ".join(f"{suffix} ({name})" for name, (suffix, _) in _FORMATS.items())
    raise OutputError(f"the name of {file} says no format: end it with one of {endings}")


def _judge(target: str, stack_name: str | None, demand: Demand) -> FailoverResults:
    with progress(f"Reading {'standard input' if target == '-' else target}"):
        loaded = load_target(target, stack_name)
    title = f"{loaded.title}{', as a first preview' if loaded.is_preview else ''}"
    return FailoverResults(title, failovers(loaded.stack, demand), loaded.notes)


def _exit_status(services: tuple[ServiceFailover, ...], fail_on: tuple[Literal["undecided"], ...]) -> int:
    verdicts = {service.verdict for service in services}
    return _DOES_NOT_SURVIVE if verdicts & {"fails", "one region", *fail_on} else 0
