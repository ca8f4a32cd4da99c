"""Text made fit for GitHub's Markdown, and for the limit on its comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from policypack.wording import counted, one_line, printable, shortened, spans

# GitHub refuses a longer comment. Bytes are counted, so that no way of counting characters finds more.
MOST_BYTES: Final = 65_536

_TEXT_LENGTH: Final = 600
_NAME_LENGTH: Final = 120
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|~&$#]")
# What GitHub makes links of and tells people by: @somebody, #123, https://, www.
_LINKED: Final = re.compile(r"(?<=[@#])(?=\w)|(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_ZERO_WIDTH_SPACE: Final = "\u200b"


def fitting(entries: Iterable[str], most: int) -> tuple[list[str], int]:
    """The first entries that take no more than `most` bytes with their line breaks, and how many are left out."""
    kept, taken, left_out = list[str](), 0, 0
    for entry in entries:
        taken += len(entry.encode()) + 1
        if taken > most or left_out:
            left_out += 1
        else:
            kept.append(entry)
    return kept, left_out


def left_out_here(number: int, noun: str, others: str = "the other formats have all") -> str:
    """A paragraph that says how many things are left out; empty if none is."""
    if not number:
        return ""
    verb = "is" if number == 1 else "are"
    return f"\n\n{counted(number, f'further {noun}')} {verb} left out here, for GitHub's limit on comments; {others}."


def table(header: Iterable[str], rows: Iterable[str]) -> str:
    """A table; a heading that begins with a colon is of numbers, which stand at the right."""
    headings = list(header)
    rule = " | ".join("--:" if heading.startswith(":") else "---" for heading in headings)
    return "\n".join([row(heading.removeprefix(":") for heading in headings), f"| {rule} |", *rows])


def row(cells: Iterable[object]) -> str:
    """A row of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def folded(summary: str, content: str) -> str:
    """Content that a reader has to open."""
    return f"<details>\n<summary>{summary}</summary>\n\n{content}\n\n</details>"


def sentence(text: str, *, in_table: bool = False) -> str:
    """A sentence of a finding, with what stands between backticks as code."""
    return "".join(_parts(shortened(printable(text), _TEXT_LENGTH), in_table=in_table))


def _parts(text: str, *, in_table: bool) -> Iterator[str]:
    return (code(part, in_table=in_table) if is_code else _escaped(part) for is_code, part in spans(text))


def plain(text: str) -> str:
    """Text that means nothing to Markdown, and on one line."""
    return _escaped(shortened(printable(one_line(text)), _TEXT_LENGTH))


def _escaped(text: str) -> str:
    return _LINKED.sub(_ZERO_WIDTH_SPACE, _MARKUP.sub(lambda found: f"\\{found[0]}", text))


def code(text: str, *, in_table: bool = False) -> str:
    """Code, in which nothing but backticks means anything; in a table a bar ends the cell nevertheless."""
    text = shortened(printable(text), _NAME_LENGTH).replace("|", "\\|" if in_table else "|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if "`" in text or not text.strip() else ""
    return f"{fence}{padding}{text}{padding}{fence}"
