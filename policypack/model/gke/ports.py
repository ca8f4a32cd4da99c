"""The ports of a backend: those that its Service has, and those that the containers of its Pods listen on.

https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.exports import exported_targets
from policypack.model.gke.fronts import FrontClass
from policypack.model.gke.opaque import opaque_in
from policypack.model.gke.policies import Policy
from policypack.model.gke.workloads import Workload, workloads_behind
from policypack.model.kubernetes.kinds import GATEWAY, HEALTH_CHECK_POLICY, INFERENCE_POOL, NEG_ANNOTATION
from policypack.model.kubernetes.objects import KubernetesObject, objects_of
from policypack.model.software.listening import listening_port
from policypack.model.values.logic import any_of, equals, known_in, or_else, same, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service.

    Attributes:
        name: its name; a Service with one port needs none.
        number: its number.
        of_pods: the port of the Pods behind it: a number, or the name of a port of a container.
        protocol: the protocol that the load balancer speaks to it: `appProtocol`.
    """

    name: str | Unknown | None
    number: str | Unknown | None
    of_pods: str | Unknown | None
    protocol: str | Unknown | None

    @classmethod
    def of(cls, entry: Properties) -> ServicePort:
        number = entry.string("port")
        target = entry.string("targetPort")
        return cls(entry.string("name"), number, number if target is None else target, entry.string("appProtocol"))

    def is_called(self, port: str | Unknown) -> bool | Unknown:
        """Whether a route means it by this number or name."""
        return any_of([equals(self.number, port), equals(self.name, port)])


def ports_of(service: KubernetesObject) -> tuple[ServicePort, ...] | Unknown:
    """The ports of a Service; not known for one of which only a part is shown."""
    entries = service.spec.objects("ports")
    if service.is_patch or isinstance(entries, Unknown):
        return UNKNOWN
    return tuple(ServicePort.of(entry) for entry in entries)


def targets_of(backend: GkeBackend) -> tuple[KubernetesObject, ...]:
    """The Service or the InferencePool of a backend, or those that clusters of the stack certainly export to it."""
    if backend.target:
        return (backend.target,)
    return tuple(one for one, is_it in exported_targets(backend.stack, backend.ref) if is_it is True)


def has_port(service: KubernetesObject, port: str) -> bool:
    """Whether a Service certainly has a port of this number."""
    return any(equals(one.number, port) is True for one in or_else(ports_of(service), ()))


def routed_ports(backend: GkeBackend, service: KubernetesObject) -> tuple[ServicePort, ...] | Unknown:
    """The ports of a Service of a backend that routes lead to; not known if they may lead to others."""
    ports = ports_of(service)
    if isinstance(ports, Unknown):
        return UNKNOWN
    names = [route.port for route, leads in backend.routes if leads is not False]
    answers = [[(one, UNKNOWN if name is None else one.is_called(name)) for one in ports] for name in names]
    if any(is_it is UNKNOWN for found in answers for _, is_it in found):
        return UNKNOWN
    return tuple(dict.fromkeys(one for found in answers for one, is_it in found if is_it is True))


def serving_ports(backend: GkeBackend, target: KubernetesObject) -> tuple[str, ...] | Unknown:
    """The ports of the Pods of a backend that get requests, by their numbers where those are known."""
    if target.kind == INFERENCE_POOL:
        return serving_ports_of_pool(target)
    ports = routed_ports(backend, target)
    found = UNKNOWN if isinstance(ports, Unknown) else _whole(one.of_pods for one in ports)
    return when_known(found, lambda names: tuple(Pods.behind(target).number_of(name) for name in names))


def serving_ports_of_pool(pool: KubernetesObject) -> tuple[str, ...] | Unknown:
    """The ports of the Pods of an InferencePool that get requests."""
    entries = pool.spec.objects("targetPorts")
    if pool.is_patch or isinstance(entries, Unknown):
        return UNKNOWN
    # Before version 1 a pool had one port.
    one = pool.spec.string("targetPortNumber")
    return _whole([*([] if one is None else [one]), *(entry.string("number") for entry in entries)])


def _whole(ports: Iterable[str | Unknown | None]) -> tuple[str, ...] | Unknown:
    found = tuple(ports)
    known = tuple(one for one in found if isinstance(one, str))
    return known if len(known) == len(found) else UNKNOWN


# What the load balancer may speak to the Pods, and whether it uses TLS; plain HTTP where nothing says so.
# https://cloud.google.com/kubernetes-engine/docs/how-to/secure-gateway#load-balancer-tls
_PROTOCOLS: Final = {"HTTP": False, "http": False, "kubernetes.io/h2c": False, "HTTPS": True, "HTTP2": True}
_APP_PROTOCOLS: Final = "cloud.google.com/app-protocols"
_BACKEND_TLS_POLICY: Final = "BackendTLSPolicy"
_PROBES_WITH_TLS: Final = {"HTTP": False, "GRPC": False, "HTTPS": True, "HTTP2": True}


def uses_tls(backend: GkeBackend, target: KubernetesObject) -> bool | Unknown | None:
    """Whether the load balancer uses TLS to the port of the Pods that gets requests; `None` if there is none."""
    if objects_of(backend.stack, (_BACKEND_TLS_POLICY,)):
        return UNKNOWN
    if target.kind == INFERENCE_POOL:
        return when_known(target.spec.string("appProtocol", default="HTTP"), _spoken)
    ports = routed_ports(backend, target)
    if isinstance(ports, Unknown):
        return UNKNOWN
    return same(_is_spoken_to(backend, target, one) for one in ports) if ports else None


