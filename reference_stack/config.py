"""The stack's configuration: typed, and refused before any resource is made if it cannot work or not survive."""

from __future__ import annotations

import ipaddress
import itertools
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from section import ConfigError, Section, refuse_unknown

PROJECT = "llm-reference"
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
IMAGE = re.compile(
    r"(?P<host>[a-z0-9.-]+\.[a-z]+)/(?P<path>[a-z0-9._/-]+)(?::[\w.-]+)?@(?P<digest>sha256:[0-9a-f]{64})"
)
HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
REGION = re.compile(r"[a-z]+-[a-z]+\d+")
DRIVER = re.compile(r"default|latest|R?\d[\d.]*")
ARGUMENT = re.compile(r"[A-Za-z0-9._=:/,@+-]+")
EVERYBODY = ("*",)
LOCATIONS = {"europe": "europe", "me": "europe", "africa": "europe", "asia": "asia", "australia": "asia"}

Kind = Literal["external", "internal"]
Runtime = Literal["vllm", "llama.cpp"]


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
class Image:
    host: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Model:
    runtime: Runtime
    name: str
    image: Image
    proxy_image: Image | None
    weights: str
    manifest_sha256: str
    file: str | None
    arguments: tuple[str, ...]
    load_seconds: int

    @property
    def initial_delay(self) -> int:
        return BOOT_SECONDS + self.load_seconds

    @property
    def registries(self) -> tuple[str, ...]:
        images = [self.image, self.proxy_image] if self.proxy_image else [self.image]
        return tuple(sorted({image.host for image in images}))


@dataclass(frozen=True, slots=True)
class Traffic:
    requests_per_second: float
    max_utilization: float
    autoscaler_target: float
    timeout_seconds: int
    draining_seconds: int


@dataclass(frozen=True, slots=True)
class Frontend:
    kind: Kind
    domain: str
    client_ranges: tuple[str, ...]
    requests_per_minute: int
    iap_members: tuple[str, ...]

    @property
    def internal(self) -> bool:
        return self.kind == "internal"

    @property
    def open_to_all(self) -> bool:
        return not self.internal and self.client_ranges == EVERYBODY and not self.iap_members


@dataclass(frozen=True, slots=True)
class Operations:
    alert_emails: tuple[str, ...]
    latency_seconds: int
    log_sample_rate: float
    cmek: bool
    protect: bool


@dataclass(frozen=True, slots=True)
class Config:
    project: str
    stack: str
    regions: tuple[Region, ...]
    machine: Machine
    model: Model
    traffic: Traffic
    frontend: Frontend
    operations: Operations

    @property
    def location(self) -> str:
        """The multi-region that holds weights and images: the one the first region lies in."""
        return LOCATIONS.get(self.regions[0].name.split("-")[0], "us")

    @property
    def resource_id(self) -> str:
        """For what Google Cloud wants an id of ours for: unique per stack in a project."""
        return f"llm-{self.stack}"


def parse_config(raw: Mapping[str, Any], project: str, stack: str) -> Config:
    """Everything the stack needs to know, from the six top-level keys. Pure."""
    refuse_unknown("", raw, ("regions", "machine", "model", "traffic", "frontend", "operations"))
    frontend = parse_frontend(Section("frontend", raw.get("frontend")))
    machine = parse_machine(Section("machine", raw.get("machine")))
    config = Config(
        project=parse_name("gcp:project", project, r"[a-z][a-z0-9-]{4,28}[a-z0-9]"),
        stack=parse_name("stack name", stack, r"[a-z][a-z0-9-]{0,18}[a-z0-9]"),
        regions=parse_regions(raw.get("regions"), frontend.internal),
        machine=machine,
        model=parse_model(Section("model", raw.get("model")), machine),
        traffic=parse_traffic(Section("traffic", raw.get("traffic"))),
        frontend=frontend,
        operations=parse_operations(Section("operations", raw.get("operations"))),
    )
    check_survives(config)
    return config


