"""What rules say of the ways to a service: the routes of URL maps, and those around its load balancer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.route import Route
from policypack.model.frontend.url_map import UrlMap, url_maps_of
from policypack.model.run.neg import run_services_behind, run_services_perhaps_behind
from policypack.model.values.logic import all_of, negation
from policypack.model.values.values import UNKNOWN
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


def is_the_only_way(service: BackendService) -> Checks:
    """Says that a check of the load balancer does not count where requests can go around it: so it does not pass."""
    certain = run_services_behind(service)
    for run in (*certain, *run_services_perhaps_behind(service)):
        is_gone_round = all_of([run in certain or UNKNOWN, run.can_be_gone_round, negation(run.uses_iap)])
        if is_gone_round is True:
            yield NotApplicable(
                f"requests can go around it to the Cloud Run service `{run.name}`: see `run-service-ingress`"
            )
        elif is_gone_round is UNKNOWN:
            yield Undecided(
                f"whether requests can go around it to the Cloud Run service `{run.name}` is not known", "ingress"
            )
