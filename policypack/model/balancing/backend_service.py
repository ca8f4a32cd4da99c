"""Backend services, global and regional."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import permutations
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.group import ALL_KINDS, NEG_KINDS, Group, GroupKind
from policypack.model.balancing.health_check import LEGACY_COLLECTIONS, HealthCheck
from policypack.model.balancing.region_count import count_regions
from policypack.model.balancing.service_settings import LINKED, OutlierDetection, RequestLog, SessionAffinity
from policypack.model.graph.links import Links, resolve
from policypack.model.graph.reference import (
    Reference,
    location_of,
    may_be_one_project,
    parse_reference,
    with_provider_default,
)
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import GROUP_TYPES, REGION_BACKEND_SERVICE
from policypack.model.kubernetes.controllers import Attachments, attachments_of
from policypack.model.products.load_balancer import LoadBalancerService
from policypack.model.values.bounds import DistinctCount
from policypack.model.values.logic import equals, negation, same, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown, camel_case

# The provider's defaults, for sources that do not fill them in:
# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/ and .../regionbackendservice/
_DEFAULT_GLOBAL_CAPACITY_SCALER: Final = 1.0
_DEFAULT_DRAINING_SECONDS: Final = 300.0
# The API's: https://cloud.google.com/load-balancing/docs/backend-service#timeout-setting
DEFAULT_TIMEOUT_SECONDS: Final = 30.0


class BackendService(LoadBalancerService):
    """A backend service: what a load balancer sends requests to."""

    @cached_property
    def port_name(self) -> str | Unknown | None:
        """The name of the port on the backends."""
        return self.resource.asked.string("portName")

    @property
    def session_affinity(self) -> SessionAffinity:
        """How requests of one client stay with one backend."""
        return SessionAffinity(self.resource)

    @property
    def locality_lb_policy(self) -> str | Unknown | None:
        """How requests are distributed within a group or zone; `None` leaves it to the load balancer."""
        return self.resource.asked.string("localityLbPolicy")

    @property
    def timeout_seconds(self) -> float | Unknown:
        """The timeout in seconds, from the first byte of a request to the last of its response."""
        return self._seconds("timeoutSec", DEFAULT_TIMEOUT_SECONDS)

    @property
    def has_own_timeout(self) -> bool | Unknown:
        """Whether its timeout is another than the default, which is the only one that serverless NEGs take."""
        return negation(equals(self.timeout_seconds, DEFAULT_TIMEOUT_SECONDS))

    @property
    def draining_seconds(self) -> float | Unknown:
        """For how many seconds a backend that is removed may finish its requests."""
        return self._seconds("connectionDrainingTimeoutSec", _DEFAULT_DRAINING_SECONDS)

    def _seconds(self, key: str, default: float) -> float | Unknown:
        return self.resource.asked.number(key, default=default, if_omitted=True)

    @property
    def request_log(self) -> RequestLog:
        """Whether and how many requests are logged."""
        return RequestLog(self.resource)

    @property
    def outlier_detection(self) -> OutlierDetection:
        """How backends that answer with errors are left out for a while."""
        return OutlierDetection(self.resource)

    @property
    def uses_iap(self) -> bool | Unknown:
        """Whether Identity-Aware Proxy is on."""
        if self.resource.asked.object("iap") is None:
            return False
        return self.resource.asked.block("iap").boolean("enabled", default=False, if_omitted=True)

    @property
    def uses_cdn(self) -> bool | Unknown:
        """Whether Cloud CDN is on."""
        return self.resource.asked.boolean("enableCdn", default=False, if_omitted=True)

    def has_setting(self, key: str) -> bool | Unknown:
        """Whether the property `key`, a string or a block, is there; an empty block is."""
        return when_known(self.resource.asked.value(key), lambda value: value not in (None, "", []))

    def sets(self, name: str) -> bool | Unknown:
        """Whether the property with the Python name `name`, a string or a block, is there; so is what a resource is."""
        key = camel_case(name)
        is_there = self.has_setting(key)
        return True if key in LINKED and is_there is UNKNOWN and self.link(key, LINKED[key]).members else is_there

    @property
    def has_no_backends(self) -> bool:
        """Its list of backends is known and empty."""
        return not isinstance(self.backends, Unknown) and not self.backends

    @property
    def leaves_backends_to_a_controller(self) -> bool:
        """Something else, such as a controller in GKE, attaches backends: `ignore_changes` or an annotation says so."""
        return self.resource.ignores_changes_of("backends") or bool(self.attachments.certain)

    @property
    def attachments(self) -> Attachments:
        """The NEGs that a controller in GKE attaches, as annotations of Services say."""
        return attachments_of(self.stack, self.resource)

    @cached_property
    def backends(self) -> tuple[Backend, ...] | Unknown:
        """Its backends; `UNKNOWN` if the list is computed as a whole."""
        entries, properties = self.links.entries, self.resource.asked.objects("backends")
        if isinstance(entries, Unknown) or isinstance(properties, Unknown):
            return UNKNOWN
        own = {id(group.target): group for group in self.groups}
        found = [own.get(id(entry)) for entry in entries]
        return tuple(
            Backend(
                group.name if group else f"backends[{number}]",
                backend,
                group,
                group.kinds if group else self._kinds_of(backend),
                (group,) if group else self._choices_of_the_others,
                self._default_capacity_scaler,
                number,
            )
            for number, (backend, group) in enumerate(zip(properties, found, strict=True))
        )

    @property
    def _default_capacity_scaler(self) -> float | Unknown | None:
        shown = self.resource.inputs is not None and isinstance(self.resource.inputs.get("backends"), list)
        if not shown:
            # In outputs, 0 and "not set" look alike.
            return UNKNOWN
        return None if self.is_regional else _DEFAULT_GLOBAL_CAPACITY_SCALER

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
        attached = [GroupKind.ZONAL_NEG] if self.attachments.certain else []
        known = frozenset([*(kind for group in self.groups for kind in group.kinds), *attached])
        if self.links.is_complete:
            return known
        if isinstance(self.backends, Unknown):
            return known | self._kinds_of_the_others
        return known | frozenset(kind for one in self.backends if one.group is None for kind in one.kinds)

    def _kinds_of(self, backend: Properties) -> frozenset[GroupKind]:
        """The kinds that a backend without a known group can have: its URL tells, whosesoever it is."""
        url = backend.string("group")
        reference = parse_reference(url) if isinstance(url, str) else None
        return Group(reference, self.stack).kinds if reference else self._kinds_of_the_others

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

    @cached_property
    def _choices_of_the_others(self) -> tuple[Group, ...] | None:
        """The groups that backends without a known group can point at; `None` for any."""
        if self.links.is_complete:
            matched = () if isinstance(self.links.entries, Unknown) else self.links.entries
            return tuple(group for group in self.groups if group.target not in matched)
        if self.links.is_closed:
            return tuple(Group(candidate, self.stack) for candidate in self.links.candidates)
        return None

    @cached_property
    def repeated_groups(self) -> tuple[str, ...]:
        """The names of groups that certainly are in more than one of its backends."""
        names = [entry.name for entry in self._known_entries]
        found = zip(self._identities, names, strict=True)
        return tuple(sorted({name for identity, name in found if self._identities.count(identity) > 1}))

    @cached_property
    def groups_that_may_be_one(self) -> tuple[str, ...]:
        """The names of groups that are one if the projects in their URLs are: one is left out, or is a number."""
        alike: dict[Reference, list[Reference]] = {}
        for identity in set(self._identities):
            if isinstance(identity, Reference):
                alike.setdefault(identity.in_project(None), []).append(identity)
        pairs = (pair for found in alike.values() for pair in permutations(found, 2))
        return tuple(sorted({one.name for one, other in pairs if may_be_one_project(one.project, other.project)}))

    @property
    def _known_entries(self) -> tuple[Resource | Reference, ...]:
        entries = () if isinstance(self.links.entries, Unknown) else self.links.entries
        return tuple(entry for entry in entries if entry is not None)

    @cached_property
    def _identities(self) -> tuple[str | Reference, ...]:
        return tuple(self.identity(entry) for entry in self._known_entries)

    def identity(self, entry: Resource | Reference) -> str | Reference:
        """What tells a group from others, however its URL is written."""
        if isinstance(entry, Resource):
            return entry.urn
        project = entry.project or with_provider_default(self.resource, "project")
        collection = "instanceGroups" if entry.collection == "instanceGroupManagers" else entry.collection
        named = entry.in_collection(collection).in_project(project if isinstance(project, str) else None)
        resource = self.stack.by_reference(named)
        return resource.urn if resource else named

    @cached_property
    def is_measured(self) -> bool | Unknown:
        """Whether the load balancer checks its backends' health; `UNKNOWN` as well for a service without backends."""
        return same(kind.is_measured for kind in self.kinds) if self.kinds else UNKNOWN

    @cached_property
    def regions(self) -> DistinctCount:
        """The regions that its backends serve from."""
        if self.is_regional:
            return count_regions([self.region], [], is_closed=True, unresolved=0)
        others = [Group(candidate, self.stack) for candidate in self.links.candidates]
        is_bounded = not any(group.is_anywhere for group in (*self.groups, *others))
        return count_regions(
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

    @cached_property
    def health_checks(self) -> tuple[HealthCheck, ...]:
        """The health checks in the stack that it certainly uses."""
        return tuple(HealthCheck.of(target, self.stack) for target in self.health_check_links.targets)

    @property
    def regional_health_checks(self) -> tuple[tuple[str, str | Unknown], ...]:
        """The names of the regional health checks that it certainly uses, with their regions."""
        inside = [(check.name, location_of(check.resource)) for check in self.health_checks]
        outside = [(reference.name, reference.region) for reference in self.health_check_links.external]
        return tuple((name, region) for name, region in (*inside, *outside) if region is not None)

    @property
    def legacy_health_checks(self) -> tuple[str, ...]:
        """The names of the legacy health checks that it certainly uses."""
        inside = [check.name for check in self.health_checks if check.is_legacy]
        outside = self.health_check_links.external
        return (*inside, *(reference.name for reference in outside if reference.collection in LEGACY_COLLECTIONS))

    @property
    def has_only_serverless_backends(self) -> bool:
        """All its backends certainly are serverless NEGs, and it has some."""
        return self.kinds == {GroupKind.SERVERLESS_NEG}

    @property
    def may_have_serverless_backends(self) -> bool:
        """Some backend is a serverless NEG, or it is not known that none is."""
        return GroupKind.SERVERLESS_NEG in self.kinds

    @property
    def has_serverless_backends(self) -> bool | Unknown:
        """Whether some backend is a serverless NEG."""
        if any(group.kinds == {GroupKind.SERVERLESS_NEG} for group in self.groups):
            return True
        return UNKNOWN if self.may_have_serverless_backends else False

    def regions_with_peers(self, pattern: str) -> DistinctCount:
        """The regions that all regional services whose logical names match the glob `pattern` together serve from.

        One without backends serves from none, unless a controller attaches them.
        """
        return _regions_of_peers(self.stack, pattern)


@per_stack
def _regions_of_peers(stack: Stack, pattern: str) -> DistinctCount:
    services = [BackendService.of(resource, stack) for resource in stack.of_types([REGION_BACKEND_SERVICE])]
    return regions_of([service for service in services if fnmatchcase(service.name, pattern)])


def regions_of(services: Sequence[BackendService], others: Sequence[BackendService] = ()) -> DistinctCount:
    """The regions that regional services together serve from, and may serve from with the `others`.

    One without backends serves from none, unless a controller attaches them.
    """
    certain = [
        one.region
        for one in services
        if one.attachments.certain or not (isinstance(one.backends, Unknown) or one.has_no_backends)
    ]
    possible = [
        one.region
        for one in (*services, *others)
        if isinstance(one.backends, Unknown)
        or (one.has_no_backends and one.leaves_backends_to_a_controller)
        or (one in others and one.backends)
    ]
    is_complete = all(one.stack.is_complete for one in services)
    return count_regions(certain, possible, is_closed=is_complete, unresolved=len(possible) if is_complete else None)
