"""The rule `llm-backend-outlier-detection`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.service_settings import OutlierDetection
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict


@dataclass(frozen=True)
class OutlierDetectionOptions(Options):
    """Options of `llm-backend-outlier-detection`.

    Attributes:
        min_ejection_percent: the lowest `max_ejection_percent` that is accepted. 10 is the provider's default
            (https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/), so leaving it out is
            enough; a small fleet needs more to eject one machine.
    """

    min_ejection_percent: Annotated[int, Range(1, 100)] = 10


@rule(
    title="Servers that answer with errors are ejected",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/traffic-management-global#outlier_detection",
)
def llm_backend_outlier_detection(service: BackendService, options: OutlierDetectionOptions) -> Iterator[Verdict]:
    """Servers whose answers are errors get no requests for a while, whatever their health check says.

    ## What it checks
    `outlier_detection` is there, `max_ejection_percent` is at least `min_ejection_percent`, and one kind of outlier at
    least is ejected: not all of the `enforcing_...` percentages are 0.

    ## Why it matters
    `/health` says that the process is alive. A server whose GPU fails every generation passes it, answers faster than
    all others, with errors, and draws the requests to itself.

    ## Applies to
    Application load balancers that have it, with instance groups, zonal or hybrid NEGs: global external ones, service
    mesh, regional external and internal ones. Classic, cross-region internal, proxy Network and passthrough load
    balancers have none.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        backends=[{"group": "projects/my-project/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
         protocol="HTTP",
    +    outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},
         backends=[{"group": "projects/my-project/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
    ```

    ## Undecided
    When a setting is computed and decides, or scheme, protocol or the kind of the backends is not known, and so
    whether the load balancer has outlier detection.
    """
    if service.has_outlier_detection is False:
        yield NotApplicable("its load balancer has no outlier detection")
        return
    if service.is_measured is False:
        yield NotApplicable("its backends are not servers that the load balancer watches")
        return
    for verdict in _judge(service.outlier_detection, options):
        if isinstance(verdict, Fail) and service.has_outlier_detection is UNKNOWN:
            yield Undecided("scheme or protocol is not known, and so whether its load balancer has outlier detection")
        elif isinstance(verdict, Fail) and not service.has_no_backends and service.is_measured is UNKNOWN:
            yield Undecided("the kind of its backends is not known, and so whether the load balancer watches them")
        else:
            yield verdict


def _judge(detection: OutlierDetection, options: OutlierDetectionOptions) -> Iterator[Verdict]:
    if isinstance(detection.is_set, Unknown):
        yield Undecided("`outlier_detection` is not known")
        return
    if not detection.is_set:
        yield Fail(
            "It has no `outlier_detection`.",
            "Outlier detection.",
            'Set `outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50}`.',
        )
        return
    percent, is_enforced = detection.max_ejection_percent, detection.is_enforced
    if isinstance(percent, Unknown):
        yield Undecided("`max_ejection_percent` is not known")
    elif percent < options.min_ejection_percent:
        yield Fail(
            f"Its outlier detection ejects at most {percent:g} % of the servers.",
            f"`max_ejection_percent` of {options.min_ejection_percent} at least.",
            "Set `max_ejection_percent` so that one server of the smallest group may go.",
        )
    if is_enforced is UNKNOWN:
        yield Undecided("it is not known whether outlier detection ejects anything")
    elif is_enforced is False:
        yield Fail(
            "Its outlier detection only counts: all `enforcing_...` percentages are 0.",
            "Outlier detection that ejects.",
            "Set `enforcing_consecutive_errors=100`.",
        )
