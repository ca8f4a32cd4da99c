"""The rule `llm-backend-regions`."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated

from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.logic import any_of
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, Range, rule
from policypack.verdict import Checks, Fail, Undecided, decided
from policypack.wording import counted, quoted


@dataclass(frozen=True)
class RegionsOptions(Options):
    """Options of `llm-backend-regions`.

    Attributes:
        min_regions: how many regions the backends have to be in at least.
        regional_peers: globs on logical names; regional services that match the same glob count together.
    """

    min_regions: Annotated[int, Range(1, 50)] = 2
    regional_peers: tuple[str, ...] = ()


@rule(
    title="Backends are in at least two regions",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service",
)
def llm_backend_regions(service: BackendService, options: RegionsOptions) -> Checks:
    """Each backend service has backends in at least `min_regions` regions.

    ## What it checks
    The distinct regions of a global service's instance groups and network endpoint groups. A `RegionBackendService`
    serves its own region only, whatever its backends are; several of them pass together if the option
    `regional_peers` says that something, such as DNS routing, joins them. A service without backends fails, unless
    `ignore_changes` leaves them to a controller.

    ## Why it matters
    A region can run out of GPUs or fail as a whole. With one region, that is an outage of the model; a GPU fleet in
    another region takes tens of minutes to build up. A "multi-region" `RegionBackendService` is a common mistake:
    the provider accepts it, and it serves one region.

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

    ## Undecided
    When too few regions are certain and more are possible: `backends` is built inside `apply`, a group comes from
    another stack, a group's region is computed, or a controller attaches the backends.
    """
    required = f"Backends in at least {counted(options.min_regions, 'region')}."
    is_empty = service.has_no_backends and not service.leaves_backends_to_a_controller
    if is_empty:
        yield Fail("It has no backends, so it serves nothing.", required, "Add a backend in each region.")
    if service.is_regional:
        yield _has_peers_elsewhere(service, options, required)
    elif not is_empty:
        yield _spans_regions(service, options, required)


def _spans_regions(service: BackendService, options: RegionsOptions, required: str) -> Checks:
    regions = service.regions
    may_get_others = UNKNOWN if service.leaves_backends_to_a_controller else False
    if not decided(any_of([regions.reaches(options.min_regions), may_get_others]), _doubt(service, options)):
        is_exact = regions.lower == regions.upper
        where = _listed(regions.certain) if is_exact else f"at most {counted(regions.upper or 0, 'region')}"
        yield Fail(
            f"All backends are in {where}.",
            required,
            "Add a backend in another region to `backends`, such as a `RegionInstanceGroupManager` there.",
        )


def _has_peers_elsewhere(service: BackendService, options: RegionsOptions, required: str) -> Checks:
    patterns = [pattern for pattern in options.regional_peers if fnmatchcase(service.name, pattern)]
    together = [service.regions_with_peers(pattern).reaches(options.min_regions) for pattern in patterns]
    doubt = Undecided("it is not known in which regions its peers have backends", "region")
    if not decided(any_of([options.min_regions <= 1, *together]), doubt):
        yield Fail(
            "A `RegionBackendService` serves its own region only, whatever its backends are.",
            required,
            "Use a global `BackendService` with a group in each region (scheme EXTERNAL_MANAGED, or INTERNAL_MANAGED "
            "for internal clients). If DNS or another load balancer joins several regional services, name them in the "
            "option `regional_peers`.",
        )


def _doubt(service: BackendService, options: RegionsOptions) -> Undecided:
    needed = "1 region is" if options.min_regions == 1 else f"{options.min_regions} regions are"
    seen = f"backends are certain in {_listed(service.regions.certain)}, {needed} needed"
    if service.leaves_backends_to_a_controller:
        return Undecided(f"{seen}, and `ignore_changes` leaves the backends to a controller", "backends")
    if service.links.why:
        return Undecided(f"{seen}, and {service.links.why}", "backends")
    return Undecided(f"{seen}, and the `region` of a group is not known", "region")


def _listed(regions: frozenset[str]) -> str:
    return f"{counted(len(regions), 'region')} ({quoted(regions)})" if regions else "no region"
