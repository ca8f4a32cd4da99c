"""The rule `health-check-timing`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.health_check import HealthCheck
from policypack.model.fleets.health_check_use import is_for_balancing, is_for_healing
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Fail, Undecided, Verdict


@dataclass(frozen=True)
class TimingOptions(Options):
    """Options of `health-check-timing`.

    Attributes:
        max_detection_sec: after how many seconds without an answer the load balancer has to leave a machine out at the
            latest; Google's defaults give 10 (5 s, 2 failures), and 60 leave room for the 30 (10 s, 3 failures) that
            suit busy servers (https://cloud.google.com/load-balancing/docs/health-check-concepts).
        min_healing_sec: for how many seconds without an answer autohealing has to wait at least before it recreates a
            machine; 90 is Google's example of a check for autohealing (30 s, 3 failures)
            (https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs).
        min_threshold: how many answers in a row have to agree before the load balancer changes its mind; 2 is
            Google's default for both thresholds (https://cloud.google.com/load-balancing/docs/health-check-concepts).
    """

    max_detection_sec: Annotated[int, Range(1, 3000)] = 60
    min_healing_sec: Annotated[int, Range(1, 3000)] = 90
    min_threshold: Annotated[int, Range(1, 10)] = 2


@rule(
    title="Health checks are quick for load balancing, patient for healing, and steady",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-concepts",
)
def health_check_timing(check: HealthCheck, options: TimingOptions) -> Iterator[Verdict]:
    """A dead machine is out soon, a busy one is not recreated, and one that is starting does not flap.

    ## What it checks
    `timeout_sec` is not longer than `check_interval_sec` (5 seconds each where left out). A check that a backend
    service uses sees a dead machine within `max_detection_sec`: `check_interval_sec` times `unhealthy_threshold`; and
    both thresholds are at least `min_threshold`. A check that only autohealing uses waits at least `min_healing_sec`
    before it gives up a machine, and its `unhealthy_threshold` is at least `min_threshold`; one answer may tell that a
    machine is back. The thresholds are 2 where left out. A check for both is judged as one for load balancing.

    ## Why it matters
    The API refuses a timeout longer than the interval, which a preview does not show. Until the check has failed often
    enough, the load balancer sends a dead machine its share of all requests. A server that reads a large prompt may
    miss one probe, and one that is still starting may answer one: if a single answer decides, machines go in and out,
    and with them the load of all others. A healing check as quick as the load balancer's recreates machines for being
    busy, and a new one takes minutes to load its model.

    ## Applies to
    `HealthCheck`, `RegionHealthCheck`, `HttpHealthCheck` and `HttpsHealthCheck` of a backend service of any scheme or
    of a managed instance group behind one.

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
    yield from _judge_timeout(check)
    for_balancing, for_healing = is_for_balancing(check), is_for_healing(check)
    if for_balancing is True:
        yield from _judge_detection(check, options)
        yield from _judge_threshold("unhealthy_threshold", check.unhealthy_threshold, options)
        yield from _judge_threshold("healthy_threshold", check.healthy_threshold, options)
    elif for_balancing is False and for_healing is True:
        yield from _judge_patience(check, options)
        yield from _judge_threshold("unhealthy_threshold", check.unhealthy_threshold, options)
    elif for_balancing is UNKNOWN or for_healing is UNKNOWN:
        yield Undecided("it is not known whether load balancing or autohealing uses it")


def _judge_timeout(check: HealthCheck) -> Iterator[Verdict]:
    if isinstance(check.timeout, Unknown) or isinstance(check.interval, Unknown):
        yield Undecided("its `timeout_sec` or `check_interval_sec` is not known")
    elif check.timeout > check.interval:
        yield Fail(
            f"Its `timeout_sec` {check.timeout:g} is longer than its `check_interval_sec` {check.interval:g}.",
            "A timeout that is not longer than the interval.",
            "Lower `timeout_sec` (5 where left out), or raise `check_interval_sec`.",
        )


def _judge_detection(check: HealthCheck, options: TimingOptions) -> Iterator[Verdict]:
    if isinstance(check.interval, Unknown) or isinstance(check.unhealthy_threshold, Unknown):
        yield Undecided("it is not known after how long a machine is unhealthy")
    elif check.interval * check.unhealthy_threshold > options.max_detection_sec:
        yield Fail(
            f"A dead machine gets requests for {check.interval * check.unhealthy_threshold:g} seconds "
            f"({check.unhealthy_threshold:g} failures, {check.interval:g} seconds apart).",
            f"A dead machine is out within {options.max_detection_sec} seconds.",
            "Lower `check_interval_sec` or `unhealthy_threshold`.",
        )


def _judge_patience(check: HealthCheck, options: TimingOptions) -> Iterator[Verdict]:
    if isinstance(check.interval, Unknown) or isinstance(check.unhealthy_threshold, Unknown):
        yield Undecided("it is not known after how long a machine is recreated")
    elif check.interval * check.unhealthy_threshold < options.min_healing_sec:
        yield Fail(
            f"A machine that is busy for {check.interval * check.unhealthy_threshold:g} seconds is recreated "
            f"({check.unhealthy_threshold:g} failures, {check.interval:g} seconds apart).",
            f"Autohealing waits at least {options.min_healing_sec} seconds.",
            "Raise `check_interval_sec` or `unhealthy_threshold` of the healing check.",
        )


def _judge_threshold(name: str, threshold: float | Unknown, options: TimingOptions) -> Iterator[Verdict]:
    if isinstance(threshold, Unknown):
        yield Undecided(f"its `{name}` is not known")
    elif threshold < options.min_threshold:
        yield Fail(
            f"Its `{name}` is {threshold:g}.",
            f"Thresholds of at least {options.min_threshold}, so that no single answer decides.",
            f"Raise the threshold to {options.min_threshold} or more.",
        )
