"""Backend services, global and regional."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final

from .bounds import DistinctCount, count_distinct
from .group import ALL_KINDS, GROUP_TYPES, NEG_KINDS, Group, GroupKind
from .health_check import HealthCheck
from .links import Links, resolve
from .reference import region_of, setting
from .values import UNKNOWN, Properties, Unknown
from .view import View

GLOBAL_TYPE: Final = "gcp:compute/backendService:BackendService"
REGIONAL_TYPE: Final = "gcp:compute/regionBackendService:RegionBackendService"

# Target fields, by what they limit.
RATE_FIELDS: Final = ("maxRate", "maxRatePerInstance", "maxRatePerEndpoint")
CONNECTION_FIELDS: Final = ("maxConnections", "maxConnectionsPerInstance", "maxConnectionsPerEndpoint")
IN_FLIGHT_FIELDS: Final = ("maxInFlightRequests", "maxInFlightRequestsPerInstance", "maxInFlightRequestsPerEndpoint")

# The provider's defaults, for sources that do not fill them in:
# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/ and .../regionbackendservice/
_DEFAULT_BALANCING_MODE: Final = "UTILIZATION"
_DEFAULT_REGIONAL_SCHEME: Final = "INTERNAL"
_DEFAULT_GLOBAL_SCHEME: Final = "EXTERNAL_MANAGED"
_DEFAULT_GLOBAL_SCHEME_BEFORE_10: Final = "EXTERNAL"


@dataclass(frozen=True)
class Backend:
    """One entry of a service's `backends`.

    Attributes:
        label: what to call it: its group's name, else its place in the list.
        properties: its properties.
        group: what it points at; `None` if that is not known.
        kinds: the kinds of group that it can point at.
    """

    label: str
    properties: Properties
    group: Group | None
    kinds: frozenset[GroupKind]

    @property
    def balancing_mode(self) -> str | Unknown:
        """`UTILIZATION`, `RATE`, `CONNECTION`, `IN_FLIGHT` or `CUSTOM_METRICS`."""
        mode = self.properties.string("balancingMode")
        return _DEFAULT_BALANCING_MODE if mode is None else mode

    @property
    def max_utilization(self) -> float | Unknown | None:
        """The utilization at which it counts as full, as a fraction; 0 where the program says 0."""
        return self.properties.number("maxUtilization")

    @property
    def metrics(self) -> list[Properties] | Unknown:
        """The custom metrics that it is balanced by in CUSTOM_METRICS mode."""
        return self.properties.objects("customMetrics")

    @property
    def has_effective_metric(self) -> bool | Unknown:
        """Whether some custom metric is not in dry-run mode."""
        if isinstance(self.metrics, Unknown):
            return UNKNOWN
        return _any(_negate(metric.boolean("dryRun")) for metric in self.metrics)

    def has_any(self, fields: Iterable[str]) -> bool | Unknown:
        """Whether some of these target fields are set; the provider treats 0 as not set."""
        return _any(self.is_set(field) for field in fields)

    def is_set(self, field: str) -> bool | Unknown:
        """Whether a target field is set to a number above 0."""
        value = self.properties.number(field)
        return UNKNOWN if isinstance(value, Unknown) else value is not None and value > 0

    @property
    def is_measured(self) -> bool | Unknown:
        """Whether the load balancer checks the group's health and takes a target capacity for it."""
        return _every(kind.is_measured for kind in self.kinds)


