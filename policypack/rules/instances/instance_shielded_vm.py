"""The rule `instance-shielded-vm`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policypack.model.machines.machine import Machine
from policypack.model.values.logic import negation
from policypack.model.values.values import Unknown, Value
from policypack.rule import Options, cis, rule
from policypack.verdict import Checks, Condition, Fail, Fix, Undecided, known, provided, setting

_CAN_BE_SHIELDED = Condition[Machine](
    lambda machine: negation(machine.is_bare_metal), "a bare metal instance has no Shielded VM options", "machine_type"
)
_REQUIRED = "``shielded_instance_config`` with secure boot, vTPM and integrity monitoring on."
_ALL: Mapping[str, Value] = {"enable_secure_boot": True, "enable_vtpm": True, "enable_integrity_monitoring": True}
_DRIVERS = ". Secure boot blocks unsigned GPU drivers: for VMs that need one, turn the option `gpu_secure_boot` off."


@dataclass(frozen=True)
class ShieldedVmOptions(Options):
    """Options of `instance-shielded-vm`.

    Attributes:
        gpu_secure_boot: whether VMs with GPUs need secure boot as well. By default they do: Container-Optimized OS and
            Ubuntu have signed drivers (https://cloud.google.com/compute/docs/gpus/install-drivers-gpu#secure-boot).
            Turn it off for images with an unsigned driver.
    """

    gpu_secure_boot: bool = True


@rule(
    title="VMs have Shielded VM enabled",
    severity="medium",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/shielded-vm/docs/shielded-vm",
    frameworks=(cis("4.8"),),
    applies=(_CAN_BE_SHIELDED,),
)
def instance_shielded_vm(machine: Machine, options: ShieldedVmOptions) -> Checks:
    """Serving VMs boot only signed software, and report a tampered boot.

    ## What it checks
    `shielded_instance_config` enables secure boot, which is off by default, and leaves vTPM and integrity monitoring
    on. If the option `gpu_secure_boot` is off, VMs with GPUs need only vTPM and integrity monitoring.

    ## Why it matters
    A rootkit in the boot chain outlives every other control, and can read weights, prompts and keys. Secure boot keeps
    it out, and integrity monitoring reveals it. Secure boot requires signed GPU drivers; Google's images have them.

    ## Applies to
    Global and regional instance templates, and single instances, that serve an LLM backend service of any scheme. Bare
    metal instances are exempt, because they have no Shielded VM options.

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
    When `shielded_instance_config` or one of its flags is computed, or when `gpu_secure_boot` is off and it is not
    known whether the VM has GPUs.
    """
    shielding = known(machine.shielding, "shielded_instance_config")
    has_drivers = machine.has_gpu is not False and options.gpu_secure_boot
    fix = setting({"shielded_instance_config": {**_ALL}}, _DRIVERS if has_drivers else ".", is_safe=not has_drivers)
    if shielding is None:
        yield Fail("``shielded_instance_config`` is omitted, so secure boot is off.", _REQUIRED, fix)
        return
    doubt = Undecided("it is not known whether it has GPUs, and so whether it needs secure boot", "guest_accelerators")
    needs_secure_boot = options.gpu_secure_boot or negation(machine.has_gpu)
    yield provided(needs_secure_boot, doubt, _is_on("enable_secure_boot", shielding.secure_boot, fix))
    yield _is_on("enable_vtpm", shielding.vtpm, fix)
    yield _is_on("enable_integrity_monitoring", shielding.integrity_monitoring, fix)


def _is_on(name: str, flag: bool | Unknown, fix: Fix) -> Checks:
    if not known(flag, name):
        yield Fail(f"``{name}`` is off.", _REQUIRED, fix)
