"""The rule `gpu-instance-scheduling`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policypack.model.machines.machine import Machine
from policypack.model.machines.settings import Scheduling
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted

_MODELS: Final = ("STANDARD", "SPOT", "FLEX_START", "RESERVATION_BOUND")


@dataclass(frozen=True)
class GpuInstanceSchedulingOptions(Options):
    """Options of `gpu-instance-scheduling`.

    Attributes:
        provisioning_models: the provisioning models that may serve. By default all that Compute Engine has
            (https://cloud.google.com/compute/docs/instances/provisioning-models).
    """

    provisioning_models: tuple[str, ...] = _MODELS

    def problem(self) -> str | None:
        """Why no model could pass, or which is none."""
        if not self.provisioning_models:
            return "option `provisioning_models` is empty, which lets no machine pass: name one, or disable the rule"
        unknown = sorted(set(self.provisioning_models) - set(_MODELS))
        return (
            f"option `provisioning_models` has {quoted(unknown)}, known are {', '.join(_MODELS)}" if unknown else None
        )


@rule(
    title="Machines with GPUs are scheduled as their provisioning model demands",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/instances/setting-vm-host-options",
)
def gpu_instance_scheduling(machine: Machine, options: GpuInstanceSchedulingOptions) -> Iterator[Verdict]:
    """Machines with GPUs stop for host maintenance, and their scheduling fits how they are provisioned.

    ## What it checks
    `scheduling` of machines with GPUs: `on_host_maintenance` is `TERMINATE`; it may be left out for Spot and
    preemptible machines, where that is the default. SPOT has `preemptible` on and `automatic_restart` off. FLEX_START
    has `automatic_restart` off, `instance_termination_action` DELETE and a `max_run_duration`. RESERVATION_BOUND has
    a `reservation_affinity` of type SPECIFIC_RESERVATION. `automatic_restart` is on unless it is turned off. The model
    is one of `provisioning_models`.

    ## Why it matters
    A machine with a GPU cannot be moved while it runs. Preview accepts all of these; Compute Engine then refuses to
    create the machines, and the group stays empty, at the next scale-out or after a failure.

    ## Applies to
    Instance templates, regional and global, and single instances, on the serving path of an LLM backend service of any
    scheme, that have GPUs by machine type or attached. The others are not judged.

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
    When a value that decides is computed, it is not known whether the machine has GPUs, or `on_host_maintenance` is
    left out where its default is not documented (FLEX_START and RESERVATION_BOUND).
    """
    if machine.has_gpu is False:
        yield NotApplicable("it has no GPU")
        return
    verdicts = [*_judge_maintenance(machine.scheduling), *_judge_model(machine, options)]
    if verdicts and machine.has_gpu is UNKNOWN:
        yield Undecided("it is not known whether it has GPUs, whose scheduling would have to be another")
        return
    yield from verdicts


def _judge_maintenance(scheduling: Scheduling) -> Iterator[Verdict]:
    asked, model = scheduling.on_host_maintenance, scheduling.provisioning_model
    if isinstance(asked, Unknown):
        yield Undecided("`on_host_maintenance` is not known")
    elif asked is None:
        yield from _judge_default_maintenance(scheduling, model)
    elif asked != "TERMINATE":
        yield _maintenance(f"`on_host_maintenance` is {asked if asked == 'MIGRATE' else 'not TERMINATE'}.")


def _judge_default_maintenance(scheduling: Scheduling, model: str | Unknown | None) -> Iterator[Verdict]:
    if scheduling.is_preemptible is True or (isinstance(model, str) and model == "SPOT"):
        return
    if isinstance(model, Unknown) or scheduling.is_preemptible is UNKNOWN:
        yield Undecided("`on_host_maintenance` is left out, and what decides its default is not known")
    elif model in (None, "STANDARD"):
        yield _maintenance("`on_host_maintenance` is left out, which means MIGRATE.")
    else:
        yield Undecided("`on_host_maintenance` is left out, and its default with this model is not documented")


def _maintenance(observed: str) -> Fail:
    return Fail(
        observed,
        "`on_host_maintenance` is TERMINATE, as a machine with a GPU cannot be moved while it runs.",
        'Set `"on_host_maintenance": "TERMINATE"` in `scheduling`.',
    )


def _judge_model(machine: Machine, options: GpuInstanceSchedulingOptions) -> Iterator[Verdict]:
    scheduling = machine.scheduling
    model = scheduling.provisioning_model
    if isinstance(model, Unknown):
        yield Undecided("`provisioning_model` is not known")
        return
    model = model or "STANDARD"
    if model not in _MODELS:
        yield Undecided("`provisioning_model` is none that this rule knows")
        return
    if model not in options.provisioning_models:
        yield Fail(
            f"`provisioning_model` is {model}.",
            f"One of {', '.join(options.provisioning_models)}.",
            "Set `provisioning_model` in `scheduling` to one of them.",
        )
    if model == "SPOT":
        yield from _judge_flag(scheduling.is_preemptible, "preemptible", model, wanted=True)
    if model in ("SPOT", "FLEX_START") or scheduling.is_preemptible is True:
        yield from _judge_flag(scheduling.restarts, "automatic_restart", model, wanted=False)
    if model == "FLEX_START":
        yield from _judge_flex_start(scheduling)
    if model == "RESERVATION_BOUND":
        yield from _judge_reservation(machine.reservation_affinity)


def _judge_flag(value: bool | Unknown, name: str, model: str, *, wanted: bool) -> Iterator[Verdict]:
    what = "a preemptible machine" if model == "STANDARD" else model
    if isinstance(value, Unknown):
        yield Undecided(f"`{name}` is not known")
    elif value is not wanted:
        yield Fail(
            f"`{name}` is {'on' if value else 'off'} with {what}.",
            f"`{name}` is {'on' if wanted else 'off'} with {what}.",
            f'Set `"{name}": {wanted}` in `scheduling`.',
        )


def _judge_flex_start(scheduling: Scheduling) -> Iterator[Verdict]:
    if scheduling.termination_action is UNKNOWN:
        yield Undecided("`instance_termination_action` is not known")
    elif scheduling.termination_action != "DELETE":
        yield Fail(
            "`instance_termination_action` is not DELETE with FLEX_START.",
            "`instance_termination_action` is DELETE with FLEX_START.",
            'Set `"instance_termination_action": "DELETE"` in `scheduling`.',
        )
    if scheduling.has_max_run_duration is UNKNOWN:
        yield Undecided("`max_run_duration` is not known")
    elif not scheduling.has_max_run_duration:
        yield Fail(
            "`max_run_duration` is left out with FLEX_START.",
            "A `max_run_duration`, as FLEX_START lends machines for a limited time.",
            "Set `max_run_duration` in `scheduling`, of at most seven days.",
        )


def _judge_reservation(affinity: str | Unknown | None) -> Iterator[Verdict]:
    if isinstance(affinity, Unknown):
        yield Undecided("`reservation_affinity` is not known")
    elif affinity != "SPECIFIC_RESERVATION":
        yield Fail(
            "`reservation_affinity` names no specific reservation with RESERVATION_BOUND.",
            "`reservation_affinity` of type SPECIFIC_RESERVATION with RESERVATION_BOUND.",
            "Set `reservation_affinity` to `type` SPECIFIC_RESERVATION and the reservation in `specific_reservation`.",
        )
