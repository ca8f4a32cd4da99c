"""A store for processes of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from policypack.audit.stores.content import MEBIBYTE
from policypack.audit.stores.store import Entry
from tests.audit.states import BAD, GOOD


def _die_sending() -> None:
    def send(connection: Any, content: Any) -> None:
        os.write(connection.fileno(), bytes(content)[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    Connection._send = send  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Deadly:
    """A store with a state that kills the process that reads it, as the kernel does when memory runs out.

    With `cuts_off` it dies later, when it has sent half of what came of it.
    """

    target: str = "deadly"
    readers: int = 1
    cuts_off: bool = False

    def entries(self) -> Iterator[Entry]:
        return (Entry(f"deadly:{i}", str(i), 20 * MEBIBYTE if i % 3 else 1) for i in range(9))

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        if entry.key == "4":
            _die_sending() if self.cuts_off else os.kill(os.getpid(), signal.SIGKILL)
        return BAD if entry.key == "7" else GOOD

    def advice(self, entry: Entry) -> str:
        return "Do nothing."
