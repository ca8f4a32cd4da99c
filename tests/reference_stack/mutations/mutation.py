"""What a mutation of the reference stack is."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """A change of the program, as (file, text, replacement); the file within the package, and each
    text once in its file.

    `deployed` judges it as deployed, where a first preview cannot tell. `undecided` are the rules that cannot tell, as
    what they would need is wrong or outside the stack.
    """

    edits: tuple[tuple[str, str, str], ...]
    rules: frozenset[str]
    stack: str = "prod"
    deployed: bool = False
    undecided: frozenset[str] = frozenset()


def mutation(
    *edits: tuple[str, str, str],
    fires: set[str],
    stack: str = "prod",
    deployed: bool = False,
    undecided: Iterable[str] = (),
) -> Mutation:
    return Mutation(edits, frozenset(fires), stack, deployed, frozenset(undecided))


run_mutation = functools.partial(mutation, stack="run")
"""A mutation of the form on Cloud Run."""
