"""The rule `llm-backend-max-utilization`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import NEG_KINDS
from policypack.model.fleets.vms import has_gpus
from policypack.model.products.targets import IN_FLIGHT_FIELDS, LIMITS_OF_MODES, RATE_FIELDS, limits_for
from policypack.model.values.logic import any_of
from policypack.model.values.spelling import properties
from policypack.model.values.values import Unknown, python_name
from policypack.rule import Options, Range, rule
from policypack.rules.on_gke.attached import attached_have_limits
from policypack.rules.on_gke.load_target import has_a_limit
from policypack.rules.shared.conditions import GETS_BACKENDS, is_measured, uses_proxy
from policypack.verdict import Checks, Fail, Undecided, blocked, decided, known, not_known, provided, setting

_LIMITS = {**LIMITS_OF_MODES, "CUSTOM_METRICS": (*RATE_FIELDS, *IN_FLIGHT_FIELDS)}


@dataclass(frozen=True)
class MaxUtilizationOptions(Options):
    """Options of `llm-backend-max-utilization`.

    Attributes:
        min: the lowest accepted `max_utilization`. 0 itself is never accepted, because it leaves no capacity.
        max: the highest accepted `max_utilization`.
        limits_for_gpus: whether a backend whose VMs have GPUs also needs a limit on requests or connections. It is off
            by default, because Google Cloud accepts `max_utilization` alone. However, `max_utilization` measures CPUs,
            which are idle while GPUs are saturated
            (https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode).
    """

    min: Annotated[float, Range(0, 1)] = 0.0
    max: Annotated[float, Range(0, 1)] = 0.8
    limits_for_gpus: bool = False

    def problem(self) -> str | None:
        """Why no target could pass, if none could."""
        if self.min > self.max:
            return f"option `min` ({self.min:g}) is above option `max` ({self.max:g}): lower `min` or raise `max`"
        return None if self.max else "option `max` is 0, which lets no target pass: raise it, or disable the rule"


@rule(
    title="Every backend has a bounded load target",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#target_capacity",
    applies=(
        uses_proxy("a passthrough load balancer supports no target"),
        GETS_BACKENDS,
        is_measured("its backends support no target"),
    ),
    gke=lambda backend, options: has_a_limit(backend),
    remediates=True,
)
def llm_backend_max_utilization(service: BackendService, options: MaxUtilizationOptions) -> Checks:
    """Each backend has a load target, so that traffic moves to another region before it is overloaded.

    ## What it checks
    - In UTILIZATION mode, the provider's default, `max_utilization` is above 0 and within `min` and `max`.
    - In RATE, CONNECTION and IN_FLIGHT mode, the backend has a limit of that mode (requests per second, connections,
      requests in flight), for the group or for each instance or endpoint.
    - In CUSTOM_METRICS mode, the backend has a metric that is not in dry-run mode.
    - With the option `limits_for_gpus`, a backend in UTILIZATION mode whose VMs have GPUs also has a limit on requests
      or connections. VMs with templates outside the stack are exempt. Without the option, `instance-group-autoscaler`
      still judges autoscalers that follow such a backend.

    Backends that support no target (serverless, internet and Private Service Connect NEGs, and backends of passthrough
    load balancers) are not judged.

    For backends that a controller in GKE attaches, the targets in the annotation `controller.autoneg.dev/neg` count.
    For a multi-cluster Gateway, `maxRatePerEndpoint`, `maxInFlightRequestsPerEndpoint` or `customMetrics` of the
    attached GCPBackendPolicy counts.

    ## Why it matters
    The load balancer moves on to the next region when a backend reaches its target, and the autoscaler scales by the
    same target. UTILIZATION mode has no default target: without one, a region accepts all requests until its queues
    time out, while other regions are idle. CPU utilization is no substitute on VMs with GPUs, because their CPUs are
    idle while the GPUs are saturated. The Google Cloud console fills in 0.8.

    ## Applies to
    Services of proxy load balancers: all global ones, and regional ones with scheme EXTERNAL_MANAGED or
    INTERNAL_MANAGED.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
        named_ports=[{"name": "http", "port": 8000}],
    )
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        port_name="http",
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION"}],
    )
    ```

    ## Passes
    ```diff
         port_name="http",
    -    backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION"}],
    +    backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
     )
    ```

    ## On GKE
    ```yaml
    apiVersion: networking.gke.io/v1
    kind: GCPBackendPolicy
    metadata: {name: chat, namespace: llm}
    spec:
      targetRef: {group: networking.gke.io, kind: GCPInferencePoolImport, name: chat}
      default:
        maxRatePerEndpoint: 10
    ```

    ## Undecided
    The verdict is undecided when:

    - `backends` is built inside `apply`;
    - a balancing mode or a target is computed;
    - a backend without a target may be of a kind that supports none;
    - with `limits_for_gpus`, a backend has `max_utilization` as its only limit, and its VMs may have GPUs.
    """
    yield attached_have_limits(service)
    for backend in decided(service.backends, blocked(service.links.why, "backends")):
        doubt = not_known("group", backend.label)
        yield provided(backend.is_measured, doubt, _is_bounded(backend, options, service))
        if options.limits_for_gpus:
            doubt = Undecided(f"it is not known whether the VMs of `{backend.label}` have GPUs", "backends")
            yield provided(has_gpus(backend), doubt, _is_bounded_by_more_than_cpus(backend))


def _is_bounded(backend: Backend, options: MaxUtilizationOptions, service: BackendService) -> Checks:
    mode = known(backend.balancing_mode, "balancing_mode", backend.label)
    if mode == "UTILIZATION":
        yield from _utilization_is_bounded(backend, options, service)
    elif mode not in _LIMITS:
        yield Undecided(
            f"balancing mode `{mode}` of `{backend.label}` is not one this rule recognizes", "balancing_mode"
        )
    elif not known(_has_limit(backend, mode), python_name(_LIMITS[mode][0]), backend.label):
        yield Fail(
            f"Backend `{backend.label}` never counts as full: {mode} mode has no limit of its own.",
            f"A limit for this mode: {properties(map(python_name, _limits_of(backend, mode)), 'or')}.",
            _limit_to_set(backend, mode),
        )


def _is_bounded_by_more_than_cpus(backend: Backend) -> Checks:
    if known(backend.is_full_by_cpu, "max_rate_per_instance", backend.label):
        yield Fail(
            f"Backend `{backend.label}` has VMs with GPUs, and only CPU utilization decides when it is full.",
            "A request limit in addition to ``max_utilization``, which measures CPUs.",
            "Set ``max_rate_per_instance`` (behind a proxy Network Load Balancer "
            "``max_connections_per_instance``) to what one server can handle.",
        )


def _limits_of(backend: Backend, mode: str) -> Sequence[str]:
    """The limits of a mode that a backend of its kind can have."""
    return limits_for(mode, backend.backend_kinds) or _LIMITS[mode]


def _limit_to_set(backend: Backend, mode: str) -> str:
    if mode == "CUSTOM_METRICS":
        return "Set ``custom_metrics`` with a metric that tracks the server's load and is not in dry-run mode."
    of_one = [python_name(field) for field in _limits_of(backend, mode) if field in _LIMITS[mode][1:]]
    return f"Set {properties(of_one, 'or')} to what one server can handle."


def _has_limit(backend: Backend, mode: str) -> bool | Unknown:
    if mode == "CUSTOM_METRICS":
        return any_of([backend.has_any(_LIMITS[mode]), backend.has_effective_metric])
    return backend.has_any(_LIMITS[mode])


def _utilization_is_bounded(backend: Backend, options: MaxUtilizationOptions, service: BackendService) -> Checks:
    target = known(backend.max_utilization, "max_utilization", backend.label)
    if target is not None and 0 < target <= options.max and target >= options.min:
        return
    has = (
        f"``max_utilization`` {target:g}"
        if target is not None
        else "no ``max_utilization``, so it never counts as full"
    )
    if backend.kinds and backend.kinds <= NEG_KINDS:
        # https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode
        modes = "RATE" if service.measures_requests is True else "CONNECTION"
        field = {"RATE": "max_rate_per_endpoint", "CONNECTION": "max_connections_per_endpoint"}[modes]
        yield Fail(
            f"Backend `{backend.label}` is a NEG in UTILIZATION mode, the provider's default, which no NEG supports.",
            f"{modes} mode with ``{field}``.",
            f'Set ``balancing_mode="{modes}"`` and ``{field}`` to what one server can handle.',
        )
        return
    lower = f"from {options.min:g}" if options.min else "above 0"
    yield Fail(
        f"Backend `{backend.label}` has {has}.",
        f"``max_utilization`` {lower} up to {options.max:g}.",
        setting({"max_utilization": options.max}, ", or lower.", at=backend.path),
    )
