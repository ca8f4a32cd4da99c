"""What the loss of each region means, for a person at a terminal: tables and bars."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policypack.failover.result import FailoverResults, LostRegion, ServiceFailover, Survivor, Verdict
from policypack.report.console import plain_text
from policypack.report.failover.text import (
    COLD,
    OVERLOADED,
    advice,
    loss_rows,
    marked,
    overflow,
    percent,
    region_rows,
    sentences,
    summary,
    verdict_of,
)
from policypack.wording import printable

_STYLES: Final[dict[Verdict, str]] = {
    "survives": "green",
    "fails": "red",
    "one region": "red",
    "undecided": "yellow",
    "not applicable": "dim",
}
_LEGENDS: Final = {
    False: "At 100 %, the load balancer counts a region as full. Overflow goes to the nearest region with room, by "
    "distance on the map, which estimates network distance.",
    True: "At 100 %, all Cloud Run instances are at their maximum concurrency. Requests of a lost region go to the "
    "nearest region left, whether it has room or not, by distance on the map, which estimates network distance.",
}
# The label's margins, the moment, the line, the arrow and the longest text after the bar.
_AROUND_A_BAR: Final = 40
_WIDEST_BAR: Final = 40
_NARROWEST_BAR: Final = 10
# The longest bar stands for so much of the capacity; what is longer ends with an arrow.
_LONGEST: Final = 2.0


def render(results: FailoverResults) -> str:
    """The report as plain text."""
    return plain_text(lambda console: print_report(console, results))


def print_report(console: Console, results: FailoverResults) -> None:
    """Prints each service with its regions, the loss of each, bars and the smallest changes, and a summary."""
    console.print(Text(printable(results.title), "bold"))
    for note in results.notes:
        _print_sentence(console, f"Note: {note}", style="dim")
    for is_cloud_run in sorted({service.is_cloud_run for service in results.services if service.losses}):
        _print_sentence(console, _LEGENDS[is_cloud_run], style="dim")
    for service in results.services:
        _print_service(console, service)
    console.print()
    console.print(Text(summary(results), _summary_style(results)))


def _print_service(console: Console, service: ServiceFailover) -> None:
    console.print()
    console.print(
        Text.assemble(
            (printable(service.name), "bold"), "  ", (printable(verdict_of(service)), _STYLES[service.verdict])
        )
    )
    for sentence in sentences(service):
        _print_sentence(console, sentence, indent=2)
    if service.losses:
        for rows in (region_rows(service), [row[:-1] for row in loss_rows(service)]):
            console.print()
            console.print(_table(rows))
        for lost in service.losses:
            _print_bars(console, service, lost)
    lines = list(advice(service))
    if lines:
        console.print()
        for line in lines:
            indent = len(line) - len(line.lstrip())
            _print_sentence(console, line.lstrip(), indent=2 + indent)


def _print_sentence(console: Console, text: str, *, indent: int = 0, style: str = "") -> None:
    """Prints a line, wrapped between words in a terminal only."""
    text = printable(text)
    padded = Padding(Text(text, style), (0, 0, 0, indent), expand=False)
    console.print(
        padded if console.is_terminal else Text(indent * " " + text, style), soft_wrap=not console.is_terminal
    )


def _table(rows: list[list[str]]) -> Table:
    header, *body = rows
    table = Table(box=None, header_style="bold", padding=(0, 0, 0, 2))
    for number, column in enumerate(header):
        table.add_column(column, no_wrap=number > 0, overflow="fold")
    for row in body:
        table.add_row(*(Text(printable(cell), "bold red" if cell.endswith(OVERLOADED) else "") for cell in row))
    return table


def _print_bars(console: Console, service: ServiceFailover, lost: LostRegion) -> None:
    """A bar for each survivor, with its warm machines and scaled out, against the line where it is full."""
    names = {one.region: printable(one.region) for one in service.regions}
    label = max(map(len, names.values()))
    has_blocks = console.is_terminal and _can_print(console, "█▒│▶")
    width = min(max(console.width - label - _AROUND_A_BAR, _NARROWEST_BAR), _WIDEST_BAR)
    scale = min(max([1.0, *_utilizations(service)]), _LONGEST)
    console.print()
    console.print(Text(printable(f"  Without {lost.region}: {overflow(service, lost.warm)}")))
    for warm, scaled in zip(lost.warm.survivors, lost.after_scale_out.survivors, strict=True):
        cold = COLD if service.is_cloud_run else OVERLOADED
        for number, (moment, survivor, mark) in enumerate((("warm", warm, cold), ("scaled out", scaled, OVERLOADED))):
            name = "" if number else names[survivor.region]
            bar = _bar(survivor, width, scale, has_blocks)
            is_over = _is_overloaded(survivor)
            line = f"    {name:<{label}}  {moment:<10}  {bar}  {_fullness(survivor, mark)}"
            console.print(Text(line, ("yellow" if mark == COLD else "red") if is_over else ""))


def _utilizations(service: ServiceFailover) -> Iterator[float]:
    for lost in service.losses:
        for picture in (lost.warm, lost.after_scale_out):
            yield from (one.utilization for one in picture.survivors if one.utilization is not None)


def _bar(survivor: Survivor, width: int, scale: float, has_blocks: bool) -> str:
    """The bar of a region: what it takes, the line where it is full, and what is beyond."""
    full, over, line, more = ("█", "▒", "│", "▶") if has_blocks else ("#", "!", "|", ">")
    limit = max(round(width / scale), 1)
    utilization = survivor.utilization
    if utilization is None:
        return " " * limit + line + " " * (width - limit + 1)
    within = round(min(utilization, 1.0) * limit)
    beyond = min(round((min(utilization, scale) - 1) * limit), width - limit) if _is_overloaded(survivor) else 0
    beyond = max(beyond, 1) if _is_overloaded(survivor) else 0
    end = more if utilization > scale + 1e-9 else ""
    bar = full * within + " " * (limit - within) + line + over * beyond + end
    return f"{bar:<{width + 2}}"


def _fullness(survivor: Survivor, mark: str) -> str:
    if survivor.load is None:
        return "not known"
    if survivor.capacity <= 0:
        return "none warm" if mark == COLD else "no capacity"
    if survivor.capacity == math.inf:
        return "no limit set"
    return f"{percent(survivor.utilization or 0.0)}{marked(not _is_overloaded(survivor), mark)}"


def _is_overloaded(survivor: Survivor) -> bool:
    return survivor.utilization is not None and survivor.utilization > 1 + 1e-9


def _can_print(console: Console, text: str) -> bool:
    try:
        text.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _summary_style(results: FailoverResults) -> str:
    verdicts = {service.verdict for service in results.services}
    if verdicts & {"fails", "one region"}:
        return "red"
    return "green" if verdicts and "undecided" not in verdicts else "yellow"
