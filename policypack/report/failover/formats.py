"""The report of `failover`: tables and bars for a person at a terminal, Markdown, and JSON."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policypack.failover import Change, LostRegion, Picture, ServiceFailover, Survivor, Verdict
from policypack.wording import printable

_VERDICTS: Final[dict[Verdict, str]] = {
    "survives": "survives the loss of any one region",
    "fails": "does not survive",
    "one region": "does not survive the loss of its only region",
    "undecided": "undecided",
    "not applicable": "not judged",
}
_STYLES: Final[dict[Verdict, str]] = {
    "survives": "green",
    "fails": "red",
    "one region": "red",
    "undecided": "yellow",
    "not applicable": "dim",
}
_LEGEND: Final = (
    "100 % is where the load balancer counts a region as full. Overflow goes to the nearest region with room: by "
    "distance on the map, an estimate of distance in the network."
)
_OVERLOADED: Final = "OVERLOADED"
# The label's margins, the moment, the line, the arrow and the longest text after the bar.
_AROUND_A_BAR: Final = 40
_WIDEST_BAR: Final = 40
_NARROWEST_BAR: Final = 10
# The longest bar stands for so much of the capacity; what is longer ends with an arrow.
_LONGEST: Final = 2.0
_PLAIN_WIDTH: Final = 1000


@dataclass(frozen=True)
class FailoverResults:
    """What was judged, and what came of it.

    Attributes:
        title: what was judged, for people.
        services: what the loss of each region means for each service.
        notes: what the reader has to know about this run, sentences without full stop.
    """

    title: str
    services: tuple[ServiceFailover, ...]
    notes: tuple[str, ...] = ()


def as_json(results: FailoverResults) -> str:
    """The report as JSON; fractions and loads are rounded to nine places."""
    document = {
        "version": 1,
        "title": results.title,
        "notes": list(results.notes),
        "services": [_service_json(service) for service in results.services],
    }
    return json.dumps(_rounded(document), indent=2) + "\n"


def _service_json(service: ServiceFailover) -> dict[str, Any]:
    return {
        **asdict(service),
        "enough": None if service.enough is None else dict(service.enough),
        "survives_after_scale_out": service.survives_after_scale_out,
        "losses": [
            {
                "region": lost.region,
                "warm": _picture_json(lost.warm),
                "after_scale_out": _picture_json(lost.after_scale_out),
            }
            for lost in service.losses
        ],
    }


def _picture_json(picture: Picture) -> dict[str, Any]:
    return {
        "survivable": picture.is_survivable,
        "capacity": picture.loss.left,
        "load": picture.loss.load,
        "utilization": picture.utilization,
        "survivors": [{**asdict(one), "utilization": one.utilization} for one in picture.survivors],
        "flows": None if picture.flows is None else [asdict(flow) for flow in picture.flows],
        "excess": picture.excess,
        "unserved": picture.unserved,
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def as_text(results: FailoverResults) -> str:
    """The report as plain text."""
    text = io.StringIO()
    print_failover(Console(file=text, highlight=False, soft_wrap=True, no_color=True, width=_PLAIN_WIDTH), results)
    return text.getvalue()


def print_failover(console: Console, results: FailoverResults) -> None:
    """Prints each service with its regions, the loss of each, bars and the smallest changes, and a summary."""
    console.print(Text(results.title, "bold"))
    for note in results.notes:
        _print_sentence(console, f"Note: {note}", style="dim")
    if any(service.losses for service in results.services):
        _print_sentence(console, _LEGEND, style="dim")
    for service in results.services:
        _print_service(console, service)
    console.print()
    console.print(Text(summary(results), _summary_style(results)))


def _print_service(console: Console, service: ServiceFailover) -> None:
    console.print()
    console.print(Text.assemble((service.name, "bold"), "  ", (_verdict(service), _STYLES[service.verdict])))
    for sentence in _sentences(service):
        _print_sentence(console, sentence, indent=2)
    if service.losses:
        for rows in (_region_rows(service), [row[:-1] for row in _loss_rows(service)]):
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
    padded = Padding(Text(text, style), (0, 0, 0, indent), expand=False)
    console.print(
        padded if console.is_terminal else Text(indent * " " + text, style), soft_wrap=not console.is_terminal
    )


def _verdict(service: ServiceFailover) -> str:
    if service.verdict != "fails":
        return _VERDICTS[service.verdict]
    fatal = [printable(lost.region) for lost in service.losses if not lost.warm.is_survivable]
    return f"does not survive the loss of {' or '.join(fatal)}"


def _sentences(service: ServiceFailover) -> Iterator[str]:
    """What there is to know before the numbers."""
    yield from (f"Because {reason}." for reason in service.reasons)
    if service.losses:
        bound = ", at most: another limit may be reached earlier" if service.is_at_most else ""
        yield f"Capacity and load are in {service.unit}{bound}."
        if service.peak_rps is None:
            yield (
                "The load is inferred: what the autoscalers let the warm machines carry, and all that they can take "
                "where there is none. --peak-rps takes the real one."
            )
        else:
            yield (
                f"The load is the given peak of {_number(service.peak_rps)} requests per second, spread over the "
                "regions in proportion to their warm capacity."
            )
    yield from service.notes


def _region_rows(service: ServiceFailover) -> list[list[str]]:
    return [
        ["Region", "Machines", "Capacity", "Load"],
        *(
            [
                printable(region.region),
                _span(region.warm_machines, region.max_machines),
                _span(region.warm_capacity, region.max_capacity),
                _number(region.load),
            ]
            for region in service.regions
        ),
    ]


def _loss_rows(service: ServiceFailover) -> list[list[str]]:
    return [
        ["Lost", "Load", "Left, warm", "Left, scaled out", "Overflow, warm"],
        *(
            [
                printable(lost.region),
                _number(lost.warm.loss.load),
                _judged(lost.warm),
                _judged(lost.after_scale_out),
                _overflow(lost.warm),
            ]
            for lost in service.losses
        ),
    ]


def _table(rows: list[list[str]]) -> Table:
    header, *body = rows
    table = Table(box=None, header_style="bold", padding=(0, 0, 0, 2))
    for number, column in enumerate(header):
        table.add_column(column, no_wrap=number > 0, overflow="fold")
    for row in body:
        table.add_row(*(Text(cell, "bold red" if cell.endswith(_OVERLOADED) else "") for cell in row))
    return table


def _judged(picture: Picture) -> str:
    """What is left, how full that gets, and in words whether it is enough."""
    if picture.loss.left <= 0:
        return "0: nothing left"
    return (
        f"{_number(picture.loss.left)}: {_percent(picture.utilization or 0.0)}{_overload_mark(picture.is_survivable)}"
    )


def _overflow(picture: Picture) -> str:
    """Who takes what, and what is beyond all capacity."""
    if picture.unserved:
        return f"{_number(picture.unserved)} served by nobody"
    if picture.flows is None:
        parts = ["not known"]
    else:
        parts = [
            f"{_number(flow.load)} to {printable(flow.target)}"
            + ("" if flow.source == picture.loss.region else f" from {printable(flow.source)}")
            for flow in picture.flows
        ]
    if picture.excess:
        parts.append(f"{_number(picture.excess)} beyond capacity, to all")
    return ", ".join(parts) or "nothing overflows"


def _print_bars(console: Console, service: ServiceFailover, lost: LostRegion) -> None:
    """A bar for each survivor, with its warm machines and scaled out, against the line where it is full."""
    names = {one.region: printable(one.region) for one in service.regions}
    label = max(map(len, names.values()))
    has_blocks = console.is_terminal and _can_print(console, "█▒│▶")
    width = min(max(console.width - label - _AROUND_A_BAR, _NARROWEST_BAR), _WIDEST_BAR)
    scale = min(max([1.0, *_utilizations(service)]), _LONGEST)
    console.print()
    console.print(Text(f"  Without {printable(lost.region)}: {_overflow(lost.warm)}"))
    for warm, scaled in zip(lost.warm.survivors, lost.after_scale_out.survivors, strict=True):
        for number, (moment, survivor) in enumerate((("warm", warm), ("scaled out", scaled))):
            name = "" if number else names[survivor.region]
            bar = _bar(survivor, width, scale, has_blocks)
            is_over = _is_overloaded(survivor)
            line = f"    {name:<{label}}  {moment:<10}  {bar}  {_fullness(survivor)}"
            console.print(Text(line, "red" if is_over else ""))


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


def _fullness(survivor: Survivor) -> str:
    if survivor.load is None:
        return "not known"
    if survivor.capacity <= 0:
        return "no capacity"
    return f"{_percent(survivor.utilization or 0.0)}{_overload_mark(not _is_overloaded(survivor))}"


def _overload_mark(is_fine: bool) -> str:
    return "" if is_fine else f" {_OVERLOADED}"


def _is_overloaded(survivor: Survivor) -> bool:
    return survivor.utilization is not None and survivor.utilization > 1 + 1e-9


def _can_print(console: Console, text: str) -> bool:
    try:
        text.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def advice(service: ServiceFailover) -> Iterator[str]:
    """The smallest changes, in words."""
    remedies = service.remedies
    if remedies:
        if remedies.machines is not None:
            more = sum(change.after - change.before for change in remedies.machines if change.setting != "max_replicas")
            least = "at least " if service.is_at_most else ""
            yield f"Keep {least}{_number(more)} more {_noun(more)} warm, the fewest that are enough:"
            yield from (f"  {_setting(change)}" for change in remedies.machines)
        elif service.verdict == "fails":
            yield "No number of warm machines alone is enough: each brings load with it, or has no capacity."
        if remedies.targets:
            start = "Or keep" if remedies.machines is not None else "Keep"
            yield f"{start} the machines of today and every autoscaler at {remedies.highest_fill:g} of full or less:"
            yield from (f"  {_setting(change)}" for change in remedies.targets)
        if remedies.needed:
            yield remedies.needed
    if service.enough is not None and service.peak_rps is not None:
        where = ", ".join(f"{number} in {printable(region)}" for region, number in service.enough)
        total = sum(number for _, number in service.enough)
        yield f"The fewest machines for {_number(service.peak_rps)} requests per second: {total} ({where})."


def _setting(change: Change) -> str:
    return (
        f"set `{change.setting}` of `{change.resource}` from {_exact(change.before)} to {_exact(change.after)} "
        f"({printable(change.region)})"
    )


def _exact(number: float) -> str:
    return f"{number:.10g}"


def _noun(number: float) -> str:
    return "machine" if number == 1 else "machines"


def _span(least: float, most: float) -> str:
    return _number(least) if least == most else f"{_number(least)} to {_number(most)}"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _percent(fraction: float) -> str:
    """A percentage that says 100 for what is exactly full only."""
    text = _number(100 * fraction)
    if text == "100" and abs(fraction - 1) > 1e-9:
        return "> 100 %" if fraction > 1 else "99.9 %"
    return f"{text} %"


def summary(results: FailoverResults) -> str:
    """How many services survive, and how many do not."""
    if not results.services:
        return "Nothing was judged: there is no backend service."
    counts = Counter(service.verdict for service in results.services)
    parts = [f"{counts[verdict]} {_said(verdict, counts[verdict])}" for verdict in _VERDICTS if counts[verdict]]
    noun = "backend service" if len(results.services) == 1 else "backend services"
    return f"{len(results.services)} {noun}: {', '.join(parts)}."


def _said(verdict: Verdict, number: int) -> str:
    if verdict in ("survives", "fails"):
        return verdict if number == 1 else verdict.removesuffix("s")
    return "in one region only" if verdict == "one region" else verdict


def _summary_style(results: FailoverResults) -> str:
    verdicts = {service.verdict for service in results.services}
    if verdicts & {"fails", "one region"}:
        return "red"
    return "green" if verdicts and "undecided" not in verdicts else "yellow"


def as_markdown(results: FailoverResults) -> str:
    """The report as Markdown, a section a service."""
    lines = [f"# Failover: {_escaped(results.title)}", "", summary(results), ""]
    lines += [f"Note: {_escaped(note)}\n" for note in results.notes]
    for service in results.services:
        lines += [f"## {_escaped(service.name)}: {_escaped(_verdict(service))}", ""]
        lines += [f"{_escaped(sentence)}\n" for sentence in _sentences(service)]
        if service.losses:
            lines += [*_markdown_table(_region_rows(service)), "", *_markdown_table(_loss_rows(service)), ""]
        lines += [f"{'  ' * line.startswith('  ')}- {_escaped(line.strip())}" for line in advice(service)]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_table(rows: list[list[str]]) -> list[str]:
    header, *body = rows
    return [
        f"| {' | '.join(header)} |",
        f"| {' | '.join('---' for _ in header)} |",
        *(f"| {' | '.join(map(_escaped, row))} |" for row in body),
    ]


def _escaped(text: str) -> str:
    """Text that Markdown and the HTML in it take as such."""
    return re.sub(r"([\\`*_{}\[\]<>|#~&!])", r"\\\1", printable(text))
