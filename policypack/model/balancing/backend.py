"""One backend of a backend service: a group with its balancing mode and targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

from policypack.model.balancing.group import GROUP_COLLECTIONS, Group, GroupKind, variants_of
from policypack.model.graph.reference import parse_reference
from policypack.model.products.kinds import BackendKind
from policypack.model.products.product import Cell, agreed
from policypack.model.products.targets import MODES_OF_KINDS, TARGET_FIELDS
from policypack.model.values.logic import all_of, any_of, equals, negation, same, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, PropertyPath, Unknown

# The provider's default: https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/
_DEFAULT_BALANCING_MODE: Final = "UTILIZATION"
_LIMITS_BESIDE_UTILIZATION: Final = TARGET_FIELDS[1:]


@dataclass(frozen=True)
class Backend:
    """One entry of a service's `backends`.

    Attributes:
        label: what to call it: its group's name, else its place in the list.
        properties: its properties.
        group: what it points at; `None` if that is not known.
        kinds: the kinds of group that it can point at.
        choices: the groups that it can point at; `None` if it may be any.
        default_capacity_scaler: what it has if it sets no `capacity_scaler`; `None` for nothing.
        number: its place in the list, from 0.
    """

    label: str
    properties: Properties
    group: Group | None
    kinds: frozenset[GroupKind]
    choices: tuple[Group, ...] | None
    default_capacity_scaler: float | Unknown | None
    number: int

    @property
    def path(self) -> PropertyPath:
        """Where it is among the properties of its service."""
        return "backends", self.number

    @cached_property
    def _targets(self) -> Mapping[str, bool | Unknown]:
        """Whether each target field is set."""
        values = {field: self.properties.number(field) for field in TARGET_FIELDS}
        return {field: when_known(value, lambda number: (number or 0) > 0) for field, value in values.items()}

    @cached_property
    def balancing_mode(self) -> str | Unknown:
        """`UTILIZATION`, `RATE`, `CONNECTION`, `IN_FLIGHT` or `CUSTOM_METRICS`."""
        mode = self.properties.string("balancingMode")
        return _DEFAULT_BALANCING_MODE if mode is None else mode

    @property
    def max_utilization(self) -> float | Unknown | None:
        """The utilization at which it counts as full, as a fraction; 0 where the program says 0."""
        return self.properties.number("maxUtilization")

    @property
    def capacity_scaler(self) -> float | Unknown | None:
        """The factor for its capacity; `None` if there is none, which a regional service does not default."""
        scaler = self.properties.number("capacityScaler")
        return self.default_capacity_scaler if scaler is None else scaler

    @cached_property
    def is_drained(self) -> bool | Unknown:
        """Whether its capacity scaler takes all its capacity away."""
        return equals(self.capacity_scaler, 0)

    @property
    def preference(self) -> str | Unknown | None:
        """Whether it is filled up before the others: `PREFERRED` or `DEFAULT`."""
        return self.properties.string("preference")

    @property
    def traffic_duration(self) -> str | Unknown | None:
        """How long most of its requests take: `LONG` or `SHORT`, which left out is as `SHORT`."""
        return self.properties.string("trafficDuration")

    @property
    def is_failover(self) -> bool | Unknown:
        """Whether it is a failover backend of a passthrough load balancer."""
        return self.properties.boolean("failover", default=False)

    @property
    def metrics(self) -> list[Properties] | Unknown:
        """The custom metrics that it is balanced by in CUSTOM_METRICS mode."""
        return self.properties.objects("customMetrics")

    @property
    def metric_targets(self) -> list[float | Unknown | None] | Unknown:
        """The utilization of each custom metric at which it counts as full, as a fraction."""
        return when_known(self.metrics, lambda metrics: [one.number("maxUtilization") for one in metrics])

    @property
    def has_effective_metric(self) -> bool | Unknown:
        """Whether some custom metric is not in dry-run mode."""
        if isinstance(self.metrics, Unknown):
            return UNKNOWN
        return any_of(negation(metric.boolean("dryRun")) for metric in self.metrics)

    def has_any(self, fields: Iterable[str]) -> bool | Unknown:
        """Whether some of these target fields are set; the provider treats 0 as not set."""
        return any_of(self.is_set(field) for field in fields)

    def is_set(self, field: str) -> bool | Unknown:
        """Whether a target field is set to a number above 0."""
        return self._targets[field]

    @property
    def is_full_by_cpu(self) -> bool | Unknown:
        """Whether the CPU utilization of its machines is all that makes it count as full.

        In UTILIZATION mode other limits count beside `max_utilization`, and the first to be reached decides:
        https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode
        """
        is_by_utilization = equals(self.balancing_mode, "UTILIZATION")
        return all_of(
            (is_by_utilization, self.is_set("maxUtilization"), negation(self.has_any(_LIMITS_BESIDE_UTILIZATION)))
        )

    @cached_property
    def backend_kinds(self) -> frozenset[BackendKind]:
        """The kinds of backend that it can be, as load balancers tell them apart."""
        found = (group.variants_of(kind) for group in self.choices or () for kind in group.kinds & self.kinds)
        return frozenset(chain(*found)) or frozenset(chain(*map(variants_of, self.kinds)))

    @property
    def wrong_collection(self) -> str:
        """What the URL in `group` is of if that is neither an instance group nor a NEG; empty otherwise.

        That of a manager as well, which its instance group shares all but the collection with.
        """
        url = self.properties.string("group")
        reference = parse_reference(url) if isinstance(url, str) else None
        return reference.collection if reference and reference.collection not in GROUP_COLLECTIONS else ""

    @property
    def kind_name(self) -> str:
        """What kind of backend it is, for a sentence."""
        return " or ".join(sorted(kind.value for kind in self.backend_kinds))

    @property
    def is_serverless(self) -> bool | Unknown:
        return self.is_a(BackendKind.SERVERLESS_NEG)

    def is_a(self, kind: BackendKind) -> bool | Unknown:
        """Whether its group is of a kind: one in a mode that this kind does not have is not."""
        cells = MODES_OF_KINDS.get(self.balancing_mode, {}) if isinstance(self.balancing_mode, str) else {}
        if cells.get(kind) is Cell.REFUSED:
            return False
        return agreed(one is kind for one in self.backend_kinds)

    @cached_property
    def is_measured(self) -> bool | Unknown:
        """Whether the load balancer checks the group's health and takes a target capacity for it."""
        return same(kind.is_measured for kind in self.kinds)
