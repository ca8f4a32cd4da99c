"""What controllers in GKE attach to backend services: the NEGs of Services, as annotations say.

Standalone NEGs: https://cloud.google.com/kubernetes-engine/docs/how-to/standalone-neg; autoneg attaches those of a
Service to a backend service that exists: https://github.com/GoogleCloudPlatform/gke-autoneg-controller
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from policypack.model.graph.reference import location_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import GKE_CLUSTER, SERVICE_TYPES
from policypack.model.kubernetes.clusters import cluster_of
from policypack.model.kubernetes.kinds import AUTONEG_ANNOTATIONS, NAMESPACE, NEG_ANNOTATION, PACKAGE, SERVICE, kind_of
from policypack.model.kubernetes.names import is_called
from policypack.model.kubernetes.objects import KubernetesObject, objects_of
from policypack.model.values.logic import all_of, any_of, equals, known_in, negation, or_else, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

_PROVIDER: Final = "pulumi:providers:kubernetes"
_MAX_RATE, _MAX_CONNECTIONS = "max_rate_per_endpoint", "max_connections_per_endpoint"


@dataclass(frozen=True, eq=False)
class Attachment:
    """The NEGs of one port of a Service, which autoneg attaches to a backend service.

    Attributes:
        service: the Service.
        annotation: the annotation that says so.
        entry: what it says of the backend service; nothing of that is known where the annotation is computed.
        port: the port of the Service; `None` where an annotation of before version 1 names none.
    """

    service: KubernetesObject
    annotation: str
    entry: Properties
    port: str | Unknown | None

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"`{self.annotation}` of {self.service.label}"

    @property
    def backend_service(self) -> str | Unknown:
        """The name of the backend service; where it is left out, the controller has a template for it."""
        return self.entry.string("name", default=UNKNOWN)

    @property
    def region(self) -> str | Unknown:
        """The region of its cluster."""
        cluster = cluster_of(self.service)
        return cluster.region if cluster else UNKNOWN

    @property
    def balancing_mode(self) -> str | Unknown:
        """The mode that the controller chooses by the targets that are there."""
        metrics, rate = self.entry.objects("custom_metrics"), self.entry.number(_MAX_RATE)
        if isinstance(metrics, Unknown) or metrics:
            return UNKNOWN if isinstance(metrics, Unknown) else "CUSTOM_METRICS"
        return when_known(rate, lambda limit: "RATE" if limit else "CONNECTION")

    @property
    def is_bounded(self) -> bool | Unknown:
        """Whether its mode has a limit: a rate, connections, or a metric that is not in dry-run mode."""
        mode = self.balancing_mode
        if isinstance(mode, Unknown):
            return UNKNOWN
        if mode == "CUSTOM_METRICS":
            return any_of(negation(one.boolean("dry_run")) for one in known_in(self.entry.objects("custom_metrics")))
        limit = self.entry.number(_MAX_RATE if mode == "RATE" else _MAX_CONNECTIONS)
        return when_known(limit, lambda number: number is not None and number > 0)

    @property
    def is_drained(self) -> bool | Unknown:
        """Whether its capacity, in per cent, is 0."""
        scalers = [self.entry.number(key) for key in ("initial_capacity", "capacity_scaler")]
        return any_of(when_known(one, lambda scaler: scaler == 0) for one in scalers)


@per_stack
def all_attachments(stack: Stack) -> tuple[Attachment, ...]:
    """What annotations of the Services of a stack have autoneg attach, ordered by the URN of the Service."""
    return tuple(found for one in objects_of(stack, (SERVICE,)) for found in _attachments(one))


def _attachments(service: KubernetesObject) -> Iterator[Attachment]:
    for name in AUTONEG_ANNOTATIONS:
        found = service.annotation_object(name)
        if found is not None:
            for port, entry in _entries(found):
                yield Attachment(service, name, entry, port)
            return


def _entries(annotation: Properties | Unknown) -> list[tuple[str | Unknown | None, Properties]]:
    ports = annotation if isinstance(annotation, Unknown) else annotation.object("backend_services")
    if isinstance(ports, Unknown) or isinstance(annotation, Unknown):
        return [(UNKNOWN, Properties(UNKNOWN))]
    if ports is None:
        # Before version 1 an annotation named one backend service.
        return [(None, annotation)] if annotation.keys else []
    found = [(port, or_else(ports.objects(port), [Properties(UNKNOWN)])) for port in ports.keys]
    return [(port, one) for port, entries in found for one in entries]


@dataclass(frozen=True)
class Attachments:
    """What autoneg attaches to one backend service.

    Attributes:
        certain: what it certainly attaches.
        possible: what it may attach.
    """

    certain: tuple[Attachment, ...] = ()
    possible: tuple[Attachment, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there are some, or may be."""
        return bool(self.certain or self.possible)


