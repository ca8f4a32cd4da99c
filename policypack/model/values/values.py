"""Values as the rules see them: known, absent (`None`) or `UNKNOWN`."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeAlias


class Unknown(enum.Enum):
    """The type of `UNKNOWN`, an enum so that type checkers narrow on `is UNKNOWN`."""

    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false: compare with `is UNKNOWN` first")

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        raise TypeError("UNKNOWN equals nothing for certain: compare with `is UNKNOWN` first")

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | Unknown | None"
Object: TypeAlias = "Mapping[str, Value]"
# Where a property is: names of properties, and indexes of items in lists.
PropertyPath: TypeAlias = tuple[str | int, ...]


@lru_cache(maxsize=1024)
def camel_case(name: str) -> str:
    """The key of a property by its name in Python programs: `max_utilization` is `maxUtilization`."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


@lru_cache(maxsize=1024)
def python_name(key: str) -> str:
    """The name that a property has in Python programs: `maxUtilization` is `max_utilization`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower()
