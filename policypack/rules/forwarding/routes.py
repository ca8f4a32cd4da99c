"""The route actions of a classic Application Load Balancer."""

from __future__ import annotations

from policypack.model.frontend.url_map import UrlMap
from policypack.model.products.attributes import ROUTE_ACTIONS, refused_by_all
from policypack.model.products.product import CLASSIC_APPLICATION
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
