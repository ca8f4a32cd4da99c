"""The rule `instance-service-account`."""

from __future__ import annotations

from policypack.model.machines.machine import Machine
from policypack.model.machines.roles import BroadGrant, broad_grants
from policypack.model.software.credentials import needs_account, reads_secrets
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, cis, rule
from policypack.verdict import Checks, Fail, Undecided, decided, known

_MAYBE_DEFAULT = "it may be a default account, which a `gcp.serviceaccount.Account` of the stack cannot be"


@rule(
    title="VMs run as dedicated service accounts with the roles they need",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/access/create-enable-service-accounts-for-instances#best_practices",
    frameworks=(cis("4.1"), cis("4.2")),
)
def instance_service_account(machine: Machine, options: Options) -> Checks:
    """Serving VMs have a dedicated service account without basic roles, or none if they need none.

    ## What it checks
    - `service_account` names a user-managed service account. The default accounts of Compute Engine and App Engine
      fail, whether named by email, as `default`, or by a block without `email`. An email that is not known yet passes
      if it comes from accounts that the stack creates.
    - The stack grants that account no basic role that allows changes (Editor or Owner) on a project, a folder or the
      organization.
    - Without a `service_account` block, no account is attached. That passes unless a script in the metadata requests a
      token from the metadata server, or reads Secret Manager without other credentials.

    Scopes are not judged: for an account with its own roles, Google recommends `cloud-platform`.

    ## Why it matters
    Every VM of the project shares the default account, which has the Editor role in many projects. A request that makes
    the model server fetch a token from the metadata server then owns the project. The same is true of a dedicated
    account that is an Editor. Without any account, a VM gets no token, and a script that needs one fails at every
    start.

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
    The verdict is undecided when:

    - `service_account` or its `email` is computed from anything other than accounts that the stack creates;
    - the block has neither an email nor scopes;
    - a basic role is granted to computed members, or a computed role is granted to the account;
    - no account is attached, and the metadata is computed or names buckets or images that may not be public.
    """
    yield _is_not_a_default_account(machine)
    for grant in broad_grants(machine):
        yield _is_no_basic_role(grant, reads_secrets(machine))


def _is_not_a_default_account(machine: Machine) -> Checks:
    account = known(machine.service_account, "service_account")
    if account is None:
        yield _needs_no_account(machine)
    elif known(account.is_default, "email", within="service_account", because=_MAYBE_DEFAULT):
        yield Fail(
            "The VM runs as a default service account.",
            "A dedicated service account with the roles that the server needs.",
            _own_account(machine),
        )


def _needs_no_account(machine: Machine) -> Checks:
    why = "its metadata may need a service account, and it has none; one of its own, even without roles, would do"
    doubt = Undecided(why, "service_account")
    need = decided(needs_account(machine), doubt)
    if need:
        yield Fail(
            f"The VM has no service account, and its metadata {need}.",
            "A service account with the roles that the server needs.",
            _own_account(machine),
        )


def _own_account(machine: Machine) -> str:
    """What to do about the account; without its role, a startup script that reads secrets ends there.

    https://cloud.google.com/secret-manager/docs/access-control
    """
    roles = (
        "`roles/secretmanager.secretAccessor` on the secrets that the startup script reads, and whatever else it needs"
        if reads_secrets(machine)
        else "the roles that the server needs"
    )
    return (
        "Create a `gcp.serviceaccount.Account`, set "
        '``service_account={"email": account.email, "scopes": ["cloud-platform"]}``, '
        f"and grant it {roles}."
    )


def _is_no_basic_role(grant: BroadGrant, reads: bool) -> Checks:
    if not grant.is_certain:
        is_open = "its `role` is" if grant.role is UNKNOWN else "its members, or that account, are"
        yield Undecided(f"`{grant.by}` may grant its account a basic role: {is_open} not known", "service_account")
        return
    such_as = (
        ", such as `roles/secretmanager.secretAccessor` for the secrets that the startup script reads" if reads else ""
    )
    yield Fail(
        f"`{grant.by}` grants the VM's account `{grant.role}`.",
        "The roles that the server needs, such as `roles/logging.logWriter`.",
        f"Replace `{grant.by}` with predefined roles for what the server does{such_as}.",
    )
