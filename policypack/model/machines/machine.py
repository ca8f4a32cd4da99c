"""Machines: instance templates, global and regional, and single instances."""

from __future__ import annotations

from typing import Final

from policypack.model.graph.tokens import INSTANCE, MACHINE_TYPES, SERVICE_ACCOUNT
from policypack.model.graph.view import View
from policypack.model.machines.disk import Disk, disks_of
from policypack.model.machines.metadata import Metadata, MetadataText, metadata_of, texts_of
from policypack.model.machines.settings import NetworkInterface, Scheduling, ServiceAccount, Shielding
from policypack.model.values.values import UNKNOWN, Properties, Unknown

# Families whose every machine has GPUs: https://cloud.google.com/compute/docs/gpus
_GPU_FAMILIES: Final = ("a2", "a3", "a4", "a4x", "g2", "g4")
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
        return machine_type.rpartition("/")[2] if isinstance(machine_type, str) else machine_type

    @property
    def has_gpu(self) -> bool | Unknown:
        """Whether it has GPUs, by its machine type or attached to it."""
        accelerators, machine_type = self.resource.asked.objects("guestAccelerators"), self.machine_type
        if isinstance(machine_type, str) and machine_type.split("-")[0] in _GPU_FAMILIES:
            return True
        counts = UNKNOWN if isinstance(accelerators, Unknown) else [item.number("count") for item in accelerators]
        if not isinstance(counts, Unknown) and any(not isinstance(count, Unknown) and count != 0 for count in counts):
            return True
        if isinstance(machine_type, Unknown) or isinstance(counts, Unknown):
            return UNKNOWN
        return UNKNOWN if any(isinstance(count, Unknown) for count in counts) else False

    @property
    def is_bare_metal(self) -> bool | Unknown:
        """Whether it runs without a hypervisor, by its machine type."""
        machine_type = self.machine_type
        return UNKNOWN if isinstance(machine_type, Unknown) else (machine_type or "").endswith(_BARE_METAL)

    @property
    def interfaces(self) -> tuple[NetworkInterface, ...] | Unknown:
        """Its network interfaces, in their order."""
        found = self.resource.asked.objects("networkInterfaces")
        if isinstance(found, Unknown):
            return UNKNOWN
        return tuple(NetworkInterface(number, properties) for number, properties in enumerate(found))

    @property
    def forwards_packets(self) -> bool | Unknown:
        """Whether it may send and receive packets of other addresses; the provider's default is that it may not."""
        asked = self.resource.asked.boolean("canIpForward")
        return False if asked is None else asked

    @property
    def shielding(self) -> Shielding | Unknown | None:
        """Its Shielded VM options; `None` if left out."""
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
        """How Compute Engine runs it, moves it and ends it."""
        asked = self.resource.asked.object("scheduling")
        return Scheduling(Properties({}) if asked is None else asked if isinstance(asked, Properties) else _NOT_KNOWN)

    @property
    def reservation_affinity(self) -> str | Unknown | None:
        """Which reservations it may use: `ANY_RESERVATION`, `SPECIFIC_RESERVATION` or `NO_RESERVATION`."""
        asked = self.resource.asked.object("reservationAffinity")
        return asked.string("type") if isinstance(asked, Properties) else asked

    @property
    def metadata(self) -> tuple[Metadata, ...]:
        """Its metadata as it reads them: one for each group that adds metadata of its own, or its own alone."""
        return metadata_of(self.stack, self.resource)

    @property
    def texts(self) -> tuple[MetadataText, ...]:
        """Every text that anybody who can read its metadata can read."""
        return texts_of(self.stack, self.resource)


_NOT_KNOWN: Final = Properties(UNKNOWN)
