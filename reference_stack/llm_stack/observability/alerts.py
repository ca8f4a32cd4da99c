"""What is measured and when somebody is told: pure descriptions, which `observability` turns into resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_gcp import monitoring

METRICS = "loadbalancing.googleapis.com/https"
UPTIME = "monitoring.googleapis.com/uptime_check/check_passed"
SERVER_ERRORS = " AND metric.labels.response_code_class = 500"
MAX_ERROR_RATIO = 0.05
BURN_RATE = 10
"""At this pace the error budget of four weeks is gone in less than three days."""

Condition = monitoring.AlertPolicyConditionArgsDict
Threshold = monitoring.AlertPolicyConditionConditionThresholdArgsDict
Aggregation = monitoring.AlertPolicyConditionConditionThresholdAggregationArgsDict


@dataclass(frozen=True, slots=True)
class Alert:
    name: str
    severity: Literal["CRITICAL", "ERROR", "WARNING"]
    title: str
    conditions: list[Condition]
    from_logs: bool = False
    """Cloud Monitoring wants a rate limit for these, and refuses one for others."""


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """The load balancer's measurements of one backend service."""

    internal: bool
    service_name: pulumi.Output[str]

    def select(self, metric: str, more: pulumi.Input[str] = "") -> pulumi.Output[str]:
        resource = "internal_http_lb_rule" if self.internal else "https_lb_rule"
        prefix = f"{METRICS}/internal" if self.internal else METRICS
        return pulumi.Output.concat(
            f'resource.type = "{resource}" AND metric.type = "{prefix}/{metric}"',
            ' AND resource.labels.backend_target_name = "',
            self.service_name,
            '"',
            more,
        )


def errors(metrics: ServiceMetrics) -> Alert:
    rate = per_minute("ALIGN_RATE", "REDUCE_SUM")
    ratio: Threshold = {
        "filter": metrics.select("request_count", SERVER_ERRORS),
        "aggregations": [rate],
        "denominator_filter": metrics.select("request_count"),
        "denominator_aggregations": [rate],
        "comparison": "COMPARISON_GT",
        "threshold_value": MAX_ERROR_RATIO,
        "duration": "300s",
    }
    title = f"More than {MAX_ERROR_RATIO:.0%} of requests fail"
    return Alert("errors", "CRITICAL", title, [above(title, ratio)])


def latency(metrics: ServiceMetrics, seconds: int) -> Alert:
    slowest: Threshold = {
        "filter": metrics.select("total_latencies"),
        "aggregations": [per_minute("ALIGN_DELTA", "REDUCE_PERCENTILE_95")],
        "comparison": "COMPARISON_GT",
        "threshold_value": seconds * 1000,
        "duration": "600s",
    }
    title = f"One answer in twenty takes more than {seconds} s"
    return Alert("latency", "WARNING", title, [above(title, slowest)])


def error_budget(objective: pulumi.Output[str]) -> Alert:
    burn: Threshold = {
        "filter": pulumi.Output.concat('select_slo_burn_rate("', objective, '", "3600s")'),
        "comparison": "COMPARISON_GT",
        "threshold_value": BURN_RATE,
        "duration": "0s",
    }
    title = "The error budget burns fast"
    return Alert("error-budget", "CRITICAL", title, [above(title, burn)])


def certificate_expiry(project: str) -> Alert:
    query = (
        f'logName = "projects/{project}/logs/certificatemanager.googleapis.com%2Fcertificates_expiry"'
        ' AND jsonPayload.state = ("CLOSE_TO_EXPIRY" OR "EXPIRED")'
    )
    title = "A certificate was not renewed in time"
    return Alert("certificate-expiry", "ERROR", title, [logged(title, query, {})], from_logs=True)


def unreachable(check: pulumi.Output[str]) -> Alert:
    failing: Threshold = {
        "filter": pulumi.Output.concat(
            f'resource.type = "uptime_url" AND metric.type = "{UPTIME}" AND metric.labels.check_id = "', check, '"'
        ),
        "aggregations": [
            {
                "alignment_period": "300s",
                "per_series_aligner": "ALIGN_NEXT_OLDER",
                "cross_series_reducer": "REDUCE_COUNT_FALSE",
                "group_by_fields": ["resource.label.host"],
            }
        ],
        "comparison": "COMPARISON_GT",
        # One place that cannot reach us is that place's trouble.
        "threshold_value": 1,
        "duration": "120s",
    }
    title = "The public address does not answer"
    return Alert("unreachable", "CRITICAL", title, [above(title, failing)])


def per_minute(aligner: str, reducer: str) -> Aggregation:
    return {"alignment_period": "60s", "per_series_aligner": aligner, "cross_series_reducer": reducer}


def above(title: str, threshold: Threshold) -> Condition:
    return {"display_name": title, "condition_threshold": threshold}


def logged(title: str, query: pulumi.Input[str], labels: Mapping[str, str]) -> Condition:
    return {"display_name": title, "condition_matched_log": {"filter": query, "label_extractors": labels}}
