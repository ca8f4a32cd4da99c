"""The rule `backend-group-kind`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import NEG_KINDS, GroupKind
from policypack.model.balancing.kinds import KINDS, BackendKind
from policypack.model.balancing.product import Cell, Family, agreed
from policypack.model.balancing.targets import MODES_OF_KINDS, TARGET_FIELDS, TARGETS_OF_KINDS
from policypack.model.values.logic import all_of, equals, negation
from policypack.model.values.values import UNKNOWN, Unknown, python_name
from policypack.rule import Options, rule
from policypack.rules.conditions import HAS_BACKENDS
from policypack.rules.refusal import refused, which_kind, which_product
from policypack.verdict import Checks, Fail, known, not_known, provided
from policypack.wording import quoted

_ENDPOINTS: Final = frozenset({BackendKind.ZONAL_NEG, BackendKind.ZONAL_IP_NEG, BackendKind.HYBRID_NEG})
# The kinds of which this rule says that a load balancer does not take them.
_JUDGED: Final = {
    Family.APPLICATION: frozenset[BackendKind](),
    Family.PROXY_NETWORK: frozenset({BackendKind.SERVERLESS_NEG}),
    Family.PASSTHROUGH: frozenset(BackendKind) - {BackendKind.PORT_MAPPING_NEG},
}
# The API takes this time-out, its default, with a serverless NEG, and no other.
_SERVERLESS_TIMEOUT_SECONDS: Final = 30


@rule(
    title="Balancing mode, targets and service settings fit the kind of each backend",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#backends",
    applies=(HAS_BACKENDS,),
)
def backend_group_kind(service: BackendService, options: Options) -> Checks:
    """What is set on a backend and on its service is what that kind of group takes.

    ## What it checks
    - A zonal or hybrid NEG is not in UTILIZATION mode, the provider's default, and has no limit per instance.
    - An instance group has no limit per endpoint; a regional managed one has no limit for the whole group, no
      `preference="PREFERRED"` and no `service_lb_policy` on its service.
    - A serverless, internet or Private Service Connect NEG has no target. UTILIZATION mode, which the provider sets,
      does no harm there.
    - A service with a serverless NEG has no `port_name`, and no `timeout_sec` but 30.
    - A passthrough load balancer has instance groups and zonal NEGs of type GCE_VM_IP only, a proxy Network Load
      Balancer no serverless NEG.
    - Instance groups and NEGs are not in one service.

    ## Why it matters
    The provider's preview accepts all of these, and the API refuses them during the update, halfway through a
    deployment. A regional managed instance group that is preferred is not: the setting has no effect there.

    ## Applies to
    Global and regional backend services of every scheme.

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
    the kind forbids is computed.
    """
    backends = known(service.backends, "backends", because=service.links.why)
    yield _has_groups_or_negs(service)
    uses_proxy, doubt = negation(service.is_passthrough), not_known("load_balancing_scheme")
    for backend in backends:
        yield _load_balancer_takes_kind(service, backend)
        yield provided(uses_proxy, doubt, _settings_fit_kind(service, backend))


def _has_groups_or_negs(service: BackendService) -> Checks:
    groups = [group.name for group in service.groups if group.kinds == {GroupKind.INSTANCE_GROUP}]
    endpoints = [group.name for group in service.groups if group.kinds <= NEG_KINDS]
    if groups and endpoints:
        yield Fail(
            f"It has instance groups, {quoted(groups)}, and NEGs, {quoted(endpoints)}.",
            "Instance groups or NEGs, not both in one service.",
            "Make a service for each, and choose between them in the URL map.",
        )


def _load_balancer_takes_kind(service: BackendService, backend: Backend) -> Checks:
    if not any(kind.is_neg for kind in backend.backend_kinds):
        return
    if service.is_passthrough is not False:
        known(service.is_load_balancer, service.undecided_property)
    taken = [kind.value for kind, row in KINDS.items() if Cell.TAKEN in map(row.cells.get, service.products)]
    check = refused(
        [
            KINDS[kind].cells[product] if kind in _JUDGED[product.family] else Cell.TAKEN
            for product in service.products
            for kind in backend.backend_kinds
        ],
        Fail(
            f"Backend `{backend.label}` is a {_names(backend)}, which this load balancer does not take.",
            f"It takes: {', '.join(taken)}.",
            "Use a backend of such a kind, or a load balancer that takes this one.",
        ),
        which_product(service) if service.undecided_property else which_kind(backend),
    )
    yield provided(service.is_load_balancer, which_product(service), check)


def _names(backend: Backend) -> str:
    return " or ".join(sorted(kind.value for kind in backend.backend_kinds))


def _settings_fit_kind(service: BackendService, backend: Backend) -> Checks:
    yield _mode_fits(backend)
    yield _targets_fit(backend)
    # The classic load balancer takes neither from any group, which `load-balancer-attributes` says.
    is_ignored = all_of([backend.is_regional_group, negation(service.is_classic)])
    doubt = not_known("load_balancing_scheme") if backend.is_regional_group is True else which_kind(backend)
    is_preferred = equals(backend.preference, "PREFERRED")
    yield provided(is_ignored, doubt, _preference_counts(backend, "preference", is_preferred))
    has_policy = service.sets("service_lb_policy")
    yield provided(is_ignored, doubt, _preference_counts(backend, "service_lb_policy", has_policy))
    is_serverless = agreed(kind is BackendKind.SERVERLESS_NEG for kind in backend.backend_kinds)
    yield provided(is_serverless, which_kind(backend), _has_no_port_name(service, backend))
    yield provided(is_serverless, which_kind(backend), _has_no_timeout(service, backend))


def _mode_fits(backend: Backend) -> Checks:
    # The others have no mode: UTILIZATION, which the provider sets, does no harm there.
    if not backend.backend_kinds & _ENDPOINTS:
        return
    cells = MODES_OF_KINDS.get(known(backend.balancing_mode, "balancing_mode", backend.label), {})
    yield from refused(
        [cells.get(kind, Cell.TAKEN) if kind in _ENDPOINTS else Cell.TAKEN for kind in backend.backend_kinds],
        Fail(
            f"Backend `{backend.label}` is a zonal or hybrid NEG in UTILIZATION mode, the provider's default.",
            "Another balancing mode: endpoints of a NEG have no utilization.",
            'Set `balancing_mode="RATE"` with `max_rate_per_endpoint`.',
        ),
        which_kind(backend),
    )


def _targets_fit(backend: Backend) -> Checks:
    is_wrong = {field: all_of([backend.is_set(field), _kind_refuses(backend, field)]) for field in TARGET_FIELDS}
    wrong = [python_name(field) for field in TARGET_FIELDS if is_wrong[field] is True]
    if wrong:
        yield Fail(
            f"Backend `{backend.label}` sets {quoted(wrong)}, which a {_names(backend)} does not take.",
            "Targets that the kind of group has.",
            f"Remove {quoted(wrong)}; instance groups take limits per instance, zonal and hybrid NEGs per endpoint.",
        )
    for field in (field for field in TARGET_FIELDS if is_wrong[field] is UNKNOWN):
        known(backend.is_set(field), python_name(field), backend.label)
        yield which_kind(backend)


def _kind_refuses(backend: Backend, field: str) -> bool | Unknown:
    return agreed(TARGETS_OF_KINDS[field][kind] is Cell.REFUSED for kind in backend.backend_kinds)


def _preference_counts(backend: Backend, setting: str, is_there: bool | Unknown) -> Checks:
    if known(is_there, setting):
        yield Fail(
            f"Backend `{backend.label}` is a regional managed instance group, and `{setting}` is set.",
            f"Zonal groups or NEGs where `{setting}` is set.",
            f"Remove `{setting}`, or use an `InstanceGroupManager` for each zone.",
        )


def _has_no_port_name(service: BackendService, backend: Backend) -> Checks:
    if known(service.sets("port_name"), "port_name"):
        yield _not_with_serverless(backend, "port_name")


def _has_no_timeout(service: BackendService, backend: Backend) -> Checks:
    if known(service.timeout_seconds, "timeout_sec") != _SERVERLESS_TIMEOUT_SECONDS:
        yield _not_with_serverless(backend, "timeout_sec")


def _not_with_serverless(backend: Backend, setting: str) -> Fail:
    return Fail(
        f"Backend `{backend.label}` is a serverless NEG, and the service sets `{setting}`.",
        "Settings that a service of serverless NEGs has.",
        f"Remove `{setting}`.",
    )
