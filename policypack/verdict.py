"""What a rule says of a subject, and how it says that something is not known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeAlias, TypeVar

from policypack.config.terms import Severity
from policypack.model.graph.links import Links
from policypack.model.graph.resource import Resource
from policypack.model.graph.view import View
from policypack.model.values.spelling import Spelling, argument, spelled, spelled_key, spelled_keys
from policypack.model.values.values import UNKNOWN, PropertyPath, Unknown, Value, camel_case

T = TypeVar("T")
V = TypeVar("V", bound=View)


@dataclass(frozen=True)
class PropertyValue:
    """The value that one property of a resource has to have.

    Attributes:
        path: where the property is: names of properties, and indexes of items in lists.
        value: the value; objects in it have their properties by names of the same spelling.
        urn: the resource; empty for the one that is judged.
    """

    path: PropertyPath
    value: Value = field(hash=False)
    urn: str = ""

    @property
    def where(self) -> str:
        """The path as Pulumi writes it: `backends[0].max_utilization`, `metadata["enable-oslogin"]`.

        https://www.pulumi.com/docs/reference/property-paths/
        """
        first, *others = self.path
        return f"{first}" + "".join(
            f".{part}" if isinstance(part, str) and part.isidentifier() else f"[{json.dumps(part)}]" for part in others
        )


@dataclass(frozen=True)
class Fix:
    """What to do.

    Attributes:
        text: a sentence.
        settings: the settings that do it, where it is as simple as that.
        is_safe: whether nobody has to think about them before they are made.
    """

    text: str
    settings: tuple[PropertyValue, ...] = ()
    is_safe: bool = True


def setting(
    values: Mapping[str, Value], more: str = ".", *, of: View | None = None, at: PropertyPath = (), is_safe: bool = True
) -> Fix:
    """The fix that is one value or two: `setting({"timeout_sec": 600})` says "Set `timeout_sec=600`."

    Properties of an object that are not among the values stay as they are.

    Args:
        values: the values by the properties' Python names.
        more: what the sentence ends with.
        of: the resource, if it is not the one that is judged.
        at: where in the resource the properties are, if they are those of an item in a list.
        is_safe: whether nobody has to think about it before it is done.
    """
    said = " and ".join(f"``{argument(name, value)}``" for name, value in values.items())
    found = (one for name, value in values.items() for one in _leaves((*at, name), value, of.urn if of else ""))
    return Fix(f"Set {said}{more}", tuple(found), is_safe)


def _leaves(path: PropertyPath, value: Value, urn: str) -> Iterator[PropertyValue]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves((*path, key), inner, urn)
    else:
        yield PropertyValue(path, value, urn)


@dataclass(frozen=True)
class Fail:
    """Something is wrong for certain.

    Properties in the sentences stand between double backticks, by their Python names: see `model/values/spelling.py`.

    Attributes:
        observed: what is, a sentence.
        required: what is asked for, a sentence.
        fix: what to do, a sentence; with its settings where it is one value or two of one resource.
        severity: how bad it is, if that is less than the rule says.
    """

    observed: str
    required: str
    fix: str | Fix
    severity: Severity | None = None

    @property
    def remedy(self) -> Fix:
        """The fix, with its settings if it has any."""
        return self.fix if isinstance(self.fix, Fix) else Fix(self.fix)


@dataclass(frozen=True)
class Undecided:
    """It cannot be determined.

    Attributes:
        why: what blocks it, a clause, with properties as in a `Fail`.
        property_name: the input property that would decide it, by its Python name; empty if it is none of a resource.
    """

    why: str
    property_name: str = ""


@dataclass(frozen=True)
class NotApplicable:
    """The rule says nothing about this resource. `why` names the reason, a clause."""

    why: str


Verdict: TypeAlias = Fail | Undecided | NotApplicable
_VERDICTS: Final = (Fail, Undecided, NotApplicable)
# What a rule yields: verdicts, and parts of itself. What is not known ends the part that asks for it, no other.
Checks: TypeAlias = "Iterator[Verdict | Checks]"


class UndecidableError(Exception):
    """Ends a part of a rule: it asked for something that is not known."""

    def __init__(self, verdict: Undecided) -> None:
        super().__init__(verdict.why)
        self.verdict = verdict


def not_known(property_name: str, of: str = "", *, within: str = "", because: str = "") -> Undecided:
    """Says that a property is not known.

    Args:
        property_name: its Python name.
        of: the name of the resource or part that has it, if it is not the subject itself.
        within: the Python name of the block of properties that has it.
        because: why that matters, or what keeps it unknown, a clause that does not say again that it is not known.
    """
    whose = (f" of ``{within}``" if within else "") + (f" of `{of}`" if of else "")
    return Undecided(f"``{property_name}``{whose} is not known" + (f": {because}" if because else ""), property_name)


def blocked(why: str, property_name: str, of: str = "") -> Undecided:
    """Says what keeps a property from being known, or only that it is not known if nothing says why.

    Args:
        why: what keeps it from being known, a clause that says of what; may be empty.
        property_name: as in `not_known`.
        of: as in `not_known`.
    """
    return Undecided(why, property_name) if why else not_known(property_name, of)


def known(value: T | Unknown, property_name: str, of: str = "", *, within: str = "", because: str = "") -> T:
    """The value of a property; the part of the rule that asks ends as undecided if it is not known.

    The other arguments are those of `not_known`.

    Raises:
        UndecidableError: it is not known.
    """
    if isinstance(value, Unknown):
        raise UndecidableError(not_known(property_name, of, within=within, because=because))
    return value


def decided(value: T | Unknown, doubt: Undecided) -> T:
    """What several properties decide together; the part of the rule that asks ends with `doubt` if it is not known.

    Raises:
        UndecidableError: it is not known.
    """
    if isinstance(value, Unknown):
        raise UndecidableError(doubt)
    return value


def unresolved(links: Links, lead: str = "") -> Iterator[Undecided]:
    """Says, if so, that it is not known what all entries of a property point at; `lead` is what that leaves open."""
    if links.why:
        yield Undecided(f"{lead}: {links.why}" if lead else links.why, links.property_name)


@dataclass(frozen=True, eq=False)
class Condition(Generic[V]):
    """What makes a rule apply to a subject. While it is not known, what fails is undecided.

    Attributes:
        holds: whether the rule applies.
        otherwise: why it does not where it does not, a clause.
        property_name: the input property that decides, by its Python name.
    """

    holds: Callable[[V], bool | Unknown]
    otherwise: str
    property_name: str

    def holds_for(self, subject: V) -> bool | Unknown:
        """Whether it holds for a subject, of which all rules with this condition ask that once."""
        found = subject.answers.get(self)
        if found is None:
            found = subject.answers[self] = self.holds(subject)
        return found

    @property
    def doubt(self) -> Undecided:
        """What is said of a failure while the condition is not known."""
        why = f"``{self.property_name}`` is not known, and it may be that {self.otherwise}"
        return Undecided(why, self.property_name)


def provided(condition: bool | Unknown, doubt: Undecided, checks: Checks) -> Iterator[Verdict]:
    """What checks say that count only under a condition: nothing if it is false, no failures while it is not known.

    Args:
        condition: whether they count.
        doubt: what is said of a failure while that is not known.
        checks: what would be said.
    """
    if condition is False:
        return iter(())
    found = settled(checks)
    if isinstance(condition, Unknown):
        found = [doubt if isinstance(verdict, Fail) else verdict for verdict in found]
    return iter(found)


def settled(checks: Checks) -> list[Verdict]:
    """All verdicts of a rule or a part of one, in order; a part that asks for what is not known ends as undecided."""
    found: list[Verdict] = []
    _settle(checks, found)
    return found


def _settle(checks: Checks, found: list[Verdict]) -> None:
    # A list that is filled is twice as fast as generators in generators, of which a stack has hundreds of thousands.
    try:
        for one in checks:
            if isinstance(one, _VERDICTS):
                found.append(one)
            else:
                _settle(one, found)
    except UndecidableError as blocked:
        found.append(blocked.verdict)


def under(conditions: Iterable[Condition[Any]], subject: View, check: Callable[[], Checks]) -> Iterator[Verdict]:
    """What a check says of a subject if all conditions hold, else why it does not apply."""
    doubt: Undecided | None = None
    for condition in conditions:
        holds = condition.holds_for(subject)
        if holds is False:
            return iter((NotApplicable(condition.otherwise),))
        if isinstance(holds, Unknown):
            doubt = doubt or condition.doubt
    return iter(settled(check())) if doubt is None else provided(UNKNOWN, doubt, check())


@dataclass(frozen=True)
class Problem:
    """A `Fail` of a resource with its properties spelled.

    Attributes:
        observed: what is, a sentence.
        required: what is asked for, a sentence.
        fix: what to do, a sentence.
        severity: how bad it is, if that is less than the rule says.
        settings: the values that mend it, where the fix is as simple as that; each names its resource.
        is_safe: whether nobody has to think about the settings before they are made.
    """

    observed: str
    required: str
    fix: str
    severity: Severity | None = None
    settings: tuple[PropertyValue, ...] = ()
    is_safe: bool = True

    def settings_to_make(self, judged: Resource) -> tuple[PropertyValue, ...]:
        """The settings, if a rule may make them: safe ones of the resource that it judges, left to nobody else."""
        are_own = all(
            value.urn == judged.urn and not judged.ignores_changes_of(camel_case(f"{value.path[0]}"))
            for value in self.settings
        )
        return self.settings if self.is_safe and are_own else ()


def problems_of(fails: Iterable[Fail], judged: str, spelling: Spelling) -> list[Problem]:
    """What is wrong with a resource; problems with the same fix are one problem, observed several times.

    Args:
        fails: what a rule says.
        judged: the URN of the resource.
        spelling: how its program spells properties.
    """
    alike: dict[tuple[Any, ...], list[Problem]] = {}
    for fail in fails:
        problem = _problem(fail, judged, spelling)
        alike.setdefault((problem.required, problem.fix, problem.severity, problem.is_safe), []).append(problem)
    return [found[0] if len(found) == 1 else _together(found) for found in alike.values()]


def _together(alike: list[Problem]) -> Problem:
    return replace(
        alike[0],
        observed=" ".join(dict.fromkeys(one.observed for one in alike)),
        settings=tuple(dict.fromkeys(value for one in alike for value in one.settings)),
    )


def _problem(fail: Fail, judged: str, spelling: Spelling) -> Problem:
    sentences = fail.observed, fail.required, fail.remedy.text
    observed, required, fix = (spelled(sentence, spelling) for sentence in sentences)
    settings = tuple(_setting(value, judged, spelling) for value in fail.remedy.settings)
    return Problem(observed, required, fix, fail.severity, settings, fail.remedy.is_safe)


def _setting(wanted: PropertyValue, judged: str, spelling: Spelling) -> PropertyValue:
    path = tuple(spelled_key(part, spelling) if isinstance(part, str) else part for part in wanted.path)
    return PropertyValue(path, spelled_keys(wanted.value, spelling), wanted.urn or judged)
