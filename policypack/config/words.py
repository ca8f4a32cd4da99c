"""How values of a configuration are said in messages."""

from __future__ import annotations

import json
from collections.abc import Mapping


def in_words(value: object) -> str:
    """A value of JSON for a sentence: the string `x`."""
    if isinstance(value, str):
        return f"the string `{shown(value)}`"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return f"the number {value}"
    return "an object" if isinstance(value, Mapping) else "a list"


def shown(text: str) -> str:
    """Text for a sentence, on one line."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
