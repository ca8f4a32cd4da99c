"""What is left of each service's capacity when a region is lost, for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from policypack.model.backend_service import BackendService
from policypack.model.capacity import Loss, losses
from policypack.model.fleet import service_fleets

Survival: TypeAlias = Literal["survives", "does not survive", "undecided", "not applicable"]


@dataclass(frozen=True)
class RegionLoss:
    """The loss of one region: with the machines that are there, and once the autoscalers have added all they may."""

    warm: Loss
    scaled_out: Loss


@dataclass(frozen=True)
class FailoverPicture:
    """What the loss of each region means for a service.

    Attributes:
        service: its logical name.
        urn: its URN.
        losses: one for each region; empty if they cannot be told.
        survival: whether it survives each of them with the machines that are there, as the rule
            `llm-backend-failover-capacity` judges by default.
        why: why `losses` are empty, or uncertain; clauses.
    """

    service: str
    urn: str
    losses: tuple[RegionLoss, ...]
    survival: Survival
    why: tuple[str, ...] = ()


def failover_picture(service: BackendService) -> FailoverPicture:
    """What the loss of each region means for a service."""
    exempt = _exempt(service)
    if exempt:
        return FailoverPicture(service.name, service.urn, (), "not applicable", (exempt,))
    found = service_fleets(service)
    if found.has_untargeted:
        untargeted = "a backend has no target, and so no capacity to speak of"
        return FailoverPicture(service.name, service.urn, (), "not applicable", (untargeted,))
    if service.leaves_backends_to_a_controller or found.why:
        why = found.why or ("`ignore_changes` leaves its backends to a controller",)
        return FailoverPicture(service.name, service.urn, (), "undecided", why)
    warm, scaled_out = losses(found.fleets), losses(found.fleets, after_scale_out=True)
    regions = tuple(RegionLoss(*pair) for pair in zip(warm, scaled_out, strict=True))
    if all(loss.is_survivable for loss in warm):
        return FailoverPicture(service.name, service.urn, regions, "survives")
    if not found.is_exact:
        inexact = "an autoscaler follows further signals, so the steady load may be lower"
        return FailoverPicture(service.name, service.urn, regions, "undecided", (inexact,))
    return FailoverPicture(service.name, service.urn, regions, "does not survive")


def _exempt(service: BackendService) -> str:
    if service.is_regional or service.has_no_backends or service.regions.upper == 1:
        return "its backends are in one region or none, so there is none to fail over to"
    return "its backends take no target" if service.is_measured is False else ""
