"""Where rules run: a stack, rules and their settings in, a report out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from policypack.model.serving import services_of
from policypack.model.stack import Stack
from policypack.model.values import UNKNOWN, Unknown
from policypack.model.view import View
from policypack.options import Setting
from policypack.rule import AnyRule, Fail, Level, NotApplicable, Options, Services, Undecided

# An error inside a rule becomes an undecided verdict, so that the pack never breaks a preview. Tests want the error.
raise_internal_errors = False


Status: TypeAlias = Literal["passed", "failed", "undecided", "not applicable"]


@dataclass(frozen=True)
class Finding:
    """What one rule says about one resource: `problems` if it fails, else `reasons` why it is undecided.

    Neither means that it passes or, with `not_applicable`, that the rule says nothing about it.
    """

    rule: AnyRule
    level: Level
    urn: str
    type: str
    name: str
    problems: tuple[Fail, ...] = ()
    reasons: tuple[str, ...] = ()
    not_applicable: str = ""

    @property
    def status(self) -> Status:
        """The verdict: what is certain goes before what is not."""
        if self.problems:
            return "failed"
        if self.reasons:
            return "undecided"
        return "not applicable" if self.not_applicable else "passed"


@dataclass(frozen=True)
class RuleReport:
    """What one rule says about a stack; without findings there was nothing to judge."""

    rule: AnyRule
    level: Level
    findings: tuple[Finding, ...]

    def with_status(self, status: Status) -> tuple[Finding, ...]:
        """The findings with this verdict."""
        return tuple(finding for finding in self.findings if finding.status == status)


@dataclass(frozen=True)
class Report:
    """What the enabled rules say about a stack."""

    rules: tuple[RuleReport, ...] = field(default_factory=tuple)

    def with_status(self, status: Status) -> tuple[Finding, ...]:
        """All findings with this verdict."""
        return tuple(finding for rule in self.rules for finding in rule.with_status(status))


def evaluate(stack: Stack, rules: Iterable[AnyRule], settings: Mapping[str, Setting]) -> Report:
    """Runs rules over a stack.

    Args:
        stack: what to judge.
        rules: the rules to run; the disabled ones among them are left out.
        settings: the settings by the rules' names.
    """
    return Report(
        tuple(
            RuleReport(rule, setting.level, judge_all(rule, stack, setting))
            for rule in rules
            if (setting := settings[rule.name]).level != "disabled"
        )
    )


def judge_all(rule: AnyRule, stack: Stack, setting: Setting) -> tuple[Finding, ...]:
    """What a rule says about each resource of a stack that it judges, ordered by URN."""
    resources = stack.of_types(rule.subject.TYPES)
    findings = (judge(rule, rule.subject(resource, stack), setting) for resource in resources)
    return tuple(finding for finding in findings if finding is not None)


def judge(rule: AnyRule, subject: View, setting: Setting) -> Finding | None:
    """What a rule says about one resource; `None` if it does not judge it.

    A resource is not judged if nothing is known of it, or if the options do not select it.
    """
    if subject.resource.is_empty:
        return None
    selected = _selects(setting.options.services, subject)
    if selected is False:
        return None
    verdicts = (
        [Undecided("`services` selects by stack tags, which only the engine knows")]
        if isinstance(selected, Unknown)
        else _run(rule, subject, setting.options)
    )
    problems = _merged([verdict for verdict in verdicts if isinstance(verdict, Fail)])
    reasons = [verdict.why for verdict in verdicts if isinstance(verdict, Undecided)]
    exempt = [verdict.why for verdict in verdicts if isinstance(verdict, NotApplicable)]
    if reasons and not problems and setting.options.undecided == "fail":
        problems = [_undecided_as_failure(reason) for reason in reasons]
    return Finding(
        rule,
        setting.level,
        subject.urn,
        subject.resource.type,
        subject.name,
        tuple(problems),
        tuple(reasons),
        "" if problems or reasons else "; ".join(exempt),
    )


def _run(rule: AnyRule, subject: View, options: Options) -> list[Fail | Undecided | NotApplicable]:
    try:
        return list(rule.check(subject, options))
    except Exception as error:
        if raise_internal_errors:
            raise
        # The error's text may hold a secret, its type does not.
        return [Undecided(f"internal error in {rule.name} ({type(error).__name__}); please report it")]


def _merged(problems: list[Fail]) -> list[Fail]:
    """Problems with the same fix are one problem, observed several times."""
    observed: dict[tuple[str, str], list[str]] = {}
    for problem in problems:
        observed.setdefault((problem.required, problem.fix), []).append(problem.observed)
    return [Fail(" ".join(sentences), required, fix) for (required, fix), sentences in observed.items()]


def _undecided_as_failure(reason: str) -> Fail:
    return Fail(
        observed=f"It can't be decided: {reason}.",
        required="A decision, since the option `undecided` is `fail`.",
        fix="Make the value known at preview, or set `undecided` to `advise`.",
    )


def _selects(services: Services, subject: View) -> bool | Unknown:
    """Whether the options select a service on whose serving path the subject is."""
    names = [service.name for service in services_of(subject.stack, subject.resource)]
    if not any(_matches(name, services.names) for name in names):
        return False
    if not _matches(subject.stack.project or "", services.projects):
        return False
    if not services.stack_tags:
        return True
    tags = subject.stack.tags
    if tags is None:
        return UNKNOWN
    return all(key in tags and fnmatchcase(tags[key], glob) for key, glob in services.stack_tags.items())


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
