"""The rule `health-check-reachable`."""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.graph.reference import Reference
from policypack.model.network.placement import Endpoint, endpoints_of
from policypack.model.network.probe import (
    ProbeSources,
    is_probed_from_google,
    probe_sources,
    probed_ports,
    served_ports,
)
from policypack.model.network.reach import Reach, own_networks, reach
from policypack.model.values.ranges import Range
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted


@rule(
    title="The firewall admits health checks to the backends",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/firewall-rules",
)
def health_check_reachable(service: BackendService, options: Options) -> Iterator[Verdict]:
    """Health check probes get through the firewall to each backend.

    ## What it checks
    For the machines of each group whose network is made in this stack, firewall rules admit TCP connections from the
    ranges of Google's probes to the port that the health check asks, and none that comes earlier denies them. Behind a
    global external load balancer, whose requests come from the same ranges, so for the named port that it serves. VPC
    firewall rules and global and regional network firewall policies are taken in Google Cloud's order, with their
    priorities, targets and ports; what nothing admits is denied. Probes come from 35.191.0.0/16 and 130.211.0.0/22,
    for an external passthrough load balancer from 35.191.0.0/16, 209.85.152.0/22 and 209.85.204.0/22, and from other
    ranges where backends are asked by IPv6 only.

    ## Why it matters
    A backend that probes do not reach is unhealthy for the load balancer, however well it works: the service answers
    502 or 503 from the first minute on, and a region whose firewall was forgotten never takes over. One that only
    probes reach is worse: it counts as healthy and drops every request.

    ## Applies to
    Global and regional backend services, with instance groups and zonal NEGs in networks of this stack; template,
    subnetwork and firewall have to be in the stack as well to be judged. Networks outside the stack, hybrid,
    serverless and internet NEGs are not judged. Firewall policies of folders and organisations, and firewall rules
    of other stacks, are not seen.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    network = gcp.compute.Network("llm", auto_create_subnetworks=False)
    subnet = gcp.compute.Subnetwork("llm", network=network.id, region="us-central1", ip_cidr_range="10.0.0.0/24")
    gcp.compute.Firewall(
        "llm",
        network=network.id,
        source_ranges=["35.191.0.0/16", "130.211.0.0/22"],
        allows=[{"protocol": "tcp", "ports": ["80"]}],
    )
    template = gcp.compute.RegionInstanceTemplate(
        "llm",
        region="us-central1",
        machine_type="g2-standard-8",
        disks=[{"source_image": "cos-cloud/cos-stable"}],
        network_interfaces=[{"subnetwork": subnet.id}],
    )
    group = gcp.compute.RegionInstanceGroupManager(
        "llm",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": template.self_link}],
    )
    check = gcp.compute.HealthCheck("llm", http_health_check={"port": 8000, "request_path": "/health"})
    gcp.compute.BackendService("chat", backends=[{"group": group.instance_group}], health_checks=check.id)
    ```

    ## Passes
    ```diff
         source_ranges=["35.191.0.0/16", "130.211.0.0/22"],
    -    allows=[{"protocol": "tcp", "ports": ["80"]}],
    +    allows=[{"protocol": "tcp", "ports": ["8000"]}],
     )
    ```

    ## Undecided
    When the port of the check, the network, tags or service account of the machines, or ranges, ports, targets or
    priority of a firewall rule that matters are not known, when a rule targets secure tags, and when a GKE cluster
    is in the network, whose controllers add rules of their own. During an update a rule that is missing may follow.
    """
    exempt = _exemption(service)
    if exempt:
        yield NotApplicable(exempt)
        return
    sources = probe_sources(service)
    if isinstance(sources, str):
        yield Undecided(sources)
        return
    if not service.links.is_complete:
        yield Undecided(f"not all of its backends are known: {service.links.why}")
    judged = [endpoint for endpoint in endpoints_of(service.stack, service.resource) if _is_judged(service, endpoint)]
    if not judged and service.links.is_complete:
        yield NotApplicable("no network of its backends is made in this stack")
    # The versions of one group say the same more often than not.
    yield from dict.fromkeys(verdict for endpoint in judged for verdict in _judge(service, endpoint, sources))


def _exemption(service: BackendService) -> str:
    """Why nothing is judged, if that is so."""
    if not own_networks(service.stack) and service.stack.is_complete:
        return "no network of its backends is made in this stack"
    if service.has_no_backends:
        return "it has no backends"
    if service.health_check_links.is_complete and not service.health_check_links.members:
        return "it has no health check"
    return "its backends are not asked by health checks" if service.is_measured is False else ""


def _is_judged(service: BackendService, endpoint: Endpoint) -> bool:
    """Not where Google's probes do not ask, nor in networks outside the stack, whose firewall is not seen."""
    if is_probed_from_google(endpoint.group) is False:
        return False
    network = endpoint.places[0].network(service.stack)
    is_outside = isinstance(network, Reference) or (network is not None and network.is_read)
    return not is_outside or not service.stack.is_complete


def _judge(service: BackendService, endpoint: Endpoint, sources: ProbeSources) -> Iterator[Verdict]:
    name = f"`{endpoint.group.name}`"
    network = endpoint.places[0].network(service.stack)
    if network is None or isinstance(network, Reference):
        yield Undecided(f"the network of the machines of {name} is not known")
        return
    probed = probed_ports(service, endpoint.group)
    known = [port for port in probed if not isinstance(port, Unknown)]
    served = [port for port in served_ports(service, endpoint.group) if isinstance(port, Unknown) or port not in known]
    for what, ports in (("health checks", probed), ("requests", served)):
        for port in ports:
            found = reach(service.stack, network, endpoint, port, sources.ranges)
            is_asked = is_probed_from_google(endpoint.group)
            if found.is_open is UNKNOWN:
                yield Undecided(_reason(name, what, port, found))
            elif found.is_open is False and (is_asked is UNKNOWN or not sources.is_exclusive):
                yield Undecided(f"probes do not reach {name} by IPv4, but it may be checked in another way")
            elif found.is_open is False:
                yield _failure(name, what, port, found, sources.ranges)


def _reason(name: str, what: str, port: int | Unknown, found: Reach) -> str:
    if isinstance(port, Unknown):
        return f"the port of {name} that {what} come to is not known"
    if found.uncertain:
        rules = ", ".join(found.uncertain)
        return f"it is not known whether {what} reach port {port} of {name}: whether or how {rules} applies is not"
    return f"no firewall rule admits {what} to port {port} of {name} so far, but one may be added"


def _failure(name: str, what: str, port: int | Unknown, found: Reach, ranges: tuple[Range, ...]) -> Fail:
    wanted = "its port" if isinstance(port, Unknown) else f"TCP port {port}"
    denying = sorted({blocked.rule for blocked in found.blocked if blocked.rule is not None})
    missed = sorted({str(blocked.source) for blocked in found.blocked if blocked.rule is None})
    observed = [f"{rule} denies {what} to {wanted} of the machines of {name}." for rule in denying]
    if missed:
        observed.append(
            f"No firewall rule admits {what} from {' and '.join(missed)} to {wanted} of the machines of {name}."
        )
    ports = "" if isinstance(port, Unknown) else f', "ports": ["{port}"]'
    return Fail(
        " ".join(observed),
        f"Ingress from {quoted(map(str, ranges))} to the ports of health check and service.",
        "Add a `gcp.compute.Firewall` for the tag or service account of these machines with "
        f'`source_ranges={[str(range_) for range_ in ranges]}`, `allows=[{{"protocol": "tcp"{ports}}}]` and a '
        "`priority` below that of every rule that denies.",
    )
