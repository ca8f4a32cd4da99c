"""What `frontend-https-only` says of backends on GKE."""

from __future__ import annotations

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.edge.front_policies import frontend_configs
from policypack.model.gke.edge.listeners import Listener, allows_plain_http, name_of_https_listener, plain_listeners
from policypack.model.gke.fronts import Front
from policypack.model.gke.policies import Policy
from policypack.model.kubernetes.kinds import FRONTEND_CONFIG
from policypack.model.kubernetes.objects import KubernetesObject
from policypack.rules.on_gke.edge.fronts import how_to_configure, on_fronts
from policypack.rules.on_gke.policies import field_of, on_policies
from policypack.verdict import Checks, Fail, Undecided, known, provided

_REQUIRED = "HTTPS, with plain HTTP used only for redirects."
_REDIRECT = '{"redirectToHttps": {"enabled": True}}'
_LISTENER = '``{"name": "https", "protocol": "HTTPS", "port": 443, "tls": ...}``'


def takes_no_plain_http(backend: GkeBackend, *, internal: bool) -> Checks:
    """No listener for plain HTTP takes a route to a backend; a route that only redirects leads to none.

    https://cloud.google.com/kubernetes-engine/docs/how-to/deploying-gateways#configure_http-to-https_redirects
    """

    def check(front: Front) -> Checks:
        if front.is_ingress:
            doubt = Undecided(f"whether {front.label} takes plain HTTP is not known", "annotations")
            yield provided(allows_plain_http(front), doubt, _redirects(backend, front))
            return
        holders = {route.holder.urn: route.holder for route, _ in backend.routes}
        for holder in holders.values():
            for listener in plain_listeners(front, holder):
                why = f"whether {front.label} takes plain HTTP for {holder.label} is not known"
                yield provided(
                    listener.takes, Undecided(why, "listeners"), _passes_on(backend, front, holder, listener)
                )

    yield on_fronts(backend, check, internal=internal)


def _passes_on(backend: GkeBackend, front: Front, holder: KubernetesObject, listener: Listener) -> Checks:
    plain = f"`{listener.name}`" if isinstance(listener.name, str) else "a listener"
    https = name_of_https_listener(front)
    add = "" if https else f"Add {_LISTENER} to `spec.listeners` of {front.label}. "
    yield Fail(
        f"Listener {plain} of {front.label} accepts plain HTTP, and {holder.label} forwards it to {backend.label}.",
        _REQUIRED,
        f"{add}Set `sectionName` to `{https or 'https'}` in `spec.parentRefs` of {holder.label}, and attach a route to "
        f"{plain} that has no backends and the filter `RequestRedirect` with the scheme `https`.",
    )


def _redirects(backend: GkeBackend, ingress: Front) -> Checks:
    yield on_policies(
        frontend_configs(ingress), FRONTEND_CONFIG, lambda config: _config_redirects(backend, ingress, config)
    )


def _config_redirects(backend: GkeBackend, ingress: Front, config: Policy) -> Checks:
    if known(config.flag("redirect"), config.field("redirect"), config.name):
        return
    made = how_to_configure(ingress, config, _REDIRECT)
    how = f"Set {field_of(config, 'redirect')} to True" if config.object else made
    yield Fail(
        f"{ingress.label} accepts plain HTTP and forwards it to {backend.label}.",
        _REQUIRED,
        f'{how}; or annotate {ingress.label} with `kubernetes.io/ingress.allow-http: "false"`.',
    )
