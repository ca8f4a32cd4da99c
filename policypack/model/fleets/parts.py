"""What a managed instance group is made of that has to be where the group is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policypack.model.fleets.group_manager import GroupManager
from policypack.model.graph.links import Links
from policypack.model.graph.reference import Reference, location_of, region_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.machines.disk_key import key_locations
from policypack.model.machines.subnetworks import subnetwork_links
from policypack.model.values.logic import known_in
from policypack.model.values.values import UNKNOWN, Unknown

# Keys may also be in `global` and in multi-regions, such as `us`: https://cloud.google.com/kms/docs/locations
_REGION: Final = re.compile(r"[a-z]+-[a-z]+\d+")


@dataclass(frozen=True)
class Part:
    """Something that a group is made of.

    Attributes:
        name: what to call it within a sentence.
        region: where it is; `None` for what is in every region.
        property_name: the property that names it.
        is_certain: the group certainly has it.
    """

    name: str
    region: str | Unknown | None
    property_name: str
    is_certain: bool = True


@dataclass(frozen=True)
class Parts:
    """The parts of one kind; `links` say what keeps others from being known."""

    found: tuple[Part, ...]
    links: Links | None = None


def parts_of(group: GroupManager) -> Iterator[Parts]:
    """The zones, templates, subnetworks and disk keys of a group.

    https://cloud.google.com/compute/docs/instance-templates#regional-templates,
    https://cloud.google.com/compute/docs/reference/rest/v1/regionInstanceGroupManagers and
    https://cloud.google.com/compute/docs/disks/customer-managed-encryption
    """
    yield Parts(tuple(_zones(group)))
    yield _linked(group.template_links, "template", "versions")
    for template in group.template_links.targets:
        of = f" of template `{template.name}`"
        yield _linked(subnetwork_links(group.stack, template), "subnetwork", "network_interfaces", of)
        yield Parts(tuple(_keys(group.stack, template, of)))


def _zones(group: GroupManager) -> Iterator[Part]:
    if not group.is_regional:
        return
    for zone in group.listed_zones:
        yield Part(f"zone `{zone}`", region_of(zone), "distribution_policy_zones")
    listed = group.resource.asked.strings("distributionPolicyZones")
    if isinstance(listed, Unknown) or len(known_in(listed)) < len(listed):
        yield Part("a zone", UNKNOWN, "distribution_policy_zones")


def _linked(links: Links, called: str, property_name: str, of: str = "") -> Parts:
    found = [Part(f"{called} `{one.name}`{of}", _region(one), property_name) for one in links.members]
    if links.is_closed:
        found += [
            Part(f"{called} `{one.name}`{of}", _region(one), property_name, is_certain=False)
            for one in links.candidates
        ]
    return Parts(tuple(found), None if links.is_closed else links)


def _keys(stack: Stack, template: Resource, of: str) -> Iterator[Part]:
    for location in key_locations(stack, template):
        if isinstance(location, Unknown) or _REGION.fullmatch(location):
            yield Part(f"a disk's Cloud KMS key{of}", location, "kms_key_self_link")


def _region(part: Resource | Reference) -> str | Unknown | None:
    if isinstance(part, Reference):
        return part.region
    location = location_of(part)
    return region_of(location) if isinstance(location, str) else location
