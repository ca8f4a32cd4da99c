"""The rule `internet-neg-host`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.frontend.route import Route
from policypack.model.frontend.url_map import url_maps_of
from policypack.model.run.neg import internet_backends
from policypack.model.values.logic import all_of, any_of, is_set, known_in, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import handles_requests
from policypack.verdict import Checks, Condition, Fail, Undecided, decided


def _has_global_names(service: BackendService) -> bool | Unknown:
    """Whether an endpoint is a name that the load balancer may say in place of the client's host."""
    if GroupKind.INTERNET_NEG not in service.kinds:
        return False
    return any_of(
        [
            *(all_of([one.is_global, one.is_named]) for one in internet_backends(service)),
            False if service.links.is_complete else UNKNOWN,
        ]
    )


@rule(
    title="Requests to model APIs carry the API's own host name",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts",
    applies=(
        handles_requests("its load balancer forwards connections unchanged"),
        Condition(_has_global_names, "no backend is a global internet NEG with a name", "backends"),
    ),
)
def internet_neg_host(service: BackendService, options: Options) -> Checks:
    """A service with a global internet NEG sends the endpoint's host name instead of the clients' `Host` header.

    ## What it checks
    `custom_request_headers` of the service contains a `Host` header, or every route to the service in the stack has
    `host_rewrite` in its `url_rewrite`.

    ## Why it matters
    Without it, the endpoint receives the host that the client requested, such as llm.example.com. It does not serve
    that host: model APIs, and anything else at their addresses, respond with 404 or 421.

    ## Applies to
    Global services of Application Load Balancers with a global internet NEG of type INTERNET_FQDN_PORT. Regional
    services are exempt, because a custom request header cannot set `Host` there.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    neg = gcp.compute.GlobalNetworkEndpointGroup("api", network_endpoint_type="INTERNET_FQDN_PORT", default_port=443)
    gcp.compute.BackendService(
        "chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTPS", backends=[{"group": neg.id}]
    )
    ```

    ## Passes
    ```diff
     gcp.compute.BackendService(
    -    "chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTPS", backends=[{"group": neg.id}]
    +    "chat",
    +    load_balancing_scheme="EXTERNAL_MANAGED",
    +    protocol="HTTPS",
    +    backends=[{"group": neg.id}],
    +    custom_request_headers=["Host: api.example.com"],
     )
    ```

    ## Undecided
    When a header, a route or the kind of a backend is computed, and the verdict depends on it.
    """
    sets_host = any_of([_header_sets_host(service), _routes_set_host(service)])
    doubt = Undecided("whether `Host` is set on the way to its endpoint is not known", "custom_request_headers")
    if not decided(sets_host, doubt):
        yield Fail(
            "It sends the clients' `Host` header to the endpoint.",
            "A `Host` header with the endpoint's own host name.",
            f'Set ``custom_request_headers=["Host: {_host(service) or "..."}"]`` to the endpoint\'s host name.',
        )


def _host(service: BackendService) -> str:
    """The host name of its endpoint; empty if that is not known."""
    hosts = known_in(one.host for backend in internet_backends(service) for one in backend.endpoints)
    return next((f"{host}" for host in hosts if host), "")


def _header_sets_host(service: BackendService) -> bool | Unknown:
    headers = service.resource.asked.strings("customRequestHeaders")
    return when_known(headers, lambda given: any_of(when_known(header, _is_host) for header in given))


def _is_host(header: str) -> bool:
    return header.partition(":")[0].strip().lower() == "host"


def _routes_set_host(service: BackendService) -> bool | Unknown:
    """Whether all routes of the stack to a service rewrite the host; without any they do not."""
    url_maps = url_maps_of(service.stack, service.resource)
    if any(url_map.routes is UNKNOWN for url_map in url_maps):
        return UNKNOWN
    routes = [route for url_map in url_maps for route in known_in(url_map.routes)]
    if not routes:
        return False if service.stack.is_complete else UNKNOWN
    return all_of(any_of([_sets_host(route), negation(route.sends_to(service.resource))]) for route in routes)


def _sets_host(route: Route) -> bool | Unknown:
    return is_set(route.action.block("urlRewrite").string("hostRewrite"))
