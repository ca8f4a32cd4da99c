"""When somebody is told of machines, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from llm_stack.observability.alerts import Alert, ServiceMetrics, above, logged, per_minute
from llm_stack.observability.charts import chart

GROUP_SIZE = "compute.googleapis.com/instance_group/size"
EACH_GROUP = {"group": "EXTRACT(resource.labels.instance_group_name)"}
"""An incident for each group, so that one that is known does not hide another."""
FULL = 0.9


@dataclass(frozen=True, slots=True)
class GroupArgs:
    name: pulumi.Output[str]
    max_replicas: int
    requests_per_second: float
    """What the load balancer sends to one machine at most."""


def full_region(metrics: ServiceMetrics, groups: Mapping[str, GroupArgs]) -> Alert:
    conditions = [
        above(
            f"{region} takes {FULL:.0%} of all it can, and overflows next",
            {
                "filter": metrics.select(
                    "request_count", pulumi.Output.concat(' AND resource.labels.backend_name = "', group.name, '"')
                ),
                "aggregations": [per_minute("ALIGN_RATE", "REDUCE_SUM")],
                "comparison": "COMPARISON_GT",
                "threshold_value": FULL * group.max_replicas * group.requests_per_second,
                "duration": "300s",
            },
        )
        for region, group in groups.items()
    ]
    return Alert("full-region", "WARNING", "A region is nearly full", conditions)


def autoscaler_maximum(groups: Mapping[str, GroupArgs]) -> Alert:
    conditions = [
        above(
            f"{region} cannot grow",
            {
                "filter": pulumi.Output.concat(
                    f'resource.type = "instance_group" AND metric.type = "{GROUP_SIZE}"',
                    ' AND resource.labels.instance_group_name = "',
                    group.name,
                    '"',
                ),
                "aggregations": [per_minute("ALIGN_MEAN", "REDUCE_SUM")],
                "comparison": "COMPARISON_GT",
                "threshold_value": group.max_replicas - 0.5,
                # The surge of an update passes the maximum too, but does not stay there.
                "duration": "1800s",
            },
        )
        for region, group in groups.items()
    ]
    return Alert("autoscaler-maximum", "WARNING", "An autoscaler is at its maximum", conditions)


def unhealthy(project: str, groups: Mapping[str, GroupArgs]) -> Alert:
    """Only those that were healthy: a new machine fails its checks until the model is loaded."""
    names = pulumi.Output.all(*(group.name for group in groups.values()))
    query = pulumi.Output.concat(
        f'logName = "projects/{project}/logs/compute.googleapis.com%2Fhealthchecks"',
        ' AND jsonPayload.healthCheckProbeResult.healthState = "UNHEALTHY"',
        ' AND jsonPayload.healthCheckProbeResult.previousHealthState = "HEALTHY"',
        " AND resource.labels.instance_group_name = (",
        names.apply(lambda known: " OR ".join(f'"{name}"' for name in known)),
        ")",
    )
    title = "A machine no longer passes its health check"
    return Alert("unhealthy", "WARNING", title, [logged(title, query, EACH_GROUP)], from_logs=True)


def machines_chart() -> Mapping[str, Any]:
    sizes = f'resource.type = "instance_group" AND metric.type = "{GROUP_SIZE}"'
    return chart("Machines by group", sizes, "ALIGN_MEAN", "REDUCE_SUM", "resource.label.instance_group_name")