@per_stack
def attachments_of(stack: Stack, backend_service: Resource) -> Attachments:
    """What autoneg attaches to a backend service, as far as Services of the stack show it; others may have more."""
    named = [(one, _is_named(one, backend_service)) for one in all_attachments(stack)]
    certain = tuple(one for one, is_it in named if is_it is True)
    return Attachments(certain, tuple(one for one, is_it in named if isinstance(is_it, Unknown)))


def _is_named(attachment: Attachment, backend_service: Resource) -> bool | Unknown:
    if not attachment.entry.keys:
        return _is_source(attachment.service, backend_service)
    is_there = equals(attachment.entry.string("region"), location_of(backend_service))
    return all_of([is_there, is_called(backend_service, attachment.backend_service)])


def _is_source(service: KubernetesObject, backend_service: Resource) -> bool | Unknown:
    """Whether an annotation that is computed is so from the name of a backend service."""
    found = [service.stack.by_urn(urn) for urn in service.resource.edges.get("metadata", ())]
    if backend_service not in found:
        is_closed = any(one and one.type in SERVICE_TYPES for one in found)
        return False if is_closed and None not in found else UNKNOWN
    others = [one for one in found if one is not backend_service]
    # A namespace has its own place in the metadata.
    is_alone = all(one and (kind := kind_of(one.type)) and kind.kind == NAMESPACE for one in others)
    return True if is_alone else UNKNOWN


@per_stack
def services_with_negs(stack: Stack) -> tuple[KubernetesObject, ...]:
    """The Services of a stack that have NEGs of their own, which somebody attaches, ordered by URN."""
    return tuple(one for one in objects_of(stack, (SERVICE,)) if has_negs(one))


def has_negs(service: KubernetesObject) -> bool:
    """Whether a controller makes NEGs of a Service that a backend service of somebody takes."""
    if any(service.annotation(name) is not None for name in AUTONEG_ANNOTATIONS):
        return True
    found = service.annotation_object(NEG_ANNOTATION)
    return isinstance(found, Unknown) or (isinstance(found, Properties) and found.value("exposed_ports") is not None)


class NegPort(NamedTuple):
    """A port of a Service for which an annotation asks for NEGs, one in each zone.

    Attributes:
        service: the Service.
        port: its port.
        name: the name of the NEGs; `None` where GKE makes it up.
    """

    service: KubernetesObject
    port: str
    name: str | Unknown | None


def ports_with_negs(service: KubernetesObject) -> tuple[NegPort, ...] | Unknown:
    """The ports of a Service for which an annotation asks for NEGs of addresses with ports."""
    found = service.annotation_object(NEG_ANNOTATION)
    ports = found.object("exposed_ports") if isinstance(found, Properties) else found
    if isinstance(ports, Unknown) or ports is None:
        return UNKNOWN if isinstance(ports, Unknown) else ()
    return tuple(NegPort(service, port, ports.block(port).string("name")) for port in ports.keys)


@per_stack
def named_negs(stack: Stack) -> Mapping[str, tuple[NegPort, ...]]:
    """The ports of the Services of a stack by the names that they give their NEGs."""
    found: dict[str, tuple[NegPort, ...]] = {}
    for service in objects_of(stack, (SERVICE,)):
        for one in or_else(ports_with_negs(service), ()):
            if isinstance(one.name, str):
                found[one.name] = (*found.get(one.name, ()), one)
    return found


@per_stack
def may_have_controller(stack: Stack) -> bool:
    """Whether the stack has anything of Kubernetes, in which a controller may attach backends that it does not show."""
    return any(type_.startswith((PACKAGE, _PROVIDER)) or type_ == GKE_CLUSTER for type_ in stack.types)
