"""Which provisioning models machine types have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from policypack.model.graph.tokens import INSTANCE_GROUP_MANAGER_TYPES, REGION_RESIZE_REQUEST, RESIZE_REQUEST
from policypack.model.machines.machine import Machine
from policypack.model.values.logic import equals
from policypack.model.values.values import UNKNOWN, Unknown


@dataclass(frozen=True)
class Provisioning:
    """What a machine type needs.

    Attributes:
        refused: provisioning models that it does not have.
        needs_reservation: with STANDARD it takes a reservation.
    """

    refused: frozenset[str]
    needs_reservation: bool


ANY_PROVISIONING: Final = Provisioning(frozenset(), needs_reservation=False)
_RESERVED: Final = Provisioning(frozenset(), needs_reservation=True)
# Machine types without suffixes such as `-nolssd`, as of April 2026:
# https://cloud.google.com/compute/docs/accelerator-optimized-machines
_PROVISIONING: Final = {
    "a3-highgpu-1g": _RESERVED,
    "a3-highgpu-2g": _RESERVED,
    "a3-highgpu-4g": _RESERVED,
    "a3-ultragpu-8g": _RESERVED,
    "a4-highgpu-8g": _RESERVED,
    "a4x-highgpu-4g": Provisioning(frozenset({"SPOT", "FLEX_START"}), needs_reservation=True),
    "a4x-maxgpu-4g": Provisioning(frozenset({"SPOT", "FLEX_START"}), needs_reservation=True),
}
_SIZE: Final = re.compile(r"a\d+x?-[a-z]+-\d+g")


def provisioning_of(machine_type: str | None) -> Provisioning:
    """What a machine type needs; of those that are not listed nothing is said."""
    match = _SIZE.match(machine_type or "")
    return _PROVISIONING.get(match[0], ANY_PROVISIONING) if match else ANY_PROVISIONING


def has_reservation(machine: Machine) -> bool | Unknown:
    """Whether a machine takes the capacity of a reservation, or of a resize request, which reserves it as well.

    With ANY_RESERVATION it takes what there is, which the stack does not tell.
    """
    affinity = machine.reservation_affinity
    managers = machine.stack.users(machine.resource, INSTANCE_GROUP_MANAGER_TYPES)
    requests = any(machine.stack.users(manager, (REGION_RESIZE_REQUEST, RESIZE_REQUEST)) for manager in managers)
    if requests or equals(affinity, "SPECIFIC_RESERVATION") is True:
        return True
    has_none = affinity is None or equals(affinity, "NO_RESERVATION") is True
    return False if has_none and machine.stack.is_complete else UNKNOWN
