"""What `llm-backend-named-port` says of backends on GKE."""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.exports import exported_targets
from policypack.model.gke.fronts import Route
from policypack.model.gke.missing import has_no_pods, namesakes_of, selects_nothing, unserved_beside
from policypack.model.gke.ports import Pods, ServicePort, ports_of, serving_ports_of_pool
from policypack.model.kubernetes.kinds import IMPORTS, INFERENCE_POOL, INGRESS
from policypack.model.kubernetes.objects import KubernetesObject
from policypack.model.values.logic import any_of, equals, is_in
from policypack.model.values.values import UNKNOWN
from policypack.verdict import Checks, Fail, NotApplicable, Undecided, decided, known, provided
from policypack.wording import quoted

_REQUIRED: Final = "A route to a port of the Service, and from there to a port of its Pods."


def has_the_port(backend: GkeBackend) -> Checks:
    """What a route names is there, it has the port in the route, and its Pods have the port that this leads to.

    https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
    """
    if is_in(backend.kind, tuple(IMPORTS)) is True:
        yield _of_import(backend)
        return
    seen = set[tuple[str, object]]()
    for route, leads in backend.routes:
        if (route.holder.urn, route.port) in seen:
            continue
        seen.add((route.holder.urn, route.port))
        doubt = Undecided(f"whether {route.holder.label} leads to {backend.label} is not known", "backendRefs")
        target = backend.target
        yield provided(leads, doubt, _leads_on(target, route) if target else _is_there(backend, route))
    if backend.target:
        yield _has_pods(backend.target)


def _of_import(backend: GkeBackend) -> Checks:
    """Of what clusters export: the Services and InferencePools of the stack that it is."""
    found = exported_targets(backend.stack, backend.ref)
    if not found:
        yield NotApplicable(f"{backend.label} has its ports in the clusters that export it")
    for target, is_it in found:
        doubt = Undecided(f"whether {backend.label} imports {target.label} is not known", "backendRefs")
        for route in {one.port: one for one, _ in backend.routes}.values():
            yield provided(is_it, doubt, _leads_on(target, route))


def _is_there(backend: GkeBackend, route: Route) -> Checks:
    names = [f"{one.identity}" for one in backend.meant]
    if backend.is_missing and names:
        yield Fail(
            f"{route.holder.label} leads to {backend.label}, which is not in its namespace.",
            "A backend that exists.",
            f"Set the `name` of the backend in {route.holder.label} to {quoted(names)}.",
        )
        return
    hint = f"; if {quoted(names)} is meant, set its `name` in {route.holder.label}" if names else ""
    spaces = [f"{one.namespace}" for one in namesakes_of(route.holder, route.ref)]
    if spaces:
        hint = f"; one of this name is in the namespace {quoted(spaces)}, and a route says that by `namespace`"
    yield Undecided(f"{backend.label} is not known to be in the stack{hint}", "backendRefs")


def _has_pods(target: KubernetesObject) -> Checks:
    if not selects_nothing(target):
        return
    beside, is_certain = unserved_beside(target), has_no_pods(target)
    meant = [one.label for one, is_beside in beside if is_beside is True]
    if meant and is_certain:
        yield Fail(
            f"The selector of {target.label} matches no Pods of its namespace.",
            "Pods behind every backend.",
            f"Set the selector of {target.label} to labels of the Pods of {' or '.join(meant)}.",
        )
    elif beside or is_certain:
        others = f", and nothing selects those of {', '.join(one.label for one, _ in beside)}" if beside else ""
        yield Undecided(f"the selector of {target.label} matches no Pods of the stack{others}", "selector")


def _leads_on(target: KubernetesObject, route: Route) -> Checks:
    if target.kind == INFERENCE_POOL:
        for port in known(serving_ports_of_pool(target), "targetPorts", target.name):
            yield _pods_have(target, port, f"`targetPorts` of {target.label}")
        return
    ports = known(ports_of(target), "ports", target.name)
    if route.port is None:
        yield _names_none(target, route, ports)
        return
    wanted = known(route.port, "port", route.holder.name)
    answers = [(one, one.is_called(wanted)) for one in ports]
    doubt = Undecided(f"whether {target.label} has port {wanted} is not known", "ports")
    if not decided(any_of(is_it for _, is_it in answers), doubt):
        yield Fail(
            f"{route.holder.label} leads to port {wanted} of {target.label}, which {_has(ports)}.",
            _REQUIRED,
            _how_to_name(target, route, ports, f"{wanted}"),
        )
        return
    for one, is_it in answers:
        if is_it is True:
            yield pods_have_port_of(target, one)


def pods_have_port_of(service: KubernetesObject, port: ServicePort) -> Checks:
    """The Pods behind a Service have the port that one of its ports leads to."""
    of_pods = known(port.of_pods, "targetPort", service.name)
    if of_pods is not None:
        yield _pods_have(service, of_pods, f"`targetPort` of {service.label}")


def _names_none(target: KubernetesObject, route: Route, ports: tuple[ServicePort, ...]) -> Checks:
    yield Fail(
        f"{route.holder.label} leads to {target.label} without a port.",
        _REQUIRED,
        _how_to_name(target, route, ports, ""),
    )


def _has(ports: tuple[ServicePort, ...]) -> str:
    called = [f"{one.number} (`{one.name}`)" if one.name else f"{one.number}" for one in ports]
    return f"has only {', '.join(called)}" if ports else "has no ports"


def _how_to_name(target: KubernetesObject, route: Route, ports: tuple[ServicePort, ...], wanted: str) -> str:
    """What to write as the port of a backend in a route, and why the one that is there does not do."""
    behind = [one for one in ports if equals(one.of_pods, wanted) is True]
    is_name = bool(wanted) and not wanted.isdecimal()
    names = [name for one in behind or ports if isinstance(name := one.name if is_name else one.number, str) and name]
    key = "name" if is_name else "number"
    field = f"`service.port.{key}`" if route.holder.kind == INGRESS else "`port`"
    what = (
        f"name a port of {target.label} `{wanted}`"
        if is_name
        else f"add port {wanted} to `spec.ports` of {target.label}"
    )
    if not names:
        return f"{what[0].upper()}{what[1:]}."
    said = f"Set {field} of the backend in {route.holder.label} to {' or '.join(dict.fromkeys(names))}"
    if behind:
        return f"{said}: {wanted} is the `targetPort`, and a route names the port of the Service."
    return f"{said}, or {what}." if wanted else f"{said}."


def _pods_have(target: KubernetesObject, port: str, field: str) -> Checks:
    pods = Pods.behind(target)
    have, listed = pods.have(port), quoted(pods.listed) if pods.listed else ""
    if have is True or selects_nothing(target):
        return
    is_name = not port.isdecimal()
    if have is UNKNOWN:
        if is_name or pods.lack(port) or (pods.list_all and listed):
            which = f"; their containers list {listed}" if listed else ""
            yield Undecided(f"{field} is {port}, which no container in the stack certainly has{which}", "containerPort")
        return
    if is_name:
        number = pods.listed[0] if len(pods.listed) == 1 else "..."
        yield Fail(
            f"{field} is `{port}`, and no container of {pods.label} has a port of that name.",
            _REQUIRED,
            f'Add ``"name": "{port}"`` to the `containerPort` {number} of {pods.label}, or set {field} to {number}.',
        )
        return
    served = quoted(f"{one}" for one in pods.listening)
    yield Fail(
        f"{field} is {port}, and the server of {pods.label} listens on {served}.",
        _REQUIRED,
        f"Set {field} to {served}, or start the server with `--port={port}`.",
    )
