"""The rule `backend-group-kind`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import MANAGER_COLLECTION
from policypack.model.balancing.kinds import KINDS, BackendKind
from policypack.model.balancing.product import Cell, agreed
from policypack.model.balancing.targets import MODES_OF_KINDS, SETTINGS_OF_KINDS, TARGET_FIELDS
from policypack.model.values.logic import all_of, equals, negation
from policypack.model.values.values import Unknown, python_name
from policypack.rule import Options, rule
from policypack.rules.conditions import FITS_ITS_FRONT, HAS_BACKENDS
from policypack.rules.mixtures import as_many_as_taken, google_api_is_alone, kinds_go_together, platforms_agree
from policypack.rules.refusal import refused, which_kind, which_product
from policypack.verdict import Checks, Fail, known, not_known, provided

_UTILIZATION: Final = "UTILIZATION"
_FIXES: Final = {
    BackendKind.ZONAL_NEG: 'Set `network_endpoint_type="GCE_VM_IP"` on the NEG.',
    BackendKind.ZONAL_IP_NEG: 'Set `network_endpoint_type="GCE_VM_IP_PORT"` on the NEG: a proxy needs ports.',
    BackendKind.SERVERLESS_NEG: "Use an Application Load Balancer: scheme EXTERNAL_MANAGED or INTERNAL_MANAGED with "
    '`protocol="HTTPS"`.',
    BackendKind.GLOBAL_INTERNET_NEG: "Use a global external Application Load Balancer, or a regional load balancer "
    "with a `RegionNetworkEndpointGroup` of type INTERNET_FQDN_PORT.",
    BackendKind.REGIONAL_INTERNET_NEG: "Use a regional load balancer with a proxy, or a global external Application "
    "Load Balancer with a `GlobalNetworkEndpointGroup`.",
}
_OTHER_GROUP: Final = "Use a group of such a kind, or a load balancer that takes this one."
_OTHER_MODE: Final = (
    "Another balancing mode than UTILIZATION, the provider's default: endpoints of a NEG have no utilization.",
    'Set `balancing_mode="RATE"` with `max_rate_per_endpoint`; behind a proxy Network Load Balancer '
    '`balancing_mode="CONNECTION"` with `max_connections_per_endpoint`.',
)
_NO_MODE: Final = (
    "No balancing mode and no target: this kind of NEG has neither.",
    "Leave `balancing_mode` out, and all targets.",
)
_NO_LIMIT: Final = "Instance groups take limits per instance, zonal and hybrid NEGs per endpoint, other NEGs none."


@rule(
    title="Balancing mode, targets and service settings fit the kind of each backend",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#backends",
    applies=(HAS_BACKENDS, FITS_ITS_FRONT),
)
def backend_group_kind(service: BackendService, options: Options) -> Checks:
    """What is set on a backend and on its service is what that kind of group takes.

    ## What it checks
    - `group` is the URL of an instance group or a NEG: not of the manager (`manager.instance_group`, not
      `manager.self_link`), an instance or anything else.
    - The load balancer takes the kind: GCE_VM_IP is for passthrough load balancers alone, a port mapping NEG for the
      internal one; serverless NEGs are for Application Load Balancers, internet NEGs for those that
      the table in `docs/load-balancers.md` names.
    - Kinds go together: instance groups alone, zonal NEGs with or without hybrid ones, or NEGs of one other kind;
      serverless NEGs of one product, such as Cloud Run.
    - There are as many as one service can have: one global internet or port mapping NEG, up to 50 regional internet
      NEGs, one serverless NEG a region of a global external load balancer and one of a regional one, one Private
      Service Connect NEG for a Google API. Pages do not agree on how many serverless NEGs a cross-region internal one
      takes: any number passes.
    - A zonal or hybrid NEG is not in UTILIZATION mode, the provider's default, and has no limit per instance.
    - An instance group has no limit per endpoint; a regional managed one has no limit for the whole group, no
      `preference="PREFERRED"` and no `service_lb_policy` on its service.
    - A serverless, internet or Private Service Connect NEG has no target, no other mode than UTILIZATION, which the
      provider sets and which does no harm, and no `capacity_scaler` between 0 and 1.
    - A service with a serverless NEG has no `port_name`, and no `timeout_sec` but 30.

    ## Why it matters
    The provider's preview accepts all of these, and the API refuses them during the update, halfway through a
    deployment. A regional managed instance group that is preferred is not: the setting has no effect there.

    ## Applies to
    Global and regional backend services of every scheme, but for passthrough ones behind a target proxy, whose scheme
    is wrong.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
    )
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        backends=[{"group": group.instance_group, "balancing_mode": "RATE", "max_rate": 400}],
    )
    ```

    ## Passes
    ```diff
         protocol="HTTP",
    -    backends=[{"group": group.instance_group, "balancing_mode": "RATE", "max_rate": 400}],
    +    backends=[{"group": group.instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4}],
     )
    ```

    ## Undecided
    When `backends` is built inside `apply`, the kind of a group is not known, or a mode, a target or a setting that
    the kind forbids is computed. Before the first deployment, `manager.self_link` can't be told from
    `manager.instance_group`; that a NEG in a zone outside the stack has endpoints with ports, as those of GKE have, is
    taken for granted.
    """
    backends = known(service.backends, "backends", because=service.links.why)
    yield kinds_go_together(service)
    yield platforms_agree(service)
    yield google_api_is_alone(service)
    for kind in KINDS:
        yield as_many_as_taken(service, kind)
    uses_proxy, doubt = negation(service.is_passthrough), not_known("load_balancing_scheme")
    for backend in backends:
        yield _is_group(backend)
        yield _load_balancer_takes_kind(service, backend)
        for check in (_mode_fits(backend), _scaler_fits(backend), _settings_fit_kind(service, backend)):
            yield provided(uses_proxy, doubt, check)


def _is_group(backend: Backend) -> Checks:
    if backend.wrong_collection:
        is_manager = backend.wrong_collection == MANAGER_COLLECTION
        yield Fail(
            f"`group` of backend `{backend.label}` is a URL of `{backend.wrong_collection}`.",
            "The URL of an instance group or a network endpoint group.",
            "Set `group` to `instance_group` of the manager, whose URL has `instanceGroups` in it."
            if is_manager
            else "Set `group` to `instance_group` of a manager, or to the `id` of an instance group or a NEG.",
        )


def _load_balancer_takes_kind(service: BackendService, backend: Backend) -> Checks:
    kinds = _likely_kinds(service, backend)
    if not any(kind.is_neg for kind in kinds):
        return
    if service.is_passthrough is not False:
        known(service.is_load_balancer, service.undecided_property)
    taken = [kind.value for kind, row in KINDS.items() if Cell.TAKEN in map(row.cells.get, service.products)]
    check = refused(
        [KINDS[kind].cells[product] for product in service.products for kind in kinds],
        Fail(
            f"Backend `{backend.label}` is a {backend.kind_name}, which this load balancer does not take.",
            f"It takes: {', '.join(taken)}.",
            " ".join(fix for kind, fix in _FIXES.items() if kind in kinds) or _OTHER_GROUP,
        ),
        which_product(service) if service.undecided_property else which_kind(backend),
    )
    yield provided(service.is_load_balancer, which_product(service), check)


def _likely_kinds(service: BackendService, backend: Backend) -> frozenset[BackendKind]:
    """The kinds that it can be; those of a zonal NEG outside the stack behind a proxy have ports."""
    is_outside = backend.group is not None and backend.group.is_external
    without_ports = {BackendKind.ZONAL_IP_NEG} if is_outside and service.is_passthrough is False else set()
    return backend.backend_kinds - without_ports


def _mode_fits(backend: Backend) -> Checks:
    if not any(cells[kind] is Cell.REFUSED for cells in MODES_OF_KINDS.values() for kind in backend.backend_kinds):
        return
    mode = known(backend.balancing_mode, "balancing_mode", backend.label)
    cells = [MODES_OF_KINDS[mode][kind] for kind in backend.backend_kinds] if mode in MODES_OF_KINDS else []
    # UTILIZATION, which the provider sets, does no harm where it has no effect.
    required, fix = _OTHER_MODE if mode == _UTILIZATION else _NO_MODE
    yield from refused(
        [Cell.TAKEN if cell is Cell.NO_EFFECT else cell for cell in cells],
        Fail(f"Backend `{backend.label}` is a {backend.kind_name} in {mode} mode.", required, fix),
        which_kind(backend),
    )


def _scaler_fits(backend: Backend) -> Checks:
    scaler = backend.capacity_scaler
    takes_none = agreed(SETTINGS_OF_KINDS["capacityScaler"][kind] is Cell.NO_EFFECT for kind in backend.backend_kinds)
    if takes_none is not False and scaler is not None and 0 < known(scaler, "capacity_scaler", backend.label) < 1:
        fail = Fail(
            f"Backend `{backend.label}` is a {backend.kind_name}, where `capacity_scaler` {scaler:g} has no effect.",
            "`capacity_scaler` 1, which a regional service has to say, or none.",
            "Set `capacity_scaler=1.0`. Weights between services in the URL map split traffic.",
        )
        yield provided(takes_none, which_kind(backend), iter([fail]))


def _settings_fit_kind(service: BackendService, backend: Backend) -> Checks:
    yield _takes(backend, "port_name", service.sets("port_name"))
    yield _takes(backend, "timeout_sec", service.has_own_timeout)
    # The classic load balancer takes these from no group, which `load-balancer-attributes` says.
    is_preferred, may_be = equals(backend.preference, "PREFERRED"), negation(service.is_classic)
    yield _takes(backend, "preference", all_of([is_preferred, may_be]))
    yield _takes(backend, "service_lb_policy", all_of([service.sets("service_lb_policy"), may_be]))
    for field in TARGET_FIELDS:
        yield _takes(backend, field, backend.is_set(field))


def _takes(backend: Backend, setting: str, is_there: bool | Unknown) -> Checks:
    is_refused = agreed(SETTINGS_OF_KINDS[setting][kind] is Cell.REFUSED for kind in backend.backend_kinds)
    yield provided(is_refused, which_kind(backend), _is_left_out(backend, python_name(setting), is_there))


def _is_left_out(backend: Backend, name: str, is_there: bool | Unknown) -> Checks:
    if known(is_there, name, backend.label):
        yield Fail(
            f"Backend `{backend.label}` is a {backend.kind_name}, and `{name}` is set.",
            "Settings and targets that the kind of group has.",
            f"Remove `{name}`. {_NO_LIMIT}"
            if name.startswith("max_")
            else f"Remove `{name}`, or use another kind of group.",
        )