class BackendService(View):
    """A backend service: what a load balancer sends requests to."""

    TYPES = (GLOBAL_TYPE, REGIONAL_TYPE)

    @property
    def is_regional(self) -> bool:
        """It is a `RegionBackendService`, whose backends are all in its own region."""
        return self.resource.type == REGIONAL_TYPE

    @property
    def region(self) -> str | Unknown:
        """The region of a regional service."""
        region = setting(self.resource, "region")
        return region_of(region) if isinstance(region, str) else UNKNOWN

    @property
    def scheme(self) -> str | Unknown:
        """The load balancing scheme. The global default changed with version 10 of the provider."""
        scheme = self.resource.asked.string("loadBalancingScheme")
        if scheme is not None:
            return scheme
        if self.is_regional:
            return _DEFAULT_REGIONAL_SCHEME
        version = self.resource.provider_settings.string("version")
        if not isinstance(version, str) or not version.split(".")[0].isdigit():
            return UNKNOWN
        return _DEFAULT_GLOBAL_SCHEME if int(version.split(".")[0]) >= 10 else _DEFAULT_GLOBAL_SCHEME_BEFORE_10

    @property
    def protocol(self) -> str | Unknown | None:
        """The protocol to the backends; `None` leaves the choice to the API, which takes one that fits the scheme."""
        return self.resource.asked.string("protocol")

    @property
    def port_name(self) -> str | Unknown | None:
        """The name of the port on the backends."""
        return self.resource.asked.string("portName")

    @property
    def is_passthrough(self) -> bool | Unknown:
        """It belongs to a passthrough Network Load Balancer, which has no proxy, port name or target capacity."""
        if not self.is_regional:
            return False
        return UNKNOWN if isinstance(self.scheme, Unknown) else self.scheme in ("INTERNAL", "EXTERNAL")

    @property
    def has_no_backends(self) -> bool:
        """Its list of backends is known and empty."""
        return not isinstance(self.backends, Unknown) and not self.backends

    @property
    def leaves_backends_to_a_controller(self) -> bool:
        """`ignore_changes` covers its backends: something else, such as a GKE controller, attaches them."""
        return self.resource.ignores_changes_of("backends")

    @cached_property
    def backends(self) -> tuple[Backend, ...] | Unknown:
        """Its backends; `UNKNOWN` if the list is computed as a whole."""
        entries, properties = self.links.entries, self.resource.asked.objects("backends")
        if isinstance(entries, Unknown) or isinstance(properties, Unknown):
            return UNKNOWN
        found = [Group(entry, self.stack) if entry else None for entry in entries]
        return tuple(
            Backend(
                group.name if group else f"backends[{number}]",
                backend,
                group,
                group.kinds if group else self._kinds_of_the_others,
            )
            for number, (backend, group) in enumerate(zip(properties, found, strict=True))
        )

    @cached_property
    def links(self) -> Links:
        """What its backends point at."""
        backends = self.resource.asked.objects("backends")
        urls = UNKNOWN if isinstance(backends, Unknown) else [backend.string("group") for backend in backends]
        return resolve(self.stack, self.resource, "backends", urls, GROUP_TYPES)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups that certainly are among its backends."""
        return tuple(Group(member, self.stack) for member in self.links.members)

    @cached_property
    def kinds(self) -> frozenset[GroupKind]:
        """The kinds of group that its backends can be."""
        known = frozenset(kind for group in self.groups for kind in group.kinds)
        return known if self.links.is_complete else known | self._kinds_of_the_others

    @cached_property
    def _kinds_of_the_others(self) -> frozenset[GroupKind]:
        """The kinds that backends without a known group can have.

        Instance groups and NEGs never mix in one service; nothing else follows from the others.
        https://cloud.google.com/load-balancing/docs/backend-service#backends
        """
        if self.links.is_complete:
            matched = () if isinstance(self.links.entries, Unknown) else self.links.entries
            return frozenset(kind for group in self.groups if group.target not in matched for kind in group.kinds)
        for group in self.groups:
            if GroupKind.INSTANCE_GROUP not in group.kinds:
                return NEG_KINDS
            if len(group.kinds) == 1:
                return group.kinds
        others = [Group(candidate, self.stack) for candidate in self.links.candidates]
        return frozenset(kind for group in others for kind in group.kinds) if self.links.is_closed else ALL_KINDS

    @property
    def is_measured(self) -> bool | Unknown:
        """Whether the load balancer checks its backends' health; `UNKNOWN` as well for a service without backends."""
        return _every(kind.is_measured for kind in self.kinds) if self.kinds else UNKNOWN

    @cached_property
    def regions(self) -> DistinctCount:
        """The regions that its backends serve from."""
        if self.is_regional:
            return _count_regions([self.region], [], is_closed=True, unresolved=0)
        others = [Group(candidate, self.stack) for candidate in self.links.candidates]
        is_bounded = not any(group.is_anywhere for group in (*self.groups, *others))
        return _count_regions(
            [group.region for group in self.groups],
            [group.region for group in others],
            is_closed=self.links.is_closed,
            unresolved=self.links.unresolved if is_bounded else None,
        )

    @cached_property
    def health_check_links(self) -> Links:
        """What `healthChecks` points at: one check at most."""
        checks = self.resource.asked.strings("healthChecks")
        urls = [UNKNOWN] if isinstance(checks, Unknown) else checks
        return resolve(self.stack, self.resource, "healthChecks", urls, HealthCheck.TYPES)

    @property
    def health_checks(self) -> tuple[HealthCheck, ...]:
        """The health checks in the stack that it certainly uses."""
        return tuple(HealthCheck(target, self.stack) for target in self.health_check_links.targets)

    def peers(self, pattern: str) -> tuple[BackendService, ...]:
        """The regional services whose logical names match the glob `pattern`, this one among them."""
        services = (BackendService(resource, self.stack) for resource in self.stack.of_types([REGIONAL_TYPE]))
        return tuple(service for service in services if fnmatchcase(service.name, pattern))


def regions_of_peers(peers: Iterable[BackendService], *, is_complete: bool) -> DistinctCount:
    """The regions that regional services together serve from; one without backends serves from none.

    Args:
        peers: the services.
        is_complete: there are no others.
    """
    serving = [peer for peer in peers if isinstance(peer.backends, Unknown) or peer.backends]
    certain = [peer.region for peer in serving if not isinstance(peer.backends, Unknown)]
    possible = [peer.region for peer in serving if isinstance(peer.backends, Unknown)]
    return _count_regions(certain, possible, is_closed=is_complete, unresolved=len(possible) if is_complete else None)


def _count_regions(
    certain: list[str | Unknown], possible: list[str | Unknown], *, is_closed: bool, unresolved: int | None
) -> DistinctCount:
    known = [region for region in certain if isinstance(region, str)]
    anywhere = len(certain) - len(known)
    choices = [region for region in possible if isinstance(region, str)]
    is_limited = is_closed and not anywhere and len(choices) == len(possible)
    return count_distinct(known, None if unresolved is None else unresolved + anywhere, choices if is_limited else None)


def _any(conditions: Iterable[bool | Unknown]) -> bool | Unknown:
    values = list(conditions)
    if any(value is True for value in values):
        return True
    return UNKNOWN if any(value is UNKNOWN for value in values) else False


def _every(conditions: Iterable[bool]) -> bool | Unknown:
    """True or false for all alike, else `UNKNOWN`: one of them holds, but not which."""
    values = set(conditions)
    return values.pop() if len(values) == 1 else UNKNOWN


def _negate(condition: bool | Unknown | None) -> bool | Unknown:
    return UNKNOWN if isinstance(condition, Unknown) else not condition
