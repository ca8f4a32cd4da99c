"""The rule `health-check-attachable`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import KINDS_WITHOUT_HEALTH_CHECK, NEG_KINDS, Group, GroupKind
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.products.attributes import (
    HEALTH_CHECKS,
    LEGACY_HEALTH_CHECK,
    USE_SERVING_PORT,
    cells_of_row,
)
from policypack.model.products.product import is_refused
from policypack.model.values.logic import all_of, any_of, equals, is_in, same
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import FITS_ITS_FRONT, HAS_HEALTH_CHECK, IS_A_PRODUCT
from policypack.rules.shared.places import is_in_its_project
from policypack.rules.shared.refusal import refused, which_product
from policypack.verdict import Checks, Fail, Undecided, known, provided, unresolved

# By the value of `port_specification`: what does not support it.
_UNSUPPORTED: Final = {
    USE_SERVING_PORT: "with a passthrough load balancer",
    "USE_NAMED_PORT": "by any load balancer",
}
_GRPC: Final = ("GRPC", "GRPC_WITH_TLS")
_OPEN_INTERNET: Final = "internet NEGs support neither gRPC checks nor a ``proxy_header``"


@rule(
    title="The health check is compatible with the backend service",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-concepts",
    applies=(HAS_HEALTH_CHECK,),
)
def health_check_attachable(service: BackendService, options: Options) -> Checks:
    """The API accepts the health check for its backend service.

    ## What it checks
    For the health check in `health_checks`:

    - It is in the project of the service.
    - It has no `source_regions`, which would make it a check for Cloud DNS only.
    - A global service has a global check. A regional service has no check of another region.
    - The backends are not serverless NEGs or global internet NEGs, which support no health check.
    - The check of regional internet NEGs does not use gRPC, and does not have `proxy_header` PROXY_V1.
    - A legacy check (`HttpHealthCheck` or `HttpsHealthCheck`) is used only for the instance groups of global external
      Application Load Balancers. Target pools and autohealing may use one, too, and are not judged here.
    - `port_specification` is not USE_NAMED_PORT, which Google Cloud does not support. Behind a passthrough load
      balancer, it is not USE_SERVING_PORT.

    Other rules check whether the service needs a health check, and its path.

    ## Why it matters
    The provider's preview accepts all of these, and the API rejects them during the update. Of USE_NAMED_PORT it is
    documented only that it is not supported.

    ## Applies to
    Global and regional backend services of every scheme that have a health check.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    check = gcp.compute.HealthCheck(
        "dns",
        check_interval_sec=30,
        source_regions=["us-central1", "us-east1", "europe-west1"],
        http_health_check={"request_path": "/health", "port": 8000},
    )
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        health_checks=check.id,
        backends=[{"group": "projects/my-project/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    check = gcp.compute.HealthCheck("health", http_health_check={"request_path": "/health", "port": 8000})
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        health_checks=check.id,
        backends=[{"group": "projects/my-project/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
    )
    ```

    ## Undecided
    The verdict is undecided when:

    - the health check is outside the stack or not known;
    - its `source_regions` or a region is computed;
    - the kind of the backends is not known, and may be one that supports no health check;
    - NEGs have a legacy check behind a global external load balancer, or Private Service Connect NEGs have any check,
      which the documentation does not cover.
    """
    links = service.health_check_links
    for check in service.health_checks:
        yield is_in_its_project(
            service.resource,
            check.resource,
            "It",
            f"its health check `{check.name}`",
            "A health check in the project of the service, also in a Shared VPC.",
        )
        yield _has_no_source_regions(check)
        yield _has_port(service, check)
        yield _is_one_of_the_internet(service, check)
    for name in service.legacy_health_checks:
        yield _takes_legacy_check(service, name)
    for name, region in service.regional_health_checks:
        yield _is_in_region(service, name, region) if service.is_regional else _is_global(name)
    for reference in links.external:
        yield Undecided(f"its health check `{reference.name}` is outside the stack", "source_regions")
    yield from unresolved(links)
    if links.members:
        yield from _backends_take_check(service)


def _has_no_source_regions(check: HealthCheck) -> Checks:
    if known(check.source_regions, "source_regions", check.name):
        yield Fail(
            f"Its health check `{check.name}` has ``source_regions``.",
            "A health check without ``source_regions``, which only Cloud DNS supports.",
            "Create a separate health check without ``source_regions``.",
        )


def _has_port(service: BackendService, check: HealthCheck) -> Checks:
    specification = known(check.port_specification, "port_specification", check.name)
    if specification not in _UNSUPPORTED:
        return
    fail = Fail(
        f"Its health check `{check.name}` has ``port_specification`` {specification}, which is not supported "
        f"{_UNSUPPORTED[specification]}.",
        "A port that the load balancer can determine.",
        f'Set ``port_specification="{USE_SERVING_PORT}"``: it probes the port that ``port_name`` names.'
        if service.takes_serving_port is True
        else "Set `port` to the port that the servers listen on, and remove ``port_specification``.",
    )
    cells = cells_of_row(HEALTH_CHECKS, specification, service.products)
    # What would fit a scheme that is wrong leads the wrong way.
    fits = all_of([IS_A_PRODUCT.holds_for(service), FITS_ITS_FRONT.holds_for(service)])
    yield provided(fits, FITS_ITS_FRONT.doubt, refused(cells, fail, which_product(service)))


def _is_one_of_the_internet(service: BackendService, check: HealthCheck) -> Checks:
    """https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts#health_checks."""
    certain = (same(kind is GroupKind.INTERNET_NEG for kind in group.kinds) for group in service.groups)
    others = [] if service.links.is_complete or GroupKind.INTERNET_NEG not in service.kinds else [UNKNOWN]
    is_refused_form = any_of([is_in(check.protocol, _GRPC), equals(check.settings.string("proxyHeader"), "PROXY_V1")])
    deciding = known(all_of([any_of([*certain, *others]), is_refused_form]), "backends", because=_OPEN_INTERNET)
    if deciding:
        yield Fail(
            f"Its health check `{check.name}` speaks gRPC or has ``proxy_header`` PROXY_V1, and a backend is an "
            "internet "
            "NEG.",
            "An HTTP, HTTPS, HTTP/2, TCP or SSL check without ``proxy_header``: internet NEGs support no others.",
            "Use a check with ``https_health_check``, without ``proxy_header``; or omit the check, which is optional.",
        )


def _takes_legacy_check(service: BackendService, name: str) -> Checks:
    cells = cells_of_row(HEALTH_CHECKS, LEGACY_HEALTH_CHECK, service.products)
    fail = Fail(
        f"Its health check `{name}` is a legacy health check.",
        "A `HealthCheck` or `RegionHealthCheck`: legacy checks are for target pools, and for instance groups of "
        "global external Application Load Balancers.",
        "Use a `RegionHealthCheck` in the region of the service."
        if service.is_regional
        else "Use a `HealthCheck` with ``http_health_check``, or with ``tcp_health_check`` for TCP and SSL.",
    )
    yield from refused(cells, fail, which_product(service))
    if is_refused(cells) is False and service.kinds & NEG_KINDS:
        yield Undecided(
            f"the documentation does not say whether NEGs support a legacy health check, such as `{name}`",
            "health_checks",
        )


def _is_global(name: str) -> Checks:
    yield Fail(
        f"Its health check `{name}` is regional.",
        "A global health check: this service is global.",
        "Use a `HealthCheck` instead of a `RegionHealthCheck`.",
    )


def _is_in_region(service: BackendService, name: str, region: str | Unknown) -> Checks:
    theirs, ours = known(region, "region", name), known(service.region, "region")
    if theirs != ours:
        yield Fail(
            f"Its health check `{name}` is in {theirs}, but the service is in {ours}.",
            "A health check in the region of the service, or a global one.",
            f'Create a `RegionHealthCheck` with ``region="{ours}"``.',
        )


def _backends_take_check(service: BackendService) -> Checks:
    for group in service.groups:
        yield _takes_check(group)
    if not service.links.is_complete and service.kinds & KINDS_WITHOUT_HEALTH_CHECK:
        yield from unresolved(service.links)


def _takes_check(group: Group) -> Checks:
    is_serverless = same(kind is GroupKind.SERVERLESS_NEG for kind in group.kinds)
    if group.is_anywhere or known(is_serverless, "network_endpoint_type", group.name):
        kind = "a global internet NEG" if group.is_anywhere else "a serverless NEG"
        yield Fail(
            f"It has a health check, and backend `{group.name}` is {kind}.",
            f"No health check: {kind} does not support one.",
            "Remove ``health_checks``.",
        )
    elif group.kinds == {GroupKind.PRIVATE_SERVICE_CONNECT_NEG}:
        why = f"the documentation does not say whether `{group.name}`, a Private Service Connect NEG, supports one"
        yield Undecided(why, "health_checks")
