"""What an audit reads states from. A store is pickled to the processes and machines that read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One stack in a store.

    Attributes:
        url: where its state is, which identifies the stack from one audit to the next.
        key: what the store reads it by.
        size: about how many bytes it has.
        version: what is another one after any change of the state; `None` if the store does not tell.
        project: the name of its Pulumi project, if the place tells.
        name: its name, if the place tells.
        error: why it cannot be read, if listing has shown that; then it is not read. It may be of a whole folder.
    """

    url: str
    key: str
    size: int
    version: str | None = None
    project: str | None = None
    name: str | None = None
    error: str = ""


class Store(Protocol):
    """Where states are.

    It is pickled, so it holds no client and no credentials: these are looked up where it reads.

    Attributes:
        target: what it was opened by, for people, without anything secret.
        readers: how many states to read at once; more than one where each takes a while to arrive.
    """

    @property
    def target(self) -> str: ...

    @property
    def readers(self) -> int: ...

    def entries(self) -> Iterator[Entry]:
        """The current states.

        Raises:
            TargetError: they cannot be listed, or there are none.
        """

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The content of a state as it is stored, which may be compressed.

        Raises:
            UnreadableState: it cannot be read, or has more than `max_bytes`.
        """

    def advice(self, entry: Entry) -> str:
        """What to do about a state that is damaged, in a sentence."""
