"""What a rule says of a subject, and how it says that something is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from policypack.model.graph.links import Links
from policypack.model.graph.view import View
from policypack.model.values.values import UNKNOWN, Unknown

T = TypeVar("T")
V = TypeVar("V", bound=View)


Severity: TypeAlias = Literal["low", "medium", "high", "critical"]


@dataclass(frozen=True)
class Fail:
    """Something is wrong for certain.

    Attributes:
        observed: what is, a sentence.
        required: what is asked for, a sentence.
        fix: what to do, a sentence.
        severity: how bad it is, if that is less than the rule says.
    """

    observed: str
    required: str
    fix: str
    severity: Severity | None = None


@dataclass(frozen=True)
class Undecided:
    """It cannot be determined.

    Attributes:
        why: what blocks it, a clause.
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


def not_known(property_name: str, of: str = "", *, because: str = "") -> Undecided:
    """Says that a property is not known.

    Args:
        property_name: its Python name.
        of: the name of the resource or part that has it, if it is not the subject itself.
        because: what keeps it unknown, a clause.
    """
    whose = f" of `{of}`" if of else ""
    return Undecided(f"`{property_name}`{whose} is not known" + (f": {because}" if because else ""), property_name)


def known(value: T | Unknown, property_name: str, of: str = "", *, because: str = "") -> T:
    """The value of a property; the part of the rule that asks ends as undecided if it is not known.

    The other arguments are those of `not_known`.

    Raises:
        UndecidableError: it is not known.
    """
    if isinstance(value, Unknown):
        raise UndecidableError(not_known(property_name, of, because=because))
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


@dataclass(frozen=True)
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

    @property
    def doubt(self) -> Undecided:
        """What is said of a failure while the condition is not known."""
        why = f"`{self.property_name}` is not known, and it may be that {self.otherwise}"
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
        holds = condition.holds(subject)
        if holds is False:
            return iter((NotApplicable(condition.otherwise),))
        if isinstance(holds, Unknown):
            doubt = doubt or condition.doubt
    return iter(settled(check())) if doubt is None else provided(UNKNOWN, doubt, check())
