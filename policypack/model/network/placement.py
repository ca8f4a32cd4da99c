"""Where machines are: the networks of their interfaces, and which machines a group has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.graph.attached import attached_to
from policypack.model.graph.links import Links, resolve
from policypack.model.graph.reference import Reference, may_have_any_name, parse_reference, with_provider_default
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    ENDPOINT_TYPES,
    INSTANCE,
    INSTANCE_GROUP,
    INSTANCE_GROUP_MANAGER_TYPES,
    NETWORK_ENDPOINT_GROUP,
    NETWORK_ENDPOINT_LIST,
    NETWORK_TYPES,
    SUBNETWORK_TYPES,
)
from policypack.model.machines.machine import instances_of, templates_of
from policypack.model.machines.subnetworks import project_url, subnetwork_links
from policypack.model.values.logic import same
from policypack.model.values.values import UNKNOWN, Unknown


@dataclass(frozen=True)
class Place:
    """The network of one interface.

    Attributes:
        options: what it can be: a `Network` of the stack, or the name of a network or subnetwork outside it.
        is_closed: it can be nothing else.
    """

    options: tuple[Resource | Reference, ...]
    is_closed: bool

    def is_in(self, network: Resource) -> bool | Unknown:
        if not self.is_closed:
            return UNKNOWN
        return same(_is(option, network) for option in self.options)

    def network(self, stack: Stack) -> Resource | Reference | None:
        """The network, or what names it outside the stack; `None` if it is not known."""
        if not self.is_closed or len(set(self.options)) != 1:
            return None
        option = self.options[0]
        if isinstance(option, Reference):
            types = SUBNETWORK_TYPES if option.collection == "subnetworks" else NETWORK_TYPES
            if any(may_have_any_name(resource) for resource in stack.of_types(types)):
                return None
        return option


ANYWHERE: Final = Place((), is_closed=False)


@dataclass(frozen=True)
class Endpoint:
    """What receives a service's requests: a template or an instance of one of its groups.

    Attributes:
        group: the group.
        machine: the template or instance; `None` for the machines of a group that are not known.
        places: the networks of its interfaces, the one that serves first; one may be listed twice.
    """

    group: Group
    machine: Resource | None
    places: tuple[Place, ...]


@per_stack
def endpoints_of(stack: Stack, service: Resource) -> tuple[Endpoint, ...]:
    """What receives the requests of a backend service, for each of its groups that is known to be one."""
    groups = BackendService.of(service, stack).groups
    return tuple(endpoint for group in groups for endpoint in _endpoints_in(stack, group))


def has_other_endpoints(stack: Stack, service: Resource) -> bool:
    """Whether a service may have groups besides those that `endpoints_of` looks at."""
    view = BackendService.of(service, stack)
    return not view.links.is_complete or view.leaves_backends_to_a_controller


def _endpoints_in(stack: Stack, group: Group) -> tuple[Endpoint, ...]:
    if isinstance(group.target, Reference):
        return (Endpoint(group, None, (ANYWHERE,)),)
    machines, is_complete = _machines_of(stack, group.target)
    own = _place_of_group(stack, group.target)
    found = tuple(Endpoint(group, machine, _within(own, places_of(stack, machine))) for machine in machines)
    return found if is_complete else (*found, Endpoint(group, None, (own,)))


def _within(group: Place, machine: tuple[Place, ...]) -> tuple[Place, ...]:
    """The places of a machine whose group tells its network: all instances of a group serve in that.

    https://cloud.google.com/compute/docs/instance-groups/creating-groups-of-unmanaged-instances
    """
    is_told = group.is_closed and len(group.options) == 1
    return (group, *machine[1:]) if is_told else machine


def _machines_of(stack: Stack, group: Resource) -> tuple[tuple[Resource, ...], bool]:
    """The templates or instances of a group that are in the stack, and whether it has no others."""
    if group.type in INSTANCE_GROUP_MANAGER_TYPES and not group.ignores_changes_of("versions"):
        links = templates_of(stack, group)
        return links.targets, links.is_complete and not links.external and bool(links.targets)
    if group.type == INSTANCE_GROUP:
        all_links = instances_of(stack, group)
        found = {machine.urn: machine for link in all_links for machine in link.targets}
        is_complete = all(link.is_complete and not link.external for link in all_links)
        return tuple(found.values()), is_complete and bool(found)
    if group.type == NETWORK_ENDPOINT_GROUP:
        return _machines_of_neg(stack, group)
    return (), False


def _machines_of_neg(stack: Stack, group: Resource) -> tuple[tuple[Resource, ...], bool]:
    """The instances of the stack that the endpoints of a NEG are on, and whether each has one."""
    found, are_all = dict[str, Resource](), stack.is_complete
    endpoints = attached_to(stack, group, ENDPOINT_TYPES)
    for endpoint, belongs in endpoints:
        machines = [used for used in stack.uses(endpoint) if used.type == INSTANCE]
        count = _number_of_endpoints(endpoint)
        if isinstance(count, Unknown) or belongs is UNKNOWN:
            are_all = False
            continue
        are_all = are_all and len(machines) == count
        # Of more than there are endpoints, some are not among them.
        found |= {one.urn: one for one in machines} if len(machines) <= count else {}
    return tuple(found.values()), are_all and bool(endpoints)


def _number_of_endpoints(resource: Resource) -> int | Unknown:
    if resource.type != NETWORK_ENDPOINT_LIST:
        return 1
    listed = resource.asked.objects("networkEndpoints")
    return listed if isinstance(listed, Unknown) else len(listed)


def _place_of_group(stack: Stack, group: Resource) -> Place:
    """The network that an unmanaged instance group or a NEG names; nothing tells that of a managed group."""
    if group.type in INSTANCE_GROUP_MANAGER_TYPES or group.asked.string("network") is None:
        return ANYWHERE
    return _place(network_links(stack, group, "network"), 0)


@per_stack
def places_of(stack: Stack, machine: Resource) -> tuple[Place, ...]:
    """The networks of a machine's interfaces, in their order."""
    interfaces = machine.asked.objects("networkInterfaces")
    if isinstance(interfaces, Unknown) or not interfaces:
        return (ANYWHERE,)
    by_subnetwork = [item for item in interfaces if item.string("subnetwork") is not None]
    by_network = [item for item in interfaces if item.string("subnetwork") is None]
    subnetworks = subnetwork_links(stack, machine)
    networks = resolve(
        stack,
        machine,
        "networkInterfaces",
        [_network_url(machine, item.string("network")) for item in by_network],
        NETWORK_TYPES,
    )
    found = [
        _place(networks, by_network.index(item))
        if item in by_network
        else _place_of_subnetwork(stack, _place(subnetworks, by_subnetwork.index(item)))
        for item in interfaces
    ]
    # Several interfaces that are not known one by one: which is which is open, but all of these are among them.
    found += [Place((target,), is_closed=True) for target in networks.targets]
    found += [_place_of_subnetwork(stack, Place((target,), is_closed=True)) for target in subnetworks.targets]
    return tuple(found)


