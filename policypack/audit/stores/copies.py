"""The older copies of checkpoints that Pulumi keeps in a self-managed backend.

Source: pkg/backend/diy/state.go of https://github.com/pulumi/pulumi: `.bak` beside the checkpoint, a copy for each
update in `.pulumi/history`, and one from before each update in `.pulumi/backups`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from policypack.sources.error import EXPORT_AGAIN

CHECKPOINTS: Final = ".pulumi/stacks"

_FOLDER: Final = f"{CHECKPOINTS}/"
_NO_COPY: Final = "The backend has no older copy of it: restore it from a backup of the backend."


def advice_on(path: str, exists: Callable[[str], bool], names_in: Callable[[str], Iterable[str]]) -> str:
    """What to do about a damaged state: which older copies there are, if it is a checkpoint.

    Args:
        path: where it is.
        exists: whether there is a file with this path.
        names_in: the names of what is in a folder; none if there is no such folder.
    """
    root, folder, rest = path.rpartition(_FOLDER)
    if not folder:
        return EXPORT_AGAIN
    found = [f"`{copy.removeprefix(root)}`" for copy in _copies(root, rest, exists, names_in)]
    if not found:
        return _NO_COPY
    return f"The backend has older copies: put one that is whole in its place, {' or '.join(found)}."


def _copies(
    root: str, rest: str, exists: Callable[[str], bool], names_in: Callable[[str], Iterable[str]]
) -> Iterator[str]:
    stack = rest.partition(".json")[0]
    beside = f"{root}{_FOLDER}{rest}.bak"
    if exists(beside):
        yield beside
    for kind, mark in (("history", ".checkpoint.json"), ("backups", ".json")):
        folder = f"{root}.pulumi/{kind}/{stack}"
        # The names hold the time in nanoseconds.
        newest = max((name for name in names_in(folder) if mark in name), default="")
        if newest:
            yield posixpath.join(folder, newest)
            return
