"""The rule `health-check-matches-serving`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.balancing.tls import check_uses_tls, other_block, service_uses_tls
from policypack.model.firewalls.traffic import HEALERS, is_shut_out, probe_sources
from policypack.model.fleets.health_check_use import CheckUse, checks_of
from policypack.model.network.ports import (
    asked_port,
    follows_serving_port,
    named_port,
    ports_of_check,
    serving_ports,
    shows_endpoints,
)
from policypack.model.products.attributes import USE_NAMED_PORT
from policypack.model.values.logic import any_of, equals
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.on_gke.probed_port import probes_what_serves
from policypack.rules.shared.conditions import HAS_BACKENDS, TAKES_HEALTH_CHECKS, uses_proxy
from policypack.rules.shared.grouped import GROUPS, grouped
from policypack.verdict import Checks, Condition, Fail, Undecided, decided, known, not_known, unresolved
from policypack.wording import quoted

_SPOKEN = {True: "TLS", False: "no TLS"}


def _has_a_check(service: BackendService) -> bool | Unknown:
    """Whether a health check asks its backends: its own, or one by which a group heals."""
    if checks_of(service) or not service.health_check_links.is_complete:
        return True
    return False if service.links.is_complete else UNKNOWN


@rule(
    title="Health checks probe the serving port with the serving protocol",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-concepts",
    applies=(
        uses_proxy("a passthrough load balancer has no named port"),
        HAS_BACKENDS,
        TAKES_HEALTH_CHECKS,
        Condition(_has_a_check, "no health check in the stack probes its backends", "health_checks"),
    ),
    gke=lambda backend, options: probes_what_serves(backend),
)
def health_check_matches_serving(service: BackendService, options: Options) -> Checks:
    """Health checks for load balancing and autohealing probe the port and the protocol that the backends serve.

    ## What it checks
    For the health check of the backend service, and for those that its managed instance groups use for autohealing:

    - On the serving port, the check uses TLS if and only if the service does. The protocols HTTPS, HTTP2 and SSL, and
      gRPC with TLS, use it; HTTP, H2C and gRPC do not. A TCP check, or a service with protocol TCP, matches either.
    - The port is one that the group names: the port of the service's `port_name`, or any other of its `named_ports`. A
      check with `port_specification` USE_SERVING_PORT always probes the right port, and one with a `port_name` of its
      own the group's port of that name. Any other port fails if the firewall admits checks to the serving port but not
      to that one.

    On GKE, the rule reads the HealthCheckPolicy or, behind an Ingress, the BackendConfig. A `port` there is one of the
    Pods, not of the Service. On the serving port, the check uses TLS if and only if `appProtocol` of the Service's port
    says so or, behind an Ingress, the annotation `cloud.google.com/app-protocols`.

    ## Why it matters
    A port either uses TLS or does not. A check that gets this wrong finds every VM unhealthy: the service returns 503,
    or all VMs are recreated over and over. A check on a port other than the server's says nothing about the server.
    Nothing may listen there, or something that stays healthy while the server hangs.

    ## Applies to
    Global and regional services of proxy load balancers, with instance groups or with zonal and hybrid NEGs, and health
    checks of this stack. LLM backends of Gateways and Ingresses on GKE. The port of a NEG is judged if its endpoints
    are in the stack. Paths are judged by `llm-backend-health-check`; a check for autohealing may use a different path.

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
    check = gcp.compute.HealthCheck("health", https_health_check={"request_path": "/health", "port": 8000})
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        port_name="http",
        health_checks=check.id,
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
     )
    -check = gcp.compute.HealthCheck("health", https_health_check={"request_path": "/health", "port": 8000})
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
        config:
          type: HTTP
          httpHealthCheck: {requestPath: /health, portSpecification: USE_FIXED_PORT, port: 8000}
    ```

    ## Undecided
    The verdict is undecided when:

    - a check probes a port that no named port has. The server may respond to health checks on a separate port, such as
      a sidecar's, and nothing in the stack shows it. Declare that port in `named_ports`, under a name such as `health`,
      and the rule passes.
    - a port, a protocol, the named ports or the backends are not known;
    - on GKE, a check probes a port that no container lists in its `ports`, and what listens there is not known.
    """
    for use in checks_of(service):
        yield _speaks_as_the_service(service, use)
        yield from grouped((group.name, _asks_a_named_port(service, use, group)) for group in use.groups)
    yield from unresolved(service.links)
    yield from unresolved(service.health_check_links)


def _speaks_as_the_service(service: BackendService, use: CheckUse) -> Checks:
    spoken, served = check_uses_tls(use.check), service_uses_tls(service)
    if spoken is None or served is None:
        return
    groups = {group.name: _is_on_serving_port(service, use, group) for group in use.groups}
    on_port = any_of(groups.values())
    if on_port is False or (spoken is not UNKNOWN and served is not UNKNOWN and spoken == served):
        return
    service_speaks, check_speaks = known(served, "protocol"), known(spoken, "protocol", use.check.name)
    if on_port is UNKNOWN:
        yield not_known("port", use.check.name, because="on the serving port, it would use another protocol")
        return
    where = quoted([name for name, is_there in groups.items() if is_there is True])
    yield Fail(
        f"The {use.purpose} `{use.check.name}` uses {_SPOKEN[check_speaks]} on the port of {where} where the service "
        f"uses {_SPOKEN[service_speaks]}.",
        "A health check that uses TLS if, and only if, the service does on that port.",
        f"Use a check with ``{other_block(use.check)}``, or set the service's `protocol` to the one that the server "
        "speaks.",
    )


def _is_on_serving_port(service: BackendService, use: CheckUse, group: Group) -> bool | Unknown:
    if use.purpose == "health check" and follows_serving_port(use.check) is True:
        return True
    asked = ports_of_check(use.check, group)
    return any_of(equals(one, port) for one in asked for port in serving_ports(service, group))


def _asks_a_named_port(service: BackendService, use: CheckUse, group: Group) -> Checks:
    if use.purpose == "health check" and follows_serving_port(use.check) is True:
        return
    is_neg = group.kinds != {GroupKind.INSTANCE_GROUP}
    serving = serving_ports(service, group)
    named = serving if is_neg else group.port_numbers()
    if not serving or (is_neg and not shows_endpoints(group)):
        # That the named port is missing is what another rule says; a NEG's endpoints may come from anywhere.
        return
    name = named_port(use.check)
    if isinstance(name, str) and not is_neg:
        yield _names_a_port_of(use, name, group)
        return
    by_name = equals(use.check.port_specification, USE_NAMED_PORT) is True
    port = known(asked_port(use.check), "port_name" if by_name else "port", use.check.name)
    doubt = Undecided(f"the ports of the endpoints of {GROUPS} are not known", "port")
    unknown = doubt if is_neg else not_known("named_ports", group.name)
    if decided(any_of(equals(port, other) for other in named), unknown):
        return
    numbers = [decided(one, unknown) for one in serving]
    asks = (
        f"the {use.purpose} `{use.check.name}` probes port {port}, which is not a named port of {GROUPS}, and "
        f"requests go to {quoted(map(str, numbers))}"
    )
    sources = probe_sources(service).ranges if use.purpose == "health check" else HEALERS
    if not any(is_shut_out(service, group, port, number, sources) for number in numbers):
        yield Undecided(f"{asks}: whether the server responds there is not known", "port")
        return
    yield Fail(
        f"{asks[0].upper()}{asks[1:]}: the firewall admits checks only there.",
        "A health check on the serving port, or on a port that ``named_ports`` declares.",
        f"Set the check's `port` to {numbers[0]}; if the server responds to health checks on {port}, declare that "
        "port in ``named_ports`` and admit it.",
    )


def _names_a_port_of(use: CheckUse, name: str, group: Group) -> Checks:
    if not known(group.defines_port(name), "named_ports", group.name):
        why = f"the {use.purpose} `{use.check.name}` probes the named port `{name}`, which {GROUPS} does not have"
        yield Undecided(why, "port_name")
