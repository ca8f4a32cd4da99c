"""`frontend-tls-policy` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import both, http, https, regional_service, target, url_map
from tests.stacks import Computed, Out, R, build, findings, service

RULE = "frontend-tls-policy"
CHAT = service()
PATHS = url_map(CHAT)
GCM, CBC = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
WEAK = "TLS_RSA_WITH_AES_128_GCM_SHA256"


def judged(policy: dict[str, Any], **options: Any) -> tuple[Any, Any]:
    tls = R("SSLPolicy", "tls", policy)
    return both(RULE, "proxy", CHAT, PATHS, tls, https(PATHS, sslPolicy=target(tls)), **options)


def custom(*features: Any, version: Any = "TLS_1_2") -> dict[str, Any]:
    return {"profile": "CUSTOM", "minTlsVersion": version, "customFeatures": list(features)}


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ({}, "failed"),
        ({"profile": "RESTRICTED"}, "passed"),
        ({"profile": "RESTRICTED", "minTlsVersion": Computed()}, "passed"),
        ({"profile": "RESTRICTED", "minTlsVersion": "TLS_1_3"}, "passed"),
        ({"profile": "MODERN"}, "failed"),
        ({"profile": "MODERN", "minTlsVersion": "TLS_1_1"}, "failed"),
        ({"profile": "MODERN", "minTlsVersion": "TLS_1_2"}, "passed"),
        ({"profile": "MODERN", "minTlsVersion": Computed()}, "undecided"),
        ({"profile": "COMPATIBLE", "minTlsVersion": "TLS_1_2"}, "failed"),
        ({"minTlsVersion": "TLS_1_2"}, "failed"),
        ({"profile": Computed(), "minTlsVersion": "TLS_1_2"}, "undecided"),
        ({"profile": Computed(), "minTlsVersion": "TLS_1_0"}, "undecided"),
        ({"profile": "FIPS_202205", "minTlsVersion": "TLS_1_2"}, "passed"),
        (custom(GCM), "passed"),
        (custom(GCM, version=None), "passed"),
        (custom(GCM, CBC, version=None), "failed"),
        (custom(GCM, CBC), "passed"),
        (custom(GCM, WEAK), "failed"),
        (custom(GCM, Computed()), "undecided"),
        (custom(WEAK, Computed()), "failed"),
        ({"profile": "CUSTOM", "minTlsVersion": "TLS_1_2", "customFeatures": Computed()}, "undecided"),
    ],
)
def test_policies(policy: dict[str, Any], status: str) -> None:
    assert judged(policy) == (status, status)


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([PATHS, https(PATHS)], ("failed", "failed")),
        ([PATHS, http(PATHS)], ("not applicable", "not applicable")),
        ([R("TargetSSLProxy", "proxy", {"backendService": target(CHAT)})], ("failed", "failed")),
        ([R("TargetTCPProxy", "proxy", {"backendService": target(CHAT)})], ("not applicable", "not applicable")),
        ([PATHS, https(PATHS, sslPolicy="projects/p/global/sslPolicies/shared")], ("undecided", "undecided")),
        ([PATHS, https(PATHS, sslPolicy=Computed())], ("undecided", "undecided")),
        ([PATHS, R("TargetHttpsProxy", "proxy", {"urlMap": target(PATHS)}, {"ignore_changes": ("sslPolicy",)})],
         ("undecided", "undecided")),
        ([R("TargetHttpsProxy", "proxy", {})], (None, None)),
    ],
)  # fmt: skip
def test_proxies(resources: list[R], expected: tuple[Any, Any]) -> None:
    assert both(RULE, "proxy", CHAT, *resources) == expected


def test_a_policy_given_by_its_name() -> None:
    tls = R("SSLPolicy", "tls", {"name": "tls", "profile": "COMPATIBLE", "minTlsVersion": "TLS_1_2"})
    assert both(RULE, "proxy", CHAT, PATHS, tls, https(PATHS, sslPolicy="tls")) == ("failed", "failed")
    assert both(RULE, "proxy", CHAT, PATHS, tls, https(PATHS, sslPolicy="other")) == ("undecided", "undecided")


@pytest.mark.parametrize(
    ("scheme", "status"),
    [("INTERNAL_MANAGED", "failed"), ("INTERNAL_SELF_MANAGED", "not applicable"), (Computed(), "undecided")],
)
def test_schemes(scheme: Any, status: str) -> None:
    subject = service(loadBalancingScheme=scheme)
    paths = url_map(subject)
    assert both(RULE, "proxy", subject, paths, https(paths)) == (status, status)


def test_regional_twins() -> None:
    subject = regional_service()
    paths = R("RegionUrlMap", "paths", {"region": "us-central1", "defaultService": target(subject)})
    tls = R("RegionSslPolicy", "tls", {"region": "us-central1", "profile": "MODERN"})
    given = {"region": "us-central1", "urlMap": target(paths), "sslPolicy": Out(tls, "selfLink")}
    proxy = R("RegionTargetHttpsProxy", "proxy", given)
    assert both(RULE, "proxy", subject, paths, tls, proxy) == ("failed", "failed")


def test_options() -> None:
    assert judged({"profile": "RESTRICTED"}, min_tls="TLS_1_3") == ("failed", "failed")
    assert judged({"profile": "RESTRICTED", "minTlsVersion": "TLS_1_3"}, min_tls="TLS_1_3") == ("passed", "passed")
    assert judged({"profile": "MODERN", "minTlsVersion": "TLS_1_2"}, profiles=["RESTRICTED"]) == ("failed", "failed")


def test_the_message_lists_all_that_is_wrong() -> None:
    tls = R("SSLPolicy", "tls", {})
    (found,) = findings(RULE, build(CHAT, PATHS, tls, https(PATHS, sslPolicy=target(tls))))
    assert [problem.observed for problem in found.problems] == [
        "SSL policy `tls` has profile `COMPATIBLE`.",
        "SSL policy `tls` accepts clients from TLS 1.0 on.",
    ]
