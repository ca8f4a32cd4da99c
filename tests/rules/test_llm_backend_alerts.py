"""`llm-backend-alerts` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import url_map
from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service

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


@pytest.mark.parametrize(
    ("scheme", "status"),
    [("EXTERNAL_MANAGED", "passed"), ("INTERNAL_MANAGED", "failed"), (Computed(), "undecided")],
    ids=["its metrics", "those of another load balancer", "which load balancer is not known"],
)
def test_metrics_of_every_load_balancer_of_a_product(scheme: Any, status: str) -> None:
    chat = R("BackendService", "chat", {"name": "llm-prod", "loadBalancingScheme": scheme, "protocol": "HTTP"})
    check_verdict(RULE, [chat, ERRORS, SLOW], status)


def test_a_query_about_the_front_end() -> None:
    paths = url_map(NAMED)
    slow = alert("slow", threshold(Computed((paths,)), "REDUCE_PERCENTILE_99"))
    check_verdict(RULE, [NAMED, paths, slow], "passed", **LATENCY_ONLY)


CLIENTS = FAILED.replace("500", "400")
SLO = "gcp:monitoring/slo:Slo"
RATIO, CUT = {"goodTotalRatio": {"badServiceFilter": "x"}}, {"distributionCut": {"distributionFilter": "x"}}


@pytest.mark.parametrize(
    ("sli", "options", "status"),
    [
        ({"requestBasedSli": RATIO}, ERRORS_ONLY, "passed"),
        ({"requestBasedSli": {"goodTotalRatio": {"badServiceFilter": FAILED}}}, ERRORS_ONLY, "passed"),
        (
            {"requestBasedSli": {"goodTotalRatio": {"badServiceFilter": CLIENTS}}},
            ERRORS_ONLY,
            "failed",
        ),
        ({"requestBasedSli": CUT}, LATENCY_ONLY, "passed"),
        ({"basicSli": {"latency": {"threshold": "1s"}}}, LATENCY_ONLY, "passed"),
        ({"windowsBasedSli": {"windowPeriod": "60s"}}, ERRORS_ONLY, "undecided"),
    ],
)
def test_objectives(sli: dict[str, Any], options: dict[str, Any], status: str) -> None:
    objective = R(SLO, "slo", {**sli, "displayName": Computed((NAMED,))})
    burn = alert("burn", threshold(Computed((objective,))))
    check_verdict(RULE, [NAMED, objective, burn], status, **options)


def test_an_objective_outside_the_stack_may_be_about_anything() -> None:
    named = 'select_slo_burn_rate("projects/p/services/llm/serviceLevelObjectives/fast", "3600s")'
    check_verdict(RULE, [NAMED, alert("burn", threshold(named))], "undecided")


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


PROM = "loadbalancing_googleapis_com:https_request_count"
BY = "sum by (backend_target_name)"
BUCKETS = "rate(loadbalancing_googleapis_com:https_total_latencies_bucket[5m])"
PROM_LATENCY = f"histogram_quantile(0.95, sum by (le, backend_target_name) ({BUCKETS}))"
PROM_ERRORS = f'{BY} (rate({PROM}{{response_code_class="500"}}[5m])) / {BY} (rate({PROM}[5m]))'
MQL = "fetch https_lb_rule | metric 'loadbalancing.googleapis.com/https/request_count'"
MQL_ERRORS = f"{MQL} | filter metric.response_code_class = 500"


def mql(query: str) -> dict[str, Any]:
    return {"conditionMonitoringQueryLanguage": {"query": query}}


def rate(labels: str) -> dict[str, Any]:
    return promql(f'rate({PROM}{{{labels},response_code_class="500"}}[5m]) > 1')


def our(comparison: str) -> dict[str, Any]:
    return threshold(f"{FAILED} AND resource.labels.backend_target_name={comparison}")


# name -> (condition, expected for errors)
ABOUT_ERRORS: dict[str, tuple[dict[str, Any], Expected]] = {
    "PromQL, by service": (promql(f"{PROM_ERRORS} > 0.02"), "passed"),
    "PromQL, of ours": (
        rate('backend_target_name="llm-prod"'),
        "passed",
    ),
    "PromQL, of theirs": (
        rate('backend_target_name="web-prod"'),
        "failed",
    ),
    "PromQL, of all but ours": (
        rate('backend_target_name!="llm-prod"'),
        "failed",
    ),
    "PromQL, of all but theirs": (
        rate('backend_target_name!="web-prod"'),
        "passed",
    ),
    "PromQL, of a pattern": (
        rate('backend_target_name=~"llm-.*"'),
        "passed",
    ),
    "PromQL, of another pattern": (
        rate('backend_target_name=~"web-.*"'),
        "failed",
    ),
    "PromQL, a ratio of 5": (promql(f"{PROM_ERRORS} > 5"), "failed"),
    "PromQL, 5 percent": (promql(f"100 * {PROM_ERRORS} > 5"), "passed"),
    "PromQL, errors of clients": (promql(PROM_ERRORS.replace("500", "400") + " > 0.02"), "failed"),
    "PromQL, by code": (promql(f"sum by (response_code_class) (rate({PROM}[5m])) > 5"), "undecided"),
    "MQL, by service": (
        mql(f"{MQL_ERRORS} | group_by [resource.backend_target_name] | condition val() > 3"),
        "passed",
    ),
    "MQL, of theirs": (
        mql(f"{MQL} | filter resource.backend_target_name == 'web-prod' && metric.response_code_class = 500"),
        "failed",
    ),
    "MQL, a ratio of 5 percent": (
        mql(f"{MQL_ERRORS} | ratio | condition val() > 5 '%'"),
        "passed",
    ),
    "MQL, a ratio of 5": (
        mql(f"{MQL_ERRORS} | ratio | condition val() > 5"),
        "failed",
    ),
    "SQL": ({"conditionSql": {"query": "SELECT * FROM logs WHERE http_request.status >= 500"}}, "undecided"),
    "full_match of ours": (our('monitoring.regex.full_match("llm-.*")'), "passed"),
    "full_match of theirs": (our('monitoring.regex.full_match("web-.*")'), "failed"),
    "starts_with": (our('starts_with("llm-")'), "passed"),
    "has_substring of theirs": (our('has_substring("web")'), "failed"),
    "one of two": (our('one_of("web-prod", "llm-prod")'), "passed"),
    "one of others": (our('one_of("web-prod", "api-prod")'), "failed"),
    "errors of clients": (threshold(f"{REQUESTS} AND metric.labels.response_code_class=400"), "failed"),
    "errors of clients and servers": (threshold(f"{REQUESTS} AND metric.labels.response_code_class>=400"), "passed"),
    "all but successes": (threshold(f'{REQUESTS} AND metric.labels.response_code_class!="200"'), "passed"),
    "one status": (threshold(f'{REQUESTS} AND metric.labels.response_code="503"'), "passed"),
    "too many requests": (threshold(f'{REQUESTS} AND metric.labels.response_code="429"'), "failed"),
    "a ratio of clients' errors": (
        threshold(f"{REQUESTS} AND metric.labels.response_code_class=400", denominatorFilter=REQUESTS),
        "failed",
    ),
    "a ratio of 5": (threshold(FAILED, denominatorFilter=REQUESTS, thresholdValue=5), "failed"),
    "a ratio of 0.05": (threshold(FAILED, denominatorFilter=REQUESTS, thresholdValue=0.05), "passed"),
    "a computed ratio": (
        threshold(FAILED, denominatorFilter=REQUESTS, thresholdValue=Computed((), 0.05)),
        ("undecided", "passed"),
    ),
    "5 a second": (threshold(FAILED, thresholdValue=5), "passed"),
    "internal load balancers": (threshold(FAILED.replace("/https/", "/https/internal/")), "failed"),
    "regional load balancers": (threshold(FAILED.replace("/https/", "/https/external/regional/")), "failed"),
    "network load balancers": (
        threshold('metric.type="loadbalancing.googleapis.com/l3/internal/ingress_bytes_count" AND error'),
        "failed",
    ),
    "logs of all": (
        {"conditionMatchedLog": {"filter": 'resource.type="http_load_balancer" AND httpRequest.status>=500'}},
        "passed",
    ),
    "logs of clients' errors": (
        {"conditionMatchedLog": {"filter": 'resource.type="http_load_balancer" AND httpRequest.status=404'}},
        "failed",
    ),
    "logs of internal ones": (
        {"conditionMatchedLog": {"filter": 'resource.type="internal_http_lb_rule" AND httpRequest.status>=500'}},
        "failed",
    ),
}


@pytest.mark.parametrize("case", ABOUT_ERRORS)
def test_what_is_about_errors(case: str) -> None:
    condition, expected = ABOUT_ERRORS[case]
    check_verdict(RULE, [NAMED, WEB, alert("some", condition)], expected, **ERRORS_ONLY)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (threshold(LATENCIES, "REDUCE_PERCENTILE_95", thresholdValue=60000), "passed"),
        (threshold(LATENCIES, "REDUCE_PERCENTILE_95", thresholdValue=60), "failed"),
        (threshold(LATENCIES, "REDUCE_PERCENTILE_95", thresholdValue=9e7), "failed"),
        (threshold(LATENCIES, "REDUCE_PERCENTILE_95", thresholdValue=Computed((), 60)), ("undecided", "failed")),
        (threshold(Computed((NAMED,), LATENCIES), "REDUCE_PERCENTILE_95", thresholdValue=60000), "passed"),
        (
            threshold(Computed((NAMED,), LATENCIES), "REDUCE_PERCENTILE_95", thresholdValue=60),
            ("undecided", "failed"),
        ),
        (promql(f"{PROM_LATENCY} > 60000"), "passed"),
        (promql(f"{PROM_LATENCY} > 60"), "failed"),
        # Servers measure in seconds.
        (promql("histogram_quantile(0.95, vllm:e2e_request_latency_seconds_bucket) > 60"), "passed"),
    ],
)
def test_latencies_are_in_milliseconds(condition: dict[str, Any], expected: Expected) -> None:
    check_verdict(RULE, [NAMED, WEB, alert("slow", condition)], expected, **LATENCY_ONLY)


def test_the_lowest_threshold_is_an_option() -> None:
    fast = alert("slow", threshold(LATENCIES, "REDUCE_PERCENTILE_95", thresholdValue=400))
    check_verdict(RULE, [NAMED, fast], "passed", min_latency_threshold_ms=200, **LATENCY_ONLY)


def test_one_condition_is_about_the_service_and_about_the_signal() -> None:
    mixed = alert("mixed", threshold(FAILED + THEIRS), threshold(f'{REQUESTS}{OURS} AND metric.labels.x="y"'))
    check_verdict(RULE, [NAMED, WEB, mixed], "failed", **ERRORS_ONLY)


@pytest.mark.parametrize(
    ("name", "comparison", "expected"),
    [
        (None, '"web-prod"', "failed"),
        (None, '"chat-1a2b3c4"', ("undecided", "passed")),
        (None, 'monitoring.regex.full_match("chat-.*")', ("undecided", "passed")),
        (Computed(), '"web-prod"', "undecided"),
    ],
)
def test_a_service_that_pulumi_names(name: Any, comparison: str, expected: Expected) -> None:
    subject = service()
    subject.inputs["name"] = name
    check_verdict(RULE, [subject, WEB, alert("errors", our(comparison))], expected, **ERRORS_ONLY)


LOG_METRIC = "gcp:logging/metric:Metric"
LOGGED = 'resource.type="http_load_balancer" AND resource.labels.backend_service_name="{}" AND httpRequest.status{}'


@pytest.mark.parametrize(
    ("log_filter", "status"),
    [
        (LOGGED.format("llm-prod", ">=500"), "passed"),
        (LOGGED.format("web-prod", ">=500"), "failed"),
        (LOGGED.format("llm-prod", "=404"), "failed"),
        (Computed((), LOGGED.format("llm-prod", ">=500")), ("undecided", "passed")),
    ],
)
def test_metrics_made_of_logs(log_filter: Any, status: Expected) -> None:
    metric = R(LOG_METRIC, "failures", {"name": "llm_failures", "filter": log_filter})
    condition = threshold('resource.type="global" AND metric.type="logging.googleapis.com/user/llm_failures"')
    check_verdict(RULE, [NAMED, WEB, metric, alert("errors", condition)], status, **ERRORS_ONLY)


def test_a_metric_made_of_logs_elsewhere() -> None:
    condition = threshold('metric.type="logging.googleapis.com/user/llm_errors"')
    check_verdict(RULE, [NAMED, WEB, alert("errors", condition)], "undecided", **ERRORS_ONLY)


def test_the_reason_says_what_an_apply_hides() -> None:
    hidden = alert("errors", threshold(Computed((NAMED,), FAILED + OURS)))
    (found,) = [one for one in findings(RULE, build(NAMED, hidden), **ERRORS_ONLY) if one.name == "chat"]
    assert found.reasons == (
        "whether an alert policy covers its request errors is not known: what `errors` measures is computed "
        "(inside an `apply`?)",
    )


def test_the_message_says_what_is_wrong_with_a_threshold() -> None:
    slow = alert("slow", threshold(LATENCIES, "REDUCE_PERCENTILE_95", thresholdValue=60))
    (found,) = findings(RULE, build(NAMED, slow), **LATENCY_ONLY)
    assert found.problems[0].observed == "No alert policy covers latency: `slow` cannot tell, by the threshold."
    assert "`slow` to 1000 milliseconds or more" in found.problems[0].fix


@pytest.mark.parametrize("name", ["https", "loadbalancing", "resource"])
@pytest.mark.parametrize("inputs", [{}, {"name": "https"}], ids=["named by Pulumi", "named"])
def test_a_name_that_is_a_word_of_every_metric(name: str, inputs: dict[str, Any]) -> None:
    group = mig()
    subject = service([backend(group)])
    paths = url_map(subject)
    front = [subject, group, paths, R("TargetHttpsProxy", name, {"urlMap": Out(paths, "id"), **inputs})]
    check_verdict(RULE, [*front, ERRORS, SLOW], "passed", subject.name)
    theirs = alert("errors", threshold(f'{FAILED} AND resource.labels.url_map_name="other"'))
    check_verdict(RULE, [*front, theirs, SLOW], "undecided", subject.name)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param(FAILED, "passed", id="of all services"),
        pytest.param(FAILED + THEIRS, "undecided", id="of a service by name"),
        pytest.param(f'{FAILED} AND resource.labels.url_map_name="x"', "undecided", id="of a URL map by name"),
        pytest.param(f'{FAILED} AND "x"', "passed", id="with another text"),
        pytest.param('metric.type="compute.googleapis.com/instance/cpu/utilization"', "failed", id="of something else"),
    ],
)
def test_an_alert_on_all_services_needs_no_name(query: str, status: str) -> None:
    """A name that is computed, such as one with a random suffix, decides nothing where the query names none."""
    computed = R("BackendService", "chat", {**NAMED.inputs, "name": Computed()})
    check_verdict(RULE, [computed, alert("errors", threshold(query))], status, "chat", **ERRORS_ONLY)
