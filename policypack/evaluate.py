"""Where rules run: a stack, rules and their settings in, a report out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeAlias

from policypack.config.options import Setting
from policypack.config.terms import SEVERITIES, FailOn, Level, Severity
from policypack.model.gke.sight import LoadBalancerSignal
from policypack.model.graph.path import on_path
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import SERVICE_TYPES
from policypack.model.graph.view import View
from policypack.model.values.spelling import spelled
from policypack.rule import AnyRule, Options, Waiver
from policypack.selection import choice_of, matches, selects, services_in, services_on_path
from policypack.verdict import Fail, NotApplicable, Problem, Undecided, problems_of

# An error inside a rule becomes an undecided verdict, so that the pack never breaks a preview. Tests want the error.
raise_internal_errors = False

# What is undecided is said besides.
_UNDECIDED_AS_FAILURE: Final = Problem(
    observed="This cannot be determined.",
    required="A definite result (the option `undecided` is `fail`, or `--strict`).",
    fix="Make the value known at preview, or set `undecided` to `advise` and leave out `--strict`.",
)

_SELECTED_BY_TAGS: Final = Undecided("`services` selects by stack tags, which only the engine knows")
Status: TypeAlias = Literal["passed", "failed", "undecided", "known", "waived", "not applicable"]
WaiverState: TypeAlias = Literal["in force", "expired", "unused"]


class Finding(NamedTuple):
    """What one rule says about one resource: `problems` if it fails, and what is `undecided`.

    Neither means that it passes or, with `not_applicable`, that the rule says nothing about it. `waivers` are those in
    force that except the resource from what was found; `expired` those that did once, if none is in force. A baseline
    may have all of it, which then `is_known`.
    """

    rule: AnyRule
    level: Level
    urn: str
    type: str
    name: str
    problems: tuple[Problem, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    not_applicable: str = ""
    waivers: tuple[Waiver, ...] = ()
    expired: tuple[Waiver, ...] = ()
    is_known: bool = False

    @property
    def severity(self) -> Severity:
        """How bad it is: as bad as its worst problem, each of which is as bad as the rule says or less."""
        found = {problem.severity or self.rule.severity for problem in self.problems}
        return next((one for one in SEVERITIES if one in found), self.rule.severity)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What blocks a definite result, clauses."""
        return tuple(one.why for one in self.undecided)

    @property
    def status(self) -> Status:
        """The verdict: what is waived or known is neither, and what is certain goes before what is not."""
        if self.waivers:
            return "waived"
        if self.is_known:
            return "known"
        if self.problems:
            return "failed"
        if self.undecided:
            return "undecided"
        return "not applicable" if self.not_applicable else "passed"


