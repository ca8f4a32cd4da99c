"""The rule `llm-backend-alerts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.observability.alert import alert_policies
from policypack.model.observability.alert_query import Signal
from policypack.model.values.logic import all_of, any_of, negation
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, Range, rule
from policypack.rules.shared.conditions import handles_requests, uses_proxy
from policypack.verdict import Checks, Fail, Undecided, provided
from policypack.wording import quoted

_NAMES: Final[dict[Signal, str]] = {"errors": "request errors", "latency": "latency"}
_MOST_NAMES: Final = 3
_FIXES: Final[dict[Signal, str]] = {
    "errors": "Add an `AlertPolicy` with a condition on the ratio of responses with status 5xx of this service.",
    "latency": "Add an `AlertPolicy` with a condition on a percentile of `total_latencies` of this service.",
}
_THRESHOLDS: Final[dict[Signal, str]] = {
    "errors": "Set the threshold of {names} below 1: a ratio of requests is never above 1.",
    "latency": "Set the threshold of {names} to {lowest:g} milliseconds or more (the option "
    "``min_latency_threshold_ms``): load balancer metrics are in milliseconds.",
}
_MEASURES_NONE: Final = "its load balancer measures no requests"


@dataclass(frozen=True)
class AlertsOptions(Options):
    """Options of `llm-backend-alerts`. The two signals are those of the four that Google's own operators watch
    (https://sre.google/sre-book/monitoring-distributed-systems/) which users feel at once.

    Attributes:
        errors: whether an alert on failing requests is required.
        latency: whether an alert on slow responses is required.
        min_latency_threshold_ms: the lowest threshold for latencies of a load balancer, in milliseconds; a response
            from a language model takes seconds, so a lower value is usually seconds by mistake.
    """

    errors: bool = True
    latency: bool = True
    min_latency_threshold_ms: Annotated[float, Range(0, 86400000)] = 1000


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
    The stack has enabled alert policies with a notification channel. One condition covers server errors (status 500 and
    above, or a ratio of two counts), and one covers latency (a percentile, a latency metric, or time to first token).
    Each has a threshold that can be reached: a ratio below 1, or milliseconds from `min_latency_threshold_ms`.

    Each condition is about this service in one of these ways:

    - it is computed from the service, its front end or an objective (`Slo`) on it;
    - it names the service;
    - it covers every load balancer of the same product.

    The rule reads filters, PromQL, MQL and the filters of log-based metrics. If the query is not known yet, the form of
    its condition decides.

    ## Why it matters
    A region fails health checks, a queue grows, a model returns errors: health checks detect only the first, and users
    notice all of them before anyone looks at a dashboard.

    ## Applies to
    Services of global and regional Application Load Balancers, external and internal. Other load balancers measure only
    connections.

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
    When the conditions of a policy are computed and show neither what they watch nor which service, when they name a
    service that may be this one, or when they are in SQL.
    """
    if options.errors:
        yield _is_covered(service, options, "errors")
    if options.latency:
        yield _is_covered(service, options, "latency")


def _is_covered(service: BackendService, options: AlertsOptions, signal: Signal) -> Checks:
    policies, lowest = alert_policies(service), options.min_latency_threshold_ms
    covers = [
        (policy, all_of([policy.is_enabled, policy.tells_somebody, policy.covers(service, signal, lowest)]))
        for policy in policies
    ]
    why = f"whether an alert policy covers its {_NAMES[signal]} is not known"
    hidden = [policy.name for policy, found in covers if found is UNKNOWN and policy.hides_its_conditions]
    if hidden:
        why += f": what {quoted(hidden[:_MOST_NAMES])} measures is computed (inside an `apply`?)"
    fails = _nothing_covers(service, options, signal)
    yield provided(negation(any_of(found for _, found in covers)), Undecided(why, "conditions"), fails)


def _nothing_covers(service: BackendService, options: AlertsOptions, signal: Signal) -> Checks:
    if not service.stack.is_complete:
        yield Undecided(f"an alert policy that covers its {_NAMES[signal]} may be created later in this update")
        return
    policies, lowest = alert_policies(service), options.min_latency_threshold_ms
    wrong = [policy.name for policy in policies if policy.has_wrong_threshold(service, signal, lowest)]
    names = quoted(wrong[:_MOST_NAMES]) if wrong else ""
    yield Fail(
        f"No alert policy covers {_NAMES[signal]}" + (f": {names} cannot tell, by the threshold." if wrong else "."),
        "Enabled alert policies with a notification channel, on the service's errors and latency.",
        _THRESHOLDS[signal].format(names=names, lowest=lowest) if wrong else _FIXES[signal],
    )
