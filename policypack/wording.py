"""How things are said, wherever they are said."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(names: Iterable[str]) -> str:
    """Names for a sentence: `a`, `b` and `c`, in a stable order."""
    *most, last = [f"`{name}`" for name in sorted(names)]
    return f"{', '.join(most)} and {last}" if most else last


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 zone, 2 zones."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """The text without line breaks and control characters, which names may have and terminals would obey."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
