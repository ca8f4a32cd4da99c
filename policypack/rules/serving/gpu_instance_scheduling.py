"""The rule `gpu-instance-scheduling`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.machines.machine import Machine
from policypack.model.machines.provisioning import (
    ANY_PROVISIONING,
    NO_RESTART,
    REQUIRED_SETTINGS,
    Provisioning,
    RequiredSetting,
    has_reservation,
    provisioning_of,
)
from policypack.model.machines.settings import SPOT, STANDARD, Scheduling
from policypack.model.machines.shape import gpus_of_type
from policypack.model.values.logic import equals, negation
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.verdict import Checks, Condition, Fail, Undecided, decided, known, setting, under
from policypack.wording import quoted

_HAS_GPU_BY_TYPE: Final = Condition[Machine](
    lambda machine: machine.has_gpu if machine.machine_type is UNKNOWN else True,
    "it has no GPU",
    "machine_type",
)
_HAS_NO_TPU: Final = Condition[Machine](
    lambda machine: negation(machine.has_tpu), "it has TPUs, whose scheduling is not judged", "machine_type"
)
_HAS_GPU: Final = Condition[Machine](lambda machine: machine.has_gpu, "it has no GPU", "guest_accelerators")


@dataclass(frozen=True)
class GpuInstanceSchedulingOptions(Options):
    """Options of `gpu-instance-scheduling`.

    Attributes:
        provisioning_models: the accepted provisioning models. The default has all that Compute Engine supports
            (https://cloud.google.com/compute/docs/instances/provisioning-models).
    """

    provisioning_models: tuple[str, ...] = tuple(REQUIRED_SETTINGS)

    def problem(self) -> str | None:
        """Why no model could pass, or which is none."""
        if not self.provisioning_models:
            return "option `provisioning_models` is empty, which lets no VM pass: name one, or disable the rule"
        unknown = sorted(set(self.provisioning_models) - set(REQUIRED_SETTINGS))
        return (
            f"option `provisioning_models` has {quoted(unknown)}, known are {', '.join(REQUIRED_SETTINGS)}"
            if unknown
            else None
        )


@rule(
    title="GPU VMs use the scheduling settings that their provisioning model needs",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/instances/setting-vm-host-options",
)
def gpu_instance_scheduling(machine: Machine, options: GpuInstanceSchedulingOptions) -> Checks:
    """VMs with GPUs stop for host maintenance, and every VM's scheduling matches its provisioning model.

    ## What it checks
    For every VM: with the provisioning model STANDARD, the default, `instance_termination_action` is set only together
    with `max_run_duration` or `termination_time`.

    For VMs with GPUs, `scheduling` is as follows:

    - `on_host_maintenance` is TERMINATE. Spot and preemptible VMs may omit it, because it is their default.
    - `provisioning_model` is one of the option `provisioning_models`.
    - SPOT has `preemptible` on and `automatic_restart` off.
    - FLEX_START has `automatic_restart` off, `instance_termination_action` DELETE and a `max_run_duration`.
    - RESERVATION_BOUND has a `reservation_affinity` of type SPECIFIC_RESERVATION.

    `automatic_restart` is on by default.

    The machine type is available with the provisioning model. Google Cloud offers `a3-highgpu` with fewer than 8 GPUs,
    `a3-ultragpu` and `a4` only as Spot VMs, as flex-start VMs or from a reservation, and `a4x` only from a reservation:

    - With STANDARD, they have a `reservation_affinity` of type SPECIFIC_RESERVATION, unless resize requests fill their
      group.
    - `a4x` is neither SPOT nor FLEX_START.

    `guest_accelerators`, if set, match the machine type: they are its own GPUs or, for N1, GPUs that belong to no other
    machine type.

    ## Why it matters
    VMs with GPUs cannot be live migrated. The preview accepts all of these. Compute Engine then refuses to create the
    VMs, and the group stays empty, perhaps not until the next scale-out or failure.

    ## Applies to
    Global and regional instance templates, and single instances, that serve an LLM backend service of any scheme. VMs
    without GPUs are judged only for the termination action. The scheduling of VMs with TPUs is not judged.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    template = gcp.compute.RegionInstanceTemplate(
        "chat",
        region="us-central1",
        machine_type="g2-standard-8",
        disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
        network_interfaces=[{"subnetwork": "llm"}],
        scheduling={"on_host_maintenance": "MIGRATE", "provisioning_model": "STANDARD"},
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
    -    scheduling={"on_host_maintenance": "MIGRATE", "provisioning_model": "STANDARD"},
    +    scheduling={"on_host_maintenance": "TERMINATE", "provisioning_model": "STANDARD"},
     )
    ```

    ## Undecided
    The verdict is undecided when:

    - a value is computed, and the verdict depends on it;
    - it is not known whether the VM has GPUs;
    - `on_host_maintenance` is omitted with FLEX_START or RESERVATION_BOUND, for which its default is not documented;
    - a machine type needs a reservation and has ANY_RESERVATION, which uses a matching reservation only if there is
      one.
    """
    yield _takes_its_termination_action(machine.scheduling)
    yield under((_HAS_GPU_BY_TYPE, _HAS_NO_TPU, _HAS_GPU), machine, lambda: _suits_gpus(machine, options))


def _takes_its_termination_action(scheduling: Scheduling) -> Checks:
    if known(scheduling.termination_action, "instance_termination_action") is None:
        return
    if known(scheduling.has_an_end, "max_run_duration") or known(scheduling.is_preemptible, "preemptible"):
        return
    if known(scheduling.provisioning_model, "provisioning_model") == STANDARD:
        yield Fail(
            "``instance_termination_action`` is set with STANDARD, which Compute Engine rejects.",
            "With STANDARD no ``instance_termination_action``, unless the VM has a limited run duration.",
            "Remove ``instance_termination_action``.",
        )


def _suits_gpus(machine: Machine, options: GpuInstanceSchedulingOptions) -> Checks:
    yield _stops_for_maintenance(machine.scheduling)
    yield _fits_its_model(machine, options)
    yield _is_available(machine)
    yield _takes_its_gpus(machine)


def _takes_its_gpus(machine: Machine) -> Checks:
    if known(machine.takes_its_gpus, "guest_accelerators", because="its machine type may not take them"):
        return
    type_ = known(machine.machine_type, "machine_type") or ""
    own = gpus_of_type(type_)
    yield Fail(
        f"``guest_accelerators`` are not GPUs that `{type_}` supports.",
        f"The {own[1]} of type `{own[0]}` that come with it, or none."
        if own
        else "GPUs that N1 machine types support.",
        "Remove ``guest_accelerators``." if own else "Use the machine type that comes with these GPUs.",
    )


def _stops_for_maintenance(scheduling: Scheduling) -> Checks:
    action = known(scheduling.on_host_maintenance, "on_host_maintenance")
    if action is None:
        yield from _stops_by_default(scheduling)
    elif action != "TERMINATE":
        yield _may_migrate("is not TERMINATE")


def _stops_by_default(scheduling: Scheduling) -> Checks:
    if scheduling.is_preemptible is True or equals(scheduling.provisioning_model, SPOT) is True:
        return
    model = known(scheduling.provisioning_model, "provisioning_model")
    known(scheduling.is_preemptible, "preemptible")
    if model == STANDARD:
        yield _may_migrate("is not set, which means MIGRATE")
    else:
        why = "``on_host_maintenance`` is not set, and its default with this provisioning model is not documented"
        yield Undecided(why, "on_host_maintenance")


def _may_migrate(observed: str) -> Fail:
    return Fail(
        f"``on_host_maintenance`` {observed}.",
        "``on_host_maintenance`` is TERMINATE, because VMs with GPUs cannot be live migrated.",
        setting({"scheduling": {"on_host_maintenance": "TERMINATE"}}),
    )


def _fits_its_model(machine: Machine, options: GpuInstanceSchedulingOptions) -> Checks:
    model = known(machine.scheduling.provisioning_model, "provisioning_model")
    if model not in REQUIRED_SETTINGS:
        yield Undecided("``provisioning_model`` is not one that this rule recognizes", "provisioning_model")
        return
    if model not in options.provisioning_models:
        yield Fail(
            f"``provisioning_model`` is {model}.",
            f"One of {', '.join(options.provisioning_models)}.",
            "Set ``provisioning_model`` in `scheduling` to one of them.",
        )
    for required in REQUIRED_SETTINGS[model]:
        yield _has(required, machine, model)
    if machine.scheduling.is_preemptible is True and NO_RESTART not in REQUIRED_SETTINGS[model]:
        yield _has(NO_RESTART, machine, "a preemptible VM")


def _has(required: RequiredSetting, machine: Machine, model: str) -> Checks:
    if not known(required.is_right(machine), required.name):
        yield Fail(
            f"``{required.name}`` is not {required.wanted if required.is_set(machine) else 'set'} with {model}.",
            f"``{required.name}`` is {required.wanted} with {model}.",
            setting(required.to_set),
        )


def _is_available(machine: Machine) -> Checks:
    """The machine type has the provisioning model, and a reservation where STANDARD needs one."""
    type_ = known(machine.machine_type, "machine_type")
    needs = provisioning_of(type_)
    if needs == ANY_PROVISIONING:
        return
    known(machine.scheduling.provisioning_model, "provisioning_model")
    model = known(machine.scheduling.capacity_model, "preemptible")
    if model in needs.refused:
        yield Fail(
            f"`{type_}` is {model}, and is available from a reservation only.",
            f"`{type_}` with a reservation.",
            "Set ``reservation_affinity`` to a SPECIFIC_RESERVATION, and ``provisioning_model`` to RESERVATION_BOUND.",
        )
    elif model == STANDARD and needs.needs_reservation:
        yield from _has_its_reservation(machine, type_, needs)


def _has_its_reservation(machine: Machine, type_: str | None, needs: Provisioning) -> Checks:
    doubt = Undecided(f"it is not known whether there is a reservation for `{type_}`", "reservation_affinity")
    if decided(has_reservation(machine), doubt):
        return
    has_others = not needs.refused
    yield Fail(
        f"`{type_}` is STANDARD without a reservation, a combination that is not available.",
        f"`{type_}` with a reservation{', SPOT or FLEX_START' if has_others else ''}.",
        "Name the reservation in ``reservation_affinity`` with type "
        f"SPECIFIC_RESERVATION{', or use SPOT or FLEX_START' if has_others else ''}.",
    )
