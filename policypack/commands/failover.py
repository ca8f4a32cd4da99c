"""`failover`: what the loss of each region means for each backend service."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from policypack.commands.completion import complete_path
from policypack.commands.ending import ExitStatus, refuse
from policypack.commands.options import (
    answers_option,
    color_option,
    no_empty_path,
    report_options,
    services_option,
    stack_option,
)
from policypack.config.error import ConfigurationError
from policypack.report.formats import check_outputs, deliver
from policypack.report.writing import OutputError
from policypack.sources.error import SourceError

if TYPE_CHECKING:
    from policypack.failover.result import Demand, FailoverResults, ServiceFailover

_MOST_RPS: Final = 1e9


class _Amount(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """`N` or `NAME=N`: a name, empty if it is for all services, and requests per second."""

    name = "amount"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, float]:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        name, equals, number = value.rpartition("=")
        try:
            amount = float(number)
        except ValueError:
            amount = math.nan
        if math.isnan(amount) or not 0 < amount <= _MOST_RPS:
            self.fail(f"{value!r}: give requests per second, above 0 up to {_MOST_RPS:.0f}, such as 40 or chat=40")
        if equals and not name:
            self.fail(f"{value!r}: name a backend service before the equals sign, or omit the sign")
        return name, amount


def _by_name(
    context: click.Context, parameter: click.Parameter, values: tuple[tuple[str, float], ...]
) -> dict[str, float]:
    """Takes each name once."""
    by_name: dict[str, float] = {}
    for name, amount in values:
        if name in by_name:
            what = f"for {name}" if name else "for all services"
            raise click.BadParameter(f"there are two values {what}: remove one")
        by_name[name] = amount
    return by_name


@click.command(short_help="Show what losing each region means.")
@click.argument(
    "target", default=".", metavar="[PROJECT_DIR | STATE]", callback=no_empty_path, shell_complete=complete_path
)
@stack_option
@answers_option
@services_option("Show these backend services only.")
@click.option(
    "--peak-rps",
    metavar="N | NAME=N",
    type=_Amount(),
    multiple=True,
    callback=_by_name,
    help="The load in requests per second over all regions, of every backend service or of the one with this logical "
    "name. By default, the load is what the autoscalers let the warm VMs carry. Can be repeated.",
)
@click.option(
    "--rps-per-machine",
    metavar="N | NAME=N",
    type=_Amount(),
    multiple=True,
    callback=_by_name,
    help="With --peak-rps: the requests per second that one VM serves when the load balancer counts it as full. "
    "Required if the load balancer's target is not a rate. Can be repeated.",
)
@report_options("failover")
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
    answers: Path | None,
    services: tuple[str, ...],
    peak_rps: dict[str, float],
    rps_per_machine: dict[str, float],
    format_name: str,
    outputs: tuple[Path, ...],
    color: str,
    fail_on: tuple[Literal["undecided"], ...],
) -> None:
    """Show what happens to each backend service when it loses a region, for each of its regions in turn.

    It shows where the load goes, how full the other regions get with the running VMs and with all VMs that
    autoscalers may add, and the smallest change that makes the loss survivable. PROJECT_DIR and STATE are those of
    `check`. The arithmetic is in docs/failover.md.

    \b
    Examples:
      python -m policypack failover reference_stack --stack dev
      python -m policypack failover state.json --services 'chat-*' --peak-rps 40 --peak-rps chat=25
      python -m policypack failover state.json --peak-rps 40 --rps-per-machine 4 --output failover.md
      python -m policypack failover infra --stack prod --answers zones-and-images.yaml --format json
      python -m policypack failover state.json --fail-on undecided --color never

    Exit status: 0 if every service survives the loss of any region, 1 if one does not, 2 if it could not judge.
    """
    # Neither help nor completion has any use for what judges.
    from policypack.failover.result import Amounts, Demand, DemandError

    try:
        if rps_per_machine and not peak_rps:
            raise DemandError("--rps-per-machine needs --peak-rps: also give the load")
        check_outputs("failover", outputs, reads=[Path(target), *([answers] if answers else [])])
        demand = Demand(*(Amounts(given.pop("", None), given) for given in (peak_rps, rps_per_machine)))
        results = _load(target, stack_name, answers, demand, services)
        deliver("failover", results, outputs, format_name, color)
    except (SourceError, ConfigurationError, DemandError, OutputError) as error:
        refuse(error)
    sys.exit(_exit_status(results.services, fail_on))


def _load(
    target: str, stack_name: str | None, answers: Path | None, demand: Demand, services: tuple[str, ...]
) -> FailoverResults:
    from policypack.failover.analysis import failovers
    from policypack.failover.result import FailoverResults
    from policypack.judgement.notes import notes_on_services, notes_out_of_sight, refuse_globs
    from policypack.report.console import progress
    from policypack.sources.target import load_target

    with progress(f"Reading {'standard input' if target == '-' else target}"):
        loaded = load_target(target, stack_name, answers=answers)
    refuse_globs([loaded.stack], services)
    title = f"{loaded.title}{', as a first preview' if loaded.is_preview else ''}"
    notes = (*loaded.notes, *notes_out_of_sight(loaded.stack), *notes_on_services(loaded.stack, services))
    return FailoverResults(title, failovers(loaded.stack, demand, services), notes)


def _exit_status(services: tuple[ServiceFailover, ...], fail_on: tuple[Literal["undecided"], ...]) -> ExitStatus:
    verdicts = {service.verdict for service in services}
    return ExitStatus.VIOLATIONS if verdicts & {"fails", "one region", *fail_on} else ExitStatus.FINE
