"""Target proxies, global and regional."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.ssl_policy import SslPolicy
from policypack.model.frontend.url_map import UrlMap
from policypack.model.graph.links import Links
from policypack.model.graph.path import services_of
from policypack.model.graph.reference import is_regional_type, region_setting
from policypack.model.graph.resource import ordered
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    GRPC_PROXY_TYPES,
    HTTP_PROXY_TYPES,
    HTTPS_PROXY_TYPES,
    PROXY_TYPES,
    SERVICE_TYPES,
    SSL_POLICY_TYPES,
    SSL_PROXY_TYPES,
    TCP_PROXY_TYPES,
    URL_MAP_TYPES,
)
from policypack.model.graph.view import View
from policypack.model.products.product import PROTOCOLS_BEHIND
from policypack.model.values.logic import any_of, same, when_known
from policypack.model.values.values import UNKNOWN, Unknown

_KINDS: Final = {
    "HTTP": HTTP_PROXY_TYPES,
    "HTTPS": HTTPS_PROXY_TYPES,
    "SSL": SSL_PROXY_TYPES,
    "TCP": TCP_PROXY_TYPES,
    "gRPC": GRPC_PROXY_TYPES,
}
_CERTIFICATES: Final = ("sslCertificates", "certificateMap")


class Proxy(View):
    """A target proxy of any kind."""

    TYPES = PROXY_TYPES

    @property
    def kind(self) -> str:
        """`HTTP`, `HTTPS`, `SSL`, `TCP` or `gRPC`."""
        return next(kind for kind, types in _KINDS.items() if self.resource.type in types)

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols of the services that can be behind it."""
        return PROTOCOLS_BEHIND[self.kind]

    @property
    def is_regional(self) -> bool:
        return is_regional_type(self.resource.type)

    @property
    def region(self) -> str | Unknown:
        return region_setting(self.resource)

    @property
    def has_certificate_map(self) -> bool | Unknown:
        """Whether a certificate map tells its certificates."""
        return when_known(self.resource.asked.value("certificateMap"), bool)

    @property
    def has_managed_certificates(self) -> bool | Unknown:
        """Whether it names certificates of Certificate Manager itself."""
        return when_known(self.resource.asked.value("certificateManagerCertificates"), bool)

    @property
    def has_compute_certificates(self) -> bool | Unknown:
        """Whether it names certificates of Compute Engine."""
        if self.kind not in ("HTTPS", "SSL"):
            return False
        return when_known(self.resource.asked.value("sslCertificates"), bool)

    @property
    def lacks_certificates(self) -> bool:
        """Whether it is for TLS, and this program certainly gives it no certificate."""
        keys = [*_CERTIFICATES, "certificateManagerCertificates"] if self.kind == "HTTPS" else _CERTIFICATES
        if self.kind not in ("HTTPS", "SSL") or self.resource.is_read:
            return False
        if any(self.resource.ignores_changes_of(key) for key in keys):
            return False
        return any_of(when_known(self.resource.asked.value(key), bool) for key in keys) is False

    @cached_property
    def url_map_links(self) -> Links:
        return self.link("urlMap", URL_MAP_TYPES)

    @cached_property
    def url_maps(self) -> tuple[UrlMap, ...]:
        """The URL map in the stack that it certainly uses; none for the other kinds."""
        return tuple(UrlMap.of(target, self.stack) for target in self.url_map_links.targets)

    @cached_property
    def service_links(self) -> Links:
        return self.link("backendService", SERVICE_TYPES)

    @cached_property
    def ssl_policy_links(self) -> Links:
        return self.link("sslPolicy", SSL_POLICY_TYPES, "sslPolicies")

    @property
    def has_ssl_policy(self) -> bool:
        """Whether `sslPolicy` is set, be it to what is not known yet."""
        return self.resource.asked.string("sslPolicy") is not None

    @cached_property
    def ssl_policies(self) -> tuple[SslPolicy, ...]:
        return tuple(SslPolicy.of(target, self.stack) for target in self.ssl_policy_links.targets)

    @property
    def leaves_ssl_policy_to_others(self) -> bool:
        """`ignore_changes` covers its SSL policy: something else attaches one."""
        return self.resource.ignores_changes_of("sslPolicy")

    @property
    def client_certificate_policy(self) -> str | Unknown | None:
        """The URL of the server TLS policy, which says whether clients need a certificate."""
        return self.resource.asked.string("serverTlsPolicy")

    @cached_property
    def services(self) -> tuple[BackendService, ...]:
        direct = self.service_links.targets
        through = (service for url_map in self.url_maps for service in url_map.services)
        return tuple(BackendService.of(one, self.stack) for one in ordered((*direct, *through)))

    @property
    def further_services(self) -> tuple[BackendService, ...] | None:
        """The services in the stack that it may send requests to besides `services`; `None` if there may be others."""
        maps = [url_map.possible_services for url_map in self.url_maps]
        if self.url_map_links.why or self.service_links.why or None in maps:
            return None
        certain = {service.urn for service in self.services}
        found = (one for services in maps if services for one in services if one.urn not in certain)
        return tuple(BackendService.of(one, self.stack) for one in ordered(found))

    @property
    def passes_requests_on(self) -> bool | Unknown:
        """Whether a route of its URL map sends requests to a backend service, in the stack or outside."""
        if not self.url_map_links.is_complete or self.url_map_links.external:
            return UNKNOWN
        return any_of(url_map.passes_requests_on for url_map in self.url_maps)

    @property
    def why_services_unknown(self) -> str:
        """What keeps it from being known which services it sends requests to; empty if they are known."""
        maps = [url_map.why_services_unknown for url_map in self.url_maps]
        return next((why for why in (self.url_map_links.why, self.service_links.why, *maps) if why), "")

    @property
    def is_external(self) -> bool | Unknown:
        """Whether clients on the internet reach it, by the schemes of the services on its serving path."""
        return same(service.is_external for service in self._served)

    @property
    def is_mesh(self) -> bool | Unknown:
        """Whether it configures Cloud Service Mesh, by the schemes of the services on its serving path."""
        return same(service.is_mesh for service in self._served)

    @property
    def _served(self) -> tuple[BackendService, ...]:
        served = services_of(self.stack, self.resource)
        return tuple(BackendService.of(service, self.stack) for service in served)


def is_behind_proxy(service: BackendService) -> bool | Unknown:
    """Whether a target proxy of the stack sends requests to a service, whatever the service's scheme."""
    certain, is_all = _services_behind_proxies(service.stack)
    return True if service.urn in certain else (False if is_all else UNKNOWN)


@per_stack
def _services_behind_proxies(stack: Stack) -> tuple[frozenset[str], bool]:
    """The services that proxies certainly send requests to, and whether these are all."""
    proxies = [Proxy.of(resource, stack) for resource in stack.of_types(PROXY_TYPES)]
    is_all = stack.is_complete and not any(proxy.why_services_unknown for proxy in proxies)
    return frozenset(service.urn for proxy in proxies for service in proxy.services), is_all
