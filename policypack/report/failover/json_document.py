"""What the loss of each region means, as a JSON document; `report.schema.json` says what each field means."""

from __future__ import annotations

import math
from typing import Any, Final

from policypack import PACK_NAME, VERSION
from policypack.failover.result import Change, FailoverResults, Picture, ServiceFailover, Verdict
from policypack.report.text import json_text
from policypack.wording import printable

# Within 1.x fields are added, and none is renamed, removed or given another meaning.
SCHEMA_VERSION: Final = "1.0"

_VERDICTS: Final[dict[Verdict, str]] = {
    "survives": "survives",
    "fails": "fails",
    "one region": "oneRegion",
    "undecided": "undecided",
    "not applicable": "notApplicable",
}


def render(results: FailoverResults) -> str:
    """The report as JSON; fractions and loads are rounded to nine places."""
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": PACK_NAME, "version": VERSION},
        "title": results.title,
        "notes": list(results.notes),
        "services": [_service(service) for service in results.services],
    }
    return json_text(_clean(document))


def _service(service: ServiceFailover) -> dict[str, Any]:
    return {
        "urn": service.urn,
        "name": service.name,
        "verdict": _VERDICTS[service.verdict],
        "kind": service.kind or None,
        "undetected": list(service.undetected),
        "reasons": list(service.reasons),
        "unknownProperties": list(service.blocked_by or [""] * len(service.reasons)),
        "notes": list(service.notes),
        "unit": service.unit or None,
        "peakRps": service.peak_rps,
        "isAtMost": service.is_at_most,
        "survivesAfterScaleOut": service.survives_after_scale_out,
        "regions": [
            {
                "region": region.region,
                "warmMachines": region.warm_machines,
                "maxMachines": region.max_machines,
                "warmCapacity": region.warm_capacity,
                "maxCapacity": region.max_capacity,
                "load": region.load,
            }
            for region in service.regions
        ],
        "losses": [
            {"region": lost.region, "warm": _picture(lost.warm), "afterScaleOut": _picture(lost.after_scale_out)}
            for lost in service.losses
        ],
        "remedies": service.remedies
        and {
            "machines": _changes(service.remedies.machines),
            "targets": _changes(service.remedies.targets),
            "highestFill": service.remedies.highest_fill,
            "needed": service.remedies.needed or None,
        },
        "enough": service.enough and [{"region": region, "machines": number} for region, number in service.enough],
    }


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "isSurvivable": picture.is_survivable,
        "capacity": picture.loss.left,
        "load": picture.loss.load,
        "utilization": picture.utilization,
        "survivors": [
            {"region": one.region, "capacity": one.capacity, "load": one.load, "utilization": one.utilization}
            for one in picture.survivors
        ],
        "flows": None
        if picture.flows is None
        else [{"source": flow.source, "target": flow.target, "load": flow.load} for flow in picture.flows],
        "excess": picture.excess,
        "unserved": picture.unserved,
    }


def _changes(changes: tuple[Change, ...] | None) -> list[dict[str, Any]] | None:
    if changes is None:
        return None
    return [
        {
            "resource": change.resource,
            "setting": change.setting,
            "before": change.before,
            "after": change.after,
            "region": change.region,
        }
        for change in changes
    ]


def _clean(value: Any, key: str = "") -> Any:
    """Numbers rounded, without limit null, and texts printable; a URN is as it is."""
    if isinstance(value, float):
        return round(value, 9) if math.isfinite(value) else None
    if isinstance(value, str):
        return value if key == "urn" else printable(value)
    if isinstance(value, dict):
        return {name: _clean(item, name) for name, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value
