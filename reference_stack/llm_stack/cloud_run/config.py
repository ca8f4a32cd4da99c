"""What the configuration says of Cloud Run, refused if it cannot work or not survive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm_stack.model import Model, parse_model
from llm_stack.regions import check_order, check_ranges, check_room, parse_range, parse_regions
from llm_stack.section import ConfigError, Section
from llm_stack.server import SLOTS_FLAGS

SECTIONS = ("regions", "instance", "model", "traffic")
GPU = "nvidia-l4"
LEAST_WITH_GPU = {"cpu": 4, "memory_gib": 16}
MOST = {"cpu": 8, "memory_gib": 32}
STARTUP_SECONDS, STARTUP_SECONDS_WITH_GPU = 600, 1800
"""The longest that Cloud Run waits for a startup probe: https://cloud.google.com/run/docs/configuring/healthchecks."""
ADDRESSES_PER_INSTANCE = 4
"""While one revision replaces another: https://cloud.google.com/run/docs/configuring/vpc-direct-vpc."""


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    cidr: str
    min_instances: int
    max_instances: int


@dataclass(frozen=True, slots=True)
class Instance:
    cpu: int
    memory_gib: int
    gpu: str | None
    zonal_redundancy: bool

    @property
    def startup_seconds(self) -> int:
        return STARTUP_SECONDS_WITH_GPU if self.gpu else STARTUP_SECONDS


@dataclass(frozen=True, slots=True)
class Traffic:
    concurrency: int
    steady_requests: int
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class CloudRun:
    regions: tuple[Region, ...]
    instance: Instance
    model: Model
    traffic: Traffic

    @property
    def registries(self) -> tuple[str, ...]:
        return (self.model.image.host,)


def parse_cloud_run(raw: Mapping[str, Any]) -> CloudRun:
    """The four sections about the servers."""
    regions = parse_regions(raw.get("regions"), parse_region)
    check_ranges([(f"regions.{region.name}.cidr", region.cidr) for region in regions])
    instance = parse_instance(Section("instance", raw.get("instance")))
    section = Section("model", raw.get("model"))
    model = parse_model(
        section,
        has_gpu=instance.gpu is not None,
        most_seconds=instance.startup_seconds,
        too_slow="what Cloud Run waits for a server to start",
    )
    section.done()
    check_arguments(section, model)
    traffic = parse_traffic(Section("traffic", raw.get("traffic")))
    cloud_run = CloudRun(regions, instance, model, traffic)
    check_survives(cloud_run)
    return cloud_run


def parse_region(name: str, section: Section) -> Region:
    region = Region(
        name=name,
        cidr=parse_range(section, "cidr", 26),
        # Without an instance there is nothing that tells the load balancer whether the region works.
        min_instances=section.integer("min_instances", 1, 1000),
        max_instances=section.integer("max_instances", 2, 1000),
    )
    section.done()
    check_order(section, "instances", region.min_instances, region.max_instances)
    needed = ADDRESSES_PER_INSTANCE * region.max_instances
    check_room(section, region.cidr, needed, f"addresses, {ADDRESSES_PER_INSTANCE} an instance during an update")
    return region


def parse_instance(section: Section) -> Instance:
    gpu = section.text("gpu", "none")
    has_gpu = gpu != "none"
    if has_gpu and gpu != GPU:
        raise ConfigError(section.path("gpu"), f"`{gpu}` is not {GPU}", f"Set it to {GPU}, or remove it")
    least = LEAST_WITH_GPU if has_gpu else {"cpu": 1, "memory_gib": 1}
    instance = Instance(
        cpu=section.integer("cpu", least["cpu"], MOST["cpu"]),
        memory_gib=section.integer("memory_gib", least["memory_gib"], MOST["memory_gib"]),
        gpu=gpu if has_gpu else None,
        # Without a GPU a service is spread over zones in any case.
        zonal_redundancy=section.flag("zonal_redundancy", True) if has_gpu else True,
    )
    section.done()
    return instance


def check_arguments(section: Section, model: Model) -> None:
    flag = SLOTS_FLAGS[model.runtime]
    if any(argument.partition("=")[0] == flag for argument in model.arguments):
        raise ConfigError(
            section.path("arguments"), f"`{flag}` is what traffic.concurrency sets", "Remove it, and set that"
        )


def parse_traffic(section: Section) -> Traffic:
    traffic = Traffic(
        concurrency=section.integer("concurrency", 1, 100),
        steady_requests=section.integer("steady_requests", 1, 100_000),
        timeout_seconds=section.integer("timeout_seconds", 60, 3600),
    )
    section.done()
    return traffic


def check_survives(cloud_run: CloudRun) -> None:
    """Instances are the same everywhere; those that are warm elsewhere must answer what all answer at a time."""
    total = sum(region.min_instances for region in cloud_run.regions)
    traffic = cloud_run.traffic
    for region in cloud_run.regions:
        left = (total - region.min_instances) * traffic.concurrency
        if left < traffic.steady_requests:
            problem = f"the loss of {region.name} leaves warm instances for {left} of {traffic.steady_requests}"
            fix = f"Lower it to {left}, or raise min_instances of the other regions"
            raise ConfigError("traffic.steady_requests", problem, fix)
