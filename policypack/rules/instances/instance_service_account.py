"""The rule `instance-service-account`."""

from __future__ import annotations

from policypack.model.machines.machine import Machine
from policypack.rule import Options, cis, rule
from policypack.verdict import Checks, Fail, known


@rule(
    title="VMs do not run as a default service account",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/access/create-enable-service-accounts-for-instances#best_practices",
    frameworks=(cis("4.1"), cis("4.2")),
)
def instance_service_account(machine: Machine, options: Options) -> Checks:
    """Serving VMs have a service account of their own, or none.

    ## What it checks
    `service_account` names an account that somebody created. The default accounts of Compute Engine and of App Engine
    fail, by e-mail, as `default`, or as what a block without `email` means. Without the block no account is attached,
    which passes. An e-mail that is not known yet passes if it comes from accounts that the stack creates. Scopes are
    not judged: on an account with roles of its own `cloud-platform` is what Google advises.

    ## Why it matters
    Every VM of the project shares the default account, and in many projects it has the Editor role: a request that
    makes the model server fetch the metadata server's token then owns the project.

    ## Applies to
    Instance templates, regional and global, and single instances, on the serving path of an LLM backend service of any
    scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    template = gcp.compute.RegionInstanceTemplate(
        "chat",
        region="us-central1",
        machine_type="g2-standard-8",
        disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
        network_interfaces=[{"subnetwork": "llm"}],
        service_account={"scopes": ["cloud-platform"]},
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
    +account = gcp.serviceaccount.Account("llm-server", account_id="llm-server")
     template = gcp.compute.RegionInstanceTemplate(
    @@
         network_interfaces=[{"subnetwork": "llm"}],
    -    service_account={"scopes": ["cloud-platform"]},
    +    service_account={"email": account.email, "scopes": ["cloud-platform"]},
     )
    ```

    ## Undecided
    When `service_account` or its `email` is computed from anything but accounts that the stack creates, or the block
    has neither an e-mail nor scopes.
    """
    account = known(machine.service_account, "service_account")
    if account and known(account.is_default, "email", "service_account", because="it may be a default account"):
        yield Fail(
            "The VM runs as a default service account.",
            "A service account that was created for the server, with the roles that it needs.",
            'Create a `gcp.serviceaccount.Account` and set `service_account={"email": account.email, "scopes": '
            '["cloud-platform"]}`.',
        )
