"""The rule `health-check-reachable`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.firewalls.near_misses import NearMiss, nearest_miss
from policypack.model.firewalls.reach import Reach, own_networks, reach
from policypack.model.firewalls.traffic import (
    Asked,
    ProbeSources,
    asked_for_healing,
    asked_ports,
    check_without_a_port,
    network_of_stack,
    other_port,
    probe_sources,
    probed_endpoints,
)
from policypack.model.fleets.health_check_use import is_for_healing, manager_of
from policypack.model.graph.resource import Resource
from policypack.model.network.placement import Endpoint
from policypack.model.products.attributes import USE_SERVING_PORT
from policypack.model.values.ranges import parse_ranges
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import (
    FITS_ITS_FRONT,
    HAS_BACKENDS,
    HAS_HEALTH_CHECK,
    IS_A_PRODUCT,
    TAKES_HEALTH_CHECKS,
)
from policypack.rules.shared.firewalls import missing_in
from policypack.rules.shared.grouped import GROUPS, grouped
from policypack.verdict import (
    Checks,
    Condition,
    Fail,
    NotApplicable,
    Undecided,
    decided,
    known,
    not_known,
    provided,
    unresolved,
)
from policypack.wording import quoted

_NO_NETWORK = "no network of its backends is created in this stack"


@dataclass(frozen=True)
class ReachableOptions(Options):
    """Options of `health-check-reachable`.

    Attributes:
        admitted_ranges: source ranges in CIDR notation that something outside the stack admits to the VMs, such as a
            firewall policy of the organization or a folder. The rule treats connections from these ranges as admitted
            (https://cloud.google.com/firewall/docs/firewall-policies).
    """

    admitted_ranges: tuple[str, ...] = ()

    def problem(self) -> str | None:
        """A text that is no range."""
        wrong = [text for text in self.admitted_ranges if not parse_ranges([text]).certain]
        return f"option `admitted_ranges` has `{wrong[0]}`, which is not a range in CIDR notation" if wrong else None


def _has_a_network(service: BackendService) -> bool:
    return bool(own_networks(service.stack)) or not service.stack.is_complete


@rule(
    title="The firewall lets health checks reach the backends",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/firewall-rules",
    applies=(
        Condition(_has_a_network, _NO_NETWORK, "network"),
        HAS_BACKENDS,
        HAS_HEALTH_CHECK,
        TAKES_HEALTH_CHECKS,
        IS_A_PRODUCT,
        FITS_ITS_FRONT,
    ),
)
def health_check_reachable(service: BackendService, options: ReachableOptions) -> Checks:
    """The firewall admits health check probes and requests to each backend.

    ## What it checks
    If the stack creates the network of a group's VMs, its firewall rules admit these TCP connections, and no rule with
    precedence denies them:

    - Health checks: from Google's probe ranges to the port that the check probes.
    - Requests: to the named port of instance groups, and to the ports of a zonal NEG's endpoints.
    - Autohealing checks: from 35.191.0.0/16 and 130.211.0.0/22 to the port that the group's autohealing check probes.

    The source of requests depends on the load balancer:

    - global external: Google's probe ranges;
    - regional (external or internal Application Load Balancer, or proxy Network Load Balancer): the proxy-only subnets
      of the network in that region, with purpose REGIONAL_MANAGED_PROXY;
    - cross-region internal: the proxy-only subnets of the network in the regions of its forwarding rules, with purpose
      GLOBAL_MANAGED_PROXY.

    The source of health checks depends on the load balancer, too:

    - by default: 35.191.0.0/16 and 130.211.0.0/22;
    - external passthrough: 35.191.0.0/16, 209.85.152.0/22 and 209.85.204.0/22;
    - backends that are probed over IPv6 only: other ranges.

    VPC firewall rules and global and regional network firewall policies are evaluated in Google Cloud's order, with
    their priorities, targets and ports. Traffic that nothing admits is denied. If other firewall policies admit the
    traffic, declare it with the option `admitted_ranges`.

    ## Why it matters
    If probes cannot reach a backend, the load balancer treats it as unhealthy however well it works. The service
    returns 502 or 503 from the start, and a region with a forgotten firewall rule never takes over. A backend that only
    probes can reach is worse: it counts as healthy and drops every request. If only the autohealing check is blocked,
    each VM is recreated whenever its initial delay ends.

    ## Applies to
    Global and regional backend services with instance groups or zonal NEGs in networks of this stack. Template,
    subnetwork and firewall must be in the stack, too. These are not judged:

    - networks outside the stack, and hybrid, serverless and internet NEGs;
    - requests through a proxy-only subnet of another stack (Shared VPC);
    - requests that passthrough load balancers forward;
    - services whose scheme and protocol match no load balancer, or do not fit their target proxy;
    - firewall rules of other stacks.

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
    The verdict is undecided when:

    - a port is not known: of the health check, or the named port;
    - the network, the tags or the service account of the VMs are not known;
    - the range of a proxy-only subnet is not known;
    - the ranges, ports, targets or priority of a firewall rule that matters are not known;
    - a rule targets secure tags;
    - a firewall policy of the organization or of a folder decides, because the stack does not show whether it applies;
    - a GKE cluster is in the network, because its controllers add firewall rules;
    - during an update, a missing rule may still be created.
    """
    sources = probe_sources(service)
    if sources.blocked_by:
        yield not_known(sources.blocked_by, because="it decides where health checks come from")
        return
    yield from unresolved(service.links)
    judged = probed_endpoints(service)
    if not judged and service.links.is_complete:
        yield NotApplicable(_NO_NETWORK)
    yield from grouped((one.group.name, _is_reached(service, one, sources, options)) for one in judged)


def _is_reached(
    service: BackendService, endpoint: Endpoint, sources: ProbeSources, options: ReachableOptions
) -> Checks:
    group, manager = endpoint.group, manager_of(endpoint.group)
    network = known(network_of_stack(endpoint, service.stack), "network_interfaces", group.name)
    asked = asked_ports(service, endpoint, network, sources)
    if manager is not None:
        asked += asked_for_healing(group, manager.healing_check_links, manager.repairs_unhealthy, asked)
    for one in asked:
        yield _gets_through(service, endpoint, network, one.without(parse_ranges([*options.admitted_ranges]).certain))


def _gets_through(service: BackendService, endpoint: Endpoint, network: Resource, asked: Asked) -> Checks:
    ranges = known(asked.sources, "ip_cidr_range", asked.subnet)
    found = reach(service.stack, network, endpoint, asked.port, ranges)
    near = nearest_miss(service.stack, network, endpoint, asked.port, ranges) if found.is_open is False else None
    other = other_port(service, endpoint.group, asked)
    otherwise = Undecided(asked.otherwise, "backends")
    portless = check_without_a_port(service, endpoint.group, asked)
    # A group that heals by it has no port that requests go to.
    if portless and is_for_healing(portless) is not False:
        portless = None
    yield provided(asked.is_needed, otherwise, _is_open(asked, found, near, other, portless))


def _is_open(asked: Asked, found: Reach, near: NearMiss | None, other: str, portless: HealthCheck | None) -> Checks:
    if decided(found.is_open, _doubt(asked, found)):
        return
    denying = sorted({blocked.rule for blocked in found.blocked if blocked.rule is not None})
    missed = sorted({str(blocked.source) for blocked in found.blocked if blocked.rule is None})
    where = f"{asked.label} of the VMs of {GROUPS}"
    subnet = f" (proxy-only subnet `{asked.subnet}`)" if asked.subnet else ""
    observed = [f"{rule} denies {asked.by}{subnet} to {where}." for rule in denying]
    if missed:
        observed.append(f"No firewall rule allows {asked.by} from {' and '.join(missed)}{subnet} to {where}.")
    lack, mending = ("", "") if near is None else missing_in(near, asked, denying)
    observed += [lack] if lack else []
    observed += [f"`{portless.name}` sets no port, and so probes its protocol's default."] if portless else []
    observed += [f"Requests go to {other}."] if other else []
    ranges = [str(range_) for range_ in known(asked.sources, "ip_cidr_range", asked.subnet)]
    fixes = []
    if portless:
        follow = f'Set ``port_specification="{USE_SERVING_PORT}"`` on `{portless.name}`'
        fixes.append(f"{follow}: it then probes the port that requests go to.")
    elif other:
        fixes.append(f"If the server also responds to health checks on {other}, set the check's `port` to it.")
    fixes.append(mending or _rule_to_add(found, ranges, asked, denying))
    yield Fail(
        " ".join(observed),
        f"Ingress from {quoted(ranges)} to the health check port and the serving port.",
        " Otherwise: ".join(fixes),
    )


def _rule_to_add(found: Reach, ranges: Sequence[str], asked: Asked, denying: Sequence[str]) -> str:
    ports = {"ports": asked.numbers} if asked.numbers else {}
    if found.denied_by_policy:
        match = {"src_ip_ranges": [*ranges], "layer4_configs": [{"ip_protocol": "tcp", **ports}]}
        return (
            f'Add a rule with ``action="allow"``, ``match={json.dumps(match)}`` and a `priority` number below that of '
            f"{' and '.join(denying)} to the firewall policy: the network evaluates it before VPC firewall rules."
        )
    allows = [{"protocol": "tcp", **ports}]
    return (
        "Add a `gcp.compute.Firewall` for the tag or service account of these VMs with "
        f"``source_ranges={json.dumps(ranges)}``, ``allows={json.dumps(allows)}`` and a `priority` number below that "
        "of every deny rule. If an organization or folder policy admits them, add the ranges to the option "
        "`admitted_ranges`."
    )


def _doubt(asked: Asked, found: Reach) -> Undecided:
    if not asked.numbers:
        return Undecided(f"the port of {GROUPS} that {asked.by} go to is not known", "port")
    if found.uncertain:
        rules = ", ".join(found.uncertain)
        return Undecided(f"{asked.by} may reach {asked.label} of {GROUPS} or not: how {rules} applies is not known")
    return Undecided(f"no firewall rule allows {asked.by} to {asked.label} of {GROUPS} so far, but one may be added")
