"""How Gateways and Ingresses listen to clients: by which protocol, and for which routes."""

from __future__ import annotations

from typing import Final, NamedTuple

from policypack.model.gke.fronts import Front, is_parent, parents_of
from policypack.model.kubernetes.objects import KubernetesObject, same_namespace
from policypack.model.values.logic import all_of, any_of, equals, is_set, known_in, negation, or_else, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# Where it is left out, a listener takes routes of its own namespace.
# https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces
_ALLOWED: Final = "Same"
# https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-multi-ssl, .../ingress-configuration
_CERTIFICATES: Final = (
    "networking.gke.io/managed-certificates",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/certmap",
)
_ALLOWS_HTTP: Final = "kubernetes.io/ingress.allow-http"


class Listener(NamedTuple):
    """A listener of a Gateway that takes a route, or may.

    Attributes:
        name: its name.
        takes: whether it takes the route.
    """

    name: str | Unknown | None
    takes: bool | Unknown


def plain_listeners(front: Front, holder: KubernetesObject) -> tuple[Listener, ...]:
    """The listeners of a Gateway for plain HTTP that take a route, or may."""
    listeners = or_else(front.spec.objects("listeners"), [Properties(UNKNOWN)])
    found = (
        Listener(one.string("name"), all_of([equals(one.string("protocol"), "HTTP"), _takes(front, one, holder)]))
        for one in listeners
    )
    return tuple(one for one in found if one.takes is not False)


def takes_route(front: Front, holder: KubernetesObject) -> bool | Unknown:
    """Whether a listener of a Gateway takes a route that names the Gateway.

    https://gateway-api.sigs.k8s.io/reference/spec/#allowedroutes
    """
    listeners = or_else(front.spec.objects("listeners"), [Properties(UNKNOWN)])
    return any_of(_takes(front, one, holder) for one in listeners)


def name_of_https_listener(front: Front) -> str | None:
    """The name of a listener of a Gateway for HTTPS, if one is known."""
    listeners = known_in(front.spec.objects("listeners"))
    names = [one.string("name") for one in listeners if equals(one.string("protocol"), "HTTPS") is True]
    return next((name for name in names if isinstance(name, str)), None)


def terminates_tls(front: Front) -> bool | Unknown:
    """Whether clients reach a Gateway or an Ingress by HTTPS."""
    if front.is_ingress:
        tls = front.spec.objects("tls")
        return any_of([when_known(tls, bool), *(is_set(front.annotation(name)) for name in _CERTIFICATES)])
    listeners = front.spec.objects("listeners")
    return when_known(listeners, lambda given: any_of(equals(one.string("protocol"), "HTTPS") for one in given))


def allows_plain_http(ingress: Front) -> bool | Unknown:
    """Whether an Ingress takes plain HTTP: it does unless an annotation says otherwise."""
    return negation(equals(ingress.annotation(_ALLOWS_HTTP), "false"))


def _takes(front: Front, listener: Properties, holder: KubernetesObject) -> bool | Unknown:
    allowed = listener.block("allowedRoutes")
    return all_of(
        [
            any_of(_is_parent(front, listener, holder, one) for one in parents_of(holder)),
            _allows_namespace(front, allowed.block("namespaces"), holder),
            _allows_kind(allowed, holder),
            _shares_a_host(listener, holder),
        ]
    )


def _is_parent(front: Front, listener: Properties, holder: KubernetesObject, parent: Properties) -> bool | Unknown:
    """Whether a parent reference of a route is to a listener; without a name and a port it is to all."""
    answers = [is_parent(holder, parent, front)]
    for key, own in (("sectionName", "name"), ("port", "port")):
        wanted, given = parent.string(key), listener.string(own)
        if wanted is not None:
            answers.append(equals(wanted, given))
    return all_of(answers)


def _allows_namespace(front: Front, namespaces: Properties, holder: KubernetesObject) -> bool | Unknown:
    where = namespaces.string("from", default=_ALLOWED)
    if isinstance(where, Unknown) or where == "Selector":
        return UNKNOWN
    return same_namespace(front.namespace, holder.namespace) if where == _ALLOWED else where == "All"


def _allows_kind(allowed: Properties, holder: KubernetesObject) -> bool | Unknown:
    kinds = allowed.objects("kinds")
    if isinstance(kinds, Unknown):
        return UNKNOWN
    return not kinds or any_of(equals(one.string("kind"), holder.kind) for one in kinds)


def _shares_a_host(listener: Properties, holder: KubernetesObject) -> bool | Unknown:
    """Whether a listener and a route have a host in common; without one they are for all.

    https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec
    """
    ours, theirs = listener.string("hostname"), holder.spec.strings("hostnames")
    if ours is None or (not isinstance(theirs, Unknown) and not theirs):
        return True
    if isinstance(ours, Unknown) or isinstance(theirs, Unknown):
        return UNKNOWN
    is_shared = any(_fits(ours, host) or _fits(host, ours) for host in known_in(theirs))
    return is_shared or (UNKNOWN if len(known_in(theirs)) < len(theirs) else False)


def _fits(pattern: str, host: str) -> bool:
    return pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))
