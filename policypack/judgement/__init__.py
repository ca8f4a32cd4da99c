"""A project or a state in, its verdicts out, as every format of `check` takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from policypack.baseline import Comparison, Known, compare, known_of, read_baseline
from policypack.config.choice import Choice
from policypack.config.files import ConfigFile
from policypack.config.terms import FailOn
from policypack.evaluate import Finding, Report, RuleReport, WaiverState, WaiverUse, evaluate
from policypack.judgement.location import Location, relative_path, repository_around
from policypack.judgement.notes import notes_on_remediation, notes_on_selection, notes_on_services, refuse_globs
from policypack.model.frontend.traffic import services_without_requests
from policypack.model.graph.stack import Stack
from policypack.rules import RULES
from policypack.sources.target import Target, load_target, load_targets
from policypack.wording import counted

# How much is said in a terminal: what the run fails for, all findings, all rules as well.
Detail: TypeAlias = Literal["quiet", "normal", "verbose"]

_EVERYTHING: Final = Choice()
_WITHOUT_A_FILE: Final = "Pulumi.yaml"


@dataclass(frozen=True)
class Results:
    """What was judged, and what came of it.

    Attributes:
        title: what was judged, for people.
        stack: its resources.
        report: the verdicts.
        today: the day that waivers were judged on.
        is_preview: the stack is a program run as a first preview, not a state.
        file: the project file, or the state's; `None` for standard input.
        notes: what the reader has to know about this run, sentences without full stop.
        fail_on: what the run fails for besides mandatory violations.
        detail: how much the reader at a terminal asked for.
        comparison: with a baseline, if there is one.
        stacks: the results of each stack, if several are judged together; `stack` has the resources of all then.
    """

    title: str
    stack: Stack
    report: Report
    today: date
    is_preview: bool = False
    file: Path | None = None
    notes: tuple[str, ...] = ()
    fail_on: tuple[FailOn, ...] = ()
    detail: Detail = "normal"
    comparison: Comparison | None = None
    stacks: tuple[Results, ...] = ()

    @property
    def subject(self) -> str:
        """What was judged, with its size: `llm, stack dev: 90 resources, as a first preview`."""
        number = counted(len(self.stack.resources), "resource")
        return f"{self.title}: {number}{', as a first preview' if self.is_preview else ''}"

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What the run fails for."""
        return self.report.violations(self.fail_on)

    @property
    def fails(self) -> bool:
        """Whether the run fails, also for having judged nothing."""
        nothing = self.report.nothing
        return bool(self.violations) or (nothing is not None and nothing.counts(self.fail_on))

    @property
    def known(self) -> tuple[Known, ...]:
        """What a baseline keeps of this run."""
        own = (
            known
            for one in self.each
            for rule in one.report.rules
            for finding in rule.findings
            if finding.status != "waived"
            for known in known_of(finding, one.stack)
        )
        return (*own, *(self.comparison.not_judged if self.comparison else ()))

    def compared(self, file: Path, baseline: Iterable[Known]) -> Results:
        """The same beside a baseline."""
        if self.stacks:
            beside = _together([one.compared(file, baseline) for one in self.stacks])
            return replace(beside, fail_on=self.fail_on, detail=self.detail)
        report, comparison = compare(self.report, self.stack, file, baseline)
        notes = (*self.notes, *comparison.notes)
        return replace(self, report=report, comparison=comparison, notes=notes)

    @property
    def each(self) -> tuple[Results, ...]:
        """The results of each stack."""
        return self.stacks or (self,)

    def stack_of(self, urn: str) -> str:
        """The name of the stack that a resource is of, where there are several."""
        return _stack_in(urn) if self.stacks else ""

    def is_ambiguous(self, finding: Finding) -> bool:
        """Whether another resource of its stack has the same name and type as that of a finding."""
        return self._names[_stack_in(finding.urn), finding.name, finding.type] > 1

    @cached_property
    def _names(self) -> Counter[tuple[str, str, str]]:
        return Counter((_stack_in(one.urn), one.name, one.type) for one in self.stack.resources)

    def location_of(self, finding: Finding) -> Location:
        """The line of the program that makes the resource or, where that is not known, the file that was judged."""
        resource = self.stack.by_urn(finding.urn)
        place = resource.place if resource else None
        if place:
            path = relative_path(Path(place.file), self._root)
            if path:
                return Location(path, place.line)
        return self.file_location

    @cached_property
    def file_location(self) -> Location:
        """The project file or the state that was judged; for standard input, the project file that a repository has."""
        return Location((self.file and relative_path(self.file, self._root)) or _WITHOUT_A_FILE)

    @cached_property
    def _root(self) -> Path:
        """The root of the repository around what was judged; without one the working directory, or its own folder."""
        start, here = (self.file.parent if self.file else Path()).resolve(), Path.cwd()
        return repository_around(start) or (here if start.is_relative_to(here) else start)


