"""What makes rules apply to a backend service, shared by those that ask for the same."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.values.logic import negation
from policypack.model.values.values import Unknown
from policypack.verdict import Condition


def uses_proxy(otherwise: str) -> Condition[BackendService]:
    """It is no passthrough load balancer, which has neither a proxy nor what comes with one."""
    return Condition(lambda service: negation(service.is_passthrough), otherwise, "load_balancing_scheme")


def is_measured(otherwise: str) -> Condition[BackendService]:
    """Its backends are of a kind that the load balancer checks; one without backends may get some."""
    return Condition(_may_be_measured, otherwise, "backends")


def _may_be_measured(service: BackendService) -> bool | Unknown:
    return True if service.has_no_backends else service.is_measured


HAS_BACKENDS: Final = Condition[BackendService](
    lambda service: not service.has_no_backends, "it has no backends", "backends"
)
TAKES_HEALTH_CHECKS: Final = Condition[BackendService](
    lambda service: service.is_measured is not False, "its backends take no health check", "backends"
)
SERVES: Final = Condition[GroupManager](
    lambda group: bool(group.serving), "it is not a backend of any service", "backends"
)
