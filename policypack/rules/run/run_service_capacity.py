"""The rule `run-service-capacity`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from policypack.model.run.container import Container
from policypack.model.run.service import RunService
from policypack.model.values.logic import when_known
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Checks, Fail, Undecided, decided, known

# https://cloud.google.com/run/docs/configuring/services/gpu: accelerator -> cores and GiB that it needs at least.
_NEEDS = {"nvidia-l4": (4, 16), "nvidia-rtx-pro-6000": (20, 80)}
_GIB = 2**30


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
    - With a GPU, `cpu_idle` is not `True`, and CPU and memory meet the minimum of the GPU: 4 cores and 16 GiB for
      `nvidia-l4`, 20 cores and 80 GiB for `nvidia-rtx-pro-6000`.

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
    for container in known(service.containers, "template"):
        if container.has_gpu is True:
            yield _keeps_its_cpu(container)
            yield _fits_its_gpu(service, container)


def _takes_few_requests(service: RunService, options: RunCapacityOptions) -> Checks:
    concurrency = decided(service.concurrency, Undecided(service.why_concurrency_is_open, "template"))
    if concurrency > options.max_concurrency:
        setting = service.name_of("concurrency")
        yield Fail(
            f"Each instance receives up to {concurrency:g} concurrent requests.",
            f"At most {options.max_concurrency}.",
            f"Set ``{setting}`` to the model server's batch size, such as vLLM's `--max-num-seqs`.",
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


def _keeps_its_cpu(container: Container) -> Checks:
    if known(container.idles_cpu, "cpu_idle"):
        yield Fail(
            "It has a GPU and ``cpu_idle=True``, which Cloud Run rejects.",
            "Instance-based billing, which GPUs require.",
            "Set ``cpu_idle=False`` in `resources`.",
        )


def _fits_its_gpu(service: RunService, container: Container) -> Checks:
    accelerator = known(service.accelerator, "node_selector")
    if accelerator not in _NEEDS:
        return
    cores, gibibytes = _NEEDS[accelerator]
    required = f"At least {cores} cores and {gibibytes} GiB for `{accelerator}`."
    if _is_below(container.cpu, cores) is True or _is_below(container.memory, gibibytes * _GIB) is True:
        observed = "It has less CPU or memory than its GPU requires."
        yield Fail(observed, required, "Raise `cpu` and `memory` in `limits`.")
    elif _is_below(container.cpu, cores) is UNKNOWN or _is_below(container.memory, gibibytes * _GIB) is UNKNOWN:
        yield Undecided("whether its CPU and memory are those that its GPU needs is not known", "template")


def _is_below(quantity: float | Unknown | None, needed: float) -> bool | Unknown:
    """Whether a limit is too low; one that is left out is Cloud Run's default, which may depend on the GPU."""
    return UNKNOWN if quantity is None else when_known(quantity, lambda limit: limit < needed)
