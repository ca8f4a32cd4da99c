"""The rule `frontend-domain`."""

from __future__ import annotations

from typing import Final

from policypack.model.frontend.domains import Domains, certificates_of, hosts_of, is_proved
from policypack.model.frontend.proxy import Proxy
from policypack.model.values.logic import known_in, negation, when_known
from policypack.model.values.values import Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.places import certificates_are_there
from policypack.verdict import Checks, Condition, Fail, NotApplicable, Undecided, decided, known, not_known, provided
from policypack.wording import quoted

_IS_HTTPS: Final = Condition[Proxy](lambda proxy: proxy.kind == "HTTPS", "it is not a target HTTPS proxy", "")


@rule(
    title="Host rules and certificates name the same domains",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/certificate-manager/docs/maps",
    applies=(_IS_HTTPS,),
)
def frontend_domain(proxy: Proxy, options: Options) -> Checks:
    """Each domain that a front end routes, and each entry of its certificate map, has a certificate.

    ## What it checks
    - The proxy has a certificate or, if it is global, a certificate map.
    - Each host in the URL map's host rules, except `*`, is covered by a managed certificate of the proxy, by name or by
      wildcard.
    - With a certificate map, an entry covers the host: its own entry, or the entry for all other hosts.
    - The certificates of each entry cover the entry's `hostname`.
    - The certificates are in the proxy's location: global, or the same region.

    ## Why it matters
    Clients reject a certificate for another domain before they send anything, and requests for a host without a rule go
    to the default. URL map, certificate and certificate map are each valid on their own, so nothing fails before the
    first request.

    ## Applies to
    Global and regional target HTTPS proxies on the path to a backend service, with managed certificates in the stack.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    paths = gcp.compute.URLMap(
        "paths",
        default_service=service.id,
        host_rules=[{"hosts": ["llm.example.com"], "path_matcher": "api"}],
        path_matchers=[{"name": "api", "default_service": service.id}],
    )
    certificate = gcp.compute.ManagedSslCertificate("certificate", managed={"domains": ["chat.example.com"]})
    gcp.compute.TargetHttpsProxy("chat", url_map=paths.id, ssl_certificates=[certificate.id])
    ```

    ## Passes
    ```diff
    -certificate = gcp.compute.ManagedSslCertificate("certificate", managed={"domains": ["chat.example.com"]})
    +certificate = gcp.compute.ManagedSslCertificate("certificate", managed={"domains": ["llm.example.com"]})
    ```

    ## Undecided
    The verdict is undecided when:

    - hosts, domains or the location of a certificate are computed;
    - a certificate is outside the stack, or was read with `get`;
    - a certificate is self-managed, so that nothing shows its domains;
    - there is no certificate, and the proxy may be one of Cloud Service Mesh.
    """
    if proxy.lacks_certificates and proxy.is_mesh is not True:
        doubt = not_known("load_balancing_scheme", because="a mesh has its certificates elsewhere")
        yield provided(negation(proxy.is_mesh), doubt, _has_one(proxy))
        return
    yield certificates_are_there(proxy)
    hosts, certificates = hosts_of(proxy), certificates_of(proxy)
    for entry in known_in(certificates):
        yield _is_for_its_host(entry)
    yield _have_certificates(hosts, certificates)


def _has_one(proxy: Proxy) -> Checks:
    """ "An Application Load Balancer or proxy Network Load Balancer that uses SSL requires at least one private key and
    SSL certificate": https://cloud.google.com/load-balancing/docs/ssl-certificates. A mesh has them elsewhere.
    """
    others = "" if proxy.is_regional else ", or an entry for it in a ``certificate_map``"
    yield Fail(
        "It has no certificate, which the API rejects.",
        "At least one certificate.",
        f"Name a certificate in ``ssl_certificates``{others}.",
    )


def _is_for_its_host(entry: Domains) -> Checks:
    if entry.hostname is None:
        return
    doubt = Undecided(f"whether the certificates of `{entry.name}` cover its ``hostname`` is not known", "certificates")
    if not decided(when_known(entry.hostname, entry.proves), doubt):
        domains = known(entry.certified, "domains")
        others = f"its certificates cover {quoted(domains)}" if domains else "and has no certificate"
        yield Fail(
            f"`{entry.name}` is for `{entry.hostname}`, {others}.",
            "Certificates that cover the entry's `hostname`.",
            f"Give `{entry.name}` a certificate with `{entry.hostname}` in `domains`, or another `hostname`.",
        )


def _have_certificates(hosts: tuple[str, ...] | Unknown, certificates: tuple[Domains, ...] | Unknown) -> Checks:
    named = decided(hosts, Undecided("the hosts of its URL map are computed", "url_map"))
    if not named:
        yield NotApplicable("no host rule names a domain")
    for host in named:
        yield _has_certificate(host, certificates)


def _has_certificate(host: str, certificates: tuple[Domains, ...] | Unknown) -> Checks:
    doubt = Undecided(f"whether a certificate covers `{host}` is not known", "ssl_certificates")
    if not decided(is_proved(decided(certificates, doubt), host), doubt):
        yield Fail(
            f"A host rule names `{host}`, and no certificate on the proxy covers it.",
            "A certificate for each host in the host rules.",
            f"Add `{host}` to the `domains` of a certificate and, with a certificate map, add an entry with that "
            "`hostname`; or correct the host rule.",
        )
