"""The rule `llm-backend-outlier-detection`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.service_settings import OutlierDetection
from policypack.rule import Options, Range, rule
from policypack.rules.conditions import handles_requests, is_measured
from policypack.verdict import Checks, Condition, Fail, known

_HAS_NONE: Final = "outlier detection is not documented for its load balancer"


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
    title="Servers that return errors are ejected",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/traffic-management-global#outlier_detection",
    applies=(
        handles_requests(_HAS_NONE),
        Condition[BackendService](lambda service: service.has_outlier_detection, _HAS_NONE, "load_balancing_scheme"),
        is_measured("its backends are not servers that the load balancer watches"),
    ),
)
def llm_backend_outlier_detection(service: BackendService, options: OutlierDetectionOptions) -> Checks:
    """Servers whose answers are errors get no requests for a while, whatever their health check says.

    ## What it checks
    `outlier_detection` is there, `max_ejection_percent` is at least `min_ejection_percent`, and one kind of outlier at
    least is ejected: not all of the `enforcing_...` percentages are 0.

    ## Why it matters
    `/health` says that the process is alive. A server whose GPU fails every generation passes it, answers faster than
    all others, with errors, and draws the requests to itself.

    ## Applies to
    Application load balancers that have it, with instance groups, zonal or hybrid NEGs: global external ones, service
    mesh, regional external and internal ones, and cross-region internal ones that set it: pages do not agree whether
    those have it. Classic, proxy Network and passthrough load balancers have none.

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
    detection = service.outlier_detection
    if known(detection.is_set, "outlier_detection"):
        yield _ejects_enough_servers(detection, options)
        yield _ejects_at_all(detection)
    else:
        yield Fail(
            "It has no `outlier_detection`.",
            "Outlier detection.",
            'Set `outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50}`.',
        )


def _ejects_enough_servers(detection: OutlierDetection, options: OutlierDetectionOptions) -> Checks:
    percent = known(detection.max_ejection_percent, "max_ejection_percent", "outlier_detection")
    if percent < options.min_ejection_percent:
        yield Fail(
            f"Its outlier detection ejects at most {percent:g} % of the servers.",
            f"`max_ejection_percent` of at least {options.min_ejection_percent}.",
            "Set `max_ejection_percent` so that one server of the smallest group can be ejected.",
        )


def _ejects_at_all(detection: OutlierDetection) -> Checks:
    if not known(detection.is_enforced, "enforcing_consecutive_errors", "outlier_detection"):
        yield Fail(
            "Its outlier detection only counts: all `enforcing_...` percentages are 0.",
            "Outlier detection that ejects.",
            "Set `enforcing_consecutive_errors=100`.",
        )
