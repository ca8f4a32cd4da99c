"""What the configuration says of virtual machines, refused if it cannot work or not survive."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from llm_stack.machines.machine import Machine, machine_checks
from llm_stack.model import (
    Image,
    ImageText,
    LlamaCppModel,
    Model,
    VllmModel,
    check_arguments,
    check_gpu,
    check_load_seconds,
)
from llm_stack.reading.mistake import Mistake, Path
from llm_stack.reading.reader import Checks, Reader
from llm_stack.reading.section import Section
from llm_stack.reading.text import matching, subnet_range
from llm_stack.regions import check_names, check_order, check_ranges, check_room, is_region, ranges_of, read_regions
from llm_stack.server import OWN_FLAGS

BOOT_SECONDS = 600
"""What a new machine needs before it loads the model: boot, GPU driver, image."""
MAX_INITIAL_DELAY = 3600
"""The longest autohealing delay that Compute Engine takes."""

Zone = Annotated[str, matching(r"[a-z]+-[a-z]+\d+-(?:[a-f]|ai\d[a-z])", "a zone", "Write one like us-central1-a")]
Replicas = Annotated[int, Field(ge=2, le=1000)]
Sha256 = Annotated[str, matching(r"[0-9a-f]{64}", "a SHA-256", "Write its 64 hexadecimal digits, in lower case")]
Seconds = Annotated[int, Field(ge=60, le=3600)]


class Region(Section):
    cidr: Annotated[IPv4Network, subnet_range(28)]
    """The range of the subnet."""
    zones: Annotated[tuple[Zone, ...], Field(min_length=2)]
    """Two zones or more that have the machine type."""
    min_replicas: Replicas
    """How many machines are always warm."""
    max_replicas: Replicas
    """How many machines there are at most."""
    proxy_cidr: Annotated[IPv4Network, subnet_range(26)] | None = None
    """The range for the load balancer's proxies, a /26 or larger; only where `frontend.kind` is `internal`."""
    reserve: bool = False
    """Reserve the warm machines."""


class Traffic(Section):
    requests_per_second: Annotated[float, Field(ge=0.01, le=10_000)]
    """What one machine takes."""
    max_utilization: Annotated[float, Field(ge=0.1, le=0.8)] = 0.8
    """How busy the CPUs may be."""
    autoscaler_target: Annotated[float, Field(ge=0.1, le=0.95)]
    """How full the warm machines run, as a share of what the load balancer gives them."""
    timeout_seconds: Seconds
    """The longest answer."""
    draining_seconds: Seconds
    """How long a machine may finish its answers; not below `timeout_seconds`."""


class MachineModel(Model):
    manifest_sha256: Sha256
    """The SHA-256 of the manifest of the weights, `SHA256SUMS`."""


class MachineVllmModel(VllmModel, MachineModel):
    """vLLM, which has no need of a proxy."""


class MachineLlamaCppModel(LlamaCppModel, MachineModel):
    proxy_image: ImageText
    """The image of an unprivileged nginx, which keeps idle connections; `llama.cpp` only."""


AnyModel = Annotated[MachineVllmModel | MachineLlamaCppModel, Field(discriminator="runtime")]


class Machines(Section):
    """Groups of virtual machines."""

    regions: Annotated[dict[str, Region], Field(min_length=2)]
    """Adding a region is one entry, whose key is its name."""
    machine: Machine
    """What the servers run on."""
    model: AnyModel
    """What is served, and by what."""
    traffic: Traffic
    """What a machine takes, and for how long."""

    @property
    def initial_delay(self) -> int:
        return BOOT_SECONDS + self.model.load_seconds

    @property
    def proxy_image(self) -> Image | None:
        """What keeps idle connections where the server does not."""
        return self.model.proxy_image if isinstance(self.model, MachineLlamaCppModel) else None

    @property
    def manifest_sha256(self) -> str:
        return self.model.manifest_sha256

    @property
    def registries(self) -> tuple[str, ...]:
        images = [self.model.image, self.proxy_image] if self.proxy_image else [self.model.image]
        return tuple(sorted({image.host for image in images}))


MODELS: dict[str, type[MachineModel]] = {"vllm": MachineVllmModel, "llama.cpp": MachineLlamaCppModel}


def read_machines(reader: Reader) -> Machines:
    """The four sections about the servers."""
    return Machines.model_construct(
        regions=read_regions(reader, Region),
        machine=reader.section(Machine, "machine"),
        model=reader.variant(MachineModel, "model", "runtime", MODELS),
        traffic=reader.section(Traffic, "traffic"),
    )


