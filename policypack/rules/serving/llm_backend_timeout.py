"""The rule `llm-backend-timeout`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.backend_service import DEFAULT_TIMEOUT_SECONDS, BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.frontend.route import Route
from policypack.model.run.neg import serverless_backends
from policypack.model.run.service import MAX_TIMEOUT_SECONDS, RunService
from policypack.model.values.logic import negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown, Value
from policypack.rule import Options, Range, rule
from policypack.rules.on_gke.timeout import waits_long_enough
from policypack.rules.shared.conditions import uses_proxy
from policypack.rules.shared.routes import on_routes
from policypack.verdict import (
    Checks,
    Fail,
    NotApplicable,
    Undecided,
    decided,
    known,
    not_known,
    provided,
    setting,
    unresolved,
)

_AS_LONG = "the duration of the longest response"
_ROUTE_TO_SERVERLESS = Undecided(
    "it is not documented whether the timeout of a route applies to serverless NEGs", "timeout"
)


@dataclass(frozen=True)
class TimeoutOptions(Options):
    """Options of `llm-backend-timeout`.

    Attributes:
        min_seconds: the shortest accepted timeout, in seconds: the duration of the longest response. 600 is how long
            the OpenAI client libraries wait by default (https://github.com/openai/openai-python#timeouts).
        max_seconds: the longest accepted timeout, in seconds. The load balancer honors no timeout above 86400, one day
            (https://cloud.google.com/load-balancing/docs/https/request-distribution).
    """

    min_seconds: Annotated[int, Range(1, 86400)] = 600
    max_seconds: Annotated[int, Range(1, 2147483647)] = 86400

    def problem(self) -> str | None:
        """Why no timeout could pass, if none could."""
        if self.min_seconds <= self.max_seconds:
            return None
        return f"option `min_seconds` ({self.min_seconds}) is above option `max_seconds` ({self.max_seconds})"


def _takes_timeout(service: BackendService) -> bool | Unknown:
    # Serverless NEGs mix with nothing, so one other backend settles it.
    if any(GroupKind.SERVERLESS_NEG not in group.kinds for group in service.groups):
        return True
    if service.has_only_serverless_backends:
        return False
    return UNKNOWN if service.may_have_serverless_backends else True


@rule(
    title="The timeout covers the longest response",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#timeout-setting",
    applies=(uses_proxy("a passthrough load balancer has no timeout"),),
    gke=lambda backend, options: waits_long_enough(backend, options.min_seconds, options.max_seconds),
    remediates=True,
)
def llm_backend_timeout(service: BackendService, options: TimeoutOptions) -> Checks:
    """The load balancer's timeout covers the model's longest response.

    ## What it checks
    These timeouts are between `min_seconds` and `max_seconds`:

    - `timeout_sec` of the service, 30 s by default;
    - the timeouts of the routes that URL maps of the stack have to the service. They override `timeout_sec` on all load
      balancers except the classic one;
    - for serverless NEGs, the request timeout of each Cloud Run service instead: `timeout` of its `template`, 300 s by
      default and at most 3600 s;
    - on GKE, `timeoutSec` of the attached GCPBackendPolicy or, behind an Ingress, of the BackendConfig, 30 s by
      default.

    ## Why it matters
    The timeout runs from the first byte of the request to the last byte of the response, not between bytes. With the
    default, every token stream is cut off after 30 seconds. 0 is rejected.

    ## Applies to
    Global and regional services of proxy load balancers, the Cloud Run services and functions behind them, and LLM
    backends of Gateways and Ingresses on GKE. Passthrough load balancers have no timeout, and other serverless products
    have their own: neither is judged.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        backends=[{"group": "projects/my-project/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
         protocol="HTTP",
    +    timeout_sec=900,
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
    ```

    ## Undecided
    The verdict is undecided when:

    - the timeout is computed;
    - a wrong timeout may not apply: the scheme, or whether a backend is serverless, is not known, or a route to
      serverless NEGs sets one;
    - a Cloud Run service is not in the stack;
    - on GKE, a policy may be attached or is out of sight, or has `scopes` with a different value.
    """
    takes_timeout = _takes_timeout(service)
    doubt = Undecided("`backends` is not known, and serverless NEGs support no timeout", "backends")
    yield provided(takes_timeout, doubt, _waits_long_enough(service, options))
    yield _cloud_run_waits_long_enough(service, options)
    # The classic load balancer has no timeouts of routes; on all others they take precedence.
    is_not_classic = negation(service.is_classic)
    routes = on_routes(service, lambda route, label: _route_waits_long_enough(route, label, options))
    counts = is_not_classic if takes_timeout is True or is_not_classic is False else UNKNOWN
    reason = not_known("load_balancing_scheme") if takes_timeout is True else _ROUTE_TO_SERVERLESS
    yield provided(counts, reason, routes)


def _waits_long_enough(service: BackendService, options: TimeoutOptions) -> Checks:
    timeout = known(service.timeout_seconds, "timeout_sec")
    if timeout < options.min_seconds:
        draining = _draining_for(service, options.min_seconds)
        fix = setting({"timeout_sec": options.min_seconds, **draining}, f", or {_AS_LONG}.")
    else:
        fix = setting({"timeout_sec": options.max_seconds}, " or less.")
    if not options.min_seconds <= timeout <= options.max_seconds:
        default = ", the default" if timeout == DEFAULT_TIMEOUT_SECONDS else ""
        yield Fail(f"Its timeout is {timeout:.10g} s{default}.", _required(options), fix)


def _draining_for(service: BackendService, timeout: int) -> dict[str, Value]:
    """What `llm-backend-draining` asks for after that: draining as long as the timeout, up to its own limit."""
    needed = min(timeout, 3600)
    is_enough = when_known(service.draining_seconds, lambda seconds: seconds >= needed) is True
    return {} if is_enough else {"connection_draining_timeout_sec": needed}


def _cloud_run_waits_long_enough(service: BackendService, options: TimeoutOptions) -> Checks:
    backends = serverless_backends(service)
    if service.has_only_serverless_backends and all(one.is_of_cloud_run is False for one in backends):
        yield NotApplicable("its backends are serverless products whose timeout the stack does not show")
    for backend in backends:
        if backend.service:
            yield _run_waits_long_enough(backend.service, options)
        elif backend.is_of_cloud_run is not False and service.has_only_serverless_backends:
            yield Undecided(
                f"the Cloud Run service of `{backend.label}` is not known to be one of the stack", "backends"
            )
    if service.has_only_serverless_backends:
        yield from unresolved(service.links)


def _run_waits_long_enough(run: RunService, options: TimeoutOptions) -> Checks:
    timeout = known(run.timeout_seconds, "timeout", run.name)
    longest = min(options.max_seconds, MAX_TIMEOUT_SECONDS)
    if not options.min_seconds <= timeout <= longest:
        yield Fail(
            f"The request timeout of the Cloud Run service `{run.name}` is {timeout:.10g} s.",
            f"A timeout of {options.min_seconds} to {longest} s.",
            setting(run.timeout_of(options.min_seconds), f", or {_AS_LONG}.", of=run),
        )


def _route_waits_long_enough(route: Route, label: str, options: TimeoutOptions) -> Checks:
    timeout = decided(route.timeout_seconds, Undecided(f"the timeout of {label} is computed", "timeout"))
    if timeout is not None and not options.min_seconds <= timeout <= options.max_seconds:
        yield Fail(
            f"The timeout of {label} is {timeout:.10g} s, and takes precedence over that of the service.",
            _required(options),
            "Omit `timeout` in the route action, or set it to the duration of the longest response.",
        )


def _required(options: TimeoutOptions) -> str:
    return f"A timeout of {options.min_seconds} to {options.max_seconds} s."
