"""What a backend can be: an instance group or a network endpoint group, in the stack or outside it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.graph.links import LinkIndex, Links, resolve
from policypack.model.graph.reference import (
    COLLECTIONS,
    Reference,
    location_of,
    parse_reference,
    references_to,
    region_of,
    setting,
)
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    GLOBAL_NETWORK_ENDPOINT_GROUP,
    INSTANCE_GROUP_NAMED_PORT,
    INSTANCE_GROUP_TYPES,
    NETWORK_ENDPOINT_GROUP,
    REGION_NETWORK_ENDPOINT_GROUP,
)
from policypack.model.values.logic import any_of, equals, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown


class GroupKind(enum.Enum):
    """The kinds of backend that the load balancer treats differently.

    Source: https://cloud.google.com/load-balancing/docs/backend-service#backends
    """

    INSTANCE_GROUP = "instance group"
    ZONAL_NEG = "zonal NEG"
    HYBRID_NEG = "hybrid NEG"
    SERVERLESS_NEG = "serverless NEG"
    INTERNET_NEG = "internet NEG"
    PRIVATE_SERVICE_CONNECT_NEG = "Private Service Connect NEG"
    PORT_MAPPING_NEG = "port mapping NEG"

    @property
    def is_measured(self) -> bool:
        """Whether the load balancer checks its health and takes a target capacity; the others have neither."""
        return self in (GroupKind.INSTANCE_GROUP, GroupKind.ZONAL_NEG, GroupKind.HYBRID_NEG)


ALL_KINDS: Final = frozenset(GroupKind)
NEG_KINDS: Final = ALL_KINDS - {GroupKind.INSTANCE_GROUP}
_ENDPOINT_KINDS: Final = {
    "GCE_VM_IP": GroupKind.ZONAL_NEG,
    "GCE_VM_IP_PORT": GroupKind.ZONAL_NEG,
    "NON_GCP_PRIVATE_IP_PORT": GroupKind.HYBRID_NEG,
    "SERVERLESS": GroupKind.SERVERLESS_NEG,
    "INTERNET_IP_PORT": GroupKind.INTERNET_NEG,
    "INTERNET_FQDN_PORT": GroupKind.INTERNET_NEG,
    "PRIVATE_SERVICE_CONNECT": GroupKind.PRIVATE_SERVICE_CONNECT_NEG,
    "GCE_VM_IP_PORTMAP": GroupKind.PORT_MAPPING_NEG,
}
# What a NEG can be where only its scope is known.
_NEG_KINDS_IN: Final = {
    "zones": frozenset({GroupKind.ZONAL_NEG, GroupKind.HYBRID_NEG}),
    "regions": frozenset(
        {
            GroupKind.SERVERLESS_NEG,
            GroupKind.INTERNET_NEG,
            GroupKind.PRIVATE_SERVICE_CONNECT_NEG,
            GroupKind.PORT_MAPPING_NEG,
        }
    ),
    "global": frozenset({GroupKind.INTERNET_NEG}),
}
# The provider's default of `networkEndpointType`.
_DEFAULT_ENDPOINT_TYPES: Final = {NETWORK_ENDPOINT_GROUP: "GCE_VM_IP_PORT", REGION_NETWORK_ENDPOINT_GROUP: "SERVERLESS"}


@dataclass(frozen=True, eq=False)
class Group:
    """A group of backends: `target` is a resource of the stack, or the name of one outside it."""

    target: Resource | Reference
    stack: Stack

    @property
    def name(self) -> str:
        """The logical name, or outside the stack the name in the URL."""
        return self.target.name

    @property
    def is_external(self) -> bool:
        """It is not a resource of the stack, so only its URL is known."""
        return isinstance(self.target, Reference)

    @cached_property
    def kinds(self) -> frozenset[GroupKind]:
        """The kinds that it can be: one, unless what tells them apart is not known."""
        if isinstance(self.target, Reference):
            is_neg = self.target.collection == "networkEndpointGroups"
            return _NEG_KINDS_IN[self.target.scope] if is_neg else frozenset({GroupKind.INSTANCE_GROUP})
        if self.target.type in INSTANCE_GROUP_TYPES:
            return frozenset({GroupKind.INSTANCE_GROUP})
        endpoint_type = self.target.asked.string("networkEndpointType")
        if endpoint_type is None:
            endpoint_type = _DEFAULT_ENDPOINT_TYPES.get(self.target.type, UNKNOWN)
        kind = _ENDPOINT_KINDS.get(endpoint_type) if isinstance(endpoint_type, str) else None
        kinds_in_scope = _NEG_KINDS_IN[COLLECTIONS[self.target.type][1]]
        return frozenset({kind}) if kind in kinds_in_scope else kinds_in_scope

    @cached_property
    def region(self) -> str | Unknown:
        """The region that it serves from; `UNKNOWN` as well for one that `is_anywhere`."""
        if isinstance(self.target, Reference):
            return self.target.region or UNKNOWN
        location = location_of(self.target)
        if isinstance(location, str):
            return region_of(location)
        return next((name.region for name in references_to(self.target) if name.region), UNKNOWN)

    @property
    def is_anywhere(self) -> bool:
        """It is a global NEG: its endpoints are on the internet, in any number of places."""
        if isinstance(self.target, Reference):
            return self.target.scope == "global"
        return self.target.type == GLOBAL_NETWORK_ENDPOINT_GROUP

    @property
    def leads_to_google_api(self) -> bool | Unknown:
        """Whether it is a Private Service Connect NEG for a Google API, and not for a service that somebody publishes.

        https://cloud.google.com/vpc/docs/private-service-connect-backends
        """
        if GroupKind.PRIVATE_SERVICE_CONNECT_NEG not in self.kinds:
            return False
        if isinstance(self.target, Reference) or len(self.kinds) > 1:
            return UNKNOWN
        return when_known(
            self.target.asked.string("pscTargetService"), lambda url: "/serviceAttachments/" not in str(url)
        )

    def defines_port(self, port_name: str) -> bool | Unknown:
        """Whether it has a named port `port_name`, in its own `namedPorts` or an `InstanceGroupNamedPort`.

        While the stack is incomplete, the `namedPorts` of a group that has any are taken as all it has.
        """
        if isinstance(self.target, Reference):
            return UNKNOWN
        inline = _has_name(self.target.asked.objects("namedPorts"), port_name)
        if inline is True:
            return True
        separate = self._separate_ports_define(port_name)
        if separate is True:
            return True
        if inline is UNKNOWN or separate is UNKNOWN or self.target.ignores_changes_of("namedPorts"):
            return UNKNOWN
        return False if self.stack.is_complete or self.target.asked.objects("namedPorts") else UNKNOWN

    def _separate_ports_define(self, port_name: str) -> bool | Unknown:
        found: bool | Unknown = False
        for port, links in _named_ports(self.stack).about(_resource(self.target)):
            belongs, named = self._is_owner(links), equals(port.asked.string("name"), port_name)
            if belongs is True and named is True:
                return True
            if belongs is not False and named is not False:
                found = UNKNOWN
        return found

    def _is_owner(self, links: Links) -> bool | Unknown:
        """Whether an `InstanceGroupNamedPort` belongs to this group."""
        if self.target in links.targets:
            return True
        if links.is_complete:
            # By URL it is another group, unless this group's own URL is not known yet.
            return UNKNOWN if links.external and not references_to(_resource(self.target)) else False
        return UNKNOWN if self.target in links.candidates or not links.is_closed else False


@per_stack
def _named_ports(stack: Stack) -> LinkIndex[Resource]:
    """The named ports that are resources of their own, by their groups: each names one or gives its URL."""
    return LinkIndex((port, _group_of(stack, port)) for port in stack.of_types([INSTANCE_GROUP_NAMED_PORT]))


def _group_of(stack: Stack, port: Resource) -> Links:
    group = port.asked.string("group")
    if isinstance(group, str) and not parse_reference(group):
        group = _url_of_group(port, group)
    return resolve(stack, port, "group", [group], INSTANCE_GROUP_TYPES)


def _resource(target: Resource | Reference) -> Resource:
    assert isinstance(target, Resource)
    return target


def _url_of_group(port: Resource, name: str) -> str | Unknown:
    zone, project = setting(port, "zone"), setting(port, "project")
    if not isinstance(zone, str) or project is UNKNOWN:
        return UNKNOWN
    path = f"zones/{zone.rpartition('/')[2]}/instanceGroups/{name}"
    return path if project is None else f"projects/{project}/{path}"


def _has_name(ports: list[Properties] | Unknown, name: str) -> bool | Unknown:
    if isinstance(ports, Unknown):
        return UNKNOWN
    return any_of(equals(port.string("name"), name) for port in ports)
