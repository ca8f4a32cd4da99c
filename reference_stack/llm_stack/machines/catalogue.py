"""Machine types of Compute Engine: what comes with each, and what each takes.

As of the date below, from these pages; what a family has changes seldom, and new sizes and families come every year:

- https://cloud.google.com/compute/docs/accelerator-optimized-machines
- https://cloud.google.com/compute/docs/general-purpose-machines
- https://cloud.google.com/compute/docs/compute-optimized-machines
- https://cloud.google.com/compute/docs/gpus#n1-gpus
- https://cloud.google.com/compute/docs/disks/hyperdisks#machine-type-support: a family that has no Hyperdisk Balanced
  there boots from Persistent Disk, so C2, C2D, E2, N1, N2, N2D, T2A and T2D
- https://cloud.google.com/compute/docs/instances/creating-instance-with-custom-machine-type
- the sizes of C2, C2D, E2, N1 and T2D as GKE's autoscaler has them:
  https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/gce/gce_price_info.go
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal

DATE = "2026-04-13"

Disk = Literal["pd-balanced", "hyperdisk-balanced"]
Architecture = Literal["x86-64", "arm64"]
Provisioning = Literal["standard", "spot"]
PD: Disk = "pd-balanced"
HYPERDISK: Disk = "hyperdisk-balanced"
X86: Architecture = "x86-64"
ARM: Architecture = "arm64"


@dataclass(frozen=True, slots=True)
class Listing:
    """What the catalogue says of a machine type.

    Attributes:
        boot_disk: the type of disk that it boots from here: Hyperdisk where it refuses Persistent Disk.
        architecture: that of its CPUs, and so of its images.
        gpu: the GPUs that come with it; None if none do.
        gpus: how many of them; None if its type does not say.
        takes_gpus: whether GPUs are attached to it.
        reserved: whether it is to be had with a reservation, or as Spot VMs; without is out of the question.
        spot: whether it is to be had as Spot VMs.
    """

    boot_disk: Disk
    architecture: Architecture = X86
    gpu: str | None = None
    gpus: int | None = None
    takes_gpus: bool = False
    reserved: bool = False
    spot: bool = True


# Families without GPUs of their own.
FAMILIES = {
    **{name: Listing(PD) for name in ("c2", "c2d", "c3", "c3d", "e2", "n2", "n2d", "t2d")},
    **{name: Listing(HYPERDISK) for name in ("c4", "c4d", "n4", "n4d")},
    **{name: Listing(HYPERDISK, ARM) for name in ("c4a", "n4a")},
    "n1": Listing(PD, takes_gpus=True),
    "t2a": Listing(PD, ARM),
}
CUSTOM_FAMILIES = frozenset({"e2", "g2", "n1", "n2", "n2d", "n4", "n4a", "n4d"})
"""Those whose machines have as many vCPUs and as much memory as one likes."""
CLOSED = frozenset({"c2", "c2d", "e2", "n1", "t2a", "t2d"})
"""Those that have no classes but those below, and no sizes with local SSDs."""
# Their sizes, where all of them are known.
SIZES = {
    "c2-standard": (4, 8, 16, 30, 60),
    **{f"c2d-{kind}": (2, 4, 8, 16, 32, 56, 112) for kind in ("standard", "highmem", "highcpu")},
    "c3d-standard": (4, 8, 16, 30, 60, 90, 180, 360),
    "e2-standard": (2, 4, 8, 16, 32),
    "e2-highmem": (2, 4, 8, 16),
    "e2-highcpu": (2, 4, 8, 16, 32),
    "n1-standard": (1, 2, 4, 8, 16, 32, 64, 96),
    "n1-highmem": (2, 4, 8, 16, 32, 64, 96),
    "n1-highcpu": (2, 4, 8, 16, 32, 64, 96),
    "n4-standard": (2, 4, 8, 16, 32, 48, 64, 80),
    "t2a-standard": (1, 2, 4, 8, 16, 32, 48),
    "t2d-standard": (1, 2, 4, 8, 16, 32, 48, 60),
}
# Classes of machine types with GPUs, complete: what comes with each size, and what all have in common.
CLASSES: dict[str, tuple[dict[str, int], Listing]] = {
    "g2-standard": (
        {**dict.fromkeys(("4", "8", "12", "16", "32"), 1), "24": 2, "48": 4, "96": 8},
        Listing(PD, gpu="nvidia-l4"),
    ),
    "g4-standard": ({"48": 1, "96": 2, "192": 4, "384": 8}, Listing(HYPERDISK, gpu="nvidia-rtx-pro-6000")),
    "a2-highgpu": ({"1g": 1, "2g": 2, "4g": 4, "8g": 8}, Listing(PD, gpu="nvidia-tesla-a100")),
    "a2-megagpu": ({"16g": 16}, Listing(PD, gpu="nvidia-tesla-a100")),
    "a2-ultragpu": ({"1g": 1, "2g": 2, "4g": 4, "8g": 8}, Listing(PD, gpu="nvidia-a100-80gb")),
    "a3-highgpu": ({"1g": 1, "2g": 2, "4g": 4, "8g": 8}, Listing(PD, gpu="nvidia-h100-80gb")),
    "a3-edgegpu": ({"8g": 8}, Listing(PD, gpu="nvidia-h100-80gb")),
    "a3-megagpu": ({"8g": 8}, Listing(PD, gpu="nvidia-h100-mega-80gb")),
    "a3-ultragpu": ({"8g": 8}, Listing(HYPERDISK, gpu="nvidia-h200-141gb", reserved=True)),
    "a4-highgpu": ({"8g": 8}, Listing(HYPERDISK, gpu="nvidia-b200", reserved=True)),
    "a4x-highgpu": ({"4g": 4}, Listing(HYPERDISK, ARM, gpu="nvidia-gb200", reserved=True, spot=False)),
}
RESERVED = frozenset({"a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g"})
"""Sizes that are to be had with a reservation or as Spot VMs only, in a class whose others are not."""
# GPUs that are attached to N1 machines: how many, and of how many vCPUs the machine may have then.
ATTACHED = {
    "nvidia-tesla-t4": {1: 48, 2: 48, 4: 96},
    "nvidia-tesla-v100": {1: 12, 2: 24, 4: 48, 8: 96},
    "nvidia-tesla-p100": {1: 16, 2: 32, 4: 96},
    "nvidia-tesla-p4": {1: 24, 2: 48, 4: 96},
}
CUSTOM = re.compile(r"(?:(?P<family>[a-z]\w*)-)?custom-(?P<vcpus>[1-9]\d*)-[1-9]\d*(?:-ext)?")
PREDEFINED = re.compile(
    r"(?P<class>(?P<family>[a-z]\w*)-(?:standard|highmem|highcpu))-(?P<vcpus>[1-9]\d*)(?P<local_ssd>-lssd)?"
)
SHARED_CORE = ("e2-micro", "e2-small", "e2-medium")


def listing_of(machine_type: str) -> Listing | None:
    """What the catalogue says of a machine type; None if it has no such type."""
    return TYPES.get(machine_type) or of_custom(machine_type) or of_family(machine_type)


def types_with_gpus() -> dict[str, Listing]:
    return {
        f"{name}-{size}": Listing(
            boot_disk=common.boot_disk,
            architecture=common.architecture,
            gpu=common.gpu,
            gpus=gpus,
            reserved=common.reserved or f"{name}-{size}" in RESERVED,
            spot=common.spot,
        )
        for name, (sizes, common) in CLASSES.items()
        for size, gpus in sizes.items()
    }


TYPES = types_with_gpus()


def of_custom(machine_type: str) -> Listing | None:
    """Custom types have any size; those of G2 have as many GPUs as they are given."""
    match = CUSTOM.fullmatch(machine_type)
    family = (match["family"] or "n1") if match else None
    if family not in CUSTOM_FAMILIES:
        return None
    return CLASSES["g2-standard"][1] if family == "g2" else FAMILIES.get(family)


def of_family(machine_type: str) -> Listing | None:
    """Of a family's sizes those that are not listed here are left to the API."""
    if machine_type in SHARED_CORE:
        return FAMILIES["e2"]
    match = PREDEFINED.fullmatch(machine_type)
    if not match or match["family"] not in FAMILIES:
        return None
    is_closed = match["family"] in CLOSED
    sizes = SIZES.get(match["class"], () if is_closed else None)
    if (sizes is not None and int(match["vcpus"]) not in sizes) or (is_closed and match["local_ssd"]):
        return None
    return FAMILIES[match["family"]]


def vcpus_of(machine_type: str) -> int | None:
    match = CUSTOM.fullmatch(machine_type) or PREDEFINED.fullmatch(machine_type)
    return int(match["vcpus"]) if match else None


def similar(machine_type: str) -> list[str]:
    """The types of the same class, if the catalogue lists them all; else those with a name like it."""
    name = machine_type.rpartition("-")[0]
    if name in CLASSES:
        return [f"{name}-{size}" for size in CLASSES[name][0]]
    if name in SIZES:
        return [f"{name}-{size}" for size in SIZES[name]]
    everything = [*TYPES, *(f"{name}-{size}" for name, sizes in SIZES.items() for size in sizes)]
    return difflib.get_close_matches(machine_type, everything, 3, cutoff=0.85)
