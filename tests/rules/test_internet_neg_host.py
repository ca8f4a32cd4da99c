"""`internet-neg-host` on failing, passing, unknown and not applicable services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.test_internet_neg_tls import ADDRESS, ANY, FQDN, GROUP, HYBRID, PLACE, REGIONAL, UNKNOWN_TYPE
from tests.stacks import Computed, Out, R, backend, check_verdict, finding, service

RULE = "internet-neg-host"
GLOBAL_ENDPOINT = "gcp:compute/globalNetworkEndpoint:GlobalNetworkEndpoint"
HOST = {"customRequestHeaders": ["Host: api.example.com"]}
REWRITE = {"urlRewrite": {"hostRewrite": "api.example.com"}}


def over(neg: R, **inputs: Any) -> list[R]:
    entry = backend(neg) if neg is GROUP else {"group": Out(neg, "id")}
    return [service([entry], protocol=inputs.pop("protocol", "HTTPS"), **inputs), neg]


@pytest.mark.parametrize(
    ("neg", "inputs", "expected"),
    [
        pytest.param(FQDN, {}, "failed", id="none"),
        pytest.param(FQDN, HOST, "passed", id="a header"),
        pytest.param(FQDN, {"customRequestHeaders": ["host:api.example.com"]}, "passed", id="in small letters"),
        pytest.param(FQDN, {"customRequestHeaders": ["X-Host: api.example.com"]}, "failed", id="another header"),
        pytest.param(FQDN, {"customRequestHeaders": [Computed()]}, "undecided", id="computed header"),
        pytest.param(FQDN, {"customRequestHeaders": [Computed(), "Host: x"]}, "passed", id="a computed one beside it"),
        pytest.param(FQDN, {"customRequestHeaders": Computed()}, "undecided", id="computed headers"),
        pytest.param(FQDN, {"loadBalancingScheme": "EXTERNAL"}, "failed", id="classic"),
        pytest.param(ADDRESS, {}, "not applicable", id="an address"),
        pytest.param(UNKNOWN_TYPE, {}, "undecided", id="computed type"),
        pytest.param(REGIONAL, PLACE, "not applicable", id="regional, where it cannot be set"),
        pytest.param(ANY, PLACE, "undecided", id="kind not known"),
        pytest.param(HYBRID, {}, "not applicable", id="hybrid"),
        pytest.param(GROUP, {}, "not applicable", id="instance group"),
        pytest.param(FQDN, {"protocol": "TCP"}, "not applicable", id="proxy Network Load Balancer"),
    ],
)
def test_verdicts(neg: R, inputs: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, over(neg, **inputs), expected)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(REWRITE, "passed", id="rewritten"),
        pytest.param({}, "failed", id="as it comes"),
        pytest.param({"urlRewrite": {"pathPrefixRewrite": "/"}}, "failed", id="another path"),
        pytest.param({"urlRewrite": Computed()}, "undecided", id="computed"),
    ],
)
def test_routes_can_set_it_too(action: dict[str, Any], expected: str) -> None:
    chat, neg = over(FQDN)
    rules = [{"paths": ["/v1/*"], "service": Out(chat, "id"), "routeAction": action}]
    refused = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}}
    matcher = {"name": "api", "defaultService": Out(chat, "id"), "defaultRouteAction": refused, "pathRules": rules}
    paths = {"defaultService": Out(chat, "id"), "defaultRouteAction": refused, "pathMatchers": [matcher]}
    check_verdict(RULE, [chat, neg, R("URLMap", "paths", paths)], expected)


def test_a_url_map_may_come() -> None:
    check_verdict(RULE, over(FQDN), "undecided", is_complete=False)


def test_the_message_says_what_to_do() -> None:
    (problem,) = finding(RULE, *over(FQDN)).problems
    assert problem.fix == 'Set `custom_request_headers=["Host: ..."]` to the endpoint\'s host name.'


@pytest.mark.parametrize(
    ("host", "said"),
    [
        pytest.param("api.example.com", "Host: api.example.com", id="known"),
        pytest.param(Computed(), "Host: ...", id="computed"),
        pytest.param(None, "Host: ...", id="left out"),
    ],
)
def test_the_fix_has_the_host_of_the_endpoint(host: Any, said: str) -> None:
    endpoint = R(GLOBAL_ENDPOINT, "api", {"globalNetworkEndpointGroup": Out(FQDN, "id"), "fqdn": host, "port": 443})
    (problem,) = finding(RULE, *over(FQDN), endpoint).problems
    assert f'["{said}"]' in problem.fix
