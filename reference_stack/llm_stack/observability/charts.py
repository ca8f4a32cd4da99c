"""Charts of the dashboard."""

from __future__ import annotations

from typing import Any

import pulumi


def chart(title: str, query: pulumi.Input[str], aligner: str, reducer: str, *group_by: str) -> dict[str, Any]:
    aggregation = {
        "alignmentPeriod": "60s",
        "perSeriesAligner": aligner,
        "crossSeriesReducer": reducer,
        "groupByFields": list(group_by),
    }
    source = {"timeSeriesFilter": {"filter": query, "aggregation": aggregation}}
    return {"title": title, "xyChart": {"dataSets": [{"timeSeriesQuery": source, "plotType": "LINE"}]}}
