"""The rule `load-balancer-balancing-mode`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend import (
    CONNECTION_FIELDS,
    IN_FLIGHT_FIELDS,
    LIMITS_OF_MODES,
    RATE_FIELDS,
    Backend,
)
from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown, python_name
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted

_MODES: Final = {
    "application": ("UTILIZATION", "RATE", "IN_FLIGHT", "CUSTOM_METRICS"),
    "proxy network": ("UTILIZATION", "CONNECTION"),
    "passthrough": ("CONNECTION",),
}
_FORBIDDEN: Final = {
    "UTILIZATION": (),
    "RATE": ("maxUtilization", *CONNECTION_FIELDS, *IN_FLIGHT_FIELDS),
    "CONNECTION": ("maxUtilization", *RATE_FIELDS, *IN_FLIGHT_FIELDS),
    "IN_FLIGHT": (*RATE_FIELDS, *CONNECTION_FIELDS),
    "CUSTOM_METRICS": ("maxUtilization",),
}
_ALL_TARGETS: Final = ("maxUtilization", *RATE_FIELDS, *CONNECTION_FIELDS, *IN_FLIGHT_FIELDS)
_MODES_NOT_ON_CLASSIC: Final = ("IN_FLIGHT", "CUSTOM_METRICS")
_MAX_METRICS: Final = 2


@rule(
    title="Balancing mode, scheme and target fields go together",
    severity="high",
    level="mandatory",
    stage="resource",
    url="https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode",
)
def load_balancer_balancing_mode(service: BackendService, options: Options) -> Iterator[Verdict]:
    """Each backend's balancing mode fits the load balancer, and its target fields fit the mode.

    ## What it checks
    From the service alone: the mode is one that the load balancer has (a passthrough one has CONNECTION only, an
    application one does not have it, a classic one has neither IN_FLIGHT nor CUSTOM_METRICS); RATE, CONNECTION and
    IN_FLIGHT have the limit that they need; no target field is set that the mode refuses or ignores; targets are in
    range; at most two custom metrics. What depends on the kind of group is left to other rules. A target field of 0
    is not set, except `max_utilization`, where it leaves no capacity.

    ## Why it matters
    The provider's preview accepts all of these. The API refuses some during the update; others, such as
    `max_utilization` in RATE mode, it silently ignores, so that a limit in the program is no limit in production.

    ## Applies to
    Global and regional backend services of every scheme.

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
                "balancing_mode": "RATE",
                "max_utilization": 0.8,
            }
        ],
    )
    ```

    ## Passes
    ```diff
                 "balancing_mode": "RATE",
    -            "max_utilization": 0.8,
    +            "max_rate_per_instance": 4,
             }
    ```

    ## Undecided
    When `backends` is built inside `apply`, or a mode, a target, the scheme or the protocol is computed and decides.
    """
    if isinstance(service.backends, Unknown):
        yield Undecided(f"its balancing modes are not known: {service.links.why or '`backends` is not known'}")
    elif not service.backends:
        yield NotApplicable("it has no backends")
    else:
        for backend in service.backends:
            yield from _judge(service, backend, f"`{backend.label}`")


def _judge(service: BackendService, backend: Backend, name: str) -> Iterator[Verdict]:
    mode = backend.balancing_mode
    if isinstance(mode, Unknown):
        yield Undecided(f"the balancing mode of {name} is not known")
        return
    if mode not in _FORBIDDEN:
        yield Fail(
            f"Backend {name} has balancing mode `{mode}`, which does not exist.",
            f"One of {', '.join(_FORBIDDEN)}.",
            "Set `balancing_mode` to one of them.",
        )
        return
    yield from _judge_load_balancer(service, mode, name)
    if service.is_passthrough is True:
        yield from _judge_unwanted(backend, _ALL_TARGETS, "A passthrough load balancer takes no target.", name)
        return
    if service.is_passthrough is UNKNOWN:
        yield Undecided(f"the scheme is not known, and so which targets {name} takes")
        return
    yield from _judge_needed(backend, mode, name)
    yield from _judge_unwanted(backend, _FORBIDDEN[mode], f"{mode} mode takes targets of its own only.", name)
    yield from _judge_range(backend, mode, name)
    yield from _judge_metrics(backend, mode, name)


def _judge_load_balancer(service: BackendService, mode: str, name: str) -> Iterator[Verdict]:
    family = _family(service)
    if isinstance(family, Unknown):
        yield Undecided(f"scheme and protocol are not known, and so whether the load balancer has the mode of {name}")
    elif family and mode not in _MODES[family]:
        article = "An" if family == "application" else "A"
        yield Fail(
            f"Backend {name} has balancing mode {mode}, which this load balancer does not have.",
            f"{article} {family} load balancer has {', '.join(_MODES[family])}.",
            f'Set `balancing_mode="{_MODES[family][0]}"` explicitly: UTILIZATION is the provider\'s default.'
            if family == "passthrough"
            else "Set `balancing_mode` to one of them.",
        )
    elif mode in _MODES_NOT_ON_CLASSIC and isinstance(service.scheme, Unknown):
        yield Undecided(f"the scheme is not known, and so whether {name} can have balancing mode {mode}")
    elif mode in _MODES_NOT_ON_CLASSIC and service.scheme == "EXTERNAL":
        yield Fail(
            f"Backend {name} has balancing mode {mode}, which the classic load balancer does not have.",
            "Balancing mode UTILIZATION, RATE or CONNECTION with scheme EXTERNAL.",
            'Set `load_balancing_scheme="EXTERNAL_MANAGED"`, or another mode.',
        )


def _family(service: BackendService) -> str | Unknown | None:
    """The family of load balancer, `None` if scheme and protocol do not form one (another rule says so)."""
    if isinstance(service.is_passthrough, Unknown):
        return UNKNOWN
    if service.is_passthrough:
        return "passthrough"
    if isinstance(service.protocol, Unknown):
        return UNKNOWN
    if service.protocol in ("TCP", "SSL"):
        # Which modes Cloud Service Mesh has for TCP is not documented.
        is_mesh = isinstance(service.scheme, Unknown) or service.scheme == "INTERNAL_SELF_MANAGED"
        return (UNKNOWN if isinstance(service.scheme, Unknown) else None) if is_mesh else "proxy network"
    return "application" if service.protocol in (None, "HTTP", "HTTPS", "HTTP2", "H2C", "GRPC") else None


def _judge_needed(backend: Backend, mode: str, name: str) -> Iterator[Verdict]:
    fields = LIMITS_OF_MODES.get(mode)
    if not fields:
        return
    has_limit = backend.has_any(fields)
    if has_limit is UNKNOWN:
        yield Undecided(f"the limit of {name} is not known")
    elif has_limit is False:
        yield Fail(
            f"Backend {name} is in {mode} mode without a limit.",
            f"One of {', '.join(map(python_name, fields))}.",
            "Set the limit for each instance or endpoint to what one server can carry.",
        )


def _judge_unwanted(backend: Backend, fields: tuple[str, ...], required: str, name: str) -> Iterator[Verdict]:
    unwanted = [python_name(field) for field in fields if backend.is_set(field) is True]
    if unwanted:
        yield Fail(
            f"Backend {name} sets {quoted(unwanted)}, which is refused or ignored there.",
            required,
            f"Remove {quoted(unwanted)}, or choose the mode that they belong to.",
        )
    unknown = [python_name(field) for field in fields if backend.is_set(field) is UNKNOWN]
    if unknown:
        yield Undecided(f"it is not known whether {name} sets {quoted(unknown)}")


def _judge_range(backend: Backend, mode: str, name: str) -> Iterator[Verdict]:
    if mode != "UTILIZATION":
        return
    target = backend.max_utilization
    if isinstance(target, Unknown):
        yield Undecided(f"`max_utilization` of {name} is not known")
    elif target is not None and not 0 < target <= 1:
        yield Fail(
            f"Backend {name} has `max_utilization` {target:g}.",
            "`max_utilization` is a fraction above 0, which leaves no capacity, up to 1.",
            "Set `max_utilization=0.8`, or lower.",
        )


def _judge_metrics(backend: Backend, mode: str, name: str) -> Iterator[Verdict]:
    if mode != "CUSTOM_METRICS":
        return
    if isinstance(backend.metrics, Unknown):
        yield Undecided(f"the custom metrics of {name} are not known")
    elif len(backend.metrics) > _MAX_METRICS:
        yield Fail(
            f"Backend {name} has {len(backend.metrics)} custom metrics.",
            f"At most {_MAX_METRICS} custom metrics for each backend.",
            "Keep the one or two that follow the load of the server.",
        )
    else:
        yield from _judge_metric_ranges(backend.metrics, name)


def _judge_metric_ranges(metrics: list[Properties], name: str) -> Iterator[Verdict]:
    targets = [metric.number("maxUtilization") for metric in metrics]
    wrong = [target for target in targets if not isinstance(target, Unknown) and target is not None]
    wrong = [target for target in wrong if not 0 < target <= 1]
    if wrong:
        yield Fail(
            f"Backend {name} has a custom metric with `max_utilization` {wrong[0]:g}.",
            "`max_utilization` of a custom metric is a fraction above 0, up to 1.",
            "Set it to 0.8, the provider's default, or lower.",
        )
    elif UNKNOWN in [target for target in targets if isinstance(target, Unknown)]:
        yield Undecided(f"the target of a custom metric of backend {name} is not known")