@dataclass(frozen=True)
class WaiverUse:
    """What became of a waiver.

    Attributes:
        rule: the rule that it waives.
        waiver: the waiver.
        state: `in force` if it waives `findings`, `expired` if these stand because it has, `unused` if there is nothing
            for it to waive.
        findings: the findings that it covers.
    """

    rule: AnyRule
    waiver: Waiver
    state: WaiverState
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class RuleReport:
    """What one rule says about a stack; without findings there was nothing to judge.

    `left_out` has the URNs of what the rule would judge, if the options selected it or anything were known of it.
    """

    rule: AnyRule
    level: Level
    findings: tuple[Finding, ...]
    waivers: tuple[WaiverUse, ...] = ()
    left_out: frozenset[str] = frozenset()

    def with_status(self, status: Status) -> tuple[Finding, ...]:
        return tuple(self._by_status.get(status, ()))

    @cached_property
    def _by_status(self) -> dict[Status, list[Finding]]:
        found: dict[Status, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(finding.status, []).append(finding)
        return found


class Nothing(NamedTuple):
    """That nothing was judged: `names` are of what shows load balancers; it `is_blind` if there may be something."""

    why: Literal["out of sight", "not selected", "not applicable", "disabled"]
    names: tuple[str, ...] = ()
    is_blind: bool = False

    def counts(self, also: Collection[FailOn]) -> bool:
        """Whether a run fails for it: where there may be something to judge it is undecided."""
        return "nothing-judged" in also or (self.is_blind and "undecided" in also)


@dataclass(frozen=True)
class Report:
    """What the enabled rules say about a stack; `has_services` if it has backend services, whatever they select."""

    rules: tuple[RuleReport, ...] = ()
    has_services: bool = False

    def with_status(self, status: Status) -> tuple[Finding, ...]:
        return tuple(finding for rule in self.rules for finding in rule.with_status(status))

    def violations(self, also: Collection[FailOn] = ()) -> tuple[Finding, ...]:
        """The findings that a run fails for: mandatory violations, and what `also` names besides."""
        failed, undecided = self.with_status("failed"), self.with_status("undecided")
        fails_for_nothing = self.nothing is not None and self.nothing.counts(also)
        is_every = "advisory" in also or fails_for_nothing
        counted = failed if is_every else tuple(finding for finding in failed if finding.level == "mandatory")
        return (*counted, *undecided) if "undecided" in also else counted

    @cached_property
    def nothing(self) -> Nothing | None:
        """That nothing was judged, or load balancers out of sight alone; `None` if something was."""
        findings = [finding for rule in self.rules for finding in rule.findings]
        seen = [finding for finding in findings if finding.status != "not applicable"]
        open_ = [finding for finding in seen if finding.status in ("failed", "undecided")]
        if any(finding.rule.subject is not LoadBalancerSignal for finding in seen) or (seen and not open_):
            return None
        if open_:
            return Nothing("out of sight", tuple(sorted({finding.name for finding in open_})), is_blind=True)
        if findings or not self.rules:
            return Nothing("not applicable" if findings else "disabled")
        return Nothing("not selected", is_blind=self.has_services)

    @property
    def waivers(self) -> tuple[WaiverUse, ...]:
        return tuple(use for rule in self.rules for use in rule.waivers)


def evaluate(
    stack: Stack, rules: Iterable[AnyRule], settings: Mapping[str, Setting], today: date | None = None
) -> Report:
    """Runs rules over a stack.

    Args:
        stack: what to judge.
        rules: the rules to run; the disabled ones among them are left out.
        settings: the settings by the rules' names.
        today: the day that decides whether a waiver has expired; `None` is this day.
    """
    today = today or date.today()
    enabled = [rule for rule in rules if settings[rule.name].level != "disabled"]
    reports = tuple(_report(rule, stack, settings[rule.name], today) for rule in enabled)
    return Report(reports, bool(services_in(stack)))


def _report(rule: AnyRule, stack: Stack, setting: Setting, today: date) -> RuleReport:
    findings = apply_to_stack(rule, stack, setting, today)
    uses = (_use_of(waiver, rule, findings) for waiver in setting.options.waivers)
    choice = choice_of(rule, stack, setting.options.services)
    return RuleReport(rule, setting.level, findings, tuple(uses), choice.left_out)


def _use_of(waiver: Waiver, rule: AnyRule, findings: tuple[Finding, ...]) -> WaiverUse:
    waived = tuple(finding for finding in findings if waiver in finding.waivers)
    standing = tuple(finding for finding in findings if waiver in finding.expired)
    return WaiverUse(rule, waiver, "in force" if waived else "expired" if standing else "unused", waived or standing)


def apply_to_stack(rule: AnyRule, stack: Stack, setting: Setting, today: date | None = None) -> tuple[Finding, ...]:
    """What a rule says about each resource of a stack that it judges, ordered by URN; `today` as in `evaluate`."""
    today = today or date.today()
    judged = choice_of(rule, stack, setting.options.services).judged
    return tuple(_finding(rule, view, setting, today, is_certain) for view, is_certain in judged)


def apply_rule(rule: AnyRule, subject: View, setting: Setting, today: date | None = None) -> Finding | None:
    """What a rule says about one resource; `None` if it does not judge it. `today` as in `evaluate`.

    A resource is not judged if nothing is known of it, if the options do not select it, or if all services on whose
    serving path it is certainly get no requests.
    """
    selected = False if subject.is_empty else selects(rule.stage, setting.options.services, subject)
    return None if selected is False else _finding(rule, subject, setting, today or date.today(), selected is True)


def apply_before_creation(
    rule: AnyRule, resource: Resource, shown: Stack, setting: Setting, today: date | None = None
) -> list[Finding]:
    """What a rule says on an update when a resource is about to be created.

    It judges that resource; and before a backend service all that the service uses, of which nothing else shows that it
    serves an LLM.

    Args:
        rule: the rule to run.
        resource: the resource that is about to be created.
        shown: all resources that the engine has shown so far, with this one.
        setting: the rule's level and options.
        today: as in `evaluate`.
    """
    types, judged = rule.subject.TYPES, list[Resource]()
    if resource.type in types:
        judged = [resource]
    elif resource.type in SERVICE_TYPES:
        judged = list(on_path(shown, resource, types))
    findings = (apply_rule(rule, rule.subject.of(one, shown), setting, today) for one in judged)
    return [finding for finding in findings if finding]


def _finding(rule: AnyRule, subject: View, setting: Setting, today: date, is_certain: bool) -> Finding:
    """What a rule says about a resource that it judges, or may where that is not certain."""
    resource, options = subject.resource, setting.options
    verdicts = _verdicts(rule, subject, options) if is_certain else [_SELECTED_BY_TAGS]
    if not verdicts:
        return Finding(rule, setting.level, resource.urn, resource.type, subject.name)
    spelling = subject.stack.spelling
    problems = problems_of([verdict for verdict in verdicts if isinstance(verdict, Fail)], resource.urn, spelling)
    undecided = dict.fromkeys(verdict for verdict in verdicts if isinstance(verdict, Undecided))
    reasons = [Undecided(spelled(verdict.why, spelling), verdict.property_name) for verdict in undecided]
    exempt = "; ".join(spelled(verdict.why, spelling) for verdict in verdicts if isinstance(verdict, NotApplicable))
    if reasons and not problems and options.undecided == "fail":
        problems = [_UNDECIDED_AS_FAILURE]
    is_fine = not problems and not reasons
    in_force, expired = ((), ()) if is_fine else _waivers(options.waivers, subject.name, today)
    said = (tuple(problems), tuple(reasons), exempt if is_fine else "", in_force, expired)
    return Finding(rule, setting.level, resource.urn, resource.type, subject.name, *said)


def _waivers(waivers: Iterable[Waiver], name: str, today: date) -> tuple[tuple[Waiver, ...], tuple[Waiver, ...]]:
    """The waivers in force for a resource or, if there is none, the expired ones."""
    covering = [waiver for waiver in waivers if waiver.covers(name)]
    in_force = tuple(waiver for waiver in covering if not waiver.has_expired(today))
    return in_force, () if in_force else tuple(covering)


def _verdicts(rule: AnyRule, subject: View, options: Options) -> list[Fail | Undecided | NotApplicable]:
    if not options.for_services:
        return _run(rule, subject, options)
    runs = [_run(rule, subject, variant) for variant in _variants(rule, options, subject)]
    is_exempt = all(any(isinstance(verdict, NotApplicable) for verdict in run) for run in runs)
    return [verdict for run in runs for verdict in run if is_exempt or not isinstance(verdict, NotApplicable)]


def _variants(rule: AnyRule, options: Options, subject: View) -> list[Options]:
    """The options to judge by: those of each service that is selected and on whose serving path the subject is.

    Where they differ the subject has to pass by all of them: the machines of a canary may be those of the others too.
    """
    names = services_on_path(rule.stage, subject)
    found = [options.of_service(name) for name in names if matches(name, options.services.names)] or [options]
    return [variant for number, variant in enumerate(found) if variant not in found[:number]]


def _run(rule: AnyRule, subject: View, options: Options) -> list[Fail | Undecided | NotApplicable]:
    try:
        return list(rule.verdicts(subject, options))
    except Exception as error:
        if raise_internal_errors:
            raise
        # The error's text may hold a secret, its type does not.
        return [Undecided(f"internal error in {rule.name} ({type(error).__name__}); please report it")]
