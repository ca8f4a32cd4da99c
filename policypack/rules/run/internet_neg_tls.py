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
from policypack.verdict import Checks, Condition, Fail, Undecided, known, not_known, unresolved

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
        handles_requests("its load balancer forwards connections unchanged"),
        Condition(_is_on_the_internet, "none of its backends is an internet NEG", "backends"),
    ),
)
def internet_neg_tls(service: BackendService, options: Options) -> Checks:
    """A service with internet NEGs uses HTTPS or HTTP/2 to its endpoints, which are host names.

    ## What it checks
    `protocol` is HTTPS or HTTP2; the default is HTTP. As advice, the rule recommends endpoints by host name
    (INTERNET_FQDN_PORT), because the load balancer verifies no certificate for an IP address.

    ## Why it matters
    Requests to an internet NEG leave Google's network. Over HTTP, prompts, responses and the API key in the header can
    be read and changed on the way.

    ## Applies to
    Global and regional services of Application Load Balancers with internet NEGs. Proxy Network Load Balancers are
    exempt, because they forward what clients encrypt. Hybrid NEGs are exempt, because they are reached over private
    networks.

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
    When the protocol, the scheme or the kind of a backend is not known, and the verdict depends on it. Advice also
    shows as undecided: an endpoint is an IP address, or uses port 80.
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
    for endpoint in backend.possible_endpoints:
        is_plain = when_known(endpoint.port, lambda port: port == _PLAIN_PORT)
        if is_plain is True:
            why = (
                f"whether the endpoint of `{backend.label}` accepts encrypted requests on port {_PLAIN_PORT} is not "
                f"known"
            )
            yield Undecided(why, "port")
        elif is_plain is UNKNOWN:
            yield not_known("port", f"{endpoint.resource.name}")


def _is_named(backend: InternetBackend) -> Checks:
    if backend.is_named is UNKNOWN:
        yield Undecided(f"it is not known whether the endpoint of `{backend.label}` is a host name", "backends")
    elif backend.is_named is False:
        why = (
            f"the endpoint of `{backend.label}` is an IP address, and the load balancer verifies no certificate for it"
        )
        yield Undecided(why, "network_endpoint_type")
