"""Which backend services get requests from clients, and so are judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.judgement import judge
from policypack.model.frontend.traffic import services_without_requests
from policypack.rules import RULES
from tests.projects import make_project
from tests.stacks import Computed, Out, R, backend, build, mig, service

ABORT = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}}
HALF = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 50}}}
REDIRECT = {"httpsRedirect": True, "stripQuery": False}
EXTENSION = "gcp:networkservices/lbTrafficExtension:LbTrafficExtension"
ABORTED = "every route to it aborts or redirects"
CALLED = "only extensions of load balancers call it"
UNROUTED = "no route of a URL map sends requests to it"

CHAT = service([backend(mig())])
SINK = service(name="sink")
FULL = service([backend(mig("us-east4"))], name="sink")
REGIONAL = service(name="sink", region="us-central1")
INTERNAL = service(name="sink", loadBalancingScheme="INTERNAL_MANAGED")


def to(of: R) -> Out:
    return Out(of, "id")


def url_map(of: R = CHAT, options: tuple[str, ...] = (), name: str = "paths", **inputs: Any) -> R:
    given = {"ignore_changes": options} if options else {}
    return R("URLMap", name, {"defaultService": to(of), **inputs}, given)


def matcher(hosts: str = "llm.example.com", **inputs: Any) -> dict[str, Any]:
    rules = [{"hosts": [hosts], "pathMatcher": "api"}]
    return {"hostRules": rules, "pathMatchers": [{"name": "api", **inputs}]}


def extension(of: R) -> R:
    chains = [{"name": "guard", "extensions": [{"name": "model-armor", "service": to(of)}]}]
    return R(EXTENSION, "guard", {"location": "global", "extensionChains": chains})


TO_CHAT = matcher(defaultService=to(CHAT))


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        pytest.param([SINK], "", id="no URL map in the stack"),
        pytest.param([SINK, url_map(SINK)], "", id="a default sends to it"),
        pytest.param([SINK, url_map(SINK, defaultRouteAction=ABORT)], ABORTED, id="the default aborts"),
        pytest.param([FULL, url_map(FULL, defaultRouteAction=ABORT)], ABORTED, id="aborts, though it has backends"),
        pytest.param([SINK, url_map(SINK, defaultRouteAction=HALF)], "", id="half is aborted"),
        pytest.param([SINK, url_map(SINK, defaultRouteAction=Computed())], "", id="an unknown action"),
        pytest.param([SINK, url_map(SINK, defaultUrlRedirect=REDIRECT)], ABORTED, id="the default redirects"),
        pytest.param([SINK, url_map(SINK, **matcher("*", defaultService=to(CHAT)))], ABORTED, id="unreachable default"),
        pytest.param(
            [SINK, url_map(SINK, defaultRouteAction=ABORT, **TO_CHAT)], ABORTED, id="another service has the routes"
        ),
        pytest.param(
            [SINK, url_map(SINK, defaultRouteAction=ABORT, **matcher(defaultService=to(SINK)))], "", id="one route does"
        ),
        pytest.param(
            [SINK, url_map(SINK, ("pathMatchers",), defaultRouteAction=ABORT)], ABORTED, id="a sink, routes elsewhere"
        ),
        pytest.param(
            [FULL, url_map(FULL, ("pathMatchers",), defaultRouteAction=ABORT)], "", id="backends, routes elsewhere"
        ),
        pytest.param(
            [SINK, url_map(SINK, defaultRouteAction=ABORT), url_map(SINK, name="other")], "", id="another map sends"
        ),
        pytest.param(
            [
                SINK,
                url_map(SINK, defaultRouteAction=ABORT),
                R("TargetTCPProxy", "proxy", {"backendService": to(SINK)}),
            ],
            "",
            id="a proxy without a URL map",
        ),
        pytest.param([SINK, url_map()], UNROUTED, id="the URL map sends to another"),
        pytest.param([FULL, url_map()], UNROUTED, id="though it has backends"),
        pytest.param([SINK, url_map(pathMatchers=Computed())], "", id="unknown routes"),
        pytest.param([SINK, url_map(options=("hostRules",))], "", id="routes made elsewhere"),
        pytest.param([REGIONAL, url_map()], "", id="a global URL map cannot send to a regional service"),
        pytest.param([INTERNAL, url_map()], "", id="a URL map of the other scheme"),
        pytest.param([SINK, url_map(defaultUrlRedirect=REDIRECT)], "", id="a URL map that only redirects"),
        pytest.param(
            [SINK, url_map(defaultRouteAction={"requestMirrorPolicy": {"backendService": to(SINK)}})], "", id="a copy"
        ),
        pytest.param([SINK, extension(SINK)], CALLED, id="an extension calls it"),
        pytest.param([SINK, extension(SINK), url_map()], CALLED, id="an extension of this load balancer"),
        pytest.param([SINK, extension(SINK), url_map(SINK)], "", id="an extension and a route"),
        pytest.param([SINK, extension(SINK), url_map(pathMatchers=Computed())], "", id="an extension, unknown routes"),
        pytest.param(
            [
                SINK,
                url_map(),
                R("gcp:networkservices/httpRoute:HttpRoute", "mesh", {"rules": [{"action": to(SINK)}]}),
            ],
            "",
            id="a route of a mesh",
        ),
    ],
)
@pytest.mark.parametrize("deployed", [False, True])
def test_services(resources: list[R], why: str, deployed: bool) -> None:
    stack = build(CHAT, *resources, deployed=deployed)
    found = dict(services_without_requests(stack))
    assert found.get("sink", "") == why
    report = evaluate(stack, RULES, default_settings(RULES))
    judged = {finding.name for rule in report.rules for finding in rule.findings}
    assert ("sink" in judged) is not bool(why)


def test_before_its_url_map_is_seen_a_sink_waits() -> None:
    settings = default_settings(RULES)
    for seen, waits in (([SINK], True), ([SINK, url_map(SINK)], False), ([FULL], False)):
        report = evaluate(build(*seen, is_complete=False), RULES, settings)
        rules = {rule.rule.name for rule in report.rules for finding in rule.findings if finding.name == "sink"}
        assert ("llm-backend-regions" in rules) is not waits


@pytest.mark.usefixtures("_warm")
def test_check_notes_what_it_does_not_judge(tmp_path: Path) -> None:
    program = """import pulumi_gcp as gcp
sink = gcp.compute.BackendService("sink", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
abort = {"fault_injection_policy": {"abort": {"http_status": 404, "percentage": 100}}}
gcp.compute.URLMap("paths", default_service=sink.id, default_route_action=abort)
"""
    results = judge(str(make_project(tmp_path / "project", program)), "cases")
    assert f"`sink` is not judged: {ABORTED}" in results.notes
    assert not any(rule.findings for rule in results.report.rules)
