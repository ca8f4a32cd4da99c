"""The report as one HTML page, which loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final

from policypack.config.terms import SEVERITIES
from policypack.evaluate import Finding, RuleReport, Status, WaiverUse
from policypack.failover.analysis import failover_of
from policypack.failover.result import ServiceFailover
from policypack.findings.groups import ToDo, first_to_do, groups_of
from policypack.findings.order import OPEN, STATUSES, importance, waiver_importance
from policypack.judgement import Results
from policypack.judgement.location import Location
from policypack.model.balancing.backend_service import BackendService
from policypack.report.check.paths.all_paths import Served, ServingPaths
from policypack.report.check.paths.drawing import BOX_HEIGHT, BOX_WIDTH, Drawing, draw
from policypack.report.check.paths.serving_path import ServingPath
from policypack.report.check.verdicts import Verdicts, by_reason, count_verdicts, verdict_line
from policypack.report.failover.text import advice
from policypack.report.page_template import Filters, render_page
from policypack.wording import EXPIRES_SOON_DAYS, natural

# What keeps the page of a large stack quick to load and read; a sentence on the page says what is left out.
MOST_DRAWN: Final = 20
MOST_FAILOVERS: Final = 60
MOST_REASONS: Final = 40
MOST_FINDINGS: Final = 6000
# How many resources show their findings at once; more of them are closed at first.
MOST_OPEN: Final = 12
MOST_LINKS: Final = 8

_ICONS: Final[dict[Status, str]] = {
    "failed": "failed",
    "undecided": "undecided",
    "known": "known",
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


def render(results: Results) -> str:
    """The report as a page in one file, which loads nothing."""
    return render_page("page.html", Page(results), FILTERS, script="page.js")


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
        self.paths = ServingPaths(results.report, *(one.stack for one in results.each))

    @cached_property
    def verdicts(self) -> Verdicts:
        return _verdicts_of(self.report.rules)

    @property
    def judged(self) -> int:
        return len({finding.urn for rule in self.report.rules for finding in rule.findings})

    @property
    def extent(self) -> str:
        """How much was judged, and as what: `results.subject` without the title."""
        return self.results.subject.removeprefix(f"{self.results.title}: ")

    @property
    def headline(self) -> str:
        return verdict_line(self.report)

    @property
    def columns(self) -> tuple[Status, ...]:
        """The verdicts that the tables of rules have columns for."""
        return tuple(status for status in STATUSES if status != "known" or self.verdicts.known)

    @cached_property
    def to_do(self) -> list[ToDo]:
        return first_to_do(groups_of(self.report.with_status("failed")))

    @cached_property
    def drawn(self) -> list[tuple[ServingPath, Drawing]]:
        paths = [self.paths.path_of(one) for one in self.paths.subjects[:MOST_DRAWN]]
        return [(path, draw(path)) for path in paths]

    @property
    def undrawn(self) -> tuple[Served, ...]:
        return self.paths.subjects[MOST_DRAWN:]

    def name_of(self, service: BackendService | ServiceFailover) -> str:
        """The name of a service, with its stack where there are several."""
        stack = self.results.stack_of(service.urn)
        return f"{service.name} ({stack})" if stack else service.name

    @cached_property
    def failovers(self) -> tuple[ServiceFailover, ...]:
        found = [failover_of(service) for service in self.paths.services[:MOST_FAILOVERS]]
        order = ("fails", "one region", "undecided", "survives", "not applicable")
        return tuple(sorted(found, key=lambda service: order.index(service.verdict)))

    @property
    def failovers_left_out(self) -> int:
        return max(0, len(self.paths.services) - MOST_FAILOVERS)

    @cached_property
    def resources(self) -> tuple[ResourceFindings, ...]:
        """The resources with findings to list, those with the worst first, as many as the page has a place for."""
        listed, number = list[ResourceFindings](), 0
        for found in self._to_list.values():
            if number + len(found) > MOST_FINDINGS:
                break
            first, numbered = found[0], tuple(ListedFinding(number + index, one) for index, one in enumerate(found))
            is_ambiguous = self.results.is_ambiguous(first)
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
        order = sorted(by_urn, key=lambda urn: (count_verdicts(by_urn[urn]).urgency, natural(urn)))
        return {urn: by_urn[urn] for urn in order}

    @property
    def resources_left_out(self) -> int:
        return len(self._to_list) - len(self.resources)

    @property
    def findings_left_out(self) -> int:
        return sum(map(len, self._to_list.values())) - sum(len(resource.findings) for resource in self.resources)

    @property
    def is_large(self) -> bool:
        return len(self.resources) > MOST_OPEN

    @cached_property
    def _anchors(self) -> dict[str, int]:
        return {resource.first.urn: resource.number for resource in self.resources}

    def anchor_of(self, urn: str | None) -> str | None:
        return f"r{self._anchors[urn]}" if urn in self._anchors else None

    @cached_property
    def reasons(self) -> list[tuple[str, list[Finding]]]:
        return by_reason(finding for found in self._to_list.values() for finding in found)

    def anchor_of_finding(self, finding: Finding) -> str | None:
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
        return tuple(sorted(self.report.waivers, key=waiver_importance))

    def days_left(self, use: WaiverUse) -> int | None:
        """In how many days a waiver ends that ends soon, 0 being the day itself."""
        days = (use.waiver.expires - self.results.today).days
        return days if 0 <= days <= EXPIRES_SOON_DAYS else None

    @cached_property
    def areas(self) -> list[tuple[str, list[RuleReport], Verdicts]]:
        rules = sorted(self.report.rules, key=lambda report: (report.rule.area, report.rule.name))
        by_area = [(name, list(found)) for name, found in groupby(rules, lambda report: report.rule.area)]
        return [(name, found, _verdicts_of(found)) for name, found in by_area]


def _verdicts_of(rules: Iterable[RuleReport]) -> Verdicts:
    return count_verdicts(finding for rule in rules for finding in rule.findings)


def _in_words(verdicts: Verdicts, separator: str = ", ") -> str:
    """What of the findings is to be looked at, or that they passed."""
    counts: Iterable[tuple[int, str]] = (
        (verdicts.failed, "failed"),
        (verdicts.undecided, "undecided"),
        (verdicts.known, "known"),
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


FILTERS: Final[Filters] = {"advice": advice, "in_words": _in_words, "icon": _icon, "percent": _percent}
