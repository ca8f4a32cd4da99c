"""Which backend services get requests from clients; the others serve no model, whatever is behind them.

A sink answers for the hosts that nobody claimed: its URL map aborts every request. A callout is asked by an extension
what to do with a request: https://cloud.google.com/service-extensions/docs/lb-extensions-overview
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.url_map import UrlMap
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    EXTENSION_TYPES,
    FORWARDING_RULE_TYPES,
    PROXY_TYPES,
    SERVICE_TYPES,
    URL_MAP_TYPES,
)
from policypack.model.values.logic import is_in, known_in
from policypack.model.values.values import Unknown

_FRONT_TYPES: Final = (*URL_MAP_TYPES, *PROXY_TYPES, *FORWARDING_RULE_TYPES)
# These packages have resources that route requests to backend services, such as the routes of a mesh and of GKE.
_OTHER_ROUTERS: Final = ("gcp:networkservices/", "kubernetes:")
_ROUTING: Final = ("defaultService", "defaultRouteAction", "defaultUrlRedirect", "hostRules", "pathMatchers")
# "The backend service for the extension must use HTTP2 or H2C as the protocol"; GRPC, of a mesh, is not documented:
# https://cloud.google.com/dotnet/docs/reference/Google.Cloud.NetworkServices.V1/latest/Google.Cloud.NetworkServices.V1.WireFormat
_CALLOUT_PROTOCOLS: Final = ("HTTP2", "H2C", "GRPC")


def services_without_requests(stack: Stack) -> tuple[tuple[str, str], ...]:
    """The names of the backend services that certainly get no requests, each with the reason, a clause."""
    services = (service for service in stack.of_types(SERVICE_TYPES) if not service.is_empty)
    return tuple((service.name, why) for service in services if (why := why_no_requests(stack, service)))


@per_stack
def why_no_requests(stack: Stack, resource: Resource) -> str:
    """Why a backend service certainly gets no requests from clients, a clause; empty if it gets some, or may.

    A service that nothing of the stack sends requests to may be routed to by another stack, unless this one has a URL
    map that sends requests to a service of the same kind, and so is where it would be.
    """
    service, front = BackendService.of(resource, stack), stack.users(resource, _FRONT_TYPES)
    maps = [UrlMap.of(one, stack) for one in front if one.type in URL_MAP_TYPES]
    if not stack.is_complete or len(maps) < len(front) or _other_routers(stack, resource):
        return ""
    if any(url_map not in maps for url_map in _maps_of_any_service(stack)):
        return ""
    if maps:
        return "every route to it aborts or redirects" if all(_sends_nothing(one, service) for one in maps) else ""
    if stack.users(resource, EXTENSION_TYPES):
        return "only extensions of load balancers call it"
    could = any(_could_send(url_map, service) for url_map in _url_maps(stack))
    return "no route of a URL map sends requests to it" if could else ""


@per_stack
def may_turn_out_without_requests(stack: Stack, resource: Resource) -> bool:
    """Whether a service looks like a sink or a callout, and nothing seen so far sends requests to it."""
    service, front = BackendService.of(resource, stack), stack.users(resource, _FRONT_TYPES)
    is_sink = service.has_no_backends and not service.leaves_backends_to_a_controller
    if not is_sink and is_in(service.protocol, _CALLOUT_PROTOCOLS) is False:
        return False
    return all(one.type in URL_MAP_TYPES and _sends_nothing(UrlMap.of(one, stack), service) for one in front)


@per_stack
def _url_maps(stack: Stack) -> tuple[UrlMap, ...]:
    return tuple(UrlMap.of(resource, stack) for resource in stack.of_types(URL_MAP_TYPES))


def _other_routers(stack: Stack, service: Resource) -> tuple[Resource, ...]:
    types = [type_ for type_ in stack.types if type_.startswith(_OTHER_ROUTERS) and type_ not in EXTENSION_TYPES]
    return stack.users(service, types)


@per_stack
def _maps_of_any_service(stack: Stack) -> tuple[UrlMap, ...]:
    """The URL maps that may route to services that they are not seen to mention."""
    return tuple(
        url_map
        for url_map in _url_maps(stack)
        if url_map.resource.is_empty or _is_routed_elsewhere(url_map) or isinstance(url_map.routes, Unknown)
    )


def _is_routed_elsewhere(url_map: UrlMap) -> bool:
    return any(url_map.resource.ignores_changes_of(key) for key in _ROUTING)


def _sends_nothing(url_map: UrlMap, service: BackendService) -> bool:
    """Whether a URL map certainly sends no request to a service, not even a copy of one."""
    if _is_routed_elsewhere(url_map) and not service.has_no_backends:
        return False
    is_copied = any(route.mirrors for route in known_in(url_map.routes)) or isinstance(url_map.routes, Unknown)
    return not is_copied and url_map.sends_requests_to(service.resource) is False


def _could_send(url_map: UrlMap, service: BackendService) -> bool:
    """Whether a URL map sends requests to another service that differs in nothing a URL map would mind."""
    return url_map.passes_requests_on is True and any(_is_alike(other, service) for other in _routed(url_map))


def _routed(url_map: UrlMap) -> Iterator[BackendService]:
    return (BackendService.of(resource, url_map.stack) for resource in url_map.services)


def _is_alike(one: BackendService, other: BackendService) -> bool:
    is_near = one.is_regional == other.is_regional and (not one.is_regional or _same(one.region, other.region))
    return is_near and _same(one.scheme, other.scheme)


def _same(one: str | Unknown, other: str | Unknown) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one == other
