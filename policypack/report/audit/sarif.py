"""The report of an audit as SARIF 2.1.0, made for GitHub code scanning; `sarif_log` says how."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any, Final

from policypack.audit.results import AuditResults
from policypack.audit.totals import StackFinding
from policypack.report.audit.place import path_of
from policypack.report.audit.text import NOTHING_JUDGED
from policypack.report.sarif_log import MOST_RESULTS, SarifResult, left_out_of_sarif, sarif_log
from policypack.report.text import json_text
from policypack.wording import counted

_MOST_UNREADABLE: Final = 1000
_ROOT: Final = "Stands for where the states are: few of them are files of the repository."


def render(results: AuditResults) -> str:
    """The most important findings, as many as GitHub takes, as SARIF."""
    return json_text(log_of(results), indent=None)


def log_of(results: AuditResults) -> dict[str, Any]:
    """The most important findings as a SARIF log with one run."""
    rules = results.enabled
    return sarif_log(
        ("audit", _category(results)),
        [(rule, results.levels[name]) for name, rule in rules.items()],
        [_result(finding) for finding in results.most_important(MOST_RESULTS)],
        _notifications(results),
        root=_ROOT,
        is_successful=results.totals.unreadable < results.totals.stacks,
    )


def _category(results: AuditResults) -> str:
    """What tells audits of other targets in the same repository apart."""
    paths = [path_of(target.target) or target.target for target in results.targets]
    return paths[0] if len(paths) == 1 else hashlib.sha256("\n".join(sorted(paths)).encode()).hexdigest()[:16]


def _result(found: StackFinding) -> SarifResult:
    path = path_of(found.url)
    # A file has another URL on another machine.
    identity = f"{path if found.url.startswith('file://') else found.url} {found.finding.urn}"
    return SarifResult(found.finding, path, 1, identity, (found.title, found.url), found.owner)


def _notifications(results: AuditResults) -> list[str]:
    totals = results.totals
    judged = any(totals.statuses.get(status) for status in ("violations", "advisories", "undecided", "compliant"))
    findings = totals.mandatory + totals.advisory + totals.undecided + totals.waived
    more = totals.unreadable - _MOST_UNREADABLE
    return [
        *([] if judged else [f"{NOTHING_JUDGED}."]),
        *(f"{target.target}: {target.error}" for target in results.targets if target.error),
        *left_out_of_sarif(findings - MOST_RESULTS),
        *(f"Unreadable: {stack.url}: {stack.error}" for stack in islice(results.unreadable(), _MOST_UNREADABLE)),
        *([f"{counted(more, 'further stack')} unreadable."] if more > 0 else []),
    ]
