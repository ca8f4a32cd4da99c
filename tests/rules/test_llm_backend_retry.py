"""`llm-backend-retry` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service

RULE = "llm-backend-retry"
CHAT = service()
WEB = service(name="web")
BUCKET = R("gcp:compute/backendBucket:BackendBucket", "static")
ABORT = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}}


def retry(*conditions: Any) -> dict[str, Any]:
    return {"retryPolicy": {"numRetries": 1, "retryConditions": list(conditions)}}


def served(*others: R, subject: R = CHAT) -> tuple[R, ...]:
    return subject, WEB, BUCKET, *others


def url_map(type_: str = "URLMap", **inputs: Any) -> R:
    return R(type_, "paths", inputs)


def default(action: Any) -> R:
    return url_map(defaultService=Out(CHAT, "id"), defaultRouteAction=action)


def path_rule(action: Any, target: Any = None, **rule: Any) -> R:
    rules = [{"paths": ["/v1/*"], "service": target or Out(CHAT, "id"), "routeAction": action, **rule}]
    matcher = {"name": "api", "defaultService": Out(CHAT, "id"), "pathRules": rules}
    return url_map(defaultService=Out(CHAT, "id"), pathMatchers=[matcher])


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (None, "passed"),
        ({}, "passed"),
        ({"timeout": {"seconds": 60}}, "passed"),
        (retry("connect-failure"), "passed"),
        (retry("connect-failure", "refused-stream", "retriable-4xx"), "passed"),
        *((retry(one), "failed") for one in ("5xx", "gateway-error", "cancelled", "deadline-exceeded", "unavailable")),
        (retry("connect-failure", "5xx"), "failed"),
        (retry("5xx", Computed()), "failed"),
        (retry("connect-failure", Computed()), "undecided"),
        (retry(), "undecided"),
        ({"retryPolicy": {"retryConditions": Computed()}}, "undecided"),
        ({"retryPolicy": Computed()}, "undecided"),
        (Computed(), "undecided"),
        ({**retry("5xx"), "faultInjectionPolicy": {"abort": {"percentage": 50}}}, "failed"),
        ({**retry("5xx"), "faultInjectionPolicy": {"abort": {"percentage": Computed()}}}, "undecided"),
    ],
)
def test_conditions(action: Any, status: str) -> None:
    check_verdict(RULE, served(default(action)), status)
    check_verdict(RULE, served(path_rule(action)), status)


def test_a_route_that_aborts_retries_nothing() -> None:
    check_verdict(RULE, served(path_rule({**retry("5xx"), **ABORT})), "passed")


WRONG = retry("5xx")


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], "not applicable"),
        ([url_map(defaultService=Out(WEB, "id"), defaultRouteAction=WRONG)], None),
        ([path_rule(WRONG, Out(WEB, "id"))], ("undecided", "passed")),
        ([path_rule(WRONG, Out(BUCKET, "id"))], "undecided"),
        ([path_rule(WRONG, "projects/p/global/backendServices/other")], "passed"),
        ([path_rule(WRONG, urlRedirect={"httpsRedirect": True})], "passed"),
        ([url_map(defaultService=Out(CHAT, "id"), pathMatchers=Computed((CHAT,)))], "undecided"),
        (
            [
                url_map(
                    defaultRouteAction={
                        **WRONG,
                        "weightedBackendServices": [{"backendService": Out(CHAT, "id"), "weight": 100}],
                    }
                )
            ],
            "failed",
        ),
        (
            [
                url_map(
                    defaultService=Out(CHAT, "id"),
                    pathMatchers=[
                        {
                            "name": "api",
                            "defaultService": Out(CHAT, "id"),
                            "routeRules": [
                                {"priority": 1, "service": Out(CHAT, "id"), "routeAction": WRONG, "matchRules": []}
                            ],
                        }
                    ],
                )
            ],
            "failed",
        ),
    ],
)
def test_routes(others: list[R], expected: Expected) -> None:
    check_verdict(RULE, served(*others), expected)


def test_a_regional_url_map() -> None:
    subject = service(region="us-central1", loadBalancingScheme="INTERNAL_MANAGED")
    paths = url_map("RegionUrlMap", region="us-central1", defaultService=Out(subject, "id"), defaultRouteAction=WRONG)
    check_verdict(RULE, served(paths, subject=subject), "failed")


def test_allowed_conditions() -> None:
    check_verdict(RULE, served(default(retry("gateway-error"))), "passed", allowed=["gateway-error"])
    check_verdict(RULE, served(default(retry("connect-failure"))), "failed", allowed=[])


def test_an_incomplete_stack_proves_no_absence() -> None:
    check_verdict(RULE, [service([backend(mig())])], "undecided", is_complete=False)


def test_the_message_names_route_and_condition() -> None:
    (found,) = findings(RULE, build(CHAT, path_rule(WRONG)))
    assert (
        found.problems[0].observed == "Requests are retried on `5xx` by path rule 1 of path matcher `api` in `paths`."
    )


def test_the_services_of_a_weighted_block_are_told_apart_together() -> None:
    canary = service(name="canary")
    shares = [{"backendService": Out(CHAT, "id"), "weight": 95}, {"backendService": Out(canary, "id"), "weight": 5}]
    paths = R("URLMap", "paths", {"defaultRouteAction": {"weightedBackendServices": shares, **WRONG}})
    check_verdict(RULE, [CHAT, canary, paths], "failed")
