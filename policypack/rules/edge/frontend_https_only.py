"""The rule `frontend-https-only`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.frontend.proxy import Proxy
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict


@dataclass(frozen=True)
class HttpsOnlyOptions(Options):
    """Options of `frontend-https-only`.

    Attributes:
        internal: whether internal load balancers are judged as well; by default they are not, as Google encrypts what
            machines send each other in its networks:
            https://cloud.google.com/docs/security/encryption-in-transit#virtual_machine_to_virtual_machine
    """

    internal: bool = False


@rule(
    title="Plain HTTP is answered with a redirect only",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/setting-up-global-http-https-redirect",
)
def frontend_https_only(proxy: Proxy, options: HttpsOnlyOptions) -> Iterator[Verdict]:
    """No target HTTP proxy passes a request on to a server.

    ## What it checks
    Target HTTP proxies: no route of their URL map sends requests to a backend service. Redirects, and routes that
    abort every request by fault injection, may stay. Target HTTPS proxies pass.

    ## Why it matters
    Over plain HTTP everybody on the way reads prompts, answers and the API key, and can change them.

    ## Applies to
    Target HTTP and HTTPS proxies, global and regional, on the path to a backend service: of external load balancers
    and, with `internal`, of internal ones. Not those of Cloud Service Mesh, which encrypts between its own proxies.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    paths = gcp.compute.URLMap("paths", default_service=service.id)
    proxy = gcp.compute.TargetHttpProxy("chat", url_map=paths.id)
    gcp.compute.GlobalForwardingRule(
        "rule", load_balancing_scheme="EXTERNAL_MANAGED", port_range="80", target=proxy.id
    )
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    paths = gcp.compute.URLMap("paths", default_service=service.id)
    proxy = gcp.compute.TargetHttpsProxy(
        "chat", url_map=paths.id, ssl_certificates=["projects/p-demo/global/sslCertificates/llm"]
    )
    gcp.compute.GlobalForwardingRule(
        "rule", load_balancing_scheme="EXTERNAL_MANAGED", port_range="443", target=proxy.id
    )
    redirect = gcp.compute.URLMap("redirect", default_url_redirect={"https_redirect": True, "strip_query": False})
    plain = gcp.compute.TargetHttpProxy("plain", url_map=redirect.id)
    gcp.compute.GlobalForwardingRule(
        "plain-rule", load_balancing_scheme="EXTERNAL_MANAGED", port_range="80", target=plain.id
    )
    ```

    ## Undecided
    When the URL map, its routes or the services behind them are computed, or the services' scheme is not known.
    """
    if proxy.kind == "HTTPS":
        return
    if proxy.kind != "HTTP":
        yield NotApplicable("it is no proxy for HTTP")
    elif proxy.is_mesh is True:
        yield NotApplicable("Cloud Service Mesh encrypts between its proxies")
    elif proxy.is_external is False and not options.internal:
        yield NotApplicable("it is internal")
    else:
        yield from _judge(proxy, options)


def _judge(proxy: Proxy, options: HttpsOnlyOptions) -> Iterator[Verdict]:
    sent = proxy.passes_requests_on
    if sent is UNKNOWN:
        why = proxy.why_services_unknown or "its routes are computed"
        yield Undecided(f"whether it passes requests on is not known: {why}")
    elif sent is True and (proxy.is_mesh is UNKNOWN or (proxy.is_external is UNKNOWN and not options.internal)):
        yield Undecided("the load balancing scheme of the services behind it is not known")
    elif sent is True:
        yield Fail(
            "It takes plain HTTP and passes requests on to servers.",
            "HTTPS, and plain HTTP for redirects alone.",
            "Give it a URL map of its own with `default_url_redirect={'https_redirect': True}`, and the service's URL "
            "map to a target HTTPS proxy.",
        )
