"""The line of a program that makes a resource, as far as no value is in it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

_TEXT: Final = r"[fru]{0,2}(?:\"[^\"]*\"|'[^']*')"
# Up to the parenthesis that a call opens, with the text that may be a name after it, and the rest.
_CALL: Final = re.compile(rf"(?P<head>[^(]*\()(?P<text>{_TEXT})?(?P<rest>.*)")
_ENDS: Final = ("", ")", ",", "),")
_HIDDEN: Final = '"…"'
_MOST_BYTES: Final = 4 << 20


def source_line(file: str, number: int, name: str) -> str:
    """The call up to the resource's name; empty if there is none in the line, or it cannot be read.

    What comes after may hold a secret, and so may any other text.

    Args:
        file: the path of the program's file.
        number: the line's number, from 1.
        name: the logical name of the resource.
    """
    lines = _lines(file)
    code = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    call = _CALL.match(code)
    if call is None:
        return ""
    head, text, rest = re.sub(_TEXT, _HIDDEN, call["head"]), call["text"] or "", call["rest"]
    if _names(text, name):
        return f"{head}{text}{rest if rest in _ENDS else ', …'}"
    return f"{head}{rest if not text and rest in _ENDS else '…'}"


def _names(text: str, name: str) -> bool:
    """Whether a text of the program is the name, or the template of one that a loop fills in."""
    if not text:
        return False
    prefix, _, quoted = text.partition(text[-1])
    return quoted[:-1] == name or ("f" in prefix and "{" in quoted)


@lru_cache(maxsize=64)
def _lines(file: str) -> tuple[str, ...]:
    try:
        path = Path(file)
        if path.stat().st_size > _MOST_BYTES:
            return ()
        return tuple(path.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()
