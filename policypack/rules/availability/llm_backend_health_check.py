"""The rule `llm-backend-health-check`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.graph.path import on_path
from policypack.model.graph.tokens import MACHINE_TYPES
from policypack.model.network.ports import port_to_check
from policypack.model.products.attributes import USE_SERVING_PORT
from policypack.model.software.servers import (
    SERVERS,
    ServerName,
    doubt_about,
    health_paths,
    ready_paths,
    servers_named_by,
)
from policypack.rule import Options, rule
from policypack.rules.on_gke.health_check import OF_PODS, Accepted, requests_an_allowed_path
from policypack.rules.shared.conditions import TAKES_HEALTH_CHECKS
from policypack.rules.shared.vouched import vouched_for
from policypack.verdict import Checks, Fail, Undecided, known, provided, unresolved
from policypack.wording import quoted

_START_UP = "the startup configuration of its VMs"


@dataclass(frozen=True)
class HealthCheckOptions(Options):
    """Options of `llm-backend-health-check`.

    Attributes:
        allowed_paths: the request paths that show whether the server is ready.
        servers: model servers whose health paths are accepted in addition to `allowed_paths`: Triton has
            `/v2/health/ready`, NIM `/v1/health/ready`, LiteLLM `/health/readiness`. Without the option they are
            accepted where the startup of the VMs or the image of the Pods names the server. The paths of `ollama` and
            `ray-serve` show only that the process is running, so they are accepted only if named here.
        protocols: accepted protocols without a path, for servers that support only gRPC.
        vouched: globs on resources outside the stack that their owner vouches for: the name, the path
            (`projects/P/global/healthChecks/N`), or the logical name of the `StackReference` that provides it.
    """

    allowed_paths: tuple[str, ...] = ("/health",)
    servers: tuple[ServerName, ...] = ()
    protocols: tuple[Literal["GRPC", "GRPC_WITH_TLS"], ...] = ()
    vouched: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that are accepted."""
        return tuple(dict.fromkeys((*self.allowed_paths, *health_paths(self.servers))))

    def problem(self) -> str | None:
        """Without a path no check could pass."""
        if self.paths or self.protocols:
            return None
        return "option `allowed_paths` is empty: name a path, such as `/health`"


@rule(
    title="Health checks request the server's health path",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-concepts",
    applies=(TAKES_HEALTH_CHECKS,),
    gke=lambda backend, options: requests_an_allowed_path(backend, _accepted(options)),
)
def llm_backend_health_check(service: BackendService, options: HealthCheckOptions) -> Checks:
    """Each backend service has an HTTP, HTTPS or HTTP/2 health check on an allowed path.

    ## What it checks
    The health check in `health_checks`, whether global, regional or legacy, uses an allowed protocol and requests an
    allowed path. The query string is ignored. The path must match one of `allowed_paths`, or a path of `servers`,
    exactly: for `/health/`, servers return a redirect or 404, and the load balancer treats only 200 as healthy. If the
    startup of the VMs names one model server, a path that shows that this server is ready is accepted, too.

    Services whose backends do not support health checks (serverless, internet and Private Service Connect NEGs) need
    none. An existing health check is judged even if the service has no backends yet.

    On GKE, the rule reads the HealthCheckPolicy whose `targetRef` is the InferencePool or the Service that a route
    leads to. Without one, the Gateway requests `/` and ignores readiness probes. Behind an Ingress, the rule reads the
    BackendConfig or, without one, the readiness probe.

    ## Why it matters
    An LLM server accepts TCP connections, and may respond on `/`, long before it can generate and long after it no
    longer can. Only its health path shows the difference. Without a check on that path, the load balancer sends
    requests to servers that fail them.

    ## Applies to
    Global and regional backend services of every scheme, and LLM backends of Gateways and Ingresses on GKE.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
        named_ports=[{"name": "http", "port": 8000}],
    )
    check = gcp.compute.HealthCheck("port-open", tcp_health_check={"port": 8000})
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        port_name="http",
        health_checks=check.id,
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
     )
    -check = gcp.compute.HealthCheck("port-open", tcp_health_check={"port": 8000})
    +check = gcp.compute.HealthCheck("health", http_health_check={"request_path": "/health", "port": 8000})
     gcp.compute.BackendService(
    ```

    ## On GKE
    ```yaml
    apiVersion: networking.gke.io/v1
    kind: HealthCheckPolicy
    metadata: {name: chat, namespace: llm}
    spec:
      targetRef: {group: inference.networking.k8s.io, kind: InferencePool, name: chat}
      default:
        config: {type: HTTP, httpHealthCheck: {requestPath: /health}}
    ```

    ## Undecided
    The verdict is undecided when:

    - the health check is outside the stack, and the option `vouched` does not name it;
    - its path or protocol is computed;
    - it requests `/health`, and the startup of the VMs or the image of the Pods names Triton, LiteLLM or Ollama, which
      have other health paths;
    - there is no health check, and it is not known whether the backends support one;
    - on GKE, a policy may be attached, or may be out of sight, as in a Helm release.
    """
    doubt = Undecided("its backends may be of a kind that supports no health check", "backends")
    required = _required(options)
    yield provided(service.is_measured, doubt, _has_a_check(service, options, required))
    # A service without backends takes none that have no check, since it has one.
    takes_it = True if service.has_no_backends else service.is_measured
    for check in service.health_checks:
        checks = _requests_an_allowed_path(service, check, options, required)
        yield provided(takes_it, doubt, checks)
    vouched = list(vouched_for(service, service.health_check_links, "healthChecks", options.vouched))
    if vouched:
        yield from vouched
        return
    for reference in service.health_check_links.external:
        yield Undecided(f"its health check `{reference.name}` is outside the stack", "health_checks")
    yield from unresolved(service.health_check_links)


