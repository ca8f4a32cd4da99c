"""Machines: instance templates, global and regional, and single instances."""

from __future__ import annotations

from typing import Final

from .serving import MACHINE_TYPES
from .values import UNKNOWN, Unknown
from .view import View

# Families whose every machine has GPUs: https://cloud.google.com/compute/docs/gpus
_GPU_FAMILIES: Final = ("a2", "a3", "a4", "a4x", "g2", "g4")


class Machine(View):
    """What a group makes its machines from, or a machine of an unmanaged group."""

    TYPES = MACHINE_TYPES

    @property
    def machine_type(self) -> str | Unknown | None:
        """The machine type, such as `g2-standard-8`, without the URL in front of it."""
        machine_type = self.resource.asked.string("machineType")
        return machine_type.rpartition("/")[2] if isinstance(machine_type, str) else machine_type

    @property
    def has_gpu(self) -> bool | Unknown:
        """Whether it has GPUs, by its machine type or attached to it."""
        accelerators, machine_type = self.resource.asked.objects("guestAccelerators"), self.machine_type
        if isinstance(machine_type, str) and machine_type.split("-")[0] in _GPU_FAMILIES:
            return True
        if not isinstance(accelerators, Unknown) and accelerators:
            return True
        return UNKNOWN if isinstance(accelerators, Unknown) or isinstance(machine_type, Unknown) else False
