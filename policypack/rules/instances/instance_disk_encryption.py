"""The rule `instance-disk-encryption`."""

from __future__ import annotations

from typing import Final

from policypack.model.machines.disk import Disk
from policypack.model.machines.machine import Machine
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, cis, rule
from policypack.verdict import Checks, Condition, Fail, known

# https://cloud.google.com/compute/docs/disks/customer-managed-encryption#before-you-begin
_AGENT: Final = "service-PROJECT_NUMBER@compute-system.iam.gserviceaccount.com"
_HAS_DISKS = Condition[Machine](
    lambda machine: machine.disks is UNKNOWN or bool(machine.disks), "it has no persistent disk", "disks"
)


@rule(
    title="Disks are encrypted with customer-managed keys",
    severity="low",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/disks/customer-managed-encryption",
    frameworks=(cis("4.7"),),
    applies=(_HAS_DISKS,),
)
def instance_disk_encryption(machine: Machine, options: Options) -> Checks:
    """The disks of serving VMs are encrypted with keys that you can revoke.

    ## What it checks
    Each persistent disk has a Cloud KMS key or a customer-supplied key. For an existing disk that is attached, its
    `Disk` or `RegionDisk` in the stack may have the key. A key that is not known yet passes if it comes from a
    `CryptoKey` or a `KeyHandle` of the stack. Local SSDs do not support such keys and are not judged.

    ## Why it matters
    Google encrypts every disk, with keys that Google manages. Only a key of your own lets you make weights, prompt
    caches and credentials on disk unreadable at once, in every region and snapshot: you disable it.

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
         machine_type="g2-standard-8",
    -    disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
    +    disks=[
    +        {
    +            "source_image": "cos-cloud/cos-125-lts",
    +            "boot": True,
    +            "disk_encryption_key": {
    +                "kms_key_self_link": "projects/p/locations/us-central1/keyRings/llm/cryptoKeys/disks"
    +            },
    +        }
    +    ],
         network_interfaces=[{"subnetwork": "llm"}],
    ```

    ## Undecided
    When the disks are computed, a key is computed from anything other than a key of the stack, or an existing disk is
    not in the stack.
    """
    for disk in known(machine.disks, machine.disks_property):
        yield _has_own_key(disk)


def _has_own_key(disk: Disk) -> Checks:
    if not known(disk.has_key, "kms_key_self_link", disk.name):
        yield Fail(
            f"``{disk.name}`` has no customer-managed key.",
            "A customer-managed encryption key for each persistent disk.",
            f"Set ``{disk.where}`` to a Cloud KMS key in the VM's region, on which the Compute Engine service agent "
            f"(`{_AGENT}`) has `roles/cloudkms.cryptoKeyEncrypterDecrypter`.",
        )
