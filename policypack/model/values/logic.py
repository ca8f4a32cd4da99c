"""Logic with a third value: what is only partly known."""

from __future__ import annotations

from collections.abc import Iterable

from policypack.model.values.values import UNKNOWN, Unknown


def any_of(conditions: Iterable[bool | Unknown]) -> bool | Unknown:
    """Whether one of them is true; of none at all it is false."""
    values = list(conditions)
    if any(value is True for value in values):
        return True
    return UNKNOWN if any(value is UNKNOWN for value in values) else False


def all_of(conditions: Iterable[bool | Unknown]) -> bool | Unknown:
    """Whether all of them are true; of none at all it is true."""
    values = list(conditions)
    if any(value is False for value in values):
        return False
    return UNKNOWN if any(value is UNKNOWN for value in values) else True


def same(conditions: Iterable[bool | Unknown]) -> bool | Unknown:
    """True or false if all of them are; `UNKNOWN` if they differ, one is not known, or there is none."""
    values = set(conditions)
    return values.pop() if len(values) == 1 else UNKNOWN


def negation(condition: bool | Unknown | None) -> bool | Unknown:
    """The opposite; what is left out is false."""
    return UNKNOWN if isinstance(condition, Unknown) else not condition


def equals(value: str | Unknown | None, wanted: str) -> bool | Unknown:
    """Whether a text is the wanted one."""
    return UNKNOWN if isinstance(value, Unknown) else value == wanted


def is_set(value: object) -> bool | Unknown:
    """Whether a property is set."""
    return UNKNOWN if isinstance(value, Unknown) else value is not None
