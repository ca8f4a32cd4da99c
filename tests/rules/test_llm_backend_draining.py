"""`llm-backend-draining` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, R, backend, build, check_verdict, findings, mig, service

RULE = "llm-backend-draining"
US = mig("us-central1")
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
OTHER_STACK = R("StackReference", "platform")
RESOURCES = (US, NEG, SERVERLESS, OTHER_STACK)
REGIONAL = {"region": "us-central1"}
PASSTHROUGH = {**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}
UNKNOWN_SCHEME = {**REGIONAL, "loadBalancingScheme": Computed()}


@pytest.mark.parametrize(
    ("draining", "timeout", "options", "status"),
    [
        (900, 900, {}, "passed"),
        (901, 900, {}, "passed"),
        ("900", 900, {}, "passed"),
        (899, 900, {}, "failed"),
        (None, 900, {}, "failed"),
        (None, 300, {}, "passed"),
        (None, None, {}, "passed"),
        (30, None, {}, "passed"),
        (29, None, {}, "failed"),
        (0, None, {}, "failed"),
        (0, 0, {}, "failed"),
        (300, 0, {}, "passed"),
        (-1, 30, {}, "failed"),
        (3600, 86400, {}, "passed"),
        (3599, 86400, {}, "failed"),
        (3601, 86400, {}, "failed"),
        (Computed(), 900, {}, "undecided"),
        ("long", 900, {}, "undecided"),
        (900, Computed(), {}, "undecided"),
        (3600, Computed(), {}, "passed"),
        (0, Computed(), {}, "failed"),
        (600, 900, {"min_seconds": 600}, "passed"),
        (599, 900, {"min_seconds": 600}, "failed"),
        (599, 30, {"min_seconds": 600}, "failed"),
        (600, Computed(), {"min_seconds": 600}, "passed"),
    ],
)
def test_durations(draining: Any, timeout: Any, options: dict[str, Any], status: str) -> None:
    subject = service([backend(US)], connectionDrainingTimeoutSec=draining, timeoutSec=timeout)
    check_verdict(RULE, [subject, US], status, **options)


@pytest.mark.parametrize(
    ("backends", "inputs", "draining", "status"),
    [
        ([backend(NEG)], {}, 60, "failed"),
        ([backend(SERVERLESS)], {}, 60, "not applicable"),
        ([backend(Computed((OTHER_STACK,)))], {}, 60, "undecided"),
        ([backend(Computed((OTHER_STACK,)))], {}, 900, "passed"),
        (Computed(), {}, 60, "undecided"),
        (Computed(), {}, 900, "passed"),
        ([], {}, 60, "failed"),
        ([backend(US)], REGIONAL, 60, "failed"),
        ([backend(US)], {"loadBalancingScheme": "INTERNAL_MANAGED"}, 60, "failed"),
        ([backend(US)], PASSTHROUGH, 60, "passed"),
        ([backend(US)], PASSTHROUGH, 0, "failed"),
        ([backend(US)], {**PASSTHROUGH, "loadBalancingScheme": None}, None, "passed"),
        ([backend(US)], UNKNOWN_SCHEME, 60, "undecided"),
        ([backend(US)], UNKNOWN_SCHEME, 900, "passed"),
        ([backend(US)], UNKNOWN_SCHEME, 0, "failed"),
    ],
)
def test_services(backends: Any, inputs: dict[str, Any], draining: int | None, status: str) -> None:
    subject = service(backends, timeoutSec=900, connectionDrainingTimeoutSec=draining, **inputs)
    check_verdict(RULE, [subject, *RESOURCES], status)


@pytest.mark.parametrize(
    ("draining", "status"), [(0, "undecided"), (None, "undecided"), (900, "passed"), (60, "failed")]
)
def test_outputs_alone_show_zero_for_not_set(draining: int | None, status: str) -> None:
    shown = {"loadBalancingScheme": "EXTERNAL_MANAGED", "timeoutSec": 900, "backends": []}
    outputs = {**shown, "connectionDrainingTimeoutSec": draining}
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": outputs, "is_read": True})
    check_verdict(RULE, [read], status)


def test_the_message_says_what_is_required_and_why() -> None:
    subject = service([backend(US)], timeoutSec=900)
    (found,) = findings(RULE, build(subject, US))
    assert [(problem.observed, problem.required, problem.fix) for problem in found.problems] == [
        (
            "Connection draining is 300 s.",
            "At least 900 s, its `timeout_sec`.",
            "Set `connection_draining_timeout_sec=900` or more, up to 3600.",
        )
    ]
    (found,) = findings(RULE, build(subject, US), min_seconds=600)
    assert [problem.required for problem in found.problems] == ["At least 600 s, the option `min_seconds`."]


def test_the_message_asks_for_no_more_than_there_is() -> None:
    (found,) = findings(RULE, build(service([backend(US)], timeoutSec=7200), US))
    assert [(problem.required, problem.fix) for problem in found.problems] == [
        (
            "At least 3600 s, the most there is, as its `timeout_sec` is longer.",
            "Set `connection_draining_timeout_sec=3600`.",
        )
    ]
