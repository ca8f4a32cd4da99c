"""What a generated program asks for, whichever source shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.stacks import R


@dataclass(frozen=True)
class Secret:
    """A value that the program marks as secret."""

    value: Any


@dataclass(frozen=True)
class Intent:
    """The resources of a program, which refer to each other, on a first preview or as deployed.

    `is_regular`: it keeps to what the model takes for granted of every stack that the API accepts, so that less
    knowledge of it never turns a verdict around.
    """

    resources: tuple[R, ...]
    deployed: bool
    is_regular: bool = True
