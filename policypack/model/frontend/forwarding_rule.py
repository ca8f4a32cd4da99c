"""Forwarding rules, global and regional."""

from __future__ import annotations

from functools import cached_property

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.product import DEFAULT_REGIONAL_SCHEME_OF_FORWARDING_RULES, scheme_of
from policypack.model.frontend.proxy import Proxy
from policypack.model.graph.links import Links
from policypack.model.graph.reference import is_regional_type, region_setting
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES, PROXY_TYPES, SERVICE_TYPES
from policypack.model.graph.view import View
from policypack.model.values.values import Unknown


class ForwardingRule(View):
    """A forwarding rule, global or regional: an address and port, and what receives the traffic."""

    TYPES = FORWARDING_RULE_TYPES

    @property
    def is_regional(self) -> bool:
        return is_regional_type(self.resource.type)

    @property
    def region(self) -> str | Unknown:
        return region_setting(self.resource)

    @property
    def region_if_known(self) -> str | None:
        return self.region if isinstance(self.region, str) else None

    @property
    def scheme(self) -> str | Unknown:
        return scheme_of(self.resource, DEFAULT_REGIONAL_SCHEME_OF_FORWARDING_RULES if self.is_regional else None)

    @property
    def network_tier(self) -> str | Unknown | None:
        """`PREMIUM` or `STANDARD`; `None` takes that of the address, else PREMIUM."""
        return self.resource.asked.string("networkTier")

    @cached_property
    def proxy_links(self) -> Links:
        return self.link("target", PROXY_TYPES)

    @cached_property
    def proxies(self) -> tuple[Proxy, ...]:
        return tuple(Proxy.of(target, self.stack) for target in self.proxy_links.targets)

    @cached_property
    def service_links(self) -> Links:
        """The backend service that it sends packets to without a proxy."""
        return self.link("backendService", SERVICE_TYPES)

    @cached_property
    def direct_services(self) -> tuple[BackendService, ...]:
        return tuple(BackendService.of(target, self.stack) for target in self.service_links.targets)
