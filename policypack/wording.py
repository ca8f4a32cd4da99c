"""How things are said, wherever they are said. Whatever comes out of `facts_of` and what uses it is printable."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, Protocol

# A waiver with so many days left is said to end soon.
EXPIRES_SOON_DAYS: Final = 30
_MOST_KNOWN: Final = 12
# Longer numbers are parts of hashes.
_MOST_DIGITS: Final = 12


class _Problem(Protocol):
    @property
    def observed(self) -> str: ...
    @property
    def required(self) -> str: ...
    @property
    def fix(self) -> str: ...


class _Waiver(Protocol):
    @property
    def owner(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def expires(self) -> date: ...


class _Finding(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def problems(self) -> Sequence[_Problem]: ...
    @property
    def reasons(self) -> Sequence[str]: ...
    @property
    def not_applicable(self) -> str: ...
    @property
    def waivers(self) -> Sequence[_Waiver]: ...
    @property
    def expired(self) -> Sequence[_Waiver]: ...


def facts_of(finding: _Finding) -> Iterator[tuple[str, str]]:
    """What a finding says, in pairs of a term and a sentence: `Observed`, `Required` and `Fix` of each problem, ..."""
    return ((term, printable(text)) for term, text in _facts(finding))


def _facts(finding: _Finding) -> Iterator[tuple[str, str]]:
    for waiver in finding.waivers:
        yield "Waiver", f"{waiver_text(waiver)}."
    for problem in finding.problems:
        yield from (("Observed", problem.observed), ("Required", problem.required), ("Fix", problem.fix))
    for reason in finding.reasons:
        yield "Undecided", f"{reason}."
    if finding.not_applicable:
        yield "Not applicable", f"{finding.not_applicable}."
    for waiver in finding.expired:
        yield "Waiver", f"{waiver_text(waiver, has_expired=True)}."


def lines_of(finding: _Finding) -> tuple[str, ...]:
    """What a finding says, a line a fact."""
    return tuple(f"{term}: {text}" for term, text in facts_of(finding))


def title_of(finding: _Finding) -> str:
    """The resource that a finding is about: its logical name and its type."""
    return printable(f"{finding.name} ({finding.type})")


def waiver_text(waiver: _Waiver, *, has_expired: bool = False) -> str:
    """What is said of a waiver that covers a finding, or covered it: a clause."""
    state, reason = "expired after" if has_expired else "in force until", one_line(waiver.reason).removesuffix(".")
    return printable(f"{state} {waiver.expires}, owner {one_line(waiver.owner)}: {reason}")


def verdicts_text(mandatory: int, advisory: int, undecided: int, waived: int, known: int = 0) -> str:
    """How many findings there are that somebody may have to act on."""
    counts = f"{counted(mandatory + advisory, 'violation')} ({mandatory} mandatory), {undecided} undecided"
    return counts + (f", {known} known" if known else "") + (f", {waived} waived" if waived else "")


def natural(name: str) -> tuple[str, str]:
    """Sorts names as people count: `b-2` before `b-10`."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(_MOST_DIGITS), name), name


def quoted(names: Iterable[str]) -> str:
    """Names for a sentence, each once: `a`, `b` and `c`, in a stable order."""
    *most, last = [f"`{name}`" for name in sorted(set(names), key=natural)]
    return f"{', '.join(most)} and {last}" if most else last


def listed(texts: Sequence[str], most: int, where: str = "") -> str:
    """Texts for a sentence, only the first of very many: a, b and 3 more; `where` says how to see the others."""
    left_out = len(texts) - most
    if left_out <= 1:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])} and {left_out} more{where}"


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 zone, 2 zones."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def how_many(number: int, noun: str) -> str:
    """A number with its noun within a sentence: one zone, 2 zones."""
    return f"one {noun}" if number == 1 else counted(number, noun)


def printable(text: str) -> str:
    """The text without line breaks and control characters, which names may have and terminals would obey."""
    text = f"{text}"  # as a secret one shows itself
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """The text with each run of white space, line breaks too, as one space."""
    return " ".join(text.split())


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


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The end of a sentence that refuses a name: the nearest one, all if none is near and they are few, or else."""
    known = list(known)
    if near := closest(name, known):
        return f"; did you mean `{near}`?"
    if len(known) <= _MOST_KNOWN:
        return f"; known are {', '.join(sorted(known))}" if known else ""
    return otherwise


def closest(name: str, known: Iterable[str]) -> str:
    """The name that is written most like another one; empty if none is."""
    plain = {_plain(each): each for each in known}
    close = difflib.get_close_matches(_plain(name), plain, n=1)
    return plain[close[0]] if close else ""


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def why_unreadable(error: Exception) -> str:
    """What is wrong with the text of a file that is not valid JSON or YAML: a clause."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not written in UTF-8"
    # More lines, and what comes after a semicolon, are about Python.
    return printable(str(error).partition("\n")[0].partition(";")[0])
