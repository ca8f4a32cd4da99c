"""The rule `backend-capacity-scaler`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted

# https://cloud.google.com/compute/docs/reference/rest/v1/backendServices: `capacityScaler` is 0, or from 0.1 to 1.
_LOWEST: Final = 0.1
_HIGHEST: Final = 1.0


@rule(
    title="Capacity scalers are legal and leave capacity",
    severity="high",
    level="mandatory",
    stage="resource",
    url="https://cloud.google.com/load-balancing/docs/backend-service#capacity_scaler",
)
def backend_capacity_scaler(service: BackendService, options: Options) -> Iterator[Verdict]:
    """Each backend has a capacity scaler that the API takes, and not all of them are drained.

    ## What it checks
    `capacity_scaler` is 0, which drains the backend, or from 0.1 to 1; some backend is not drained. A regional
    service of a proxy load balancer says it for every backend, since the provider has no default there. A service of
    a passthrough load balancer has none.

    ## Why it matters
    The provider's preview accepts values between 0 and 0.1, and a drained only backend; the API refuses them during
    the update. Where the API takes a drained service, it answers every request with an error.

    ## Applies to
    Global and regional backend services of every scheme, and every kind of backend.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        backends=[
            {
                "group": "projects/my-project/regions/us-central1/instanceGroups/llm",
                "balancing_mode": "UTILIZATION",
                "max_utilization": 0.8,
                "capacity_scaler": 0.05,
            }
        ],
    )
    ```

    ## Passes
    ```diff
                 "max_utilization": 0.8,
    -            "capacity_scaler": 0.05,
    +            "capacity_scaler": 1.0,
             }
    ```

    ## Undecided
    When `backends` is built inside `apply`, a scaler is computed, or the scheme of a regional service is.
    """
    backends = service.backends
    if isinstance(backends, Unknown):
        yield Undecided(f"its capacity scalers are not known: {service.links.why or '`backends` is not known'}")
    elif not backends:
        yield NotApplicable("it has no backends")
    elif service.is_passthrough is True:
        yield from _judge_passthrough(backends)
    elif service.is_passthrough is UNKNOWN:
        yield Undecided("its load balancing scheme is not known, and so whether it takes capacity scalers")
    else:
        for backend in backends:
            yield from _judge_one(backend, f"`{backend.label}`")
        if all(backend.is_drained is True for backend in backends):
            yield Fail(
                f"All capacity is drained: {quoted({backend.label for backend in backends})} "
                f"{'has' if len(backends) == 1 else 'have'} `capacity_scaler` 0.",
                "A `capacity_scaler` above 0 on one backend at least; the only one can't be drained.",
                "Set `capacity_scaler=1.0` on the backends that are to serve.",
            )


def _judge_passthrough(backends: tuple[Backend, ...]) -> Iterator[Verdict]:
    for backend in backends:
        scaler = backend.capacity_scaler
        if isinstance(scaler, Unknown):
            yield Undecided(f"`capacity_scaler` of `{backend.label}` is not known")
        elif scaler:
            yield Fail(
                f"Backend `{backend.label}` has `capacity_scaler` {scaler:g}.",
                "No `capacity_scaler`: a passthrough load balancer has no capacity to scale.",
                "Remove `capacity_scaler`.",
            )


def _judge_one(backend: Backend, name: str) -> Iterator[Verdict]:
    scaler = backend.capacity_scaler
    if isinstance(scaler, Unknown):
        yield Undecided(f"`capacity_scaler` of {name} is not known")
    elif scaler is None:
        yield Fail(
            f"Backend {name} has no `capacity_scaler`, and a regional service has no default.",
            "A `capacity_scaler` on every backend of a regional service.",
            "Set `capacity_scaler=1.0` on this backend.",
        )
    elif scaler and not _LOWEST <= scaler <= _HIGHEST:
        yield Fail(
            f"Backend {name} has `capacity_scaler` {scaler:g}.",
            f"0, which drains the backend, or from {_LOWEST:g} to {_HIGHEST:g}.",
            f"Set `capacity_scaler` to {_LOWEST:g} or more, up to {_HIGHEST:g}.",
        )
