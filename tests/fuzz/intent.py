"""What a generated program asks for, whichever source shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.stacks import PROJECT, Computed, Out, R

PROVIDER: Final = {"project": PROJECT, "version": "10.2.0"}


@dataclass(frozen=True)
class Secret:
    """A value that the program marks as secret."""

    value: Any


@dataclass(frozen=True)
class Intent:
    """The resources of a program, which refer to each other, on a first preview or as deployed.

    `provider` is what the default provider is configured with.
    """

    resources: tuple[R, ...]
    deployed: bool
    provider: Mapping[str, Any] = field(default_factory=lambda: PROVIDER)


def sources_of(value: Any) -> Iterator[R]:
    """The resources that an input comes from."""
    if isinstance(value, Out):
        yield value.of
    elif isinstance(value, Computed):
        yield from value.sources
    elif isinstance(value, Secret):
        yield from sources_of(value.value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from sources_of(item)
