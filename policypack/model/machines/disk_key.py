"""Where the Cloud KMS keys of disks are."""

from __future__ import annotations

import re
from typing import Final

from policypack.model.graph.links import resolve
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    CRYPTO_KEY,
    CRYPTO_KEY_IAM_BINDING,
    CRYPTO_KEY_IAM_MEMBER,
    KEY_HANDLE,
    KEY_RING,
)
from policypack.model.values.values import UNKNOWN, Unknown

_NAME: Final = re.compile(r"(?:^|/)locations/([^/]+)/(?:keyRings|keyHandles)/")
# What hands on the name of a key -> the property that says where the key is.
_LEADS: Final = {
    CRYPTO_KEY: "keyRing",
    CRYPTO_KEY_IAM_BINDING: "cryptoKeyId",
    CRYPTO_KEY_IAM_MEMBER: "cryptoKeyId",
    KEY_RING: "location",
    KEY_HANDLE: "location",
}
# What such a property can be computed from.
_SOURCES: Final = {"keyRing": (KEY_RING,), "cryptoKeyId": (CRYPTO_KEY,)}


def key_locations(stack: Stack, template: Resource) -> tuple[str | Unknown, ...]:
    """The locations of the Cloud KMS keys that encrypt the disks of a template: regions, or places of several."""
    disks = template.asked.objects("disks")
    if isinstance(disks, Unknown):
        return (UNKNOWN,)
    # Where several keys are not known yet, they count as one, which any of them may be.
    by_edges = _location_by_edges(stack, template, "disks")
    keys = [disk.block("diskEncryptionKey").string("kmsKeySelfLink") for disk in disks]
    found = [_location_in(key) or by_edges for key in keys if key is not None]
    return tuple(dict.fromkeys(found))


def _location_in(name: str | Unknown) -> str | None:
    match = None if isinstance(name, Unknown) else _NAME.search(name)
    return match[1] if match else None


def _location_by_edges(stack: Stack, resource: Resource, key: str) -> str | Unknown:
    """Where everything is that the unknown property `key` can name, if that is one location."""
    links = resolve(stack, resource, key, [UNKNOWN], _SOURCES.get(key, tuple(_LEADS)))
    found = {_location(stack, source) for source in (*links.targets, *links.candidates)}
    return found.pop() if len(found) == 1 and (links.is_complete or links.is_closed) else UNKNOWN


def _location(stack: Stack, resource: Resource) -> str | Unknown:
    key = _LEADS[resource.type]
    value = resource.asked.string(key)
    if key == "location":
        return UNKNOWN if value is None else value
    return _location_in(f"{value}/keyRings/" if isinstance(value, str) else UNKNOWN) or _location_by_edges(
        stack, resource, key
    )
