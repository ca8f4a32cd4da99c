"""The rule `frontend-https-only`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.frontend.forwarding_rule import plain_proxies_beside
from policypack.model.frontend.proxy import Proxy
from policypack.model.frontend.url_map import UrlMap
from policypack.model.values.logic import negation
from policypack.rule import Options, rule
from policypack.rules.on_gke.edge.plain_http import takes_no_plain_http
from policypack.verdict import Checks, Condition, Fail, Undecided, decided, under

_TAKES_HTTP: Final = Condition[Proxy](lambda proxy: proxy.kind in ("HTTP", "HTTPS"), "it is not a proxy for HTTP", "")
_IS_NOT_MESH: Final = Condition[Proxy](
    lambda proxy: negation(proxy.is_mesh), "Cloud Service Mesh encrypts between its proxies", "load_balancing_scheme"
)
_IS_EXTERNAL: Final = Condition[Proxy](lambda proxy: proxy.is_external, "it is internal", "load_balancing_scheme")


@dataclass(frozen=True)
class HttpsOnlyOptions(Options):
    """Options of `frontend-https-only`.

    Attributes:
        internal: whether internal load balancers are judged as well; by default they are not, because Google encrypts
            traffic between VMs in its networks:
            https://cloud.google.com/docs/security/encryption-in-transit#virtual_machine_to_virtual_machine
    """

    internal: bool = False


@rule(
    title="Plain HTTP requests are only redirected",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/setting-up-global-http-https-redirect",
    applies=(_TAKES_HTTP,),
    gke=lambda backend, options: takes_no_plain_http(backend, internal=options.internal),
)
def frontend_https_only(proxy: Proxy, options: HttpsOnlyOptions) -> Checks:
    """No target HTTP proxy forwards a request to a server.

    ## What it checks
    No route in the URL map of a target HTTP proxy sends requests to a backend service. Two kinds of routes are allowed:
    redirects, and routes that abort every request by fault injection.

    Redirects lead to HTTPS: without `https_redirect`, a redirect leads back to itself. This includes the redirects of a
    target HTTP proxy that shares the address of a target HTTPS proxy.

    On GKE, no plain HTTP listener of a Gateway accepts a route with backends. A route with the filter `RequestRedirect`
    has none. An Ingress has a FrontendConfig with `redirectToHttps`, or the annotation
    `kubernetes.io/ingress.allow-http: "false"`.

    ## Why it matters
    Over plain HTTP, anyone on the network path can read and change prompts, responses and the API key.

    ## Applies to
    Global and regional target HTTP and HTTPS proxies on the path to a backend service. External load balancers are
    always judged, internal ones with the option `internal`. Cloud Service Mesh is exempt: it encrypts between its own
    proxies.

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

    ## On GKE
    ```yaml
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: chat, namespace: llm}
    spec:
      parentRefs: [{name: front, sectionName: https}]
      rules:
        - backendRefs: [{group: inference.networking.k8s.io, kind: InferencePool, name: chat}]
    ```

    ## Undecided
    When the URL map, its routes or the services behind them are computed, or the scheme of the services is not known.
    """
    conditions = [_IS_NOT_MESH] if options.internal else [_IS_NOT_MESH, _IS_EXTERNAL]
    beside = plain_proxies_beside(proxy)
    if proxy.kind == "HTTP":
        yield under(conditions, proxy, lambda: _accepts_no_plain_http(proxy))
    elif beside:
        yield under(conditions, proxy, lambda: (_redirects_to_https(plain) for plain in beside))


def _accepts_no_plain_http(proxy: Proxy) -> Checks:
    yield _only_redirects(proxy)
    yield _redirects_to_https(proxy)


def _only_redirects(proxy: Proxy) -> Checks:
    why = proxy.why_services_unknown or "its routes are computed or not in this stack"
    if decided(proxy.passes_requests_on, Undecided(why, "url_map")):
        yield Fail(
            "It accepts plain HTTP and forwards requests to servers.",
            "HTTPS, with plain HTTP used only for redirects.",
            "Give it a separate URL map with "
            '``default_url_redirect={"https_redirect": True, "strip_query": False}``, and the service\'s URL map to a '
            "target HTTPS proxy with a certificate and the ``ssl_policy`` that `frontend-tls-policy` requires.",
        )


def _redirects_to_https(proxy: Proxy) -> Checks:
    for url_map in proxy.url_maps:
        yield _does_not_repeat_plain_http(proxy, url_map)


def _does_not_repeat_plain_http(proxy: Proxy, url_map: UrlMap) -> Checks:
    if decided(url_map.repeats_plain_http, Undecided(f"`{url_map.name}` has computed redirects", "url_map")):
        yield Fail(
            f"`{url_map.name}` redirects plain HTTP to plain HTTP in an endless loop.",
            "A redirect to HTTPS.",
            f'Set ``"https_redirect": True`` in the redirect of `{url_map.name}`.',
        )
