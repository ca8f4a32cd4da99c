"""The rule `frontend-tls-policy`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from policypack.model.frontend.proxy import Proxy
from policypack.model.frontend.ssl_policy import SslPolicy
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, cis, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted


@dataclass(frozen=True)
class TlsPolicyOptions(Options):
    """Options of `frontend-tls-policy`.

    Attributes:
        min_tls: the lowest version of TLS that clients may negotiate; 1.2 is what CIS recommendation 3.9 asks for.
        profiles: the profiles that are accepted; by default those that recommendation names, and the one for FIPS,
            without COMPATIBLE: https://cloud.google.com/load-balancing/docs/ssl-policies-concepts#defining_an_ssl_policy
    """

    min_tls: Literal["TLS_1_2", "TLS_1_3"] = "TLS_1_2"
    profiles: tuple[str, ...] = ("MODERN", "RESTRICTED", "CUSTOM", "FIPS_202205")


@rule(
    title="Clients negotiate no outdated TLS",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/ssl-policies-concepts",
    frameworks=(cis("3.9"),),
)
def frontend_tls_policy(proxy: Proxy, options: TlsPolicyOptions) -> Iterator[Verdict]:
    """Every target HTTPS and SSL proxy has an SSL policy without old versions and weak cipher suites.

    ## What it checks
    `ssl_policy` is set. The policy's profile is accepted, its `min_tls_version` is `min_tls` or higher, and a custom
    profile has no suite without forward secrecy or with 3DES. RESTRICTED, and custom suites with authenticated
    encryption alone, need no `min_tls_version`: they exist from TLS 1.2 on.

    ## Why it matters
    Without a policy a proxy takes the COMPATIBLE profile from TLS 1.0 on: what was recorded can be read once the
    certificate's key leaks, and scanners and auditors object.

    ## Applies to
    Target HTTPS proxies, global and regional, and target SSL proxies, on the path to a backend service, external and
    internal. Not those of Cloud Service Mesh, which take no SSL policy.

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

    ## Undecided
    When the policy is not in the stack, or which one it is, its profile, version or suites are computed.
    """
    if proxy.kind not in ("HTTPS", "SSL"):
        yield NotApplicable("it does not terminate TLS")
    elif proxy.is_mesh is True:
        yield NotApplicable("Cloud Service Mesh takes no SSL policy")
    elif not proxy.has_ssl_policy:
        yield _without_policy(proxy, options)
    elif not proxy.ssl_policies:
        yield Undecided(proxy.ssl_policy_links.why or "its SSL policy is not in this stack")
    for policy in proxy.ssl_policies:
        yield from _judge(policy, options)


def _without_policy(proxy: Proxy, options: TlsPolicyOptions) -> Verdict:
    if proxy.is_mesh is UNKNOWN:
        return Undecided("it has no SSL policy, and whether Cloud Service Mesh uses it is not known")
    if proxy.leaves_ssl_policy_to_others:
        return Undecided("`ignore_changes` leaves its SSL policy to something else")
    return Fail(
        "It has no SSL policy, so clients can negotiate TLS 1.0.",
        f"An SSL policy from {_version(options.min_tls)} on.",
        "Set `ssl_policy` to an `SSLPolicy` with `profile='RESTRICTED'` and `min_tls_version='TLS_1_2'`.",
    )


def _judge(policy: SslPolicy, options: TlsPolicyOptions) -> Iterator[Verdict]:
    name, profile, too_old = f"`{policy.name}`", policy.profile, policy.allows_before(options.min_tls)
    if isinstance(profile, Unknown):
        yield Undecided(f"the profile of {name} is not known")
    elif profile not in options.profiles:
        yield Fail(
            f"SSL policy {name} has profile `{profile}`.",
            f"A profile among {quoted(options.profiles)}." if options.profiles else "No profile is accepted.",
            "Set `profile='RESTRICTED'`, or `MODERN` for clients that need it.",
        )
    if too_old is UNKNOWN:
        yield Undecided(f"the lowest version of TLS that {name} takes is not known")
    elif too_old is True:
        yield Fail(
            f"SSL policy {name} takes clients from {_version(policy.min_tls)} on.",
            f"{_version(options.min_tls)} or higher.",
            f"Set `min_tls_version='{options.min_tls}'`.",
        )
    if isinstance(profile, str) and profile == "CUSTOM":
        yield from _judge_suites(policy)


def _judge_suites(policy: SslPolicy) -> Iterator[Verdict]:
    if policy.weak_features:
        yield Fail(
            f"SSL policy `{policy.name}` has weak cipher suites: {quoted(policy.weak_features)}.",
            "Suites with forward secrecy and without 3DES.",
            "Remove them from `custom_features`.",
        )
    elif not policy.has_known_features:
        yield Undecided(f"the cipher suites of `{policy.name}` are not known")


def _version(version: str | Unknown) -> str:
    """`TLS_1_2` as one says it: TLS 1.2."""
    return "an unknown version" if isinstance(version, Unknown) else version.replace("_", " ", 1).replace("_", ".")
