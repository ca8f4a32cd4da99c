"""What URL maps do with requests: their routes, and which of them a path takes.

Matching: https://cloud.google.com/load-balancing/docs/url-map-concepts
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.graph.links import Links
from policypack.model.graph.reference import Reference
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import SERVICE_TYPES
from policypack.model.values.logic import all_of, any_of, is_set, known_in, negation, same, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown, Value, camel_case


@dataclass(frozen=True)
class Route:
    """What a URL map does with the requests that one of its rules, or a default, matches.

    Attributes:
        label: what to call it in a sentence.
        action: its route action, empty without one.
        redirects: whether it answers with a redirect.
        redirect: the redirect, empty without one.
        targets: for each service or bucket that it may send requests to, what the property points at.
        headers: what it and what is around it do with the headers of requests, each with what to call it.
        acts: whether it has a route action.
    """

    label: str
    action: Properties
    redirects: bool | Unknown
    redirect: Properties
    targets: tuple[Links, ...] | Unknown
    headers: tuple[tuple[str, Properties], ...] = ()
    acts: bool | Unknown = UNKNOWN

    def sends_to(self, service: Resource) -> bool | Unknown:
        """Whether it sends requests to a service, and neither redirects nor aborts all of them."""
        return all_of([self.names(service), self._lets_through])

    @property
    def passes_requests_on(self) -> bool | Unknown:
        """Whether it sends requests to any backend service, and neither redirects nor aborts all of them."""
        reached = when_known(self.targets, lambda targets: any_of(_names_a_service(links) for links in targets))
        return all_of([reached, self._lets_through])

    def names(self, service: Resource) -> bool | Unknown:
        return when_known(self.targets, lambda targets: any_of(links.includes(service) for links in targets))

    @property
    def leads_nowhere(self) -> bool | Unknown:
        """Whether it names no service, and neither redirects nor says what else to do with requests."""
        has_none = when_known(self.targets, lambda found: not found)
        return all_of([has_none, negation(self.redirects), negation(self.acts)])

    @property
    def leads_both_ways(self) -> bool:
        """Whether it certainly has two of a service, weighted services and a redirect, which exclude each other."""
        named = [links for links in known_in(self.targets) if links.members]
        return len(named) + (self.redirects is True) > 1

    @property
    def is_default(self) -> bool:
        """Whether it takes what no rule matches."""
        return self.label.startswith("the default")

    @property
    def repeats_plain_http(self) -> bool | Unknown:
        """Whether it redirects requests over plain HTTP to themselves, so that clients never get an answer.

        A redirect keeps what it does not name: https://cloud.google.com/load-balancing/docs/url-map-concepts#redirects
        """
        changes = any_of(
            is_set(self.redirect.string(key)) for key in ("hostRedirect", "pathRedirect", "prefixRedirect")
        )
        to_https = self.redirect.boolean("httpsRedirect", default=False)
        return all_of([self.redirects, negation(to_https), negation(changes)])

    @property
    def mirrors(self) -> bool:
        """Whether it sends a copy of each request to another service, or may."""
        return self.action.object("requestMirrorPolicy") is not None

    @property
    def rewrites_paths(self) -> bool | Unknown:
        """Whether the servers see another path than the client asked for."""
        rewrite = self.action.block("urlRewrite")
        return any_of(is_set(rewrite.string(key)) for key in ("pathPrefixRewrite", "pathTemplateRewrite"))

    @property
    def timeout_seconds(self) -> float | Unknown | None:
        """How long the load balancer waits for the end of an answer; `None` leaves that to the backend service."""
        return self.action.block("timeout").number("seconds")

    @property
    def retry_conditions(self) -> list[str | Unknown] | Unknown | None:
        """When a request is sent again; `None` without a retry policy."""
        if self.action.object("retryPolicy") is None:
            return None
        return self.action.block("retryPolicy").strings("retryConditions")

    def does(self, name: str) -> bool | Unknown:
        """Whether it has the action with the Python name `name`."""
        return when_known(self.action.value(camel_case(name)), lambda value: value not in (None, []))

    @property
    def _lets_through(self) -> bool | Unknown:
        """Whether neither a redirect nor fault injection answers every request."""
        percentage = self.action.block("faultInjectionPolicy").block("abort").number("percentage")
        aborts_all = when_known(percentage, lambda percent: percent is not None and percent >= 100)
        return negation(any_of((self.redirects, aborts_all)))


@dataclass(frozen=True)
class PathRule:
    """A path rule: exact paths, or all below one (`/v1/*`); the longest match of all rules wins."""

    patterns: list[str | Unknown] | Unknown
    route: Route

    def matched_length(self, path: str) -> int:
        """The length of the longest known pattern that matches, 0 if none does."""
        return max((len(pattern) for pattern in known_in(self.patterns) if _path_matches(pattern, path)), default=0)

    @property
    def has_unknown_pattern(self) -> bool:
        return isinstance(self.patterns, Unknown) or len(known_in(self.patterns)) < len(self.patterns)

    @property
    def wrong_patterns(self) -> tuple[tuple[int, str], ...]:
        """The patterns that the API refuses: the number of each, from 1, and what is wrong with it, a clause.

        "Each must start with / and the only place a * is allowed is at the end following a /"; what follows the first ?
        or # is not matched, and "those chars are not allowed here":
        https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps
        """
        patterns = [] if isinstance(self.patterns, Unknown) else self.patterns
        found = ((number, _fault_of(one)) for number, one in enumerate(patterns, 1) if isinstance(one, str))
        return tuple((number, fault) for number, fault in found if fault)


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
    """The rules for the paths of some hosts; without rules all requests go to `default`.

    Attributes:
        label: what to call it in a sentence.
        default: what becomes of requests that no rule takes.
        path_rules: its path rules.
        route_rules: its route rules, of which it has none if it has path rules.
    """

    label: str
    default: Route
    path_rules: tuple[PathRule, ...] | Unknown
    route_rules: tuple[RouteRule, ...] | Unknown

    @property
    def routes(self) -> tuple[Route, ...] | Unknown:
        if isinstance(self.path_rules, Unknown) or isinstance(self.route_rules, Unknown):
            return UNKNOWN
        return (
            self.default,
            *(rule.route for rule in self.path_rules),
            *(rule.route for rule in self.route_rules),
        )

    @property
    def has_both_kinds(self) -> bool:
        """Whether it certainly has path rules and route rules, which exclude each other."""
        kinds = (self.path_rules, self.route_rules)
        return all(not isinstance(rules, Unknown) and len(rules) > 0 for rules in kinds)

    @property
    def repeated_priorities(self) -> tuple[float, ...]:
        """The priorities that several route rules certainly have."""
        rules = () if isinstance(self.route_rules, Unknown) else self.route_rules
        found = Counter(priority for priority in known_in(rule.priority for rule in rules) if priority is not None)
        return tuple(sorted(priority for priority, count in found.items() if count > 1))

    def routes_for(self, path: str) -> tuple[Route, ...] | Unknown:
        """The routes that may take a path; one if that is certain."""
        if isinstance(self.path_rules, Unknown) or isinstance(self.route_rules, Unknown):
            return UNKNOWN
        if self.route_rules:
            return tuple(self._routed(self.route_rules, path))
        best = max(self.path_rules, key=lambda rule: rule.matched_length(path), default=None)
        winner = best.route if best and best.matched_length(path) else self.default
        if best and best.matched_length(path) == len(path) and path in known_in(best.patterns):
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


def _names_a_service(links: Links) -> bool | Unknown:
    """Whether a property with one URL points at a backend service, not at a bucket."""
    possible = links.members or (links.candidates if links.is_closed else ())
    return same(_is_service(one) for one in possible)


def _is_service(one: Resource | Reference) -> bool:
    return one.type in SERVICE_TYPES if isinstance(one, Resource) else one.collection == "backendServices"


def _fault_of(pattern: str) -> str:
    if not pattern.startswith("/"):
        return "does not begin with `/`"
    if "*" in pattern.removesuffix("/*"):
        return "has a `*` that is not alone after its last `/`"
    return "has a `?` or `#`" if "?" in pattern or "#" in pattern else ""


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
    return when_known(ignore_case, bool)


def _is_present(value: Value) -> bool:
    return value is UNKNOWN or bool(value)