def parse_name(key: str, value: str, pattern: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ConfigError(key, f"`{value}` cannot be part of a resource id", f"Choose one that matches {pattern}")
    return value


def parse_regions(raw: Any, internal: bool) -> tuple[Region, ...]:
    entries = Section("regions", raw).raw
    regions = tuple(parse_region(name, Section(f"regions.{name}", entries[name]), internal) for name in entries)
    if len(regions) < 2:
        raise ConfigError("regions", f"{len(regions)} given, and any one may be lost", "Give at least two")
    check_ranges(regions)
    return regions


def parse_region(name: str, section: Section, internal: bool) -> Region:
    if not REGION.fullmatch(name):
        raise ConfigError(section.key, "is not the name of a region", "Name it like us-central1")
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
    check_region(section, region)
    return region


def check_region(section: Section, region: Region) -> None:
    if region.max_replicas < region.min_replicas:
        problem = f"{region.max_replicas} is below min_replicas {region.min_replicas}"
        raise ConfigError(section.path("max_replicas"), problem, "Raise max_replicas or lower min_replicas")
    if len(set(region.zones)) < 2:
        raise ConfigError(section.path("zones"), "fewer than two zones", "Give at least two that have the machine type")
    for zone in region.zones:
        if not re.fullmatch(rf"{region.name}-[a-z]", zone):
            raise ConfigError(
                section.path("zones"), f"`{zone}` is not in {region.name}", f"Name zones of {region.name}"
            )
    needed = region.max_replicas + len(region.zones)
    if ipaddress.ip_network(region.cidr).num_addresses - 4 < needed:
        problem = f"{region.cidr} has no room for {needed} machines (max_replicas and an update's surge)"
        raise ConfigError(section.path("cidr"), problem, "Give a larger range")


def parse_range(section: Section, key: str, longest: int) -> str:
    value = section.text(key)
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ConfigError(section.path(key), str(error), "Give an IPv4 range like 10.10.0.0/24") from None
    if not network.is_private or network.prefixlen > longest:
        raise ConfigError(section.path(key), f"{value} is public or too small", f"Give a private /{longest} or larger")
    return value


def check_ranges(regions: Sequence[Region]) -> None:
    ranges = [(f"regions.{region.name}.cidr", region.cidr) for region in regions]
    ranges += [(f"regions.{region.name}.proxy_cidr", region.proxy_cidr) for region in regions if region.proxy_cidr]
    for (first_key, first), (second_key, second) in itertools.combinations(ranges, 2):
        if ipaddress.ip_network(first).overlaps(ipaddress.ip_network(second)):
            raise ConfigError(second_key, f"{second} overlaps {first} of {first_key}", "Give each subnet its own range")


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


def parse_model(section: Section, machine: Machine) -> Model:
    runtimes: tuple[Runtime, ...] = ("vllm", "llama.cpp")
    runtime = section.choice("runtime", runtimes)
    cpp = runtime == "llama.cpp"
    model = Model(
        runtime=runtime,
        name=section.pattern("name", ARGUMENT, "a name without spaces"),
        image=parse_image(section, "image"),
        proxy_image=parse_image(section, "proxy_image") if cpp else None,
        weights=section.pattern("weights", re.compile(r"[\w.-]+(/[\w.-]+)*"), "a folder of the bucket, like model/v1"),
        manifest_sha256=section.pattern("manifest_sha256", re.compile(r"[0-9a-f]{64}"), "the SHA-256 of SHA256SUMS"),
        file=section.pattern("file", re.compile(r"[\w.-]+\.gguf"), "a .gguf file of that folder") if cpp else None,
        arguments=section.texts("arguments", ()),
        load_seconds=section.integer("load_seconds", 10, MAX_INITIAL_DELAY * 24),
    )
    section.done()
    check_model(section, model, machine)
    return model


def check_model(section: Section, model: Model, machine: Machine) -> None:
    if model.initial_delay > MAX_INITIAL_DELAY:
        limit = f"the autohealing limit of {MAX_INITIAL_DELAY} s"
        problem = f"with {BOOT_SECONDS} s to boot, {model.load_seconds} s exceed {limit}"
        fix = f"Get it to {MAX_INITIAL_DELAY - BOOT_SECONDS} s: smaller or quantized weights, a faster disk"
        raise ConfigError(section.path("load_seconds"), problem, fix)
    if model.runtime == "vllm" and machine.gpu is None:
        fix = "Set machine.gpu, or use llama.cpp"
        raise ConfigError(section.path("runtime"), f"vllm needs a GPU, and {machine.type} has none", fix)
    for argument in model.arguments:
        if not ARGUMENT.fullmatch(argument):
            raise ConfigError(
                section.path("arguments"), f"`{argument}` has a space or a quote", "Give one word an entry"
            )


def parse_image(section: Section, key: str) -> Image:
    value = section.text(key)
    match = IMAGE.fullmatch(value)
    if not match:
        fix = "Give registry/name@sha256:<64 hex digits>, as `docker buildx imagetools inspect` prints it"
        raise ConfigError(section.path(key), f"`{value}` has no registry or no digest", fix)
    return Image(**match.groupdict())


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


def parse_frontend(section: Section) -> Frontend:
    kinds: tuple[Kind, ...] = ("external", "internal")
    kind = section.choice("kind", kinds)
    external = kind == "external"
    frontend = Frontend(
        kind=kind,
        domain=section.pattern("domain", HOST_NAME, "a host name in lower case, like llm.example.com"),
        client_ranges=section.texts("client_ranges", EVERYBODY) if external else (),
        requests_per_minute=section.integer("requests_per_minute", 1, 1_000_000) if external else 0,
        iap_members=section.texts("iap_members", ()) if external else (),
    )
    section.done()
    if external and not 1 <= len(frontend.client_ranges) <= 10:
        raise ConfigError(section.path("client_ranges"), "a Cloud Armor rule takes 1 to 10 ranges", "Merge ranges")
    return frontend


def parse_operations(section: Section) -> Operations:
    operations = Operations(
        alert_emails=section.texts("alert_emails"),
        latency_seconds=section.integer("latency_seconds", 1, 3600, 60),
        log_sample_rate=section.number("log_sample_rate", 0.01, 1, 1),
        cmek=section.flag("cmek", True),
        protect=section.flag("protect", True),
    )
    section.done()
    if not operations.alert_emails or not all("@" in email for email in operations.alert_emails):
        raise ConfigError(section.path("alert_emails"), "nobody would get the alerts", "Give one mail address or more")
    return operations


def check_survives(config: Config) -> None:
    """Machines and targets are the same everywhere, so warm replicas are the capacity of a region."""
    total = sum(region.min_replicas for region in config.regions)
    target = config.traffic.autoscaler_target
    for region in config.regions:
        left = total - region.min_replicas
        if left < target * total:
            load = f"{target} fills {target * total:.2f} of {total} warm replicas"
            fix = f"Lower it to {math.floor(100 * left / total) / 100} or less, or spread min_replicas more evenly"
            raise ConfigError("traffic.autoscaler_target", f"{load}, and the loss of {region.name} leaves {left}", fix)


def load_config() -> Config:
    """The configuration of the running stack."""
    settings = pulumi.Config(PROJECT)
    sections = ("regions", "machine", "model", "traffic", "frontend", "operations")
    raw: dict[str, Any] = {key: settings.get_object(key) for key in sections if settings.get(key) is not None}
    raw |= {key: None for key in given_keys() if key not in raw}
    return parse_config(raw, pulumi.Config("gcp").get("project") or "", pulumi.get_stack())


def given_keys() -> list[str]:
    """Pulumi reads single keys only; the engine hands over all of them in this variable."""
    everything: dict[str, Any] = json.loads(os.environ.get("PULUMI_CONFIG", "{}"))
    return [key.removeprefix(f"{PROJECT}:") for key in everything if key.startswith(f"{PROJECT}:")]
