"""URL maps, global and regional: which path goes to which backend service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

from policypack.model.frontend.route import PathMatcher, PathRule, Route, RouteRule
from policypack.model.graph.links import Links, resolve
from policypack.model.graph.path import on_path
from policypack.model.graph.resource import Resource, ordered
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import BACKEND_BUCKET, SERVICE_TYPES, URL_MAP_TYPES
from policypack.model.graph.view import View
from policypack.model.values.logic import all_of, any_of, equals, is_set, known_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

_TARGET_TYPES: Final = (*SERVICE_TYPES, BACKEND_BUCKET)
_EVERY_HOST: Final = "*"


class UrlMap(View):
    """A URL map of any of the two resources."""

    TYPES = URL_MAP_TYPES

    @cached_property
    def default(self) -> Route:
        """What it does with hosts that no host rule names."""
        return self._route("defaultService", "the default", self.resource.asked, "default", self._headers)

    @property
    def _headers(self) -> tuple[tuple[str, Properties], ...]:
        return (("every route", self.resource.asked.block("headerAction")),)

    @cached_property
    def matchers(self) -> tuple[PathMatcher, ...] | Unknown:
        return when_known(
            self.resource.asked.objects("pathMatchers"),
            lambda found: tuple(self._matcher(properties, number) for number, properties in enumerate(found)),
        )

    @cached_property
    def routes(self) -> tuple[Route, ...] | Unknown:
        if isinstance(self.matchers, Unknown):
            return UNKNOWN
        known = known_in(matcher.routes for matcher in self.matchers)
        are_all = len(known) == len(self.matchers)
        return (self.default, *(route for routes in known for route in routes)) if are_all else UNKNOWN

    @property
    def default_is_reachable(self) -> bool | Unknown:
        """Whether `default` takes any request: not if a host rule is for every host."""
        rules = self.resource.asked.objects("hostRules")
        if isinstance(rules, Unknown):
            return UNKNOWN
        hosts = [rule.strings("hosts") for rule in rules]
        return negation(any_of(equals(host, _EVERY_HOST) for names in hosts for host in _or_unknown(names)))

    @cached_property
    def services(self) -> tuple[Resource, ...]:
        """The backend services in the stack that certainly are among its targets, ordered by URN."""
        return ordered(
            target
            for route in known_in(self.routes)
            for links in known_in(route.targets)
            for target in links.targets
            if target.type in SERVICE_TYPES
        )

    @property
    def passes_requests_on(self) -> bool | Unknown:
        """Whether a route that some request takes sends it to a backend service."""
        return self._some_route(lambda route: route.passes_requests_on)

    def _some_route(self, test: Callable[[Route], bool | Unknown]) -> bool | Unknown:
        """Whether a test holds for a route that some request takes."""
        if isinstance(self.matchers, Unknown):
            return UNKNOWN
        default = all_of([self.default_is_reachable, test(self.default)])
        others = (
            when_known(matcher.routes, lambda routes: any_of(test(route) for route in routes))
            for matcher in self.matchers
        )
        return any_of((default, *others))

    def sends_requests_to(self, service: Resource) -> bool | Unknown:
        """Whether a route that some request takes sends it to this service."""
        return self._some_route(lambda route: route.sends_to(service))

    @property
    def repeats_plain_http(self) -> bool | Unknown:
        """Whether a route that some request takes redirects plain HTTP to itself."""
        return self._some_route(lambda route: route.repeats_plain_http)

    @property
    def why_services_unknown(self) -> str:
        """What keeps it from being known which services it names; empty if they are known."""
        routes = self.routes
        if isinstance(routes, Unknown) or any(isinstance(route.targets, Unknown) for route in routes):
            return f"the routes of `{self.name}` are not known"
        return next((links.why for route in routes for links in known_in(route.targets) if links.why), "")

    @cached_property
    def possible_services(self) -> tuple[Resource, ...] | None:
        """The backend services in the stack that may be among its targets; `None` if there may be others."""
        if isinstance(self.routes, Unknown):
            return None
        found = [*self.services]
        for route in self.routes:
            if isinstance(route.targets, Unknown):
                return None
            for links in route.targets:
                if not links.is_complete and not links.is_closed:
                    return None
                found += (one for one in links.candidates if one.type in SERVICE_TYPES)
        return ordered(found)

    def sends(self, path: str, service: Resource) -> bool | Unknown:
        """Whether requests for a path reach a service under that path, on any host."""
        if isinstance(self.matchers, Unknown):
            return UNKNOWN
        found = [_exposes(matcher.routes_for(path), service) for matcher in self.matchers]
        default = _exposes((self.default,), service)
        reachable = self.default_is_reachable
        if default is not False and reachable is not False:
            found.append(default if reachable is True else UNKNOWN)
        exposed = any_of(found)
        return UNKNOWN if exposed is False and self._may_rewrite_for(service) else exposed

    def routes_to(self, paths: Iterable[str], service: Resource) -> tuple[Route, ...]:
        """The routes that certainly send requests for one of some paths to a service."""
        found: dict[str, Route] = {}
        for path in paths:
            taken = [route for one in known_in(self.matchers) for route in known_in(one.routes_for(path))]
            reachable = [self.default] if self.default_is_reachable is True else []
            found |= {route.label: route for route in (*reachable, *taken) if route.sends_to(service) is True}
        return tuple(found.values())

    @property
    def missing_matchers(self) -> tuple[str, ...]:
        """The names of path matchers that host rules name, and the URL map certainly lacks."""
        matchers = self.resource.asked.objects("pathMatchers")
        names = UNKNOWN if isinstance(matchers, Unknown) else [one.string("name") for one in matchers]
        if isinstance(names, Unknown) or len(known_in(names)) < len(names) or self._ignores_matchers:
            return ()
        used = (rule.string("pathMatcher") for rule in known_in(self.resource.asked.objects("hostRules")))
        return tuple(sorted({one for one in used if isinstance(one, str) and one not in known_in(names)}))

    @property
    def _ignores_matchers(self) -> bool:
        return any(self.resource.ignores_changes_of(key) for key in ("hostRules", "pathMatchers"))

    def _may_rewrite_for(self, service: Resource) -> bool:
        """Whether requests may reach a service under another path than the client asked for."""
        routes = known_in(self.routes)
        return any(route.sends_to(service) is not False and route.rewrites_paths is not False for route in routes)

    def _matcher(self, properties: Properties, number: int) -> PathMatcher:
        name = properties.string("name")
        where = f"path matcher `{name}`" if isinstance(name, str) else f"path matcher {number + 1}"
        around = (*self._headers, (where, properties.block("headerAction")))
        return PathMatcher(
            where,
            self._route("pathMatchers", f"the default of {where}", properties, "default", around),
            when_known(
                properties.objects("pathRules"),
                lambda rules: tuple(
                    PathRule(
                        rule.strings("paths"),
                        self._route("pathMatchers", f"path rule {i + 1} of {where}", rule, "", around),
                    )
                    for i, rule in enumerate(rules)
                ),
            ),
            when_known(
                properties.objects("routeRules"),
                lambda rules: tuple(
                    RouteRule(
                        rule.number("priority"),
                        rule.objects("matchRules"),
                        self._route("pathMatchers", label, rule, "", (*around, (label, rule.block("headerAction")))),
                    )
                    for label, rule in ((f"route rule {i + 1} of {where}", rule) for i, rule in enumerate(rules))
                ),
            ),
        )

    def _route(
        self,
        key: str,
        label: str,
        properties: Properties,
        prefix: str = "",
        around: tuple[tuple[str, Properties], ...] = (),
    ) -> Route:
        """A route of the object `properties`, whose keys begin with `prefix`, within those `around` it.

        `key` is the property with its edges.
        """

        def named(name: str) -> str:
            return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name

        action, service = properties.block(named("routeAction")), properties.string(named("service"))
        redirect = properties.value(named("urlRedirect"))
        weighted = action.objects("weightedBackendServices")
        targets: tuple[Links, ...] | Unknown = UNKNOWN
        if not isinstance(weighted, Unknown) and all(_has_weight(share) is not UNKNOWN for share in weighted):
            weighted_urls = [share.string("backendService") for share in weighted if _has_weight(share)]
            weighted_key = f"{prefix}RouteAction" if key == "defaultService" else key
            # The weighted ones together: two that are not known are the two that the block is computed from.
            named_urls = (([] if service is None else [service], key), (weighted_urls, weighted_key))
            targets = tuple(
                resolve(self.stack, self.resource, edges, urls, _TARGET_TYPES) for urls, edges in named_urls if urls
            )
        shares = [] if isinstance(weighted, Unknown) else weighted
        headers = (*around, *((label, share.block("headerAction")) for share in shares))
        return Route(
            label,
            action,
            when_known(redirect, bool),
            properties.block(named("urlRedirect")),
            targets,
            headers,
            is_set(properties.object(named("routeAction"))),
        )


def url_maps_of(stack: Stack, service: Resource) -> tuple[UrlMap, ...]:
    """The URL maps of the stack on the serving path of a service."""
    return tuple(UrlMap.of(resource, stack) for resource in on_path(stack, service, URL_MAP_TYPES))


def _exposes(routes: tuple[Route, ...] | Unknown, service: Resource) -> bool | Unknown:
    """Whether requests reach a service by one of these routes, whichever of them takes the request."""
    if isinstance(routes, Unknown):
        return UNKNOWN
    reached = [_reaches_unchanged(route, service) for route in routes]
    if all(value is True for value in reached):
        return True
    return False if all(value is False for value in reached) else UNKNOWN


def _reaches_unchanged(route: Route, service: Resource) -> bool | Unknown:
    sent = route.sends_to(service)
    return UNKNOWN if sent is True and route.rewrites_paths is not False else sent


def _has_weight(share: Properties) -> bool | Unknown:
    """Whether a weighted service gets requests at all."""
    return when_known(share.number("weight", default=1), lambda weight: weight > 0)


def _or_unknown(values: list[str | Unknown] | Unknown) -> list[str | Unknown]:
    return [UNKNOWN] if isinstance(values, Unknown) else values
