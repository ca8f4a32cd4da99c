"""The subnetworks of machines."""

from __future__ import annotations

from policypack.model.graph.links import Links, resolve
from policypack.model.graph.reference import parse_reference, region_of, with_provider_default
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import INSTANCE, NETWORK_TYPES, SUBNETWORK_TYPES
from policypack.model.values.logic import known_in
from policypack.model.values.properties import Properties
from policypack.model.values.secret import joined
from policypack.model.values.values import UNKNOWN, Unknown


def subnetwork_links(stack: Stack, machine: Resource) -> Links:
    """The subnetworks that the interfaces of a template or an instance name, in their order."""
    interfaces = known_in([machine.asked.objects("networkInterfaces")])
    named = [item for found in interfaces for item in found if item.string("subnetwork") is not None]
    urls = [_subnetwork_url(machine, item) for item in named] if interfaces else UNKNOWN
    return resolve(stack, machine, "networkInterfaces", urls, SUBNETWORK_TYPES)


def networks_without_subnetwork(stack: Stack, machine: Resource) -> tuple[Resource, ...]:
    """The networks in custom mode for which an interface names no subnetwork.

    "If the network is in custom subnet mode, specifying the subnetwork is required":
    https://cloud.google.com/compute/docs/reference/rest/v1/instances
    """
    interfaces = machine.asked.objects("networkInterfaces")
    if isinstance(interfaces, Unknown) or machine.is_read:
        return ()
    urls = [one.string("network") for one in interfaces if one.value("subnetwork") is None]
    links = resolve(stack, machine, "networkInterfaces", [url for url in urls if url is not None], NETWORK_TYPES)
    found = (network for network in links.targets if not network.is_read)
    return tuple(one for one in found if one.asked.boolean("autoCreateSubnetworks", default=True) is False)


def project_url(path: list[str], project: str | Unknown | None) -> str | Unknown:
    """The URL of a path in a project; a relative one where no project is named."""
    if "/" in path[-1] or isinstance(project, Unknown):
        return UNKNOWN
    return joined("/", path if project is None else ["projects", project, *path])


def _subnetwork_url(machine: Resource, interface: Properties) -> str | Unknown | None:
    """The URL of an interface's subnetwork given by URL or name."""
    subnetwork = interface.string("subnetwork")
    if not isinstance(subnetwork, str) or parse_reference(subnetwork):
        return subnetwork
    # An instance has no region of its own: it is in that of its zone.
    location = with_provider_default(machine, "zone" if machine.type == INSTANCE else "region")
    project = interface.string("subnetworkProject")
    if not isinstance(location, str):
        return UNKNOWN
    path = ["regions", region_of(location), "subnetworks", subnetwork]
    return project_url(path, with_provider_default(machine, "project") if project is None else project)
