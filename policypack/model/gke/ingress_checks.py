"""How an Ingress checks what is behind it: by the BackendConfig, else by readiness probes.

https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#health_checks
"""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import DEFAULT_PATH, Check, Policy
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
    return Check(type_, _probed_path(backend))


def _probed_path(backend: GkeBackend) -> str | Unknown:
    """The path of the readiness probe of its Pods, `/` if they certainly have none that the Ingress can take over."""
    certain = [one for one, serves in backend.workloads if serves is True]
    if len(certain) != 1 or len(backend.workloads) != 1 or isinstance(certain[0].containers, Unknown):
        return UNKNOWN
    probes = [one.object("readinessProbe") for one in certain[0].containers]
    blocks = [one.object("httpGet") if isinstance(one, Properties) else one for one in probes]
    if any(isinstance(one, Unknown) for one in blocks):
        return UNKNOWN
    paths = [one.string("path", default=DEFAULT_PATH) for one in blocks if isinstance(one, Properties)]
    if not paths:
        return DEFAULT_PATH
    return paths[0] if len(paths) == 1 else UNKNOWN
