"""The rule `llm-backend-retry`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.route import Route
from policypack.model.frontend.url_map import UrlMap, url_maps_of
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted


@dataclass(frozen=True)
class RetryOptions(Options):
    """Options of `llm-backend-retry`.

    Attributes:
        allowed: the retry conditions that are accepted. The three by default are those where no generation has begun:
            the connection failed, the server refused the stream ("it is safe to retry", says the reference of
            `retryConditions`), or it answered 409.
    """

    allowed: tuple[str, ...] = ("connect-failure", "refused-stream", "retriable-4xx")


@rule(
    title="The URL map repeats no generation that has begun",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/traffic-management-global",
)
def llm_backend_retry(service: BackendService, options: RetryOptions) -> Iterator[Verdict]:
    """A retry policy repeats a request only where the server has not begun to generate.

    ## What it checks
    The retry conditions of every route that sends requests to the service are among `allowed`. Routes without a retry
    policy pass: the load balancer then repeats requests without a body only, which a prompt is not.

    ## Why it matters
    `5xx` and `gateway-error` also stand for a connection that was reset or timed out while the server was generating,
    and the gRPC conditions for calls that were cut off. The load balancer then has the whole answer generated again,
    and by num_retries times more, just when servers are overloaded.

    ## Applies to
    Services behind URL maps, global and regional, of every scheme: defaults, path rules and route rules. Routes that
    redirect or abort every request by fault injection are not judged.

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
    When routes, the services behind them or retry conditions are computed, or a retry policy names no condition.
    """
    url_maps = url_maps_of(service.stack, service.resource)
    if not url_maps:
        yield _without_url_map(service)
    for url_map in url_maps:
        yield from _judge(url_map, service, options)


def _judge(url_map: UrlMap, service: BackendService, options: RetryOptions) -> Iterator[Verdict]:
    if isinstance(url_map.routes, Unknown):
        yield Undecided(f"the routes of `{url_map.name}` are computed")
        return
    for route in url_map.routes:
        sent = route.sends_to(service.resource)
        verdict = None if sent is False else _judge_route(route, url_map.name, options)
        if isinstance(verdict, Fail) and sent is UNKNOWN:
            verdict = Undecided(f"whether {route.label} in `{url_map.name}` sends requests to it is not known")
        if verdict:
            yield verdict


def _judge_route(route: Route, name: str, options: RetryOptions) -> Verdict | None:
    conditions = route.retry_conditions
    if conditions is None:
        return None
    if isinstance(conditions, Unknown):
        return Undecided(f"the retry policy of {route.label} in `{name}` is computed")
    wrong = [one for one in conditions if isinstance(one, str) and one not in options.allowed]
    if wrong:
        return Fail(
            f"In `{name}`, {route.label} repeats requests on {quoted(wrong)}.",
            f"Retries on nothing but {quoted(options.allowed)}." if options.allowed else "No retries.",
            'Set `retry_conditions=["connect-failure"]`, or leave the retry policy out.',
        )
    if not conditions or any(isinstance(one, Unknown) for one in conditions):
        return Undecided(f"not all conditions of the retry policy of {route.label} in `{name}` are known")
    return None


def _without_url_map(service: BackendService) -> Verdict:
    if service.stack.is_complete:
        return NotApplicable("no URL map of this stack sends requests to it")
    return Undecided("its URL map may still come")
