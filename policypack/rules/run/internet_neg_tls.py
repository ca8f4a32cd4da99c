"""The rule `internet-neg-tls`."""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.run.neg import InternetBackend, internet_backends
from policypack.model.values.logic import when_known
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import handles_requests
from policypack.verdict import Checks, Condition, Fail, Undecided, known, unresolved

_ENCRYPTED = ("HTTPS", "HTTP2")
_PLAIN_PORT = 80


def _is_on_the_internet(service: BackendService) -> bool | Unknown:
    if GroupKind.INTERNET_NEG not in service.kinds:
        return False
    return True if any(group.kinds == {GroupKind.INTERNET_NEG} for group in service.groups) else UNKNOWN


@rule(
    title="Requests to model servers on the internet are encrypted",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts",
    applies=(
        handles_requests("its load balancer hands connections on as they are"),
        Condition(_is_on_the_internet, "its backends are no internet NEGs", "backends"),
    ),
)
def internet_neg_tls(service: BackendService, options: Options) -> Checks:
    """A service over internet NEGs speaks HTTPS or HTTP/2 to its endpoints, which are names.

    ## What it checks
    `protocol` is HTTPS or HTTP2; left out it is HTTP. That endpoints are given by name (INTERNET_FQDN_PORT) is advised:
    the load balancer checks no certificate of an address.

    ## Why it matters
    Requests to an internet NEG leave Google's network. Over HTTP prompts, answers and the API key in the header can be
    read and changed on the way.

    ## Applies to
    Global and regional services of Application Load Balancers with internet NEGs. Not to proxy Network Load Balancers,
    which hand on what clients encrypt, nor to hybrid NEGs, which are reached over private networks.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    neg = gcp.compute.GlobalNetworkEndpointGroup("api", network_endpoint_type="INTERNET_FQDN_PORT", default_port=80)
    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}])
    ```

    ## Passes
    ```diff
    -neg = gcp.compute.GlobalNetworkEndpointGroup("api", network_endpoint_type="INTERNET_FQDN_PORT", default_port=80)
    -gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}])
    +neg = gcp.compute.GlobalNetworkEndpointGroup("api", network_endpoint_type="INTERNET_FQDN_PORT", default_port=443)
    +gcp.compute.BackendService(
    +    "chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTPS", backends=[{"group": neg.id}]
    +)
    ```

    ## Undecided
    When protocol, scheme or the kind of a backend is not known and decides. Advice is undecided too: about an endpoint
    that is given by its address, or has port 80.
    """
    protocol = known(service.protocol, "protocol")
    if protocol not in _ENCRYPTED:
        spoken = protocol or "HTTP, the default"
        yield Fail(
            f"It speaks {spoken} to endpoints on the internet.",
            "`protocol` HTTPS or HTTP2.",
            'Set ``protocol="HTTPS"``, and the port of the endpoint to 443.',
        )
        return
    for backend in internet_backends(service):
        yield _is_named(backend)
        yield from _ports(backend)
    yield from unresolved(service.links)


def _ports(backend: InternetBackend) -> Iterator[Undecided]:
    for endpoint in backend.endpoints:
        if when_known(endpoint.port, lambda port: port == _PLAIN_PORT) is True:
            why = (
                f"whether the endpoint of `{backend.label}` takes encrypted requests at port {_PLAIN_PORT} is not known"
            )
            yield Undecided(why, "port")


def _is_named(backend: InternetBackend) -> Checks:
    if backend.is_named is UNKNOWN:
        yield Undecided(f"whether the endpoint of `{backend.label}` is a name is not known", "backends")
    elif backend.is_named is False:
        why = f"the endpoint of `{backend.label}` is an address, whose certificate the load balancer does not verify"
        yield Undecided(why, "network_endpoint_type")
