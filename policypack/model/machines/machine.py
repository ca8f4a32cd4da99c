"""Machines: instance templates, global and regional, and single instances."""

from __future__ import annotations

from typing import Final

from policypack.model.graph.attached import attached_to
from policypack.model.graph.links import Links, resolve
from policypack.model.graph.reference import short_name
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    INSTANCE,
    INSTANCE_GROUP_MEMBERSHIP,
    MACHINE_TYPES,
    SERVICE_ACCOUNT,
    TEMPLATE_TYPES,
)
from policypack.model.graph.view import View
from policypack.model.machines.disk import Disk, disks_of
from policypack.model.machines.metadata import Metadata, MetadataText, metadata_of, texts_of
from policypack.model.machines.settings import NetworkInterface, Scheduling, ServiceAccount, Shielding
from policypack.model.machines.shape import TPU_FAMILIES, MachineShape, takes_gpus
from policypack.model.values.logic import all_of, any_of, known_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.secret import like
from policypack.model.values.values import UNKNOWN, Unknown

# Families whose every machine has GPUs: https://cloud.google.com/compute/docs/gpus
_GPU_FAMILIES: Final = ("a2", "a3", "a4", "a4x", "g2", "g4")
_MAY_BE_ADDED: Final = "a membership whose group is not known may add to ``instances``"
# Bare metal machine types end so: https://cloud.google.com/compute/docs/instances/bare-metal-instances
_BARE_METAL: Final = "-metal"


class Machine(View):
    """What a group makes its machines from, or a machine of an unmanaged group.

    Templates and instances differ in their disks only; all else has the same shape.
    """

    TYPES = MACHINE_TYPES

    @property
    def machine_type(self) -> str | Unknown | None:
        """The machine type, such as `g2-standard-8`, without the URL in front of it."""
        machine_type = self.resource.asked.string("machineType")
        return short_name(machine_type) if isinstance(machine_type, str) else machine_type

    @property
    def has_gpu(self) -> bool | Unknown:
        by_type = when_known(self.machine_type, lambda type_: (type_ or "").split("-")[0] in _GPU_FAMILIES)
        return any_of((by_type, self._has_attached_gpu))

    @property
    def has_tpu(self) -> bool | Unknown:
        """Whether it has TPUs, which come with machine types that take no GPUs."""
        by_type = when_known(self.machine_type, lambda type_: (type_ or "").split("-")[0] in TPU_FAMILIES)
        return all_of((by_type, negation(self._has_attached_gpu)))

    @property
    def _has_attached_gpu(self) -> bool | Unknown:
        attached = self.resource.asked.objects("guestAccelerators")
        counts = [UNKNOWN] if isinstance(attached, Unknown) else [item.number("count") for item in attached]
        return any_of(when_known(count, lambda number: number != 0) for count in counts)

    @property
    def is_bare_metal(self) -> bool | Unknown:
        return when_known(self.machine_type, lambda type_: (type_ or "").endswith(_BARE_METAL))

    @property
    def shape(self) -> MachineShape:
        """Its type and GPUs as far as they are known; else it is like itself alone."""
        attached, machine_type = self.resource.asked.objects("guestAccelerators"), self.machine_type
        gpus = [_gpu(accelerator) for accelerator in known_in(attached)]
        known = tuple(gpu for gpu in gpus if gpu)
        if not isinstance(machine_type, str) or isinstance(attached, Unknown) or len(known) < len(gpus):
            return MachineShape(self.urn)
        return MachineShape((machine_type, *sorted(known)), machine_type, known)

    @property
    def takes_its_gpus(self) -> bool | Unknown:
        """Whether its machine type takes the GPUs that are attached to it, if any is."""
        if self._has_attached_gpu is False:
            return True
        shape = self.shape
        return takes_gpus(shape.machine_type or "", shape.accelerators) if shape.accelerators else UNKNOWN

    @property
    def interfaces(self) -> tuple[NetworkInterface, ...] | Unknown:
        return when_known(
            self.resource.asked.objects("networkInterfaces"),
            lambda found: tuple(NetworkInterface(number, properties) for number, properties in enumerate(found)),
        )

    @property
    def forwards_packets(self) -> bool | Unknown:
        """Whether it may send and receive packets of other addresses; the provider's default is that it may not."""
        return self.resource.asked.boolean("canIpForward", default=False)

    @property
    def shielding(self) -> Shielding | Unknown | None:
        asked = self.resource.asked.object("shieldedInstanceConfig")
        return Shielding(asked) if isinstance(asked, Properties) else asked

    @property
    def service_account(self) -> ServiceAccount | Unknown | None:
        """The service account attached to it; `None` if there is none, as without the block neither provider nor API
        attaches one: https://github.com/hashicorp/terraform-provider-google/issues/14423."""
        asked = self.resource.asked.object("serviceAccount")
        if not isinstance(asked, Properties):
            return asked
        sources = [self.stack.by_urn(urn) for urn in self.resource.edges.get("serviceAccount", ())]
        managed = [source for source in sources if source and source.type == SERVICE_ACCOUNT and not source.is_read]
        return ServiceAccount(asked, is_managed_here=bool(sources) and len(managed) == len(sources))

    @property
    def disks(self) -> tuple[Disk, ...] | Unknown:
        """Its persistent disks, the boot disk among them."""
        return disks_of(self.stack, self.resource)

    @property
    def disks_property(self) -> str:
        """The input property with its persistent disks; of an instance's two the first that is not known."""
        if self.resource.type != INSTANCE:
            return "disks"
        return "boot_disk" if isinstance(self.resource.asked.object("bootDisk"), Unknown) else "attached_disks"

    @property
    def scheduling(self) -> Scheduling:
        return Scheduling(self.resource.asked.block("scheduling"))

    @property
    def reservation_affinity(self) -> str | Unknown | None:
        """Which reservations it may use: `ANY_RESERVATION`, `SPECIFIC_RESERVATION` or `NO_RESERVATION`."""
        return self.resource.asked.block("reservationAffinity").string("type")

    @property
    def metadata(self) -> tuple[Metadata, ...]:
        """Its metadata as it reads them: one for each group that adds metadata of its own, or its own alone."""
        return metadata_of(self.stack, self.resource)

    @property
    def texts(self) -> tuple[MetadataText, ...]:
        """Every text that anybody who can read its metadata can read."""
        return texts_of(self.stack, self.resource)


def templates_of(stack: Stack, manager: Resource) -> Links:
    """The instance templates of a managed instance group's versions."""
    versions = manager.asked.objects("versions")
    urls = when_known(versions, lambda found: [version.string("instanceTemplate") for version in found])
    return resolve(stack, manager, "versions", urls, TEMPLATE_TYPES)


def instances_of(stack: Stack, group: Resource) -> list[Links]:
    """The instances that an unmanaged group lists, and those that memberships add, or may add."""
    listed = resolve(stack, group, "instances", group.asked.strings("instances"), MACHINE_TYPES)
    added = [
        (resolve(stack, one, "instance", [one.asked.string("instance")], MACHINE_TYPES), belongs)
        for one, belongs in attached_to(stack, group, [INSTANCE_GROUP_MEMBERSHIP])
    ]
    return [listed, *(links if belongs is True else links.in_doubt(_MAY_BE_ADDED) for links, belongs in added)]


def _gpu(accelerator: Properties) -> tuple[str, int] | None:
    type_, count = accelerator.string("type"), accelerator.number("count")
    if not isinstance(type_, str) or not isinstance(count, int | float) or not float(count).is_integer():
        return None
    return short_name(type_), like(count, int(count))
