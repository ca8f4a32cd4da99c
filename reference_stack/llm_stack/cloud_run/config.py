"""What the configuration says of Cloud Run, refused if it cannot work or not survive."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from llm_stack.model import (
    LlamaCppModel,
    Model,
    VllmModel,
    check_arguments,
    check_gpu,
    check_load_seconds,
)
from llm_stack.reading.mistake import Mistake
from llm_stack.reading.reader import Checks, Reader
from llm_stack.reading.section import Section
from llm_stack.reading.text import subnet_range
from llm_stack.regions import check_names, check_order, check_ranges, check_room, ranges_of, read_regions
from llm_stack.server import OWN_FLAGS, SLOTS_FLAGS

WITH_GPU = {"cpu": (4, 8), "memory_gib": (16, 32)}
"""The least and the most: https://cloud.google.com/run/docs/configuring/services/gpu."""
# From how many CPUs on: the least and the most memory, in GiB.
MEMORY = {8: (4, 32), 6: (4, 24), 4: (2, 16), 2: (1, 8), 1: (1, 4)}
"""https://cloud.google.com/run/docs/configuring/services/cpu and .../services/memory-limits."""
STARTUP_SECONDS, STARTUP_SECONDS_WITH_GPU = 600, 1800
"""The longest that Cloud Run waits for a startup probe: https://cloud.google.com/run/docs/configuring/healthchecks."""
ADDRESSES_PER_INSTANCE = 4
"""While one revision replaces another: https://cloud.google.com/run/docs/configuring/vpc-direct-vpc."""


class Region(Section):
    cidr: Annotated[IPv4Network, subnet_range(26)]
    """The range of the subnet, a /26 or larger."""
    # Without an instance there is nothing that tells the load balancer whether the region works.
    min_instances: Annotated[int, Field(ge=1, le=1000)]
    """How many instances are always warm."""
    max_instances: Annotated[int, Field(ge=2, le=1000)]
    """How many instances there are at most."""


class Instance(Section):
    cpu: Annotated[int, Field(ge=1, le=8)]
    """How many CPUs an instance has; with a GPU 4 to 8."""
    memory_gib: Annotated[int, Field(ge=1, le=32)]
    """Its memory; with a GPU 16 to 32."""
    gpu: Literal["nvidia-l4"] | None = None
    """The GPU of an instance, which has one or none."""
    zonal_redundancy: bool = True
    """Whether GPUs are there when a zone fails; without a GPU a service is spread over zones in any case."""

    @property
    def startup_seconds(self) -> int:
        return STARTUP_SECONDS_WITH_GPU if self.gpu else STARTUP_SECONDS


class Traffic(Section):
    concurrency: Annotated[int, Field(ge=1, le=100)]
    """How many requests an instance gets, and its server has slots for."""
    steady_requests: Annotated[int, Field(ge=1, le=100_000)]
    """How many requests at a time must find a slot when a region is lost."""
    timeout_seconds: Annotated[int, Field(ge=60, le=3600)]
    """The longest answer."""


class CloudRun(Section):
    """Services of Cloud Run."""

    regions: Annotated[dict[str, Region], Field(min_length=2)]
    """Adding a region is one entry, whose key is its name."""
    instance: Instance
    """What the servers run on."""
    model: Annotated[VllmModel | LlamaCppModel, Field(discriminator="runtime")]
    """What is served, and by what."""
    traffic: Traffic
    """What an instance takes, and for how long."""

    @property
    def registries(self) -> tuple[str, ...]:
        return (self.model.image.host,)


MODELS: dict[str, type[Model]] = {"vllm": VllmModel, "llama.cpp": LlamaCppModel}


def read_cloud_run(reader: Reader) -> CloudRun:
    """The four sections about the servers."""
    return CloudRun.model_construct(
        regions=read_regions(reader, Region),
        instance=reader.section(Instance, "instance"),
        model=reader.variant(Model, "model", "runtime", MODELS),
        traffic=reader.section(Traffic, "traffic"),
    )


