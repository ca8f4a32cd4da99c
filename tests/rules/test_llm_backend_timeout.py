"""`llm-backend-timeout` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.config.error import ConfigurationError
from tests.rules.runs import EU, FUNCTION, V1, behind, chained, neg, run, two_regions
from tests.stacks import Computed, Out, R, backend, build, check_verdict, finding, findings, mig, service, statuses

RULE = "llm-backend-timeout"
US = mig("us-central1")
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {"networkEndpointType": "INTERNET_FQDN_PORT"})
UNKNOWN_NEG = R("RegionNetworkEndpointGroup", "some", {"region": "us-central1", "networkEndpointType": Computed()})
PSC = R("RegionNetworkEndpointGroup", "psc", {"region": "us-east1", "networkEndpointType": "PRIVATE_SERVICE_CONNECT"})
OTHER_STACK = R("StackReference", "platform")
RESOURCES = (US, NEG, SERVERLESS, INTERNET, UNKNOWN_NEG, PSC, OTHER_STACK)
REGIONAL = {"region": "us-central1"}
PASSTHROUGH = {**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}


@pytest.mark.parametrize(
    ("backends", "inputs", "options", "status"),
    [
        ([backend(US)], {"timeoutSec": 600}, {}, "passed"),
        ([backend(US)], {"timeoutSec": "900"}, {}, "passed"),
        ([backend(US)], {"timeoutSec": 86400}, {}, "passed"),
        ([backend(US)], {"timeoutSec": 86401}, {}, "failed"),
        ([backend(US)], {"timeoutSec": 599}, {}, "failed"),
        ([backend(US)], {"timeoutSec": 30}, {}, "failed"),
        ([backend(US)], {"timeoutSec": 0}, {}, "failed"),
        ([backend(US)], {"timeoutSec": -1}, {}, "failed"),
        ([backend(US)], {}, {}, "failed"),
        # Kinds that do not mix: the one that takes a timeout needs it.
        ([backend(SERVERLESS), backend(PSC)], {}, {}, "failed"),
        ([backend(SERVERLESS), backend(PSC)], {"timeoutSec": 600}, {}, "passed"),
        ([backend(US)], {"timeoutSec": Computed()}, {}, "undecided"),
        ([backend(US)], {"timeoutSec": "long"}, {}, "undecided"),
        ([backend(US)], {"timeoutSec": 120}, {"min_seconds": 120}, "passed"),
        ([backend(US)], {"timeoutSec": 3600}, {"max_seconds": 1800}, "failed"),
        ([backend(US)], {"timeoutSec": 900}, {"min_seconds": 900, "max_seconds": 900}, "passed"),
        ([backend(US)], {"loadBalancingScheme": "EXTERNAL"}, {}, "failed"),
        ([backend(US)], {"loadBalancingScheme": "INTERNAL_MANAGED"}, {}, "failed"),
        ([backend(US)], {"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}, {}, "failed"),
        ([backend(US)], {"loadBalancingScheme": Computed()}, {}, "failed"),
        ([backend(US)], {"protocol": "TCP"}, {}, "failed"),
        ([backend(US)], REGIONAL, {}, "failed"),
        ([backend(US)], {**REGIONAL, "loadBalancingScheme": Computed()}, {}, "undecided"),
        ([backend(US)], PASSTHROUGH, {}, "not applicable"),
        ([backend(US)], {**PASSTHROUGH, "loadBalancingScheme": None}, {}, "not applicable"),
        ([backend(NEG)], {}, {}, "failed"),
        ([backend(INTERNET)], {}, {}, "failed"),
        ([backend(SERVERLESS)], {}, {}, "not applicable"),
        ([backend(UNKNOWN_NEG)], {}, {}, "undecided"),
        ([backend(UNKNOWN_NEG)], {"timeoutSec": 900}, {}, "passed"),
        ([backend(Computed((OTHER_STACK,)))], {}, {}, "undecided"),
        ([backend(Computed((OTHER_STACK,)))], {"timeoutSec": 900}, {}, "passed"),
        ([backend("projects/p/zones/us-a1-b/instanceGroups/x")], {}, {}, "failed"),
        (Computed(), {}, {}, "undecided"),
        ([], {}, {}, "failed"),
        (None, {"timeoutSec": 900}, {}, "passed"),
    ],
)
def test_verdict(backends: Any, inputs: dict[str, Any], options: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(backends, **inputs), *RESOURCES], status, **options)


def test_a_service_that_is_read_shows_its_timeout() -> None:
    def read(**outputs: Any) -> R:
        shown = {"loadBalancingScheme": "EXTERNAL_MANAGED", "backends": [], **outputs}
        return R("BackendService", "chat", {}, {"inputs": None, "outputs": shown, "is_read": True})

    check_verdict(RULE, [read(timeoutSec=30)], "failed")
    check_verdict(RULE, [read(timeoutSec=900)], "passed")
    check_verdict(RULE, [read()], "undecided")


def test_bounds_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="above option"):
        statuses(RULE, build(service([])), min_seconds=900, max_seconds=600)


@pytest.mark.parametrize(
    ("inputs", "observed"),
    [({}, "Its timeout is 30 s, the default."), ({"timeoutSec": 60}, "Its timeout is 60 s.")],
)
def test_the_message_says_what_the_timeout_is(inputs: dict[str, Any], observed: str) -> None:
    (found,) = findings(RULE, build(service([backend(US)], **inputs), US))
    assert [(problem.observed, problem.required, problem.fix) for problem in found.problems] == [
        (
            observed,
            "A timeout of 600 to 86400 s.",
            "Set `timeout_sec=600` and `connection_draining_timeout_sec=600`, or the duration of the longest response.",
        )
    ]


def routed(timeout: Any, subject: R, **route: Any) -> R:
    action = None if timeout is None else {"timeout": timeout}
    rules = [{"paths": ["/v1/*"], "service": Out(subject, "id"), "routeAction": action, **route}]
    matcher = {"name": "api", "defaultService": Out(subject, "id"), "pathRules": rules}
    return R("URLMap", "paths", {"defaultService": Out(subject, "id"), "pathMatchers": [matcher]})


@pytest.mark.parametrize(
    ("timeout", "inputs", "status"),
    [
        (None, {}, "passed"),
        ({"seconds": 900}, {}, "passed"),
        ({"seconds": "900"}, {}, "passed"),
        ({"seconds": 30}, {}, "failed"),
        ({"seconds": 0}, {}, "failed"),
        ({"seconds": Computed()}, {}, "undecided"),
        (Computed(), {}, "undecided"),
        ({"seconds": 30}, {"loadBalancingScheme": "EXTERNAL"}, "passed"),
        ({"seconds": 30}, {"loadBalancingScheme": Computed()}, "undecided"),
        ({"seconds": 30}, {"timeoutSec": 30}, "failed"),
    ],
)
def test_the_time_out_of_a_route_goes_before(timeout: Any, inputs: dict[str, Any], status: str) -> None:
    subject = service([backend(US)], **{"timeoutSec": 900, **inputs})
    check_verdict(RULE, [subject, US, routed(timeout, subject)], status)


def test_the_time_out_of_another_services_route_does_not_count() -> None:
    subject, other = service([backend(US)], timeoutSec=900), service([backend(US)], "web", timeoutSec=900)
    to_other = routed({"seconds": 30}, other)
    to_other.inputs["defaultService"] = Out(subject, "id")
    assert statuses(RULE, build(subject, other, US, to_other, deployed=True)) == {"chat": "passed", "web": "failed"}


def test_a_route_that_may_not_be_of_this_service_or_may_not_count() -> None:
    subject, other = service([backend(US)], timeoutSec=900), service([backend(US)], "web", timeoutSec=900)
    either = routed({"seconds": 30}, subject, service=Computed((subject, other)))
    assert statuses(RULE, build(subject, other, US, either)) == {"chat": "undecided", "web": "undecided"}
    hidden = R("URLMap", "paths", {"pathMatchers": Computed((subject,))})
    check_verdict(RULE, [subject, US, hidden], "undecided")
    some = service([backend(UNKNOWN_NEG)], timeoutSec=900)
    check_verdict(RULE, [some, UNKNOWN_NEG, routed({"seconds": 30}, some)], "undecided")


def test_the_message_names_the_route() -> None:
    subject = service([backend(US)], timeoutSec=900)
    (found,) = findings(RULE, build(subject, US, routed({"seconds": 30}, subject)))
    assert found.problems[0].observed == (
        "The timeout of path rule 1 of path matcher `api` in `paths` is 30 s, and takes precedence over that of the "
        "service."
    )


@pytest.mark.parametrize(
    ("template", "options", "expected"),
    [
        pytest.param({"timeout": "900s"}, {}, "passed", id="long enough"),
        pytest.param({"timeout": "600s"}, {}, "passed", id="just long enough"),
        pytest.param({"timeout": "599.5s"}, {}, "failed", id="too short"),
        pytest.param({"timeout": None}, {}, "failed", id="the default of 300 s"),
        pytest.param({"timeout": None}, {"min_seconds": 300}, "passed", id="the default, and it is enough"),
        pytest.param({"timeout": "3600s"}, {}, "passed", id="as long as Cloud Run takes"),
        pytest.param({"timeout": "7200s"}, {}, "failed", id="longer than Cloud Run takes"),
        pytest.param({"timeout": "1800s"}, {"max_seconds": 900}, "failed", id="longer than the option"),
        pytest.param({"timeout": Computed()}, {}, "undecided", id="computed"),
        pytest.param({"timeout": "long"}, {}, "undecided", id="no duration"),
    ],
)
def test_cloud_run(template: dict[str, Any], options: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, two_regions(eu=run(EU, template=template)), expected, **options)


def test_other_forms_of_cloud_run() -> None:
    def over(one: R) -> tuple[R, ...]:
        return chained(one, name="chat")

    def v1(**spec: Any) -> R:
        return R(V1, "v1", {"name": "llm", "location": "us-central1", "template": {"spec": spec}})

    def function(**config: Any) -> R:
        return R(FUNCTION, "f", {"name": "llm", "location": "us-central1", "serviceConfig": config})

    check_verdict(RULE, over(v1(timeoutSeconds=600)), "passed")
    check_verdict(RULE, over(v1()), "failed")
    check_verdict(RULE, over(function(timeoutSeconds=900)), "passed")
    check_verdict(RULE, over(function()), "failed")
    for one, fix in (
        (v1(), 'Set `template={"spec": {"timeout_seconds": 600}}`'),
        (function(), 'Set `service_config={"timeout_seconds": 600}`'),
    ):
        (problem,) = finding(RULE, *over(one)).problems
        assert problem.fix == f"{fix}, or the duration of the longest response."


def test_a_service_that_the_stack_does_not_show() -> None:
    link = neg(None, "us-central1", cloudRun={"service": "elsewhere"})
    check_verdict(RULE, [link, behind(link)], "undecided")
    app = neg(None, "us-central1", appEngine={})
    check_verdict(RULE, [app, behind(app)], "not applicable")
    check_verdict(RULE, [link, behind(link, **PASSTHROUGH)], "not applicable")


def test_the_message_names_the_cloud_run_service() -> None:
    (found,) = findings(RULE, build(*two_regions(eu=run(EU, template={"timeout": "60s"}))))
    (problem,) = found.problems
    assert problem.observed == "The request timeout of the Cloud Run service `llm-europe-west4` is 60 s."
    assert problem.required == "A timeout of 600 to 3600 s."
