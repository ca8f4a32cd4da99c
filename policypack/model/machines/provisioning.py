"""What provisioning models require of a machine, and which of them machine types have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from policypack.model.graph.attached import attached_to
from policypack.model.graph.tokens import INSTANCE_GROUP_MANAGER_TYPES, REGION_RESIZE_REQUEST, RESIZE_REQUEST
from policypack.model.machines.machine import Machine
from policypack.model.machines.settings import SPOT, STANDARD
from policypack.model.values.logic import any_of, equals, negation
from policypack.model.values.values import UNKNOWN, Unknown, Value, camel_case

FLEX_START: Final = "FLEX_START"
RESERVATION_BOUND: Final = "RESERVATION_BOUND"


@dataclass(frozen=True)
class RequiredSetting:
    """A setting that a provisioning model requires.

    Attributes:
        name: its Python name.
        is_right: whether a machine has it as required.
        wanted: what it has to be, in words.
        value: the same as data.
        is_scheduling: whether it stands in `scheduling`, else it is a property of the machine itself.
    """

    name: str
    is_right: Callable[[Machine], bool | Unknown]
    wanted: str
    value: Value
    is_scheduling: bool = True

    @property
    def to_set(self) -> dict[str, Value]:
        """The property of a machine to set."""
        own: dict[str, Value] = {self.name: self.value}
        return {"scheduling": own} if self.is_scheduling else own

    def is_set(self, machine: Machine) -> bool:
        """Whether a machine has it at all, right or wrong."""
        if not self.is_scheduling:
            return machine.reservation_affinity is not None
        return machine.scheduling.sets(camel_case(self.name))


NO_RESTART: Final = RequiredSetting(
    "automatic_restart", lambda machine: negation(machine.scheduling.restarts), "off", False
)
# Provisioning model -> the settings that it requires:
# https://cloud.google.com/compute/docs/instances/provisioning-models
REQUIRED_SETTINGS: Final[Mapping[str, tuple[RequiredSetting, ...]]] = {
    STANDARD: (),
    SPOT: (
        RequiredSetting("preemptible", lambda machine: machine.scheduling.is_preemptible, "on", True),
        NO_RESTART,
    ),
    FLEX_START: (
        NO_RESTART,
        RequiredSetting(
            "instance_termination_action",
            lambda machine: equals(machine.scheduling.termination_action, "DELETE"),
            "DELETE",
            "DELETE",
        ),
        RequiredSetting(
            "max_run_duration",
            lambda machine: machine.scheduling.has_max_run_duration,
            "set",
            {"seconds": 604800},
        ),
    ),
    RESERVATION_BOUND: (
        RequiredSetting(
            "reservation_affinity",
            lambda machine: equals(machine.reservation_affinity, "SPECIFIC_RESERVATION"),
            "of type SPECIFIC_RESERVATION",
            {"type": "SPECIFIC_RESERVATION"},
            is_scheduling=False,
        ),
    ),
}


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
    "a4x-highgpu-4g": Provisioning(frozenset({SPOT, FLEX_START}), needs_reservation=True),
    "a4x-maxgpu-4g": Provisioning(frozenset({SPOT, FLEX_START}), needs_reservation=True),
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
    types = (REGION_RESIZE_REQUEST, RESIZE_REQUEST)
    has_requests = any_of(belongs for one in managers for _, belongs in attached_to(machine.stack, one, types))
    if has_requests is True or equals(affinity, "SPECIFIC_RESERVATION") is True:
        return True
    has_none = affinity is None or equals(affinity, "NO_RESERVATION") is True
    return False if has_none and has_requests is False and machine.stack.is_complete else UNKNOWN