def cloud_run_checks(cloud_run: CloudRun) -> Checks:
    """What must hold between values."""
    yield check_names(cloud_run.regions)
    for name, region in cloud_run.regions.items():
        yield check_instances(name, region)
        yield check_instances_fit(name, region)
    yield check_ranges(ranges_of(cloud_run.regions, "cidr"))
    for key, (least, most) in WITH_GPU.items():
        yield check_least(cloud_run.instance, key, least, most)
    yield check_memory(cloud_run.instance)
    yield check_zonal_redundancy(cloud_run.instance)
    yield check_has_gpu(cloud_run)
    yield check_starts(cloud_run)
    yield check_flags(cloud_run.model)
    yield check_survives(cloud_run)


def check_instances(name: str, region: Region) -> Iterator[Mistake]:
    yield from check_order(("regions", name), "instances", region.min_instances, region.max_instances)


def check_instances_fit(name: str, region: Region) -> Iterator[Mistake]:
    needed = ADDRESSES_PER_INSTANCE * region.max_instances
    why = f"addresses, {ADDRESSES_PER_INSTANCE} an instance during an update"
    yield from check_room(("regions", name), region.cidr, needed, why)


def check_least(instance: Instance, key: str, least: int, most: int) -> Iterator[Mistake]:
    value = getattr(instance, key)
    if instance.gpu is not None and value < least:
        yield Mistake(("instance", key), f"{value} is too little beside a GPU", f"Give {least} to {most}")


def check_memory(instance: Instance) -> Iterator[Mistake]:
    least, most = next(limits for cpus, limits in MEMORY.items() if instance.cpu >= cpus)
    if instance.gpu is not None and instance.cpu < WITH_GPU["cpu"][0]:
        return
    if instance.memory_gib > most:
        problem = f"{instance.memory_gib} is more than an instance with {instance.cpu} CPUs can have"
        yield Mistake(("instance", "memory_gib"), problem, f"Give at most {most}, or more CPUs")
    elif instance.memory_gib < least and instance.gpu is None:
        problem = f"{instance.memory_gib} is too little for an instance with {instance.cpu} CPUs"
        yield Mistake(("instance", "memory_gib"), problem, f"Give {least} to {most}")


def check_zonal_redundancy(instance: Instance) -> Iterator[Mistake]:
    if instance.gpu is None and instance.gives("zonal_redundancy"):
        problem = "is about GPUs, and there is none; without one a service is spread over zones in any case"
        yield Mistake(("instance", "zonal_redundancy"), problem, "Remove it")


def check_has_gpu(cloud_run: CloudRun) -> Iterator[Mistake]:
    yield from check_gpu(cloud_run.model, has_gpu=cloud_run.instance.gpu is not None)


def check_starts(cloud_run: CloudRun) -> Iterator[Mistake]:
    most = cloud_run.instance.startup_seconds
    yield from check_load_seconds(cloud_run.model, most, "what Cloud Run waits for a server to start")


def check_flags(model: Model) -> Iterator[Mistake]:
    yield from check_arguments(model, OWN_FLAGS[model.runtime])
    yield from check_arguments(model, SLOTS_FLAGS[model.runtime], ", and set traffic.concurrency")


def check_survives(cloud_run: CloudRun) -> Iterator[Mistake]:
    """Instances are the same everywhere; those that are warm elsewhere must answer what all answer at a time."""
    regions, traffic = cloud_run.regions, cloud_run.traffic
    total = sum(region.min_instances for region in regions.values())
    left = {name: (total - region.min_instances) * traffic.concurrency for name, region in regions.items()}
    worst = min(left, key=lambda name: left[name], default="")
    if len(left) > 1 and left[worst] < traffic.steady_requests:
        problem = f"the loss of {worst} leaves warm instances for {left[worst]} of {traffic.steady_requests}"
        fix = f"Lower it to {left[worst]}, or raise min_instances of the other regions"
        yield Mistake(("traffic", "steady_requests"), problem, fix)
