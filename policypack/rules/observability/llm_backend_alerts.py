"""The rule `llm-backend-alerts`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.alert import alert_policies
from policypack.model.values.logic import all_of, any_of
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict

_LAYER_4 = ("TCP", "SSL", "UDP", "UNSPECIFIED")


@dataclass(frozen=True)
class AlertsOptions(Options):
    """Options of `llm-backend-alerts`. The two signals are those of the four that Google's own operators watch
    (https://sre.google/sre-book/monitoring-distributed-systems/) which users feel at once.

    Attributes:
        errors: whether an alert on failing requests is asked for.
        latency: whether an alert on slow answers is asked for.
    """

    errors: bool = True
    latency: bool = True


@rule(
    title="Somebody is told when requests fail or answers are slow",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring",
)
def llm_backend_alerts(service: BackendService, options: AlertsOptions) -> Iterator[Verdict]:
    """Alert policies watch the service's errors and its latency.

    ## What it checks
    Enabled alert policies of the stack with a notification channel and a condition about the service: computed from
    it, its front end or an objective (`Slo`) on it, naming it, or about all that the load balancer measures. One of
    them is about errors (a ratio of two counts, response codes, statuses) and one about latency (a percentile,
    latencies, time to first token), above a threshold. Where the query itself is not known yet, the form of its
    condition decides.

    ## Why it matters
    A region that fails health checks, a queue that grows, a model that answers with errors: health checks see the
    first at most, and users see all of them before anyone looks at a dashboard.

    ## Applies to
    Services of Application Load Balancers, global and regional, external and internal: others measure connections.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP", port_name="http")
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP", port_name="http")
    requests = 'resource.type="https_lb_rule" AND metric.type="loadbalancing.googleapis.com/https/'
    for name, query, reducer in (
        ("errors", f'{requests}request_count" AND metric.labels.response_code_class=500', "REDUCE_SUM"),
        ("latency", f'{requests}total_latencies"', "REDUCE_PERCENTILE_95"),
    ):
        aligner = "ALIGN_RATE" if name == "errors" else "ALIGN_DELTA"
        condition = {
            "filter": query,
            "comparison": "COMPARISON_GT",
            "threshold_value": 1 if name == "errors" else 60000,
            "duration": "300s",
            "aggregations": [
                {"alignment_period": "60s", "per_series_aligner": aligner, "cross_series_reducer": reducer}
            ],
        }
        gcp.monitoring.AlertPolicy(
            name,
            display_name=name,
            combiner="OR",
            notification_channels=["projects/my-project/notificationChannels/1234567890"],
            conditions=[{"display_name": name, "condition_threshold": condition}],
        )
    ```

    ## Undecided
    When a policy's conditions are computed and tell neither what they watch nor which service.
    """
    if service.is_passthrough is True or (isinstance(service.protocol, str) and service.protocol in _LAYER_4):
        yield NotApplicable("its load balancer measures no requests")
        return
    ours = [
        (policy, all_of([policy.is_enabled, policy.tells_somebody, policy.watches(service.resource)]))
        for policy in alert_policies(service.stack)
    ]
    if options.errors:
        told = any_of(all_of([watches, policy.watches_errors]) for policy, watches in ours if watches is not False)
        yield from _judge(service, told, "failing requests", "the share of requests with a status of 500 or more")
    if options.latency:
        told = any_of(all_of([watches, policy.watches_latency]) for policy, watches in ours if watches is not False)
        yield from _judge(service, told, "slow answers", "a percentile of `total_latencies`")


def _judge(service: BackendService, told: object, trouble: str, measure: str) -> Iterator[Verdict]:
    if told is True:
        return
    if told is UNKNOWN:
        yield Undecided(f"whether an alert policy tells of its {trouble} is not known")
    elif not service.stack.is_complete:
        yield Undecided(f"an alert policy on its {trouble} may still come")
    elif service.is_passthrough is UNKNOWN or service.protocol is UNKNOWN:
        yield Undecided("its load balancer is not known, and so whether it measures requests")
    else:
        yield Fail(
            f"No alert policy tells of {trouble}.",
            "Enabled alert policies with a notification channel, on errors and latency of the service.",
            f"Add an `AlertPolicy` with a condition on {measure} of this service.",
        )
