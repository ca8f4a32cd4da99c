"""Makes a stack for which something does not hold as small as it gets, and writes it as a test would."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.fuzz.generate import paths, remove, without
from tests.fuzz.intent import Intent, Secret, sources_of
from tests.stacks import Computed, Out, R


def shrunk(intent: Intent, breaks: Callable[[Intent], bool], budget: int = 1500) -> Intent:
    """The smallest stack found that still breaks, by leaving out resources, then properties."""
    smaller: Intent | None = intent
    while smaller and budget > 0:
        intent = smaller
        smaller = None
        for candidate in _candidates(intent):
            budget -= 1
            if breaks(candidate):
                smaller = candidate
                break
            if budget <= 0:
                break
    return intent


def _candidates(intent: Intent) -> Any:
    half = len(intent.resources) // 2
    for gone in ([*intent.resources[:half]], [*intent.resources[half:]], *([one] for one in intent.resources)):
        if gone and len(gone) < len(intent.resources):
            whole = copy.deepcopy(intent)
            urns = {resource.urn for resource in gone}
            resources = without(list(whole.resources), [one for one in whole.resources if one.urn in urns])
            yield replace(whole, resources=tuple(resources))
    for number, resource in enumerate(intent.resources):
        for path in paths(resource.inputs):
            whole = copy.deepcopy(intent)
            remove(whole.resources[number], path)
            yield whole


def written(intent: Intent) -> str:
    """The stack as Python that makes it, with `R`, `Out` and `Computed` of `tests.stacks`."""
    names = {resource.urn: f"r{number}" for number, resource in enumerate(intent.resources)}
    lines, made = list[str](), set[str]()
    waiting = list(intent.resources)
    while waiting:
        ready = [one for one in waiting if {source.urn for source in sources_of(one.inputs)} <= made] or waiting[:1]
        for one in ready:
            options = f", {one.options!r}" if one.options else ""
            lines.append(f"{names[one.urn]} = R({one.type!r}, {one.name!r}, {_written(one.inputs, names)}{options})")
            made.add(one.urn)
        waiting = [one for one in waiting if one.urn not in made]
    lines.append(f"Intent(({', '.join(names.values())},), {intent.deployed}, {dict(intent.provider)!r})")
    return "\n".join(lines)


def _written(value: Any, names: dict[str, str]) -> str:
    if isinstance(value, R):
        return names.get(value.urn, f"R({value.type!r}, {value.name!r})")
    if isinstance(value, Out):
        return f"Out({_written(value.of, names)}, {value.key!r})"
    if isinstance(value, Computed):
        sources = "".join(f"{_written(source, names)}, " for source in value.sources)
        return f"Computed(({sources}), {_written(value.value, names)})"
    if isinstance(value, Secret):
        return f"Secret({_written(value.value, names)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_written(item, names)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(item, names) for item in value) + "]"
    return repr(value)
