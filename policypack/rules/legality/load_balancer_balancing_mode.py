"""The rule `load-balancer-balancing-mode`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.product import Cell, Family, is_refused
from policypack.model.balancing.shared_groups import SharedUse, clashing_uses
from policypack.model.balancing.targets import (
    LIMITS_OF_MODES,
    MAX_METRICS,
    MODES,
    MODES_OF_KINDS,
    TARGET_FIELDS,
    TARGETS_OF_MODES,
)
from policypack.model.values.values import UNKNOWN, Unknown, python_name
from policypack.rule import Options, rule
from policypack.rules.conditions import FITS_ITS_FRONT, HAS_BACKENDS
from policypack.rules.refusal import which_product
from policypack.verdict import Checks, Fail, known, not_known
from policypack.wording import quoted

_METRICS_MODE: Final = "CUSTOM_METRICS"


@rule(
    title="Balancing mode, scheme and target fields go together",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode",
    applies=(HAS_BACKENDS, FITS_ITS_FRONT),
)
def load_balancer_balancing_mode(service: BackendService, options: Options) -> Checks:
    """Each backend's balancing mode fits the load balancer, and its target fields fit the mode.

    ## What it checks
    The mode is one that the load balancer has (a passthrough one has CONNECTION only, an
    application one does not have it, a classic one has neither IN_FLIGHT nor CUSTOM_METRICS); RATE, CONNECTION and
    IN_FLIGHT have the limit that they need; no target field is set that the mode refuses or ignores; targets are in
    range; at most two custom metrics, and none that is to count in another mode than CUSTOM_METRICS. `custom_metrics`
    of the service, for `locality_lb_policy` WEIGHTED_ROUND_ROBIN, go with every mode. What depends on the kind of
    group is left to `backend-group-kind`. A target field of 0 is not set, except `max_utilization`, where it leaves no
    capacity.

    An instance group that is in several services has modes that go together there: UTILIZATION, the provider's
    default, and CUSTOM_METRICS go with no other; RATE, CONNECTION and IN_FLIGHT do. NEGs may have any.

    ## Why it matters
    The provider's preview accepts all of these. The API refuses some during the update; others, such as
    `max_utilization` in RATE mode, it silently ignores, so that a limit in the program is no limit in production.

    ## Applies to
    Global and regional backend services of every scheme, but for passthrough ones behind a target proxy, whose scheme
    is wrong.

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
    Also when another service may have the same instance group in a mode that does not go with that here.
    """
    for backend in known(service.backends, "backends", because=service.links.why):
        yield _mode_and_targets_fit(service, backend)
        yield _metrics_count(service, backend)
    for use in clashing_uses(service):
        yield _shares_no_group(use)


def _mode_and_targets_fit(service: BackendService, backend: Backend) -> Checks:
    name, mode = f"`{backend.label}`", known(backend.balancing_mode, "balancing_mode", backend.label)
    if mode not in MODES:
        yield Fail(
            f"Backend {name} has balancing mode `{mode}`, which does not exist.",
            f"One of {', '.join(MODES)}.",
            "Set `balancing_mode` to one of them.",
        )
        return
    is_passthrough = known(service.is_passthrough, "load_balancing_scheme")
    yield _load_balancer_has_mode(service, mode, name)
    if is_passthrough:
        yield from _sets_none_of(backend, TARGET_FIELDS, "A passthrough load balancer takes no target.")
        return
    cells = TARGETS_OF_MODES[mode]
    unfit = [field for field in TARGET_FIELDS if is_refused([cells[field]])]
    # NEGs without a mode need no limit for one: `backend-group-kind` says that they have none.
    if not all(MODES_OF_KINDS[mode][kind] is Cell.REFUSED for kind in backend.backend_kinds):
        yield _has_limit_of_mode(backend, mode, name)
    yield _sets_none_of(backend, unfit, f"{mode} mode takes targets of its own only.")
    if mode == "UTILIZATION":
        yield _is_in_range(backend.max_utilization, f"Backend {name}", "max_utilization", backend.label)
    if mode == "CUSTOM_METRICS":
        yield _metrics_fit(backend, name)


def _load_balancer_has_mode(service: BackendService, mode: str, name: str) -> Checks:
    family = known(service.family, service.undecided_property, because="load balancers differ in their modes")
    cells = {MODES[mode].cells[product] for product in service.nearest_products}
    having = [one for one, row in MODES.items() if Cell.TAKEN in map(row.cells.get, service.nearest_products)]
    if is_refused(cells) is True:
        yield Fail(
            f"Backend {name} has balancing mode {mode}, which this load balancer does not have.",
            f"This load balancer has {', '.join(having)}.",
            f'Set `balancing_mode="{having[0]}"` explicitly: UTILIZATION is the provider\'s default.'
            if family is Family.PASSTHROUGH
            else "Set `balancing_mode` to one of them.",
        )
    elif len(cells) > 1 and service.undecided_property:
        yield which_product(service)


def _has_limit_of_mode(backend: Backend, mode: str, name: str) -> Checks:
    fields = [python_name(field) for field in LIMITS_OF_MODES.get(mode, ())]
    if fields and not known(backend.has_any(LIMITS_OF_MODES[mode]), fields[0], backend.label):
        yield Fail(
            f"Backend {name} is in {mode} mode without a limit.",
            f"One of {', '.join(fields)}.",
            "Set the limit for each instance or endpoint to what one server can carry.",
        )


def _sets_none_of(backend: Backend, fields: Iterable[str], required: str) -> Checks:
    found = {python_name(field): backend.is_set(field) for field in fields}
    unwanted = [field for field, is_set in found.items() if is_set is True]
    if unwanted:
        yield Fail(
            f"Backend `{backend.label}` sets {quoted(unwanted)}, which is refused or ignored there.",
            required,
            f"Remove {quoted(unwanted)}, or choose the mode that they belong to.",
        )
    yield from (not_known(field, backend.label) for field, is_set in found.items() if is_set is UNKNOWN)


def _metrics_count(service: BackendService, backend: Backend) -> Checks:
    mode = known(backend.balancing_mode, "balancing_mode", backend.label)
    is_ignored = mode in MODES and mode != _METRICS_MODE
    if is_ignored and known(backend.has_effective_metric, "custom_metrics", backend.label):
        has_mode = any(MODES[_METRICS_MODE].cells[product] is Cell.TAKEN for product in service.nearest_products)
        takes_mode = any(MODES_OF_KINDS[_METRICS_MODE][kind] is Cell.TAKEN for kind in backend.backend_kinds)
        yield Fail(
            f"Backend `{backend.label}` has `custom_metrics` and is in {mode} mode, where they have no effect.",
            "CUSTOM_METRICS mode, or no custom metrics but those in dry-run mode.",
            'Set `balancing_mode="CUSTOM_METRICS"`, or remove `custom_metrics` from this backend.'
            if has_mode and takes_mode
            else "Remove `custom_metrics` from this backend.",
        )


def _shares_no_group(use: SharedUse) -> Checks:
    if use.is_certain:
        yield Fail(
            f"Instance group `{use.group}` is in {use.mode} mode here, and in {use.other_mode} mode in `{use.other}`.",
            "One mode for an instance group in all its services; RATE, CONNECTION and IN_FLIGHT go together.",
            "Set RATE with `max_rate_per_instance` behind Application Load Balancers, and CONNECTION behind others.",
        )
    else:
        yield not_known("balancing_mode", use.group, because=f"`{use.other}` may have the group in another mode")


def _is_in_range(target: float | Unknown | None, whose: str, property_name: str, of: str) -> Checks:
    target = known(target, property_name, of)
    if target is not None and not 0 < target <= 1:
        yield Fail(
            f"{whose} has `max_utilization` {target:g}.",
            "`max_utilization` is a fraction above 0, which leaves no capacity, up to 1.",
            "Set `max_utilization=0.8`, or lower.",
        )


def _metrics_fit(backend: Backend, name: str) -> Checks:
    targets = known(backend.metric_targets, "custom_metrics", backend.label)
    if len(targets) > MAX_METRICS:
        yield Fail(
            f"Backend {name} has {len(targets)} custom metrics.",
            f"At most {MAX_METRICS} custom metrics for each backend.",
            "Keep the one or two that follow the load of the server.",
        )
    for target in targets:
        yield _is_in_range(target, f"A custom metric of backend {name}", "custom_metrics", backend.label)
