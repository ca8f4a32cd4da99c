"""What the operators see, and what wakes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_gcp import monitoring

from llm_stack.components.options import child_of
from llm_stack.observability import alerts
from llm_stack.observability.alerts import Alert, ServiceMetrics
from llm_stack.observability.charts import chart

GOAL = 0.99
GOAL_DAYS = 28


@dataclass(frozen=True, slots=True)
class ObservabilityArgs:
    project: str
    title: str
    metrics: ServiceMetrics
    public_check: bool
    """Whether Google's checkers on the internet can get an answer."""
    domain: str
    alerts: Sequence[Alert]
    """Those about the servers, which each form has of its own."""
    chart: Mapping[str, Any]
    """How many servers there are."""
    emails: tuple[str, ...]
    latency_seconds: int


class Observability(pulumi.ComponentResource):
    """Objective, dashboard and alerts; a check from outside where everybody may call."""

    dashboard_url: pulumi.Output[str]
    policies: list[pulumi.Output[str]]

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:Observability", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        self._metrics = args.metrics
        self._channels = [
            monitoring.NotificationChannel(
                f"{name}-mail-{position}", type="email", labels={"email_address": email}, opts=self._child
            ).id
            for position, email in enumerate(args.emails)
        ]
        self.policies = [self._create_alert(name, alert) for alert in self._alerts(name)]
        self.dashboard_url = self._create_dashboard(name)
        self.register_outputs({"dashboard_url": self.dashboard_url, "policies": self.policies})

    def _alerts(self, name: str) -> list[Alert]:
        args = self._args
        wanted = [
            alerts.errors(self._metrics),
            alerts.latency(self._metrics, args.latency_seconds),
            alerts.error_budget(self._create_objective(name)),
            *args.alerts,
            alerts.certificate_expiry(args.project),
        ]
        if args.public_check:
            wanted.append(alerts.unreachable(self._create_uptime_check(name)))
        return wanted

    def _create_alert(self, name: str, alert: Alert) -> pulumi.Output[str]:
        strategy: monitoring.AlertPolicyAlertStrategyArgsDict = {"auto_close": "3600s"}
        if alert.from_logs:
            strategy["notification_rate_limit"] = {"period": "900s"}
        return monitoring.AlertPolicy(
            f"{name}-{alert.name}",
            display_name=f"{self._args.title}: {alert.title}",
            severity=alert.severity,
            combiner="OR",
            conditions=alert.conditions,
            notification_channels=self._channels,
            alert_strategy=strategy,
            documentation={
                "mime_type": "text/markdown",
                "content": f"See `{alert.name}` under Alerts in the stack's README.",
            },
            opts=self._child,
        ).name

    def _create_objective(self, name: str) -> pulumi.Output[str]:
        service = monitoring.CustomService(f"{name}-service", display_name=self._args.title, opts=self._child)
        return monitoring.Slo(
            f"{name}-availability",
            service=service.service_id,
            display_name=f"{GOAL:.1%} of requests without a server error",
            goal=GOAL,
            rolling_period_days=GOAL_DAYS,
            request_based_sli={
                "good_total_ratio": {
                    "total_service_filter": self._metrics.select("request_count"),
                    "bad_service_filter": self._metrics.select("request_count", alerts.SERVER_ERRORS),
                }
            },
            opts=self._child,
        ).name

    def _create_uptime_check(self, name: str) -> pulumi.Output[str]:
        """401 is as good as 200: it comes from a server that asks for its key."""
        return monitoring.UptimeCheckConfig(
            f"{name}-uptime",
            display_name=f"{self._args.title} from outside",
            monitored_resource={
                "type": "uptime_url",
                "labels": {"project_id": self._args.project, "host": self._args.domain},
            },
            http_check={
                "path": "/v1/models",
                "port": 443,
                "use_ssl": True,
                "validate_ssl": True,
                "accepted_response_status_codes": [{"status_value": 200}, {"status_value": 401}],
            },
            period="60s",
            timeout="10s",
            opts=self._child,
        ).uptime_check_id

    def _create_dashboard(self, name: str) -> pulumi.Output[str]:
        requests = self._metrics.select("request_count")
        latencies = self._metrics.select("total_latencies")
        tiles = [
            chart("Requests by response", requests, "ALIGN_RATE", "REDUCE_SUM", "metric.label.response_code_class"),
            chart("Requests by group", requests, "ALIGN_RATE", "REDUCE_SUM", "resource.label.backend_name"),
            chart("Latency, 95th percentile (ms)", latencies, "ALIGN_DELTA", "REDUCE_PERCENTILE_95"),
            self._args.chart,
        ]
        layout = {"displayName": self._args.title, "gridLayout": {"columns": "2", "widgets": tiles}}
        dashboard = monitoring.Dashboard(
            f"{name}-dashboard", dashboard_json=pulumi.Output.json_dumps(layout), opts=self._child
        )
        return pulumi.Output.concat(
            "https://console.cloud.google.com/monitoring/dashboards/builder/",
            dashboard.id.apply(lambda path: path.rsplit("/", 1)[-1]),
            f"?project={self._args.project}",
        )
