"""The rule `firewall-no-open-ingress`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from policypack.model.firewalls.exposure import clients_reach_machines, is_over_path
from policypack.model.firewalls.firewall import Firewall, FirewallRule
from policypack.model.values.ranges import Range as IpRange
from policypack.model.values.ranges import widest_public
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, Range, cis, rule
from policypack.verdict import Checks, Fail, NotApplicable, Undecided, known, not_known


@dataclass(frozen=True)
class OpenIngressOptions(Options):
    """Options of `firewall-no-open-ingress`.

    Attributes:
        widest_ipv4_prefix: the length of the shortest IPv4 prefix that does not count as the whole internet, after
            neighboring ranges are merged. 8 is a block that IANA assigns, 1/256 of all addresses
            (https://www.iana.org/assignments/ipv4-address-space).
        widest_ipv6_prefix: the same for IPv6; 12 is a block that IANA assigns to a registry
            (https://www.iana.org/assignments/ipv6-unicast-address-assignments).
    """

    widest_ipv4_prefix: Annotated[int, Range(0, 32)] = 8
    widest_ipv6_prefix: Annotated[int, Range(0, 128)] = 12


@rule(
    title="No firewall rule opens serving VMs to the whole internet",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/firewall/docs/firewalls#sources",
    frameworks=(cis("3.6"), cis("3.7")),
)
def firewall_no_open_ingress(firewall: Firewall, options: OpenIngressOptions) -> Checks:
    """No firewall rule admits the whole internet to the VMs of a serving path.

    ## What it checks
    The rule judges each enabled ingress rule that allows traffic, on any protocol and port, and applies to VMs of a
    backend service by its network, region, tags or service account. Such a rule does not admit traffic from anywhere:

    - from `0.0.0.0/0` or `::/0`;
    - from ranges that together cover as much;
    - from ranges so wide that they come close to it;
    - for a VPC firewall rule, from no source at all, which admits every IPv4 address.

    Each firewall rule is judged on its own. One that a rule of higher priority overrides still fails, because it opens
    the VMs as soon as the other rule is removed.

    ## Why it matters
    A load balancer's requests and health checks come from Google's own ranges, or from a proxy-only subnet. Anyone who
    bypasses the load balancer meets no TLS, no Cloud Armor and no authentication. What they reach is SSH, or the model
    server itself, which by default answers everyone.

    The fact that a VM has no external address today is no protection: the rule is still there when the VM gets one, and
    it admits peered networks and VPNs right away.

    ## Applies to
    VPC firewall rules (`Firewall`), and rules of global and regional network firewall policies, as
    `NetworkFirewallPolicyRule` or within a `NetworkFirewallPolicyWithRules`, in networks of serving paths. These are
    not judged:

    - egress, `deny`, `goto_next` and disabled rules;
    - rules for other VMs, such as a bastion's tag;
    - rules whose network scope excludes the internet.

    Behind an external passthrough load balancer, clients' packets reach the VMs unchanged. There, only rules that open
    SSH (22), RDP (3389) or all ports fail.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    network = gcp.compute.Network("llm", auto_create_subnetworks=False)
    gcp.compute.Firewall(
        "chat",
        network=network.id,
        source_ranges=["0.0.0.0/0"],
        allows=[{"protocol": "tcp", "ports": ["8000"]}],
    )
    subnet = gcp.compute.Subnetwork("llm", network=network.id, region="us-central1", ip_cidr_range="10.0.0.0/24")
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
    gcp.compute.BackendService("llm", backends=[{"group": group.instance_group}])
    ```

    ## Passes
    ```diff
         network=network.id,
    -    source_ranges=["0.0.0.0/0"],
    +    source_ranges=["35.191.0.0/16", "130.211.0.0/22"],
         allows=[{"protocol": "tcp", "ports": ["8000"]}],
    ```

    ## Undecided
    The verdict is undecided when:

    - the ranges, the action or the direction of a rule are computed;
    - a rule admits traffic from anywhere, and it is not known whether it targets the VMs: their template is outside the
      stack, the rule uses secure tags, or tags or service accounts are not known.
    """
    admitting = [
        one for one in known(firewall.rules, "rules") if one.admits is not False and one.is_internal is not True
    ]
    if not admitting:
        yield NotApplicable("it admits nothing from outside")
    for one in admitting:
        yield _is_not_open(firewall, one, options)


def _is_not_open(firewall: Firewall, one: FirewallRule, options: OpenIngressOptions) -> Checks:
    open_to = [found for found in widest_public(one.sources.certain) if _is_anywhere(found, options)]
    if not open_to and one.sources.is_known:
        return
    reaches_vms, is_for_clients = is_over_path(firewall, one), clients_reach_machines(firewall, one)
    if reaches_vms is False:
        yield NotApplicable("it is for other VMs")
    elif is_for_clients is True:
        yield NotApplicable("clients' packets reach VMs behind an external passthrough load balancer")
    elif not open_to:
        yield not_known(one.sources_property, one.label)
    elif reaches_vms is UNKNOWN:
        yield Undecided(f"`{one.label}` is open to all, and may apply to VMs of the path", one.targets_property)
    elif is_for_clients is UNKNOWN:
        yield Undecided("a load balancer may pass clients' packets on to the VMs", "load_balancing_scheme")
    else:
        known(one.is_ingress, "direction", one.label)
        known(one.is_enabled, "disabled", one.label)
        known(one.action, "action", one.label)
        known(one.is_internal, "src_network_scope", one.label)
        yield Fail(
            f"`{one.label}` admits traffic from {_described(open_to)} to serving VMs.",
            "Ingress only from expected sources: Google's front ends and health checks, proxy-only subnets, IAP, your "
            "own networks.",
            'Set ``source_ranges=["35.191.0.0/16", "130.211.0.0/22"]`` for the load balancer, '
            '`["35.235.240.0/20"]` for SSH through IAP (in a policy ``src_ip_ranges``), or delete the rule.',
        )


def _is_anywhere(found: IpRange, options: OpenIngressOptions) -> bool:
    widest = options.widest_ipv4_prefix if found.version == 4 else options.widest_ipv6_prefix
    return found.prefixlen < max(widest, 1)


def _described(open_to: list[IpRange]) -> str:
    return " and ".join(
        f"every IPv{found.version} address"
        if found.prefixlen == 0
        else f"IPv{found.version} ranges as wide as /{found.prefixlen}"
        for found in open_to
    )
