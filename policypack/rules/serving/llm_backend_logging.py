"""The rule `llm-backend-logging`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.rule import Options, Range, cis, rule
from policypack.rules.on_gke.request_log import logs_requests
from policypack.verdict import Checks, Condition, Fail, known, setting

_LOGS_REQUESTS: Final = Condition[BackendService](
    lambda service: service.logs_requests, "its load balancer logs no requests", "load_balancing_scheme"
)


@dataclass(frozen=True)
class LoggingOptions(Options):
    """Options of `llm-backend-logging`.

    Attributes:
        min_sample_rate: the lowest accepted `sample_rate`, as a fraction. 0 itself is never accepted, because it logs
            nothing. The provider's default is 1
            (https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/).
    """

    min_sample_rate: Annotated[float, Range(0, 1)] = 0.0


@rule(
    title="The load balancer logs requests",
    severity="medium",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring",
    frameworks=(cis("2.16"),),
    applies=(_LOGS_REQUESTS,),
    gke=lambda backend, options: logs_requests(backend, options.min_sample_rate),
    remediates=True,
)
def llm_backend_logging(service: BackendService, options: LoggingOptions) -> Checks:
    """The load balancer logs all requests of a backend service, or a sample.

    ## What it checks
    `log_config` has `enable=True`. Its `sample_rate` (1 by default) is above 0 and at least `min_sample_rate`.

    On GKE, the rule reads `logging` of the attached GCPBackendPolicy, where `sampleRate` is per million, or of the
    BackendConfig behind an Ingress.

    ## Why it matters
    Logging is off by default. Only this log shows why a stream was cut off (`statusDetails`), which backend responded,
    how long it took, and who used the capacity. It cannot be recovered after an incident.

    ## Applies to
    Global and regional services of proxy load balancers, with every kind of backend, and LLM backends of Gateways and
    Ingresses on GKE. Passthrough load balancers are exempt, because they see no requests. Cloud Service Mesh is exempt,
    because its proxies write their own logs.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        log_config={"enable": True, "sample_rate": 1.0},
    )
    ```

    ## On GKE
    ```yaml
    apiVersion: networking.gke.io/v1
    kind: GCPBackendPolicy
    metadata: {name: chat, namespace: llm}
    spec:
      targetRef: {group: inference.networking.k8s.io, kind: InferencePool, name: chat}
      default:
        logging: {enabled: true, sampleRate: 1000000}
    ```

    ## Undecided
    The verdict is undecided when:

    - `log_config` or a part of it is computed;
    - logging is off, and the scheme is not known;
    - on GKE, a policy may be attached or is out of sight, or nothing sets the value behind an Ingress.
    """
    log = service.request_log
    lower = f"from {options.min_sample_rate:g}" if options.min_sample_rate else "above 0"
    required = f"A request log with a ``sample_rate`` {lower} up to 1."
    fix = setting({"log_config": {"enable": True, "sample_rate": 1.0}})
    if log.is_enabled is False:
        yield Fail("Its requests are not logged.", required, fix)
        return
    rate = known(log.sample_rate, "sample_rate", within="log_config")
    if rate <= 0 or rate < options.min_sample_rate:
        yield Fail(f"Its request log has ``sample_rate`` {rate:g}.", required, fix)
    else:
        known(log.is_enabled, "enable", within="log_config")
