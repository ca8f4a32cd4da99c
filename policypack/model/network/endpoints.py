"""Where the endpoints of zonal NEGs are that the stack adds, and the VMs of unmanaged instance groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.group import Group
from policypack.model.graph.links import Links
from policypack.model.graph.reference import (
    COLLECTIONS,
    Reference,
    location_of,
    parse_reference,
    references_to,
    short_name,
    with_provider_default,
)
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    INSTANCE,
    INSTANCE_GROUP,
    NETWORK_ENDPOINT,
    NETWORK_ENDPOINT_GROUP,
    NETWORK_ENDPOINT_LIST,
)
from policypack.model.machines.machine import instances_of
from policypack.model.values.logic import known_in, when_known
from policypack.model.values.values import UNKNOWN, Unknown

_TYPES: Final = (NETWORK_ENDPOINT, NETWORK_ENDPOINT_LIST)
_OWNER: Final = "networkEndpointGroup"


@dataclass(frozen=True)
class Placed:
    """Something that has to be in the zone of a group: endpoints of a NEG, or a VM.

    Attributes:
        name: its logical name.
        is_vm: whether it is a VM, of the group or with an endpoint on it.
        zone: the zone that it is in.
        group_zone: the zone of the group.
    """

    name: str
    is_vm: bool
    zone: str | Unknown
    group_zone: str | Unknown


def placed_in(group: Group) -> Iterator[Placed]:
    """The endpoints that the stack adds to a zonal NEG of the stack, with their VMs; the VMs of an unmanaged group."""
    if not isinstance(group.target, Resource):
        return
    if group.target.type == NETWORK_ENDPOINT_GROUP:
        yield from _endpoints_in(group, group.target)
    for links in links_to_vms(group):
        for vm in links.members:
            zone = _zone_of(vm) if isinstance(vm, Resource) else vm.location or UNKNOWN
            yield Placed(vm.name, True, zone, _zone_of(group.target))


def links_to_vms(group: Group) -> list[Links]:
    """The VMs of an unmanaged instance group of the stack; nothing for another group."""
    if not isinstance(group.target, Resource) or group.target.type != INSTANCE_GROUP:
        return []
    return instances_of(group.stack, group.target)


def _endpoints_in(group: Group, neg: Resource) -> Iterator[Placed]:
    neg_zone = _zone_of(neg)
    for endpoint in group.stack.users(neg, _TYPES):
        if not _names(endpoint, neg):
            continue
        zone = with_provider_default(endpoint, "zone")
        if zone is not None:
            yield Placed(endpoint.name, False, when_known(zone, short_name), neg_zone)
        vms = _vms_of(group.stack, endpoint)
        yield from (Placed(vm.name, True, _zone_of(vm), neg_zone) for vm in vms)
        for url in _named_vms(endpoint):
            if group.stack.by_reference(url) not in vms:
                yield Placed(url.name, True, url.location or UNKNOWN, neg_zone)


def _zone_of(resource: Resource) -> str | Unknown:
    zone = location_of(resource)
    return UNKNOWN if zone is None else zone


def _names(endpoint: Resource, neg: Resource) -> bool:
    url = endpoint.asked.string(_OWNER)
    named = parse_reference(url) if isinstance(url, str) else None
    return endpoint.edges.get(_OWNER) == (neg.urn,) or named in references_to(neg)


def _vms_of(stack: Stack, endpoint: Resource) -> list[Resource]:
    """The VMs of the stack that endpoints certainly are on: what names a VM may be computed from others as well."""
    if endpoint.type == NETWORK_ENDPOINT:
        number, key = 1, "instance"
    else:
        listed, key = endpoint.asked.objects("networkEndpoints"), "networkEndpoints"
        number = 0 if isinstance(listed, Unknown) else sum(one.value("instance") is not None for one in listed)
    sources = map(stack.by_urn, endpoint.edges.get(key, ()))
    found = [source for source in sources if source and source.type == INSTANCE]
    return found if len(found) <= number else []


def _named_vms(endpoint: Resource) -> Iterator[Reference]:
    """The VMs that the program names by their URLs, which say where they are."""
    is_one = endpoint.type == NETWORK_ENDPOINT
    each = [endpoint.asked] if is_one else known_in(endpoint.asked.objects("networkEndpoints"))
    for name in (one.string("instance") for one in each):
        url = parse_reference(name) if isinstance(name, str) else None
        if url and url.collection == COLLECTIONS[INSTANCE][0]:
            yield url
