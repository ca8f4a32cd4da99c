"""Texts from stacks, which may hold anything, as documents can take them."""

from __future__ import annotations

from collections.abc import Iterator


def plain(text: str) -> str:
    """The text without line breaks, control and format characters and lone surrogates, which are written out."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def spans(text: str) -> Iterator[tuple[bool, str]]:
    """A sentence of a finding in parts, each with whether it stands between backticks; a last, lone one is text."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        *parts, before, last = parts
        parts.append(f"{before}`{last}")
    return ((number % 2 == 1, part) for number, part in enumerate(parts) if part)


def shortened(text: str, length: int) -> str:
    """The text in at most so many characters: the middle is left out, since names often differ at both ends."""
    if len(text) <= length:
        return text
    end = (length - 1) // 2
    return f"{text[: length - 1 - end]}…{text[len(text) - end :]}"


def counted(number: int, noun: str) -> str:
    """`1 violation`, `2 violations`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
