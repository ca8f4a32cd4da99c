"""The rule `load-balancer-balancing-mode`."""

from __future__ import annotations

from collections.abc import Sequence

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.shared_groups import SharedUse, clashing_uses
from policypack.model.products.product import Cell, Family, is_refused
from policypack.model.products.targets import MODES, TARGET_FIELDS, modes_for
from policypack.rule import Options, rule
from policypack.rules.on_gke.attached import attached_have_a_mode_of_it
from policypack.rules.shared.conditions import FITS_ITS_FRONT, GETS_BACKENDS
from policypack.rules.shared.refusal import which_product
from policypack.rules.shared.targets import metrics_count, sets_none_of, targets_fit
from policypack.verdict import Checks, Fail, Undecided, blocked, decided, known


@rule(
    title="Balancing mode, scheme and target fields are compatible",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode",
    applies=(GETS_BACKENDS, FITS_ITS_FRONT),
)
def load_balancer_balancing_mode(service: BackendService, options: Options) -> Checks:
    """The load balancer supports each backend's balancing mode, and the target fields match the mode.

    ## What it checks
    - The load balancer supports the mode. A passthrough load balancer supports only CONNECTION, an Application Load
      Balancer does not support CONNECTION, and a classic one supports neither IN_FLIGHT nor CUSTOM_METRICS.
    - RATE, CONNECTION and IN_FLIGHT have the limit that they need.
    - No target field is set that the mode rejects or ignores, and targets are in range. A target of 0 counts as not
      set, except for `max_utilization`, where it leaves no capacity.
    - A backend has at most two custom metrics. Outside CUSTOM_METRICS mode, they are all in dry-run mode.
      `custom_metrics` of the service, for `locality_lb_policy` WEIGHTED_ROUND_ROBIN, are compatible with every mode.
    - `traffic_duration` is not LONG in RATE mode, and not SHORT in IN_FLIGHT mode.
    - An instance group that is a backend of several services has compatible modes in all of them. UTILIZATION (the
      provider's default) and CUSTOM_METRICS cannot be combined with another mode. RATE, CONNECTION and IN_FLIGHT can be
      combined with each other. NEGs may have any combination.

    For backends that a controller in GKE attaches, the annotation `controller.autoneg.dev/neg` decides: the mode is
    RATE if it sets a rate, and CONNECTION otherwise.

    `backend-group-kind` checks what depends on the kind of group.

    ## Why it matters
    The provider's preview accepts all of these. The API rejects some during the update. It silently ignores others,
    such as `max_utilization` in RATE mode, so a limit in the program is not a limit in production.

    ## Applies to
    Global and regional backend services of every scheme. Passthrough services behind a target proxy are exempt, because
    their scheme is wrong (see `forwarding-rule-scheme`).

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
    The verdict is undecided when:

    - `backends` is built inside `apply`;
    - a mode, a target, the scheme or the protocol is computed, and the verdict depends on it;
    - another service may have the same instance group in an incompatible mode;
    - a target is set, and no page says whether it counts in the mode: `max_utilization` in IN_FLIGHT mode, a limit of
      connections in CUSTOM_METRICS mode.
    """
    yield attached_have_a_mode_of_it(service)
    for backend in decided(service.backends, blocked(service.links.why, "backends")):
        yield _mode_and_targets_fit(service, backend)
        yield metrics_count(service, backend)
    for use in clashing_uses(service):
        yield _shares_no_group(use)


def _mode_and_targets_fit(service: BackendService, backend: Backend) -> Checks:
    mode = known(backend.balancing_mode, "balancing_mode", backend.label)
    if mode not in MODES:
        yield Fail(
            f"Backend `{backend.label}` has balancing mode `{mode}`, which does not exist.",
            f"One of {', '.join(MODES)}.",
            f"Set ``balancing_mode`` to {_either(tuple(MODES))}.",
        )
        return
    is_passthrough = known(service.is_passthrough, "load_balancing_scheme")
    yield _load_balancer_has_mode(service, backend, mode)
    if is_passthrough:
        yield sets_none_of(backend, TARGET_FIELDS, "A passthrough load balancer supports no target.")
    else:
        yield targets_fit(backend, mode)


def _load_balancer_has_mode(service: BackendService, backend: Backend, mode: str) -> Checks:
    family = known(service.family, service.undecided_property, because="load balancers differ in their modes")
    cells = {MODES[mode].cells[product] for product in service.nearest_products}
    if is_refused(cells) is True:
        having = [one for one, row in MODES.items() if Cell.TAKEN in map(row.cells.get, service.nearest_products)]
        fitting = [one for one in having if one in modes_for(backend.backend_kinds)]
        yield Fail(
            f"Backend `{backend.label}` has balancing mode {mode}, which this load balancer does not support.",
            f"One of {', '.join(fitting)}." if fitting else "No balancing mode: this kind of NEG supports none.",
            _mode_to_set(fitting, family),
        )
    elif len(cells) > 1 and service.undecided_property:
        yield which_product(service)


def _mode_to_set(modes: Sequence[str], family: Family | None) -> str:
    if not modes:
        return "Omit ``balancing_mode``."
    if family is Family.PASSTHROUGH:
        return f'Set ``balancing_mode="{modes[0]}"`` explicitly: UTILIZATION is the provider\'s default.'
    return f"Set ``balancing_mode`` to {_either(modes)}."


def _either(modes: Sequence[str]) -> str:
    return " or ".join([", ".join(modes[:-1]), modes[-1]] if len(modes) > 1 else modes)


def _shares_no_group(use: SharedUse) -> Checks:
    if use.is_certain:
        yield Fail(
            f"Instance group `{use.group}` is in {use.mode} mode here, and in {use.other_mode} mode in `{use.other}`.",
            "Compatible modes for an instance group in all its services; RATE, CONNECTION and IN_FLIGHT can be "
            "combined.",
            "Set RATE with ``max_rate_per_instance`` behind Application Load Balancers, and CONNECTION behind others.",
        )
    else:
        why = f"`{use.other}` may have the group of backend `{use.group}` in a mode that does not go with the one here"
        yield Undecided(why, "backends")
