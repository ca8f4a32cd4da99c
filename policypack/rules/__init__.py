"""All rules, one a file, found by walking the areas; `shared` and `on_gke` have what rules share, and say of GKE."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from policypack.rule import AnyRule, Rule, by_any_name

# What rules share, and what rules of all areas say of backends on GKE: parts of rules.
_PARTS: Final = ("shared", "on_gke")


def _discover() -> tuple[AnyRule, ...]:
    found: list[AnyRule] = []
    for module_info in pkgutil.walk_packages(__path__, f"{__name__}."):
        area = module_info.name.removeprefix(f"{__name__}.").partition(".")[0]
        if module_info.ispkg or area in _PARTS:
            continue
        module = importlib.import_module(module_info.name)
        rules = [value for value in vars(module).values() if isinstance(value, Rule)]
        file_name = module_info.name.rpartition(".")[2]
        if [rule.name for rule in rules] != [file_name.replace("_", "-")]:
            raise ImportError(f"{module_info.name} must define one rule, with the file's name")
        found += rules
    return tuple(sorted(found, key=lambda rule: rule.name))


RULES: Final = _discover()
BY_ANY_NAME: Final = by_any_name(RULES)
