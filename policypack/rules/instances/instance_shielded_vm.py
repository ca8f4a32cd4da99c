"""The rule `instance-shielded-vm`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.machines.machine import Machine
from policypack.model.machines.settings import Shielding
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, cis, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted

_REQUIRED = "`shielded_instance_config` with secure boot, vTPM and integrity monitoring on."
_FIX = (
    "Set `shielded_instance_config` with `enable_secure_boot`, `enable_vtpm` and `enable_integrity_monitoring`, "
    "all `True`."
)


@dataclass(frozen=True)
class ShieldedVmOptions(Options):
    """Options of `instance-shielded-vm`.

    Attributes:
        gpu_secure_boot: whether machines with GPUs need secure boot as well. By default they do: Container-Optimized
            OS and Ubuntu have signed drivers (https://cloud.google.com/compute/docs/gpus/install-drivers-gpu#secure-boot).
            Turn it off for images whose driver nobody signed.
    """

    gpu_secure_boot: bool = True


@rule(
    title="Machines are Shielded VMs",
    severity="medium",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/shielded-vm/docs/shielded-vm",
    frameworks=(cis("4.8"),),
)
def instance_shielded_vm(machine: Machine, options: ShieldedVmOptions) -> Iterator[Verdict]:
    """Machines that serve boot signed software only, and tell when a boot was tampered with.

    ## What it checks
    `shielded_instance_config` turns secure boot on, and leaves vTPM and integrity monitoring on. Secure boot is off
    unless it is asked for. With the option `gpu_secure_boot` off, machines with GPUs need the other two only.

    ## Why it matters
    A rootkit in the boot chain outlives every other control, and can read weights, prompts and keys. Secure boot keeps
    it out, integrity monitoring shows it. Secure boot needs signed GPU drivers; Google's images have them.

    ## Applies to
    Instance templates, regional and global, and single instances, on the serving path of an LLM backend service of any
    scheme. Not to bare metal machines, which have no Shielded VM options.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    template = gcp.compute.RegionInstanceTemplate(
        "chat",
        region="us-central1",
        machine_type="g2-standard-8",
        disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
        network_interfaces=[{"subnetwork": "llm"}],
        shielded_instance_config={"enable_vtpm": True, "enable_integrity_monitoring": True},
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
    -    shielded_instance_config={"enable_vtpm": True, "enable_integrity_monitoring": True},
    +    shielded_instance_config={
    +        "enable_secure_boot": True,
    +        "enable_vtpm": True,
    +        "enable_integrity_monitoring": True,
    +    },
     )
    ```

    ## Undecided
    When `shielded_instance_config` or one of its flags is computed, or, with `gpu_secure_boot` off, when it is not
    known whether the machine has GPUs.
    """
    if machine.is_bare_metal is True:
        yield NotApplicable("a bare metal machine has no Shielded VM options")
        return
    verdicts = _judge(machine.shielding, _needs_secure_boot(machine, options))
    for verdict in verdicts:
        if isinstance(verdict, Fail) and machine.is_bare_metal is UNKNOWN:
            yield Undecided("its machine type is not known, and so whether it has Shielded VM options")
        else:
            yield verdict


def _needs_secure_boot(machine: Machine, options: ShieldedVmOptions) -> bool | Unknown:
    if options.gpu_secure_boot:
        return True
    return UNKNOWN if isinstance(machine.has_gpu, Unknown) else not machine.has_gpu


def _judge(shielding: Shielding | Unknown | None, needs_secure_boot: bool | Unknown) -> Iterator[Verdict]:
    if isinstance(shielding, Unknown):
        yield Undecided("`shielded_instance_config` is not known")
        return
    if shielding is None:
        yield Fail("`shielded_instance_config` is left out, and secure boot with it.", _REQUIRED, _FIX)
        return
    flags = {
        "enable_secure_boot": shielding.secure_boot,
        "enable_vtpm": shielding.vtpm,
        "enable_integrity_monitoring": shielding.integrity_monitoring,
    }
    if needs_secure_boot is False:
        del flags["enable_secure_boot"]
    elif needs_secure_boot is UNKNOWN and flags["enable_secure_boot"] is False:
        del flags["enable_secure_boot"]
        yield Undecided("it is not known whether it has GPUs, and so whether it needs secure boot")
    off = [name for name, value in flags.items() if value is False]
    if off:
        yield Fail(f"Off are: {quoted(off)}.", _REQUIRED, _FIX)
    unknown = [name for name, value in flags.items() if value is UNKNOWN]
    if unknown:
        yield Undecided(f"the value of {quoted(unknown)} is not known")
