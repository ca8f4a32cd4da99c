"""The rule `llm-backend-alerts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.alert import alert_policies
from policypack.model.graph.stack import Stack
from policypack.model.values.logic import all_of, any_of, negation
from policypack.model.values.values import Unknown
from policypack.rule import Options, rule
from policypack.rules.conditions import handles_requests, uses_proxy
from policypack.verdict import Checks, Fail, Undecided, provided

_MEASURES_NONE: Final = "its load balancer measures no requests"


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
    title="Alerts cover request errors and latency",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring",
    applies=(uses_proxy(_MEASURES_NONE), handles_requests(_MEASURES_NONE)),
)
def llm_backend_alerts(service: BackendService, options: AlertsOptions) -> Checks:
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
    alerting = [
        (policy, all_of([policy.is_enabled, policy.tells_somebody, policy.watches(service.resource)]))
        for policy in alert_policies(service.stack)
    ]
    if options.errors:
        covered = any_of(all_of([alerts, policy.watches_errors]) for policy, alerts in alerting)
        yield _is_covered(covered, "request errors", "the ratio of responses with status 5xx", service.stack)
    if options.latency:
        covered = any_of(all_of([alerts, policy.watches_latency]) for policy, alerts in alerting)
        yield _is_covered(covered, "latency", "a percentile of `total_latencies`", service.stack)


def _is_covered(covered: bool | Unknown, signal: str, measure: str, stack: Stack) -> Checks:
    doubt = Undecided(f"whether an alert policy covers its {signal} is not known", "conditions")
    yield provided(negation(covered), doubt, _nothing_covers(signal, measure, stack))


def _nothing_covers(signal: str, measure: str, stack: Stack) -> Checks:
    if stack.is_complete:
        yield Fail(
            f"No alert policy covers {signal}.",
            "Enabled alert policies with a notification channel, on errors and latency of the service.",
            f"Add an `AlertPolicy` with a condition on {measure} of this service.",
        )
    else:
        yield Undecided(f"an alert policy that covers its {signal} may be created later in this update")
