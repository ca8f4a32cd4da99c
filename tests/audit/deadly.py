"""A store for processes of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from policypack.audit.stores.content import MEBIBYTE
from policypack.audit.stores.store import Entry
from tests.audit.states import BAD, GOOD


@dataclass(frozen=True)
class Deadly:
    """A store with a state that kills the process that reads it, as the kernel does when memory runs out."""

    target: str = "deadly"
    readers: int = 1

    def entries(self) -> Iterator[Entry]:
        return (Entry(f"deadly:{i}", str(i), 20 * MEBIBYTE if i % 3 else 1) for i in range(9))

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        if entry.key == "4":
            os.kill(os.getpid(), signal.SIGKILL)
        return BAD if entry.key == "7" else GOOD

    def advice(self, entry: Entry) -> str:
        return "Do nothing."
