"""The rule `backend-group-scope`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import HAS_BACKENDS
from policypack.verdict import Checks, Fail, Undecided, known, unresolved
from policypack.wording import quoted


@rule(
    title="Each group is in the service's region, and once in the service",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#backends",
    applies=(HAS_BACKENDS,),
)
def backend_group_scope(service: BackendService, options: Options) -> Checks:
    """A regional service has groups of its own region only, and no service has a group twice.

    ## What it checks
    Of a `RegionBackendService`: each instance group and network endpoint group among `backends` is in the service's
    region, in one of its zones or regional; none is a global NEG. Of every service: no two backends have the same
    group, however its URL is written.

    ## Why it matters
    The provider's preview accepts both, and the API refuses them during the update. A regional service never spreads
    requests over regions, whatever its backends say.

    ## Applies to
    Global and regional backend services of every scheme, and every kind of backend; the region is judged of regional
    ones.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
    )
    gcp.compute.RegionBackendService(
        "chat",
        region="us-east1",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        backends=[{"group": group.instance_group, "max_utilization": 0.8, "capacity_scaler": 1.0}],
    )
    ```

    ## Passes
    ```diff
         "chat",
    -    region="us-east1",
    +    region="us-central1",
         load_balancing_scheme="EXTERNAL_MANAGED",
    ```

    ## Undecided
    When a backend's group is not known, the region of the service or of a group is computed, or two URLs differ in
    the project alone, which one leaves out or gives as a number.
    """
    yield from _has_each_group_once(service)
    if service.is_regional:
        for group in service.groups:
            yield _is_in_region(service, group)
    yield from unresolved(service.links)


def _has_each_group_once(service: BackendService) -> Checks:
    for name in service.repeated_groups:
        yield Fail(
            f"Group `{name}` is in more than one backend.",
            "Each group once in a service.",
            "Keep one of these backends.",
        )
    if service.groups_that_may_be_one:
        names = quoted(service.groups_that_may_be_one)
        yield Undecided(f"two URLs of {names} differ in the project alone, which may be the same one", "group")


def _is_in_region(service: BackendService, group: Group) -> Checks:
    if group.is_anywhere:
        yield Fail(
            f"Backend `{group.name}` is a global NEG, and the service is regional.",
            "Groups of the service's own region.",
            "Use a `RegionNetworkEndpointGroup`, or a global `BackendService`.",
        )
        return
    theirs, ours = known(group.region, "region", group.name), known(service.region, "region")
    if theirs != ours:
        yield Fail(
            f"Backend `{group.name}` is in {theirs}, and the service is in {ours}.",
            "Groups of the service's own region.",
            f"Use a group in {ours}; to serve from several regions, use a global `BackendService`.",
        )
