"""The rule `backend-group-kind`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import MANAGER_COLLECTION, Group
from policypack.model.products.kinds import INSTANCE_GROUPS, KINDS, PLATFORMS, BackendKind
from policypack.model.products.product import Cell, is_refused
from policypack.model.values.logic import negation
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import FITS_ITS_FRONT, HAS_BACKENDS
from policypack.rules.shared.kind_settings import google_api_gets_tls, mode_fits, scaler_fits, settings_fit
from policypack.rules.shared.mixtures import (
    as_many_as_taken,
    as_many_endpoints_as_taken,
    google_api_is_alone,
    kinds_go_together,
    platforms_agree,
)
from policypack.rules.shared.refusal import refused, which_kind, which_product
from policypack.verdict import Checks, Fail, blocked, decided, known, not_known, provided

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
    """A backend's settings, and those of its service, suit the kind of its group.

    ## What it checks
    `group` is the URL of an instance group or a NEG. The URL of a manager (`manager.self_link` instead of
    `manager.instance_group`), of an instance or of anything else fails.

    The load balancer supports the kind (the full table is in `docs/load-balancers.md`):

    - NEGs with GCE_VM_IP endpoints are for passthrough load balancers only;
    - port mapping NEGs are for the internal passthrough load balancer;
    - serverless NEGs are for Application Load Balancers; those for App Engine or API Gateway only for the global
      external and the classic one;
    - internet NEGs are for the load balancers in the table.

    The kinds can be combined. A service has one of these:

    - only instance groups;
    - zonal NEGs, with or without hybrid NEGs;
    - NEGs of one other kind. Serverless NEGs are also of one product, such as Cloud Run.

    The service has no more backends of a kind than it supports:

    - one global internet NEG, which has one endpoint;
    - one port mapping NEG;
    - up to 50 regional internet NEGs;
    - one serverless NEG per region for a global external load balancer, and one in total for a regional load balancer.
      For a cross-region internal one, the documentation is contradictory, so any number passes;
    - one Private Service Connect NEG for a Google API.

    The settings suit the kind:

    - A zonal or hybrid NEG is not in UTILIZATION mode, the provider's default, and has no limit per instance.
    - An instance group has no limit per endpoint.
    - A regional managed instance group has no limit for the whole group and no `preference="PREFERRED"`, and its
      service has no `service_lb_policy`.
    - A serverless, internet or Private Service Connect NEG has no target, no `capacity_scaler` between 0 and 1, and no
      mode other than UTILIZATION, the provider's default, which does no harm.
    - A service with a serverless NEG has no `port_name`, and no `timeout_sec` other than 30.
    - A Private Service Connect NEG has a `psc_target_service`. A service with a NEG for a Google API does not speak
      plain HTTP, because Google APIs accept only TLS.

    ## Why it matters
    The provider's preview accepts all of these. The API rejects them during the update, halfway through a deployment.
    One exception: the API accepts `preference="PREFERRED"` on a regional managed instance group, where it has no
    effect.

    ## Applies to
    Global and regional backend services of every scheme. Passthrough services behind a target proxy are exempt, because
    their scheme is wrong (see `forwarding-rule-scheme`).

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
    The verdict is undecided when:

    - `backends` is built inside `apply`;
    - the kind of a group is not known;
    - a mode, a target or a setting that the kind forbids is computed;
    - `preference` or `service_lb_policy` is set, and no page says whether the kind supports it, as with serverless,
      internet and Private Service Connect NEGs.

    Two assumptions apply before the first deployment. `manager.self_link` cannot be distinguished from
    `manager.instance_group`, so it passes. A zonal NEG outside the stack is assumed to have endpoints with ports, like
    those of GKE.
    """
    backends = decided(service.backends, blocked(service.links.why, "backends"))
    yield kinds_go_together(service)
    yield platforms_agree(service)
    yield google_api_is_alone(service)
    yield as_many_endpoints_as_taken(service)
    yield as_many_as_taken(service)
    for group in service.groups:
        yield _load_balancer_takes_platform(service, group)
        yield _has_psc_target(group)
    yield google_api_gets_tls(service)
    uses_proxy, doubt = negation(service.is_passthrough), not_known("load_balancing_scheme")
    for backend in backends:
        yield _is_group(backend)
        yield _load_balancer_takes_kind(service, backend)
        yield provided(uses_proxy, doubt, _takes_settings(service, backend))


def _takes_settings(service: BackendService, backend: Backend) -> Checks:
    yield mode_fits(backend)
    yield scaler_fits(backend)
    yield settings_fit(service, backend)


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
    if kinds <= INSTANCE_GROUPS:
        return
    if service.is_passthrough is not False:
        known(service.is_load_balancer, service.undecided_property)
    is_taken_by_none = is_refused(KINDS[kind].cells[product] for product in service.products for kind in kinds)
    if is_taken_by_none is False:
        return
    doubt = which_product(service) if service.undecided_property else which_kind(backend)
    check = provided(is_taken_by_none, doubt, _takes_others(service, backend, kinds))
    yield provided(service.is_load_balancer, which_product(service), check)


def _load_balancer_takes_platform(service: BackendService, group: Group) -> Checks:
    platform = group.platform
    if isinstance(platform, str):
        taking = [one for one in service.products if KINDS[BackendKind.SERVERLESS_NEG].cells[one] is Cell.TAKEN]
        fail = Fail(
            f"Backend `{group.name}` leads to {platform}, which this load balancer does not support.",
            "A serverless NEG for a Cloud Run service or a 2nd gen function.",
            'Use a global `BackendService` with ``load_balancing_scheme="EXTERNAL_MANAGED"``, or serve it from Cloud '
            "Run.",
        )
        yield from refused([PLATFORMS[platform][one] for one in taking], fail, which_product(service))


def _has_psc_target(group: Group) -> Checks:
    """https://cloud.google.com/sdk/gcloud/reference/compute/network-endpoint-groups/create: `--psc-target-service`."""
    if group.lacks_psc_target:
        yield Fail(
            f"The Private Service Connect NEG `{group.name}` leads nowhere: it has no ``psc_target_service``.",
            "A NEG for a published service or a Google API.",
            "Set ``psc_target_service`` to the URI of a service attachment, or to the host name of a regional API.",
        )


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
