"""The rule `backend-capacity-scaler`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import FITS_ITS_FRONT, HAS_BACKENDS
from policypack.verdict import Checks, Fail, blocked, decided, known, setting
from policypack.wording import quoted

# https://cloud.google.com/compute/docs/reference/rest/v1/backendServices: `capacityScaler` is 0, or from 0.1 to 1.
_LOWEST: Final = 0.1
_HIGHEST: Final = 1.0


@rule(
    title="Capacity scalers are valid and leave capacity",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#capacity_scaler",
    applies=(HAS_BACKENDS, FITS_ITS_FRONT),
    remediates=True,
)
def backend_capacity_scaler(service: BackendService, options: Options) -> Checks:
    """Each backend has a valid capacity scaler, and at least one backend is not drained.

    ## What it checks
    - `capacity_scaler` is 0, which drains the backend, or between 0.1 and 1.
    - At least one backend is not drained.
    - A regional service of a proxy load balancer sets `capacity_scaler` for every backend, including NEGs of every
      kind. The provider has no default there and sends 0 if it is omitted. 1.0 does no harm where the scaler has no
      effect.
    - A service of a passthrough load balancer sets no `capacity_scaler`.

    ## Why it matters
    The provider's preview accepts a value between 0 and 0.1, and accepts that the only backend is drained. The API
    rejects both during the update. If the API does accept a fully drained service, every request gets an error.

    ## Applies to
    Global and regional backend services of every scheme, and every kind of backend. Passthrough services behind a
    target proxy are exempt, because their scheme is wrong (see `forwarding-rule-scheme`).

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
    When `backends` is built inside `apply`, or when a scaler or the scheme of a regional service is computed.
    """
    backends = decided(service.backends, blocked(service.links.why, "backends"))
    is_passthrough = known(service.is_passthrough, "load_balancing_scheme")
    for backend in backends:
        yield _has_no_scaler(backend) if is_passthrough else _has_legal_scaler(backend)
    if not is_passthrough and all(backend.is_drained is True for backend in backends):
        yield Fail(
            f"All capacity is drained: {quoted({backend.label for backend in backends})} "
            f"{'has' if len(backends) == 1 else 'have'} ``capacity_scaler`` 0.",
            "A ``capacity_scaler`` above 0 on at least one backend; the only backend cannot be drained.",
            "Set ``capacity_scaler=1.0`` on the backends that should serve.",
        )


def _has_no_scaler(backend: Backend) -> Checks:
    scaler = known(backend.capacity_scaler, "capacity_scaler", backend.label)
    if scaler:
        yield Fail(
            f"Backend `{backend.label}` has ``capacity_scaler`` {scaler:g}.",
            "No ``capacity_scaler``: a passthrough load balancer has no capacity to scale.",
            "Remove ``capacity_scaler``.",
        )


def _has_legal_scaler(backend: Backend) -> Checks:
    scaler = known(backend.capacity_scaler, "capacity_scaler", backend.label)
    if scaler is None:
        yield Fail(
            f"Backend `{backend.label}` has no ``capacity_scaler``, so the provider sends 0 and the backend is "
            "drained.",
            "A ``capacity_scaler`` on every backend of a regional service.",
            setting({"capacity_scaler": 1.0}, at=backend.path),
        )
    elif scaler and not _LOWEST <= scaler <= _HIGHEST:
        yield Fail(
            f"Backend `{backend.label}` has ``capacity_scaler`` {scaler:g}.",
            f"0, which drains the backend, or {_LOWEST:g} to {_HIGHEST:g}.",
            setting(
                {"capacity_scaler": _LOWEST if scaler < _LOWEST else _HIGHEST},
                f", or another value from {_LOWEST:g} to {_HIGHEST:g}.",
                at=backend.path,
                is_safe=scaler > 0,
            ),
        )
