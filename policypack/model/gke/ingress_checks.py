"""How an Ingress checks what is behind it: by the BackendConfig, else by readiness probes.

https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#health_checks
"""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import DEFAULT_PATH, Check, Policy
from policypack.model.gke.ports import routed_ports, uses_tls
from policypack.model.values.logic import all_of, any_of, equals, is_set, known_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# The kubelet's own answer whether the Pod is ready; https://github.com/kubernetes/ingress-gce
_TRANSPARENT: Final = "networking.gke.io/transparent-health-checker"
_NOT_KNOWN: Final = Check("HTTP", UNKNOWN)


def ingress_check(backend: GkeBackend, config: Policy) -> Check:
    """The check of a backend of an Ingress.

    Args:
        backend: the backend.
        config: its BackendConfig, or none.
    """
    block = config.object.spec.object("healthCheck") if config.object else None
    if isinstance(block, Unknown):
        return Check(UNKNOWN, UNKNOWN)
    given = Properties({}) if block is None else block
    type_, path = given.string("type", default="HTTP"), given.string("requestPath")
    if isinstance(type_, Unknown):
        return Check(UNKNOWN, UNKNOWN)
    if path is not None or type_ == "TCP":
        return Check(type_, None if type_ == "TCP" else path)
    if backend.target is None or backend.target.annotation(_TRANSPARENT) is not None:
        return _NOT_KNOWN
    return Check(type_, _probed_path(backend), is_default=True)


def has_readiness_probe(backend: GkeBackend) -> bool:
    """Whether a container of its Pods has a readiness probe that an Ingress can take over under conditions."""
    containers = (container for one, _ in backend.workloads for container in known_in(one.containers))
    return any(isinstance(_request_of(one), Properties) for one in containers)


def _probed_path(backend: GkeBackend) -> str | Unknown:
    """The path of the readiness probe of its Pods, `/` if they certainly have none that the Ingress can take over."""
    certain = [one for one, serves in backend.workloads if serves is True]
    if len(certain) != 1 or len(backend.workloads) != 1 or isinstance(certain[0].containers, Unknown):
        return UNKNOWN
    for container in certain[0].containers:
        request = _request_of(container)
        if request is None:
            continue
        is_taken = UNKNOWN if isinstance(request, Unknown) else _is_taken_over(backend, container, request)
        if is_taken is not False:
            known = request if is_taken is True and isinstance(request, Properties) else Properties(UNKNOWN)
            return known.string("path", default=DEFAULT_PATH)
    return DEFAULT_PATH


def _request_of(container: Properties) -> Properties | Unknown | None:
    probe = container.object("readinessProbe")
    return probe.object("httpGet") if isinstance(probe, Properties) else probe


def _is_taken_over(backend: GkeBackend, container: Properties, request: Properties) -> bool | Unknown:
    """Whether an Ingress takes over a probe: of the port that gets requests, which the container lists too.

    It takes none with a host or with headers other than `Host`. https://github.com/kubernetes/ingress-gce
    """
    ports = routed_ports(backend, backend.target) if backend.target else UNKNOWN
    listed = container.objects("ports")
    if isinstance(ports, Unknown) or isinstance(listed, Unknown):
        return UNKNOWN
    is_listed = any_of(
        all_of([_is_called(entry, port.of_pods), _is_called(entry, request.string("port"))])
        for port in ports
        for entry in listed
    )
    headers = request.objects("httpHeaders")
    return all_of(
        [
            is_listed,
            negation(is_set(request.string("host"))),
            when_known(headers, lambda given: all_of(equals(one.string("name"), "Host") for one in given)),
            equals(equals(request.string("scheme", default="HTTP"), "HTTPS"), uses_tls(backend, backend.target))
            if backend.target
            else UNKNOWN,
        ]
    )


def _is_called(entry: Properties, port: str | Unknown | None) -> bool | Unknown:
    """Whether a port of a container has this number or name."""
    if isinstance(port, str):
        return equals(entry.string("containerPort" if port.isdecimal() else "name"), port)
    return UNKNOWN if isinstance(port, Unknown) else False
