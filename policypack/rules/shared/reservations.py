"""Whether a machine type is available as its VMs are provisioned: some are from reservations only."""

from __future__ import annotations

from policypack.model.machines.machine import Machine
from policypack.model.machines.provisioning import ANY_PROVISIONING, Provisioning, has_reservation, provisioning_of
from policypack.model.machines.settings import STANDARD
from policypack.verdict import Checks, Fail, Undecided, decided, known


def is_available(machine: Machine) -> Checks:
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
            f"`{type_}` takes a reservation.",
            "Set `reservation_affinity` to a SPECIFIC_RESERVATION, and `provisioning_model` to RESERVATION_BOUND.",
        )
    elif model == STANDARD and needs.needs_reservation:
        yield from _has_its_reservation(machine, type_, needs)


def _has_its_reservation(machine: Machine, type_: str | None, needs: Provisioning) -> Checks:
    doubt = Undecided(f"it is not known whether there is a reservation for `{type_}`", "reservation_affinity")
    if decided(has_reservation(machine), doubt):
        return
    has_others = not needs.refused
    yield Fail(
        f"`{type_}` is STANDARD without a reservation, and is not available that way.",
        f"`{type_}` takes a reservation{', or is SPOT or FLEX_START' if has_others else ''}.",
        "Name the reservation in `reservation_affinity` with type "
        f"SPECIFIC_RESERVATION{', or use SPOT or FLEX_START' if has_others else ''}.",
    )
