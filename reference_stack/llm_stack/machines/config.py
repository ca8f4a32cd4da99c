"""What the configuration says of virtual machines, refused if it cannot work or not survive."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm_stack.model import Image, Model, parse_image, parse_model
from llm_stack.regions import check_order, check_ranges, check_room, parse_range, parse_regions
from llm_stack.section import ConfigError, Section

SECTIONS = ("regions", "machine", "model", "traffic")
BOOT_SECONDS = 600
"""What a new machine needs before it loads the model: boot, GPU driver, image."""
MAX_INITIAL_DELAY = 3600
"""The longest autohealing delay that Compute Engine takes."""
ACCELERATORS = {
    "g2-": "nvidia-l4",
    "g4-": "nvidia-rtx-pro-6000",
    "a2-highgpu-": "nvidia-tesla-a100",
    "a2-ultragpu-": "nvidia-a100-80gb",
    "a3-highgpu-": "nvidia-h100-80gb",
}
DRIVER = re.compile(r"default|latest|R?\d[\d.]*")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    cidr: str
    zones: tuple[str, ...]
    min_replicas: int
    max_replicas: int
    proxy_cidr: str | None
    reserve: bool


@dataclass(frozen=True, slots=True)
class Gpu:
    type: str
    count: int
    driver: str


@dataclass(frozen=True, slots=True)
class Machine:
    type: str
    gpu: Gpu | None
    disk_gb: int
    secure_boot: bool
    surge: bool


@dataclass(frozen=True, slots=True)
class Traffic:
    requests_per_second: float
    max_utilization: float
    autoscaler_target: float
    timeout_seconds: int
    draining_seconds: int


@dataclass(frozen=True, slots=True)
class Machines:
    regions: tuple[Region, ...]
    machine: Machine
    model: Model
    proxy_image: Image | None
    """What keeps idle connections where the server does not."""
    manifest_sha256: str
    traffic: Traffic

    @property
    def initial_delay(self) -> int:
        return BOOT_SECONDS + self.model.load_seconds

    @property
    def registries(self) -> tuple[str, ...]:
        images = [self.model.image, self.proxy_image] if self.proxy_image else [self.model.image]
        return tuple(sorted({image.host for image in images}))


def parse_machines(raw: Mapping[str, Any], *, internal: bool) -> Machines:
    """The four sections about the servers; an internal load balancer needs proxies in each region."""
    regions = parse_regions(raw.get("regions"), lambda name, section: parse_region(name, section, internal))
    ranges = [(f"regions.{region.name}.cidr", region.cidr) for region in regions]
    ranges += [(f"regions.{region.name}.proxy_cidr", region.proxy_cidr) for region in regions if region.proxy_cidr]
    check_ranges(ranges)
    machine = parse_machine(Section("machine", raw.get("machine")))
    section = Section("model", raw.get("model"))
    model = parse_model(
        section,
        has_gpu=machine.gpu is not None,
        most_seconds=MAX_INITIAL_DELAY - BOOT_SECONDS,
        too_slow=f"the autohealing limit of {MAX_INITIAL_DELAY} s, with {BOOT_SECONDS} s to boot",
    )
    proxy_image = parse_image(section, "proxy_image") if model.runtime == "llama.cpp" else None
    manifest_sha256 = section.pattern("manifest_sha256", SHA256, "the SHA-256 of SHA256SUMS")
    section.done()
    traffic = parse_traffic(Section("traffic", raw.get("traffic")))
    machines = Machines(regions, machine, model, proxy_image, manifest_sha256, traffic)
    check_survives(machines)
    return machines


def parse_region(name: str, section: Section, internal: bool) -> Region:
    region = Region(
        name=name,
        cidr=parse_range(section, "cidr", 28),
        zones=section.texts("zones"),
        min_replicas=section.integer("min_replicas", 2, 1000),
        max_replicas=section.integer("max_replicas", 2, 1000),
        proxy_cidr=parse_range(section, "proxy_cidr", 26) if internal else None,
        reserve=section.flag("reserve", False),
    )
    section.done()
    check_order(section, "replicas", region.min_replicas, region.max_replicas)
    check_zones(section, region)
    needed = region.max_replicas + len(region.zones)
    check_room(section, region.cidr, needed, "machines (max_replicas and an update's surge)")
    return region


def check_zones(section: Section, region: Region) -> None:
    if len(set(region.zones)) < 2:
        raise ConfigError(section.path("zones"), "fewer than two zones", "Give at least two that have the machine type")
    for zone in region.zones:
        if not re.fullmatch(rf"{region.name}-[a-z]", zone):
            raise ConfigError(
                section.path("zones"), f"`{zone}` is not in {region.name}", f"Name zones of {region.name}"
            )


def parse_machine(section: Section) -> Machine:
    machine_type = section.text("type")
    gpu = section.value("gpu", None)
    machine = Machine(
        type=machine_type,
        gpu=parse_gpu(Section("machine.gpu", gpu)) if gpu is not None else None,
        disk_gb=section.integer("disk_gb", 20, 10_000),
        secure_boot=section.flag("secure_boot", True),
        surge=section.flag("surge", True),
    )
    reason = section.text("secure_boot_reason", "none given")
    section.done()
    check_gpu(machine)
    if not machine.secure_boot and reason == "none given":
        fix = "Say in machine.secure_boot_reason why this driver or image cannot do with it"
        raise ConfigError("machine.secure_boot", "is off without a reason", fix)
    return machine


def parse_gpu(section: Section) -> Gpu:
    gpu = Gpu(
        type=section.text("type"),
        count=section.integer("count", 1, 16, 1),
        driver=section.pattern("driver", DRIVER, "default, latest or a version", "latest"),
    )
    section.done()
    return gpu


def check_gpu(machine: Machine) -> None:
    wanted = next((gpu for family, gpu in ACCELERATORS.items() if machine.type.startswith(family)), None)
    if wanted and machine.gpu is None:
        fix = f"Set machine.gpu to {{type: {wanted}, count: ...}}, or take a machine without one"
        raise ConfigError("machine.gpu", f"is missing, and {machine.type} is a GPU machine", fix)
    if machine.gpu and wanted is None and not machine.type.startswith("n1-"):
        fix = f"Remove it, or take one of {', '.join(ACCELERATORS)} or n1-"
        raise ConfigError("machine.gpu", f"{machine.type} takes no GPU", fix)
    if machine.gpu and wanted and machine.gpu.type != wanted:
        problem = f"{machine.type} comes with {wanted}, not {machine.gpu.type}"
        raise ConfigError("machine.gpu.type", problem, f"Set it to {wanted}")


def parse_traffic(section: Section) -> Traffic:
    traffic = Traffic(
        requests_per_second=section.number("requests_per_second", 0.01, 10_000),
        max_utilization=section.number("max_utilization", 0.1, 0.8, 0.8),
        autoscaler_target=section.number("autoscaler_target", 0.1, 0.95),
        timeout_seconds=section.integer("timeout_seconds", 60, 3600),
        draining_seconds=section.integer("draining_seconds", 60, 3600),
    )
    section.done()
    if traffic.draining_seconds < traffic.timeout_seconds:
        problem = f"{traffic.draining_seconds} s would cut streams that may take {traffic.timeout_seconds} s"
        raise ConfigError(section.path("draining_seconds"), problem, "Set it to timeout_seconds or more")
    return traffic


def check_survives(machines: Machines) -> None:
    """Machines and targets are the same everywhere, so warm replicas are the capacity of a region."""
    total = sum(region.min_replicas for region in machines.regions)
    target = machines.traffic.autoscaler_target
    for region in machines.regions:
        left = total - region.min_replicas
        if left < target * total:
            load = f"{target} fills {target * total:.2f} of {total} warm replicas"
            fix = f"Lower it to {math.floor(100 * left / total) / 100} or less, or spread min_replicas more evenly"
            raise ConfigError("traffic.autoscaler_target", f"{load}, and the loss of {region.name} leaves {left}", fix)
