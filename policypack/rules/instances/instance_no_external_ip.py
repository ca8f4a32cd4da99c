"""The rule `instance-no-external-ip`."""

from __future__ import annotations

from policypack.model.machines.machine import Machine
from policypack.model.machines.settings import NetworkInterface
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, cis, rule
from policypack.verdict import Checks, Condition, Fail, known

_HAS_INTERFACES = Condition[Machine](
    lambda machine: machine.interfaces is UNKNOWN or bool(machine.interfaces),
    "it has no network interface of its own",
    "network_interfaces",
)


@rule(
    title="VMs have no external IP addresses",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#backends_and_external_ip_addresses",
    frameworks=(cis("4.9"),),
    applies=(_HAS_INTERFACES,),
)
def instance_no_external_ip(machine: Machine, options: Options) -> Checks:
    """Serving VMs can be reached only through the load balancer.

    ## What it checks
    No network interface has an access configuration for IPv4 (`access_configs`) or IPv6 (`ipv6_access_configs`). An
    empty access configuration counts, because Compute Engine assigns an address to it.

    ## Why it matters
    A load balancer reaches its backends by internal addresses. An external address bypasses Cloud Armor, IAP and TLS
    and leads straight to the model server, which usually checks nothing. For outbound access, VMs can use Cloud NAT
    instead.

    ## Applies to
    Global and regional instance templates, and single instances, that serve an LLM backend service of any scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    template = gcp.compute.RegionInstanceTemplate(
        "chat",
        region="us-central1",
        machine_type="g2-standard-8",
        disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
        network_interfaces=[{"subnetwork": "llm", "access_configs": [{}]}],
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
         disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
    -    network_interfaces=[{"subnetwork": "llm", "access_configs": [{}]}],
    +    network_interfaces=[{"subnetwork": "llm"}],
     )
    ```

    ## Undecided
    When the network interfaces, or all access configurations of one, are computed.
    """
    for interface in known(machine.interfaces, "network_interfaces"):
        yield _is_internal(interface, "IPv4", "access_configs", interface.has_external_ipv4)
        yield _is_internal(interface, "IPv6", "ipv6_access_configs", interface.has_external_ipv6)


def _is_internal(interface: NetworkInterface, kind: str, setting: str, has_external: bool | Unknown) -> Checks:
    if known(has_external, setting, interface.name):
        yield Fail(
            f"Network interface `{interface.name}` has an external {kind} address.",
            "Network interfaces without external addresses; load balancers use internal addresses.",
            f"Remove ``{setting}``. If the startup script downloads from Docker Hub, Hugging Face or elsewhere "
            "outside Google, add Cloud NAT (`gcp.compute.RouterNat`).",
        )
