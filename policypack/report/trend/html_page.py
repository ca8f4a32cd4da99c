"""The trend over audits as one HTML page, which loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from policypack.audit.trend import KNOWN, Point, Trend
from policypack.config.terms import SEVERITIES
from policypack.report.audit.html_page import FILTERS, MARKS, changes_of
from policypack.report.audit.text import first_of, headline, headline_status
from policypack.report.page_template import render_page
from policypack.wording import counted

# The size of the template's drawing, with room for the width of the line.
_WIDTH: Final = 200
_BOTTOM: Final = 46
_HEIGHT: Final = 44
_MOST_AUDITS: Final = 60


def render(trend: Trend) -> str:
    """The trend as a page in one file, which loads nothing."""
    return render_page("trend.html", _page(trend), FILTERS)


def _page(trend: Trend) -> dict[str, Any]:
    """What the template shows."""
    first, last, targets = trend.points[0], trend.points[-1], trend.last.targets
    changes = changes_of(trend.last)
    rules = {name: trend.stacks_of(name) for name in trend.rules if name in KNOWN}
    return {
        "points": trend.points,
        "shown": first_of(reversed(trend.points), _MOST_AUDITS),
        "first": first,
        "last": last,
        "headline": headline(trend.last),
        "mark": MARKS[headline_status(last.totals)],
        "title": targets[0].target if len(targets) == 1 else counted(len(targets), "target"),
        "severities": [_severity(trend.points, severity) for severity in SEVERITIES],
        "changes": {
            **changes,
            "has_any": any(shown.items for key, shown in changes.items() if key != "is_judged_alike"),
        },
        "rules": [
            {
                "rule": KNOWN[name],
                "first": _shown(stacks[0]),
                "last": _shown(stacks[-1]),
                **_line(trend.points, stacks, f"Stacks that violate {name}"),
            }
            for name, stacks in rules.items()
        ],
    }


def _severity(points: Sequence[Point], severity: Any) -> dict[str, Any]:
    numbers = [point.severities[severity] for point in points]
    change = numbers[-1] - numbers[0]
    return {
        "name": severity.capitalize(),
        "kind": "failed" if severity in ("critical", "high") else "other",
        "last": numbers[-1],
        "change": f"{abs(change)} {'more' if change > 0 else 'fewer'} than at first" if change else "as at first",
        **_line(points, numbers, f"Violations of severity {severity}"),
    }


def _line(points: Sequence[Point], numbers: Sequence[int | None], what: str) -> dict[str, Any]:
    """A line for the eye, and its numbers in words."""
    said = (
        f"{point.today} {_shown(number)}" for point, number in list(zip(points, numbers, strict=True))[-_MOST_AUDITS:]
    )
    return {"paths": list(_paths(_places(points), numbers)), "words": f"{what}: {', '.join(said)}"}


def _places(points: Sequence[Point]) -> list[float]:
    """Where audits stand between 0 and 1: at their days, or side by side if these are all the same."""
    days = [date.fromisoformat(point.today).toordinal() for point in points]
    if len(set(days)) < len(days):
        days = list(range(len(points)))
    return [(day - days[0]) / (days[-1] - days[0]) for day in days]


def _paths(places: Sequence[float], numbers: Sequence[int | None]) -> Iterator[str]:
    """The line in pieces, since it has gaps where a rule was not enabled."""
    top = max((number for number in numbers if number is not None), default=0) or 1
    piece: list[str] = []
    for place, number in zip(places, numbers, strict=True):
        if number is None:
            yield from _path(piece)
            piece = []
        else:
            piece.append(f"{place * _WIDTH:.1f} {_BOTTOM - number / top * _HEIGHT:.1f}")
    yield from _path(piece)


def _path(piece: list[str]) -> Iterator[str]:
    if piece:
        # One place alone is a dot.
        yield f"M{'L'.join(piece)}{'h0' if len(piece) == 1 else ''}"


def _shown(number: int | None) -> str:
    return "-" if number is None else str(number)
