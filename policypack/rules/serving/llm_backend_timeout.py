"""The rule `llm-backend-timeout`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.route import Route
from policypack.model.frontend.url_map import UrlMap, url_maps_of
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict


@dataclass(frozen=True)
class TimeoutOptions(Options):
    """Options of `llm-backend-timeout`.

    Attributes:
        min_seconds: the shortest time-out that is accepted, the time of the longest answer; 600 is how long the OpenAI
            client libraries wait by default (https://github.com/openai/openai-python#timeouts).
        max_seconds: the longest time-out that is accepted; the load balancer honours none beyond 86400, one day
            (https://cloud.google.com/load-balancing/docs/https/request-distribution).
    """

    min_seconds: Annotated[int, Range(1, 86400)] = 600
    max_seconds: Annotated[int, Range(1, 2147483647)] = 86400

    def problem(self) -> str | None:
        """Why no time-out could pass, if none could."""
        if self.min_seconds <= self.max_seconds:
            return None
        return f"option `min_seconds` ({self.min_seconds}) is above option `max_seconds` ({self.max_seconds})"


@rule(
    title="The time-out is long enough for the longest answer",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#timeout-setting",
)
def llm_backend_timeout(service: BackendService, options: TimeoutOptions) -> Iterator[Verdict]:
    """The load balancer waits for the longest answer of the model to end.

    ## What it checks
    `timeout_sec` is within `min_seconds` and `max_seconds`. Left out, it is 30. So are the time-outs of the routes that
    URL maps of the stack have to the service, which go before it on all load balancers but the classic one.

    ## Why it matters
    The time-out runs from the first byte of the request to the last byte of the response, not between bytes. With the
    default every stream of tokens is cut after 30 seconds, in the middle of the answer; 0 is refused.

    ## Applies to
    Services of proxy load balancers, global and regional. Not to passthrough ones, which have no time-out, nor to
    those in front of serverless NEGs: the API takes no time-out there, the serverless product has its own.

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
         backends=[{"group": "projects/my-project/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
    ```

    ## Undecided
    When the time-out is computed, or a wrong one may not count: the scheme, or whether a backend is serverless, is not
    known.
    """
    if service.is_passthrough is True:
        yield NotApplicable("a passthrough load balancer has no time-out")
        return
    if service.has_only_serverless_backends:
        yield NotApplicable("a serverless NEG takes no time-out, its product has its own")
        return
    yield from _judge_service(service, options)
    for url_map in url_maps_of(service.stack, service.resource):
        yield from _judge_routes(url_map, service, options)


def _judge_service(service: BackendService, options: TimeoutOptions) -> Iterator[Verdict]:
    timeout = service.timeout_seconds
    if isinstance(timeout, Unknown):
        yield Undecided("`timeout_sec` is not known")
    elif options.min_seconds <= timeout <= options.max_seconds:
        return
    elif service.is_passthrough is UNKNOWN:
        yield Undecided("its load balancing scheme is not known, and so whether it has a time-out")
    elif service.may_have_serverless_backends:
        yield Undecided("the kind of its backends is not known, and serverless ones take no time-out")
    else:
        yield Fail(
            f"Its time-out is {timeout:g} s{'' if service.has_setting('timeoutSec') is True else ', the default'}.",
            f"A time-out from {options.min_seconds} to {options.max_seconds} s.",
            f"Set `timeout_sec` to the time of the longest answer, {options.min_seconds} or more."
            if timeout < options.min_seconds
            else f"Set `timeout_sec` to {options.max_seconds} or less.",
        )


def _judge_routes(url_map: UrlMap, service: BackendService, options: TimeoutOptions) -> Iterator[Verdict]:
    """The classic load balancer has no time-outs of routes; on all others they go before the service's."""
    if isinstance(service.scheme, str) and service.scheme == "EXTERNAL":
        return
    if isinstance(url_map.routes, Unknown):
        yield Undecided(f"the routes of `{url_map.name}` are computed, and may have time-outs")
        return
    for route in url_map.routes:
        sent, timeout = route.sends_to(service.resource), route.timeout_seconds
        if sent is False or timeout is None:
            continue
        if isinstance(timeout, Unknown):
            yield Undecided(f"the time-out of {route.label} in `{url_map.name}` is not known")
        elif not options.min_seconds <= timeout <= options.max_seconds:
            is_certain = sent is True and isinstance(service.scheme, str) and not service.may_have_serverless_backends
            yield (
                _bad_route(timeout, route, url_map, options)
                if is_certain
                else Undecided(
                    f"whether the time-out of {route.label} in `{url_map.name}` is that of its answers is not known"
                )
            )


def _bad_route(timeout: float, route: Route, url_map: UrlMap, options: TimeoutOptions) -> Fail:
    return Fail(
        f"In `{url_map.name}`, {route.label} has a time-out of {timeout:g} s, which goes before that of the service.",
        f"A time-out from {options.min_seconds} to {options.max_seconds} s.",
        "Leave `timeout` out of the route action, or set it to the time of the longest answer.",
    )
