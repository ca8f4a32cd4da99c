"""Disks of machines, and the keys that encrypt them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from policypack.model.graph.links import Links, resolve
from policypack.model.graph.reference import short_name
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import DISK_TYPES, INSTANCE, KMS_KEYS
from policypack.model.values.logic import any_of, equals, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

_KEY_FIELDS: Final = ("kmsKeySelfLink", "diskEncryptionKeyRaw", "diskEncryptionKeyRsa")
_BLOCK_KEY_FIELDS: Final = ("kmsKeySelfLink", "rawKey", "rsaEncryptedKey")


@dataclass(frozen=True, eq=False)
class Disk:
    """A persistent disk of a machine.

    Attributes:
        name: where it stands in the program: `disks[0]`, `boot_disk`, `attached_disks[0]`.
        has_key: whether a key of the customer encrypts it: one of Cloud KMS or one that the customer supplies.
        where: the property that takes the key, in Python's terms.
    """

    name: str
    has_key: bool | Unknown
    where: str


def disks_of(stack: Stack, machine: Resource) -> tuple[Disk, ...] | Unknown:
    """The persistent disks of a template or an instance; local SSDs are left out, since they take no such key:
    https://cloud.google.com/compute/docs/disks/customer-managed-encryption."""
    if machine.type != INSTANCE:
        found = machine.asked.objects("disks")
        if isinstance(found, Unknown):
            return UNKNOWN
        persistent = [(f"disks[{number}]", disk) for number, disk in enumerate(found) if _is_local(disk) is not True]
        return _disks(stack, machine, "disks", persistent, "disk_encryption_key.kms_key_self_link")
    boot, attached = machine.asked.object("bootDisk"), machine.asked.objects("attachedDisks")
    if isinstance(boot, Unknown) or isinstance(attached, Unknown):
        return UNKNOWN
    boots = [("boot_disk", boot)] if boot else []
    others = [(f"attached_disks[{number}]", disk) for number, disk in enumerate(attached)]
    return (
        *_disks(stack, machine, "bootDisk", boots, "kms_key_self_link"),
        *_disks(stack, machine, "attachedDisks", others, "kms_key_self_link"),
    )


def _is_local(disk: Properties) -> bool | Unknown:
    """Whether it is a local SSD: a scratch disk, or of such a type."""
    is_scratch = equals(disk.string("type"), "SCRATCH")
    is_local_type = when_known(disk.string("diskType"), lambda type_: short_name(type_ or "").startswith("local-ssd"))
    return any_of((is_scratch, is_local_type))


def _disks(
    stack: Stack, machine: Resource, key: str, named: Iterable[tuple[str, Properties]], where: str
) -> tuple[Disk, ...]:
    found = list(named)
    existing = [(name, disk) for name, disk in found if disk.string("source") is not None]
    links = resolve(stack, machine, key, [disk.string("source") for _, disk in existing], DISK_TYPES)
    entries = dict(zip([name for name, _ in existing], _entries(links, len(existing)), strict=True))
    return tuple(Disk(name, _has_key(stack, machine, key, disk, entries.get(name)), where) for name, disk in found)


def _entries(links: Links, count: int) -> list[Resource | None]:
    entries = [None] * count if isinstance(links.entries, Unknown) else links.entries
    return [entry if isinstance(entry, Resource) else None for entry in entries]


def _has_key(stack: Stack, machine: Resource, key: str, disk: Properties, source: Resource | None) -> bool | Unknown:
    own = _sets_key(stack, machine, key, disk)
    if own is not False:
        return own
    if disk.string("source") is None:
        return UNKNOWN if _is_local(disk) is UNKNOWN else False
    return UNKNOWN if source is None else _sets_key(stack, source, "diskEncryptionKey", source.asked)


def _sets_key(stack: Stack, resource: Resource, key: str, disk: Properties) -> bool | Unknown:
    block = disk.object("diskEncryptionKey")
    if isinstance(block, Unknown):
        return UNKNOWN
    values = [disk.string(field) for field in _KEY_FIELDS]
    values += [block.string(field) for field in _BLOCK_KEY_FIELDS] if block else []
    if any(isinstance(value, str) for value in values):
        return True
    if not any(isinstance(value, Unknown) for value in values):
        return False
    # Whatever else the name of a key is computed from, one among the sources says that there is a key.
    sources = (stack.by_urn(urn) for urn in resource.edges.get(key, ()))
    return True if any(source and source.type.startswith(KMS_KEYS) for source in sources) else UNKNOWN
