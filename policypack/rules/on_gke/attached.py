"""What rules say of backends that autoneg attaches to a backend service, as annotations of Services tell.

https://github.com/GoogleCloudPlatform/gke-autoneg-controller
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.gke.ports import ports_of
from policypack.model.kubernetes.controllers import Attachment, named_negs, ports_with_negs
from policypack.model.kubernetes.kinds import NEG_ANNOTATION
from policypack.model.kubernetes.objects import KubernetesObject
from policypack.model.products.product import is_refused
from policypack.model.products.targets import MODES
from policypack.model.values.logic import any_of, equals
from policypack.model.values.values import UNKNOWN
from policypack.rules.on_gke.named_port import pods_have_port_of
from policypack.rules.shared.refusal import which_product
from policypack.verdict import Checks, Fail, Undecided, decided, known, provided

_RATE, _CONNECTIONS = "max_rate_per_endpoint", "max_connections_per_endpoint"
# The mode that the controller chooses -> what to set, and instead of what, for the other one.
_OTHER_MODE = {"CONNECTION": (_RATE, _CONNECTIONS), "RATE": (_CONNECTIONS, _RATE)}


def attached_have_limits(service: BackendService) -> Checks:
    """Each has a limit by its mode."""
    yield _each(service, lambda one: _has_limit(service, one))


def _each(service: BackendService, judge: Callable[[Attachment], Checks]) -> Iterator[Checks]:
    """What is wrong with each that is attached, or may be."""
    for one in service.attachments.certain:
        yield judge(one)
    for one in service.attachments.possible:
        doubt = Undecided(f"whether {one.label} attaches its backends to this service is not known", "backends")
        yield provided(UNKNOWN, doubt, judge(one))


def _has_limit(service: BackendService, one: Attachment) -> Checks:
    if known(one.is_bounded, one.annotation, one.service.name):
        return
    mode = known(one.balancing_mode, one.annotation, one.service.name)
    limit = _RATE if service.measures_requests is not False else _CONNECTIONS
    why = "its metrics are in dry-run mode" if mode == "CUSTOM_METRICS" else f"it is in {mode} mode without a limit"
    yield Fail(
        f"What {one.label} attaches never counts as full: {why}.",
        "A limit for each endpoint, or a custom metric that counts.",
        f"Set `{limit}` in {one.label} to what one server can handle.",
    )


def attached_have_a_mode_of_it(service: BackendService) -> Checks:
    """Each is in a mode that the load balancer of the service has."""
    yield _each(service, lambda one: _has_mode_of_it(service, one))


def _has_mode_of_it(service: BackendService, one: Attachment) -> Checks:
    mode = known(one.balancing_mode, one.annotation, one.service.name)
    cells = {MODES[mode].cells[product] for product in service.nearest_products}
    if is_refused(cells) is True:
        field, instead_of = _OTHER_MODE.get(mode, (_CONNECTIONS, "custom_metrics"))
        yield Fail(
            f"{one.label} attaches backends in {mode} mode, which this load balancer does not support.",
            "A mode that the load balancer supports: the controller uses RATE if a rate is set, and CONNECTION "
            "otherwise.",
            f"Set `{field}` in {one.label}, and remove `{instead_of}`.",
        )
    elif len(cells) > 1 and service.undecided_property:
        yield which_product(service)


def attached_have_ports(service: BackendService) -> Checks:
    """Each is of a port that its Service has and that its Pods listen on, and a NEG is asked for it.

    https://cloud.google.com/kubernetes-engine/docs/how-to/standalone-neg
    """
    yield _each(service, _is_exposed)
    for group in service.groups:
        for exposed in named_negs(service.stack).get(group.name, ()) if group.is_external else ():
            yield _has_the_port(exposed.service, exposed.port, f"`{NEG_ANNOTATION}` of {exposed.service.label}")


def _is_exposed(one: Attachment) -> Checks:
    port = known(one.port, one.annotation, one.service.name)
    if port is None:
        return
    yield _has_the_port(one.service, port, one.label)
    exposed = known(ports_with_negs(one.service), NEG_ANNOTATION, one.service.name)
    if port not in (other.port for other in exposed):
        yield Fail(
            f"{one.label} attaches port {port}, for which `{NEG_ANNOTATION}` asks for no NEG.",
            "A NEG for each port that is attached.",
            f'Set ``"exposed_ports": {{"{port}": {{}}}}`` in `{NEG_ANNOTATION}` of {one.service.label}.',
        )


def _has_the_port(service: KubernetesObject, port: str, label: str) -> Checks:
    ports = known(ports_of(service), "ports", service.name)
    answers = [(one, equals(one.number, port)) for one in ports]
    doubt = Undecided(f"whether {service.label} has port {port} is not known", "ports")
    if decided(any_of(is_it for _, is_it in answers), doubt):
        for one, is_it in answers:
            if is_it is True:
                yield pods_have_port_of(service, one)
        return
    numbers = " or ".join(f"{one.number}" for one in ports) or "..."
    yield Fail(
        f"{label} names port {port}, which is none of {service.label}, so there is no NEG for it.",
        "A port of the Service.",
        f"Set the port in {label} to {numbers}.",
    )
