"""The parts that the JSON documents of `check` and of `audit` have in common: camelCase, each key by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from policypack.evaluate import Finding, Status
from policypack.rule import Waiver
from policypack.verdict import PropertyValue
from policypack.wording import printable

STATUSES: Final[dict[Status, str]] = {
    "failed": "failed",
    "undecided": "undecided",
    "known": "known",
    "waived": "waived",
    "passed": "passed",
    "not applicable": "notApplicable",
}


def counts_json(statuses: Iterable[Status]) -> dict[str, int]:
    """How many verdicts there are of each kind."""
    counts = Counter(statuses)
    return {key: counts[status] for status, key in STATUSES.items()}


def finding_json(finding: Finding, **place: Any) -> dict[str, Any]:
    """A finding with its place; its texts are printable, its URN is as it is."""
    return {
        "rule": finding.rule.name,
        "level": finding.level,
        "severity": finding.severity,
        "status": STATUSES[finding.status],
        "urn": finding.urn,
        "type": finding.type,
        "name": printable(finding.name),
        **place,
        "problems": problems_json(finding),
        "reasons": [printable(reason) for reason in finding.reasons],
        "unknownProperties": [one.property_name for one in finding.undecided],
        "notApplicable": printable(finding.not_applicable) or None,
        "waivers": [waiver_json(waiver) for waiver in finding.waivers],
        "expiredWaivers": [waiver_json(waiver) for waiver in finding.expired],
    }


def problems_json(finding: Finding) -> list[dict[str, Any]]:
    """What is wrong, each problem with its fix."""
    return [
        {
            "observed": printable(one.observed),
            "required": printable(one.required),
            "fix": printable(one.fix),
            "settings": [setting_json(value) for value in one.settings],
        }
        for one in finding.problems
    ]


def setting_json(wanted: PropertyValue) -> dict[str, Any]:
    """What to set, as a patch of inputs."""
    return {"urn": wanted.urn, "path": wanted.where, "value": wanted.value}


def waiver_json(waiver: Waiver) -> dict[str, str]:
    """A waiver for a JSON report, with its last day as `YYYY-MM-DD`."""
    return {
        "resource": waiver.resource,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
    }
