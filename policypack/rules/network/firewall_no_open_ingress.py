"""The rule `firewall-no-open-ingress`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from policypack.model.network.exposure import clients_reach_machines, is_over_path
from policypack.model.network.firewall import Firewall, FirewallRule
from policypack.model.values.logic import all_of
from policypack.model.values.ranges import Range as IpRange
from policypack.model.values.ranges import widest_public
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, cis, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict


@dataclass(frozen=True)
class OpenIngressOptions(Options):
    """Options of `firewall-no-open-ingress`.

    Attributes:
        widest_ipv4_prefix: the length of the shortest IPv4 prefix that is not "anywhere", after neighbouring ranges
            are merged; 8 is a block that IANA assigns, 1/256 of all addresses
            (https://www.iana.org/assignments/ipv4-address-space).
        widest_ipv6_prefix: the same for IPv6; 12 is a block that IANA assigns to a registry
            (https://www.iana.org/assignments/ipv6-unicast-address-assignments).
    """

    widest_ipv4_prefix: Annotated[int, Range(0, 32)] = 8
    widest_ipv6_prefix: Annotated[int, Range(0, 128)] = 12


@rule(
    title="No firewall rule admits traffic from anywhere to the machines",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/firewall/docs/firewalls#sources",
    frameworks=(cis("3.6"), cis("3.7")),
)
def firewall_no_open_ingress(firewall: Firewall, options: OpenIngressOptions) -> Iterator[Verdict]:
    """No firewall rule lets the whole internet in to the machines of a serving path.

    ## What it checks
    Each enabled ingress rule that allows traffic, on any protocol and port, and applies to machines of a backend
    service, by its network, region, tags and service account, does not admit it from anywhere: `0.0.0.0/0`, `::/0`,
    ranges that together cover as much, or ranges so wide that they come near it. A VPC firewall rule without any
    source admits every IPv4 address. Each rule is judged for itself: one that a rule of higher priority overrides
    fails as well, since it opens the machines as soon as that one goes.

    ## Why it matters
    A load balancer's requests and health checks come from Google's own ranges, or from a proxy-only subnet. Whoever
    reaches the machines past it meets no TLS, no Cloud Armor and no authentication, only the model server itself,
    which by default answers everyone, or SSH. That a machine has no external address today is no protection: the
    rule is still there when one gets an address, and it admits peered networks and VPNs right away.

    ## Applies to
    VPC firewall rules (`Firewall`), and the rules of network firewall policies, global and regional, as
    `NetworkFirewallPolicyRule` or within a `NetworkFirewallPolicyWithRules`, in networks of serving paths. Egress,
    `deny` and `goto_next` rules, disabled rules, and rules for other machines (a bastion's tag) are not judged, nor
    those whose network scope keeps the internet out. Behind an external passthrough load balancer clients' packets
    reach the machines as they are, so there only rules that open SSH (22) or RDP (3389), or all ports, fail.

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
    When ranges, action or direction of a rule are computed, or when it admits traffic from anywhere and it is not
    known whether the machines are among its targets: machines from a template outside the stack, secure tags, tags
    or service accounts that are not known.
    """
    if isinstance(firewall.rules, Unknown):
        yield Undecided("`rules` is not known")
        return
    admitting = [rule for rule in firewall.rules if rule.admits is not False and rule.is_internal is not True]
    if not admitting:
        yield NotApplicable("it admits nothing from outside")
    for judged in admitting:
        yield from _judge(firewall, judged, options)


def _judge(firewall: Firewall, judged: FirewallRule, options: OpenIngressOptions) -> Iterator[Verdict]:
    wide = [found for found in widest_public(judged.sources.certain) if _is_open(found, options)]
    is_open = True if wide else False if judged.sources.is_known else UNKNOWN
    if is_open is False:
        return
    meant_for_clients = clients_reach_machines(firewall, judged)
    applies = is_over_path(firewall, judged)
    if applies is False:
        yield NotApplicable("it is for other machines")
    elif meant_for_clients is True:
        yield NotApplicable("clients' packets reach machines behind an external passthrough load balancer")
    elif all_of([is_open, judged.admits, judged.is_internal is False or UNKNOWN, applies]) is UNKNOWN:
        yield Undecided(_reason(judged, is_open, applies))
    elif meant_for_clients is UNKNOWN:
        yield Undecided("the scheme of a load balancer is not known, and so whether clients reach the machines by it")
    else:
        yield Fail(
            f"{judged.label} admits traffic from {_described(wide)} to the machines of the serving path.",
            "Ingress only from where it has to come from: Google's front ends and health checks, proxy-only subnets, "
            "IAP, networks of your own.",
            'Set `source_ranges=["35.191.0.0/16", "130.211.0.0/22"]` for the load balancer, '
            '`["35.235.240.0/20"]` for SSH through IAP (in a policy `src_ip_ranges`), or delete the rule.',
        )


def _is_open(found: IpRange, options: OpenIngressOptions) -> bool:
    widest = options.widest_ipv4_prefix if found.version == 4 else options.widest_ipv6_prefix
    return found.prefixlen < max(widest, 1)


def _described(wide: list[IpRange]) -> str:
    return " and ".join(
        f"every IPv{found.version} address"
        if found.prefixlen == 0
        else f"IPv{found.version} ranges as wide as /{found.prefixlen}"
        for found in wide
    )


def _reason(judged: FirewallRule, is_open: bool | Unknown, applies: bool | Unknown) -> str:
    if is_open is UNKNOWN:
        return f"the sources of {judged.label} are not known"
    if applies is UNKNOWN:
        return f"{judged.label} is open to all, and it is not known whether it applies to the machines"
    return f"it is not known whether {judged.label} admits traffic: its direction, action, scope or `disabled` is not"
