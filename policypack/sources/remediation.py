"""Inputs as the engine sends them, changed as a fix says."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

from policypack.model.graph.resource import Resource
from policypack.model.values.read import SIGNATURE_KEY, UNKNOWN_SENTINELS
from policypack.verdict import Problem, PropertyValue

# The names of the properties in an object that the provider has filled in.
_DEFAULTS: Final = "__defaults"


class _UntouchableError(Exception):
    """A property that the program computes or keeps secret, or that is not as expected."""


def remediated(sent: Mapping[str, Any], judged: Resource, problems: Iterable[Problem]) -> dict[str, Any] | None:
    """A copy of the inputs of a resource without those problems whose fix is safe, and is one of the resource itself.

    What is unknown, secret or left to somebody else (`ignore_changes`) stays as it is, and what is within it, and then
    so does all that belongs to the same fix.

    Args:
        sent: the inputs as the engine sends them.
        judged: the resource, as a rule has judged it.
        problems: what the rule found wrong, with properties spelled as Pulumi does.

    Returns:
        The inputs to use; `None` if there is nothing to change.
    """
    found: dict[str, Any] | None = None
    for problem in problems:
        if problem.settings and problem.is_safe and all(_is_own(value, judged) for value in problem.settings):
            changed = copy.deepcopy(dict(sent) if found is None else found)
            try:
                for value in problem.settings:
                    _set(changed, value)
            except _UntouchableError:
                continue
            found = changed
    return found


def _is_own(value: PropertyValue, judged: Resource) -> bool:
    return value.urn == judged.urn and not judged.ignores_changes_of(f"{value.path[0]}")


def _set(inputs: dict[str, Any], value: PropertyValue) -> None:
    *path, last = value.path
    block: Any = inputs
    for part in path:
        block = _item(block, part)
    if isinstance(last, str) and last in _object(block):
        _refuse_what_is_computed(block[last])
    elif not isinstance(last, str):
        _refuse_what_is_computed(_item(block, last))
    block[last] = value.value
    if isinstance(block, dict) and last in (defaults := block.get(_DEFAULTS) or []):
        block[_DEFAULTS] = [name for name in defaults if name != last]


def _item(block: Any, part: str | int) -> Any:
    """What is inside an object or a list; an object that is left out is made."""
    if isinstance(part, str):
        if _object(block).get(part) is None:
            block[part] = {}
        return block[part]
    if not isinstance(block, list) or part >= len(block):
        raise _UntouchableError
    return block[part]


def _object(block: Any) -> dict[str, Any]:
    if not isinstance(block, dict) or SIGNATURE_KEY in block:
        raise _UntouchableError
    return block


def _refuse_what_is_computed(found: Any) -> None:
    if isinstance(found, dict | list) or (isinstance(found, str) and found in UNKNOWN_SENTINELS):
        raise _UntouchableError