def _has_a_check(service: BackendService, options: HealthCheckOptions, required: str) -> Checks:
    links = service.health_check_links
    if not links.is_complete or links.members:
        return
    # "haPolicy is not for load balancing [and] cannot be specified with healthChecks":
    # https://cloud.google.com/compute/docs/reference/rest/v1/regionBackendServices
    if known(service.sets("ha_policy"), "ha_policy", because="it cannot be combined with ``health_checks``"):
        yield Fail(
            "It has ``ha_policy``: one VM is the leader, and nothing checks its health.",
            required,
            "Remove ``ha_policy``, which is not for load balancing, and set ``health_checks``.",
        )
    else:
        path, also = _path_to_request(_start_up_servers(service), options)
        kind = "RegionHealthCheck" if service.is_regional else "HealthCheck"
        yield Fail(
            "It has no health check.",
            required,
            f'Create a `{kind}` with ``http_health_check={{"request_path": "{path}", {_port(service)}}}`` and set '
            f"``health_checks`` to its `id`{also}.",
        )


def _requests_an_allowed_path(
    service: BackendService, check: HealthCheck, options: HealthCheckOptions, required: str
) -> Checks:
    servers = _start_up_servers(service)
    path, protocol = known(check.path, "request_path", check.name), check.protocol
    wanted, also = _path_to_request(servers, options)
    if path is None and protocol not in options.protocols:
        speaks = f"is a {protocol} check, which cannot request a path" if protocol else "has no protocol"
        is_grpc = protocol in ("GRPC", "GRPC_WITH_TLS")
        grpc = (
            f', or, for a server that supports only gRPC, set the option ``protocols=["{protocol}"]``'
            if is_grpc
            else ""
        )
        yield Fail(
            f"Its health check `{check.name}` {speaks}.",
            required,
            f'Give `{check.name}` ``http_health_check={{"request_path": "{wanted}", {_port(service, check)}}}`` '
            f"instead{also}{grpc}.",
        )
    elif path is not None and path.partition("?")[0] not in (*options.paths, *ready_paths(servers)):
        yield Fail(
            f"Its health check `{check.name}` requests `{path}`.",
            required,
            _accept_it(servers)
            if path == wanted and also
            else f"Set ``request_path`` of `{check.name}` to `{wanted}`{also}."
            if servers
            else f"Set ``request_path`` of `{check.name}` to the server's health path; if that is a different path, "
            "name the server in the option `servers`, or add the path to the option `allowed_paths`.",
        )
    elif doubt := doubt_about(path, servers, _START_UP):
        yield Undecided(doubt, "request_path")


def _accept_it(servers: tuple[ServerName, ...]) -> str:
    """What to do about the path of a server that shows only that its process is running."""
    [name] = servers
    return (
        f"It is the path of {name}, which {_START_UP} names, and shows only that the process is running. If that is "
        f'enough, set the option ``servers=["{name}"]``.'
    )


def _port(service: BackendService, check: HealthCheck | None = None) -> str:
    """How to say which port to ask, as an entry of the check's block."""
    number = port_to_check(service, check)
    if number is None and service.takes_serving_port is True:
        return f'"port_specification": "{USE_SERVING_PORT}"'
    return f'"port": {"..." if number is None else number}'


def _accepted(options: HealthCheckOptions) -> Accepted:
    return Accepted(
        options.paths,
        options.protocols,
        _required(options),
        lambda servers: _path_to_request(servers, options, OF_PODS),
    )


def _required(options: HealthCheckOptions) -> str:
    paths = [f"An HTTP, HTTPS or HTTP/2 health check on {quoted(options.paths)}"] if options.paths else []
    return f"{', or '.join([*paths, *(f'a {name} health check' for name in options.protocols)])}."


def _start_up_servers(service: BackendService) -> tuple[ServerName, ...]:
    return servers_named_by(on_path(service.stack, service.resource, MACHINE_TYPES))


def _path_to_request(
    servers: tuple[ServerName, ...], options: HealthCheckOptions, sign: str = _START_UP
) -> tuple[str, str]:
    """A path that fits the servers that a sign names, and what has to be done besides for it to be accepted."""
    if len(servers) != 1:
        return (options.paths or ("/health",))[0], ""
    [name], paths = servers, health_paths(servers)
    accepted = [path for path in paths if path in options.paths]
    if accepted:
        return accepted[0], ""
    if SERVERS[name].is_ready:
        return paths[0], f" ({sign} names {name})"
    return paths[0], f" ({sign} names {name}, which only shows that its process is running), with the option " + (
        f'``servers=["{name}"]``'
    )
