"""Logic with a third value: what is only partly known."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import TypeVar

from policypack.model.values.values import UNKNOWN, Unknown

T = TypeVar("T")
R = TypeVar("R")


def when_known(value: T | Unknown, function: Callable[[T], R]) -> R | Unknown:
    """What a function makes of a value; `UNKNOWN` if the value is."""
    return UNKNOWN if isinstance(value, Unknown) else function(value)


def or_else(value: T | Unknown, default: R) -> T | R:
    """A value; the default if it is not known."""
    return default if isinstance(value, Unknown) else value


def known_in(values: Iterable[T | Unknown] | Unknown) -> list[T]:
    """Those of some values that are known; none if not even the list is."""
    return [] if isinstance(values, Unknown) else [value for value in values if not isinstance(value, Unknown)]


def any_of(conditions: Iterable[bool | Unknown]) -> bool | Unknown:
    """Whether one of them is true; of none at all it is false."""
    found: bool | Unknown = False
    for condition in conditions:
        if condition is True:
            return True
        if condition is UNKNOWN:
            found = UNKNOWN
    return found


def all_of(conditions: Iterable[bool | Unknown]) -> bool | Unknown:
    """Whether all of them are true; of none at all it is true."""
    found: bool | Unknown = True
    for condition in conditions:
        if condition is False:
            return False
        if condition is UNKNOWN:
            found = UNKNOWN
    return found


def same(conditions: Iterable[bool | Unknown]) -> bool | Unknown:
    """True or false if all of them are; `UNKNOWN` if they differ, one is not known, or there is none."""
    values = set(conditions)
    return values.pop() if len(values) == 1 else UNKNOWN


def negation(condition: bool | Unknown | None) -> bool | Unknown:
    """The opposite; what is left out is false."""
    return when_known(condition, lambda is_true: not is_true)


def equals(one: str | float | Unknown | None, other: str | float | Unknown | None) -> bool | Unknown:
    """Whether two values are the same, as two are that are left out."""
    return UNKNOWN if isinstance(one, Unknown) or isinstance(other, Unknown) else one == other


def is_in(value: T | Unknown, choices: Container[T]) -> bool | Unknown:
    """Whether a value is one of the choices."""
    return when_known(value, lambda known: known in choices)


def is_set(value: object) -> bool | Unknown:
    """Whether a property is set."""
    return when_known(value, lambda known: known is not None)
