"""The report of an audit for a pull request or a chat, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from policypack.audit.results import AuditResults
from policypack.audit.totals import OwnerTotal, RuleTotal, StackFinding, StackTotal
from policypack.report.audit.text import bad_stacks, first_of, headline, soon, summary
from policypack.report.markdown_text import code, fitting, folded, left_out_here, plain, row, sentence, table
from policypack.wording import EXPIRES_SOON_DAYS, counted, facts_of, waiver_text

# By its first line a job finds the comment that it wrote before.
MARKER: Final = "<!-- llm-policypack-audit -->"

# What each part may take of GitHub's limit, in bytes; together they leave room for headings and for what says what is
# left out.
_TARGET_BYTES: Final = 3_000
_STACK_BYTES: Final = 16_000
_RULE_BYTES: Final = 10_000
_OWNER_BYTES: Final = 4_000
_CHANGE_BYTES: Final = 5_000
_UNREADABLE_BYTES: Final = 8_000
_WAIVER_BYTES: Final = 4_000
_MOST_LINES: Final = 100
_ENDING: Final = f"Waivers that end within {EXPIRES_SOON_DAYS} days"
_ELSEWHERE: Final = "the JSON document has all"


def render(results: AuditResults) -> str:
    """The summary, whatever the audit shorter than GitHub's limit on comments; it says what is left out for that."""
    parts = [
        f"{MARKER}\n### LLM policy pack, audit: {headline(results)}",
        f"{summary(results.totals)} Judged by {counted(len(results.levels), 'rule')} on {results.today}.",
        _targets(results),
        _stacks(results),
        _owners(results),
        _folded_list(
            "Projects without an owner", "project", map(_stack, results.projects_without_owner), _CHANGE_BYTES
        ),
        _rules(results.rules),
        *(_changes(results) if results.baseline is not None else []),
        _folded_list("Unreadable stacks", "stack", map(_unreadable, results.unreadable()), _UNREADABLE_BYTES),
        _folded_list(_ENDING, "waived finding", map(_waived, soon(results)), _WAIVER_BYTES),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _targets(results: AuditResults) -> str:
    failed = [f"> {code(target.target)}: {plain(target.error)}" for target in results.targets if target.error]
    kept, left_out = fitting(failed, _TARGET_BYTES)
    return "\n>\n".join(kept) + left_out_here(left_out, "target", _ELSEWHERE)


def _stacks(results: AuditResults) -> str:
    bad, number = bad_stacks(results)
    rows, _ = fitting((_stack_row(stack) for stack in islice(bad, _MOST_LINES)), _STACK_BYTES)
    if not number:
        return ""
    header = ("stack", ":mandatory", ":advisory", ":undecided", ":waived")
    return f"{table(header, rows)}{left_out_here(number - len(rows), 'stack', _ELSEWHERE)}"


def _stack_row(stack: StackTotal) -> str:
    place = "" if stack.title == stack.url else f"<br>{code(stack.url, in_table=True)}"
    cells = (
        f"{code(stack.title, in_table=True)}{place}",
        f"**{stack.mandatory}**" if stack.mandatory else "-",
        *(number or "-" for number in (stack.advisory, stack.undecided, stack.waived)),
    )
    return row(cells)


def _owners(results: AuditResults) -> str:
    rows, left_out = fitting(map(_owner_row, results.owners), _OWNER_BYTES)
    if not rows:
        return ""
    header = ("owner", ":stacks", ":violating", ":mandatory", ":advisory", ":undecided", ":unreadable")
    return f"{table(header, rows)}{left_out_here(left_out, 'owner', _ELSEWHERE)}"


def _owner_row(one: OwnerTotal) -> str:
    numbers = (one.stacks, one.violating, one.mandatory, one.advisory, one.undecided, one.unreadable)
    name = code(one.owner, in_table=True) if one.owner else "without an owner"
    return row((name, *(number or "-" for number in numbers)))


def _rules(rules: Iterable[RuleTotal]) -> str:
    shown = [rule for rule in rules if rule.failed or rule.undecided]
    rows, left_out = fitting(map(_rule_row, shown), _RULE_BYTES)
    if not shown:
        return ""
    header = ("rule", "level", ":violating stacks", ":violations", ":undecided", ":waived", ":passed")
    return folded(
        "Rules that most stacks violate", f"{table(header, rows)}{left_out_here(left_out, 'rule', _ELSEWHERE)}"
    )


def _rule_row(rule: RuleTotal) -> str:
    numbers = (rule.stacks, rule.failed, rule.undecided, rule.waived, rule.passed)
    return row((code(rule.rule), rule.level, *(number or "-" for number in numbers)))


def _changes(results: AuditResults) -> list[str]:
    note = "Not all changes are the stacks': the baseline was judged by another release or with other settings."
    return [
        "" if results.is_judged_alike else f"> {note}",
        _folded_list("New violations", "violation", map(_finding, results.new_findings()), _CHANGE_BYTES),
        _folded_list("Fixed violations", "violation", map(_finding, results.fixed_findings()), _CHANGE_BYTES),
        _folded_list("New stacks", "stack", map(_stack, results.new_stacks()), _CHANGE_BYTES),
        _folded_list("Gone stacks", "stack", map(_stack, results.gone_stacks()), _CHANGE_BYTES),
    ]


def _finding(found: StackFinding) -> str:
    finding = found.finding
    what = (
        f"{code(finding.rule.name)} ({finding.level}, severity {finding.severity}): {code(finding.name)} "
        f"in {code(found.title)}"
    )
    observed = " ".join(text for term, text in facts_of(finding) if term == "Observed")
    return f"- {what}. {sentence(observed)}"


def _stack(url: str) -> str:
    return f"- {code(url)}"


def _unreadable(stack: StackTotal) -> str:
    return f"- {code(stack.url)}: {sentence(stack.error)}"


def _waived(found: StackFinding) -> str:
    finding = found.finding
    what = f"{code(finding.rule.name)}, {code(finding.name)} in {code(found.title)}"
    return f"- {what}: {plain(waiver_text(found.last_waiver))}"


def _folded_list(heading: str, noun: str, lines: Iterable[str], most_bytes: int) -> str:
    """A list of what fits, with the number of all; empty if there is none."""
    shown, rest = first_of(lines, _MOST_LINES)
    if not shown:
        return ""
    kept, left_out = fitting(shown, most_bytes)
    content = "\n".join(kept) + left_out_here(left_out + rest, noun, _ELSEWHERE)
    return folded(f"{heading} ({len(shown) + rest})", content)
