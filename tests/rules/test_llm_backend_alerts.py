"""`llm-backend-alerts` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import url_map
from tests.stacks import Computed, Expected, R, backend, build, check_verdict, findings, mig, service

RULE = "llm-backend-alerts"
NAMED = R("BackendService", "chat", {"name": "llm-prod", "loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP"})
WEB = R("BackendService", "web", {"name": "web-prod", "loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP"})
HTTPS = 'resource.type="https_lb_rule" AND metric.type="loadbalancing.googleapis.com/https/'
REQUESTS, LATENCIES = f'{HTTPS}request_count"', f'{HTTPS}total_latencies"'
FAILED = f'{REQUESTS} AND metric.labels.response_code_class="500"'
OURS, THEIRS = (f' AND resource.labels.backend_target_name="{name}"' for name in ("llm-prod", "web-prod"))


def alert(name: str, *conditions: Any, **inputs: Any) -> R:
    told = {"notificationChannels": ["projects/p/notificationChannels/1"]}
    return R("gcp:monitoring/alertPolicy:AlertPolicy", name, {"conditions": list(conditions), **told, **inputs})


def threshold(query: Any, *reducers: str, **inputs: Any) -> dict[str, Any]:
    aggregations = [{"crossSeriesReducer": reducer} for reducer in reducers]
    return {"conditionThreshold": {"filter": query, "aggregations": aggregations, **inputs}}


def promql(query: Any) -> dict[str, Any]:
    return {"conditionPrometheusQueryLanguage": {"query": query}}


ERRORS, SLOW = alert("errors", threshold(FAILED)), alert("slow", threshold(LATENCIES))
ERRORS_ONLY: dict[str, Any] = {"latency": False}
LATENCY_ONLY: dict[str, Any] = {"errors": False}


@pytest.mark.parametrize(
    ("alerts", "options", "status"),
    [
        ([], {}, "failed"),
        ([ERRORS], {}, "failed"),
        ([SLOW], {}, "failed"),
        ([ERRORS, SLOW], {}, "passed"),
        ([alert("both", threshold(FAILED), threshold(LATENCIES))], {}, "passed"),
        ([alert("errors", threshold(FAILED), enabled=False), SLOW], {}, "failed"),
        ([alert("errors", threshold(FAILED), enabled=Computed()), SLOW], {}, "undecided"),
        ([alert("errors", threshold(REQUESTS))], ERRORS_ONLY, "failed"),
        ([alert("errors", threshold(FAILED + OURS))], ERRORS_ONLY, "passed"),
        ([alert("errors", threshold(FAILED + THEIRS))], ERRORS_ONLY, "failed"),
        ([alert("errors", threshold(f'{FAILED} AND resource.labels.url_map_name="x"'))], ERRORS_ONLY, "undecided"),
        ([alert("cpu", threshold('metric.type="compute.googleapis.com/instance/cpu/utilization"'))], {}, "failed"),
        ([alert("ratio", threshold(REQUESTS + OURS, denominatorFilter=REQUESTS + OURS))], ERRORS_ONLY, "passed"),
        ([alert("p95", threshold(LATENCIES, "REDUCE_PERCENTILE_95"))], LATENCY_ONLY, "passed"),
        (
            [alert("ttft", promql("histogram_quantile(0.95, vllm:time_to_first_token_seconds_bucket)"))],
            LATENCY_ONLY,
            "passed",
        ),
        ([alert("cpu", promql("node_cpu_seconds_total"))], LATENCY_ONLY, "failed"),
        (
            [alert("log", {"conditionMatchedLog": {"filter": 'httpRequest.status>=500 AND "llm-prod"'}})],
            ERRORS_ONLY,
            "passed",
        ),
        ([alert("any", threshold(Computed()))], {}, "undecided"),
        ([alert("any", conditions=Computed())], {}, "undecided"),
        ([alert("both", threshold(FAILED), threshold(LATENCIES), notificationChannels=[])], {}, "failed"),
        ([alert("both", threshold(FAILED), threshold(LATENCIES), notificationChannels=None)], {}, "failed"),
        ([alert("both", threshold(FAILED), threshold(LATENCIES), notificationChannels=Computed())], {}, "undecided"),
        ([alert("both", threshold(FAILED), threshold(LATENCIES, comparison="COMPARISON_LT"))], {}, "failed"),
        ([alert("both", threshold(FAILED), threshold(LATENCIES, comparison="COMPARISON_GT"))], {}, "passed"),
        ([], {"errors": False, "latency": False}, "passed"),
    ],
)
def test_alerts(alerts: list[R], options: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [NAMED, WEB, *alerts], status, **options)


def computed(query: str, *sources: R) -> Computed:
    return Computed(sources, query)


@pytest.mark.parametrize(
    ("condition", "options", "expected"),
    [
        # The form of a condition tells before its query is known.
        (threshold(computed(LATENCIES + OURS, NAMED), "REDUCE_PERCENTILE_95"), LATENCY_ONLY, "passed"),
        (
            threshold(computed(FAILED + OURS, NAMED), denominatorAggregations=[{"crossSeriesReducer": "REDUCE_SUM"}]),
            ERRORS_ONLY,
            "passed",
        ),
        (threshold(computed(FAILED + OURS, NAMED)), ERRORS_ONLY, ("undecided", "passed")),
        (threshold(computed(REQUESTS + OURS, NAMED)), ERRORS_ONLY, ("undecided", "failed")),
        (threshold(computed(LATENCIES + THEIRS, WEB), "REDUCE_PERCENTILE_95"), LATENCY_ONLY, ("undecided", "failed")),
    ],
)
def test_computed_queries(condition: Any, options: dict[str, Any], expected: Expected) -> None:
    check_verdict(RULE, [NAMED, WEB, alert("some", condition)], expected, **options)


def test_a_query_about_the_front_end() -> None:
    paths = url_map(NAMED)
    slow = alert("slow", threshold(Computed((paths,)), "REDUCE_PERCENTILE_99"))
    check_verdict(RULE, [NAMED, paths, slow], "passed", **LATENCY_ONLY)


SLO = "gcp:monitoring/slo:Slo"
RATIO, CUT = {"goodTotalRatio": {"badServiceFilter": "x"}}, {"distributionCut": {"distributionFilter": "x"}}


@pytest.mark.parametrize(
    ("sli", "options", "status"),
    [
        ({"requestBasedSli": RATIO}, ERRORS_ONLY, "passed"),
        ({"requestBasedSli": CUT}, LATENCY_ONLY, "passed"),
        ({"basicSli": {"latency": {"threshold": "1s"}}}, LATENCY_ONLY, "passed"),
        ({"windowsBasedSli": {"windowPeriod": "60s"}}, ERRORS_ONLY, "undecided"),
    ],
)
def test_objectives(sli: dict[str, Any], options: dict[str, Any], status: str) -> None:
    objective = R(SLO, "slo", {**sli, "displayName": Computed((NAMED,))})
    burn = alert("burn", threshold(Computed((objective,))))
    check_verdict(RULE, [NAMED, objective, burn], status, **options)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
        ({"region": "us-central1", "loadBalancingScheme": "EXTERNAL_MANAGED"}, "failed"),
        ({"protocol": "TCP"}, "not applicable"),
        ({"region": "us-central1", "loadBalancingScheme": "INTERNAL", "protocol": "TCP"}, "not applicable"),
        ({"protocol": Computed()}, "undecided"),
        ({"region": "us-central1", "loadBalancingScheme": Computed()}, "undecided"),
    ],
)
def test_services(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(**inputs)], status)


def test_an_alert_may_still_come() -> None:
    check_verdict(RULE, [service([backend(mig())], name="chat")], "undecided", is_complete=False)


def test_the_message_names_what_is_missing() -> None:
    (found,) = findings(RULE, build(NAMED, ERRORS))
    assert [problem.observed for problem in found.problems] == ["No alert policy covers latency."]
