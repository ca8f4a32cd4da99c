"""When somebody is told of Cloud Run, and how many instances there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llm_stack.observability.alerts import Alert, Condition, Threshold, above, per_minute
from llm_stack.observability.charts import chart

INSTANCES = "run.googleapis.com/container/instance_count"


def no_instance(service_name: str, regions: Sequence[str]) -> Alert:
    """Told of here only: a service that is deleted, or that restarts again and again, says nothing of its health."""
    conditions = [no_instance_in(service_name, region) for region in regions]
    return Alert("no-instance", "CRITICAL", "A region has no instance", conditions)


def no_instance_in(service_name: str, region: str) -> Condition:
    threshold: Threshold = {
        "filter": f'{select(service_name)} AND resource.labels.location = "{region}"',
        "aggregations": [per_minute("ALIGN_MAX", "REDUCE_SUM")],
        "comparison": "COMPARISON_LT",
        "threshold_value": 1,
        "duration": "300s",
        # Of no instances nothing is measured.
        "evaluation_missing_data": "EVALUATION_MISSING_DATA_ACTIVE",
    }
    return above(f"{region} has no instance", threshold)


def instance_maximum(service_name: str, limits: Mapping[str, int]) -> Alert:
    conditions = [
        above(
            f"{region} cannot grow",
            {
                "filter": f'{select(service_name)} AND resource.labels.location = "{region}"',
                "aggregations": [per_minute("ALIGN_MAX", "REDUCE_SUM")],
                "comparison": "COMPARISON_GT",
                "threshold_value": limit - 0.5,
                # While one revision replaces another there are more, but not for long.
                "duration": "1800s",
            },
        )
        for region, limit in limits.items()
    ]
    return Alert("instance-maximum", "WARNING", "A service is at its maximum of instances", conditions)


def instances_chart(service_name: str) -> Mapping[str, Any]:
    return chart("Instances by region", select(service_name), "ALIGN_MAX", "REDUCE_SUM", "resource.label.location")


def select(service_name: str) -> str:
    resource = f'resource.type = "cloud_run_revision" AND resource.labels.service_name = "{service_name}"'
    return f'{resource} AND metric.type = "{INSTANCES}"'
