"""The rule `health-check-logging`."""

from __future__ import annotations

from policypack.model.balancing.health_check import HealthCheck
from policypack.rule import Options, rule
from policypack.verdict import Checks, Condition, Fail, known, setting


@rule(
    title="Health checks log health state changes",
    severity="low",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-logging",
    applies=(Condition(lambda check: not check.is_legacy, "a legacy health check cannot log", "log_config"),),
)
def health_check_logging(check: HealthCheck, options: Options) -> Checks:
    """Each health check logs when a VM's health changes.

    ## What it checks
    `log_config` of the health check has `enable=True`. By default, nothing is logged.

    ## Why it matters
    When VMs become unhealthy at night, the log shows which ones, when, and how their server responded. That
    distinguishes an overloaded server from a crash or a changed firewall. Only state changes are logged, so it costs
    next to nothing.

    ## Applies to
    Every `HealthCheck` and `RegionHealthCheck`, for load balancing and for autohealing. A legacy `HttpHealthCheck` or
    `HttpsHealthCheck` cannot log and is not judged.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    check = gcp.compute.HealthCheck("chat", http_health_check={"request_path": "/health", "port": 8000})
    gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", health_checks=check.id)
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    check = gcp.compute.HealthCheck(
        "chat",
        http_health_check={"request_path": "/health", "port": 8000},
        log_config={"enable": True},
    )
    gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", health_checks=check.id)
    ```

    ## Undecided
    When `log_config` is computed.
    """
    if not known(check.is_logged, "log_config"):
        yield Fail(
            "It does not log health state changes.",
            "Health state changes are logged.",
            setting({"log_config": {"enable": True}}),
        )
