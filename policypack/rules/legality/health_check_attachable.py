"""The rule `health-check-attachable`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.values.values import Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict

_WITHOUT_CHECK: Final = frozenset({GroupKind.SERVERLESS_NEG, GroupKind.INTERNET_NEG})


@rule(
    title="The health check is one that the backend service can have",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-concepts",
)
def health_check_attachable(service: BackendService, options: Options) -> Iterator[Verdict]:
    """A backend service has a health check that the API lets it have.

    ## What it checks
    Of the check that `health_checks` points at: it has no `source_regions`, which make it a check of Cloud DNS alone;
    a global service has a global check, a regional one no check of another region; the backends are not serverless
    NEGs or global internet NEGs, which take none. Whether the service needs a check, and on which path, other rules
    say.

    ## Why it matters
    The provider's preview accepts all of these, and the API refuses them during the update.

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
    When the check is outside the stack or not known, its source regions or a region are computed, or the kind of the
    backends is not known and may be one that takes no check.
    """
    links = service.health_check_links
    if links.is_complete and not links.members:
        yield NotApplicable("it has no health check")
        return
    for check in service.health_checks:
        yield from _judge_source_regions(check)
    for name, region in service.regions_of_health_checks:
        yield from _judge_region(service, name, region)
    for reference in links.external:
        yield Undecided(f"its health check `{reference.name}` is outside the stack, and may have `source_regions`")
    if not links.is_complete:
        yield Undecided(f"its health check is not known: {links.why}")
    if links.members:
        yield from _judge_backends(service)


def _judge_source_regions(check: HealthCheck) -> Iterator[Verdict]:
    if isinstance(check.source_regions, Unknown):
        yield Undecided(f"it is not known whether health check `{check.name}` has `source_regions`")
    elif check.source_regions:
        yield Fail(
            f"Its health check `{check.name}` has `source_regions`.",
            "A health check without `source_regions`; one with them serves Cloud DNS alone.",
            "Create a health check of its own, without `source_regions`.",
        )


def _judge_region(service: BackendService, name: str, region: str | Unknown | None) -> Iterator[Verdict]:
    if region is None:
        return
    if not service.is_regional:
        yield Fail(
            f"Its health check `{name}` is regional.",
            "A global health check: this service is global.",
            "Use a `HealthCheck` instead of a `RegionHealthCheck`.",
        )
    elif isinstance(region, Unknown) or isinstance(service.region, Unknown):
        yield Undecided(f"the region of the service or of its health check `{name}` is not known")
    elif region != service.region:
        yield Fail(
            f"Its health check `{name}` is in {region}, and the service is in {service.region}.",
            "A health check in the region of the service, or a global one.",
            f'Create a `RegionHealthCheck` with `region="{service.region}"`.',
        )


def _judge_backends(service: BackendService) -> Iterator[Verdict]:
    for group in service.groups:
        if group.kinds == {GroupKind.SERVERLESS_NEG} or group.is_anywhere:
            kind = "a global internet NEG" if group.is_anywhere else "a serverless NEG"
            yield Fail(
                f"It has a health check, and backend `{group.name}` is {kind}.",
                f"No health check: {kind} takes none.",
                "Remove `health_checks`.",
            )
        elif GroupKind.SERVERLESS_NEG in group.kinds:
            yield Undecided(f"the kind of `{group.name}` is not known, and a serverless NEG takes no health check")
    if not service.links.is_complete and service.kinds & _WITHOUT_CHECK:
        yield Undecided(f"the kinds of its backends are not known, and some take no check: {service.links.why}")
