"""Text from stacks, which may hold anything, made fit for documents, and how things are said in all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from policypack.evaluate import Finding, Report

# What XML 1.0 has no way to write: https://www.w3.org/TR/xml/#charsets
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def json_text(document: dict[str, Any], indent: int | None = 2) -> str:
    """A document as JSON in ASCII, so that no encoding can break it, with a line break at its end.

    Half a surrogate pair, which many readers refuse, is written as the six characters that stand for it.
    """
    return f"{json.dumps(_whole(document), indent=indent)}\n"


def xml_text(text: str) -> str:
    r"""The text with what XML cannot hold written as Python does, such as `\x1b`."""
    return _NO_XML.sub(lambda found: repr(found[0])[1:-1], text)


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


def nothing_judged(report: Report) -> str:
    """Why a report without findings has none."""
    why = "there is no backend service that the rules select" if report.rules else "every rule is disabled"
    return f"Nothing was judged: {why}"


def said_of(finding: Finding) -> tuple[str, ...]:
    """What a finding says, in lines without markup: its problems, its reasons, and its waivers."""
    problems = (
        line
        for problem in finding.problems
        for line in (f"Observed: {problem.observed}", f"Required: {problem.required}", f"Fix: {problem.fix}")
    )
    reasons = (f"Undecided, because {reason}." for reason in finding.reasons)
    exempt = (f"Not applicable, because {finding.not_applicable}.",) if finding.not_applicable else ()
    waived = (
        f"Waived until {waiver.expires} by {one_line(waiver.owner)} ({one_line(waiver.reason)})."
        for waiver in finding.waivers
    )
    expired = (waiver.expiry_sentence for waiver in finding.expired)
    return (*waived, *problems, *reasons, *exempt, *expired)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value
