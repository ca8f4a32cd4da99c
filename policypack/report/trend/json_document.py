"""The trend over audits as one JSON document; `report.schema.json` says what each field means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policypack import PACK_NAME, VERSION
from policypack.audit.trend import Point, Trend
from policypack.report.audit.json_document import changes_json, statuses_json
from policypack.report.text import json_text
from policypack.wording import printable

# Within 1.x fields are added, and none is renamed, removed or given another meaning.
SCHEMA_VERSION: Final = "1.0"


def render(trend: Trend) -> Iterator[str]:
    """The document in parts."""
    head = {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": PACK_NAME, "version": VERSION},
        "audits": [_audit(point) for point in trend.points],
        "rules": [{"rule": rule, "violatingStacks": trend.stacks_of(rule)} for rule in trend.rules],
    }
    yield json_text(head, indent=None).rstrip("}\n")
    yield ',\n"changes": '
    yield from changes_json(trend.last)
    yield "\n}\n"


def _audit(point: Point) -> dict[str, Any]:
    totals = point.totals
    return {
        "journal": printable(point.file.name),
        "today": point.today,
        "isJudgedAlike": point.is_judged_alike,
        "stacks": totals.stacks,
        "stacksByStatus": statuses_json(totals),
        "violationsBySeverity": point.severities,
        "mandatoryViolations": totals.mandatory,
        "advisoryViolations": totals.advisory,
        "undecided": totals.undecided,
        "waived": totals.waived,
    }
