"""The rule `llm-backend-outlier-detection`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.service_settings import OutlierDetection
from policypack.model.run.failover_signal import SIGNALLED_KINDS, SIGNALLING_SCHEMES, counts_consecutive_errors
from policypack.model.values.logic import is_set, negation, when_known
from policypack.model.values.spelling import properties
from policypack.model.values.values import Unknown
from policypack.rule import Options, Range, rule
from policypack.rules.shared.conditions import handles_requests
from policypack.verdict import Checks, Condition, Fail, known, not_known, provided, setting

_HAS_NONE: Final = "its load balancer has no outlier detection"
# https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts: what it has no effect on.
_BY_SUCCESS_RATE: Final = (
    ("enforcing_success_rate", "enforcingSuccessRate"),
    ("success_rate_minimum_hosts", "successRateMinimumHosts"),
    ("success_rate_request_volume", "successRateRequestVolume"),
    ("success_rate_stdev_factor", "successRateStdevFactor"),
)


@dataclass(frozen=True)
class OutlierDetectionOptions(Options):
    """Options of `llm-backend-outlier-detection`.

    Attributes:
        min_ejection_percent: the lowest accepted `max_ejection_percent`. 10 is the provider's default
            (https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/), so it may be omitted. A
            small fleet needs a higher value to eject a single VM.
    """

    min_ejection_percent: Annotated[int, Range(1, 100)] = 10


def _has_outlier_detection(service: BackendService) -> bool | Unknown:
    """A cross-region internal load balancer has it for serverless NEGs; for other kinds, pages do not agree."""
    if service.has_only_serverless_backends and not service.is_regional:
        return when_known(service.scheme, lambda scheme: scheme in SIGNALLING_SCHEMES)
    return service.has_outlier_detection


def _may_be_ejected(service: BackendService) -> bool | Unknown:
    """Serverless and Private Service Connect NEGs can have it, but `llm-backend-failover-signal` asks for it there."""
    if service.kinds and service.kinds <= SIGNALLED_KINDS and not service.is_regional:
        return service.outlier_detection.is_set
    return True if service.has_no_backends else service.is_measured


@rule(
    title="Servers that return errors are ejected",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/https/traffic-management-global#outlier_detection",
    applies=(
        handles_requests(_HAS_NONE),
        Condition(_has_outlier_detection, _HAS_NONE, "load_balancing_scheme"),
        Condition(_may_be_ejected, "its backends are not servers that the load balancer monitors", "backends"),
    ),
    remediates=True,
)
def llm_backend_outlier_detection(service: BackendService, options: OutlierDetectionOptions) -> Checks:
    """Servers that return errors receive no requests for a while, whatever their health check says.

    ## What it checks
    `outlier_detection` is set, `max_ejection_percent` is at least `min_ejection_percent`, and at least one of the
    `enforcing_...` percentages is above 0, so that some outliers are ejected.

    With serverless NEGs, the backend service has no `iap`, which disables outlier detection, and sets no success rate,
    which has no effect.

    ## Why it matters
    `/health` shows that the process is alive. A server whose GPU fails every generation still passes that check. It
    returns errors faster than the other servers respond, and so attracts their requests.

    ## Applies to
    - Application Load Balancers with instance groups or with zonal or hybrid NEGs: global external, regional external,
      regional internal, and Cloud Service Mesh.
    - Global external and cross-region internal Application Load Balancers with serverless or Private Service Connect
      NEGs, if they have outlier detection. `llm-backend-failover-signal` judges whether they need it.

    Classic, proxy Network and passthrough load balancers are exempt, because they do not support outlier detection.
    Cross-region internal load balancers do not support it for other backends.

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
    The verdict is undecided when:

    - a setting is computed, and the verdict depends on it;
    - the scheme, the protocol or the kind of the backends is not known, so that the load balancer may not support
      outlier detection;
    - serverless or Private Service Connect NEGs have no outlier detection, because their product may have its own
      health signal.
    """
    detection = service.outlier_detection
    if known(detection.is_set, "outlier_detection"):
        yield _ejects_enough_servers(detection, options)
        is_serverless = service.has_serverless_backends
        doubt = not_known("backends", because="serverless NEGs do not support all of ``outlier_detection``")
        yield provided(is_serverless, doubt, _is_not_off_for_serverless(service))
        yield provided(is_serverless, doubt, _ejects_at_all(counts_consecutive_errors(service)))
        yield provided(negation(is_serverless), doubt, _ejects_at_all(detection.is_enforced))
    else:
        yield Fail(
            "It has no ``outlier_detection``.",
            "Outlier detection.",
            setting({"outlier_detection": {"consecutive_errors": 5, "max_ejection_percent": 50}}),
        )


def _ejects_enough_servers(detection: OutlierDetection, options: OutlierDetectionOptions) -> Checks:
    percent = known(detection.max_ejection_percent, "max_ejection_percent", within="outlier_detection")
    if percent < options.min_ejection_percent:
        yield Fail(
            f"Its outlier detection ejects at most {percent:g} % of the servers.",
            f"``max_ejection_percent`` of at least {options.min_ejection_percent}.",
            "Set ``max_ejection_percent`` so that one server of the smallest group can be ejected.",
        )


def _ejects_at_all(is_enforced: bool | Unknown) -> Checks:
    if not known(is_enforced, "enforcing_consecutive_errors", within="outlier_detection"):
        yield Fail(
            "Its outlier detection ejects nothing: all ``enforcing_...`` percentages are 0.",
            "Outlier detection that ejects servers.",
            setting({"outlier_detection": {"enforcing_consecutive_errors": 100}}),
        )


def _is_not_off_for_serverless(service: BackendService) -> Checks:
    if known(service.uses_iap, "iap", because="it turns off outlier detection for serverless NEGs"):
        yield Fail(
            "It has `iap`, which turns off outlier detection for serverless NEGs.",
            "Outlier detection that ejects servers.",
            "Remove `iap` here, and set ``iap_enabled=True`` on the Cloud Run services.",
        )
    block = service.resource.asked.block("outlierDetection")
    found = [name for name, key in _BY_SUCCESS_RATE if is_set(block.number(key)) is True]
    if found:
        yield Fail(
            f"It sets {properties(found)}, which serverless NEGs do not support.",
            "Outlier detection based on consecutive errors.",
            f"Remove {properties(found)}.",
        )
