"""Baselines: what was found before and is known, so that a run fails only for what is new."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from policypack import PACK_NAME, VERSION
from policypack.config.error import ConfigurationError
from policypack.evaluate import Finding, Report
from policypack.model.graph.stack import Stack, per_stack
from policypack.rules import BY_ANY_NAME
from policypack.wording import listed, printable, spans, why_unreadable

# Within 1.x fields are added, and none is renamed, removed or given another meaning.
SCHEMA_VERSION: Final = "1.0"

_STATUSES: Final = ("failed", "undecided")
_MOST_NAMED: Final = 20


class Known(NamedTuple):
    """Something that was found, whatever the words for it were.

    Attributes:
        rule: the name of the rule.
        urn: the URN of the resource.
        subject: the other resource that it is about, by its logical name, such as a backend of the service; empty if it
            is about the resource as a whole.
        status: `failed` or `undecided`.
    """

    rule: str
    urn: str
    subject: str
    status: str


@dataclass(frozen=True)
class Comparison:
    """A baseline beside a run.

    Attributes:
        file: the baseline.
        fixed: what it has and the run has not, of the stacks and rules that were judged.
        not_judged: what it has of other stacks, and of rules and resources that this run leaves out.
    """

    file: Path
    fixed: tuple[Known, ...]
    not_judged: tuple[Known, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is fixed: a sentence without full stop."""
        if not self.fixed:
            return ()
        fixed = named((known.rule, known.urn.split("::", 3)[-1]) for known in self.fixed)
        return (f"fixed since the baseline was written (update the baseline): {fixed}",)


def named(findings: Iterable[tuple[str, str]]) -> str:
    """Findings for a sentence, by the names of their rules and of their resources; the first of very many."""
    names = [printable(f"`{rule}` of `{resource}`") for rule, resource in dict.fromkeys(findings)]
    return listed(names, _MOST_NAMED)


def compare(report: Report, stack: Stack, file: Path, baseline: Iterable[Known]) -> tuple[Report, Comparison]:
    """The report with what the baseline has as known, and what else there is to say.

    Something is fixed if its resource is gone, passes, or is none that the rule judges now: not if it is undecided,
    waived or left out.
    """
    baseline = set(baseline)
    own = _by_place(known for known in baseline if _is_of(known, stack))
    found = {
        (rule.rule.name, finding.urn): known_of(finding, stack) for rule in report.rules for finding in rule.findings
    }

    def marked(finding: Finding) -> Finding:
        place = finding.rule.name, finding.urn
        return finding._replace(is_known=_covers(own.get(place, ()), found[place]))

    rules = tuple(replace(rule, findings=tuple(map(marked, rule.findings))) for rule in report.rules)
    left_out = {rule.rule.name: rule.left_out for rule in rules}
    judged = [
        known for (rule, urn), here in own.items() if rule in left_out and urn not in left_out[rule] for known in here
    ]
    fixed = (one for one in judged if not any(_is_same(one, other) for other in found.get((one.rule, one.urn), ())))
    return replace(report, rules=rules), Comparison(
        file, tuple(sorted(fixed)), tuple(sorted(baseline.difference(judged)))
    )


def _by_place(baseline: Iterable[Known]) -> dict[tuple[str, str], list[Known]]:
    found: dict[tuple[str, str], list[Known]] = {}
    for known in baseline:
        found.setdefault((known.rule, known.urn), []).append(known)
    return found


def known_of(finding: Finding, stack: Stack) -> tuple[Known, ...]:
    """What a baseline keeps of a finding about a resource of the stack; nothing if it passes."""
    if not finding.problems and not finding.undecided:
        return ()
    said = [problem.observed for problem in finding.problems] or finding.reasons
    quoted = {text for sentence in said for is_name, text in spans(sentence) if is_name}
    subjects = sorted((quoted & _names_in(stack)) - {finding.name}) or [""]
    status = "failed" if finding.problems else "undecided"
    return tuple(Known(finding.rule.name, finding.urn, printable(subject), status) for subject in subjects)


@per_stack
def _names_in(stack: Stack) -> frozenset[str]:
    return frozenset(resource.name for resource in stack.resources)


def _covers(known: Collection[Known], found: Collection[Known]) -> bool:
    """Whether all that was found is known: what failed then may be undecided now, and not the other way round."""
    return bool(found) and all(
        any(_is_same(one, other) and (one.status == "failed" or other.status == "undecided") for one in known)
        for other in found
    )


def _is_same(one: Known, other: Known) -> bool:
    """Whether two are about the same; a resource as a whole is about all that it has."""
    is_one_place = (one.rule, one.urn) == (other.rule, other.urn)
    return is_one_place and (one.subject == other.subject or not one.subject or not other.subject)


def _is_of(known: Known, stack: Stack) -> bool:
    return known.urn.startswith(f"urn:pulumi:{stack.name}::{stack.project}::")


def baseline_document(found: Iterable[Known]) -> dict[str, Any]:
    """A baseline as a document; equal ones are equal texts."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": PACK_NAME, "version": VERSION},
        "findings": [known._asdict() for known in sorted(set(found))],
    }


def read_baseline(file: Path) -> tuple[Known, ...]:
    """Reads a baseline.

    Raises:
        ConfigurationError: it cannot be read, or is none.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no baseline {file}: `check --write-baseline {file}` writes one") from error
    except OSError as error:
        raise ConfigurationError(f"cannot read the baseline {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _no_baseline(file, f"it is not valid JSON: {why_unreadable(error)}") from error
    if not isinstance(document, Mapping) or not isinstance(document.get("findings"), list):
        raise _no_baseline(file, "it has no list `findings`")
    if str(document.get("schemaVersion")).partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise _no_baseline(file, f"its `schemaVersion` is not {SCHEMA_VERSION}, and another release wrote it")
    return tuple(_read(file, number, entry) for number, entry in enumerate(document["findings"], 1))


def _read(file: Path, number: int, entry: object) -> Known:
    found = [entry.get(field) for field in Known._fields] if isinstance(entry, Mapping) else []
    values = [value for value in found if isinstance(value, str)]
    if len(values) < len(Known._fields) or values[-1] not in _STATUSES:
        raise _no_baseline(file, f"entry {number} of `findings` needs {', '.join(Known._fields)}, all strings")
    known = Known(*values)
    rule = BY_ANY_NAME.get(known.rule)
    return known._replace(rule=rule.name) if rule else known


def _no_baseline(file: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"{file} is not a baseline: {why}; rewrite it with `check --write-baseline {file}`")
