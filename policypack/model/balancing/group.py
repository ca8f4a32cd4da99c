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
    full_url,
    have_one_project,
    location_of,
    may_be_one_project,
    project_of,
    references_to,
    region_of,
)
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    GLOBAL_NETWORK_ENDPOINT_GROUP,
    INSTANCE_GROUP_NAMED_PORT,
    INSTANCE_GROUP_TYPES,
    NETWORK_ENDPOINT_GROUP,
    REGION_INSTANCE_GROUP_MANAGER,
    REGION_NETWORK_ENDPOINT_GROUP,
    SERVICE_ATTACHMENT,
)
from policypack.model.kubernetes.controllers import named_negs
from policypack.model.products.kinds import BackendKind
from policypack.model.values.logic import all_of, any_of, equals, is_set, negation
from policypack.model.values.properties import Properties
from policypack.model.values.secret import like
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

    __hash__ = object.__hash__

    @property
    def is_measured(self) -> bool:
        """Whether the load balancer checks its health and takes a target capacity; the others have neither."""
        return self in (GroupKind.INSTANCE_GROUP, GroupKind.ZONAL_NEG, GroupKind.HYBRID_NEG)


ALL_KINDS: Final = frozenset(GroupKind)
NEG_KINDS: Final = ALL_KINDS - {GroupKind.INSTANCE_GROUP}
# Those that take no health check, of internet NEGs the global ones.
# https://cloud.google.com/load-balancing/docs/health-check-concepts
KINDS_WITHOUT_HEALTH_CHECK: Final = frozenset({GroupKind.SERVERLESS_NEG, GroupKind.INTERNET_NEG})
# The collections that a backend's `group` can be in: the API answers "Unexpected resource collection" to others.
# https://github.com/hashicorp/terraform-provider-google/issues/4951
GROUP_COLLECTIONS: Final = ("instanceGroups", "networkEndpointGroups")
MANAGER_COLLECTION: Final = "instanceGroupManagers"
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
# The blocks of a serverless NEG, one of which says what it leads to, and what that is.
# https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
_PLATFORMS: Final = {
    "cloudRun": "Cloud Run",
    "cloudFunction": "Cloud Run functions",
    "appEngine": "App Engine",
    "serverlessDeployment": "API Gateway",
}
# What tells two apart is asked of the group: the one if it is, the other if not.
_VARIANTS: Final[dict[GroupKind, tuple[BackendKind, ...]]] = {
    **{kind: (BackendKind[kind.name],) for kind in GroupKind if kind is not GroupKind.INTERNET_NEG},
    GroupKind.INSTANCE_GROUP: (BackendKind.REGIONAL_INSTANCE_GROUP, BackendKind.INSTANCE_GROUP),
    GroupKind.ZONAL_NEG: (BackendKind.ZONAL_NEG, BackendKind.ZONAL_IP_NEG),
    GroupKind.INTERNET_NEG: (BackendKind.GLOBAL_INTERNET_NEG, BackendKind.REGIONAL_INTERNET_NEG),
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
            if self.target.collection == "networkEndpointGroups":
                return frozenset({GroupKind.ZONAL_NEG}) if self._is_of_gke else _NEG_KINDS_IN[self.target.scope]
            return frozenset({GroupKind.INSTANCE_GROUP}) if self._is_instance_group else ALL_KINDS
        if self.target.type in INSTANCE_GROUP_TYPES:
            return frozenset({GroupKind.INSTANCE_GROUP})
        endpoint_type = self.target.asked.string("networkEndpointType")
        if endpoint_type is None:
            endpoint_type = _DEFAULT_ENDPOINT_TYPES.get(self.target.type, UNKNOWN)
        kind = _ENDPOINT_KINDS.get(endpoint_type) if isinstance(endpoint_type, str) else None
        if kind is None and isinstance(endpoint_type, str):
            # The provider takes only types that exist: this one is newer, and may be like any kind.
            return ALL_KINDS
        kinds_in_scope = _NEG_KINDS_IN[COLLECTIONS[self.target.type][1]]
        return frozenset({kind}) if kind in kinds_in_scope else kinds_in_scope

    @cached_property
    def backend_kinds(self) -> frozenset[BackendKind]:
        """The same, as load balancers tell them apart."""
        return frozenset(found for kind in self.kinds for found in self.variants_of(kind))

    def variants_of(self, kind: GroupKind) -> tuple[BackendKind, ...]:
        """What it can be, if it is of one of its `kinds`, as load balancers tell that apart."""
        variants = variants_of(kind)
        is_first = self._is_first_variant(kind) if len(variants) > 1 else True
        return variants if isinstance(is_first, Unknown) else (variants[0] if is_first else variants[1],)

    def _is_first_variant(self, kind: GroupKind) -> bool | Unknown:
        if kind is GroupKind.INTERNET_NEG:
            return self.is_anywhere
        if kind is GroupKind.INSTANCE_GROUP:
            if isinstance(self.target, Reference):
                return self.target.scope == "regions" if self._is_instance_group else UNKNOWN
            return self.target.type == REGION_INSTANCE_GROUP_MANAGER
        if isinstance(self.target, Reference):
            return True if self._is_of_gke else UNKNOWN
        return negation(equals(self.target.asked.string("networkEndpointType"), "GCE_VM_IP"))

    @property
    def _is_of_gke(self) -> bool:
        """Whether an annotation of a Service names it: a zonal NEG of Pods, in each zone that has any.

        https://cloud.google.com/kubernetes-engine/docs/how-to/standalone-neg
        """
        reference = self.target
        return isinstance(reference, Reference) and (
            reference.scope == "zones" and reference.name in named_negs(self.stack)
        )

    @property
    def _is_instance_group(self) -> bool:
        """By its URL; for one that names the manager, whose group has the same name, another is to blame."""
        collections = (GROUP_COLLECTIONS[0], MANAGER_COLLECTION)
        return isinstance(self.target, Reference) and self.target.collection in collections

    @property
    def platform(self) -> str | Unknown | None:
        """What a serverless NEG leads to, such as Cloud Run; `None` if it does not say, or is no serverless NEG."""
        if GroupKind.SERVERLESS_NEG not in self.kinds:
            return None
        if isinstance(self.target, Reference):
            return UNKNOWN
        blocks = {key: is_set(self.target.asked.object(key)) for key in _PLATFORMS}
        found = [_PLATFORMS[key] for key, is_there in blocks.items() if is_there is True]
        return found[0] if found else (UNKNOWN if any_of(blocks.values()) is UNKNOWN else None)

    @property
    def serves_google_api(self) -> bool | Unknown:
        """Whether it is a Private Service Connect NEG for a Google API, and not for a service that somebody published.

        https://cloud.google.com/vpc/docs/private-service-connect-backends
        """
        if GroupKind.PRIVATE_SERVICE_CONNECT_NEG not in self.kinds:
            return False
        if isinstance(self.target, Reference) or len(self.kinds) > 1:
            return UNKNOWN
        target = self.target.asked.string("pscTargetService")
        if isinstance(target, str):
            return "/serviceAttachments/" not in target
        sources = map(self.stack.by_urn, self.target.edges.get("pscTargetService", ()))
        return False if any(source and source.type == SERVICE_ATTACHMENT for source in sources) else UNKNOWN

    @property
    def lacks_psc_target(self) -> bool:
        """Whether it certainly is a Private Service Connect NEG of the stack that does not say what it leads to."""
        if isinstance(self.target, Reference) or self.kinds != {GroupKind.PRIVATE_SERVICE_CONNECT_NEG}:
            return False
        return self.target.asked.string("pscTargetService") is None

    @cached_property
    def region(self) -> str | Unknown:
        """The region that it serves from; `UNKNOWN` as well for one that `is_anywhere`, and for what is no group."""
        if isinstance(self.target, Reference):
            is_group = self._is_instance_group or self.target.collection in GROUP_COLLECTIONS
            return (self.target.region if is_group else None) or UNKNOWN
        location = location_of(self.target)
        if isinstance(location, str):
            return region_of(location)
        return next((name.region for name in references_to(self.target) if name.region), UNKNOWN)

    @property
    def project(self) -> str | Unknown | None:
        """The project that it is in; `None` if neither it nor its provider says."""
        return self.target.project if isinstance(self.target, Reference) else project_of(self.target)

    def is_in_project_of(self, owner: Resource) -> bool | Unknown:
        """Whether it is in the project of another resource, as one is taken to be where either does not say."""
        ours, theirs = self.project, project_of(owner)
        if isinstance(ours, Unknown) or isinstance(theirs, Unknown):
            return True if isinstance(self.target, Resource) and have_one_project(self.target, owner) else UNKNOWN
        if ours is None or theirs is None or ours == theirs:
            return True
        return UNKNOWN if may_be_one_project(ours, theirs) else False

    @property
    def is_anywhere(self) -> bool:
        """It is a global NEG: its endpoints are on the internet, in any number of places."""
        if isinstance(self.target, Reference):
            return self.target.scope == "global" and self.target.collection in GROUP_COLLECTIONS
        return self.target.type == GLOBAL_NETWORK_ENDPOINT_GROUP

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

    def port_numbers(self, port_name: str | None = None) -> tuple[int | Unknown, ...]:
        """The numbers of its named ports, of those with one name if one is given: `UNKNOWN` among them for any others.

        None at all if it certainly defines no such port.
        """
        if port_name is not None and self.defines_port(port_name) is False:
            return ()
        if isinstance(self.target, Reference) or self.target.ignores_changes_of("namedPorts"):
            return (UNKNOWN,)
        inline = self.target.asked.objects("namedPorts")
        separate = _named_ports(self.stack).about(self.target)
        known_inline = [Properties(UNKNOWN)] if isinstance(inline, Unknown) else inline
        ports: list[tuple[bool | Unknown, Properties]] = [(True, port) for port in known_inline]
        ports += [(self._is_owner(links), port.asked) for port, links in separate]
        found = list[int | Unknown]()
        for belongs, port in ports:
            named = True if port_name is None else equals(port.string("name"), port_name)
            if all_of([belongs, named]) is not False:
                number = port.number("port") if all_of([belongs, named]) is True else UNKNOWN
                found.append(like(number, int(number)) if isinstance(number, int | float) else UNKNOWN)
        return tuple(found) if found else (UNKNOWN,) if port_name is not None else ()

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


def variants_of(kind: GroupKind) -> tuple[BackendKind, ...]:
    """What load balancers tell apart of one kind."""
    return _VARIANTS[kind]


@per_stack
def _named_ports(stack: Stack) -> LinkIndex[Resource]:
    """The named ports that are resources of their own, by their groups: each names one or gives its URL."""
    return LinkIndex((port, _group_of(stack, port)) for port in stack.of_types([INSTANCE_GROUP_NAMED_PORT]))


def _group_of(stack: Stack, port: Resource) -> Links:
    group = port.asked.string("group")
    url = full_url(port, group, "instanceGroups", "zones")
    return resolve(stack, port, "group", [url], INSTANCE_GROUP_TYPES)


def _resource(target: Resource | Reference) -> Resource:
    assert isinstance(target, Resource)
    return target


def _has_name(ports: list[Properties] | Unknown, name: str) -> bool | Unknown:
    if isinstance(ports, Unknown):
        return UNKNOWN
    return any_of(equals(port.string("name"), name) for port in ports)
