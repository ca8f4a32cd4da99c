"""What makes rules apply to a subject, shared by those that ask for the same."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.frontend.proxy import is_behind_proxy
from policypack.model.values.logic import any_of, negation
from policypack.model.values.values import Unknown
from policypack.verdict import Condition


def uses_proxy(otherwise: str) -> Condition[BackendService]:
    """It is no passthrough load balancer, which has neither a proxy nor what comes with one."""
    return Condition(lambda service: negation(service.is_passthrough), otherwise, "load_balancing_scheme")


def handles_requests(otherwise: str) -> Condition[BackendService]:
    """Its load balancer handles requests, and not only connections or packets."""
    return Condition(lambda service: service.measures_requests, otherwise, "protocol")


def is_measured(otherwise: str) -> Condition[BackendService]:
    """Its backends are of a kind that the load balancer checks; one without backends may get some."""
    return Condition(_may_be_measured, otherwise, "backends")


def _may_be_measured(service: BackendService) -> bool | Unknown:
    return True if service.has_no_backends else service.is_measured


HAS_BACKENDS: Final = Condition[BackendService](
    lambda service: not service.has_no_backends, "it has no backends", "backends"
)
GETS_BACKENDS: Final = Condition[BackendService](
    lambda service: service.attachments.any or not service.has_no_backends, "it has no backends", "backends"
)
TAKES_HEALTH_CHECKS: Final = Condition[BackendService](
    lambda service: service.is_measured is not False, "its backends support no health check", "backends"
)
HAS_HEALTH_CHECK: Final = Condition[BackendService](
    lambda service: bool(service.health_check_links.members) or not service.health_check_links.is_complete,
    "it has no health check",
    "health_checks",
)
SERVES: Final = Condition[GroupManager](
    lambda group: bool(group.serving), "it is not a backend of any service", "backends"
)
# With a proxy in front the scheme itself is wrong, and what would fit the scheme leads the wrong way.
FITS_ITS_FRONT: Final = Condition[BackendService](
    lambda service: any_of([negation(service.is_passthrough), negation(is_behind_proxy(service))]),
    "it is behind a target proxy, which requires another scheme: see `forwarding-rule-scheme`",
    "load_balancing_scheme",
)
IS_A_PRODUCT: Final = Condition[BackendService](
    lambda service: bool(service.products),
    "its scheme and protocol match no load balancer: see `load-balancer-product`",
    "protocol",
)
IS_EXTERNAL: Final = Condition[BackendService](
    lambda service: service.is_external, "it is internal", "load_balancing_scheme"
)
TAKES_CLOUD_ARMOR: Final = Condition[BackendService](
    lambda service: service.takes_security_policy, "its load balancer supports no Cloud Armor policy", "protocol"
)
