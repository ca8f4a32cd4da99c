"""`frontend-tls-policy` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import http, https, regional_service, target, url_map
from tests.stacks import Computed, Expected, Out, R, build, check_verdict, findings, service

RULE = "frontend-tls-policy"
CHAT = service()
PATHS = url_map(CHAT)
GCM, CBC = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
WEAK = "TLS_RSA_WITH_AES_128_GCM_SHA256"


def secured(policy: dict[str, Any]) -> tuple[R, ...]:
    tls = R("SSLPolicy", "tls", policy)
    return CHAT, PATHS, tls, https(PATHS, sslPolicy=target(tls))


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
    check_verdict(RULE, secured(policy), status, "proxy")


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([PATHS, https(PATHS)], "failed"),
        ([PATHS, http(PATHS)], "not applicable"),
        ([R("TargetSSLProxy", "proxy", {"backendService": target(CHAT)})], "failed"),
        ([R("TargetTCPProxy", "proxy", {"backendService": target(CHAT)})], "not applicable"),
        ([PATHS, https(PATHS, sslPolicy="projects/p/global/sslPolicies/shared")], "undecided"),
        ([PATHS, https(PATHS, sslPolicy=Computed())], "undecided"),
        ([PATHS, R("TargetHttpsProxy", "proxy", {"urlMap": target(PATHS)}, {"ignore_changes": ("sslPolicy",)})],
         "undecided"),
        ([R("TargetHttpsProxy", "proxy", {})], None),
    ],
)  # fmt: skip
def test_proxies(resources: list[R], expected: Expected) -> None:
    check_verdict(RULE, [CHAT, *resources], expected, "proxy")


def test_a_policy_given_by_its_name() -> None:
    tls = R("SSLPolicy", "tls", {"name": "tls", "profile": "COMPATIBLE", "minTlsVersion": "TLS_1_2"})
    check_verdict(RULE, [CHAT, PATHS, tls, https(PATHS, sslPolicy="tls")], "failed", "proxy")
    check_verdict(RULE, [CHAT, PATHS, tls, https(PATHS, sslPolicy="other")], "undecided", "proxy")


@pytest.mark.parametrize(
    ("scheme", "status"),
    [("INTERNAL_MANAGED", "failed"), ("INTERNAL_SELF_MANAGED", "not applicable"), (Computed(), "undecided")],
)
def test_schemes(scheme: Any, status: str) -> None:
    subject = service(loadBalancingScheme=scheme)
    paths = url_map(subject)
    check_verdict(RULE, [subject, paths, https(paths)], status, "proxy")


def test_regional_twins() -> None:
    subject = regional_service()
    paths = R("RegionUrlMap", "paths", {"region": "us-central1", "defaultService": target(subject)})
    tls = R("RegionSslPolicy", "tls", {"region": "us-central1", "profile": "MODERN"})
    given = {"region": "us-central1", "urlMap": target(paths), "sslPolicy": Out(tls, "selfLink")}
    proxy = R("RegionTargetHttpsProxy", "proxy", given)
    check_verdict(RULE, [subject, paths, tls, proxy], "failed", "proxy")


def test_options() -> None:
    check_verdict(RULE, secured({"profile": "RESTRICTED"}), "failed", "proxy", min_tls="TLS_1_3")
    check_verdict(
        RULE, secured({"profile": "RESTRICTED", "minTlsVersion": "TLS_1_3"}), "passed", "proxy", min_tls="TLS_1_3"
    )
    check_verdict(
        RULE, secured({"profile": "MODERN", "minTlsVersion": "TLS_1_2"}), "failed", "proxy", profiles=["RESTRICTED"]
    )


def test_the_message_lists_all_that_is_wrong() -> None:
    tls = R("SSLPolicy", "tls", {})
    (found,) = findings(RULE, build(CHAT, PATHS, tls, https(PATHS, sslPolicy=target(tls))))
    assert [problem.observed for problem in found.problems] == [
        "SSL policy `tls` has profile `COMPATIBLE`.",
        "SSL policy `tls` accepts TLS 1.0.",
    ]


def ssl_policy(region: Any = None) -> R:
    given = {"profile": "RESTRICTED"}
    if region is None:
        return R("SSLPolicy", "tls", given)
    return R("RegionSslPolicy", "regional-tls", {**given, "region": region})


@pytest.mark.parametrize(
    ("is_regional", "policy", "expected"),
    [
        pytest.param(False, ssl_policy(), "passed", id="global with a global one"),
        pytest.param(False, ssl_policy("us-central1"), "failed", id="global with a regional one"),
        pytest.param(True, ssl_policy("us-central1"), "passed", id="regional with its region's"),
        pytest.param(True, ssl_policy(), "failed", id="regional with a global one"),
        pytest.param(True, ssl_policy("europe-west4"), "failed", id="regional with another region's"),
        pytest.param(True, ssl_policy(Computed((), "us-central1")), ("undecided", "passed"), id="unknown region"),
        pytest.param(False, "projects/p/regions/us-central1/sslPolicies/tls", "failed", id="the URL of a regional one"),
        # It is of the right scope, and not in this stack.
        pytest.param(False, "projects/p/global/sslPolicies/tls", "undecided", id="the URL of a global one"),
    ],
)
def test_scopes(is_regional: bool, policy: Any, expected: Expected) -> None:
    subject = regional_service("EXTERNAL_MANAGED") if is_regional else CHAT
    place = {"region": "us-central1"} if is_regional else {}
    paths = R("RegionUrlMap" if is_regional else "URLMap", "paths", {**place, "defaultService": target(subject)})
    link = target(policy) if isinstance(policy, R) else policy
    type_ = "RegionTargetHttpsProxy" if is_regional else "TargetHttpsProxy"
    proxy = R(type_, "proxy", {**place, "urlMap": target(paths), "sslPolicy": link})
    others = [policy] if isinstance(policy, R) else []
    check_verdict(RULE, [subject, paths, proxy, *others], expected, "proxy")
