"""The rule `health-check-timing`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.health_check import HealthCheck
from policypack.model.fleets.health_check_use import is_for_balancing, is_for_healing
from policypack.model.values.values import Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Checks, Fail, Undecided, decided, known, setting

_UNKNOWN_USE = Undecided("it is not known whether load balancing or autohealing uses it", "health_checks")


@dataclass(frozen=True)
class TimingOptions(Options):
    """Options of `health-check-timing`.

    Attributes:
        max_detection_sec: the maximum time without a response, in seconds, after which the load balancer must treat a
            VM as unhealthy. Google's defaults result in 10 (5 s, 2 failures). The default of 60 leaves room for 30 (10
            s, 3 failures), which suits busy servers
            (https://cloud.google.com/load-balancing/docs/health-check-concepts).
        min_healing_sec: the minimum time without a response, in seconds, before autohealing recreates a VM. 90 is
            Google's example of an autohealing check (30 s, 3 failures)
            (https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs).
        min_threshold: the minimum number of consecutive responses that change the health state. 2 is Google's default
            for both thresholds (https://cloud.google.com/load-balancing/docs/health-check-concepts).
    """

    max_detection_sec: Annotated[int, Range(1, 3000)] = 60
    min_healing_sec: Annotated[int, Range(1, 3000)] = 90
    min_threshold: Annotated[int, Range(1, 10)] = 2


@rule(
    title="Health checks fail over quickly, heal patiently, and do not flap",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-concepts",
)
def health_check_timing(check: HealthCheck, options: TimingOptions) -> Checks:
    """Dead VMs are detected quickly, busy VMs are not recreated, and starting VMs do not flap.

    ## What it checks
    - `timeout_sec` is not longer than `check_interval_sec`. Both default to 5 seconds.
    - A check that a backend service uses detects a dead VM within `max_detection_sec` (`check_interval_sec` times
      `unhealthy_threshold`), and both thresholds are at least `min_threshold`.
    - A check that only autohealing uses waits at least `min_healing_sec` before it gives up on a VM, and its
      `unhealthy_threshold` is at least `min_threshold`. A single response may mark a VM as healthy again.

    Thresholds default to 2. A check for both purposes is judged as one for load balancing.

    ## Why it matters
    The API rejects a timeout longer than the interval, and the preview does not show that.

    Until the check has failed often enough, the load balancer sends a dead VM its share of all requests. A server that
    processes a large prompt may miss one probe, and one that is still starting may answer one. If a single response
    decides, VMs go in and out of service, and the load of all others changes with them.

    An autohealing check as quick as the load balancer's recreates VMs for being busy, and a new VM takes minutes to
    load its model.

    ## Applies to
    Every `HealthCheck`, `RegionHealthCheck`, `HttpHealthCheck` and `HttpsHealthCheck` that is used by a backend service
    of any scheme or by a managed instance group behind one.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    check = gcp.compute.HealthCheck(
        "chat",
        check_interval_sec=30,
        timeout_sec=60,
        unhealthy_threshold=10,
        http_health_check={"request_path": "/health", "port": 8000},
    )
    gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", health_checks=check.id)
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    check = gcp.compute.HealthCheck(
        "chat",
        check_interval_sec=10,
        timeout_sec=5,
        unhealthy_threshold=3,
        http_health_check={"request_path": "/health", "port": 8000},
    )
    gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", health_checks=check.id)
    ```

    ## Undecided
    When one of the numbers is computed, or it is not known what the check is used for.
    """
    yield _timeout_fits_interval(check)
    if decided(is_for_balancing(check), _UNKNOWN_USE):
        yield _fails_over_quickly(check, options)
        yield _does_not_flap("unhealthy_threshold", check.unhealthy_threshold, options)
        yield _does_not_flap("healthy_threshold", check.healthy_threshold, options)
    elif decided(is_for_healing(check), _UNKNOWN_USE):
        yield _heals_patiently(check, options)
        yield _does_not_flap("unhealthy_threshold", check.unhealthy_threshold, options)


def _timeout_fits_interval(check: HealthCheck) -> Checks:
    timeout, interval = known(check.timeout, "timeout_sec"), known(check.interval, "check_interval_sec")
    if timeout > interval:
        yield Fail(
            f"Its ``timeout_sec`` {timeout:g} is longer than its ``check_interval_sec`` {interval:g}.",
            "A timeout no longer than the interval.",
            "Lower ``timeout_sec`` (5 if omitted), or raise ``check_interval_sec``.",
        )


def _fails_over_quickly(check: HealthCheck, options: TimingOptions) -> Checks:
    seconds, how = _seconds_until_unhealthy(check)
    if seconds > options.max_detection_sec:
        yield Fail(
            f"A dead VM receives requests for {seconds:g} seconds ({how}).",
            f"A dead VM is detected within {options.max_detection_sec} seconds.",
            "Lower ``check_interval_sec`` or ``unhealthy_threshold``.",
        )


def _heals_patiently(check: HealthCheck, options: TimingOptions) -> Checks:
    seconds, how = _seconds_until_unhealthy(check)
    if seconds < options.min_healing_sec:
        yield Fail(
            f"A VM that is busy for {seconds:g} seconds is recreated ({how}).",
            f"Autohealing waits at least {options.min_healing_sec} seconds.",
            "Raise ``check_interval_sec`` or ``unhealthy_threshold`` of the healing check.",
        )


def _does_not_flap(name: str, threshold: float | Unknown, options: TimingOptions) -> Checks:
    answers = known(threshold, name)
    if answers < options.min_threshold:
        yield Fail(
            f"Its ``{name}`` is {answers:g}.",
            f"Thresholds of at least {options.min_threshold}, so that no single probe decides.",
            setting({name: options.min_threshold}, " or more."),
        )


def _seconds_until_unhealthy(check: HealthCheck) -> tuple[float, str]:
    interval = known(check.interval, "check_interval_sec")
    failures = known(check.unhealthy_threshold, "unhealthy_threshold")
    return interval * failures, f"{failures:g} failures, {interval:g} seconds apart"
