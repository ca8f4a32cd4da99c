"""All rules, one a file in the folder of its area; `shared`, `on_gke` and `forwarding` have parts of rules."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from policypack.rule import AnyRule, Rule, by_any_name

# What rules share, what rules of all areas say of backends on GKE, and what one demands of forwarding rules.
_PARTS: Final = ("shared", "on_gke", "forwarding")


def _discover() -> Iterator[AnyRule]:
    files = [file for file in Path(__file__).parent.glob("*/[!_]*.py") if file.parent.name not in _PARTS]
    for file in sorted(files, key=lambda file: file.stem):
        module = importlib.import_module(f"{__name__}.{file.parent.name}.{file.stem}")
        rules = [value for value in vars(module).values() if isinstance(value, Rule)]
        if [rule.name for rule in rules] != [file.stem.replace("_", "-")]:
            raise ImportError(f"{module.__name__} must define one rule, with the file's name")
        yield from rules


RULES: Final = tuple(_discover())
BY_ANY_NAME: Final = by_any_name(RULES)
