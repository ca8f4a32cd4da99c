"""The rule `subnet-flow-logs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from policypack.model.network.subnetwork import Subnetwork
from policypack.model.values.logic import negation
from policypack.rule import Options, Range, cis, rule
from policypack.verdict import Checks, Condition, Fail, known, setting

_HAS_VMS = Condition[Subnetwork](
    lambda subnetwork: subnetwork.has_machines, "it is for proxies or Google services, without flow logs", "purpose"
)

_IS_NOT_FOR_RDMA = Condition[Subnetwork](
    lambda subnetwork: negation(subnetwork.is_for_rdma), "its network is for RDMA between GPUs", "network_profile"
)


@dataclass(frozen=True)
class FlowLogsOptions(Options):
    """Options of `subnet-flow-logs`.

    Attributes:
        min_sampling: the lowest accepted `flow_sampling`, as a fraction. 0 itself is never accepted, because it reports
            nothing. The default accepts any other value, like Google Cloud, whose default is 0.5
            (https://cloud.google.com/vpc/docs/flow-logs#log-sampling).
    """

    min_sampling: Annotated[float, Range(0, 1)] = 0.0


@rule(
    title="Subnetworks of serving VMs have VPC Flow Logs enabled",
    severity="low",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/vpc/docs/flow-logs",
    frameworks=(cis("3.8"),),
    applies=(_HAS_VMS, _IS_NOT_FOR_RDMA),
)
def subnet_flow_logs(subnetwork: Subnetwork, options: FlowLogsOptions) -> Checks:
    """Subnetworks of serving VMs log their connections.

    ## What it checks
    `log_config` is set, which turns flow logs on. Its `flow_sampling` (0.5 by default) is above 0 and at least
    `min_sampling`.

    ## Why it matters
    Model weights and prompts leave through the network. Flow logs show afterwards where they went, and which client or
    probe was blocked when a backend is unhealthy for no visible reason.

    ## Applies to
    Subnetworks of VMs on serving paths. These are not judged:

    - proxy-only subnets, and subnets of Private Service Connect and Private NAT, which have no flow logs of their own;
    - networks for RDMA between GPUs (`network_profile`), for which flow logs are not documented.

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
    +    log_config={"flow_sampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"},
    +)
     template = gcp.compute.RegionInstanceTemplate(
    ```

    ## Undecided
    When `log_config`, its `flow_sampling`, `purpose` or the network's profile is computed.
    """
    sampling = known(subnetwork.flow_sampling, "flow_sampling", within="log_config")
    if sampling is not None and sampling > 0 and sampling >= options.min_sampling:
        return
    lowest = f"of {options.min_sampling:g} or more" if options.min_sampling else "above 0"
    observed = "has no flow logs" if sampling is None else f"samples {sampling:g} of its connections"
    yield Fail(
        f"Subnetwork `{subnetwork.name}` {observed}.",
        f"Flow logs with a sampling rate {lowest}.",
        setting({"log_config": {"flow_sampling": max(options.min_sampling, 0.5), "metadata": "INCLUDE_ALL_METADATA"}}),
    )
