"""The rule `llm-backend-max-utilization`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.backend import IN_FLIGHT_FIELDS, LIMITS_OF_MODES, RATE_FIELDS, Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.values import UNKNOWN, Unknown, python_name
from policypack.rule import Options, Range, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict

_LIMITS = {**LIMITS_OF_MODES, "CUSTOM_METRICS": (*RATE_FIELDS, *IN_FLIGHT_FIELDS)}


@dataclass(frozen=True)
class MaxUtilizationOptions(Options):
    """Options of `llm-backend-max-utilization`.

    Attributes:
        min: the lowest `max_utilization` that is accepted; 0 itself never is, as it leaves no capacity.
        max: the highest `max_utilization` that is accepted.
    """

    min: Annotated[float, Range(0, 1)] = 0.0
    max: Annotated[float, Range(0, 1)] = 0.8

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
)
def llm_backend_max_utilization(service: BackendService, options: MaxUtilizationOptions) -> Iterator[Verdict]:
    """Each backend counts as full before it is overloaded.

    ## What it checks
    In UTILIZATION mode, the provider's default, `max_utilization` is above 0 and within `min` and `max`. In the other
    modes the backend has a limit of the mode's own: requests per second, connections or requests in flight, for the
    group or for each instance or endpoint; in CUSTOM_METRICS mode a metric that is not in dry-run mode. Backends that
    take no target (serverless, internet and Private Service Connect NEGs, passthrough load balancers) are not judged.

    ## Why it matters
    The load balancer moves on to the next region when a backend is at its target, and the autoscaler scales by it.
    UTILIZATION has no target of its own: left out, a region takes all requests until its queues time out, while other
    regions stand idle. 0.8 is what the Google Cloud console fills in.

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
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
    )
    ```

    ## Undecided
    When `backends` is built inside `apply`, a mode or target is computed, or a backend without a target may be of a
    kind that takes none.
    """
    if service.is_passthrough is True:
        yield NotApplicable("a passthrough load balancer takes no target")
        return
    if isinstance(service.backends, Unknown):
        yield Undecided(f"its targets are not known: {service.links.why or '`backends` is not known'}")
        return
    if not service.backends:
        yield NotApplicable("it has no backends")
        return
    if service.is_measured is False:
        yield NotApplicable("its backends take no target")
        return
    for backend in service.backends:
        name = f"`{backend.label}`"
        verdict = _judge(backend, name, options)
        if isinstance(verdict, Fail) and service.is_passthrough is UNKNOWN:
            verdict = Undecided("its load balancing scheme is not known, and so whether it takes a target")
        if isinstance(verdict, Fail) and backend.is_measured is UNKNOWN:
            verdict = Undecided(f"the kind of {name} is not known, and so whether it takes a target")
        if verdict and backend.is_measured is not False:
            yield verdict


def _judge(backend: Backend, name: str, options: MaxUtilizationOptions) -> Verdict | None:
    mode = backend.balancing_mode
    if isinstance(mode, Unknown):
        return Undecided(f"the balancing mode of {name} is not known")
    if mode == "UTILIZATION":
        return _judge_utilization(backend, name, options)
    if mode not in _LIMITS:
        return Undecided(f"the balancing mode of {name} is none that this rule knows")
    bounded = backend.has_any(_LIMITS[mode])
    if mode == "CUSTOM_METRICS" and bounded is not True:
        effective = backend.has_effective_metric
        bounded = effective if bounded is False or effective is True else UNKNOWN
    if bounded is UNKNOWN:
        return Undecided(f"the target of {name} is not known")
    if bounded:
        return None
    return Fail(
        f"Backend {name} is in {mode} mode without a limit.",
        f"A limit of the mode's own, one of {', '.join(map(python_name, _LIMITS[mode]))}.",
        "Set the limit for each instance or endpoint to what one server can carry.",
    )


def _judge_utilization(backend: Backend, name: str, options: MaxUtilizationOptions) -> Verdict | None:
    target = backend.max_utilization
    if isinstance(target, Unknown):
        return Undecided(f"`max_utilization` of {name} is not known")
    if target is not None and 0 < target <= options.max and target >= options.min:
        return None
    observed = "has no `max_utilization`, so it never counts as full" if target is None else "has `max_utilization`"
    lower = f"from {options.min:g}" if options.min else "above 0"
    return Fail(
        f"Backend {name} {observed}." if target is None else f"Backend {name} {observed} {target:g}.",
        f"`max_utilization` {lower} up to {options.max:g}.",
        f"Set `max_utilization={options.max:g}` on this backend, or lower.",
    )
