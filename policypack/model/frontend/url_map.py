"""URL maps, global and regional: which path goes to which backend service.

Matching: https://cloud.google.com/load-balancing/docs/url-map-concepts
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.graph.links import Links, resolve
from policypack.model.graph.path import on_path
from policypack.model.graph.reference import Reference
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import BACKEND_BUCKET, SERVICE_TYPES, URL_MAP_TYPES
from policypack.model.graph.view import View
from policypack.model.values.logic import all_of, any_of, is_set, negation, same
from policypack.model.values.values import UNKNOWN, Properties, Unknown, Value

_TARGET_TYPES: Final = (*SERVICE_TYPES, BACKEND_BUCKET)
_EVERY_HOST: Final = "*"


@dataclass(frozen=True)
class Route:
    """What a URL map does with the requests that one of its rules, or a default, matches.

    Attributes:
        label: what to call it in a sentence.
        action: its route action; `None` without one.
        redirects: whether it answers with a redirect.
        targets: for each service or bucket that it may send requests to, what the property points at.
    """

    label: str
    action: Properties | Unknown | None
    redirects: bool | Unknown
    targets: tuple[Links, ...] | Unknown

    def sends_to(self, service: Resource) -> bool | Unknown:
        """Whether it sends requests to a service, and neither redirects nor aborts all of them."""
        blocked = any_of((self.redirects, self._aborts_all))
        return all_of([self.names(service), negation(blocked)])

    @property
    def passes_requests_on(self) -> bool | Unknown:
        """Whether it sends requests to any backend service, and neither redirects nor aborts all of them."""
        targets = self.targets if isinstance(self.targets, Unknown) else [_names_a_service(one) for one in self.targets]
        reached = UNKNOWN if isinstance(targets, Unknown) else any_of(targets)
        blocked = any_of((self.redirects, self._aborts_all))
        return all_of([reached, negation(blocked)])

    def names(self, service: Resource) -> bool | Unknown:
        """Whether a service is among its targets."""
        return (
            UNKNOWN if isinstance(self.targets, Unknown) else any_of(links.includes(service) for links in self.targets)
        )

    @property
    def rewrites_paths(self) -> bool | Unknown:
        """Whether the servers see another path than the client asked for."""
        rewrite = _object(self.action, "urlRewrite")
        if rewrite is None or isinstance(rewrite, Unknown):
            return False if rewrite is None else UNKNOWN
        return any_of(is_set(rewrite.string(key)) for key in ("pathPrefixRewrite", "pathTemplateRewrite"))

    @property
    def timeout_seconds(self) -> float | Unknown | None:
        """How long the load balancer waits for the end of an answer; `None` leaves that to the backend service."""
        timeout = _object(self.action, "timeout")
        return timeout if timeout is None or isinstance(timeout, Unknown) else timeout.number("seconds")

    @property
    def retry_conditions(self) -> list[str | Unknown] | Unknown | None:
        """When a request is sent again; `None` without a retry policy."""
        policy = _object(self.action, "retryPolicy")
        if policy is None or isinstance(policy, Unknown):
            return policy
        return policy.strings("retryConditions")

    @property
    def _aborts_all(self) -> bool | Unknown:
        """Whether fault injection answers every request with a status of its own."""
        abort = _object(_object(self.action, "faultInjectionPolicy"), "abort")
        if abort is None or isinstance(abort, Unknown):
            return False if abort is None else UNKNOWN
        percentage = abort.number("percentage")
        return UNKNOWN if isinstance(percentage, Unknown) else percentage is not None and percentage >= 100


@dataclass(frozen=True)
class PathRule:
    """A path rule: exact paths, or all below one (`/v1/*`); the longest match of all rules wins."""

    patterns: list[str | Unknown] | Unknown
    route: Route

    def matched_length(self, path: str) -> int:
        """The length of the longest known pattern that matches, 0 if none does."""
        patterns = [] if isinstance(self.patterns, Unknown) else self.patterns
        return max((len(one) for one in patterns if isinstance(one, str) and _path_matches(one, path)), default=0)

    @property
    def has_unknown_pattern(self) -> bool:
        """Whether it may match more than its known patterns."""
        return isinstance(self.patterns, Unknown) or any(isinstance(one, Unknown) for one in self.patterns)


@dataclass(frozen=True)
class RouteRule:
    """A route rule: the one with the lowest priority number whose conditions a request meets takes it."""

    priority: float | Unknown | None
    conditions: list[Properties] | Unknown
    route: Route

    def matches(self, path: str) -> bool | Unknown:
        """Whether it takes the requests for a path; `UNKNOWN` as well if it takes some of them, by their headers."""
        if isinstance(self.conditions, Unknown) or not self.conditions:
            return UNKNOWN
        return any_of(_condition_matches(condition, path) for condition in self.conditions)


@dataclass(frozen=True)
class PathMatcher:
    """The rules for the paths of some hosts; without rules all requests go to `default`."""

    default: Route
    path_rules: tuple[PathRule, ...] | Unknown
    route_rules: tuple[RouteRule, ...] | Unknown

    @property
    def routes(self) -> tuple[Route, ...] | Unknown:
        """All its routes, the default first."""
        if isinstance(self.path_rules, Unknown) or isinstance(self.route_rules, Unknown):
            return UNKNOWN
        return (
            self.default,
            *(rule.route for rule in self.path_rules),
            *(rule.route for rule in self.route_rules),
        )

    def routes_for(self, path: str) -> tuple[Route, ...] | Unknown:
        """The routes that may take a path; one if that is certain."""
        if isinstance(self.path_rules, Unknown) or isinstance(self.route_rules, Unknown):
            return UNKNOWN
        if self.route_rules:
            return tuple(self._routed(self.route_rules, path))
        best = max(self.path_rules, key=lambda rule: rule.matched_length(path), default=None)
        winner = best.route if best and best.matched_length(path) else self.default
        if best and best.matched_length(path) == len(path) and path in _known(best.patterns):
            return (winner,)
        return (winner, *(rule.route for rule in self.path_rules if rule.has_unknown_pattern))

    def _routed(self, rules: tuple[RouteRule, ...], path: str) -> Iterator[Route]:
        if any(not isinstance(rule.priority, int | float) for rule in rules):
            yield from (rule.route for rule in rules if rule.matches(path) is not False)
            yield self.default
            return
        for rule in sorted(rules, key=lambda rule: rule.priority if isinstance(rule.priority, int | float) else 0):
            matches = rule.matches(path)
            if matches is not False:
                yield rule.route
            if matches is True:
                return
        yield self.default


class UrlMap(View):
    """A URL map of any of the two resources."""

    TYPES = URL_MAP_TYPES

    @cached_property
    def default(self) -> Route:
        """What it does with hosts that no host rule names."""
        return self._route("defaultService", "the default", self.resource.asked, "default")

    @cached_property
    def matchers(self) -> tuple[PathMatcher, ...] | Unknown:
        """Its path matchers."""
        matchers = self.resource.asked.objects("pathMatchers")
        if isinstance(matchers, Unknown):
            return UNKNOWN
        return tuple(self._matcher(properties, number) for number, properties in enumerate(matchers))

    @cached_property
    def routes(self) -> tuple[Route, ...] | Unknown:
        """All its routes."""
        if isinstance(self.matchers, Unknown):
            return UNKNOWN
        found = [matcher.routes for matcher in self.matchers]
        known = [routes for routes in found if not isinstance(routes, Unknown)]
        return (self.default, *(route for routes in known for route in routes)) if len(known) == len(found) else UNKNOWN

    @property
    def default_is_reachable(self) -> bool | Unknown:
        """Whether `default` takes any request: not if a host rule is for every host."""
        rules = self.resource.asked.objects("hostRules")
        if isinstance(rules, Unknown):
            return UNKNOWN
        hosts = [rule.strings("hosts") for rule in rules]
        if any(_EVERY_HOST in _known(names) for names in hosts):
            return False
        return UNKNOWN if any(len(_known(names)) != _length(names) for names in hosts) else True

    @cached_property
    def services(self) -> tuple[Resource, ...]:
        """The backend services in the stack that certainly are among its targets, ordered by URN."""
        routes = () if isinstance(self.routes, Unknown) else self.routes
        found = {
            target.urn: target
            for route in routes
            if not isinstance(route.targets, Unknown)
            for links in route.targets
            for target in links.targets
            if target.type in SERVICE_TYPES
        }
        return tuple(found[urn] for urn in sorted(found))

    @property
    def passes_requests_on(self) -> bool | Unknown:
        """Whether a route that some request takes sends it to a backend service."""
        if isinstance(self.matchers, Unknown):
            return UNKNOWN
        found = [matcher.routes for matcher in self.matchers]
        routes = [route for one in found if not isinstance(one, Unknown) for route in one]
        default = all_of([self.default_is_reachable, self.default.passes_requests_on])
        unknown = [UNKNOWN for one in found if isinstance(one, Unknown)]
        return any_of((default, *(route.passes_requests_on for route in routes), *unknown))

    @property
    def why_services_unknown(self) -> str:
        """What keeps it from being known which services it names; empty if they are known."""
        routes = self.routes
        if isinstance(routes, Unknown) or any(isinstance(route.targets, Unknown) for route in routes):
            return f"the routes of `{self.name}` are not known"
        targets = (links for route in routes if not isinstance(route.targets, Unknown) for links in route.targets)
        return next((links.why for links in targets if links.why), "")

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

    def _may_rewrite_for(self, service: Resource) -> bool:
        """Whether requests may reach a service under another path than the client asked for."""
        routes = () if isinstance(self.routes, Unknown) else self.routes
        return any(route.sends_to(service) is not False and route.rewrites_paths is not False for route in routes)

    def _matcher(self, properties: Properties, number: int) -> PathMatcher:
        name = properties.string("name")
        where = f"path matcher `{name}`" if isinstance(name, str) else f"path matcher {number + 1}"
        path_rules, route_rules = properties.objects("pathRules"), properties.objects("routeRules")
        return PathMatcher(
            self._route("pathMatchers", f"the default of {where}", properties, "default"),
            UNKNOWN
            if isinstance(path_rules, Unknown)
            else tuple(
                PathRule(rule.strings("paths"), self._route("pathMatchers", f"path rule {i + 1} of {where}", rule))
                for i, rule in enumerate(path_rules)
            ),
            UNKNOWN
            if isinstance(route_rules, Unknown)
            else tuple(
                RouteRule(
                    rule.number("priority"),
                    rule.objects("matchRules"),
                    self._route("pathMatchers", f"route rule {i + 1} of {where}", rule),
                )
                for i, rule in enumerate(route_rules)
            ),
        )

    def _route(self, key: str, label: str, properties: Properties, prefix: str = "") -> Route:
        """A route of the object `properties`, whose keys begin with `prefix`; `key` is the property with its edges."""

        def named(name: str) -> str:
            return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name

        action, redirect = properties.object(named("routeAction")), properties.value(named("urlRedirect"))
        weighted: list[Properties] | Unknown = [] if action is None else UNKNOWN
        if isinstance(action, Properties):
            weighted = action.objects("weightedBackendServices")
        service = properties.string(named("service"))
        urls = [] if service is None else [service]
        targets: tuple[Links, ...] | Unknown = UNKNOWN
        if not isinstance(weighted, Unknown) and all(_has_weight(one) is not UNKNOWN for one in weighted):
            shares = [one for one in weighted if _has_weight(one) is not False]
            weighted_key = f"{prefix}RouteAction" if key == "defaultService" else key
            targets = (
                *(resolve(self.stack, self.resource, key, [url], _TARGET_TYPES) for url in urls),
                *(
                    resolve(self.stack, self.resource, weighted_key, [one.string("backendService")], _TARGET_TYPES)
                    for one in shares
                ),
            )
        return Route(label, action, UNKNOWN if redirect is UNKNOWN else _is_present(redirect), targets)


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


def _names_a_service(links: Links) -> bool | Unknown:
    """Whether a property with one URL points at a backend service, not at a bucket."""
    possible = links.members or (links.candidates if links.is_closed else ())
    return same(_is_service(one) for one in possible)


def _is_service(one: Resource | Reference) -> bool:
    return one.type in SERVICE_TYPES if isinstance(one, Resource) else one.collection == "backendServices"


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("/*") else path == pattern


def _condition_matches(condition: Properties, path: str) -> bool | Unknown:
    """Whether a match rule takes a path; one that asks for headers or query parameters takes some requests at most."""
    matches = _path_condition_matches(condition, path)
    others = ("headerMatches", "queryParameterMatches", "metadataFilters")
    return UNKNOWN if matches is True and any(_is_present(condition.value(key)) for key in others) else matches


def _path_condition_matches(condition: Properties, path: str) -> bool | Unknown:
    prefix, full = condition.string("prefixMatch"), condition.string("fullPathMatch")
    template, regex = condition.string("pathTemplateMatch"), condition.string("regexMatch")
    ignore_case = condition.boolean("ignoreCase")
    if any(isinstance(value, Unknown) for value in (prefix, full, template, regex)) or regex is not None:
        return UNKNOWN
    if isinstance(template, str):
        literal = template.split("{")[0].split("*")[0]
        return UNKNOWN if path.startswith(literal) or literal.rstrip("/") == path else False
    wanted = prefix if isinstance(prefix, str) else full
    if not isinstance(wanted, str):
        return True
    if isinstance(prefix, str):
        exact, folded = path.startswith(wanted), path.lower().startswith(wanted.lower())
    else:
        exact, folded = path == wanted, path.lower() == wanted.lower()
    if exact or not folded:
        return exact
    return UNKNOWN if isinstance(ignore_case, Unknown) else ignore_case is True


def _object(properties: Properties | Unknown | None, key: str) -> Properties | Unknown | None:
    return properties if properties is None or isinstance(properties, Unknown) else properties.object(key)


def _is_present(value: Value) -> bool:
    return value is UNKNOWN or bool(value)


def _has_weight(share: Properties) -> bool | Unknown:
    """Whether a weighted service gets requests at all."""
    weight = share.number("weight")
    return UNKNOWN if isinstance(weight, Unknown) else weight is None or weight > 0


def _known(values: list[str | Unknown] | Unknown) -> list[str]:
    return [] if isinstance(values, Unknown) else [value for value in values if isinstance(value, str)]


def _length(values: list[str | Unknown] | Unknown) -> int:
    return -1 if isinstance(values, Unknown) else len(values)
