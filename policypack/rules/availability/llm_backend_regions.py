"""The rule `llm-backend-regions`."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.balancing.serving import drained_backends, serving_groups, serving_regions
from policypack.model.frontend.dns import regions_joined_by_dns
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.graph.path import on_path
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES
from policypack.model.kubernetes.controllers import may_have_controller
from policypack.model.run.neg import leads_to_app_engine, leads_to_one_app
from policypack.model.values.bounds import DistinctCount
from policypack.model.values.logic import all_of, any_of, negation
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.rules.on_gke.regions import spans_regions
from policypack.rules.shared.another_region import FROM_APP_ENGINE, how_to_reach_another
from policypack.verdict import Checks, Condition, Fail, Undecided, decided, known, provided, setting, under
from policypack.wording import how_many, quoted

_MOST_NAMES: Final = 4
# No global service takes regional internet NEGs, and one for a Google API takes one:
# https://cloud.google.com/load-balancing/docs/backend-service#backends
_REGIONAL_ONLY: Final = {GroupKind.INTERNET_NEG, GroupKind.PRIVATE_SERVICE_CONNECT_NEG}
_USE_GLOBAL: Final = (
    "Use a global `BackendService` with a group in each region (scheme EXTERNAL_MANAGED, or INTERNAL_MANAGED for "
    "internal clients)."
)
_JOIN: Final = (
    "Create the same service in another region and join both with a DNS record (`RecordSet`) whose ``routing_policy`` "
    "has ``health_checked_targets``; internal forwarding rules then need ``allow_global_access=True``. If something "
    "outside the stack joins them, name them in the option "
    "`regional_peers`."
)


def _has_regions(service: BackendService) -> bool | Unknown:
    """Whether its backends are in regions of Google Cloud: not on the internet, nor a Google API.

    Of a NEG outside the stack it is taken for granted that it is in its region.
    """
    groups = service.groups
    if service.leaves_backends_to_a_controller:
        return True
    if not groups:
        # Of a NEG that is still to be shown it may turn out that it is in no region.
        may_be_elsewhere = service.kinds & {GroupKind.INTERNET_NEG, GroupKind.PRIVATE_SERVICE_CONNECT_NEG}
        is_open = not service.stack.is_complete or service.links.is_closed
        return UNKNOWN if may_be_elsewhere and is_open else True
    are_apis = all_of(not group.is_external and group.serves_google_api for group in groups)
    is_elsewhere = any_of([all(group.is_anywhere for group in groups), are_apis])
    return UNKNOWN if is_elsewhere is True and not service.links.is_complete else negation(is_elsewhere)


_HAS_REGIONS: Final = Condition(
    _has_regions,
    "its backends are internet endpoints or a Google API, which are in no region of yours",
    "psc_target_service",
)


@dataclass(frozen=True)
class RegionsOptions(Options):
    """Options of `llm-backend-regions`.

    Attributes:
        min_regions: the minimum number of regions that have backends.
        regional_peers: globs on logical names. Regional services that match the same glob count together.
    """

    min_regions: Annotated[int, Range(1, 50)] = 2
    regional_peers: tuple[str, ...] = ()


@rule(
    title="Backends are in at least two regions",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service",
    gke=lambda backend, options: spans_regions(backend, options.min_regions, options.regional_peers),
)
def llm_backend_regions(service: BackendService, options: RegionsOptions) -> Checks:
    """Each backend service has backends in at least `min_regions` regions.

    ## What it checks
    The instance groups and network endpoint groups of a global service are in at least `min_regions` distinct regions.
    A drained backend (`capacity_scaler` 0) gets no requests and does not count. NEGs for App Engine count as one
    region: a project has one app, which stays in its region.

    A `RegionBackendService` serves only its own region, whatever its backends are. Several of them pass together in one
    of two cases:

    - a DNS record of the stack (`RecordSet`) has a routing policy (geolocation, weighted or failover) that returns the
      addresses of the healthy ones, and their internal forwarding rules have global access;
    - the option `regional_peers` declares that something else joins them.

    A service without backends fails, unless `ignore_changes` leaves its backends to a controller. If an annotation of a
    Kubernetes Service (`controller.autoneg.dev/neg`) has a controller in GKE attach the backends, they are in the
    region of that Service's cluster.

    On GKE, a Gateway or an Ingress of a single cluster serves only that cluster's region, wherever its address is. For
    a multi-cluster class, the clusters that export the InferencePool or the Service count.

    ## Why it matters
    A region can run out of GPUs or fail completely. With a single region, that is an outage, and building up a GPU
    fleet in another region takes tens of minutes. A "multi-region" `RegionBackendService` is a common mistake: the
    provider accepts it, but it serves one region.

    ## Applies to
    Global and regional backend services of every scheme, and LLM backends of Gateways and Ingresses on GKE. Two kinds
    of global services are exempt: those with a global internet NEG, whose endpoints are in no Google Cloud region, and
    those with a Private Service Connect NEG for a Google API, because a service supports only one.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
        named_ports=[{"name": "http", "port": 8000}],
    )
    check = gcp.compute.HealthCheck("health", http_health_check={"request_path": "/health", "port": 8000})
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        port_name="http",
        health_checks=check.id,
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    groups = [
        gcp.compute.RegionInstanceGroupManager(
            f"llm-{region}",
            region=region,
            base_instance_name="llm",
            versions=[{"instance_template": "global/instanceTemplates/llm"}],
            named_ports=[{"name": "http", "port": 8000}],
        )
        for region in ("us-central1", "europe-west4")
    ]
    check = gcp.compute.HealthCheck("health", http_health_check={"request_path": "/health", "port": 8000})
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        port_name="http",
        health_checks=check.id,
        backends=[
            {"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}
            for group in groups
        ],
    )
    ```

    ## On GKE
    ```yaml
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata: {name: front, namespace: llm}
    spec:
      gatewayClassName: gke-l7-cross-regional-internal-managed-mc
      listeners: [{name: https, protocol: HTTPS, port: 443}]
    ```

    ## Undecided
    The verdict is undecided when too few regions are certain and more are possible:

    - `backends` is built inside `apply`;
    - a group comes from another stack, or its region is computed;
    - it is not known which backends are drained;
    - a controller attaches the backends or, if the stack has Kubernetes resources, may attach them;
    - a NEG may be for a Google API;
    - a DNS record has addresses that are not known;
    - on GKE, clusters of other stacks may export the backend, or the Gateway or its class is not known.
    """
    required = f"Backends in at least {how_many(options.min_regions, 'region')}."
    is_empty = service.has_no_backends and not service.leaves_backends_to_a_controller
    if is_empty:
        doubt = Undecided("it has no backends, and a controller in GKE may attach some", "backends")
        has_none = UNKNOWN if may_have_controller(service.stack) else True
        yield provided(has_none, doubt, _serves_nothing(service, required))
    if service.is_regional:
        yield _has_peers_elsewhere(service, options, required)
    elif not is_empty:
        yield under((_HAS_REGIONS,), service, lambda: _spans_regions(service, options, required))


def _serves_nothing(service: BackendService, required: str) -> Checks:
    fix = "Add a backend." if service.is_regional else "Add a backend in each region."
    yield Fail("It has no backends, so it serves nothing.", required, fix)


def _spans_regions(service: BackendService, options: RegionsOptions, required: str) -> Checks:
    regions = serving_regions(service)
    if leads_to_one_app(service) and options.min_regions > 1 and regions.reaches(2) is not False:
        yield Fail("Its backends are one App Engine app, which is in one region.", required, FROM_APP_ENGINE)
        return
    may_get_others = UNKNOWN if service.leaves_backends_to_a_controller else False
    if not decided(any_of([regions.reaches(options.min_regions), may_get_others]), _doubt(service, options)):
        yield Fail(_where(service, regions), required, how_to_reach_another(service, options.min_regions))


def _where(service: BackendService, regions: DistinctCount) -> str:
    drained, groups = drained_backends(service), serving_groups(service).certain
    if regions.upper == 0:
        return "All backends are drained (``capacity_scaler`` 0), so no region serves requests."
    those = "All backends that are not drained" if drained else "All backends"
    if len(regions.certain) != regions.upper:
        return f"{those} are in {how_many(regions.upper or 0, 'region')} at most."
    named = f": {quoted(group.name for group in groups)}" if 1 < len(groups) <= _MOST_NAMES else ""
    return f"{those} are in {_listed(regions.certain)}{named}."


def _has_peers_elsewhere(service: BackendService, options: RegionsOptions, required: str) -> Checks:
    patterns = [pattern for pattern in options.regional_peers if fnmatchcase(service.name, pattern)]
    by_dns = regions_joined_by_dns(service)
    joined = [*(service.regions_with_peers(pattern) for pattern in patterns), by_dns]
    together = [regions.reaches(options.min_regions) for regions in joined]
    doubt = Undecided("it is not known in which regions its peers have backends", "region")
    if not decided(any_of([options.min_regions <= 1, *together]), doubt):
        yield Fail(
            "A `RegionBackendService` serves its own region only, whatever its backends are.",
            required,
            _how_to_leave_its_region(service),
        )
    elif options.min_regions > 1 and by_dns.reaches(options.min_regions) is True:
        for rule in on_path(service.stack, service.resource, FORWARDING_RULE_TYPES):
            yield _is_reached_from_elsewhere(ForwardingRule.of(rule, service.stack))


def _is_reached_from_elsewhere(front: ForwardingRule) -> Checks:
    """https://cloud.google.com/dns/docs/configure-routing-policies#before_you_begin."""
    if known(front.keeps_to_its_region, "allow_global_access", front.name):
        yield Fail(
            f"Only clients in its region reach its forwarding rule `{front.name}`, whatever a DNS record answers.",
            "Global access, so that clients of a region that fails reach the others.",
            setting({"allow_global_access": True}, f" on `{front.name}`.", of=front),
        )


def _how_to_leave_its_region(service: BackendService) -> str:
    if leads_to_app_engine(service):
        return FROM_APP_ENGINE
    stays = service.kinds and service.kinds <= _REGIONAL_ONLY
    return _JOIN if stays else f"{_USE_GLOBAL} {_JOIN.replace('Create', 'Or create', 1)}"


def _doubt(service: BackendService, options: RegionsOptions) -> Undecided:
    needed = "one region is" if options.min_regions == 1 else f"{options.min_regions} regions are"
    seen = f"backends are certain in {_listed(serving_regions(service).certain)}, {needed} needed"
    if service.leaves_backends_to_a_controller:
        return Undecided(f"{seen}, and a controller attaches backends, perhaps in others too", "backends")
    if service.links.why:
        return Undecided(f"{seen}, and {service.links.why}", "backends")
    if any(group.region is UNKNOWN for group in service.groups):
        return Undecided(f"{seen}, and the `region` of a group is not known", "region")
    return Undecided(f"{seen}, and it is not known which of the others are drained", "capacity_scaler")


def _listed(regions: frozenset[str]) -> str:
    return f"{how_many(len(regions), 'region')} ({quoted(regions)})" if regions else "no region"