def _place_of_subnetwork(stack: Stack, place: Place) -> Place:
    """The network of an interface that names a subnetwork."""
    options: list[Resource | Reference] = []
    is_closed = place.is_closed
    for option in place.options:
        if isinstance(option, Reference):
            options.append(option)
            continue
        found = _place(network_links(stack, option, "network"), 0)
        options += found.options
        is_closed = is_closed and found.is_closed
    return Place(tuple(options), is_closed)


def _place(links: Links, number: int) -> Place:
    entry = None if isinstance(links.entries, Unknown) else links.entries[number]
    if entry is not None:
        return Place((entry,), is_closed=True)
    return Place((*links.targets, *links.candidates), links.is_complete or links.is_closed)


def network_links(stack: Stack, resource: Resource, key: str) -> Links:
    """The network that the property `key` names or gives the URL of."""
    return resolve(stack, resource, key, [_network_url(resource, resource.asked.string(key))], NETWORK_TYPES)


def _is(option: Resource | Reference, network: Resource) -> bool | Unknown:
    if isinstance(option, Resource):
        return option is network
    # A subnetwork outside the stack may be in a network of the stack.
    return UNKNOWN if option.collection == "subnetworks" or may_have_any_name(network) else False


def _network_url(resource: Resource, network: str | Unknown | None) -> str | Unknown | None:
    """The URL of a network given by URL or name."""
    if not isinstance(network, str) or parse_reference(network):
        return network
    return project_url(["global", "networks", network], with_provider_default(resource, "project"))
