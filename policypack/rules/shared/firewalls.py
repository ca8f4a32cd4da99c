"""What a firewall rule lacks that almost lets connections through, in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from policypack.model.firewalls.near_misses import NearMiss
from policypack.model.firewalls.traffic import Asked

# What the rule lacks -> what is said of it, and what to do.
_TEXTS: Final = {
    "priority": (
        "`{rule}` would allow them, but {denying} comes first.",
        "Set the `priority` number of `{rule}` below that of {denying}.",
    ),
    "sources": ("`{rule}` allows them only from other sources.", "Add {missed} to the ``{sources}`` of `{rule}`."),
    "port": ("`{rule}` allows them only to other ports.", "Add {ports} to the `ports` of `{rule}`."),
    "enabled": ("`{rule}` would allow them, but it is disabled.", "Set ``disabled=False`` on `{rule}`."),
    "targets": (
        "`{rule}` would allow them, but its ``{targets}`` select other VMs.",
        "Make the ``{targets}`` of `{rule}` match these VMs.",
    ),
    "network": (
        "`{rule}` would allow them, but it belongs to another network.",
        "Set the network of `{rule}` to that of these VMs, or repeat it for that network.",
    ),
    "direction": (
        "`{rule}` would allow them, but it is for egress.",
        'Set ``direction="INGRESS"`` on `{rule}`.',
    ),
}


def missing_in(near: NearMiss, asked: Asked, denying: Sequence[str]) -> tuple[str, str]:
    """What the rule lacks, and what to do about it: two sentences, empty if that would not be enough.

    Args:
        near: the rule and what it lacks.
        asked: the connections that it does not let through.
        denying: the labels of the rules that deny them.
    """
    if bool(denying) != (near.lacks == "priority") or (near.lacks == "port" and not asked.numbers):
        return "", ""
    rule = near.rule
    words = {
        "rule": rule.label,
        "denying": " and ".join(denying),
        "missed": f"`{json.dumps(sorted(map(str, near.missed)))}`",
        "sources": rule.sources_property,
        "ports": f"`{json.dumps(asked.numbers)}`",
        "targets": rule.targets_property,
    }
    if near.lacks == "targets" and rule.targets.are_by_account:
        words["targets"] = "target_service_accounts"
    observed, fix = _TEXTS[near.lacks]
    return observed.format(**words), fix.format(**words)
