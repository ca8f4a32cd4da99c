"""The rule `subnet-private-google-access`."""

from __future__ import annotations

from policypack.model.network.subnetwork import Subnetwork
from policypack.model.values.logic import negation
from policypack.rule import Options, rule
from policypack.verdict import Checks, Condition, Fail, known, setting

_HAS_VMS = Condition[Subnetwork](lambda subnetwork: subnetwork.has_machines, "no VMs are in it", "purpose")
_HAS_IPV4 = Condition[Subnetwork](
    lambda subnetwork: subnetwork.has_ipv4, "its VMs have no IPv4 addresses", "stack_type"
)

_IS_NOT_FOR_RDMA = Condition[Subnetwork](
    lambda subnetwork: negation(subnetwork.is_for_rdma), "its network is for RDMA between GPUs", "network_profile"
)


@rule(
    title="VMs reach Google APIs without external IP addresses",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/vpc/docs/private-google-access",
    applies=(_HAS_VMS, _IS_NOT_FOR_RDMA, _HAS_IPV4),
)
def subnet_private_google_access(subnetwork: Subnetwork, options: Options) -> Checks:
    """The VMs' subnetworks have Private Google Access.

    ## What it checks
    `private_ip_google_access` is true. It is off by default.

    ## Why it matters
    A VM gets its container image, its model weights and its secrets from Google APIs. Without an external address, it
    reaches them through Private Google Access or through Cloud NAT. Cloud NAT charges for every gigabyte of weights,
    runs out of ports when a region scales out, and requires a route to the internet.

    ## Applies to
    Subnetworks of VMs on serving paths. These are not judged:

    - subnets of proxies and of Private Service Connect, which have no VMs of yours;
    - subnets without IPv4, which have their own setting (`private_ipv6_google_access`);
    - networks for RDMA between GPUs (`network_profile`), which lead nowhere else.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    network = gcp.compute.Network("llm", auto_create_subnetworks=False)
    subnet = gcp.compute.Subnetwork("chat", network=network.id, region="us-central1", ip_cidr_range="10.0.0.0/24")
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
     network = gcp.compute.Network("llm", auto_create_subnetworks=False)
    -subnet = gcp.compute.Subnetwork("chat", network=network.id, region="us-central1", ip_cidr_range="10.0.0.0/24")
    +subnet = gcp.compute.Subnetwork(
    +    "chat",
    +    network=network.id,
    +    region="us-central1",
    +    ip_cidr_range="10.0.0.0/24",
    +    private_ip_google_access=True,
    +)
     template = gcp.compute.RegionInstanceTemplate(
    ```

    ## Undecided
    When `private_ip_google_access`, `purpose`, `stack_type` or the network's profile is computed.
    """
    if not known(subnetwork.has_private_google_access, "private_ip_google_access"):
        yield Fail(
            f"Subnetwork `{subnetwork.name}` has no Private Google Access.",
            "Private Google Access, so that VMs without external addresses can fetch images, weights and secrets.",
            setting(
                {"private_ip_google_access": True},
                ". It reaches Google alone: Docker Hub, Hugging Face and other places take Cloud NAT.",
            ),
        )
