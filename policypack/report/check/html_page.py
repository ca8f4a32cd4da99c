"""The report as one HTML page, which loads nothing from anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.evaluate import Finding, RuleReport, Status, WaiverUse
from policypack.failover import ServiceFailover, failover_of
from policypack.judgement import Location, Results
from policypack.model.balancing.backend_service import BackendService
from policypack.order import OPEN, SEVERITIES, importance, waiver_importance
from policypack.report.check.path_drawing import BOX_HEIGHT, BOX_WIDTH, Drawing, draw
from policypack.report.check.serving_path import ServingPath, ServingPaths
from policypack.report.check.verdicts import Verdicts, count_verdicts, verdict_line
from policypack.report.failover.text import advice
from policypack.report.page_template import Filters, render_page

# What keeps the page of a large stack quick to load and read; a sentence on the page says what is left out.
MOST_DRAWN: Final = 20
MOST_FAILOVERS: Final = 60
MOST_REASONS: Final = 40
MOST_FINDINGS: Final = 6000
# How many resources show their findings at once; more of them are closed at first.
MOST_OPEN: Final = 12
MOST_LINKS: Final = 8
EXPIRES_SOON_DAYS: Final = 30

_ICONS: Final[dict[Status, str]] = {
    "failed": "failed",
    "undecided": "undecided",
    "waived": "waived",
    "passed": "passed",
    "not applicable": "none",
}


@dataclass(frozen=True)
class ListedFinding:
    """A finding on the page; `number` makes its anchor."""

    number: int
    finding: Finding


@dataclass(frozen=True)
class ResourceFindings:
    """A resource with its findings, the worst first; `number` makes its anchor.

    Another one may have the same name and type if `is_ambiguous`.
    """

    number: int
    first: Finding
    is_ambiguous: bool
    location: Location
    verdicts: Verdicts
    findings: tuple[ListedFinding, ...]


@dataclass(frozen=True)
class DrawnService:
    """A service whose serving path is drawn."""

    path: ServingPath
    drawing: Drawing


@dataclass(frozen=True)
class Reason:
    """Why something is undecided, with all findings that are for this reason."""

    why: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Area:
    """An area with its rules."""

    name: str
    rules: tuple[RuleReport, ...]
    verdicts: Verdicts


def render(results: Results) -> str:
    """The page."""
    filters: Filters = {
        "advice": lambda service: list(advice(service)),
        "in_words": _in_words,
        "icon": _icon,
        "percent": _percent,
    }
    return render_page("page.html", Page(results), filters, script="page.js")


class Page:
    """What the template shows."""

    drawn_limit = MOST_DRAWN
    soon_days = EXPIRES_SOON_DAYS
    severities = SEVERITIES
    box_width = BOX_WIDTH
    box_height = BOX_HEIGHT
    link_limit = MOST_LINKS
    reason_limit = MOST_REASONS

    def __init__(self, results: Results) -> None:
        self.results = results
        self.report = results.report
        self.paths = ServingPaths(results.stack, results.report)

    @cached_property
    def verdicts(self) -> Verdicts:
        """All findings."""
        return count_verdicts(finding for rule in self.report.rules for finding in rule.findings)

    @property
    def judged(self) -> int:
        """How many resources were judged."""
        return len({finding.urn for rule in self.report.rules for finding in rule.findings})

    @property
    def extent(self) -> str:
        """How much was judged, and as what: `results.subject` without the title."""
        return self.results.subject.removeprefix(f"{self.results.title}: ")

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        return verdict_line(self.report)

    @property
    def status(self) -> str:
        """The name of the icon of the verdict."""
        return _ICONS[self.verdicts.worst] if self.verdicts.worst else "none"

    @cached_property
    def drawn(self) -> tuple[DrawnService, ...]:
        """The services whose paths are drawn."""
        paths = [self.paths.path_of(service) for service in self.paths.services[:MOST_DRAWN]]
        return tuple(DrawnService(path, draw(path)) for path in paths)

    @property
    def undrawn(self) -> tuple[BackendService, ...]:
        """The services beyond those."""
        return self.paths.services[MOST_DRAWN:]

    @cached_property
    def failovers(self) -> tuple[ServiceFailover, ...]:
        """What the loss of each region means for each service, the worst first."""
        found = [failover_of(service) for service in self.paths.services[:MOST_FAILOVERS]]
        order = ("fails", "one region", "undecided", "survives", "not applicable")
        return tuple(sorted(found, key=lambda service: order.index(service.verdict)))

    @property
    def failovers_left_out(self) -> int:
        """How many services that was not computed for."""
        return max(0, len(self.paths.services) - MOST_FAILOVERS)

    @cached_property
    def resources(self) -> tuple[ResourceFindings, ...]:
        """The resources with findings to list, those with the worst first, as many as the page has a place for."""
        names = Counter((found[0].name, found[0].type) for found in self._to_list.values())
        listed, number = list[ResourceFindings](), 0
        for found in self._to_list.values():
            if number + len(found) > MOST_FINDINGS:
                break
            first, numbered = found[0], tuple(ListedFinding(number + index, one) for index, one in enumerate(found))
            is_ambiguous = names[first.name, first.type] > 1
            location, verdicts = self.results.location_of(first), count_verdicts(found)
            listed.append(ResourceFindings(len(listed), first, is_ambiguous, location, verdicts, numbered))
            number += len(found)
        return tuple(listed)

    @cached_property
    def _to_list(self) -> dict[str, list[Finding]]:
        """The findings to list by the URNs of their resources, the worst first in both."""
        findings = [finding for status in OPEN for finding in self.report.with_status(status)]
        by_urn: dict[str, list[Finding]] = {}
        for finding in sorted(findings, key=importance):
            by_urn.setdefault(finding.urn, []).append(finding)
        return {urn: by_urn[urn] for urn in sorted(by_urn, key=lambda urn: (count_verdicts(by_urn[urn]).urgency, urn))}

    @property
    def resources_left_out(self) -> int:
        """How many resources have findings that the page has no place for."""
        return len(self._to_list) - len(self.resources)

    @property
    def findings_left_out(self) -> int:
        """How many findings these have."""
        return sum(map(len, self._to_list.values())) - sum(len(resource.findings) for resource in self.resources)

    @property
    def is_large(self) -> bool:
        """There are so many resources that their findings are closed at first."""
        return len(self.resources) > MOST_OPEN

    @cached_property
    def _anchors(self) -> dict[str, int]:
        return {resource.first.urn: resource.number for resource in self.resources}

    def anchor_of(self, urn: str | None) -> str | None:
        """The anchor of a resource's findings, if there are any."""
        return f"r{self._anchors[urn]}" if urn in self._anchors else None

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Why findings are undecided, the most frequent reason first."""
        by_reason: dict[str, list[Finding]] = {}
        for found in self._to_list.values():
            for finding in found:
                for why in finding.reasons if finding.status == "undecided" else ():
                    by_reason.setdefault(why, []).append(finding)
        ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
        return tuple(Reason(why, tuple(found)) for why, found in ordered)

    def anchor_of_finding(self, finding: Finding) -> str | None:
        """The anchor of a finding, if it is listed."""
        number = self._numbers.get((finding.rule.name, finding.urn))
        return None if number is None else f"f{number}"

    @cached_property
    def _numbers(self) -> dict[tuple[str, str], int]:
        return {
            (listed.finding.rule.name, listed.finding.urn): listed.number
            for resource in self.resources
            for listed in resource.findings
        }

    @property
    def waivers(self) -> tuple[WaiverUse, ...]:
        """All waivers: expired ones first, then those in force by the day that they end, then the unused ones."""
        return tuple(sorted(self.report.waivers, key=waiver_importance))

    def days_left(self, use: WaiverUse) -> int | None:
        """In how many days a waiver ends that ends soon, 0 being the day itself."""
        days = (use.waiver.expires - self.results.today).days
        return days if 0 <= days <= EXPIRES_SOON_DAYS else None

    @cached_property
    def areas(self) -> tuple[Area, ...]:
        """The rules by area, in the order of their names."""
        by_area: dict[str, list[RuleReport]] = {}
        for rule in sorted(self.report.rules, key=lambda rule: (rule.rule.area, rule.rule.name)):
            by_area.setdefault(rule.rule.area, []).append(rule)
        return tuple(
            Area(name, tuple(rules), count_verdicts(finding for rule in rules for finding in rule.findings))
            for name, rules in by_area.items()
        )


def _in_words(verdicts: Verdicts, separator: str = ", ") -> str:
    """What of the findings is to be looked at, or that they passed."""
    counts: Iterable[tuple[int, str]] = (
        (verdicts.failed, "failed"),
        (verdicts.undecided, "undecided"),
        (verdicts.waived, "waived"),
    )
    bad = [f"{number} {word}" for number, word in counts if number]
    if bad:
        return separator.join(bad)
    return f"{verdicts.passed} passed" if verdicts.passed else verdicts.worst or "not judged"


def _icon(verdicts: Verdicts) -> str:
    """The name of the mark for findings, which stands for them beside the color."""
    if verdicts.failed and not verdicts.mandatory:
        return "advisory"
    return _ICONS[verdicts.worst] if verdicts.worst else "none"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.3g} %"
