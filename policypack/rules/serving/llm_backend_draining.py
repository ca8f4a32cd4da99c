"""The rule `llm-backend-draining`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict

# https://cloud.google.com/load-balancing/docs/enabling-connection-draining
_LONGEST_SECONDS: Final = 3600


@dataclass(frozen=True)
class DrainingOptions(Options):
    """Options of `llm-backend-draining`.

    Attributes:
        min_seconds: the shortest draining that is accepted. 0, the default, asks for the service's own `timeout_sec`,
            the time of its longest answer, or for 3600, the longest draining that the API takes
            (https://cloud.google.com/load-balancing/docs/enabling-connection-draining), if that is less.
    """

    min_seconds: Annotated[int, Range(0, 3600)] = 0


@rule(
    title="A backend that is removed may finish its answers",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/enabling-connection-draining",
)
def llm_backend_draining(service: BackendService, options: DrainingOptions) -> Iterator[Verdict]:
    """Connection draining lasts as long as the longest answer.

    ## What it checks
    `connection_draining_timeout_sec` is at least `min_seconds` or, if that is 0, at least `timeout_sec`, up to the
    3600 seconds that the API takes. Left out, it is 300, the provider's default. 0 is never accepted. A passthrough
    load balancer has no time-out to compare with: there it is above 0, and at least `min_seconds`.

    ## Why it matters
    Every update, every scale-in and every repair removes machines. What they are still generating when draining ends
    is cut off in the middle of the answer.

    ## Applies to
    Global and regional backend services of every scheme with instance groups, zonal or hybrid NEGs. Serverless,
    internet and Private Service Connect NEGs have nothing that the load balancer drains.

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

    ## Undecided
    When draining or the time-out is computed, or draining is too short and the kind of the backends or the scheme is
    not known.
    """
    if service.is_measured is False:
        yield NotApplicable("its backends have no connections that the load balancer drains")
        return
    draining = service.draining_seconds
    required = _required_seconds(service, options)
    if isinstance(draining, Unknown):
        yield Undecided("`connection_draining_timeout_sec` is not known")
    elif draining > _LONGEST_SECONDS:
        yield from _if_certain(service, _fail(draining, f"At most {_LONGEST_SECONDS} s, which the API takes."))
    elif draining <= 0:
        yield from _if_certain(service, _fail(draining, "Draining, so that answers can end."))
    elif draining == _LONGEST_SECONDS:
        return
    elif isinstance(required, Unknown):
        yield Undecided("`timeout_sec` is not known, and so how long answers take")
    elif draining < required and service.is_passthrough is UNKNOWN and not options.min_seconds:
        yield Undecided("its load balancing scheme is not known, and so whether it has a time-out")
    elif draining < required:
        of_what = "the option `min_seconds`" if options.min_seconds else "its time-out"
        yield from _if_certain(service, _fail(draining, f"At least {required:g} s, {of_what}.", required))


def _required_seconds(service: BackendService, options: DrainingOptions) -> float | Unknown:
    if options.min_seconds:
        return options.min_seconds
    if service.is_passthrough is True:
        return 0
    timeout = service.timeout_seconds
    return UNKNOWN if isinstance(timeout, Unknown) else min(timeout, _LONGEST_SECONDS)


def _fail(draining: float, required: str, seconds: float | None = None) -> Fail:
    fix = f"Set `connection_draining_timeout_sec` to {seconds:g} or more" if seconds else "Set it to the time-out"
    return Fail(f"It drains for {draining:g} s.", required, f"{fix}, up to {_LONGEST_SECONDS}.")


def _if_certain(service: BackendService, failure: Fail) -> Iterator[Verdict]:
    if not service.has_no_backends and service.is_measured is UNKNOWN:
        yield Undecided("the kind of its backends is not known, and so whether they are drained")
    else:
        yield failure
