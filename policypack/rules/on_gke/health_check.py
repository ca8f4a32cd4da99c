"""What `llm-backend-health-check` says of backends on GKE."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.ingress_checks import has_readiness_probe, ingress_check
from policypack.model.gke.policies import DEFAULT_PATH, Check, Policy
from policypack.model.kubernetes.kinds import BACKEND_CONFIG, GATEWAY, HEALTH_CHECK_POLICY
from policypack.model.software.servers import ServerName, doubt_about, ready_paths
from policypack.model.values.logic import equals
from policypack.model.values.spelling import python_literal
from policypack.rules.on_gke.policies import how_to_create, on_policies
from policypack.verdict import Checks, Fail, Undecided, known

_NOT_TAKEN_OVER: Final = (
    ", not the path of the readiness probe: it takes over only a probe of the port that the Service's `targetPort` and "
    "the container's `ports` both name, with the Service's protocol"
)
OF_PODS: Final = "the image of its Pods"
_H2C = "kubernetes.io/h2c"


class Accepted(NamedTuple):
    """What the options accept, and how a message says that.

    Attributes:
        paths: request paths.
        protocols: protocols without a path.
        required: both, a sentence.
        path_for: a path that fits these servers, and what has to be done besides for it to be accepted.
    """

    paths: tuple[str, ...]
    protocols: Collection[str]
    required: str
    path_for: Callable[[tuple[ServerName, ...]], tuple[str, str]]


def requests_an_allowed_path(backend: GkeBackend, accepted: Accepted) -> Checks:
    """The load balancer checks the Pods of a backend on an allowed path; on `/` where no object says another one.

    A Gateway does not read readiness probes, an Ingress does:
    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources#configure_health_check,
    https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#health_checks
    """
    if backend.way == GATEWAY:
        attached = backend.attached(HEALTH_CHECK_POLICY)
        yield on_policies(attached, HEALTH_CHECK_POLICY, lambda policy: _of_gateway(backend, policy, accepted))
    else:
        yield on_policies(backend.settings, BACKEND_CONFIG, lambda config: _of_ingress(backend, config, accepted))


def _of_gateway(backend: GkeBackend, policy: Policy, accepted: Accepted) -> Checks:
    check = policy.check
    type_ = known(check.type, "default.config", policy.name)
    path = known(check.path, f"default.config.{type_.lower()}HealthCheck", policy.name)
    if _is_accepted(backend, check, accepted):
        yield from _is_one_of_the_server(backend, path)
        return
    if type_ == "GRPC" and backend.target and equals(backend.target.spec.string("appProtocol"), _H2C) is not False:
        why = f'{backend.label} may speak {_H2C}; the option ``protocols=["GRPC"]`` accepts a gRPC check'
        yield Undecided(why, "appProtocol")
        return
    wanted, also = _path(backend, accepted)
    block = {"requestPath": wanted, **_port(backend)}
    config = {"config": {"type": "HTTP", "httpHealthCheck": block}}
    if policy.object:
        does = f"requests `{path}`" if path else f"is a {type_} check, which cannot request a path"
        observed = f"{policy.label} {does}."
        fix = (
            _how_to_accept(also)
            if path == wanted
            else f"Set `spec.default` of {policy.label} to ``{python_literal(config)}``{also}."
        )
    else:
        observed = f"{backend.label} has {policy.label}, so the Gateway requests `/`, whatever readiness probes say."
        fix = how_to_create(backend, policy, {"default": config}, also)
    yield Fail(observed, accepted.required, fix)


def _of_ingress(backend: GkeBackend, config: Policy, accepted: Accepted) -> Checks:
    check = ingress_check(backend, config)
    type_ = known(check.type, "healthCheck.type", config.name)
    path = known(check.path, "readinessProbe", because=f"an Ingress takes it over from the Pods of {backend.label}")
    if _is_accepted(backend, check, accepted):
        yield from _is_one_of_the_server(backend, path)
        return
    why = _NOT_TAKEN_OVER if path == DEFAULT_PATH and check.is_default and has_readiness_probe(backend) else ""
    does = (
        f"requests `{path}` of {backend.label}{why}"
        if path
        else f"checks {backend.label} by {type_}, which has no path"
    )
    wanted, also = _path(backend, accepted)
    block = {"type": "HTTP", "requestPath": wanted, **_port(backend, with_kind=False)}
    fix = f"Set `spec.healthCheck` of {config.label} to ``{python_literal(block)}``{also}."
    if not config.object:
        fix = how_to_create(backend, config, {"healthCheck": block}, also)
    yield Fail(f"The Ingress {does}.", accepted.required, _how_to_accept(also) if path == wanted else fix)


def _how_to_accept(also: str) -> str:
    """What to do where the path is the server's own, and only the options do not accept it."""
    return f"Keep the path{also}."


def _is_accepted(backend: GkeBackend, check: Check, accepted: Accepted) -> bool:
    if check.path is None:
        return check.type in accepted.protocols
    paths = (*accepted.paths, *ready_paths(_servers(backend)))
    return isinstance(check.path, str) and check.path.partition("?")[0] in paths


def _path(backend: GkeBackend, accepted: Accepted) -> tuple[str, str]:
    """A path that fits the servers that images name, and what has to be done besides for it to be accepted."""
    return accepted.path_for(_servers(backend))


def _servers(backend: GkeBackend) -> tuple[ServerName, ...]:
    return tuple(dict.fromkeys(name for one, serves in backend.workloads if serves is True for name in one.servers))


def _is_one_of_the_server(backend: GkeBackend, path: str | None) -> Checks:
    if doubt := doubt_about(path, _servers(backend), OF_PODS):
        yield Undecided(doubt, "requestPath")


def _port(backend: GkeBackend, *, with_kind: bool = True) -> dict[str, str | int]:
    """The port to check. Without one it is the one that serves, and some versions of the CRD want its kind with it."""
    ports = backend.target_ports
    if len(ports) != 1:
        return {}
    return {**({"portSpecification": "USE_FIXED_PORT"} if with_kind else {}), "port": ports[0]}
