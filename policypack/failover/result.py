"""What `failover` takes and what it finds, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from policypack.failover.overflow import Flow
from policypack.model.fleets.capacity import Loss

Kind: TypeAlias = Literal["machines", "cloudRun", ""]
Verdict: TypeAlias = Literal["survives", "fails", "undecided", "one region", "not applicable"]


class DemandError(Exception):
    """A demand that does not fit the stack; the message says what to do."""


@dataclass(frozen=True)
class Amounts:
    """A number for each backend service, in requests per second.

    Attributes:
        default: for the services that are not named; `None` if there is none for them.
        by_name: for services by their logical names.
    """

    default: float | None = None
    by_name: Mapping[str, float] = field(default_factory=dict)

    def of(self, name: str) -> float | None:
        return self.by_name.get(name, self.default)


@dataclass(frozen=True)
class Demand:
    """The load that services have to carry.

    Attributes:
        peak_rps: requests per second of all regions together; for a service without one the load is inferred: what
            its autoscalers let its warm machines carry.
        rps_per_machine: the requests per second that one machine serves when the load balancer counts it as full;
            needed where a peak is given and the load balancer's target is not in requests per second.
    """

    peak_rps: Amounts = Amounts()
    rps_per_machine: Amounts = Amounts()


INFERRED: Final = Demand()
"""No service has a given peak."""


@dataclass(frozen=True)
class Survivor:
    """One of the regions that are left.

    Attributes:
        region: its name.
        capacity: what it takes until the load balancer counts it as full.
        load: what it is sent; `None` if that depends on which regions are nearest, and that is not known.
    """

    region: str
    capacity: float
    load: float | None

    @property
    def utilization(self) -> float | None:
        """The load as a fraction of the capacity; `None` if it is not known, or there is no capacity or no limit."""
        is_known = self.load is not None and 0 < self.capacity < math.inf
        return self.load / self.capacity if is_known and self.load is not None else None


@dataclass(frozen=True)
class Picture:
    """What happens after a loss, with the machines of one moment.

    Attributes:
        loss: what is left and what has to be carried, as the rule judges it.
        survivors: the regions that are left, ordered by name.
        flows: what overflows where; `None` if that is not known.
        excess: the load beyond all capacity, which the load balancer sends nevertheless.
        unserved: the load that no machine is there for.
    """

    loss: Loss
    survivors: tuple[Survivor, ...]
    flows: tuple[Flow, ...] | None
    excess: float
    unserved: float

    @property
    def is_survivable(self) -> bool:
        return self.loss.is_survivable

    @property
    def is_unlimited(self) -> bool:
        """Nothing but the quota of Cloud Run limits the capacity that is left."""
        return self.loss.left == math.inf

    @property
    def utilization(self) -> float | None:
        """The load as a fraction of all capacity that is left; `None` if there is none, or no limit."""
        return self.loss.load / self.loss.left if 0 < self.loss.left < math.inf else None


@dataclass(frozen=True)
class LostRegion:
    """The loss of one region: with the warm machines only, and once autoscalers have added all that they may."""

    region: str
    warm: Picture
    after_scale_out: Picture


@dataclass(frozen=True)
class Region:
    """One region of a service.

    Attributes:
        region: its name.
        warm_machines: how many machines, or instances of Cloud Run, are there at least.
        max_machines: how many there can be; infinite if nothing but the quota limits them.
        warm_capacity: what the warm ones take until the load balancer counts them as full.
        max_capacity: the same of all that there can be.
        load: what arises next to it.
    """

    region: str
    warm_machines: float
    max_machines: float
    warm_capacity: float
    max_capacity: float
    load: float


@dataclass(frozen=True)
class Change:
    """One setting to change.

    Attributes:
        resource: the logical name of the autoscaler, of the group if it has a fixed size, or of the Cloud Run service.
        setting: the property, as programs write it.
        before: its value today.
        after: its value after the change.
        region: the region of the group.
    """

    resource: str
    setting: str
    before: float
    after: float
    region: str


@dataclass(frozen=True)
class Remedies:
    """Changes of which each alone makes every loss survivable.

    Attributes:
        machines: the fewest warm machines to add, or by how many instances Cloud Run has to be able to grow; `None` if
            no number is enough.
        targets: the highest autoscaler targets at which the machines of today are enough; `None` if there are none.
        highest_fill: the fraction of the load balancer's target that these targets are, rounded down; `None` as well.
        needed: what it takes if neither is possible, a sentence; else empty.
    """

    machines: tuple[Change, ...] | None = None
    targets: tuple[Change, ...] | None = None
    highest_fill: float | None = None
    needed: str = ""


@dataclass(frozen=True)
class ServiceFailover:
    """What the loss of each region means for one backend service.

    Attributes:
        urn: its URN.
        name: its logical name.
        verdict: `survives`, `fails` and `undecided` as the rule `llm-backend-failover-capacity` says, with the given
            demand in place of the inferred load; where that is not applicable `one region` for a global service whose
            loss of its only region nobody makes up for, else `not applicable`.
        reasons: why it is undecided or not applicable, or fails for another reason than its numbers, clauses.
        blocked_by: for each of the reasons the input property that would decide, by its Python name; empty if none is
            about a property.
        unit: what capacity and load are counted in; empty without numbers.
        peak_rps: the demand that was given, in requests per second; `None` if the load is inferred.
        is_at_most: the capacity is an upper bound, as a further limit may be reached earlier.
        regions: its regions, ordered by name; empty if the numbers are not known.
        losses: the loss of each of them.
        notes: what the reader has to know about the numbers, sentences.
        remedies: what to do; `None` if nothing has to be done or it cannot be told.
        enough: with a demand, the fewest machines that carry it whichever region is lost: (region, machines).
        kind: `cloudRun` if its backends are serverless, which start instances as requests come, `machines` if they have
            health checks and targets, else empty.
        undetected: the regions that the load balancer does not leave when they are dead.
    """

    urn: str
    name: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    unit: str = ""
    peak_rps: float | None = None
    is_at_most: bool = False
    regions: tuple[Region, ...] = ()
    losses: tuple[LostRegion, ...] = ()
    notes: tuple[str, ...] = ()
    remedies: Remedies | None = None
    enough: tuple[tuple[str, int], ...] | None = None
    kind: Kind = ""
    undetected: tuple[str, ...] = ()

    @property
    def is_cloud_run(self) -> bool:
        return self.kind == "cloudRun"

    def decisive(self, lost: LostRegion) -> Picture:
        """The moment that decides: of machines the one of the loss, of Cloud Run the one when it has grown."""
        return lost.after_scale_out if self.is_cloud_run else lost.warm

    def survives_loss(self, lost: LostRegion) -> bool:
        """Whether the load balancer leaves the lost region, and the others carry the load."""
        return self.decisive(lost).is_survivable and lost.region not in self.undetected

    @property
    def survives_after_scale_out(self) -> bool | None:
        """Whether every loss is survivable once autoscalers have added all machines; `None` without numbers."""
        return all(loss.after_scale_out.is_survivable for loss in self.losses) if self.losses else None


@dataclass(frozen=True)
class FailoverResults:
    """What was judged, and what came of it.

    Attributes:
        title: what was judged, for people.
        services: what the loss of each region means for each service.
        notes: what the reader has to know about this run, sentences without full stop.
    """

    title: str
    services: tuple[ServiceFailover, ...]
    notes: tuple[str, ...] = ()
