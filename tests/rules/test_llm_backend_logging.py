"""`llm-backend-logging` on failing, passing, unknown and not applicable services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, R, build, check_verdict, findings, service

RULE = "llm-backend-logging"
REGIONAL = {"region": "us-central1"}
ON = {"enable": True}


@pytest.mark.parametrize(
    ("log", "options", "status"),
    [
        ({**ON, "sampleRate": 1.0}, {}, "passed"),
        ({**ON, "sampleRate": 0.01}, {}, "passed"),
        ({**ON, "sampleRate": "0.5"}, {}, "passed"),
        (ON, {}, "passed"),
        ([ON], {}, "passed"),
        ({"enable": "true"}, {}, "passed"),
        ({**ON, "sampleRate": 0}, {}, "failed"),
        ({"enable": False, "sampleRate": 1.0}, {}, "failed"),
        ({"sampleRate": 1.0}, {}, "failed"),
        ({}, {}, "failed"),
        (None, {}, "failed"),
        (Computed(), {}, "undecided"),
        ({"enable": Computed()}, {}, "undecided"),
        ({"enable": Computed(), "sampleRate": 0}, {}, "failed"),
        ({**ON, "sampleRate": Computed()}, {}, "undecided"),
        ({"enable": False, "sampleRate": Computed()}, {}, "failed"),
        ({**ON, "sampleRate": 0.1}, {"min_sample_rate": 0.1}, "passed"),
        ({**ON, "sampleRate": 0.09}, {"min_sample_rate": 0.1}, "failed"),
    ],
)
def test_settings(log: Any, options: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(logConfig=log)], status, **options)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({}, "failed"),
        ({"loadBalancingScheme": "EXTERNAL"}, "failed"),
        ({"loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
        ({"protocol": "TCP"}, "failed"),
        ({"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}, "not applicable"),
        ({"loadBalancingScheme": Computed()}, "undecided"),
        ({"loadBalancingScheme": Computed(), "logConfig": ON}, "passed"),
        (REGIONAL, "failed"),
        ({**REGIONAL, "loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
        ({**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}, "not applicable"),
        ({**REGIONAL, "loadBalancingScheme": None, "protocol": "TCP"}, "not applicable"),
    ],
)
def test_services_of_each_scheme(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(**inputs)], status)


@pytest.mark.parametrize(
    ("log", "status"),
    [
        ({"enable": True, "sampleRate": 1}, "passed"),
        ({"enable": True, "sampleRate": 0}, "undecided"),
        ({"enable": False}, "failed"),
    ],
)
def test_outputs_alone_show_zero_for_not_set(log: dict[str, Any], status: str) -> None:
    shown = {"loadBalancingScheme": "EXTERNAL_MANAGED", "logConfig": log}
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": shown, "is_read": True})
    check_verdict(RULE, [read], status)


def test_a_rate_that_was_computed_and_came_back_as_zero_is_not_the_default() -> None:
    options = {"outputs": {"id": "x", "logConfig": {"enable": True, "sampleRate": 0}}}
    subject = service(logConfig={"enable": True, "sampleRate": Computed()}, options=options)
    check_verdict(RULE, [subject], "undecided")


def test_the_message_says_what_is_logged() -> None:
    (found,) = findings(RULE, build(service(logConfig={"enable": True, "sampleRate": 0})))
    assert [(problem.observed, problem.required, problem.fix) for problem in found.problems] == [
        (
            "Its request log has `sample_rate` 0.",
            "A request log with a `sample_rate` above 0 up to 1.",
            'Set `log_config={"enable": True, "sample_rate": 1.0}`.',
        )
    ]
