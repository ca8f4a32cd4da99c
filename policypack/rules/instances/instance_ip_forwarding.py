"""The rule `instance-ip-forwarding`."""

from __future__ import annotations

from policypack.model.machines.machine import Machine
from policypack.rule import Options, cis, rule
from policypack.verdict import Checks, Fail, known, setting


@rule(
    title="VMs do not forward IP packets",
    severity="medium",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/vpc/docs/using-routes#canipforward",
    frameworks=(cis("4.6"),),
)
def instance_ip_forwarding(machine: Machine, options: Options) -> Checks:
    """Serving VMs send and receive only packets of their own addresses.

    ## What it checks
    `can_ip_forward` is off, as it is by default.

    ## Why it matters
    Compute Engine drops packets whose source is not the VM's own. With forwarding on, a compromised model server can
    spoof source addresses and route traffic for others. Only routers and NAT gateways need it.

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
        network_interfaces=[{"subnetwork": "llm"}],
        can_ip_forward=True,
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
         network_interfaces=[{"subnetwork": "llm"}],
    -    can_ip_forward=True,
    +    can_ip_forward=False,
     )
    ```

    ## Undecided
    When `can_ip_forward` is computed.
    """
    if known(machine.forwards_packets, "can_ip_forward"):
        yield Fail(
            "``can_ip_forward`` is on.",
            "VMs that send and receive packets only for their own addresses.",
            setting({"can_ip_forward": False}, ", or omit it."),
        )
