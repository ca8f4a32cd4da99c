"""The rule `load-balancer-balancing-mode`."""

from __future__ import annotations

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.shared_groups import SharedUse, clashing_uses
from policypack.model.products.product import Cell, Family, is_refused
from policypack.model.products.targets import MODES, TARGET_FIELDS
from policypack.rule import Options, rule
from policypack.rules.on_gke.attached import attached_have_a_mode_of_it
from policypack.rules.shared.conditions import FITS_ITS_FRONT, GETS_BACKENDS
from policypack.rules.shared.refusal import which_product
from policypack.rules.shared.targets import metrics_count, sets_none_of, targets_fit
from policypack.verdict import Checks, Fail, Undecided, known


@rule(
    title="Balancing mode, scheme and target fields are compatible",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode",
    applies=(GETS_BACKENDS, FITS_ITS_FRONT),
)
def load_balancer_balancing_mode(service: BackendService, options: Options) -> Checks:
    """Each backend's balancing mode fits the load balancer, and its target fields fit the mode.

    ## What it checks
    The mode is one that the load balancer has (a passthrough one has CONNECTION only, an
    application one does not have it, a classic one has neither IN_FLIGHT nor CUSTOM_METRICS); RATE, CONNECTION and
    IN_FLIGHT have the limit that they need; no target field is set that the mode refuses or ignores; targets are in
    range; at most two custom metrics, and none that is to count in another mode than CUSTOM_METRICS. `custom_metrics`
    of the service, for `locality_lb_policy` WEIGHTED_ROUND_ROBIN, go with every mode. `traffic_duration` is not LONG in
    RATE mode, and not SHORT in IN_FLIGHT mode. What depends on the kind of
    group is left to `backend-group-kind`. A target field of 0 is not set, except `max_utilization`, where it leaves no
    capacity.

    What a controller in GKE attaches (`controller.autoneg.dev/neg`) is in RATE mode where that annotation sets a rate,
    else in CONNECTION mode.

    An instance group that is in several services has modes that go together there: UTILIZATION, the provider's
    default, and CUSTOM_METRICS go with no other; RATE, CONNECTION and IN_FLIGHT do. NEGs may have any.

    ## Why it matters
    The provider's preview accepts all of these. The API refuses some during the update; others, such as
    `max_utilization` in RATE mode, it silently ignores, so a limit in the program is not a limit in production.

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
    yield attached_have_a_mode_of_it(service)
    for backend in known(service.backends, "backends", because=service.links.why):
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
            "Set ``balancing_mode`` to one of them.",
        )
        return
    is_passthrough = known(service.is_passthrough, "load_balancing_scheme")
    yield _load_balancer_has_mode(service, backend, mode)
    if is_passthrough:
        yield sets_none_of(backend, TARGET_FIELDS, "A passthrough load balancer takes no target.")
    else:
        yield targets_fit(backend, mode)


def _load_balancer_has_mode(service: BackendService, backend: Backend, mode: str) -> Checks:
    family = known(service.family, service.undecided_property, because="load balancers differ in their modes")
    cells = {MODES[mode].cells[product] for product in service.nearest_products}
    having = [one for one, row in MODES.items() if Cell.TAKEN in map(row.cells.get, service.nearest_products)]
    if is_refused(cells) is True:
        yield Fail(
            f"Backend `{backend.label}` has balancing mode {mode}, which this load balancer does not support.",
            f"One of {', '.join(having)}.",
            f'Set ``balancing_mode="{having[0]}"`` explicitly: UTILIZATION is the provider\'s default.'
            if family is Family.PASSTHROUGH
            else "Set ``balancing_mode`` to one of them.",
        )
    elif len(cells) > 1 and service.undecided_property:
        yield which_product(service)


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
