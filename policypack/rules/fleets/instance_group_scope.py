"""The rule `instance-group-scope`."""

from __future__ import annotations

from policypack.model.fleets.autoscaler import Autoscaler
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.fleets.parts import Part, Parts, parts_of
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import SERVES
from policypack.rules.shared.places import names_a_subnetwork
from policypack.verdict import Checks, Fail, Undecided, decided, known, not_known, provided, unresolved


@rule(
    title="Templates, subnetworks, keys and autoscalers are in the group's location",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/regions-zones/global-regional-zonal-resources",
    applies=(SERVES,),
)
def instance_group_scope(group: GroupManager, options: Options) -> Checks:
    """A group's template, subnetworks, zones, disk keys and autoscaler are in its region or zone, and of its kind.

    ## What it checks
    - `distribution_policy_zones`, a regional instance template, the template's subnetworks and the Cloud KMS keys of
      its disks are in the group's region. A global template, and keys in `global` or in a multi-region, are accepted.
    - Each interface of the template in a network in custom subnet mode (`auto_create_subnetworks=False`) names a
      subnetwork.
    - The autoscaler that targets the group is a `RegionAutoscaler` in the same region for a regional group, and an
      `Autoscaler` in the same zone for a zonal group.
    - The autoscaler's `target` is the instance group manager, not its instance group.

    ## Why it matters
    The groups of several regions often come from the same code, and a value of the first region is easily left in the
    second. The preview accepts that. Compute Engine then rejects the group or creates no VMs, and an autoscaler in
    another location scales no group: the second region exists only on paper.

    ## Applies to
    Every `RegionInstanceGroupManager` and `InstanceGroupManager` behind a backend service of any scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    template = gcp.compute.RegionInstanceTemplate(
        "llm",
        region="us-central1",
        machine_type="g2-standard-8",
        disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
        network_interfaces=[{"subnetwork": "projects/my-project/regions/us-central1/subnetworks/llm"}],
    )
    group = gcp.compute.RegionInstanceGroupManager(
        "chat",
        region="europe-west4",
        base_instance_name="llm",
        versions=[{"instance_template": template.self_link}],
    )
    gcp.compute.BackendService("llm", backends=[{"group": group.instance_group}])
    ```

    ## Passes
    ```diff
         "llm",
    -    region="us-central1",
    +    region="europe-west4",
         machine_type="g2-standard-8",
         disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
    -    network_interfaces=[{"subnetwork": "projects/my-project/regions/us-central1/subnetworks/llm"}],
    +    network_interfaces=[{"subnetwork": "projects/my-project/regions/europe-west4/subnetworks/llm"}],
     )
    ```

    ## Undecided
    When the group's region, one of these parts or its region is computed. The contents of a template outside the stack
    are not judged.
    """
    for parts in parts_of(group):
        yield _are_in_its_region(group, parts)
    for template in group.template_links.targets:
        yield names_a_subnetwork(group.stack, template, f"template `{template.name}`")
    for autoscaler in group.named_autoscalers:
        yield _is_its_own(group, autoscaler)


def _are_in_its_region(group: GroupManager, parts: Parts) -> Checks:
    for part in parts.found:
        doubt = not_known(part.property_name, because=f"it may be {part.name}")
        yield provided(True if part.is_certain else UNKNOWN, doubt, _is_in_its_region(group, part))
    if parts.links:
        yield from unresolved(parts.links, "the location of its parts is not known")


def _is_in_its_region(group: GroupManager, part: Part) -> Checks:
    if part.region is None:
        return
    there = decided(part.region, Undecided(f"it is not known where {part.name} is", part.property_name))
    here = known(group.region, "region" if group.is_regional else "zone")
    if there != here:
        yield Fail(
            f"The group is in `{here}`, and {part.name} is in `{there}`.",
            "Everything that the group uses is in the group's own region.",
            f"Use one in `{here}` in ``{part.property_name}``.",
        )


def _is_its_own(group: GroupManager, autoscaler: Autoscaler) -> Checks:
    place, kind = ("region", "a `RegionAutoscaler`") if group.is_regional else ("zone", "an `Autoscaler`")
    doubt = Undecided(f"it is not known whether `{autoscaler.name}` is in the {place} of the group", place)
    fits = decided(autoscaler.fits(group.resource), doubt)
    if autoscaler.targets_instance_group:
        yield Fail(
            f"The `target` of `{autoscaler.name}` is the instance group instead of its manager.",
            "An autoscaler whose `target` is the group manager.",
            "Set `target` to the `id` of the group manager.",
        )
    elif not fits:
        yield Fail(
            f"`{autoscaler.name}` is not {kind} in the {place} of this group, so it does not size the group.",
            f"{kind[0].upper()}{kind[1:]} in the {place} of the group.",
            f"Create it as {kind} with the `{place}` of the group.",
        )
