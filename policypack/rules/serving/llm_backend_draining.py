"""The rule `llm-backend-draining`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.logic import negation
from policypack.rule import Options, Range, rule
from policypack.rules.on_gke.draining import outlasts_responses
from policypack.rules.shared.conditions import is_measured
from policypack.verdict import Checks, Fail, known, not_known, provided, setting

# https://cloud.google.com/load-balancing/docs/enabling-connection-draining
_LONGEST_SECONDS: Final = 3600


@dataclass(frozen=True)
class DrainingOptions(Options):
    """Options of `llm-backend-draining`.

    Attributes:
        min_seconds: the shortest accepted draining time, in seconds. With 0, the default, draining must cover the
            service's own `timeout_sec`, up to 3600, the API's maximum
            (https://cloud.google.com/load-balancing/docs/enabling-connection-draining).
    """

    min_seconds: Annotated[int, Range(0, 3600)] = 0


@rule(
    title="Connection draining outlasts the longest response",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/enabling-connection-draining",
    applies=(is_measured("its backends have no connections that the load balancer drains"),),
    gke=lambda backend, options: outlasts_responses(backend, options.min_seconds),
    remediates=True,
)
def llm_backend_draining(service: BackendService, options: DrainingOptions) -> Checks:
    """Connection draining lasts at least as long as the longest response.

    ## What it checks
    `connection_draining_timeout_sec` is at least `min_seconds` or, if that option is 0, at least `timeout_sec`, up to
    the API's maximum of 3600 seconds. The provider's default is 300. 0 is never accepted. A passthrough load balancer
    has no timeout to compare with: there, the value is above 0 and at least `min_seconds`.

    On GKE, the value is `drainingTimeoutSec` of the attached GCPBackendPolicy (0 without one) or, behind an Ingress, of
    the BackendConfig.

    ## Why it matters
    Every update, scale-in and repair removes VMs. When draining ends, responses that they are still generating are cut
    off.

    ## Applies to
    Global and regional backend services of every scheme with instance groups or with zonal or hybrid NEGs, and LLM
    backends of Gateways and Ingresses on GKE. Serverless, internet and Private Service Connect NEGs have no connections
    that the load balancer drains.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        timeout_sec=900,
        connection_draining_timeout_sec=60,
        backends=[{"group": "projects/my-project/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
         timeout_sec=900,
    -    connection_draining_timeout_sec=60,
    +    connection_draining_timeout_sec=900,
         backends=[{"group": "projects/my-project/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
    ```

    ## On GKE
    ```yaml
    apiVersion: networking.gke.io/v1
    kind: GCPBackendPolicy
    metadata: {name: chat, namespace: llm}
    spec:
      targetRef: {group: inference.networking.k8s.io, kind: InferencePool, name: chat}
      default:
        timeoutSec: 900
        connectionDraining: {drainingTimeoutSec: 900}
    ```

    ## Undecided
    The verdict is undecided when:

    - the draining time or the timeout is computed;
    - draining is too short, and the kind of the backends or the scheme is not known;
    - on GKE, a policy may be attached or is out of sight, or nothing sets the value behind an Ingress.
    """
    draining = known(service.draining_seconds, "connection_draining_timeout_sec")
    if not 0 < draining <= _LONGEST_SECONDS:
        yield Fail(
            f"Connection draining is {draining:g} s.",
            f"Above 0 and at most {_LONGEST_SECONDS} s, the API's limit.",
            setting({"connection_draining_timeout_sec": _LONGEST_SECONDS})
            if draining > _LONGEST_SECONDS
            else f"Set ``connection_draining_timeout_sec`` to ``timeout_sec``, up to {_LONGEST_SECONDS}.",
        )
    elif options.min_seconds:
        yield _lasts(draining, options.min_seconds, "the option `min_seconds`")
    elif draining < _LONGEST_SECONDS:
        doubt = not_known("load_balancing_scheme", because="a passthrough load balancer has no ``timeout_sec``")
        yield provided(negation(service.is_passthrough), doubt, _outlasts_responses(draining, service))


def _outlasts_responses(draining: float, service: BackendService) -> Checks:
    timeout = known(service.timeout_seconds, "timeout_sec")
    reason = (
        "its ``timeout_sec``" if timeout <= _LONGEST_SECONDS else "the most there is, as its ``timeout_sec`` is longer"
    )
    yield from _lasts(draining, min(timeout, _LONGEST_SECONDS), reason)


def _lasts(draining: float, seconds: float, reason: str) -> Checks:
    if draining < seconds:
        more = f" or more, up to {_LONGEST_SECONDS}" if seconds < _LONGEST_SECONDS else ""
        yield Fail(
            f"Connection draining is {draining:g} s.",
            f"At least {seconds:g} s, {reason}.",
            setting({"connection_draining_timeout_sec": math.ceil(seconds)}, f"{more}."),
        )
