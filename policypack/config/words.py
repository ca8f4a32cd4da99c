"""How names and values of a configuration are said in messages."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Final

_MOST_LISTED: Final = 12


def in_words(value: object) -> str:
    """A value of JSON for a sentence: the string `x`."""
    if isinstance(value, str):
        return f"the string `{shown(value)}`"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return f"the number {value}"
    return "an object" if isinstance(value, Mapping) else "a list"


def why_not_json(error: ValueError | RecursionError) -> str:
    """What is wrong with the text of a file that could not be read as JSON: a clause."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not written in UTF-8"
    # Of a number that is too long, Python also says which of its functions takes longer ones.
    return shown(str(error).partition(";")[0])


def shown(text: str) -> str:
    """Text for a sentence, on one line."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The end of a sentence that refuses a name: the nearest one, all if none is near and they are few, or else."""
    known = list(known)
    if near := closest(name, known):
        return f"; did you mean `{near}`?"
    if len(known) <= _MOST_LISTED:
        return f"; known are {', '.join(sorted(known))}" if known else ""
    return otherwise


def closest(name: str, known: Iterable[str]) -> str:
    """The name that is written most like another one; empty if none is."""
    plain = {_plain(each): each for each in known}
    close = difflib.get_close_matches(_plain(name), plain, n=1)
    return plain[close[0]] if close else ""


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
