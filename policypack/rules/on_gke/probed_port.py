"""What `health-check-matches-serving` says of backends on GKE."""

from __future__ import annotations

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import Policy
from policypack.model.gke.ports import (
    Pods,
    has_endpoints,
    has_port,
    probes_with_tls,
    serving_ports,
    targets_of,
    uses_tls,
)
from policypack.model.kubernetes.kinds import BACKEND_CONFIG, GATEWAY, HEALTH_CHECK_POLICY, INFERENCE_POOL
from policypack.model.kubernetes.objects import KubernetesObject
from policypack.model.values.logic import or_else
from policypack.model.values.values import UNKNOWN
from policypack.rules.on_gke.policies import on_policies
from policypack.verdict import Checks, Fail, Undecided, decided, known
from policypack.wording import quoted

_SPOKEN = {True: "TLS", False: "no TLS"}


def probes_what_serves(backend: GkeBackend) -> Checks:
    """The health check of a backend probes a port of its Pods, on the serving port with the serving protocol.

    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources#configure_health_check,
    https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration#direct_health
    """
    is_gateway = backend.way == GATEWAY
    kind = HEALTH_CHECK_POLICY if is_gateway else BACKEND_CONFIG
    attached = backend.attached(kind) if is_gateway else backend.settings
    # Without a policy the load balancer probes what serves.
    yield on_policies(attached, kind, lambda policy: _of_policy(backend, policy))


def _of_policy(backend: GkeBackend, policy: Policy) -> Checks:
    if not policy.object:
        return
    field = "healthCheck.port" if policy.kind == BACKEND_CONFIG else "default.config"
    port, targets = known(policy.probed_port, field, policy.name), targets_of(backend)
    for target in targets:
        yield _of_target(backend, policy, target, port)
    if not targets and (port or probes_with_tls(policy) is not None):
        yield Undecided(f"the Pods of {backend.label} are not known to be in the stack", "targetRef")


def _of_target(backend: GkeBackend, policy: Policy, target: KubernetesObject, port: str | None) -> Checks:
    serving = or_else(serving_ports(backend, target), ())
    if port is None or serving == (port,):
        yield _speaks_as_it_is_spoken_to(backend, policy, target)
    elif port not in serving:
        yield _is_of_the_pods(backend, policy, target, port)


def _speaks_as_it_is_spoken_to(backend: GkeBackend, policy: Policy, target: KubernetesObject) -> Checks:
    probed, served = probes_with_tls(policy), uses_tls(backend, target)
    if probed is None or served is None:
        return
    type_ = "healthCheck.type" if policy.kind == BACKEND_CONFIG else "default.config"
    doubt = Undecided(f"whether the load balancer uses TLS to {backend.label} is not known", "appProtocol")
    if known(probed, type_, policy.name) == decided(served, doubt):
        return
    yield Fail(
        f"{policy.label} uses {_SPOKEN[probed is True]} on the serving port of {backend.label}, where the load "
        f"balancer uses {_SPOKEN[served is True]}.",
        "A health check that uses TLS if, and only if, the load balancer does on that port.",
        _how_to_speak(backend, policy, target, is_probed=probed is True),
    )


def _how_to_speak(backend: GkeBackend, policy: Policy, target: KubernetesObject, *, is_probed: bool) -> str:
    of_check = "healthCheck.type" if policy.kind == BACKEND_CONFIG else "default.config.type"
    fix = f"Set `spec.{of_check}` of {policy.label} to {'HTTP' if is_probed else 'HTTPS'}"
    if policy.kind == HEALTH_CHECK_POLICY:
        fix += f", with its settings in `{'http' if is_probed else 'https'}HealthCheck`"
    if target.kind == INFERENCE_POOL:
        return f"{fix}."
    is_gateway, spoken = backend.way == GATEWAY, "HTTPS" if is_probed else "HTTP"
    setting = f"`appProtocol: {spoken}`" if is_gateway else "the annotation `cloud.google.com/app-protocols`"
    return (
        f"{fix}. If the server {'uses' if is_probed else 'does not use'} TLS, set {setting} on {target.label} instead."
    )


def _is_of_the_pods(backend: GkeBackend, policy: Policy, target: KubernetesObject, port: str) -> Checks:
    pods = Pods.behind(target)
    have, serving = pods.have(port), serving_ports(backend, target)
    if have is True:
        return
    numbers = [one for one in or_else(serving, ()) if one.isdecimal()]
    to = f", and requests go to {quoted(numbers)}" if numbers else ""
    listed = f", which list {quoted(pods.listed)}" if pods.listed else ""
    probes = f"{policy.label} probes port {port} of the Pods of {backend.label}"
    if have is UNKNOWN or has_endpoints(backend) is not True:
        yield Undecided(f"{probes}{to}: whether a container{listed} listens there is not known", "port")
        return
    served = quoted(f"{one}" for one in pods.listening)
    at = "healthCheck.port" if policy.kind == BACKEND_CONFIG else "default.config"
    of_service = f": {port} is the port of the Service, not of its Pods" if has_port(target, port) else ""
    yield Fail(
        f"{probes}, and their server listens on {served}{of_service}.",
        "A health check on a port that the server listens on.",
        f"Set the `port` in `spec.{at}` of {policy.label} to {served}.",
    )
