"""`run-service-ingress` on failing, passing and unknown services."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.judgement import Results
from policypack.report.formats import render
from policypack.rules import RULES
from tests.rules.runs import EU, FUNCTION, US, V1, behind, chained, neg, run
from tests.stacks import BY_NAME, Computed, R, build, check_verdict, finding

RULE = "run-service-ingress"
ALL: dict[str, Any] = {"ingress": "INGRESS_TRAFFIC_ALL"}
INTERNAL: dict[str, Any] = {"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}
CLOSED: dict[str, Any] = {**ALL, "defaultUriDisabled": True}
INSIDE = {"loadBalancingScheme": "INTERNAL_MANAGED"}


@pytest.mark.parametrize(
    ("inputs", "front", "expected"),
    [
        pytest.param({}, {}, "passed", id="balanced"),
        pytest.param({}, INSIDE, "passed", id="balanced, internal"),
        pytest.param({"defaultUriDisabled": True}, {}, "passed", id="balanced without its URL"),
        pytest.param(ALL, {}, "failed", id="open"),
        pytest.param({"ingress": None}, {}, "failed", id="open by default"),
        pytest.param(ALL, INSIDE, "failed", id="open behind an internal load balancer"),
        pytest.param(CLOSED, {}, "passed", id="open without its URL"),
        pytest.param({**ALL, "defaultUriDisabled": Computed()}, {}, "undecided", id="computed URL"),
        pytest.param({**ALL, "iapEnabled": True}, {}, "passed", id="IAP on every way"),
        pytest.param({**ALL, "iapEnabled": False}, {}, "failed", id="IAP off"),
        pytest.param({**ALL, "iapEnabled": Computed()}, {}, "undecided", id="computed IAP"),
        pytest.param({"ingress": Computed()}, {}, "undecided", id="computed ingress"),
        pytest.param({"ingress": "SOMETHING_NEW"}, {}, "undecided", id="a word that is not known"),
        pytest.param(INTERNAL, {}, "failed", id="internal only, external load balancer"),
        pytest.param(INTERNAL, {"loadBalancingScheme": "EXTERNAL"}, "failed", id="internal only, classic"),
        pytest.param(INTERNAL, INSIDE, "passed", id="internal only, internal load balancer"),
        pytest.param(INTERNAL, {"loadBalancingScheme": Computed()}, "undecided", id="internal only, unknown scheme"),
    ],
)
def test_verdicts(inputs: dict[str, Any], front: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, chained(run(US, logical="chat", **inputs), **front), expected)


@pytest.mark.parametrize(
    ("spec", "location", "expected"),
    [
        pytest.param({"routeName": "llm"}, US, "failed", id="leads to it"),
        pytest.param({"routeName": "web"}, US, "passed", id="leads elsewhere"),
        pytest.param({"routeName": "llm"}, EU, "passed", id="another region"),
        pytest.param({"routeName": Computed()}, US, "undecided", id="computed route"),
    ],
)
def test_domain_mappings(spec: dict[str, Any], location: str, expected: str) -> None:
    mapping = R("gcp:cloudrun/domainMapping:DomainMapping", "llm.example.com", {"location": location, "spec": spec})
    check_verdict(RULE, [*chained(run(US, logical="chat", **CLOSED)), mapping], expected)
    check_verdict(RULE, [*chained(run(US, logical="chat")), mapping], "passed")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("all", "failed"), ("internal", "failed"), ("internal-and-cloud-load-balancing", "passed"), (None, "failed")],
)
def test_the_first_api_version(word: str | None, expected: str) -> None:
    annotations = {"run.googleapis.com/ingress": word} if word else {}
    v1 = R(V1, "chat", {"name": "llm", "location": US, "metadata": {"annotations": annotations}})
    check_verdict(RULE, chained(v1), expected)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ALLOW_ALL", "failed"),
        ("ALLOW_INTERNAL_ONLY", "failed"),
        ("ALLOW_INTERNAL_AND_GCLB", "passed"),
        (None, "failed"),
    ],
)
def test_functions(word: str | None, expected: str) -> None:
    config = {"ingressSettings": word} if word else {}
    function = R(FUNCTION, "chat", {"name": "llm", "location": US, "serviceConfig": config})
    check_verdict(RULE, chained(function), expected)


def test_a_service_without_a_load_balancer_is_not_judged() -> None:
    check_verdict(RULE, [run(US, logical="chat", **ALL)], None)


def test_the_message_says_which_way_is_open() -> None:
    (problem,) = finding(RULE, *chained(run(US, **ALL))).problems
    assert problem.observed == ("It accepts requests from everywhere, and its default URL bypasses the load balancer.")


@pytest.mark.parametrize(
    ("front", "severity"),
    [
        pytest.param({}, "high", id="external"),
        pytest.param({"loadBalancingScheme": "EXTERNAL"}, "high", id="classic"),
        pytest.param(INSIDE, "medium", id="internal"),
        pytest.param({"loadBalancingScheme": Computed()}, "high", id="unknown"),
    ],
)
def test_there_is_less_to_go_around_inside(front: dict[str, Any], severity: str) -> None:
    found = finding(RULE, *chained(run(US, logical="chat", **ALL), **front))
    assert (found.status, found.severity) == ("failed", severity)


def test_a_service_behind_both_is_as_bad_as_behind_the_external_one() -> None:
    llm = run(US, logical="chat", **ALL)
    link = neg(llm)
    found = finding(RULE, llm, link, behind(link, name="out"), behind(link, name="in", **INSIDE))
    assert found.severity == "high"


def test_reports_say_the_severity_of_the_finding() -> None:
    stack = build(*chained(run(US, logical="chat", **ALL), **INSIDE))
    results = Results("made", stack, evaluate(stack, [BY_NAME[RULE]], default_settings(RULES)), date(2026, 6, 30))
    (found,) = json.loads("".join(render("check", "json", results)))["findings"]
    assert found["severity"] == "medium"
    assert f"medium  {RULE}  mandatory" in "".join(render("check", "terminal", results))
    assert "| medium |" in "".join(render("check", "markdown", results))
    assert 'data-severity="medium"' in "".join(render("check", "html", results))


@pytest.mark.parametrize(
    ("form", "fix"),
    [
        ("service", 'Set `ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"` and `default_uri_disabled=True`.'),
        (
            "service of the first API",
            'Set `metadata={"annotations": {"run.googleapis.com/ingress": "internal-and-cloud-load-balancing", '
            '"run.googleapis.com/default-url-disabled": "true"}}`.',
        ),
        ("function", 'Set `service_config={"ingress_settings": "ALLOW_INTERNAL_AND_GCLB"}`.'),
    ],
)
def test_the_fix_is_written_as_the_form_has_it(form: str, fix: str) -> None:
    named = {"name": "llm", "location": US}
    forms = {
        "service": run(US, logical="chat", **ALL),
        "service of the first API": R(V1, "chat", named),
        "function": R(FUNCTION, "chat", {**named, "serviceConfig": {}}),
    }
    assert [one.fix for one in finding(RULE, *chained(forms[form])).problems] == [fix]
