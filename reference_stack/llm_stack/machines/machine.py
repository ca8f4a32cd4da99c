"""The machines of the configuration, refused if Compute Engine has none like that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from llm_stack.machines.catalogue import (
    ATTACHED,
    DATE,
    Architecture,
    Disk,
    Listing,
    Provisioning,
    listing_of,
    similar,
    vcpus_of,
)
from llm_stack.reading.mistake import Mistake, Path
from llm_stack.reading.reader import Checks
from llm_stack.reading.section import Section
from llm_stack.reading.text import matching

MachineType = Annotated[
    str, matching(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+", "a machine type", "Write one like g2-standard-8")
]
GpuType = Annotated[str, matching(r"nvidia-[a-z0-9-]+", "a type of GPUs", "Write one like nvidia-l4")]
Reservation = Annotated[
    str,
    matching(
        r"(?:projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/reservations/)?[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
        "the name of a reservation",
        "Write one like llm, or projects/PROJECT/reservations/llm",
    ),
]
Driver = Annotated[str, matching(r"default|latest|R?\d[\d.]*", "a driver", "Write default, latest or a version")]


class Gpu(Section):
    type: GpuType
    """The GPU, like nvidia-l4."""
    count: Annotated[int, Field(ge=1, le=16)] = 1
    """How many a machine has."""
    driver: Driver = "latest"
    """The driver: `default`, `latest` or a version."""


class Unlisted(Section):
    boot_disk: Disk
    """The type of the boot disk: families since 2024 take `hyperdisk-balanced` only."""
    architecture: Architecture
    """That of the CPUs: `x86-64` or `arm64`."""


class Machine(Section):
    type: MachineType
    """The machine type."""
    gpu: Gpu | None = None
    """The GPUs of a machine."""
    disk_gb: Annotated[int, Field(ge=20, le=10_000)]
    """The size of the boot disk, which holds the weights."""
    provisioning: Provisioning = "standard"
    """`standard`, or `spot`: cheaper, and taken away at any time."""
    reservation: Reservation | None = None
    """The name of reservations of yours, one in each zone, which the machines take."""
    unlisted: Unlisted | None = None
    """What to know of a machine type that is newer than the catalogue in `machines/catalogue.py`."""
    secure_boot: bool = True
    """Off only with `secure_boot_reason`, and the option `gpu_secure_boot` of the rule `instance-shielded-vm` off."""
    secure_boot_reason: str | None = None
    """Why the GPU driver cannot do with Secure Boot."""
    surge: bool = True
    """Whether the quota has room for one more machine a zone during updates."""

    @property
    def listing(self) -> Listing | None:
        """What comes with it; None where nobody says, which is refused."""
        if self.unlisted is not None:
            return Listing(self.unlisted.boot_disk, self.unlisted.architecture, takes_gpus=True)
        return listing_of(self.type)

    @property
    def built(self) -> Listing:
        """The same of a machine that is not refused."""
        if self.listing is None:
            raise ValueError(f"nobody says what comes with {self.type}")
        return self.listing


def machine_checks(machine: Machine) -> Checks:
    """What must hold between its values."""
    yield check_type(machine)
    yield check_own_gpus(machine)
    yield check_attached_gpus(machine)
    yield check_provisioning(machine)
    yield check_reservation(machine)
    yield check_secure_boot(machine)


def check_type(machine: Machine) -> Iterator[Mistake]:
    listed = listing_of(machine.type) is not None
    if listed and machine.unlisted is not None:
        problem = f"{machine.type} is in the catalogue, which says all about it"
        yield Mistake(("machine", "unlisted"), problem, "Remove it")
    if not listed and machine.unlisted is None:
        there = similar(machine.type)
        instead = f"Write {' or '.join(there)}; if" if there else "If"
        fix = f"{instead} it is newer than {DATE}, describe it in machine.unlisted"
        yield Mistake(("machine", "type"), f"there is no machine type {machine.type} in the catalogue", fix)


def check_own_gpus(machine: Machine) -> Iterator[Mistake]:
    """GPUs that come with the machine type."""
    listing, gpu, path = machine.listing, machine.gpu, ("machine", "gpu")
    if listing is None or listing.gpu is None:
        return
    comes_with = f"{machine.type} comes with {listing.gpus or 'some'} {listing.gpu}"
    if gpu is None:
        fix = f"Set it to {{type: {listing.gpu}, count: {listing.gpus or '...'}}}, or take a machine without GPUs"
        yield Mistake(path, f"is missing, and {comes_with}", fix)
        return
    yield from check_own_type(gpu, listing, comes_with)
    if listing.gpus not in (None, gpu.count):
        yield Mistake((*path, "count"), comes_with, f"Set it to {listing.gpus}")


def check_own_type(gpu: Gpu, listing: Listing, comes_with: str) -> Iterator[Mistake]:
    if plain(gpu.type) != listing.gpu:
        yield Mistake(("machine", "gpu", "type"), f"{comes_with}, not with {gpu.type}", f"Set it to {listing.gpu}")


def check_attached_gpus(machine: Machine) -> Iterator[Mistake]:
    """GPUs that are attached to machines of any type that takes them; an unlisted type says what it likes."""
    listing, gpu = machine.listing, machine.gpu
    path: Path = ("machine", "gpu")
    if gpu is None or listing is None or listing.gpu is not None or machine.unlisted is not None:
        return
    if not listing.takes_gpus:
        fix = "Remove it, or take a machine type that comes with GPUs, such as g2-standard-8"
        yield Mistake(path, f"{machine.type} takes no GPU", fix)
        return
    most = ATTACHED.get(plain(gpu.type))
    if most is None:
        fix = f"Write {' or '.join(ATTACHED)}, or take the machine type that it comes with"
        yield Mistake((*path, "type"), f"{gpu.type} is attached to no machine", fix)
        return
    vcpus = vcpus_of(machine.type) or 0
    if gpu.count not in most:
        yield Mistake((*path, "count"), f"there are no {gpu.count} {gpu.type} in a machine", f"Give {in_words(most)}")
    elif vcpus > most[gpu.count]:
        fitting = [count for count in most if vcpus <= most[count]]
        fix = f"Give {in_words(fitting)}, or take a smaller machine" if fitting else "Take a smaller machine"
        problem = f"with {gpu.count} {gpu.type} a machine has at most {most[gpu.count]} vCPUs, and this one {vcpus}"
        yield Mistake((*path, "count"), problem, fix)


def check_provisioning(machine: Machine) -> Iterator[Mistake]:
    listing, path = machine.listing, ("machine", "provisioning")
    if listing is None:
        return
    if machine.provisioning == "spot" and not listing.spot:
        fix = "Remove it, and name a reservation in machine.reservation"
        yield Mistake(path, f"{machine.type} is not to be had as Spot VM", fix)
    elif machine.provisioning == "standard" and listing.reserved and machine.reservation is None:
        fix = "Name a reservation in machine.reservation"
        yield Mistake(
            path,
            f"{machine.type} is to be had with a reservation only{', or as Spot VM' if listing.spot else ''}",
            f"{fix}, or write spot" if listing.spot else fix,
        )


def check_reservation(machine: Machine) -> Iterator[Mistake]:
    if machine.reservation is not None and machine.provisioning == "spot":
        yield Mistake(("machine", "reservation"), "Spot VMs take no reservation", "Remove it")


def check_secure_boot(machine: Machine) -> Iterator[Mistake]:
    path: Path = ("machine", "secure_boot")
    if machine.secure_boot:
        return
    if machine.gpu is None:
        yield Mistake(path, "is off, and without a GPU there is no driver that could need that", "Remove it")
    elif not (machine.secure_boot_reason or "").strip():
        option = "turn the option gpu_secure_boot of the rule instance-shielded-vm off"
        yield Mistake(path, "is off without a reason", f"Say in machine.secure_boot_reason why, and {option}")


def plain(gpu: str) -> str:
    """A virtual workstation has the same GPU."""
    return gpu.removesuffix("-vws")


def in_words(numbers: Iterable[int]) -> str:
    return " or ".join(map(str, numbers))
