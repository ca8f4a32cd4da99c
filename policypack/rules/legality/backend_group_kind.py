"""The rule `backend-group-kind`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import MANAGER_COLLECTION
from policypack.model.products.kinds import KINDS, BackendKind
from policypack.model.products.product import Cell, is_refused
from policypack.model.values.logic import negation
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import FITS_ITS_FRONT, HAS_BACKENDS
from policypack.rules.shared.kind_settings import mode_fits, scaler_fits, settings_fit
from policypack.rules.shared.mixtures import (
    as_many_as_taken,
    as_many_endpoints_as_taken,
    google_api_is_alone,
    kinds_go_together,
    platforms_agree,
)
from policypack.rules.shared.refusal import which_kind, which_product
from policypack.verdict import Checks, Fail, known, not_known, provided

_FIXES: Final = {
    BackendKind.ZONAL_NEG: 'Set ``network_endpoint_type="GCE_VM_IP"`` on the NEG.',
    BackendKind.ZONAL_IP_NEG: 'Set ``network_endpoint_type="GCE_VM_IP_PORT"`` on the NEG: a proxy needs ports.',
    BackendKind.SERVERLESS_NEG: "Use an Application Load Balancer: scheme EXTERNAL_MANAGED or INTERNAL_MANAGED with "
    '``protocol="HTTPS"``.',
    BackendKind.GLOBAL_INTERNET_NEG: "Use a global external Application Load Balancer, or a regional load balancer "
    "with a `RegionNetworkEndpointGroup` of type INTERNET_FQDN_PORT.",
    BackendKind.REGIONAL_INTERNET_NEG: "Use a regional load balancer with a proxy, or a global external Application "
    "Load Balancer with a `GlobalNetworkEndpointGroup`.",
}
_OTHER_GROUP: Final = "Use a group of a supported kind, or a load balancer that supports this one."


@rule(
    title="Balancing mode, targets and service settings suit each kind of backend",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#backends",
    applies=(HAS_BACKENDS, FITS_ITS_FRONT),
)
def backend_group_kind(service: BackendService, options: Options) -> Checks:
    """The settings of a backend and its service suit the kind of group.

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
      takes: any number passes. A global internet NEG has one endpoint.
    - A zonal or hybrid NEG is not in UTILIZATION mode, the provider's default, and has no limit per instance.
    - An instance group has no limit per endpoint; a regional managed one has no limit for the whole group, no
      `preference="PREFERRED"` and no `service_lb_policy` on its service.
    - A serverless, internet or Private Service Connect NEG has no target, no other mode than UTILIZATION, which the
      provider sets and which does no harm, and no `capacity_scaler` between 0 and 1.
    - A service with a serverless NEG has no `port_name`, and no `timeout_sec` but 30.

    ## Why it matters
    The provider's preview accepts all of these, and the API rejects them during the update, halfway through a
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
    yield as_many_endpoints_as_taken(service)
    for kind in KINDS:
        yield as_many_as_taken(service, kind)
    uses_proxy, doubt = negation(service.is_passthrough), not_known("load_balancing_scheme")
    for backend in backends:
        yield _is_group(backend)
        yield _load_balancer_takes_kind(service, backend)
        for check in (mode_fits(backend), scaler_fits(backend), settings_fit(service, backend)):
            yield provided(uses_proxy, doubt, check)


def _is_group(backend: Backend) -> Checks:
    if backend.wrong_collection:
        is_manager = backend.wrong_collection == MANAGER_COLLECTION
        yield Fail(
            f"`group` of backend `{backend.label}` is a URL of `{backend.wrong_collection}`.",
            "The URL of an instance group or a network endpoint group.",
            "Set `group` to ``instance_group`` of the manager, whose URL contains `instanceGroups`."
            if is_manager
            else "Set `group` to ``instance_group`` of a manager, or to the `id` of an instance group or a NEG.",
        )


def _load_balancer_takes_kind(service: BackendService, backend: Backend) -> Checks:
    kinds = _likely_kinds(service, backend)
    if not any(kind.is_neg for kind in kinds):
        return
    if service.is_passthrough is not False:
        known(service.is_load_balancer, service.undecided_property)
    is_taken_by_none = is_refused(KINDS[kind].cells[product] for product in service.products for kind in kinds)
    doubt = which_product(service) if service.undecided_property else which_kind(backend)
    check = provided(is_taken_by_none, doubt, _takes_others(service, backend, kinds))
    yield provided(service.is_load_balancer, which_product(service), check)


def _takes_others(service: BackendService, backend: Backend, kinds: Collection[BackendKind]) -> Checks:
    taken = [kind.value for kind, row in KINDS.items() if Cell.TAKEN in map(row.cells.get, service.products)]
    yield Fail(
        f"Backend `{backend.label}` is a {backend.kind_name}, which this load balancer does not support.",
        f"Supported: {', '.join(taken)}.",
        " ".join(fix for kind, fix in _FIXES.items() if kind in kinds) or _OTHER_GROUP,
    )


def _likely_kinds(service: BackendService, backend: Backend) -> frozenset[BackendKind]:
    """The kinds that it can be; those of a zonal NEG outside the stack behind a proxy have ports."""
    is_outside = backend.group is not None and backend.group.is_external
    without_ports = {BackendKind.ZONAL_IP_NEG} if is_outside and service.is_passthrough is False else set()
    return backend.backend_kinds - without_ports
