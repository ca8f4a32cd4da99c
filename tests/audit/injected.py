"""Faults of one stack in a backend, which are to change nothing about the others."""

from __future__ import annotations

import gzip
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policypack.audit.results import AuditResults
from policypack.audit.stores.content import MEBIBYTE
from policypack.audit.stores.store import Entry, Store
from policypack.audit.stores.target import open_target
from tests.audit.states import BAD, GOOD, checkpoint, put

STACKS: Final = ".pulumi/stacks"
DELETED, DEADLY = "deleted after listing", "kills its process"


def _content(content: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(content)


def _fifo(file: Path) -> None:
    os.mkfifo(file)


# What happens to the file of the stack.
FAULTS: Final[dict[str, Callable[[Path], object]]] = {
    "cut off": _content(GOOD[:-20]),
    "empty": _content(b""),
    "no text": _content(b"\xff\xfe\x00{"),
    "no state": _content(b'["x"]'),
    "of a newer version": _content(checkpoint(version=9)),
    "damaged compression": _content(gzip.compress(GOOD)[:-8] + b"\0" * 8),
    "larger than the limit": _content(gzip.compress(b" " * (2 * MEBIBYTE))),
    "a link to nothing": lambda file: file.symlink_to("nowhere.json"),
    "a link to itself": lambda file: file.symlink_to(file.name),
    "neither a file nor a folder": _fifo,
    DELETED: _content(GOOD),
    DEADLY: _content(GOOD),
}


@dataclass(frozen=True)
class Injected:
    """A backend in which something happens while a stack is read."""

    store: Store
    fault: str

    @property
    def target(self) -> str:
        return self.store.target

    @property
    def readers(self) -> int:
        return self.store.readers

    def entries(self) -> Iterator[Entry]:
        return self.store.entries()

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        if entry.key.endswith("/broken.json") and self.fault == DELETED:
            os.unlink(entry.key)
        if entry.key.endswith("/broken.json") and self.fault == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.store.read(entry, max_bytes)

    def advice(self, entry: Entry) -> str:
        return self.store.advice(entry)


def backend_of(folder: Path, stacks: int) -> Path:
    """A backend of so many stacks, a third of which violate a rule."""
    return put(folder, {f"{STACKS}/p{i % 20}/s{i}.json": BAD if i % 3 == 0 else GOOD for i in range(stacks)})


def with_fault(backend: Path, fault: str) -> Injected:
    """The backend with one stack more, which has the fault."""
    broken = backend / STACKS / "p0/broken.json"
    broken.unlink(missing_ok=True)
    FAULTS[fault](broken)
    return Injected(open_target(str(backend)), fault)


def verdicts(results: AuditResults) -> dict[str, object]:
    """What is said of each stack: its status, and its findings."""
    return {stack.url: (stack.status, list(results.findings_of(stack))) for stack in results.stacks()}
