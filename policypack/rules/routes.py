"""What rules say of the routes that URL maps have to a backend service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.route import Route
from policypack.model.frontend.url_map import UrlMap, url_maps_of
from policypack.verdict import Checks, NotApplicable, Undecided, Verdict, known, provided


def without_url_map(service: BackendService) -> Iterator[Verdict]:
    """Says, if so, that no URL map sends requests to a service."""
    if url_maps_of(service.stack, service.resource):
        return
    if service.stack.is_complete:
        yield NotApplicable("no URL map of this stack sends requests to it")
    else:
        yield Undecided("its URL map may be created later in this update")


def on_routes(service: BackendService, check: Callable[[Route, str], Checks]) -> Checks:
    """What a check says of each route to a service; where it may be none, what fails is undecided.

    Args:
        service: the service.
        check: what to ask of a route, given what to call it.
    """
    for url_map in url_maps_of(service.stack, service.resource):
        yield _on_routes_of(url_map, service, check)


def _on_routes_of(url_map: UrlMap, service: BackendService, check: Callable[[Route, str], Checks]) -> Checks:
    for route in known(url_map.routes, "path_matchers", url_map.name):
        label = f"{route.label} in `{url_map.name}`"
        doubt = Undecided(f"whether {label} sends requests to it is not known", "path_matchers")
        yield provided(route.sends_to(service.resource), doubt, check(route, label))
