"""The rule `llm-backend-retry`."""

from __future__ import annotations

from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.route import Route
from policypack.rule import Options, rule
from policypack.rules.shared.routes import on_routes, without_url_map
from policypack.verdict import Checks, Fail, Undecided, decided
from policypack.wording import quoted


@dataclass(frozen=True)
class RetryOptions(Options):
    """Options of `llm-backend-retry`.

    Attributes:
        allowed: the accepted retry conditions. The three defaults cover cases in which generation has not started: the
            connection failed, the server refused the stream ("it is safe to retry", according to the reference of
            `retryConditions`), or the server responded with 409.
    """

    allowed: tuple[str, ...] = ("connect-failure", "refused-stream", "retriable-4xx")


@rule(
    title="URL maps do not retry requests once generation has started",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/traffic-management-global",
)
def llm_backend_retry(service: BackendService, options: RetryOptions) -> Checks:
    """A retry policy repeats a request only if the server has not started to generate.

    ## What it checks
    All retry conditions of the routes that send requests to the service are in `allowed`. Routes without a retry policy
    pass: by default, the load balancer retries only requests without a body, and a prompt has one.

    ## Why it matters
    `5xx` and `gateway-error` also match connections that were reset or timed out while the server was generating, and
    the gRPC conditions match calls that were cut off. The load balancer then has the whole response generated again, up
    to `num_retries` times, just when servers are overloaded.

    ## Applies to
    Services behind global and regional URL maps of every scheme: the default, path rules and route rules. Routes that
    redirect, or that abort every request by fault injection, are not judged.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    gcp.compute.URLMap(
        "paths",
        default_service=service.id,
        default_route_action={"retry_policy": {"num_retries": 2, "retry_conditions": ["5xx"]}},
    )
    ```

    ## Passes
    ```diff
         default_service=service.id,
    -    default_route_action={"retry_policy": {"num_retries": 2, "retry_conditions": ["5xx"]}},
    +    default_route_action={"retry_policy": {"num_retries": 2, "retry_conditions": ["connect-failure"]}},
     )
    ```

    ## Undecided
    When routes, the services behind them or retry conditions are computed, or when a retry policy names no condition.
    """
    yield without_url_map(service)
    yield on_routes(service, lambda route, label: _retries_only_what_has_not_started(route, label, options))


def _retries_only_what_has_not_started(route: Route, label: str, options: RetryOptions) -> Checks:
    conditions = decided(route.retry_conditions, Undecided(f"the retry policy of {label} is computed", "retry_policy"))
    if conditions is None:
        return
    names = [one for one in conditions if isinstance(one, str)]
    refused = [name for name in names if name not in options.allowed]
    if refused:
        yield Fail(
            f"Requests are retried on {quoted(refused)} by {label}.",
            f"Retries only on {quoted(options.allowed)}." if options.allowed else "No retries.",
            'Set ``retry_conditions=["connect-failure"]``, or omit the retry policy.',
        )
    elif not names or len(names) < len(conditions):
        yield Undecided(f"{label} names no ``retry_conditions``, or they are computed", "retry_conditions")
