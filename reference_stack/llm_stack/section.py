"""Reads one object of the configuration: each reader checks the type and names the key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pulumi

T = TypeVar("T", bound=str)


class ConfigError(pulumi.RunError):
    """A configuration that cannot work: which key, what is wrong with it, how to put it right.

    Pulumi prints the message of a RunError without a traceback.
    """

    def __init__(self, key: str, problem: str, fix: str) -> None:
        super().__init__(f"{key}: {problem}. {fix}.")


class Section:
    """One object of the configuration. A key without a default must be there."""

    def __init__(self, key: str, raw: Any) -> None:
        if not isinstance(raw, Mapping):
            raise ConfigError(key, f"is {describe(raw)}, not an object", "Write it as a mapping of keys to values")
        self.key = key
        self.raw = raw
        self.known: list[str] = []

    def path(self, key: str) -> str:
        return f"{self.key}.{key}"

    def value(self, key: str, default: Any) -> Any:
        self.known.append(key)
        value = self.raw.get(key)
        if value is None and default is ...:
            raise ConfigError(self.path(key), "is missing", "Set it; README.md lists every key")
        return default if value is None else value

    def text(self, key: str, default: Any = ...) -> str:
        value = self.value(key, default)
        if not isinstance(value, str) or not value:
            raise ConfigError(self.path(key), f"is {describe(value)}, not a text", "Give a text, in quotes if needed")
        return value

    def pattern(self, key: str, pattern: re.Pattern[str], wanted: str, default: Any = ...) -> str:
        value = self.text(key, default)
        if not pattern.fullmatch(value):
            raise ConfigError(self.path(key), f"`{value}` is not {wanted}", f"Give {wanted}")
        return value

    def choice(self, key: str, choices: Sequence[T]) -> T:
        value = self.text(key)
        for choice in choices:
            if value == choice:
                return choice
        raise ConfigError(self.path(key), f"`{value}` is none of {', '.join(choices)}", "Choose one of these")

    def integer(self, key: str, low: int, high: int, default: Any = ...) -> int:
        value = self.value(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError(self.path(key), f"is {describe(value)}, not a whole number", f"Give {low} to {high}")
        return int(self.bounded(key, value, low, high))

    def number(self, key: str, low: float, high: float, default: Any = ...) -> float:
        value = self.value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(self.path(key), f"is {describe(value)}, not a number", f"Give {low} to {high}")
        return self.bounded(key, value, low, high)

    def bounded(self, key: str, value: float, low: float, high: float) -> float:
        if not low <= value <= high:
            raise ConfigError(self.path(key), f"{value} is out of range", f"Give {low} to {high}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.value(key, default)
        if not isinstance(value, bool):
            raise ConfigError(self.path(key), f"is {describe(value)}, neither true nor false", "Write true or false")
        return value

    def texts(self, key: str, default: Any = ...) -> tuple[str, ...]:
        value = self.value(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ConfigError(
                self.path(key), f"is {describe(value)}, not a list of texts", "Write a list, and quote numbers in it"
            )
        return tuple(value)

    def done(self) -> None:
        refuse_unknown(f"{self.key}.", self.raw, self.known)


def describe(value: Any) -> str:
    return f"`{value}` ({type(value).__name__})"


def refuse_unknown(prefix: str, raw: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in raw:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            fix = f"Did you mean `{close[0]}`" if close else f"Remove it; known keys are {', '.join(known)}"
            raise ConfigError(f"{prefix}{key}", "is not a key of this stack", fix)
