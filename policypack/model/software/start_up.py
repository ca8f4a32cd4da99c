"""What machines run or read when they start, as far as their metadata says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.graph.resource import Resource
from policypack.model.values.values import UNKNOWN, Unknown

# What images of Compute Engine run or read when a machine starts.
_START_UP_KEYS: Final = (
    "user-data",
    "vendor-data",
    "startup-script",
    "gce-container-declaration",
    "windows-startup-script-ps1",
)


def start_up_texts(machine: Resource) -> Iterator[str | Unknown]:
    """The startup script, cloud-init data and container declaration of an instance or a template."""
    script, metadata = machine.asked.string("metadataStartupScript"), machine.asked.object("metadata")
    if script is not None:
        yield script
    if isinstance(metadata, Unknown):
        yield UNKNOWN
    elif metadata is not None:
        yield from (text for key in _START_UP_KEYS if (text := metadata.string(key)) is not None)
