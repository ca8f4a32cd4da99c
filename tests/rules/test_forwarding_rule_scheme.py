"""`forwarding-rule-scheme` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import (
    CERTIFIED,
    REGION,
    global_rule,
    http,
    https,
    regional_https,
    regional_rule,
    regional_service,
    target,
    url_map,
)
from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "forwarding-rule-scheme"
US, EU = mig("us-central1"), mig("europe-west4")


def stack(scheme: Any, rule_scheme: Any, **inputs: Any) -> tuple[R, ...]:
    chat = service(loadBalancingScheme=scheme, **inputs)
    paths = url_map(chat)
    proxy = https(paths)
    return chat, paths, proxy, global_rule(proxy, loadBalancingScheme=rule_scheme)


@pytest.mark.parametrize(
    ("scheme", "rule_scheme", "status"),
    [
        ("EXTERNAL_MANAGED", "EXTERNAL_MANAGED", "passed"),
        ("EXTERNAL_MANAGED", None, "passed"),
        ("EXTERNAL", "EXTERNAL", "passed"),
        ("EXTERNAL_MANAGED", "EXTERNAL", "passed"),
        ("EXTERNAL", "EXTERNAL_MANAGED", "failed"),
        ("EXTERNAL", None, "failed"),
        ("INTERNAL_MANAGED", "INTERNAL_MANAGED", "passed"),
        ("INTERNAL_MANAGED", "EXTERNAL_MANAGED", "failed"),
        ("EXTERNAL_MANAGED", "INTERNAL_MANAGED", "failed"),
        ("INTERNAL_SELF_MANAGED", "INTERNAL_SELF_MANAGED", "passed"),
        (Computed(), "EXTERNAL_MANAGED", "undecided"),
        ("EXTERNAL_MANAGED", Computed(), "undecided"),
    ],
)
def test_global_schemes(scheme: Any, rule_scheme: Any, status: str) -> None:
    check_verdict(RULE, stack(scheme, rule_scheme), status, "rule")


def test_the_default_scheme_depends_on_the_provider() -> None:
    *others, rule = stack("EXTERNAL", None)
    old = R(rule.type, "rule", rule.inputs, {"provider": {"project": "p-demo", "version": "9.35.0"}})
    unknown = R(rule.type, "rule", rule.inputs, {"provider": {}})
    check_verdict(RULE, [*others, old], "passed", "rule")
    check_verdict(RULE, [*others, unknown], "undecided", "rule")


@pytest.mark.parametrize(
    ("tier", "status"), [(None, "passed"), ("PREMIUM", "passed"), ("STANDARD", "failed"), (Computed(), "undecided")]
)
def test_the_tier_of_a_global_rule(tier: Any, status: str) -> None:
    *others, rule = stack("EXTERNAL_MANAGED", "EXTERNAL_MANAGED")
    check_verdict(RULE, [*others, R(rule.type, "rule", {**rule.inputs, "networkTier": tier})], status, "rule")


@pytest.mark.parametrize(
    ("protocol", "kind", "status"),
    [
        *((protocol, "TargetHttpsProxy", "passed") for protocol in ("HTTP", "HTTPS", "HTTP2", "H2C", None)),
        ("TCP", "TargetHttpProxy", "failed"),
        (Computed(), "TargetHttpProxy", "undecided"),
        ("HTTP", "TargetTCPProxy", "failed"),
        ("TCP", "TargetTCPProxy", "passed"),
        ("SSL", "TargetSSLProxy", "passed"),
        ("TCP", "TargetSSLProxy", "passed"),
        ("HTTPS", "TargetSSLProxy", "failed"),
    ],
)
def test_protocols(protocol: Any, kind: str, status: str) -> None:
    chat = service(protocol=protocol)
    paths = url_map(chat)
    inputs = {"urlMap": target(paths)} if "Http" in kind else {"backendService": target(chat)}
    proxy = R(kind, "proxy", inputs)
    check_verdict(RULE, [chat, paths, proxy, global_rule(proxy)], status, "rule")


@pytest.mark.parametrize(
    ("scheme", "kind", "status"),
    [
        ("EXTERNAL_MANAGED", "TargetSSLProxy", "passed"),
        ("EXTERNAL", "TargetSSLProxy", "passed"),
        ("INTERNAL_MANAGED", "TargetSSLProxy", "failed"),
        ("INTERNAL_MANAGED", "TargetTCPProxy", "passed"),
        (Computed(), "TargetSSLProxy", "undecided"),
    ],
)
def test_target_ssl_proxies_are_external(scheme: Any, kind: str, status: str) -> None:
    chat = service(protocol="TCP", loadBalancingScheme=scheme)
    proxy = R(kind, "proxy", {"backendService": target(chat)})
    check_verdict(RULE, [chat, proxy, global_rule(proxy, loadBalancingScheme=scheme)], status, "rule")


def regional(scheme: str = "INTERNAL_MANAGED", **regions: str) -> tuple[R, R, R]:
    chat = regional_service(scheme, region=regions.get("service", REGION))
    paths = R("RegionUrlMap", "paths", {"region": REGION, "defaultService": target(chat)})
    return chat, paths, regional_https(paths, region=regions.get("proxy", REGION))


@pytest.mark.parametrize(
    ("scheme", "rule_scheme", "regions", "status"),
    [
        ("INTERNAL_MANAGED", "INTERNAL_MANAGED", {}, "passed"),
        ("EXTERNAL_MANAGED", "EXTERNAL_MANAGED", {}, "passed"),
        ("EXTERNAL_MANAGED", None, {}, "failed"),
        ("EXTERNAL_MANAGED", "EXTERNAL", {}, "failed"),
        ("INTERNAL_MANAGED", "INTERNAL", {}, "failed"),
        ("INTERNAL_MANAGED", "INTERNAL_MANAGED", {"proxy": "us-east1"}, "failed"),
        ("INTERNAL_MANAGED", "INTERNAL_MANAGED", {"service": "us-east1"}, "failed"),
        ("INTERNAL_MANAGED", "INTERNAL_MANAGED", {"rule": "us-east1"}, "failed"),
        ("INTERNAL_MANAGED", "INTERNAL_MANAGED", {"rule": Computed()}, "undecided"),
    ],
)
def test_regional_rules(scheme: str, rule_scheme: Any, regions: dict[str, Any], status: str) -> None:
    chat, paths, proxy = regional(scheme, **regions)
    rule = R(
        "ForwardingRule",
        "rule",
        {
            "region": regions.get("rule", REGION),
            "portRange": "443",
            "loadBalancingScheme": rule_scheme,
            "target": target(proxy),
        },
    )
    if isinstance(rule.inputs["region"], Computed):
        assert statuses(RULE, build(chat, paths, proxy, rule)) == {"rule": status}
    else:
        check_verdict(RULE, [chat, paths, proxy, rule], status, "rule")


def test_scopes_do_not_mix() -> None:
    chat, paths, proxy = regional("EXTERNAL_MANAGED")
    check_verdict(RULE, [chat, paths, proxy, global_rule(proxy)], "failed", "rule")
    everywhere = url_map(chat)
    global_proxy = https(everywhere)
    check_verdict(RULE, [chat, everywhere, global_proxy, global_rule(global_proxy)], "failed", "rule")
    anywhere = service()
    paths = url_map(anywhere)
    global_proxy = https(paths)
    rule = regional_rule(loadBalancingScheme="EXTERNAL_MANAGED", target=target(global_proxy))
    check_verdict(RULE, [anywhere, paths, global_proxy, rule], "failed", "rule")


@pytest.mark.parametrize(
    ("backends", "tier", "expected"),
    [
        ([backend(US)], "STANDARD", "passed"),
        ([], "STANDARD", "passed"),
        ([backend(EU)], "STANDARD", "failed"),
        ([backend(US), backend(EU)], "STANDARD", "failed"),
        ([backend(US), backend(Computed())], "STANDARD", "undecided"),
        ([backend(Computed())], "STANDARD", "undecided"),
        (Computed((US,), [backend(EU)]), "STANDARD", ("undecided", "failed")),
        ([backend(US), backend(EU)], None, "undecided"),
        ([backend(US), backend(EU)], "PREMIUM", "undecided"),
    ],
)
def test_standard_tier(backends: Any, tier: Any, expected: Expected) -> None:
    chat = service(backends, loadBalancingScheme="EXTERNAL")
    paths = url_map(chat)
    proxy = http(paths)
    rule = regional_rule(loadBalancingScheme="EXTERNAL", networkTier=tier, target=target(proxy))
    check_verdict(RULE, [chat, US, EU, paths, proxy, rule], expected, "rule")


def test_standard_tier_of_a_newer_service() -> None:
    chat = service([backend(US)], loadBalancingScheme="EXTERNAL_MANAGED")
    paths = url_map(chat)
    proxy = http(paths)
    rule = regional_rule(loadBalancingScheme="EXTERNAL", networkTier="STANDARD", target=target(proxy))
    check_verdict(RULE, [chat, US, paths, proxy, rule], "undecided", "rule")


@pytest.mark.parametrize(
    ("chat", "rule_scheme", "status"),
    [
        (regional_service("INTERNAL", protocol="TCP"), "INTERNAL", "passed"),
        (regional_service("EXTERNAL", protocol="TCP"), "EXTERNAL", "passed"),
        (regional_service("EXTERNAL", protocol="TCP"), None, "passed"),
        (regional_service("INTERNAL", protocol="TCP"), "EXTERNAL", "failed"),
        (regional_service("INTERNAL", protocol="TCP", region="us-east1"), "INTERNAL", "failed"),
        (regional_service("INTERNAL_MANAGED"), "INTERNAL_MANAGED", "failed"),
        (service(), "EXTERNAL_MANAGED", "failed"),
    ],
)
def test_rules_without_a_proxy(chat: R, rule_scheme: Any, status: str) -> None:
    rule = regional_rule(loadBalancingScheme=rule_scheme, backendService=target(chat))
    check_verdict(RULE, [chat, rule], status, "rule")


@pytest.mark.parametrize(
    ("chat", "kind", "rule_scheme", "status"),
    [
        (regional_service("INTERNAL", protocol=None), "RegionTargetHttpProxy", "INTERNAL", "failed"),
        (regional_service(protocol=None, loadBalancingScheme=None), "RegionTargetHttpProxy", None, "failed"),
        (regional_service("INTERNAL", protocol="TCP"), "RegionTargetTcpProxy", "INTERNAL", "failed"),
        (regional_service("EXTERNAL", protocol="TCP"), "RegionTargetTcpProxy", "EXTERNAL", "failed"),
        (regional_service("EXTERNAL", protocol="HTTP"), "RegionTargetHttpProxy", "EXTERNAL", "failed"),
        (regional_service("INTERNAL_MANAGED", protocol="TCP"), "RegionTargetTcpProxy", "INTERNAL_MANAGED", "passed"),
        (regional_service("EXTERNAL_MANAGED"), "RegionTargetHttpProxy", "EXTERNAL_MANAGED", "passed"),
        (regional_service(loadBalancingScheme=Computed()), "RegionTargetHttpProxy", "INTERNAL_MANAGED", "undecided"),
    ],
)
def test_passthrough_schemes_behind_a_proxy(chat: R, kind: str, rule_scheme: Any, status: str) -> None:
    paths = R("RegionUrlMap", "paths", {"region": REGION, "defaultService": target(chat)})
    inputs = {"urlMap": target(paths)} if "Http" in kind else {"backendService": target(chat)}
    proxy = R(kind, "proxy", {"region": REGION, **inputs})
    rule = regional_rule(loadBalancingScheme=rule_scheme, target=target(proxy))
    check_verdict(RULE, [chat, paths, proxy, rule], status, "rule")


def test_a_regional_rule_of_a_computed_scheme_before_a_global_proxy() -> None:
    chat = service(loadBalancingScheme=Computed())
    paths = url_map(chat)
    rule = regional_rule(loadBalancingScheme=Computed(), target=target(proxy := https(paths)))
    check_verdict(RULE, [chat, paths, proxy, rule], "undecided", "rule")


def test_what_would_fit_a_wrong_scheme_is_not_asked_for() -> None:
    chat = regional_service("INTERNAL", protocol=None, backends=[backend(US, capacityScaler=1.0)])
    paths = R("RegionUrlMap", "paths", {"region": REGION, "defaultService": target(chat)})
    proxy = R("RegionTargetHttpProxy", "proxy", {"region": REGION, "urlMap": target(paths)})
    rule = regional_rule(loadBalancingScheme="INTERNAL", target=target(proxy))
    (found,) = findings(RULE, build(chat, US, paths, proxy, rule))
    assert [problem.fix for problem in found.problems] == [
        "Set `load_balancing_scheme` to `EXTERNAL_MANAGED` or `INTERNAL_MANAGED` on service and forwarding rule."
    ]
    for name in (
        "backend-capacity-scaler",
        "load-balancer-attributes",
        "load-balancer-balancing-mode",
    ):
        assert statuses(name, build(chat, US, paths, proxy, rule)) == {"chat": "not applicable"}
        assert statuses(name, build(chat, US)) == {"chat": "failed"}


@pytest.mark.parametrize("rule", ["load-balancer-attributes", "load-balancer-balancing-mode"])
@pytest.mark.parametrize(
    ("scheme", "early", "whole"),
    [
        ("INTERNAL", "undecided", "not applicable"),
        (None, "undecided", "not applicable"),
        ("INTERNAL_MANAGED", "passed", "passed"),
    ],
)
def test_a_proxy_that_is_created_later_may_require_another_scheme(
    rule: str, scheme: Any, early: str, whole: str
) -> None:
    """An update stops nothing for what would fit a scheme that a proxy turns out to refuse."""
    chat = regional_service(protocol="TCP", loadBalancingScheme=scheme, backends=[backend(US)])
    proxy = R("RegionTargetTcpProxy", "proxy", {"region": REGION, "backendService": target(chat)})
    assert statuses(rule, build(chat, US, is_complete=False)) == {"chat": early}
    assert statuses(rule, build(chat, US, proxy)) == {"chat": whole}


RETRY = {"retryPolicy": {"numRetries": 2, "retryConditions": ["connect-failure"]}}
REWRITE = {"urlRewrite": {"pathPrefixRewrite": "/"}}


def in_path_rule(action: Any) -> dict[str, Any]:
    return in_matcher(None, pathRules=[{"paths": ["/v1/*"], "routeAction": action}])


def in_route_rule(action: Any) -> dict[str, Any]:
    return in_matcher(None, routeRules=[{"priority": 1, "routeAction": action}])


def in_matcher(action: Any, **rules: Any) -> dict[str, Any]:
    redirect = {"hostRedirect": "docs.example.com", "stripQuery": True}
    matcher = {"name": "all", "defaultUrlRedirect": redirect, **rules}
    return {"pathMatchers": [matcher | ({"defaultRouteAction": action} if action else {})]}


def classic(inputs: dict[str, Any], scheme: str, rule_scheme: str) -> list[R]:
    chat = service(loadBalancingScheme=scheme)
    paths = url_map(chat, **inputs)
    proxy = https(paths)
    return [chat, paths, proxy, global_rule(proxy, loadBalancingScheme=rule_scheme)]


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({}, "passed"),
        ({"defaultRouteAction": RETRY}, "failed"),
        (in_matcher(RETRY), "failed"),
        (in_path_rule(RETRY), "failed"),
        (in_route_rule(RETRY), "failed"),
        (in_path_rule({"timeout": {"seconds": "900"}}), "failed"),
        (in_path_rule({"requestMirrorPolicy": {"backendService": "projects/p/global/backendServices/x"}}), "failed"),
        (in_path_rule({"corsPolicy": {"allowOrigins": ["*"]}}), "failed"),
        (in_path_rule({"faultInjectionPolicy": {"abort": {"httpStatus": 500, "percentage": 1}}}), "failed"),
        (in_path_rule({"maxStreamDuration": {"seconds": "900"}}), "failed"),
        (in_path_rule({**REWRITE, **RETRY}), "failed"),
        (in_path_rule(REWRITE), "passed"),
        (in_path_rule(Computed()), "undecided"),
        (in_path_rule({"retryPolicy": Computed()}), "undecided"),
    ],
)
def test_route_actions_of_a_classic_load_balancer(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, classic(inputs, "EXTERNAL", "EXTERNAL"), status, "rule")
    if status == "failed":
        check_verdict(RULE, classic(inputs, "EXTERNAL_MANAGED", "EXTERNAL_MANAGED"), "passed", "rule")
        check_verdict(RULE, classic(inputs, "EXTERNAL_MANAGED", "EXTERNAL"), "passed", "rule")


def test_weights_between_two_new_services() -> None:
    for scheme, status in (("EXTERNAL_MANAGED", "passed"), ("EXTERNAL", "failed")):
        chat, canary = service(loadBalancingScheme=scheme), service(name="canary", loadBalancingScheme=scheme)
        shares = [{"backendService": target(one), "weight": weight} for one, weight in ((chat, 90), (canary, 10))]
        paths = R("URLMap", "paths", {"defaultRouteAction": {"weightedBackendServices": shares}})
        proxy = https(paths)
        check_verdict(
            RULE, [chat, canary, paths, proxy, global_rule(proxy, loadBalancingScheme=scheme)], status, "rule"
        )


def test_what_is_not_known() -> None:
    chat, paths, proxy, rule = stack("EXTERNAL", "EXTERNAL_MANAGED")
    hidden = url_map(chat, pathMatchers=Computed((chat,)))
    check_verdict(RULE, [chat, hidden, proxy, rule], "undecided", "rule")
    other = https(paths, "other")
    either = global_rule(proxy, target=Computed((proxy, other)))
    check_verdict(RULE, [chat, paths, proxy, other, either], "undecided", "rule")


def test_a_rule_beside_the_path_is_not_judged() -> None:
    chat = service()
    check_verdict(
        RULE,
        [chat, regional_rule(loadBalancingScheme="EXTERNAL", target="projects/p/regions/r/targetPools/p")],
        None,
        "rule",
    )


def test_the_message_names_both_schemes() -> None:
    (found,) = findings(RULE, build(*stack("EXTERNAL", "EXTERNAL_MANAGED")))
    assert [problem.observed for problem in found.problems] == [
        "It has scheme `EXTERNAL_MANAGED`, but backend service `chat` has `EXTERNAL`."
    ]


def test_the_message_says_which_is_regional() -> None:
    chat, paths, proxy = regional()
    (found,) = findings(RULE, build(chat, paths, proxy, global_rule(proxy, loadBalancingScheme="INTERNAL_MANAGED")))
    assert [problem.observed for problem in found.problems] == ["It is global, and target proxy `proxy` is regional."]
    over = https(paths)
    rule = regional_rule(target=target(over), loadBalancingScheme="INTERNAL_MANAGED")
    (found,) = findings(RULE, build(chat, paths, over, rule))
    assert [problem.observed for problem in found.problems] == [
        "It is regional, and target proxy `proxy` is global.",
        "Target proxy `proxy` is global, and its URL map `paths` is in `us-central1`.",
        "Target proxy `proxy` is global, and backend service `chat` is regional.",
    ]
    chat = service()
    paths = url_map(chat)
    proxy = regional_https(paths)
    rule = regional_rule(target=target(proxy), loadBalancingScheme="EXTERNAL_MANAGED")
    (found,) = findings(RULE, build(chat, paths, proxy, rule))
    assert [problem.observed for problem in found.problems] == [
        "Target proxy `proxy` is in `us-central1`, and its URL map `paths` is global.",
        "Target proxy `proxy` is regional, and backend service `chat` is global.",
    ]


def two_services(**inputs: Any) -> tuple[R, ...]:
    """A path matcher with two services, of which a first preview cannot tell which is where."""
    chat, embed = service(), service(**{"name": "embed", **inputs})
    rules = [{"paths": ["/v1/embeddings"], "service": target(embed)}]
    paths = url_map(
        chat,
        hostRules=[{"hosts": ["*"], "pathMatcher": "api"}],
        pathMatchers=[{"name": "api", "defaultService": target(chat), "pathRules": rules}],
    )
    proxy = https(paths)
    return chat, embed, paths, proxy, global_rule(proxy)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param({}, "passed", id="both fit"),
        pytest.param({"loadBalancingScheme": "EXTERNAL"}, ("undecided", "failed"), id="one has another scheme"),
        pytest.param({"protocol": "TCP"}, ("undecided", "failed"), id="one speaks another protocol"),
        pytest.param({"loadBalancingScheme": Computed()}, "undecided", id="the scheme of one is not known"),
    ],
)
def test_several_services_may_fit(inputs: dict[str, Any], expected: Expected) -> None:
    check_verdict(RULE, two_services(**inputs), expected, "rule")


def test_something_else_may_be_behind_the_url_map() -> None:
    chat, platform = service(), R("StackReference", "platform")
    rules = [{"paths": ["/x"], "service": Computed((platform,))}]
    paths = url_map(chat, pathMatchers=[{"name": "api", "defaultService": target(chat), "pathRules": rules}])
    proxy = https(paths)
    check_verdict(RULE, [chat, platform, paths, proxy, global_rule(proxy)], "undecided", "rule")


def test_a_bucket_may_be_behind_the_url_map() -> None:
    chat, bucket = service(), R("gcp:compute/backendBucket:BackendBucket", "static")
    rules = [{"paths": ["/static/*"], "service": target(bucket)}]
    paths = url_map(chat, pathMatchers=[{"name": "api", "defaultService": target(chat), "pathRules": rules}])
    proxy = https(paths)
    check_verdict(RULE, [chat, bucket, paths, proxy, global_rule(proxy)], "passed", "rule")


ADDRESS = R("gcp:compute/globalAddress:GlobalAddress", "address", {})
OTHER_ADDRESS = R("gcp:compute/globalAddress:GlobalAddress", "other", {})
STATIC = R("gcp:compute/globalAddress:GlobalAddress", "static", {"address": "203.0.113.9"})
AT = {"ipAddress": Computed((ADDRESS,), "203.0.113.1")}


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        pytest.param(AT, AT, "failed", id="one address"),
        pytest.param(AT, {**AT, "portRange": "80"}, "passed", id="another port"),
        pytest.param({**AT, "portRange": "400-500"}, AT, "failed", id="a range around it"),
        pytest.param(AT, {**AT, "portRange": Computed(value="80")}, ("undecided", "passed"), id="a computed port"),
        pytest.param(AT, {**AT, "ipProtocol": "UDP"}, "passed", id="another protocol"),
        pytest.param(AT, {**AT, "ipProtocol": "tcp"}, "failed", id="the default protocol"),
        pytest.param(AT, {"ipAddress": Computed((OTHER_ADDRESS,), "203.0.113.2")}, "passed", id="another address"),
        pytest.param({}, {}, "passed", id="an address each"),
        pytest.param(AT, {}, "passed", id="one without an address"),
        pytest.param({"ipAddress": "203.0.113.9"}, {"ipAddress": "203.0.113.9"}, "failed", id="one literal address"),
        pytest.param({"ipAddress": "203.0.113.9"}, {"ipAddress": "203.0.113.8"}, "passed", id="two literal addresses"),
        pytest.param(
            {"ipAddress": "203.0.113.9"},
            {"ipAddress": Computed((STATIC,), "203.0.113.9")},
            "failed",
            id="a literal address and its resource",
        ),
        pytest.param(AT, {"ipAddress": Computed(value="203.0.113.7")}, "undecided", id="an address from elsewhere"),
        pytest.param(AT, {**AT, "loadBalancingScheme": "INTERNAL_MANAGED"}, "passed", id="an internal rule"),
        pytest.param(AT, {**AT, "loadBalancingScheme": "INTERNAL_SELF_MANAGED"}, "passed", id="a mesh"),
        pytest.param(AT, {**AT, "loadBalancingScheme": Computed()}, "undecided", id="a computed scheme"),
        pytest.param(AT, {**AT, "sourceIpRanges": ["198.51.100.0/24"]}, "passed", id="one for some sources"),
    ],
)
def test_no_other_rule_has_its_address(mine: dict[str, Any], theirs: dict[str, Any], expected: Expected) -> None:
    chat = service()
    paths = url_map(chat)
    proxy = https(paths)
    given = {"portRange": "443", "target": target(proxy), "loadBalancingScheme": "EXTERNAL_MANAGED", **theirs}
    other = R("GlobalForwardingRule", "other-rule", given)
    stack = [chat, paths, proxy, ADDRESS, OTHER_ADDRESS, STATIC, other, global_rule(proxy, **mine)]
    check_verdict(RULE, stack, expected, "rule")


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (("projects/p/global/networks/a", "projects/p/global/networks/a"), "failed"),
        (("projects/p/global/networks/a", "projects/p/global/networks/b"), "undecided"),
        ((None, None), "undecided"),
    ],
)
def test_an_internal_address_is_in_use_once_a_network(networks: tuple[Any, Any], expected: Expected) -> None:
    chat = regional_service("INTERNAL", protocol="TCP", portName=None)
    inputs = {"region": REGION, "loadBalancingScheme": "INTERNAL", "ports": ["8000"], "backendService": target(chat)}
    rules = [
        R("ForwardingRule", name, {**inputs, "ipAddress": "10.0.0.9", "network": network})
        for name, network in zip(("rule", "other-rule"), networks, strict=True)
    ]
    check_verdict(RULE, [chat, *rules], expected, "rule")


def test_a_rule_that_is_only_read_is_no_rival() -> None:
    chat = service()
    paths = url_map(chat)
    proxy = https(paths)
    rule = global_rule(proxy, **AT)
    read = R(rule.type, "read", rule.inputs, {"is_read": True})
    check_verdict(RULE, [chat, paths, proxy, ADDRESS, rule, read], "passed", "rule")


@pytest.mark.parametrize(
    ("kind", "place", "status"),
    [
        pytest.param("RegionUrlMap", {"region": REGION}, "passed", id="of its region"),
        pytest.param("RegionUrlMap", {"region": "us-east4"}, "failed", id="of another region"),
        pytest.param("RegionUrlMap", {"region": Computed((), REGION)}, ("undecided", "passed"), id="of some region"),
        pytest.param("URLMap", {}, "failed", id="global"),
    ],
)
def test_a_regional_proxy_has_a_map_of_its_region(kind: str, place: dict[str, Any], status: Expected) -> None:
    chat, _, proxy = regional()
    paths = R(kind, "own", {"defaultService": target(chat), **place})
    proxy.inputs["urlMap"] = target(paths)
    rule = regional_rule(target=target(proxy), loadBalancingScheme="INTERNAL_MANAGED")
    check_verdict(RULE, [chat, paths, proxy, rule], status, "rule")


_MANAGER = "//certificatemanager.googleapis.com/projects/p/locations/global"
CERTIFICATES: dict[str, Any] = {"certificateManagerCertificates": [f"{_MANAGER}/certificates/c"]}
CERTIFICATE_MAP: dict[str, Any] = {"certificateMap": f"{_MANAGER}/certificateMaps/m"}


@pytest.mark.parametrize(
    ("scheme", "certificates", "status"),
    [
        pytest.param("EXTERNAL_MANAGED", CERTIFICATE_MAP, "passed", id="a map, external"),
        pytest.param("EXTERNAL", CERTIFICATE_MAP, "passed", id="a map, classic"),
        pytest.param("INTERNAL_MANAGED", CERTIFICATE_MAP, "failed", id="a map, internal"),
        pytest.param("INTERNAL_MANAGED", CERTIFICATES, "passed", id="certificates, internal"),
        pytest.param("EXTERNAL_MANAGED", CERTIFICATES, "failed", id="certificates, external"),
        pytest.param("EXTERNAL", CERTIFICATES, "failed", id="certificates, classic"),
        pytest.param("INTERNAL_MANAGED", {"certificateMap": Computed()}, "undecided", id="a map or none, internal"),
        pytest.param("EXTERNAL_MANAGED", {"sslCertificates": [Computed()]}, "passed", id="of Compute Engine"),
        pytest.param("EXTERNAL_MANAGED", {"sslCertificates": Computed()}, "passed", id="a computed list"),
        pytest.param("INTERNAL_MANAGED", {**CERTIFICATES, **CERTIFIED}, "failed", id="both kinds, internal"),
        pytest.param("EXTERNAL_MANAGED", {**CERTIFICATE_MAP, **CERTIFIED}, "passed", id="a map that takes precedence"),
    ],
)
def test_certificates_of_certificate_manager(scheme: str, certificates: dict[str, Any], status: Expected) -> None:
    chat, paths, proxy, rule = stack(scheme, scheme)
    proxy.inputs = {"urlMap": proxy.inputs["urlMap"], **certificates}
    check_verdict(RULE, [chat, paths, proxy, rule], status, "rule")


@pytest.mark.parametrize("certificates", [CERTIFICATES, CERTIFICATE_MAP])
@pytest.mark.parametrize(
    ("scheme", "other"), [("INTERNAL_MANAGED", "EXTERNAL_MANAGED"), ("EXTERNAL", "INTERNAL_MANAGED")]
)
def test_certificates_that_fit_one_of_two_schemes_are_not_wrong(
    scheme: str, other: str, certificates: dict[str, Any]
) -> None:
    chat, paths, proxy, rule = stack(scheme, other)
    proxy.inputs = {"urlMap": proxy.inputs["urlMap"], **certificates}
    (found,) = findings(RULE, build(chat, paths, proxy, rule))
    assert [problem.observed for problem in found.problems] == [
        f"It has scheme `{other}`, but backend service `chat` has `{scheme}`."
    ]


@pytest.mark.parametrize("scheme", ["INTERNAL_MANAGED", "EXTERNAL_MANAGED"])
def test_regional_proxies_name_certificates(scheme: str) -> None:
    chat, paths, proxy = regional(scheme)
    proxy.inputs.update(CERTIFICATES)
    rule = regional_rule(target=target(proxy), loadBalancingScheme=scheme)
    check_verdict(RULE, [chat, paths, proxy, rule], "passed", "rule")


NETWORK = R("Network", "llm", {})
OTHER_STACK = R("StackReference", "platform")
SHARED = "projects/p-host/global/networks/shared"


def proxies(purpose: Any = "REGIONAL_MANAGED_PROXY", name: str = "proxies", **inputs: Any) -> R:
    given = {"network": target(NETWORK), "region": REGION, "purpose": purpose, "role": "ACTIVE", **inputs}
    return R("Subnetwork", name, {key: value for key, value in given.items() if value is not None})


MACHINES = proxies("PRIVATE", "machines", role=None)


def in_network(*subnets: R, scheme: Any = "INTERNAL_MANAGED", **inputs: Any) -> tuple[R, ...]:
    chat = regional_service(scheme if isinstance(scheme, str) else "INTERNAL_MANAGED")
    paths = R("RegionUrlMap", "paths", {"region": REGION, "defaultService": target(chat)})
    proxy = regional_https(paths)
    given = {"loadBalancingScheme": scheme, "target": target(proxy), "network": target(NETWORK), **inputs}
    return chat, paths, proxy, NETWORK, MACHINES, OTHER_STACK, *subnets, regional_rule(**given)


@pytest.mark.parametrize("scheme", ["INTERNAL_MANAGED", "EXTERNAL_MANAGED"])
@pytest.mark.parametrize(
    ("subnets", "status"),
    [
        pytest.param([], "failed", id="none"),
        pytest.param([proxies()], "passed", id="one"),
        pytest.param([proxies("INTERNAL_HTTPS_LOAD_BALANCER")], "passed", id="by its old name"),
        pytest.param([proxies(role=None)], "passed", id="no role"),
        pytest.param([proxies("GLOBAL_MANAGED_PROXY")], "failed", id="for cross-region ones"),
        pytest.param([proxies(region="europe-west4")], "failed", id="in another region"),
        pytest.param([proxies(role="BACKUP")], "failed", id="a backup"),
        pytest.param([proxies(role="BACKUP"), proxies(name="active")], "passed", id="a backup beside an active one"),
        pytest.param([proxies(network=SHARED)], "failed", id="in another network"),
        pytest.param([proxies(Computed())], "undecided", id="an unknown purpose"),
        pytest.param([proxies(role=Computed())], "undecided", id="an unknown role"),
        pytest.param([proxies(region=Computed())], "undecided", id="an unknown region"),
    ],
)
def test_proxies_of_regional_load_balancers(subnets: list[R], status: str, scheme: str) -> None:
    check_verdict(RULE, in_network(*subnets, scheme=scheme), status, "rule")


@pytest.mark.parametrize(
    ("network", "status"),
    [
        pytest.param({"network": None}, "passed", id="the default network"),
        pytest.param({"network": SHARED}, "passed", id="outside the stack"),
        pytest.param({"network": Out(OTHER_STACK, "network")}, "passed", id="of another stack"),
        pytest.param({"network": None, "subnetwork": target(MACHINES)}, "failed", id="of its subnetwork"),
        pytest.param({"network": None, "subnetwork": Out(OTHER_STACK, "subnet")}, "passed", id="a shared subnetwork"),
    ],
)
def test_networks_with_and_without_proxies(network: dict[str, Any], status: str) -> None:
    check_verdict(RULE, in_network(**network), status, "rule")


def test_a_network_that_is_read_is_not_judged() -> None:
    read = R("Network", "llm", {}, {"is_read": True})
    stack = [read if one is NETWORK else one for one in in_network()]
    check_verdict(RULE, stack, "passed", "rule")


def test_a_scheme_that_is_not_known_may_need_no_proxies() -> None:
    check_verdict(RULE, in_network(scheme=Computed()), "undecided", "rule")


def test_a_regional_tcp_proxy_needs_proxies() -> None:
    chat = regional_service("EXTERNAL_MANAGED", protocol="TCP")
    proxy = R("RegionTargetTcpProxy", "proxy", {"region": REGION, "backendService": target(chat)})
    rule = regional_rule(loadBalancingScheme="EXTERNAL_MANAGED", target=target(proxy), network=target(NETWORK))
    check_verdict(RULE, [chat, proxy, NETWORK, MACHINES, rule], "failed", "rule")
    check_verdict(RULE, [chat, proxy, NETWORK, MACHINES, proxies(), rule], "passed", "rule")


@pytest.mark.parametrize("scheme", ["INTERNAL", "EXTERNAL"])
def test_passthrough_load_balancers_have_no_proxies(scheme: str) -> None:
    chat = regional_service(scheme, protocol="TCP")
    rule = regional_rule(loadBalancingScheme=scheme, backendService=target(chat), network=target(NETWORK))
    check_verdict(RULE, [chat, NETWORK, MACHINES, rule], "passed", "rule")


def test_global_external_load_balancers_need_no_subnetwork_for_proxies() -> None:
    *others, rule = stack("EXTERNAL_MANAGED", "EXTERNAL_MANAGED")
    given = R(rule.type, "rule", {**rule.inputs, "network": target(NETWORK)})
    check_verdict(RULE, [*others, NETWORK, MACHINES, given], "passed", "rule")


def test_the_fix_names_region_purpose_and_order() -> None:
    (found,) = findings(RULE, build(*in_network(proxies("GLOBAL_MANAGED_PROXY"))))
    (problem,) = found.problems
    assert problem.observed == (
        "`rule` is in `us-central1`, where its network has no proxies for it, and `proxies` is for cross-region load "
        "balancers."
    )
    assert problem.fix == (
        'Create a `Subnetwork` in `us-central1` with `purpose="REGIONAL_MANAGED_PROXY"` and `role="ACTIVE"`, and have '
        "the forwarding rule wait for it (`depends_on`)."
    )