def _is_spoken_to(backend: GkeBackend, service: KubernetesObject, port: ServicePort) -> bool | Unknown:
    if backend.way == GATEWAY:
        return when_known(port.protocol, lambda protocol: _spoken(protocol or "HTTP"))
    given = service.annotation_object(_APP_PROTOCOLS)
    if isinstance(given, Unknown) or isinstance(port.name, Unknown):
        return UNKNOWN
    annotated = when_known(given.string(port.name, default="HTTP") if given and port.name else "HTTP", _spoken)
    # Whether an Ingress reads what Gateways do is not documented.
    return annotated if port.protocol is None else same([annotated, when_known(port.protocol, _spoken)])


def _spoken(protocol: str) -> bool | Unknown:
    return _PROTOCOLS.get(protocol, UNKNOWN)


def probes_with_tls(policy: Policy) -> bool | Unknown | None:
    """Whether a health check uses TLS; `None` for one that sees no difference."""
    if policy.object is None:
        return None
    type_ = policy.check.type if policy.kind == HEALTH_CHECK_POLICY else _type_of_config(policy.object)
    return when_known(type_, lambda name: None if name == "TCP" else _PROBES_WITH_TLS.get(name, UNKNOWN))


def _type_of_config(config: KubernetesObject) -> str | Unknown:
    # Without a type the check speaks as the load balancer does.
    block = config.spec.object("healthCheck")
    given = block.string("type") if isinstance(block, Properties) else block
    return "TCP" if given is None else given


def has_endpoints(backend: GkeBackend) -> bool | Unknown:
    """Whether the backends are Pods, and not nodes, which have ports of their own.

    https://cloud.google.com/kubernetes-engine/docs/concepts/container-native-load-balancing
    """
    if backend.way == GATEWAY:
        return True
    classes = [front.front_class for front, sends in backend.fronts if sends is not False]
    if classes and all(isinstance(one, FrontClass) and one.product.is_regional for one in classes):
        return True
    found = backend.target.annotation_object(NEG_ANNOTATION) if backend.target else UNKNOWN
    return True if isinstance(found, Properties) and found.boolean("ingress") is True else UNKNOWN


@dataclass(frozen=True)
class Pods:
    """The containers behind a Service or an InferencePool.

    Attributes:
        workloads: what makes the Pods, or may, each with whether it does.
        are_all: whether nothing else can make some.
    """

    workloads: tuple[tuple[Workload, bool | Unknown], ...]
    are_all: bool

    @classmethod
    def behind(cls, target: KubernetesObject) -> Pods:
        """The Pods behind a Service or an InferencePool of a stack."""
        found = workloads_behind(target.stack, target)
        are_all = any(serves is True for _, serves in found) and not opaque_in(target.stack, target)
        return cls(found, are_all)

    @property
    def label(self) -> str:
        """What messages call what makes them."""
        return ", ".join(one.label for one, serves in self.workloads if serves is True)

    def have(self, port: str) -> bool | Unknown:
        """Whether a container has a port of this name or listens on this number, as far as the stack shows it.

        What a container lists in `ports` opens nothing, and it may listen on others:
        https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ports
        """
        found = self._shown_have(port)
        return UNKNOWN if found is False and not self.are_all else found

    def lack(self, port: str) -> bool:
        """Whether all containers that the stack shows certainly have no such port, and it shows some."""
        return bool(self.workloads) and self._shown_have(port) is False

    def _shown_have(self, port: str) -> bool | Unknown:
        by_container = _listens if port.isdecimal() else _names
        return any_of(by_container(one, port) for one in self._containers)

    def number_of(self, name: str) -> str:
        """The number of the port that a container gives a name; the name itself if it is not certain."""
        entries = [entry for one in self._containers for entry in known_in(one.objects("ports"))]
        found = {entry.string("containerPort") for entry in entries if equals(entry.string("name"), name) is True}
        numbers = [one for one in found if isinstance(one, str)]
        return numbers[0] if len(numbers) == len(found) == 1 else name

    @property
    def listed(self) -> tuple[str, ...]:
        """The numbers of the ports that their containers list, each once."""
        entries = (entry for one in self._containers for entry in known_in(one.objects("ports")))
        numbers = (entry.string("containerPort") for entry in entries)
        return tuple(dict.fromkeys(number for number in numbers if isinstance(number, str)))

    @property
    def list_all(self) -> bool:
        """Whether each container lists ports, all of them known."""
        lists = [one.objects("ports") for one in self._containers]
        return self.are_all and all(
            not isinstance(entries, Unknown)
            and bool(entries)
            and all(isinstance(entry.string("containerPort"), str) for entry in entries)
            for entries in lists
        )

    @property
    def listening(self) -> tuple[int, ...]:
        """The ports that servers certainly listen on."""
        return tuple(dict.fromkeys(known_in(_listening(one) for one in self._containers)))

    @property
    def _containers(self) -> Iterator[Properties]:
        for workload, _ in self.workloads:
            yield from workload.serving_containers


def _names(container: Properties, name: str) -> bool | Unknown:
    entries = container.objects("ports")
    return when_known(entries, lambda found: any_of(equals(entry.string("name"), name) for entry in found))


def _listens(container: Properties, number: str) -> bool | Unknown:
    port = _listening(container)
    if not isinstance(port, Unknown):
        return port == int(number)
    listed = any_of(equals(entry.string("containerPort"), number) for entry in known_in(container.objects("ports")))
    return True if listed is True else UNKNOWN


def _listening(container: Properties) -> int | Unknown:
    image, command, arguments = (container.string("image", default=""), *map(container.strings, ("command", "args")))
    if isinstance(image, Unknown) or isinstance(command, Unknown) or isinstance(arguments, Unknown):
        return UNKNOWN
    words = known_in(command), known_in(arguments)
    is_whole = len(words[0]) == len(command) and len(words[1]) == len(arguments)
    return listening_port(image, *words) if is_whole else UNKNOWN
