"""The rule `backend-group-scope`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.fleets.vms import SharedVms, shared_vms
from policypack.model.graph.reference import location_of, project_of, region_of
from policypack.model.graph.resource import Resource
from policypack.model.machines.subnetworks import subnetwork_links
from policypack.model.network.endpoints import Placed, links_to_vms, placed_in
from policypack.model.products.product import MESH_SCHEME
from policypack.model.run.neg import PscTarget, psc_targets
from policypack.model.values.logic import equals
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import HAS_BACKENDS
from policypack.rules.shared.places import names_a_subnetwork
from policypack.verdict import Checks, Fail, Undecided, decided, known, unresolved
from policypack.wording import quoted


@rule(
    title="Each group is in the service's region and is listed only once",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#backends",
    applies=(HAS_BACKENDS,),
)
def backend_group_scope(service: BackendService, options: Options) -> Checks:
    """A regional service has only groups of its own region, and no service has a group twice or from another project.

    ## What it checks
    For a `RegionBackendService`, each instance group and network endpoint group in `backends` is in the service's
    region, either zonal or regional. None is a global NEG.

    Every instance group is in the project of its service, whose URL map may be in another one. A project that neither
    the resource, its URL nor the provider names counts as the same.

    Endpoints that the stack adds to a zonal NEG, and the VMs that they name, are in the zone of the NEG. The VMs of an
    unmanaged group are in the group's zone, their subnetworks are in its region, and each of their interfaces in a
    network in custom subnet mode names a subnetwork.

    For every service, no two backends have the same group, however its URL is written. No VM of an unmanaged group is
    in another unmanaged group that is also a backend of any service.

    ## Why it matters
    The provider's preview accepts all of these, and the API rejects them during the update. A regional service never
    spreads requests over regions, whatever its backends are.

    ## Applies to
    Global and regional backend services of every scheme, and every kind of backend. The region is judged for regional
    services.

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
    The verdict is undecided when:

    - the group of a backend is not known, or it is not known whether two unmanaged groups share VMs;
    - the region of the service or of a group is computed, or the zone of an endpoint or its VM;
    - it is not known whether a group is in the service's project, because that is computed or only one of them goes by
      its number;
    - a NEG is in another project, which only Cloud Service Mesh documents;
    - two URLs differ only in the project, because one omits it or has its number;
    - a Private Service Connect NEG is, or may be, in a different region than its service attachment or its Google API,
      which the documentation does not cover.
    """
    yield from _has_each_group_once(service)
    for shared in shared_vms(service):
        yield _has_its_vms_alone(shared)
    for group in service.groups:
        if service.is_regional:
            yield _is_in_region(service, group)
        yield _is_in_project(service, group)
        for placed in placed_in(group):
            yield _is_in_zone(group, placed)
        for links in links_to_vms(group):
            yield from unresolved(links)
            for vm in links.targets:
                yield names_a_subnetwork(service.stack, vm, f"VM `{vm.name}`")
                yield _has_its_subnetworks_near(service, vm)
    for target in psc_targets(service):
        yield _is_near_its_target(target)
    yield from unresolved(service.links)


def _has_its_subnetworks_near(service: BackendService, vm: Resource) -> Checks:
    """Of an interface: "Unlike networks, subnetworks are regional resources".

    https://cloud.google.com/compute/docs/regions-zones/global-regional-zonal-resources
    """
    zone = location_of(vm)
    if not isinstance(zone, str):
        # `_is_in_zone` says so.
        return
    here = region_of(zone)
    for subnetwork in subnetwork_links(service.stack, vm).targets:
        there = known(location_of(subnetwork), "region", subnetwork.name)
        if here != there:
            yield Fail(
                f"VM `{vm.name}` is in `{here}`, and its subnetwork `{subnetwork.name}` in `{there}`.",
                "Subnetworks in the region of the VM.",
                f"Use one in `{here}` in ``network_interfaces`` of `{vm.name}`.",
            )


def _is_near_its_target(target: PscTarget) -> Checks:
    """Every guide has both in one region; none says what becomes of others."""
    if target.region is None:
        return
    why = "whether a NEG works in another region than its target is not documented"
    here = known(target.neg_region, "region", target.label, because=why)
    there = known(target.region, "psc_target_service", target.label, because=why)
    if here != there:
        yield Undecided(
            f"`{target.label}` is in {here}, and its ``psc_target_service`` in {there}; whether that works is not "
            "documented",
            "psc_target_service",
        )


def _has_each_group_once(service: BackendService) -> Checks:
    for name in service.repeated_groups:
        yield Fail(
            f"Group `{name}` is in more than one backend.",
            "Each group only once in a service.",
            "Keep one of these backends.",
        )
    if service.groups_that_may_be_one:
        names = quoted(service.groups_that_may_be_one)
        yield Undecided(f"two URLs of {names} differ in the project alone, which may be the same one", "group")


def _has_its_vms_alone(shared: SharedVms) -> Checks:
    if shared.is_certain:
        yield Fail(
            f"VM {quoted(shared.names)} is in `{shared.group}` and in `{shared.other}`, and both are backends.",
            "Each VM in one load-balanced instance group.",
            f"Remove it from one of them, or use `{shared.group}` in both places.",
        )
    else:
        yield Undecided(f"`{shared.group}` may have a VM in common with `{shared.other}`", "instances")


def _is_in_region(service: BackendService, group: Group) -> Checks:
    if group.is_anywhere:
        yield Fail(
            f"Backend `{group.name}` is a global NEG, but the service is regional.",
            "Groups in the service's own region.",
            "Use a `RegionNetworkEndpointGroup`, or a global `BackendService`.",
        )
        return
    theirs, ours = known(group.region, "region", group.name), known(service.region, "region")
    if theirs != ours:
        yield Fail(
            f"Backend `{group.name}` is in {theirs}, but the service is in {ours}.",
            "Groups in the service's own region.",
            f"Use a group in {ours}; to serve from several regions, use a global `BackendService`.",
        )


def _is_in_project(service: BackendService, group: Group) -> Checks:
    """ "Cross project referencing is not allowed for this resource", says the API of an instance group.

    https://github.com/apigee/terraform-modules/issues/14. Cloud Service Mesh takes NEGs of other projects:
    https://cloud.google.com/service-mesh/docs/service-routing/set-up-cross-project-neg
    """
    if GroupKind.INSTANCE_GROUP not in group.kinds and equals(service.scheme, MESH_SCHEME) is True:
        return
    doubt = Undecided(f"whether `{group.name}` is in the project of the service is not known", "project")
    if decided(group.is_in_project_of(service.resource), doubt):
        return
    theirs, ours = group.project, project_of(service.resource)
    if GroupKind.INSTANCE_GROUP not in group.kinds and equals(service.scheme, MESH_SCHEME) is True:
        return
    if group.kinds != {GroupKind.INSTANCE_GROUP}:
        yield Undecided(
            f"`{group.name}` is in project `{theirs}`, and the service in `{ours}`: whether that works is documented "
            "for instance groups alone",
            "project",
        )
        return
    yield Fail(
        f"Backend `{group.name}` is in project `{theirs}`, but the service is in `{ours}`.",
        "Instance groups of the service's own project.",
        f"Create the service and its health check in project `{theirs}` with `project`: in a Shared VPC, a URL map "
        "may be in another.",
    )


def _is_in_zone(group: Group, placed: Placed) -> Checks:
    """Of a NEG: "The instance must be in the same zone of network endpoint group", and endpoints name the zone of their
    NEG. Of an instance group: "When adding instances they must all be in the same network and zone as the instance
    group".

    https://cloud.google.com/compute/docs/reference/rest/v1/networkEndpointGroups/attachNetworkEndpoints
    https://www.pulumi.com/registry/packages/gcp/api-docs/compute/instancegroup/#inputs
    """
    ours, theirs = known(placed.group_zone, "zone", group.name), known(placed.zone, "zone", placed.name)
    if ours == theirs:
        return
    kind = "group" if GroupKind.INSTANCE_GROUP in group.kinds else "NEG"
    called, fix = (
        ("VM", f"Create `{placed.name}` in `{ours}`, or use a {kind} in `{theirs}` for it.")
        if placed.is_vm
        else ("Endpoint", f"Set `zone` of `{placed.name}` to `{ours}`.")
    )
    yield Fail(
        f"{called} `{placed.name}` is in zone `{theirs}`, and its {kind} `{group.name}` in `{ours}`.",
        "VMs in the zone of their group." if kind == "group" else "Endpoints and their VMs in the zone of the NEG.",
        fix,
    )
