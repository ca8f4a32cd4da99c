"""What one machine counts for beside another of a different type."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

# https://cloud.google.com/compute/docs/gpus and https://cloud.google.com/compute/docs/accelerator-optimized-machines
_GPUS_BY_CLASS: Final = {
    "a2-highgpu": "nvidia-tesla-a100",
    "a2-megagpu": "nvidia-tesla-a100",
    "a2-ultragpu": "nvidia-a100-80gb",
    "a3-highgpu": "nvidia-h100-80gb",
    "a3-edgegpu": "nvidia-h100-80gb",
    "a3-megagpu": "nvidia-h100-mega-80gb",
    "a3-ultragpu": "nvidia-h200-141gb",
    "a4-highgpu": "nvidia-b200",
    "a4x-highgpu": "nvidia-gb200",
}
_GPUS_BY_TYPE: Final = {
    **{f"g2-standard-{vcpus}": ("nvidia-l4", 1) for vcpus in (4, 8, 12, 16, 32)},
    "g2-standard-24": ("nvidia-l4", 2),
    "g2-standard-48": ("nvidia-l4", 4),
    "g2-standard-96": ("nvidia-l4", 8),
    **{f"g4-standard-{48 * gpus}": ("nvidia-rtx-pro-6000", gpus) for gpus in (1, 2, 4, 8)},
}
_GPUS_OF_TYPES: Final = frozenset({*_GPUS_BY_CLASS.values(), *(kind for kind, _ in _GPUS_BY_TYPE.values())})
_GPU_TYPE: Final = re.compile(r"(a\d+x?-[a-z]+)-(\d+)g(?:-[a-z]+)?")
_GPU_FAMILY: Final = re.compile(r"(a[234]x?|g[24])-")
# Families whose every machine has TPUs; CPUs say nothing of what these carry:
# https://cloud.google.com/tpu/docs/supported-tpu-configurations
TPU_FAMILIES: Final = ("ct5l", "ct5lp", "ct5p", "ct6e", "tpu7x")
_CUSTOM_TYPE: Final = re.compile(r"(?:[a-z]\w*-)?custom-(\d+)-\d+(?:-ext)?")
_PREDEFINED_TYPE: Final = re.compile(r"[a-z]\w*-[a-z]+-(\d+)(?:-[a-z]+)*")


@dataclass(frozen=True)
class MachineShape:
    """What is known of a fleet's machines.

    Attributes:
        identity: two fleets with equal identities have machines of one kind, whatever that is.
        machine_type: the machine type; `None` if it is not known.
        accelerators: the GPUs attached to it, (type, count); empty if only the type brings GPUs, or none has any.
    """

    identity: Hashable
    machine_type: str | None = None
    accelerators: tuple[tuple[str, int], ...] = ()

    @property
    def gpus(self) -> tuple[str, int] | None:
        """The kind and number of its GPUs; `None` if it has none or that is not known."""
        if self.accelerators:
            return self.accelerators[0] if len(self.accelerators) == 1 else None
        return gpus_of_type(self.machine_type or "")

    @property
    def vcpus(self) -> int | None:
        """How many vCPUs a machine without GPUs and TPUs has; `None` if it has some or the type does not say.

        https://cloud.google.com/compute/docs/machine-resource#machine_type_comparison
        """
        type_ = self.machine_type or ""
        if self.accelerators or _GPU_FAMILY.match(type_) or type_.split("-")[0] in TPU_FAMILIES:
            return None
        match = _CUSTOM_TYPE.fullmatch(type_) or _PREDEFINED_TYPE.fullmatch(type_)
        return int(match[1]) if match else None


def gpus_of_type(machine_type: str) -> tuple[str, int] | None:
    """The kind and number of GPUs that come with a machine type; `None` if it has none or is not listed."""
    match = _GPU_TYPE.fullmatch(machine_type)
    if match:
        return (_GPUS_BY_CLASS[match[1]], int(match[2])) if match[1] in _GPUS_BY_CLASS else None
    return _GPUS_BY_TYPE.get(machine_type)


def takes_gpus(machine_type: str, gpus: Sequence[tuple[str, int]]) -> bool:
    """Whether a machine type takes GPUs that are attached to it, (type, count), as far as that is certain.

    One that comes with GPUs has these, or their virtual workstations (`-vws`), and no others; N1 machines, to which
    others are attached, take none of those: https://github.com/skypilot-org/skypilot/issues/212
    """
    own, kinds = gpus_of_type(machine_type), {kind.removesuffix("-vws") for kind, _ in gpus}
    if own:
        return kinds == {own[0]} and sum(count for _, count in gpus) == own[1]
    return not machine_type.startswith("n1-") or not kinds & _GPUS_OF_TYPES


def weights(shapes: Sequence[MachineShape]) -> tuple[float, ...] | None:
    """What each machine counts for beside the others; `None` if they cannot be compared.

    Machines of one kind weigh alike. Others weigh as many as they have GPUs, if all have GPUs of one kind, or vCPUs,
    if none has GPUs.
    """
    if len({shape.identity for shape in shapes}) <= 1:
        return tuple(1.0 for _ in shapes)
    gpus = [shape.gpus for shape in shapes]
    counts = [float(count) for count in (gpu[1] for gpu in gpus if gpu) if count > 0]
    if len(counts) == len(shapes) and len({gpu[0] for gpu in gpus if gpu}) == 1:
        return tuple(counts)
    vcpus = [float(shape.vcpus) for shape in shapes if shape.vcpus]
    return tuple(vcpus) if len(vcpus) == len(shapes) else None
