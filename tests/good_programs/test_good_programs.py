"""Whole programs in other styles than the reference stack's get advice at most."""

from __future__ import annotations

import pytest

from policypack.config.options import Setting, default_settings, read_options
from policypack.evaluate import evaluate
from policypack.rules import RULES
from tests import kept_programs
from tests.good_programs import cloud_run
from tests.good_programs.good import PROGRAMS
from tests.projects import program_stack
from tests.stacks import BY_NAME

pytestmark = pytest.mark.usefixtures("_warm")


@pytest.mark.parametrize("deployed", [False, True], ids=["first-preview", "deployed"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_good_program_gets_advice_at_most(name: str, deployed: bool) -> None:
    good = PROGRAMS[name]
    settings = default_settings(RULES)
    for rule, options in good.options.items():
        settings[rule] = Setting(BY_NAME[rule].level, read_options(BY_NAME[rule], options))
    stack = kept_programs.load(good.program, good.program, deployed=deployed)
    report = evaluate(stack, RULES, settings)
    failed = {found.rule.name: found.problems for found in report.with_status("failed")}
    undecided = {found.rule.name: found.reasons for found in report.with_status("undecided")}
    assert failed.keys() == good.advice, failed
    assert all(BY_NAME[rule].level == "advisory" for rule in good.advice)
    assert undecided.keys() == good.undecided[deployed], undecided


def test_what_is_said_of_cloud_run_with_its_defaults() -> None:
    """Where somebody starts whom the messages lead to the good program."""
    stack = program_stack(cloud_run.DEFAULTS)
    report = evaluate(stack, RULES, default_settings(RULES))
    assert {(found.level, found.rule.name, found.name) for found in report.with_status("failed")} == {
        ("advisory", "backend-authentication", "chat"),
        ("advisory", "frontend-paths", "chat"),
        ("advisory", "llm-backend-alerts", "chat"),
        ("mandatory", "backend-cloud-armor", "chat"),
        ("mandatory", "frontend-tls-policy", "llm"),
        ("mandatory", "llm-backend-logging", "chat"),
        ("mandatory", "llm-backend-regions", "chat"),
        ("mandatory", "llm-backend-timeout", "chat"),
        ("mandatory", "run-service-ingress", "llm"),
        ("mandatory", "run-service-probes", "llm"),
    }
    undecided = {(found.rule.name, found.name): found.reasons for found in report.with_status("undecided")}
    assert undecided == {
        ("run-service-capacity", "llm"): (
            "`max_instance_request_concurrency` of `llm` is omitted, and it is not known whether that means 80, or 80 "
            "for each of its vCPUs: set it to the model server's batch size",
        )
    }
