"""The rule `run-service-capacity`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.run.container import Container
from policypack.model.run.service import RunService
from policypack.model.values.logic import any_of, is_in, negation, or_else
from policypack.rule import Options, Range, rule
from policypack.verdict import Checks, Fail, Undecided, decided, known, setting

# https://cloud.google.com/run/docs/configuring/services/gpu: accelerator -> cores and GiB that it needs at least.
_NEEDS = {"nvidia-l4": (4, 16), "nvidia-rtx-pro-6000": (20, 80)}
_GIB = 2**30
# https://cloud.google.com/run/docs/configuring/services/memory-limits: cores -> GiB at least and at most.
_GIB_OF_CORES: Final = {1: (0, 4), 2: (0, 8), 4: (2, 16), 6: (4, 24), 8: (4, 32)}


@dataclass(frozen=True)
class RunCapacityOptions(Options):
    """Options of `run-service-capacity`.

    Attributes:
        max_concurrency: the maximum number of concurrent requests per instance; it should match the model server's
            batch size (https://cloud.google.com/run/docs/configuring/services/gpu-best-practices), and Cloud Run's
            default is 80 (https://cloud.google.com/run/docs/about-concurrency).
    """

    max_concurrency: Annotated[int, Range(1, 1000)] = 100


@rule(
    title="Cloud Run concurrency matches what an instance can serve",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/run/docs/configuring/services/gpu-best-practices",
)
def run_service_capacity(service: RunService, options: RunCapacityOptions) -> Checks:
    """Instances of a Cloud Run service get no more requests than they can serve, and can grow in number.

    ## What it checks
    - `max_instance_request_concurrency` is at most `max_concurrency`. The default with one vCPU is 80.
    - The minimum number of instances is not above the maximum.
    - With a GPU, `cpu_idle` is not `True` (in the v1 API: `run.googleapis.com/cpu-throttling` is `false`), and CPU and
      memory meet the minimum of the GPU: 4 cores and 16 GiB for `nvidia-l4`, 20 cores and 80 GiB for
      `nvidia-rtx-pro-6000`.
    - The memory of the only container is what its cores support: up to 4 GiB for one core, 8 for two, 16 for four, 24
      for six and 32 for eight.

    A maximum of one instance is reported as advice.

    ## Why it matters
    Cloud Run starts another instance only when the existing ones have `max_instance_request_concurrency` requests each.
    A model server batches a few dozen requests and queues the rest. With a higher number, all requests wait at one
    instance. Cloud Run rejects GPUs with too little CPU or memory.

    ## Applies to
    Cloud Run services of both API versions, and 2nd gen functions, that serve an LLM backend service.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    llm = gcp.cloudrunv2.Service(
        "chat",
        name="llm",
        location="us-central1",
        template={
            "max_instance_request_concurrency": 1000,
            "containers": [{"image": "vllm/vllm-openai:v0.9.1", "args": ["--max-num-seqs=16"]}],
        },
    )
    neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="us-central1", cloud_run={"service": llm.name})
    gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}])
    ```

    ## Passes
    ```diff
         template={
    -        "max_instance_request_concurrency": 1000,
    +        "max_instance_request_concurrency": 16,
             "containers": [{"image": "vllm/vllm-openai:v0.9.1", "args": ["--max-num-seqs=16"]}],
         },
    ```

    ## Undecided
    The verdict is undecided when:

    - a number is computed, and the verdict depends on it;
    - with a GPU, the v1 API's `run.googleapis.com/cpu-throttling` is omitted;
    - `max_instance_request_concurrency` is omitted with several vCPUs: Google's documentation is contradictory about
      whether the default is 80 in total or 80 per vCPU.

    Advice also shows as undecided: whether a maximum of one instance is enough, and whether GPUs are available after
    the loss of a zone, with `gpu_zonal_redundancy_disabled`.
    """
    yield _takes_few_requests(service, options)
    yield _can_grow(service)
    if service.has_gpus_in_one_zone is True:
        why = "without ``gpu_zonal_redundancy`` it is not known whether GPUs are there when a zone is lost"
        yield Undecided(why, "template")
    containers = known(service.containers, "template")
    for container in containers:
        if container.has_gpu is True:
            yield _keeps_its_cpu(service, container)
            yield _fits_its_gpu(service, container)
    # No page says which memory goes with which cores for several containers, or for a GPU that is new.
    is_listed = any_of([negation(service.has_gpu), is_in(service.accelerator, tuple(_NEEDS))])
    if len(containers) == 1 and is_listed is True and not _too_small(service, containers[0]):
        yield _memory_fits_its_cores(containers[0])


def _takes_few_requests(service: RunService, options: RunCapacityOptions) -> Checks:
    concurrency = decided(service.concurrency, Undecided(service.why_concurrency_is_open, "template"))
    if concurrency > options.max_concurrency:
        name = service.name_of("concurrency")
        yield Fail(
            f"Each instance receives up to {concurrency:g} concurrent requests.",
            f"At most {options.max_concurrency}.",
            f"Set ``{name}`` to the model server's batch size, such as vLLM's `--max-num-seqs`.",
        )


def _can_grow(service: RunService) -> Checks:
    most = known(service.max_instances, "max_instance_count")
    if most is None:
        return
    least = known(service.min_instances, "min_instance_count")
    if least > most:
        yield Fail(
            f"Its minimum is {least:g} instances, but its maximum is {most:g}.",
            "A maximum no lower than the minimum.",
            f"Raise ``{service.name_of('max of the service')}``, or lower ``{service.name_of('min of the service')}``.",
        )
    elif most == 1:
        why = (
            f"``{service.name_of('max of the service')}`` is 1: it is not known whether one instance is enough when "
            f"it is replaced, or when another region is lost; set it to 2 or more"
        )
        yield Undecided(why, "max_instance_count")


def _keeps_its_cpu(service: RunService, container: Container) -> Checks:
    """ "You must use instance-based billing to use the GPU feature"; what the v1 API takes by default is not said.

    https://cloud.google.com/run/docs/configuring/services/gpu
    """
    idles, name = service.idles_cpu(container), service.name_of("CPU throttled")
    if known(idles, name if service.keeps_its_cpu else "cpu_idle"):
        yield Fail(
            f"It has a GPU and ``{name}``, which Cloud Run rejects."
            if service.keeps_its_cpu
            else "It has a GPU and ``cpu_idle=True``, which Cloud Run rejects.",
            "Instance-based billing, which GPUs require.",
            setting(service.keeps_its_cpu) if service.keeps_its_cpu else "Set ``cpu_idle=False`` in `resources`.",
        )
    elif idles is None and service.keeps_its_cpu:
        yield Undecided(f"GPUs require ``{name}`` to be `false`, and whether that is the default is not known", name)


def _fits_its_gpu(service: RunService, container: Container) -> Checks:
    accelerator = known(service.accelerator, "node_selector")
    if accelerator not in _NEEDS:
        return
    cores, gibibytes = _NEEDS[accelerator]
    if found := _too_small(service, container):
        yield Fail(
            f"It has {' and '.join(found)}, less than its GPU requires.",
            f"At least {cores} cores and {gibibytes} GiB for `{accelerator}`.",
            f"Set {' and '.join(found.values())} in `limits`, or more.",
        )
    elif not all(isinstance(limit, int | float) for limit in (container.cpu, container.memory)):
        yield Undecided("whether its CPU and memory are those that its GPU needs is not known", "template")


def _too_small(service: RunService, container: Container) -> dict[str, str]:
    """Each size of a container that certainly is too small for its GPU, with what to set."""
    cores, gibibytes = _NEEDS.get(or_else(service.accelerator, None) or "", (0, 0))
    cpu, memory, found = container.cpu, container.memory, dict[str, str]()
    if isinstance(cpu, int | float) and cpu < cores:
        found[_cores(cpu)] = f"`cpu` to {cores}"
    if isinstance(memory, int | float) and memory < gibibytes * _GIB:
        found[_gibibytes(memory)] = f"`memory` to `{gibibytes}Gi`"
    return found


def _memory_fits_its_cores(container: Container) -> Checks:
    """ "For 4.0 CPU, memory must be between 2Gi and 16Gi inclusive", says the API."""
    cores, memory = container.cpu, container.memory
    if not isinstance(cores, int | float) or not isinstance(memory, int | float) or cores not in _GIB_OF_CORES:
        return
    least, most = _GIB_OF_CORES[int(cores)]
    fitting = [other for other, (low, high) in _GIB_OF_CORES.items() if low <= memory / _GIB <= high]
    if cores in fitting:
        return
    is_too_much, more = memory / _GIB > most, f"set `cpu` in `limits` to {fitting[0]}, or " if fitting else ""
    fix = f"{more}lower `memory` to `{most}Gi`" if is_too_much else f"set `memory` in `limits` to `{least}Gi`, or more"
    yield Fail(
        f"It has {_gibibytes(memory)} of memory for {_cores(cores)}, which Cloud Run rejects.",
        f"{f'{least} to' if least else 'At most'} {most} GiB for {_cores(cores)}.",
        f"{fix[0].upper()}{fix[1:]}.",
    )


def _cores(number: float) -> str:
    return "one core" if number == 1 else f"{number:g} cores"


def _gibibytes(memory: float) -> str:
    return f"{memory / _GIB:.3g} GiB"