def machines_checks(machines: Machines, internal: Callable[[], bool]) -> Checks:
    """What must hold between values; an internal load balancer has proxies in each region."""
    yield check_names(machines.regions)
    for name, region in machines.regions.items():
        yield check_replicas(name, region)
        yield check_zones(name, region)
        yield check_machines_fit(name, region)
        yield check_proxies(name, region, internal)
        yield check_reserve(name, region, machines.machine)
    yield check_ranges(ranges_of(machines.regions, "cidr", "proxy_cidr"))
    yield from machine_checks(machines.machine)
    yield check_has_gpu(machines)
    yield check_load_seconds(
        machines.model,
        MAX_INITIAL_DELAY - BOOT_SECONDS,
        f"the autohealing limit of {MAX_INITIAL_DELAY} s, with {BOOT_SECONDS} s to boot",
    )
    yield check_flags(machines.model)
    yield check_draining(machines.traffic)
    yield check_survives(machines)


def check_replicas(name: str, region: Region) -> Iterator[Mistake]:
    yield from check_order(("regions", name), "replicas", region.min_replicas, region.max_replicas)


def check_zones(name: str, region: Region) -> Iterator[Mistake]:
    for place, zone in enumerate(region.zones):
        path: Path = ("regions", name, "zones", place)
        if zone in region.zones[:place]:
            yield Mistake(path, f"`{zone}` appears twice", "Name another zone, or remove it")
        elif is_region(name) and not zone.startswith(f"{name}-"):
            yield Mistake(path, f"`{zone}` is not in {name}", f"Name zones of {name}")


def check_machines_fit(name: str, region: Region) -> Iterator[Mistake]:
    needed = region.max_replicas + len(region.zones)
    yield from check_room(("regions", name), region.cidr, needed, "machines (max_replicas and an update's surge)")


def check_proxies(name: str, region: Region, internal: Callable[[], bool]) -> Iterator[Mistake]:
    path: Path = ("regions", name, "proxy_cidr")
    if internal() and region.proxy_cidr is None:
        yield Mistake(
            path, "is missing, and an internal load balancer has proxies in each region", "Give a /26 or larger"
        )
    if not internal() and region.gives("proxy_cidr"):
        yield Mistake(path, "counts only where frontend.kind is internal", "Remove it")


def check_has_gpu(machines: Machines) -> Iterator[Mistake]:
    listing = machines.machine.listing
    comes_with_gpus = listing is not None and listing.gpu is not None
    yield from check_gpu(machines.model, has_gpu=comes_with_gpus or machines.machine.gpu is not None)


def check_reserve(name: str, region: Region, machine: Machine) -> Iterator[Mistake]:
    if region.reserve and machine.provisioning == "spot":
        yield Mistake(("regions", name, "reserve"), "Spot VMs take no reservation", "Remove it")
    if region.reserve and machine.reservation is not None:
        problem = "the machines take the reservations of machine.reservation"
        yield Mistake(("regions", name, "reserve"), problem, "Remove one of the two")


def check_flags(model: Model) -> Iterator[Mistake]:
    yield from check_arguments(model, OWN_FLAGS[model.runtime])


def check_draining(traffic: Traffic) -> Iterator[Mistake]:
    if traffic.draining_seconds < traffic.timeout_seconds:
        problem = f"{traffic.draining_seconds} s would cut streams that may take {traffic.timeout_seconds} s"
        yield Mistake(("traffic", "draining_seconds"), problem, f"Set it to {traffic.timeout_seconds} or more")


def check_survives(machines: Machines) -> Iterator[Mistake]:
    """Machines and targets are the same everywhere, so warm replicas are the capacity of a region."""
    regions, target = machines.regions, machines.traffic.autoscaler_target
    total = sum(region.min_replicas for region in regions.values())
    left = {name: total - region.min_replicas for name, region in regions.items()}
    worst = min(left, key=lambda name: left[name], default="")
    if len(left) > 1 and left[worst] < target * total:
        load = f"{target} fills {target * total:.2f} of {total} warm replicas"
        most = math.floor(100 * left[worst] / total) / 100
        fix = f"Lower it to {most} or less, or spread min_replicas more evenly"
        yield Mistake(("traffic", "autoscaler_target"), f"{load}, and the loss of {worst} leaves {left[worst]}", fix)
