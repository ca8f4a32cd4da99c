"""The rule `llm-backend-outlier-detection`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.balancing.service_settings import OutlierDetection
from policypack.model.values.logic import is_in, same
from policypack.model.values.values import Unknown
from policypack.rule import Options, Range, rule
from policypack.rules.conditions import handles_requests
from policypack.verdict import Checks, Condition, Fail, Undecided, known

_HAS_NONE: Final = "its load balancer has no outlier detection"
# No servers that the load balancer checks: where outlier detection counts their errors, it is a signal beside that of
# the product behind the NEG. https://cloud.google.com/compute/docs/reference/rest/v1/backendServices (outlierDetection)
# and https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
_SERVERLESS: Final = frozenset({GroupKind.SERVERLESS_NEG})
_UNCHECKED: Final = _SERVERLESS | {GroupKind.PRIVATE_SERVICE_CONNECT_NEG}


def _takes_it(service: BackendService) -> bool | Unknown:
    if service.kinds != _SERVERLESS:
        return service.has_outlier_detection
    if service.is_regional:
        return False
    return is_in(service.scheme, ("EXTERNAL_MANAGED", "INTERNAL_MANAGED"))


def _is_watched(service: BackendService) -> bool | Unknown:
    if service.has_no_backends:
        return True
    return same(kind.is_measured or kind in _UNCHECKED for kind in service.kinds)


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
        Condition(_takes_it, _HAS_NONE, "load_balancing_scheme"),
        Condition(_is_watched, "its backends are not servers that the load balancer watches", "backends"),
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
    Application load balancers that have it, with instance groups, zonal, hybrid or Private Service Connect NEGs: global
    external ones, service mesh, regional external and internal ones; with serverless NEGs, global external and
    cross-region internal ones. Classic, proxy Network and passthrough load balancers have none.

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
    whether the load balancer has outlier detection. Serverless and Private Service Connect NEGs without it: their
    product may have a health signal of its own.
    """
    detection = service.outlier_detection
    if known(detection.is_set, "outlier_detection"):
        yield _ejects_enough_servers(detection, options)
        yield _ejects_at_all(detection)
    elif service.kinds and service.kinds <= _UNCHECKED:
        why = "it has no `outlier_detection`, and whether the product behind its NEGs tells that it fails is not known"
        yield Undecided(why, "outlier_detection")
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
