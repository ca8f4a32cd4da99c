"""Inputs as the engine sends them, changed as fixes say."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from policypack.model.values.read import SIGNATURE_KEY, UNKNOWN_SENTINELS
from policypack.model.values.values import PropertyPath, Value

InputSetting: TypeAlias = tuple[PropertyPath, Value]

# The names of the properties in an object that the provider has filled in.
_DEFAULTS: Final = "__defaults"


class _UntouchableError(Exception):
    """A property that the program computes or keeps secret, or that is not as expected."""


def with_fixes(sent: Mapping[str, Any], fixes: Iterable[Iterable[InputSetting]]) -> dict[str, Any] | None:
    """A copy of the inputs of a resource with what fixes set.

    What is unknown or secret stays as it is, and what is within it, and then so does all that belongs to the same fix.

    Args:
        sent: the inputs as the engine sends them.
        fixes: the settings of each fix.

    Returns:
        The inputs to go on with; `None` if there is nothing to change.
    """
    found: dict[str, Any] | None = None
    for fix in fixes:
        changed = copy.deepcopy(dict(sent) if found is None else found)
        try:
            for path, value in fix:
                _set(changed, path, value)
        except _UntouchableError:
            continue
        found = changed
    return found


def _set(inputs: dict[str, Any], path: PropertyPath, value: Value) -> None:
    *above, last = path
    block: Any = inputs
    for part in above:
        block = _item(block, part)
    owner = _object(block)
    _refuse_what_is_computed(owner.get(last))
    owner[last] = value
    if last in (defaults := owner.get(_DEFAULTS) or []):
        owner[_DEFAULTS] = [name for name in defaults if name != last]


def _item(block: Any, part: str | int) -> Any:
    """What is inside an object or a list; an object that is left out is made."""
    if isinstance(part, str):
        if _object(block).get(part) is None:
            block[part] = {}
        return block[part]
    if not isinstance(block, list) or part >= len(block):
        raise _UntouchableError
    return block[part]


def _object(block: Any) -> dict[str | int, Any]:
    if not isinstance(block, dict) or SIGNATURE_KEY in block:
        raise _UntouchableError
    return block


def _refuse_what_is_computed(found: Any) -> None:
    if isinstance(found, dict | list) or (isinstance(found, str) and found in UNKNOWN_SENTINELS):
        raise _UntouchableError
