"""The rule `frontend-tls-policy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from policypack.model.frontend.proxy import Proxy
from policypack.model.frontend.ssl_policy import SslPolicy
from policypack.model.values.logic import negation
from policypack.rule import Options, cis, rule
from policypack.rules.on_gke.edge.tls_policy import refuses_old_tls
from policypack.rules.shared.places import Policies, is_of_its_scope
from policypack.rules.shared.vouched import vouched_or_seen
from policypack.verdict import Checks, Condition, Fail, Undecided, known, not_known, provided, setting
from policypack.wording import quoted

_SSL_POLICIES: Final = Policies("SSL policy", "proxy", "SSLPolicy", "RegionSslPolicy")
_OTHERWISE: Final = "The provider substitutes the policy of the same name in the proxy's scope."
_TERMINATES_TLS: Final = Condition[Proxy](lambda proxy: proxy.kind in ("HTTPS", "SSL"), "it does not terminate TLS", "")
# A policy that is set is judged even while a mesh may use the proxy; only a missing one may be right there.
_IS_NOT_MESH: Final = Condition[Proxy](
    lambda proxy: proxy.is_mesh is not True, "Cloud Service Mesh supports no SSL policy", "load_balancing_scheme"
)


@dataclass(frozen=True)
class TlsPolicyOptions(Options):
    """Options of `frontend-tls-policy`.

    Attributes:
        min_tls: the lowest version of TLS that clients may negotiate; CIS recommendation 3.9 requires 1.2.
        profiles: the accepted profiles. The default has those of CIS recommendation 3.9 and the FIPS profile, without
            COMPATIBLE: https://cloud.google.com/load-balancing/docs/ssl-policies-concepts#defining_an_ssl_policy
        vouched: globs on resources outside the stack that their owner vouches for: the name, the path
            (`projects/P/global/sslPolicies/N`), or the logical name of the `StackReference` that provides it.
    """

    min_tls: Literal["TLS_1_2", "TLS_1_3"] = "TLS_1_2"
    profiles: tuple[str, ...] = ("MODERN", "RESTRICTED", "CUSTOM", "FIPS_202205")
    vouched: tuple[str, ...] = ()


@rule(
    title="Clients cannot negotiate outdated TLS",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/ssl-policies-concepts",
    frameworks=(cis("3.9"),),
    applies=(_TERMINATES_TLS, _IS_NOT_MESH),
    gke=lambda backend, options: refuses_old_tls(
        backend, _required(options), lambda policy: _is_strict(policy, options), options.vouched
    ),
)
def frontend_tls_policy(proxy: Proxy, options: TlsPolicyOptions) -> Checks:
    """Every target HTTPS and SSL proxy has an SSL policy that excludes old TLS versions and weak cipher suites.

    ## What it checks
    - `ssl_policy` is set.
    - The profile of the policy is accepted.
    - `min_tls_version` is `min_tls` or higher. RESTRICTED, and custom suites with authenticated encryption only, need
      no `min_tls_version`, because these suites exist only from TLS 1.2 on.
    - A custom profile has no suite that lacks forward secrecy or uses 3DES.
    - The policy has the scope of the proxy: an `SSLPolicy` for a global proxy, a `RegionSslPolicy` of the same region
      for a regional one. The provider rewrites the URL of any other policy to a policy of the same name in the proxy's
      scope, which does not exist or is a different policy.

    On GKE, a GCPGatewayPolicy for the Gateway (`sslPolicy`) or, for an Ingress, a FrontendConfig names the policy. Only
    Gateways and Ingresses that clients on the internet can reach are judged.

    ## Why it matters
    Without a policy, a proxy uses the COMPATIBLE profile and accepts TLS 1.0: recorded traffic can be decrypted once
    the certificate's key leaks, and security scanners and auditors report it.

    ## Applies to
    Global and regional target HTTPS proxies, and target SSL proxies, on the path to a backend service, external and
    internal. Proxies of Cloud Service Mesh are exempt, because they support no SSL policy.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    paths = gcp.compute.URLMap("paths", default_service=service.id)
    gcp.compute.TargetHttpsProxy(
        "chat", url_map=paths.id, ssl_certificates=["projects/p-demo/global/sslCertificates/llm"]
    )
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    paths = gcp.compute.URLMap("paths", default_service=service.id)
    policy = gcp.compute.SSLPolicy("tls", profile="RESTRICTED", min_tls_version="TLS_1_2")
    gcp.compute.TargetHttpsProxy(
        "chat",
        url_map=paths.id,
        ssl_certificates=["projects/p-demo/global/sslCertificates/llm"],
        ssl_policy=policy.id,
    )
    ```

    ## On GKE
    ```yaml
    apiVersion: networking.gke.io/v1
    kind: GCPGatewayPolicy
    metadata: {name: front, namespace: llm}
    spec:
      targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: front}
      default:
        sslPolicy: chat
    ```

    ## Undecided
    When the policy is not in the stack or not known, or when its profile, version or suites are computed.
    """
    if not proxy.has_ssl_policy:
        doubt = not_known("load_balancing_scheme", because="Cloud Service Mesh supports no SSL policy")
        yield provided(negation(proxy.is_mesh), doubt, _has_policy_from_elsewhere(proxy, options))
    yield is_of_its_scope(proxy, proxy.ssl_policy_links, _SSL_POLICIES, _OTHERWISE)
    outside = Undecided("its SSL policy is not in this stack", "ssl_policy")
    yield vouched_or_seen(proxy, proxy.ssl_policy_links, "sslPolicy", options.vouched, outside)
    for policy in proxy.ssl_policies:
        yield _is_strict(policy, options)


def _is_strict(policy: SslPolicy, options: TlsPolicyOptions) -> Checks:
    yield _has_accepted_profile(policy, options)
    yield _refuses_old_versions(policy, options)
    yield _has_no_weak_suites(policy)


def _required(options: TlsPolicyOptions) -> str:
    return f"An SSL policy with a minimum of {_spoken(options.min_tls)}."


def _has_policy_from_elsewhere(proxy: Proxy, options: TlsPolicyOptions) -> Checks:
    if proxy.leaves_ssl_policy_to_others:
        yield Undecided("``ignore_changes`` leaves its SSL policy to another tool", "ssl_policy")
    else:
        yield Fail(
            "It has no SSL policy, so clients can negotiate TLS 1.0.",
            _required(options),
            f"Set ``ssl_policy`` to {'a' if proxy.is_regional else 'an'} `{_SSL_POLICIES.fitting(proxy)}` with "
            '``profile="RESTRICTED"`` and ``min_tls_version="TLS_1_2"``.',
        )


def _has_accepted_profile(policy: SslPolicy, options: TlsPolicyOptions) -> Checks:
    profile = known(policy.profile, "profile", policy.name)
    if profile not in options.profiles:
        yield Fail(
            f"SSL policy `{policy.name}` has profile `{profile}`.",
            f"One of the profiles {quoted(options.profiles)}." if options.profiles else "No profile is accepted.",
            setting({"profile": "RESTRICTED"}, ", or `MODERN` for clients that need it.", of=policy),
        )


def _refuses_old_versions(policy: SslPolicy, options: TlsPolicyOptions) -> Checks:
    wanted = _spoken(options.min_tls)
    doubt = Undecided(f"whether `{policy.name}` accepts clients below {wanted} is not known", "min_tls_version")
    yield provided(policy.allows_before(options.min_tls), doubt, _accepts_old_versions(policy, options))


def _accepts_old_versions(policy: SslPolicy, options: TlsPolicyOptions) -> Checks:
    lowest = known(policy.min_tls, "min_tls_version", policy.name)
    yield Fail(
        f"SSL policy `{policy.name}` accepts {_spoken(lowest)}.",
        f"{_spoken(options.min_tls)} or higher.",
        setting({"min_tls_version": options.min_tls}, of=policy),
    )


def _has_no_weak_suites(policy: SslPolicy) -> Checks:
    if known(policy.profile, "profile", policy.name) != "CUSTOM":
        return
    if policy.weak_features:
        yield Fail(
            f"SSL policy `{policy.name}` has weak cipher suites: {quoted(policy.weak_features)}.",
            "Cipher suites with forward secrecy and without 3DES.",
            "Remove them from ``custom_features``.",
        )
    elif not policy.has_known_features:
        yield not_known("custom_features", policy.name)


def _spoken(version: str) -> str:
    """`TLS_1_2` as one says it: TLS 1.2."""
    return version.replace("_", " ", 1).replace("_", ".")
