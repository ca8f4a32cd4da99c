"""What rules say of backends that autoneg attaches to a backend service, as annotations of Services tell.

https://github.com/GoogleCloudPlatform/gke-autoneg-controller
"""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.kubernetes.controllers import Attachment
from policypack.model.products.product import is_refused
from policypack.model.products.targets import MODES
from policypack.rules.shared.refusal import which_product
from policypack.verdict import Checks, Fail, known

_RATE, _CONNECTIONS = "max_rate_per_endpoint", "max_connections_per_endpoint"
# The mode that the controller chooses -> what to set, and instead of what, for the other one.
_OTHER_MODE = {"CONNECTION": (_RATE, _CONNECTIONS), "RATE": (_CONNECTIONS, _RATE)}


def attached_have_limits(service: BackendService) -> Checks:
    """Each has a limit by its mode."""
    for one in service.attachments.certain:
        yield _has_limit(service, one)


def _has_limit(service: BackendService, one: Attachment) -> Checks:
    if known(one.is_bounded, one.annotation, one.service.name):
        return
    mode = known(one.balancing_mode, one.annotation, one.service.name)
    limit = _RATE if service.measures_requests is not False else _CONNECTIONS
    why = "its metrics are in dry-run mode" if mode == "CUSTOM_METRICS" else f"it is in {mode} mode without a limit"
    yield Fail(
        f"What {one.label} attaches never counts as full: {why}.",
        "A limit for each endpoint, or a custom metric that counts.",
        f"Set `{limit}` in {one.label} to what one server can handle.",
    )


def attached_have_a_mode_of_it(service: BackendService) -> Checks:
    """Each is in a mode that the load balancer of the service has."""
    for one in service.attachments.certain:
        yield _has_mode_of_it(service, one)


def _has_mode_of_it(service: BackendService, one: Attachment) -> Checks:
    mode = known(one.balancing_mode, one.annotation, one.service.name)
    cells = {MODES[mode].cells[product] for product in service.nearest_products}
    if is_refused(cells) is True:
        field, instead_of = _OTHER_MODE.get(mode, (_CONNECTIONS, "custom_metrics"))
        yield Fail(
            f"{one.label} attaches backends in {mode} mode, which this load balancer does not support.",
            "A mode that the load balancer supports: the controller uses RATE if a rate is set, and CONNECTION "
            "otherwise.",
            f"Set `{field}` in {one.label}, and remove `{instead_of}`.",
        )
    elif len(cells) > 1 and service.undecided_property:
        yield which_product(service)
