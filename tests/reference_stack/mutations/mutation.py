"""What a mutation of the reference stack is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """A change of the program, as (file, text, replacement); each text occurs once in its file.

    `deployed` judges it as deployed, where a first preview cannot tell.
    """

    edits: tuple[tuple[str, str, str], ...]
    rules: frozenset[str]
    stack: str = "prod"
    deployed: bool = False


def mutation(*edits: tuple[str, str, str], fires: set[str], stack: str = "prod", deployed: bool = False) -> Mutation:
    return Mutation(edits, frozenset(fires), stack, deployed)
