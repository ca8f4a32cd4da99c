"""Names of Compute Engine resources: URLs parsed, and what a resource of the stack is called."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import (
    AUTOSCALER,
    BACKEND_SERVICE,
    FIREWALL,
    FORWARDING_RULE,
    GLOBAL_FORWARDING_RULE,
    GLOBAL_NETWORK_ENDPOINT_GROUP,
    HEALTH_CHECK,
    HTTP_HEALTH_CHECK,
    HTTPS_HEALTH_CHECK,
    INSTANCE,
    INSTANCE_GROUP,
    INSTANCE_GROUP_MANAGER,
    INSTANCE_TEMPLATE,
    MANAGED_SSL_CERTIFICATE,
    NETWORK,
    NETWORK_ENDPOINT_GROUP,
    REGION_AUTOSCALER,
    REGION_BACKEND_SERVICE,
    REGION_HEALTH_CHECK,
    REGION_INSTANCE_GROUP_MANAGER,
    REGION_INSTANCE_TEMPLATE,
    REGION_NETWORK_ENDPOINT_GROUP,
    REGION_SECURITY_POLICY,
    REGION_SSL_CERTIFICATE,
    REGION_SSL_POLICY,
    REGION_TARGET_HTTP_PROXY,
    REGION_TARGET_HTTPS_PROXY,
    REGION_TARGET_TCP_PROXY,
    REGION_URL_MAP,
    SECURITY_POLICY,
    SSL_CERTIFICATE,
    SSL_POLICY,
    SUBNETWORK,
    TARGET_GRPC_PROXY,
    TARGET_HTTP_PROXY,
    TARGET_HTTPS_PROXY,
    TARGET_SSL_PROXY,
    TARGET_TCP_PROXY,
    URL_MAP,
)
from policypack.model.values.secret import joined, like
from policypack.model.values.values import UNKNOWN, Unknown

_URL: Final = re.compile(
    r"(?:^|/)(?:projects/(?P<project>[^/]+)/)?"
    r"(?:global|(?P<scope>regions|zones)/(?P<location>[^/]+))"
    r"/(?P<collection>[A-Za-z]+)/(?P<name>[^/]+)/?$"
)

# Type token -> collection in the API and the scope that the URL names.
COLLECTIONS: Final = {
    BACKEND_SERVICE: ("backendServices", "global"),
    REGION_BACKEND_SERVICE: ("backendServices", "regions"),
    REGION_INSTANCE_GROUP_MANAGER: ("instanceGroupManagers", "regions"),
    INSTANCE_GROUP_MANAGER: ("instanceGroupManagers", "zones"),
    INSTANCE_GROUP: ("instanceGroups", "zones"),
    NETWORK_ENDPOINT_GROUP: ("networkEndpointGroups", "zones"),
    REGION_NETWORK_ENDPOINT_GROUP: ("networkEndpointGroups", "regions"),
    GLOBAL_NETWORK_ENDPOINT_GROUP: ("networkEndpointGroups", "global"),
    HEALTH_CHECK: ("healthChecks", "global"),
    REGION_HEALTH_CHECK: ("healthChecks", "regions"),
    HTTP_HEALTH_CHECK: ("httpHealthChecks", "global"),
    HTTPS_HEALTH_CHECK: ("httpsHealthChecks", "global"),
    AUTOSCALER: ("autoscalers", "zones"),
    FIREWALL: ("firewalls", "global"),
    FORWARDING_RULE: ("forwardingRules", "regions"),
    GLOBAL_FORWARDING_RULE: ("forwardingRules", "global"),
    INSTANCE: ("instances", "zones"),
    INSTANCE_TEMPLATE: ("instanceTemplates", "global"),
    MANAGED_SSL_CERTIFICATE: ("sslCertificates", "global"),
    NETWORK: ("networks", "global"),
    REGION_AUTOSCALER: ("autoscalers", "regions"),
    REGION_INSTANCE_TEMPLATE: ("instanceTemplates", "regions"),
    REGION_SECURITY_POLICY: ("securityPolicies", "regions"),
    REGION_SSL_CERTIFICATE: ("sslCertificates", "regions"),
    REGION_SSL_POLICY: ("sslPolicies", "regions"),
    REGION_TARGET_HTTP_PROXY: ("targetHttpProxies", "regions"),
    REGION_TARGET_HTTPS_PROXY: ("targetHttpsProxies", "regions"),
    REGION_TARGET_TCP_PROXY: ("targetTcpProxies", "regions"),
    REGION_URL_MAP: ("urlMaps", "regions"),
    SSL_CERTIFICATE: ("sslCertificates", "global"),
    SSL_POLICY: ("sslPolicies", "global"),
    SECURITY_POLICY: ("securityPolicies", "global"),
    SUBNETWORK: ("subnetworks", "regions"),
    TARGET_GRPC_PROXY: ("targetGrpcProxies", "global"),
    TARGET_HTTP_PROXY: ("targetHttpProxies", "global"),
    TARGET_HTTPS_PROXY: ("targetHttpsProxies", "global"),
    TARGET_SSL_PROXY: ("targetSslProxies", "global"),
    TARGET_TCP_PROXY: ("targetTcpProxies", "global"),
    URL_MAP: ("urlMaps", "global"),
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


def short_name(url: str) -> str:
    """The last part of a URL or a path, which is the name itself; a bare name as it is."""
    return url.rstrip("/").rpartition("/")[2]


def region_of(location: str) -> str:
    """The region of a zone (`us-central1-a` is in `us-central1`) or of a region; URLs of either are accepted."""
    return joined("-", short_name(location).split("-")[:2])


def parse_reference(url: str) -> Reference | None:
    """Parses a full, partial or relative resource URL; `None` if it is not one."""
    match = _URL.search(url.partition("?")[0])
    if not match:
        return None
    project, scope, location, collection, name = like(url, match.groups())
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


def has_a_name(resource: Resource) -> bool:
    """Whether a resource has a name, known or not: not if Pulumi is going to make it up."""
    return bool(references_to(resource)) or resource.asked.string("name") is not None


def may_have_any_name(resource: Resource) -> bool:
    """Whether a known URL may be that of `resource`: not if its name is known, or will be made up by Pulumi."""
    return not references_to(resource) and resource.asked.string("name") is not None


def _names_from_inputs(resource: Resource) -> set[Reference]:
    if resource.type not in COLLECTIONS:
        return set()
    name, project = resource.asked.string("name"), with_provider_default(resource, "project")
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
    location = with_provider_default(resource, "region" if scope == "regions" else "zone")
    if not isinstance(location, str):
        # One that is read shows its id at least.
        identifier = resource.result.string("id")
        named = parse_reference(identifier) if isinstance(identifier, str) else None
        location = named.location if named and named.scope == scope else location
    return short_name(location) if isinstance(location, str) else UNKNOWN


def with_provider_default(resource: Resource, key: str) -> str | Unknown | None:
    """The resource's own `project`, `region` or `zone`, else the one that it was created with, else its provider's."""
    own = resource.asked.string(key)
    if own is not None:
        return own
    created = resource.result.string(key)
    return created if isinstance(created, str) else resource.provider_settings.string(key)


def project_of(resource: Resource) -> str | Unknown | None:
    """The project that a resource is in, by its id or its number; `None` if neither it nor its provider says."""
    named = (name.project for name in references_to(resource))
    return next((project for project in named if project), None) or with_provider_default(resource, "project")


def have_one_project(one: Resource, other: Resource) -> bool:
    """Whether two resources have a project that is not known from one source: a resource, or their provider."""
    sources = one.edges.get("project")
    if sources or other.edges.get("project"):
        return sources == other.edges.get("project")
    is_providers = one.asked.string("project") is None and other.asked.string("project") is None
    return is_providers and one.provider_urn == other.provider_urn


def may_be_one_project(one: str | None, other: str | None) -> bool:
    """Whether two names may be of one project: it goes by its id or its number, and `None` leaves it open."""
    return one is None or other is None or one == other or one.isdigit() != other.isdigit()


def is_regional_type(type_: str) -> bool:
    """Whether a load balancing resource of this type lives in a region."""
    name = type_.rpartition(":")[2]
    return name.startswith("Region") or name == "ForwardingRule"


def region_setting(resource: Resource) -> str | Unknown:
    """The region of a regional resource."""
    region = with_provider_default(resource, "region")
    return region_of(region) if isinstance(region, str) else UNKNOWN


def full_url(resource: Resource, name: str | Unknown | None, collection: str, scope: str = "") -> str | Unknown | None:
    """The URL that the bare name of a resource stands for, in the project and the place of `resource`.

    The provider takes a name or a URL for SSL and security policies; a URL is left as it is.

    Args:
        resource: the resource that has the name in a property.
        name: the name or URL.
        collection: where the name is from.
        scope: `global`, `regions` or `zones`; if it is left out, that of `resource`, which is in no zone.
    """
    if not isinstance(name, str) or "/" in name:
        return name
    scope = scope or ("regions" if is_regional_type(resource.type) else "global")
    project, place = with_provider_default(resource, "project"), _place_of(resource, scope)
    if isinstance(project, Unknown) or isinstance(place, Unknown):
        return UNKNOWN
    return joined("/", [*(["projects", project] if project else []), *place, collection, name])


def _place_of(resource: Resource, scope: str) -> list[str] | Unknown:
    """The part of a URL that says where something beside `resource` is."""
    if scope == "global":
        return [scope]
    place = region_setting(resource) if scope == "regions" else with_provider_default(resource, "zone")
    return [scope, short_name(place)] if isinstance(place, str) else UNKNOWN
