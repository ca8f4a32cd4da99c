"""Front ends: forwarding rules, target proxies and SSL policies, global and regional."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.product import DEFAULT_REGIONAL_SCHEME_OF_FORWARDING_RULES, scheme_of
from policypack.model.frontend.url_map import UrlMap
from policypack.model.graph.links import Links, resolve
from policypack.model.graph.path import services_of
from policypack.model.graph.reference import region_of, setting
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import (
    FORWARDING_RULE_TYPES,
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
from policypack.model.values.logic import any_of, same
from policypack.model.values.values import UNKNOWN, Unknown

_PROXY_KINDS: Final = {
    "HTTP": HTTP_PROXY_TYPES,
    "HTTPS": HTTPS_PROXY_TYPES,
    "SSL": SSL_PROXY_TYPES,
    "TCP": TCP_PROXY_TYPES,
    "gRPC": GRPC_PROXY_TYPES,
}

# https://cloud.google.com/load-balancing/docs/ssl-policies-concepts: the defaults of a policy.
_DEFAULT_PROFILE: Final = "COMPATIBLE"
_DEFAULT_TLS: Final = "TLS_1_0"
TLS_VERSIONS: Final = ("TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3")
# Cipher suites without forward secrecy or with 3DES, which CIS recommendation 3.9 lists.
WEAK_CIPHERS: Final = (
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
)


def is_regional_type(type_: str) -> bool:
    """Whether a load balancing resource of this type lives in a region."""
    name = type_.rpartition(":")[2]
    return name.startswith("Region") or name == "ForwardingRule"


def region_setting(resource: Resource) -> str | Unknown:
    """The region of a regional resource."""
    region = setting(resource, "region")
    return region_of(region) if isinstance(region, str) else UNKNOWN


def full_url(resource: Resource, name: str | Unknown | None, collection: str) -> str | Unknown | None:
    """The URL that the bare name of a resource stands for, in the project and the region of `resource`.

    The provider takes a name or a URL for SSL and security policies; a URL is left as it is.
    """
    if not isinstance(name, str) or "/" in name:
        return name
    project = setting(resource, "project")
    region = region_setting(resource) if is_regional_type(resource.type) else None
    if isinstance(project, Unknown) or isinstance(region, Unknown):
        return UNKNOWN
    prefix = f"projects/{project}/" if project else ""
    return f"{prefix}{f'regions/{region}' if region else 'global'}/{collection}/{name}"


class SslPolicy(View):
    """An SSL policy: what a proxy negotiates with clients."""

    TYPES = SSL_POLICY_TYPES

    @property
    def profile(self) -> str | Unknown:
        """`COMPATIBLE`, `MODERN`, `RESTRICTED`, `CUSTOM` or `FIPS_202205`."""
        profile = self.resource.asked.string("profile")
        return _DEFAULT_PROFILE if profile is None else profile

    @property
    def features(self) -> list[str | Unknown] | Unknown:
        """The cipher suites of the `CUSTOM` profile."""
        return self.resource.asked.strings("customFeatures")

    @property
    def weak_features(self) -> tuple[str, ...]:
        """The weak cipher suites that certainly are among `features`."""
        features = [] if isinstance(self.features, Unknown) else self.features
        return tuple(name for name in WEAK_CIPHERS if any(isinstance(one, str) and one == name for one in features))

    @property
    def has_known_features(self) -> bool:
        """Whether all of `features` are known."""
        return not isinstance(self.features, Unknown) and all(isinstance(one, str) for one in self.features)

    def allows_before(self, version: str) -> bool | Unknown:
        """Whether a client can negotiate a version of TLS before this one, such as `TLS_1_2`.

        `RESTRICTED`, and custom suites with authenticated encryption alone, exist from TLS 1.2 on, whatever
        `minTlsVersion` says: https://cloud.google.com/load-balancing/docs/ssl-policies-concepts
        """
        asked = self.min_tls
        if isinstance(asked, str) and asked in TLS_VERSIONS and asked >= version:
            return False
        if version <= "TLS_1_2" and self._rules_out_before_tls_1_2 is not False:
            return False if self._rules_out_before_tls_1_2 is True else UNKNOWN
        return True if isinstance(asked, str) and asked in TLS_VERSIONS else UNKNOWN

    @property
    def min_tls(self) -> str | Unknown:
        """The lowest version that it is asked to take."""
        version = self.resource.asked.string("minTlsVersion")
        return _DEFAULT_TLS if version is None else version

    @property
    def _rules_out_before_tls_1_2(self) -> bool | Unknown:
        """Whether its profile alone rules out versions before TLS 1.2."""
        if isinstance(self.profile, Unknown):
            return UNKNOWN
        if self.profile != "CUSTOM":
            return self.profile == "RESTRICTED"
        return self._is_modern_only if self.has_known_features else UNKNOWN

    @property
    def _is_modern_only(self) -> bool:
        features = [] if isinstance(self.features, Unknown) else self.features
        return bool(features) and all(isinstance(one, str) and ("GCM" in one or "CHACHA20" in one) for one in features)


class Proxy(View):
    """A target proxy of any kind."""

    TYPES = PROXY_TYPES

    @property
    def kind(self) -> str:
        """`HTTP`, `HTTPS`, `SSL`, `TCP` or `gRPC`."""
        return next(kind for kind, types in _PROXY_KINDS.items() if self.resource.type in types)

    @property
    def is_regional(self) -> bool:
        """Whether it lives in a region."""
        return is_regional_type(self.resource.type)

    @property
    def region(self) -> str | Unknown:
        """The region of a regional one."""
        return region_setting(self.resource)

    @cached_property
    def url_map_links(self) -> Links:
        """The URL map of an HTTP, HTTPS or gRPC proxy."""
        return _one(self, "urlMap", self.resource.asked.string("urlMap"), URL_MAP_TYPES)

    @cached_property
    def url_maps(self) -> tuple[UrlMap, ...]:
        """The URL map in the stack that it certainly uses; none for the other kinds."""
        return tuple(UrlMap.of(target, self.stack) for target in self.url_map_links.targets)

    @cached_property
    def service_links(self) -> Links:
        """The backend service of an SSL or TCP proxy."""
        return _one(self, "backendService", self.resource.asked.string("backendService"), SERVICE_TYPES)

    @cached_property
    def ssl_policy_links(self) -> Links:
        """The SSL policy of an HTTPS or SSL proxy."""
        name = full_url(self.resource, self.resource.asked.string("sslPolicy"), "sslPolicies")
        return _one(self, "sslPolicy", name, SSL_POLICY_TYPES)

    @property
    def has_ssl_policy(self) -> bool:
        """Whether `sslPolicy` is set, be it to what is not known yet."""
        return self.resource.asked.string("sslPolicy") is not None

    @cached_property
    def ssl_policies(self) -> tuple[SslPolicy, ...]:
        """The SSL policy in the stack that it certainly has."""
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
        """The backend services in the stack that it certainly sends requests to."""
        direct = self.service_links.targets
        through = (service for url_map in self.url_maps for service in url_map.services)
        found = {resource.urn: resource for resource in (*direct, *through)}
        return tuple(BackendService.of(found[urn], self.stack) for urn in sorted(found))

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
        services = (BackendService.of(resource, self.stack) for resource in services_of(self.stack, self.resource))
        return same(service.is_external for service in services)

    @property
    def is_mesh(self) -> bool | Unknown:
        """Whether it configures Cloud Service Mesh, by the schemes of the services on its serving path."""
        services = (BackendService.of(resource, self.stack) for resource in services_of(self.stack, self.resource))
        return same(service.is_mesh for service in services)


class ForwardingRule(View):
    """A forwarding rule, global or regional: an address and port, and what receives the traffic."""

    TYPES = FORWARDING_RULE_TYPES

    @property
    def is_regional(self) -> bool:
        """Whether it lives in a region."""
        return is_regional_type(self.resource.type)

    @property
    def region(self) -> str | Unknown:
        """The region of a regional one."""
        return region_setting(self.resource)

    @property
    def region_if_known(self) -> str | None:
        """The region of a regional one, `None` if it is not known."""
        return self.region if isinstance(self.region, str) else None

    @property
    def scheme(self) -> str | Unknown:
        """The load balancing scheme."""
        return scheme_of(self.resource, DEFAULT_REGIONAL_SCHEME_OF_FORWARDING_RULES if self.is_regional else None)

    @property
    def network_tier(self) -> str | Unknown | None:
        """`PREMIUM` or `STANDARD`; `None` takes that of the address, else PREMIUM."""
        return self.resource.asked.string("networkTier")

    @cached_property
    def proxy_links(self) -> Links:
        """The target proxy."""
        return _one(self, "target", self.resource.asked.string("target"), PROXY_TYPES)

    @cached_property
    def proxies(self) -> tuple[Proxy, ...]:
        """The target proxy in the stack that it certainly uses."""
        return tuple(Proxy.of(target, self.stack) for target in self.proxy_links.targets)

    @cached_property
    def service_links(self) -> Links:
        """The backend service that it sends packets to without a proxy."""
        return _one(self, "backendService", self.resource.asked.string("backendService"), SERVICE_TYPES)

    @cached_property
    def direct_services(self) -> tuple[BackendService, ...]:
        """The backend service in the stack that it certainly sends packets to without a proxy."""
        return tuple(BackendService.of(target, self.stack) for target in self.service_links.targets)


def is_external(service: BackendService) -> bool | Unknown:
    """Whether the load balancer of a service has an address on the internet."""
    return service.is_external


def iap_is_enabled(service: BackendService) -> bool | Unknown:
    """Whether Identity-Aware Proxy authenticates every request to a service; without the block it does not."""
    iap = service.resource.asked.object("iap")
    if iap is None or isinstance(iap, Unknown):
        return False if iap is None else UNKNOWN
    enabled = iap.boolean("enabled")
    return False if enabled is None else enabled


def _one(view: View, key: str, url: str | Unknown | None, types: Iterable[str]) -> Links:
    """What a property with one URL points at; nothing if it is left out."""
    return resolve(view.stack, view.resource, key, [] if url is None else [url], types)
