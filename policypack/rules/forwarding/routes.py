"""The routes of a URL map: whether the API accepts them, and the actions of a classic Application Load Balancer.

The quotations are from https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps
"""

from __future__ import annotations

from policypack.model.frontend.route import PathMatcher, PathRule, Route
from policypack.model.frontend.url_map import UrlMap
from policypack.model.products.attributes import ROUTE_ACTIONS, refused_by_all
from policypack.model.products.product import CLASSIC_APPLICATION
from policypack.model.values.logic import known_in
from policypack.model.values.spelling import properties
from policypack.model.values.values import UNKNOWN
from policypack.verdict import Checks, Fail, known, not_known


def rewrites_alone(url_map: UrlMap) -> Checks:
    """What is wrong with the route actions of a URL map in front of a classic Application Load Balancer."""
    names = refused_by_all(ROUTE_ACTIONS, CLASSIC_APPLICATION)
    for route in known(url_map.routes, "path_matchers", url_map.name):
        found = [name for name in names if route.does(name) is True]
        if found:
            yield Fail(
                f"`{url_map.name}` has {properties(found)} in {route.label}, and the load balancer is a classic one.",
                "``url_rewrite`` as the only route action of a classic load balancer.",
                "Set ``load_balancing_scheme`` to `EXTERNAL_MANAGED` on the services and the forwarding rule, or "
                "remove "
                f"{properties(found)}.",
            )
        unclear = next((name for name in names if route.does(name) is UNKNOWN), "")
        if unclear:
            yield not_known(unclear, url_map.name, because="a classic load balancer does not have it")


def has_valid_routes(url_map: UrlMap) -> Checks:
    """What is wrong with the routes of a URL map that the stack creates."""
    if url_map.resource.is_read:
        return
    matchers = known_in(url_map.matchers)
    for route in (url_map.default, *(route for matcher in matchers for route in known_in(matcher.routes))):
        yield _leads_somewhere(url_map, route)
    for matcher in matchers:
        yield _has_rules_of_one_kind(url_map, matcher)
        for rule in known_in(matcher.path_rules):
            yield _has_valid_patterns(url_map, rule)


def _leads_somewhere(url_map: UrlMap, route: Route) -> Checks:
    """ "Only one of defaultUrlRedirect, defaultService or defaultRouteAction.weightedBackendService can be set" """
    service, redirect = ("default_service", "default_url_redirect") if route.is_default else ("service", "url_redirect")
    if route.is_default and route.leads_nowhere is True:
        yield Fail(
            f"{_label(route)} of URL map `{url_map.name}` leads nowhere.",
            "A default for the requests that no rule matches.",
            f"Set ``{service}`` or ``{redirect}``.",
        )
    elif route.leads_both_ways:
        yield Fail(
            f"{_label(route)} of URL map `{url_map.name}` leads to two places.",
            f"Only one of ``{service}``, ``{redirect}`` and ``weighted_backend_services``.",
            "Omit all of them but one.",
        )


def _label(route: Route) -> str:
    return f"{route.label[0].upper()}{route.label[1:]}"


def _has_rules_of_one_kind(url_map: UrlMap, matcher: PathMatcher) -> Checks:
    if matcher.has_both_kinds:
        yield Fail(
            f"{matcher.label[0].upper()}{matcher.label[1:]} of URL map `{url_map.name}` has ``path_rules`` and "
            "``route_rules``.",
            "Only one of them in a path matcher.",
            "Write the path rules as ``route_rules`` with a `priority`, or use a path matcher for each.",
        )
    for priority in matcher.repeated_priorities:
        yield Fail(
            f"{matcher.label[0].upper()}{matcher.label[1:]} of URL map `{url_map.name}` has several route rules with "
            f"`priority` {priority:g}.",
            "A `priority` of its own for each route rule.",
            "Number the route rules in the order in which to try them.",
        )


def _has_valid_patterns(url_map: UrlMap, rule: PathRule) -> Checks:
    # The paths themselves may be a secret.
    for number, fault in rule.wrong_patterns:
        yield Fail(
            f"In {rule.route.label} of URL map `{url_map.name}`, path {number} of `paths` {fault}.",
            "Paths that begin with `/`, with a `*` only at the end after a `/`, and without `?` and `#`.",
            "Correct the path, such as `/v1/*`; for other patterns use ``route_rules`` with ``path_template_match``.",
        )