def judge(
    target: str,
    stack_name: str | None = None,
    *,
    choice: Choice = _EVERYTHING,
    answers: Path | None = None,
    baseline: Path | None = None,
    today: date | None = None,
) -> Results:
    """Loads a stack and judges it by all rules.

    Args:
        target: the folder of a Pulumi project, the file of a state, or `-` for standard input.
        stack_name: the stack whose configuration a project runs with.
        choice: how to judge.
        answers: a file with what functions of providers return to the program.
        baseline: a file with what is known, which no run fails for.
        today: the day that waivers are judged on; `None` is this day.

    Raises:
        SourceError: the target cannot be read or run.
        ConfigurationError: the policy configuration, the baseline or a services glob is wrong or cannot be read.
    """
    file, known = choice.read(RULES), read_baseline(baseline) if baseline else ()
    loaded = load_target(target, stack_name, answers=answers)
    refuse_globs([loaded.stack], choice.services)
    results = _judge(loaded, file, choice, today or date.today())
    return results.compared(baseline, known) if baseline else results


def judge_stacks(
    target: str,
    stack_names: Sequence[str],
    *,
    choice: Choice = _EVERYTHING,
    answers: Path | None = None,
    baseline: Path | None = None,
    today: date | None = None,
) -> Results:
    """Judges several stacks of a project together; as many programs run at a time as there are cores.

    Args:
        target: the folder of a Pulumi project.
        stack_names: the stacks; without any, all that have a configuration file.
        choice, answers, baseline, today: as in `judge`.

    Raises:
        SourceError: a stack cannot be read or run; it has what is wrong with each.
        ConfigurationError: as in `judge`.
    """
    file, known = choice.read(RULES), read_baseline(baseline) if baseline else ()
    loaded, day = load_targets(target, stack_names, answers=answers), today or date.today()
    refuse_globs([one.stack for one in loaded], choice.services)
    results = _together([_judge(one, file, choice, day) for one in loaded])
    return results.compared(baseline, known) if baseline else results


def _judge(loaded: Target, file: ConfigFile, choice: Choice, day: date) -> Results:
    settings, notes = file
    stack, report = loaded.stack, evaluate(loaded.stack, RULES, settings, day)
    idle = (f"`{name}` is not judged: {why}" for name, why in services_without_requests(stack))
    unselected = notes_on_services(stack, choice.services) if choice.services else notes_on_selection(stack, settings)
    said = (*loaded.notes, *notes, *idle, *unselected, *notes_on_remediation(report, settings, stack))
    return Results(loaded.title, stack, report, day, loaded.is_preview, loaded.file, said)


def _together(stacks: Sequence[Results]) -> Results:
    """The results of several stacks of one project in one."""
    first = stacks[0]
    names = [one.title.rpartition(", stack ")[2] for one in stacks]
    title = f"{first.title.partition(', stack ')[0]}, stacks {', '.join(names)}"
    rules = zip(*(one.report.rules for one in stacks), strict=True)
    notes: dict[str, list[str]] = {}
    for name, one in zip(names, stacks, strict=True):
        for note in one.notes:
            notes.setdefault(note, []).append(name)
    return replace(
        first,
        title=title,
        stack=Stack((each for one in stacks for each in one.stack.resources), spelling=first.stack.spelling),
        report=Report(tuple(map(_merged, rules)), any(one.report.has_services for one in stacks)),
        notes=tuple(note if len(of) == len(stacks) else f"{', '.join(of)}: {note}" for note, of in notes.items()),
        comparison=_all_of([one.comparison for one in stacks if one.comparison]),
        stacks=tuple(stacks),
    )


def _merged(reports: Sequence[RuleReport]) -> RuleReport:
    """What a rule says of several stacks; a waiver is of use where it is in one of them."""
    uses = zip(*(report.waivers for report in reports), strict=True)
    return replace(
        reports[0],
        findings=tuple(finding for report in reports for finding in report.findings),
        waivers=tuple(_merged_use(of_one) for of_one in uses),
    )


def _merged_use(uses: Sequence[WaiverUse]) -> WaiverUse:
    state = next(state for state in get_args(WaiverState) if any(use.state == state for use in uses))
    return replace(uses[0], state=state, findings=tuple(finding for use in uses for finding in use.findings))


def _all_of(comparisons: Sequence[Comparison]) -> Comparison | None:
    if not comparisons:
        return None
    not_judged = set.intersection(*(set(one.not_judged) for one in comparisons))
    return Comparison(
        comparisons[0].file, tuple(known for one in comparisons for known in one.fixed), tuple(sorted(not_judged))
    )


def _stack_in(urn: str) -> str:
    return urn.partition("::")[0].removeprefix("urn:pulumi:")
