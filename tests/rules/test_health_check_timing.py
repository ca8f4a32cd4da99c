"""`health-check-timing` on failing, passing and unknown checks, for load balancing and for healing."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.read import read
from tests.rules.fleets import managed
from tests.stacks import Computed, Out, R, backend, build, check, check_verdict, findings, service, statuses

RULE = "health-check-timing"
TYPES = ("HealthCheck", "RegionHealthCheck", "HttpHealthCheck", "HttpsHealthCheck")


def of(type_: str = "HealthCheck", name: str = "check", **timing: Any) -> R:
    block = {} if type_.startswith("Http") else {"httpHealthCheck": {"requestPath": "/health"}}
    return R(type_, name, {"region": "us-central1", **block, **timing})


def healed(by: R) -> R:
    return managed(autoHealingPolicies={"healthCheck": Out(by, "id"), "initialDelaySec": 600})


BALANCING = [
    ({}, "passed"),
    ({"checkIntervalSec": 10, "timeoutSec": 5, "healthyThreshold": 2, "unhealthyThreshold": 3}, "passed"),
    ({"checkIntervalSec": 10, "timeoutSec": 10}, "passed"),
    ({"checkIntervalSec": 10, "timeoutSec": 11}, "failed"),
    ({"timeoutSec": 6}, "failed"),
    ({"checkIntervalSec": 4}, "failed"),
    ({"checkIntervalSec": "10", "timeoutSec": "10"}, "passed"),
    ({"checkIntervalSec": 30, "unhealthyThreshold": 2}, "passed"),
    ({"checkIntervalSec": 30, "unhealthyThreshold": 3}, "failed"),
    ({"checkIntervalSec": 61, "unhealthyThreshold": 1}, "failed"),
    ({"unhealthyThreshold": 1}, "failed"),
    ({"healthyThreshold": 1}, "failed"),
    ({"healthyThreshold": 10}, "passed"),
    ({"timeoutSec": Computed()}, "undecided"),
    ({"checkIntervalSec": Computed()}, "undecided"),
    ({"unhealthyThreshold": Computed()}, "undecided"),
    ({"healthyThreshold": Computed()}, "undecided"),
    ({"checkIntervalSec": Computed(), "healthyThreshold": 1}, "failed"),
    ({"timeoutSec": "soon"}, "undecided"),
]


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize(("timing", "status"), BALANCING)
def test_for_load_balancing(type_: str, timing: dict[str, Any], status: Any) -> None:
    subject = of(type_, **timing)
    check_verdict(RULE, [service([], healthChecks=Out(subject, "id")), subject], status, "check")


HEALING = [
    ({}, "failed"),
    ({"checkIntervalSec": 30, "timeoutSec": 10, "healthyThreshold": 1, "unhealthyThreshold": 10}, "passed"),
    ({"checkIntervalSec": 30, "unhealthyThreshold": 3}, "passed"),
    ({"checkIntervalSec": 10, "unhealthyThreshold": 3}, "failed"),
    ({"checkIntervalSec": 300, "unhealthyThreshold": 1}, "failed"),
    ({"checkIntervalSec": 30, "timeoutSec": 40, "unhealthyThreshold": 10}, "failed"),
    ({"checkIntervalSec": 30, "unhealthyThreshold": Computed()}, "undecided"),
]


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize(("timing", "status"), HEALING)
def test_for_healing(type_: str, timing: dict[str, Any], status: Any) -> None:
    subject = of(type_, **timing)
    group = healed(subject)
    check_verdict(RULE, [service([backend(group)]), group, subject], status, "check")


def test_a_check_for_both_is_judged_as_one_for_load_balancing() -> None:
    subject = check()
    group = healed(subject)
    resources = [service([backend(group)], healthChecks=Out(subject, "id")), group, subject]
    check_verdict(RULE, resources, "passed", "check")


def test_what_it_is_used_for_may_not_be_known() -> None:
    subject, other = check(), R("HealthCheck", "other", {"tcpHealthCheck": {}})
    either = Computed((subject, other), Out(other, "id"))
    group = healed(other)
    resources = [service([backend(group)], healthChecks=either), group, subject, other]
    assert statuses(RULE, build(*resources)) == {"check": "undecided", "other": "undecided"}
    deployed = statuses(RULE, build(*resources, deployed=True))
    assert deployed["other"] == "passed"
    late = [service([backend(group)], healthChecks=either), group, of(timeoutSec=9), other]
    late[0] = service([backend(group)], healthChecks=Computed((late[2], other)))
    check_verdict(RULE, late, "failed", "check")


def test_what_heals_may_not_be_known() -> None:
    subject, other = check(), R("HealthCheck", "other", {"tcpHealthCheck": {}})
    group = managed(autoHealingPolicies={"healthCheck": Computed((subject, other)), "initialDelaySec": 600})
    resources = [service([backend(group)]), group, subject, other]
    assert statuses(RULE, build(*resources)) == {"check": "undecided", "other": "undecided"}


def test_on_an_update_a_later_service_may_use_a_healing_check() -> None:
    subject = check()
    group = healed(subject)
    assert statuses(RULE, build(service([backend(group)]), group, subject, is_complete=False)) == {"check": "undecided"}


@pytest.mark.parametrize(
    ("options", "timing", "status"),
    [
        ({"max_detection_sec": 10}, {}, "passed"),
        ({"max_detection_sec": 9}, {}, "failed"),
        ({"max_detection_sec": 90}, {"checkIntervalSec": 30, "unhealthyThreshold": 3}, "passed"),
        ({"min_threshold": 3}, {}, "failed"),
        ({"min_threshold": 1}, {"healthyThreshold": 1, "unhealthyThreshold": 1}, "passed"),
    ],
)
def test_options(options: dict[str, Any], timing: dict[str, Any], status: Any) -> None:
    subject = of(**timing)
    resources = [service([], healthChecks=Out(subject, "id")), subject]
    check_verdict(RULE, resources, status, "check", **options)


@pytest.mark.parametrize(
    ("options", "timing", "status"),
    [
        ({"min_healing_sec": 10}, {}, "passed"),
        ({"min_healing_sec": 11}, {}, "failed"),
        ({"min_threshold": 1}, {"checkIntervalSec": 90, "unhealthyThreshold": 1}, "passed"),
        ({"min_threshold": 1}, {"checkIntervalSec": 89, "unhealthyThreshold": 1}, "failed"),
    ],
)
def test_options_of_healing(options: dict[str, Any], timing: dict[str, Any], status: Any) -> None:
    subject = of(**timing)
    group = healed(subject)
    check_verdict(RULE, [service([backend(group)]), group, subject], status, "check", **options)


def test_the_messages_say_the_numbers() -> None:
    subject = of(timeoutSec=30, checkIntervalSec=20, unhealthyThreshold=5)
    (found,) = findings(RULE, build(service([], healthChecks=Out(subject, "id")), subject))
    assert [problem.observed for problem in found.problems] == [
        "Its `timeout_sec` 30 is longer than its `check_interval_sec` 20.",
        "A dead VM receives requests for 100 seconds (5 failures, 20 seconds apart).",
    ]


@pytest.mark.parametrize("number", [1e308, 10**300, 2**64])
def test_numbers_beyond_all_limits_do_not_end_the_rule(number: float) -> None:
    timing: dict[str, Any] = {"checkIntervalSec": read(number), "unhealthyThreshold": read(number)}
    subject = of(**timing)
    stack = build(service([], healthChecks=Out(subject, "id")), subject)
    assert statuses(RULE, stack)["check"] == ("failed" if number == 2**64 else "undecided")
