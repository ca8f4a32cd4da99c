"""The report as a comment on a pull request, in GitHub's Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from policypack.evaluate import Finding, WaiverUse, printable

from .mermaid import flowchart
from .results import Location, Results
from .serving_path import ServingPath, ServingPaths
from .text import counted, one_line, shortened, spans
from .verdicts import verdict_line

# By its first line a job finds the comment that it wrote before.
MARKER: Final = "<!-- llm-policypack -->"
# GitHub refuses a longer comment. Bytes are counted, so that no way of counting characters finds more.
MOST_BYTES: Final = 65_536

# What each part may take of that, in bytes; together they leave room for headings and for what says what is left out.
_TABLE_BYTES: Final = 22_000
_DETAILS_BYTES: Final = 18_000
_UNDECIDED_BYTES: Final = 7_000
_WAIVERS_BYTES: Final = 4_000
_DIAGRAM_BYTES: Final = 8_000
_NOTES_BYTES: Final = 1_000
_MOST_DRAWN: Final = 6
_MOST_PROBLEMS: Final = 6
_MOST_NAMED: Final = 4
_TEXT_LENGTH: Final = 600
_NAME_LENGTH: Final = 120

_SEVERITIES: Final = ("critical", "high", "medium", "low")
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|~&$#]")
# What GitHub makes links of and tells people by: @somebody, #123, https://, www.
_LINKED: Final = re.compile(r"(?<=[@#])(?=\w)|(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_ZERO_WIDTH_SPACE: Final = "\u200b"


def render(results: Results) -> str:
    """The comment, whatever the stack shorter than GitHub's limit; it says what is left out for that."""
    report, paths = results.report, ServingPaths(results.stack, results.report)
    failed = sorted(report.with_status("failed"), key=_weight)
    parts = [
        f"{MARKER}\n### LLM policy pack: {verdict_line(report)}",
        f"{counted(len(report.rules), 'rule')} judged {_text(results.subject)}, on {results.today}.",
        _notes(results.notes),
        _violations(failed, results),
        _details(failed, results),
        _undecided(sorted(report.with_status("undecided"), key=_weight)),
        _waivers(report.waivers),
        _diagram(paths),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _weight(finding: Finding) -> tuple[bool, int, str, str]:
    severity = _SEVERITIES.index(finding.rule.severity)
    return finding.level != "mandatory", severity, finding.urn, finding.rule.name


def _notes(notes: Sequence[str]) -> str:
    kept, _ = _fitting((f"> {_text(note)}." for note in notes), _NOTES_BYTES)
    return "\n".join(kept)


def _violations(failed: Sequence[Finding], results: Results) -> str:
    if not failed:
        return ""
    rows, left_out = _fitting((_row(finding, results) for finding in failed), _TABLE_BYTES)
    table = "\n".join(
        ["| resource | rule | level | severity | fix | where |", "| --- | --- | --- | --- | --- | --- |", *rows]
    )
    return f"{table}{_left_out(left_out, 'violation')}"


def _row(finding: Finding, results: Results) -> str:
    level = f"**{finding.level}**" if finding.level == "mandatory" else finding.level
    fixes = " ".join(problem.fix for problem in finding.problems)
    cells = (
        f"{_code(finding.name, in_table=True)} {_text(finding.type.rpartition(':')[2])}",
        _code(finding.rule.name, in_table=True),
        level,
        finding.rule.severity,
        _sentence(fixes, in_table=True),
        _place(results.location_of(finding), in_table=True),
    )
    return f"| {' | '.join(cells)} |"


def _place(location: Location, *, in_table: bool = False) -> str:
    return _code(f"{location.path}:{location.line}" if location.line else location.path, in_table=in_table)


def _details(failed: Sequence[Finding], results: Results) -> str:
    if not failed:
        return ""
    entries, left_out = _fitting((_entry(finding, results) for finding in failed), _DETAILS_BYTES)
    return _folded("What was observed, and what is required", "\n".join(entries) + _left_out(left_out, "violation"))


def _entry(finding: Finding, results: Results) -> str:
    lines = [
        f"- {_code(finding.name)}, {_code(finding.rule.name)} ({_place(results.location_of(finding))}, "
        f"[documentation]({finding.rule.url}))"
    ]
    lines += [
        f"  - Observed: {_sentence(problem.observed)} Required: {_sentence(problem.required)}"
        for problem in finding.problems[:_MOST_PROBLEMS]
    ]
    more = len(finding.problems) - _MOST_PROBLEMS
    lines += [f"  - and {more} more"] if more > 0 else []
    lines += [f"  - {_text(waiver.expiry_sentence)}." for waiver in finding.expired]
    return "\n".join(lines)


def _undecided(undecided: Sequence[Finding]) -> str:
    if not undecided:
        return ""
    by_reason: dict[str, list[Finding]] = {}
    for finding in undecided:
        for reason in finding.reasons:
            by_reason.setdefault(reason, []).append(finding)
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    lines, left_out = _fitting((_reason(why, found) for why, found in ordered), _UNDECIDED_BYTES)
    return _folded(f"Undecided ({len(undecided)}), by reason", "\n".join(lines) + _left_out(left_out, "reason"))


def _reason(why: str, findings: Sequence[Finding]) -> str:
    shown = ", ".join(f"{_code(finding.name)} {_code(finding.rule.name)}" for finding in findings[:_MOST_NAMED])
    more = f" and {len(findings) - _MOST_NAMED} more" if len(findings) > _MOST_NAMED else ""
    return f"- Because {_sentence(why)}: {shown}{more}"


def _waivers(uses: Sequence[WaiverUse]) -> str:
    if not uses:
        return ""
    states = ("expired", "in force", "unused")
    ordered = sorted(uses, key=lambda use: (states.index(use.state), use.waiver.expires, use.rule.name))
    rows, left_out = _fitting((_waiver_row(use) for use in ordered), _WAIVERS_BYTES)
    table = "\n".join(
        ["| state | resource | rule | owner | reason | last day |", "| --- | --- | --- | --- | --- | --- |", *rows]
    )
    return _folded(f"Waivers ({len(uses)})", f"{table}{_left_out(left_out, 'waiver')}")


def _waiver_row(use: WaiverUse) -> str:
    waiver = use.waiver
    state = f"**{use.state}**" if use.state == "expired" else use.state
    cells = (
        state,
        _code(waiver.resource, in_table=True),
        _code(use.rule.name, in_table=True),
        _text(waiver.owner),
        _text(waiver.reason),
        str(waiver.expires),
    )
    return f"| {' | '.join(cells)} |"


def _diagram(paths: ServingPaths) -> str:
    """The serving paths of the services with findings, as many as fit."""
    services = [service for service in paths.services if paths.verdicts_on_path(service).need_a_look]
    drawn, chart = list[ServingPath](), ""
    for service in services[:_MOST_DRAWN]:
        path = paths.path_of(service)
        longer = flowchart([*drawn, path])
        if len(longer.encode()) > _DIAGRAM_BYTES:
            break
        drawn, chart = [*drawn, path], longer
    if not drawn:
        return ""
    others = len(services) - len(drawn)
    rest = f"\n\n{others} further services with findings have no picture here." if others else ""
    return _folded("Serving paths", f"```mermaid\n{chart}\n```{rest}")


def _fitting(entries: Iterable[str], most: int) -> tuple[list[str], int]:
    """The first entries that take no more than `most` bytes with their line breaks, and how many are left out."""
    kept, taken, left_out = list[str](), 0, 0
    for entry in entries:
        taken += len(entry.encode()) + 1
        if taken > most or left_out:
            left_out += 1
        else:
            kept.append(entry)
    return kept, left_out


def _left_out(number: int, noun: str) -> str:
    if not number:
        return ""
    counted = f"1 further {noun} is" if number == 1 else f"{number} further {noun}s are"
    return f"\n\n{counted} left out here, for GitHub's limit on comments; the other formats have all."


def _folded(summary: str, content: str) -> str:
    return f"<details>\n<summary>{summary}</summary>\n\n{content}\n\n</details>"


def _sentence(text: str, *, in_table: bool = False) -> str:
    """A sentence of a finding, with what stands between backticks as code."""
    return "".join(_parts(shortened(printable(text), _TEXT_LENGTH), in_table=in_table))


def _parts(text: str, *, in_table: bool) -> Iterator[str]:
    return (_code(part, in_table=in_table) if is_code else _escaped(part) for is_code, part in spans(text))


def _text(text: str) -> str:
    """Text that means nothing to Markdown, and on one line."""
    return _escaped(shortened(printable(one_line(text)), _TEXT_LENGTH))


def _escaped(text: str) -> str:
    return _LINKED.sub(_ZERO_WIDTH_SPACE, _MARKUP.sub(lambda found: f"\\{found[0]}", text))


def _code(text: str, *, in_table: bool = False) -> str:
    """Code, in which nothing but backticks means anything; in a table a bar ends the cell nevertheless."""
    text = shortened(printable(text), _NAME_LENGTH).replace("|", "\\|" if in_table else "|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if "`" in text or not text.strip() else ""
    return f"{fence}{padding}{text}{padding}{fence}"
