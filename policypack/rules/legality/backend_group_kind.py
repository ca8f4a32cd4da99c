"""The rule `backend-group-kind`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import NEG_KINDS, GroupKind
from policypack.model.balancing.kinds import KINDS, BackendKind
from policypack.model.balancing.product import Cell, Family, agreed
from policypack.model.balancing.targets import MODES_OF_KINDS, SETTINGS_OF_KINDS, TARGET_FIELDS
from policypack.model.values.logic import all_of, equals, negation
from policypack.model.values.values import Unknown, python_name
from policypack.rule import Options, rule
from policypack.rules.conditions import HAS_BACKENDS
from policypack.rules.refusal import refused, which_kind, which_product
from policypack.verdict import Checks, Fail, known, not_known, provided
from policypack.wording import quoted

_ENDPOINTS: Final = frozenset({BackendKind.ZONAL_NEG, BackendKind.ZONAL_IP_NEG, BackendKind.HYBRID_NEG})
# The kinds of which this rule says that a load balancer does not take them; an application one is not judged.
_JUDGED: Final = {
    Family.PROXY_NETWORK: frozenset({BackendKind.SERVERLESS_NEG}),
    Family.PASSTHROUGH: frozenset(BackendKind) - {BackendKind.PORT_MAPPING_NEG},
}
_FIXES: Final = {
    BackendKind.ZONAL_NEG: 'Set `network_endpoint_type="GCE_VM_IP"` on the NEG.',
    BackendKind.SERVERLESS_NEG: 'Use an Application Load Balancer: set `protocol="HTTP"`.',
}
_OTHER_GROUP: Final = "Use a group of such a kind, or a load balancer with a proxy."


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
        for check in (_mode_fits(backend), _settings_fit_kind(service, backend)):
            yield provided(uses_proxy, doubt, check)


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
            KINDS[kind].cells[product] if kind in _JUDGED.get(product.family, ()) else Cell.TAKEN
            for product in service.products
            for kind in backend.backend_kinds
        ],
        Fail(
            f"Backend `{backend.label}` is a {backend.kind_name}, which this load balancer does not take.",
            f"It takes: {', '.join(taken)}.",
            " ".join(fix for kind, fix in _FIXES.items() if kind in backend.backend_kinds) or _OTHER_GROUP,
        ),
        which_product(service) if service.undecided_property else which_kind(backend),
    )
    yield provided(service.is_load_balancer, which_product(service), check)


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
            f"Remove `{name}`. Instance groups take limits per instance, zonal and hybrid NEGs per endpoint."
            if name.startswith("max_")
            else f"Remove `{name}`, or use another kind of group.",
        )
