"""Names of Compute Engine resources: URLs parsed, and what a resource of the stack is called."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .resource import Resource
from .values import UNKNOWN, Unknown

_URL: Final = re.compile(
    r"(?:^|/)(?:projects/(?P<project>[^/]+)/)?"
    r"(?:global|(?P<scope>regions|zones)/(?P<location>[^/]+))"
    r"/(?P<collection>[A-Za-z]+)/(?P<name>[^/]+)/?$"
)

# Type token -> collection in the API and the scope that the URL names.
COLLECTIONS: Final = {
    "gcp:compute/backendService:BackendService": ("backendServices", "global"),
    "gcp:compute/regionBackendService:RegionBackendService": ("backendServices", "regions"),
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": ("instanceGroupManagers", "regions"),
    "gcp:compute/instanceGroupManager:InstanceGroupManager": ("instanceGroupManagers", "zones"),
    "gcp:compute/instanceGroup:InstanceGroup": ("instanceGroups", "zones"),
    "gcp:compute/networkEndpointGroup:NetworkEndpointGroup": ("networkEndpointGroups", "zones"),
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": ("networkEndpointGroups", "regions"),
    "gcp:compute/globalNetworkEndpointGroup:GlobalNetworkEndpointGroup": ("networkEndpointGroups", "global"),
    "gcp:compute/healthCheck:HealthCheck": ("healthChecks", "global"),
    "gcp:compute/regionHealthCheck:RegionHealthCheck": ("healthChecks", "regions"),
    "gcp:compute/httpHealthCheck:HttpHealthCheck": ("httpHealthChecks", "global"),
    "gcp:compute/httpsHealthCheck:HttpsHealthCheck": ("httpsHealthChecks", "global"),
    "gcp:compute/autoscaler:Autoscaler": ("autoscalers", "zones"),
    "gcp:compute/firewall:Firewall": ("firewalls", "global"),
    "gcp:compute/forwardingRule:ForwardingRule": ("forwardingRules", "regions"),
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": ("forwardingRules", "global"),
    "gcp:compute/instance:Instance": ("instances", "zones"),
    "gcp:compute/instanceTemplate:InstanceTemplate": ("instanceTemplates", "global"),
    "gcp:compute/network:Network": ("networks", "global"),
    "gcp:compute/regionAutoscaler:RegionAutoscaler": ("autoscalers", "regions"),
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": ("instanceTemplates", "regions"),
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy": ("securityPolicies", "regions"),
    "gcp:compute/regionSslPolicy:RegionSslPolicy": ("sslPolicies", "regions"),
    "gcp:compute/regionTargetHttpProxy:RegionTargetHttpProxy": ("targetHttpProxies", "regions"),
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": ("targetHttpsProxies", "regions"),
    "gcp:compute/regionTargetTcpProxy:RegionTargetTcpProxy": ("targetTcpProxies", "regions"),
    "gcp:compute/regionUrlMap:RegionUrlMap": ("urlMaps", "regions"),
    "gcp:compute/sSLPolicy:SSLPolicy": ("sslPolicies", "global"),
    "gcp:compute/securityPolicy:SecurityPolicy": ("securityPolicies", "global"),
    "gcp:compute/subnetwork:Subnetwork": ("subnetworks", "regions"),
    "gcp:compute/targetGrpcProxy:TargetGrpcProxy": ("targetGrpcProxies", "global"),
    "gcp:compute/targetHttpProxy:TargetHttpProxy": ("targetHttpProxies", "global"),
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": ("targetHttpsProxies", "global"),
    "gcp:compute/targetSSLProxy:TargetSSLProxy": ("targetSslProxies", "global"),
    "gcp:compute/targetTCPProxy:TargetTCPProxy": ("targetTcpProxies", "global"),
    "gcp:compute/uRLMap:URLMap": ("urlMaps", "global"),
}


class Reference(NamedTuple):
    """The name of a Compute Engine resource, as its URL gives it, without host and API version.

    `project` is `None` where the URL is relative to the provider's project. `scope` is `global`, `regions` or
    `zones`; `location` the region or zone, `None` for `global`.
    """

    project: str | None
    scope: str
    location: str | None
    collection: str
    name: str

    @property
    def region(self) -> str | None:
        """The region it is in, `None` for a global resource."""
        return region_of(self.location) if self.location else None

    def in_project(self, project: str | None) -> Reference:
        """The same name in a project; `None` leaves that open."""
        return Reference(project, self.scope, self.location, self.collection, self.name)

    def in_collection(self, collection: str) -> Reference:
        """The same name in a collection, such as `instanceGroups`."""
        return Reference(self.project, self.scope, self.location, collection, self.name)


def region_of(location: str) -> str:
    """The region of a zone (`us-central1-a` is in `us-central1`) or of a region; URLs of either are accepted."""
    return "-".join(location.rstrip("/").rpartition("/")[2].split("-")[:2])


def parse_reference(url: str) -> Reference | None:
    """Parses a full, partial or relative resource URL; `None` if it is not one."""
    match = _URL.search(url.partition("?")[0])
    if not match:
        return None
    project, scope, location, collection, name = match.groups()
    return Reference(project, scope or "global", location, collection, name)


def references_to(resource: Resource) -> frozenset[Reference]:
    """All names under which other resources may refer to `resource`.

    Its outputs `id` and `selfLink`, and a manager's `instanceGroup`, name it; before it has any, its type, project,
    location and name do, if all of these are known. A manager's instance group has the manager's name.
    """
    is_manager = COLLECTIONS.get(resource.type, ("", ""))[0] == "instanceGroupManagers"
    urls = [resource.result.string(key) for key in ("id", "selfLink", *(["instanceGroup"] if is_manager else []))]
    parsed = [parse_reference(url) for url in urls if isinstance(url, str)]
    names = {name for name in parsed if name} or _names_from_inputs(resource)
    if not is_manager:
        return frozenset(names)
    return frozenset(
        name.in_collection(collection) for name in names for collection in ("instanceGroupManagers", "instanceGroups")
    )


def may_have_any_name(resource: Resource) -> bool:
    """Whether a known URL may be that of `resource`: not if its name is known, or will be made up by Pulumi."""
    return not references_to(resource) and resource.asked.string("name") is not None


def _names_from_inputs(resource: Resource) -> set[Reference]:
    if resource.type not in COLLECTIONS:
        return set()
    name, project = resource.asked.string("name"), setting(resource, "project")
    location = location_of(resource)
    if not isinstance(name, str) or project is UNKNOWN or location is UNKNOWN:
        return set()
    collection, scope = COLLECTIONS[resource.type]
    return {Reference(project, scope, location, collection, name)}


def location_of(resource: Resource) -> str | Unknown | None:
    """The region or zone a resource is created in; `None` for a global one."""
    _, scope = COLLECTIONS.get(resource.type, ("", "global"))
    if scope == "global":
        return None
    location = setting(resource, "region" if scope == "regions" else "zone")
    return location.rstrip("/").rpartition("/")[2] if isinstance(location, str) else UNKNOWN


def setting(resource: Resource, key: str) -> str | Unknown | None:
    """The resource's own `project`, `region` or `zone`, else the one that it was created with, else its provider's."""
    own = resource.asked.string(key)
    if own is not None:
        return own
    created = resource.result.string(key)
    return created if isinstance(created, str) else resource.provider_settings.string(key)
