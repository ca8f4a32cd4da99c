"""The report as a comment on a pull request, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from policypack.evaluate import Finding, WaiverUse
from policypack.findings.groups import Group, groups_of
from policypack.findings.order import importance, waiver_importance
from policypack.judgement import Results
from policypack.judgement.location import Location
from policypack.report.check.paths.all_paths import ServingPaths
from policypack.report.check.paths.mermaid import flowchart
from policypack.report.check.paths.serving_path import ServingPath
from policypack.report.check.verdicts import by_reason, verdict_line
from policypack.report.markdown_text import code, fitting, folded, left_out_here, plain, row, sentence, table
from policypack.wording import counted, facts_of, listed

# By its first line a job finds the comment that it wrote before.
MARKER: Final = "<!-- llm-policypack -->"

# What each part may take of GitHub's limit, in bytes; together they leave room for headings and for what says what is
# left out.
_TABLE_BYTES: Final = 22_000
_DETAILS_BYTES: Final = 18_000
_UNDECIDED_BYTES: Final = 7_000
_WAIVERS_BYTES: Final = 4_000
_DIAGRAM_BYTES: Final = 8_000
_NOTES_BYTES: Final = 1_000
# More never fit.
_MOST_ROWS: Final = 1_000
_MOST_DRAWN: Final = 6
_MOST_FACTS: Final = 12
_MOST_NAMED: Final = 4
_MOST_IN_A_ROW: Final = 20


def render(results: Results) -> str:
    """The comment, whatever the stack shorter than GitHub's limit; it says what is left out for that."""
    report, paths = results.report, ServingPaths(results.report, *(one.stack for one in results.each))
    failed = groups_of(report.with_status("failed"))
    parts = [
        f"{MARKER}\n### LLM policy pack: {verdict_line(report)}",
        f"{counted(len(report.rules), 'rule')} judged {plain(results.subject)}, on {results.today}.",
        _notes(results.notes),
        _violations(failed, results),
        _details(failed, results),
        _undecided(sorted(report.with_status("undecided"), key=importance)),
        _waivers(report.waivers),
        _diagram(paths),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _notes(notes: Sequence[str]) -> str:
    kept, _ = fitting((f"> {plain(note)}." for note in notes), _NOTES_BYTES)
    return "\n".join(kept)


def _violations(groups: Sequence[Group], results: Results) -> str:
    if not groups:
        return ""
    rows, _ = fitting((_row(group, results) for group in groups[:_MOST_ROWS]), _TABLE_BYTES)
    header = ("resource", "rule", "level", "severity", "observed, and the fix", "where")
    return f"{table(header, rows)}{_left_out(groups[len(rows) :])}"


def _left_out(groups: Iterable[Group]) -> str:
    return left_out_here(sum(len(group.findings) for group in groups), "violation")


def _row(group: Group, results: Results) -> str:
    first = group.first
    said = " ".join(f"{problem.observed} Fix: {problem.fix}" for problem in first.problems)
    cells = (
        f"{_names(group, results, in_table=True)} {plain(first.type.rpartition(':')[2])}",
        code(first.rule.name, in_table=True),
        f"**{first.level}**" if first.level == "mandatory" else first.level,
        first.severity,
        sentence(said, in_table=True),
        _places(group, results, in_table=True),
    )
    return row(cells)


def _names(group: Group, results: Results, *, in_table: bool = False) -> str:
    """The resources of a group, each with its stacks where there are several."""
    stacks: dict[str, list[str]] = {}
    for finding in group.findings:
        stacks.setdefault(finding.name, []).append(results.stack_of(finding.urn))
    names = list[str]()
    for name, of in stacks.items():
        where = f" in {', '.join(code(one, in_table=in_table) for one in of)}" if any(of) else ""
        names.append(f"{code(name, in_table=in_table)}{where}")
    return listed(names, _MOST_IN_A_ROW)


def _places(group: Group, results: Results, *, in_table: bool = False) -> str:
    places = dict.fromkeys(results.location_of(finding) for finding in group.findings)
    return listed([_place(place, in_table=in_table) for place in places], _MOST_IN_A_ROW)


def _place(location: Location, *, in_table: bool = False) -> str:
    return code(f"{location.path}:{location.line}" if location.line else location.path, in_table=in_table)


def _details(groups: Sequence[Group], results: Results) -> str:
    if not groups:
        return ""
    entries, _ = fitting((_entry(group, results) for group in groups[:_MOST_ROWS]), _DETAILS_BYTES)
    return folded("What is required", "\n".join(entries) + _left_out(groups[len(entries) :]))


def _entry(group: Group, results: Results) -> str:
    rule = group.first.rule
    lines = [f"- {_names(group, results)}, {code(rule.name)} ({_places(group, results)}, [documentation]({rule.url}))"]
    # The table has the rest.
    said = (f"  - {term}: {sentence(text)}" for term, text in facts_of(group.first) if term not in ("Observed", "Fix"))
    facts = list(dict.fromkeys(said))
    lines += facts[:_MOST_FACTS]
    lines += [f"  - and {len(facts) - _MOST_FACTS} more"] if len(facts) > _MOST_FACTS else []
    return "\n".join(lines)


def _undecided(undecided: Sequence[Finding]) -> str:
    if not undecided:
        return ""
    lines, left_out = fitting((_reason(why, found) for why, found in by_reason(undecided)), _UNDECIDED_BYTES)
    return folded(f"Undecided ({len(undecided)}), by reason", "\n".join(lines) + left_out_here(left_out, "reason"))


def _reason(why: str, findings: Sequence[Finding]) -> str:
    return f"- {sentence(why)}: {listed([f'{code(one.name)} {code(one.rule.name)}' for one in findings], _MOST_NAMED)}"


def _waivers(uses: Sequence[WaiverUse]) -> str:
    if not uses:
        return ""
    rows, left_out = fitting(map(_waiver_row, sorted(uses, key=waiver_importance)), _WAIVERS_BYTES)
    waivers = table(("state", "resource", "rule", "owner", "reason", "last day"), rows)
    return folded(f"Waivers ({len(uses)})", f"{waivers}{left_out_here(left_out, 'waiver')}")


def _waiver_row(use: WaiverUse) -> str:
    waiver = use.waiver
    state = f"**{use.state}**" if use.state == "expired" else use.state
    cells = (
        state,
        code(waiver.resource, in_table=True),
        code(use.rule.name, in_table=True),
        plain(waiver.owner),
        plain(waiver.reason),
        str(waiver.expires),
    )
    return row(cells)


def _diagram(paths: ServingPaths) -> str:
    """The serving paths of the services with findings, as many as fit."""
    services = [one for one in paths.subjects if paths.verdicts_on_path(one).need_a_look]
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
    return folded("Serving paths", f"```mermaid\n{chart}\n```{rest}")
