"""`health-check-logging` on failing, passing, unknown and not applicable checks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.rules.fleets import managed
from tests.stacks import Computed, Out, R, backend, build, check, check_verdict, findings, service, statuses

RULE = "health-check-logging"


@pytest.mark.parametrize(
    ("config", "status"),
    [
        ({"enable": True}, "passed"),
        ({"enable": "true"}, "passed"),
        ([{"enable": True}], "passed"),
        ({"enable": False}, "failed"),
        ({}, "failed"),
        (None, "failed"),
        ({"enable": Computed()}, "undecided"),
        (Computed(), "undecided"),
    ],
)
@pytest.mark.parametrize("type_", ["HealthCheck", "RegionHealthCheck"])
def test_checks(type_: str, config: Any, status: Any) -> None:
    subject = R(type_, "check", {"region": "us-central1", "tcpHealthCheck": {}, "logConfig": config})
    check_verdict(RULE, [service([], healthChecks=Out(subject, "id")), subject], status, "check")


@pytest.mark.parametrize("type_", ["HttpHealthCheck", "HttpsHealthCheck"])
def test_a_legacy_check_cannot_log(type_: str) -> None:
    subject = R(type_, "check", {"requestPath": "/health"})
    check_verdict(RULE, [service([], healthChecks=Out(subject, "id")), subject], "not applicable", "check")


def test_a_healing_check_is_judged_and_one_beside_the_path_is_not() -> None:
    healing = check()
    group = managed(autoHealingPolicies={"healthCheck": Out(healing, "id"), "initialDelaySec": 600})
    beside = R("HealthCheck", "dns", {"tcpHealthCheck": {}, "sourceRegions": ["a-b1", "a-b2", "a-b3"]})
    assert statuses(RULE, build(service([backend(group)]), group, healing, beside)) == {"check": "failed"}
    assert statuses(RULE, build(group, healing, beside)) == {}


def test_a_check_that_is_read() -> None:
    read = check()
    read.options.update(inputs=None, is_read=True, outputs={"id": read.url("id"), "logConfig": {"enable": True}})
    subject = service([], healthChecks=read.url("id"))
    assert statuses(RULE, build(subject, read)) == {"check": "passed"}
    read.options["outputs"] = {"id": read.url("id"), "logConfig": None}
    assert statuses(RULE, build(subject, read)) == {"check": "failed"}
    read.options["outputs"] = {"id": read.url("id"), "logConfig": UNKNOWN}
    assert statuses(RULE, build(subject, read)) == {"check": "undecided"}


def test_the_message() -> None:
    (found,) = findings(RULE, build(service([], healthChecks=Out(check(), "id")), check()))
    assert found.problems[0].fix == 'Set `log_config={"enable": True}`.'
