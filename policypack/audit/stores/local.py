"""Files on this machine, listed one by one: what vanishes, dangles, loops or is closed hides nothing beside it.

fsspec leaves out folders that it may not read, without a word, and gives up at a link to nothing.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any, Final

# Of a file that cannot be read: why, in place of what is known of it.
ERROR: Final = "error"

_VANISHED: Final = "it was deleted or renamed while the audit listed it"
_DANGLING: Final = "it is a link to nothing"
_LOOP: Final = "a link on its path leads back to itself"
_CYCLE: Final = "it is a link to a folder that it is in, whose files are read there"


def list_files(
    root: str, wanted: Callable[[str], object], enters: Callable[[str], object] = lambda folder: False
) -> dict[str, Mapping[str, Any]]:
    """The files below a folder, and the folders there that cannot be listed.

    Args:
        root: the folder.
        wanted: whether a file with this path counts; nothing is asked of the others.
        enters: whether to list a folder in it too.

    Returns:
        By path what `describe` says.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    above = (root, *map(str, Path(os.path.realpath(root)).parents))
    return _list(root, wanted, enters, {_identity(folder) for folder in above})


def _list(
    root: str, wanted: Callable[[str], object], enters: Callable[[str], object], above: Set[tuple[int, int]]
) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for path in _names(root):
        # Links to nothing and to themselves are no folders.
        if os.path.isdir(path):
            if enters(path):
                found |= _list_below(path, wanted, enters, above)
        elif wanted(path):
            info = describe(path)
            if info["type"] == "file":
                found[path] = info
    return found


def _list_below(
    folder: str, wanted: Callable[[str], object], enters: Callable[[str], object], above: Set[tuple[int, int]]
) -> Mapping[str, Mapping[str, Any]]:
    try:
        identity = _identity(folder)
        if identity in above:
            return {folder: {"name": folder, "type": "file", ERROR: _CYCLE}}
        return _list(folder, wanted, enters, above | {identity})
    except OSError as error:
        return {folder: _unreadable(folder, error)}


def _identity(folder: str) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def find_glob(pattern: str) -> dict[str, Mapping[str, Any]]:
    """The files whose paths match a glob as fsspec reads them, and the folders on the way that cannot be listed.

    Raises:
        OSError: the folder before the first wildcard cannot be listed.
    """
    from fsspec.utils import glob_translate

    matches = re.compile(glob_translate(pattern)).match
    parts = pattern.split("/")
    plain = next(number for number, part in enumerate(parts) if any(sign in part for sign in "*?["))
    folders = [re.compile(glob_translate("/".join(parts[:end]))).match for end in range(plain + 1, len(parts))]
    deepest = next((number for number, part in enumerate(parts) if part == "**"), None)

    def enters(folder: str) -> object:
        depth = folder.count("/")
        if deepest is not None and depth >= deepest:
            return deepest == plain or folders[deepest - plain - 1]("/".join(folder.split("/")[:deepest]))
        return plain <= depth < len(parts) - 1 and folders[depth - plain](folder)

    return list_files("/".join(parts[:plain]) or "/", matches, enters)


def describe(path: str) -> Mapping[str, Any]:
    """What is known of a file, by fsspec's names, or under `ERROR` why nothing is."""
    try:
        found = os.stat(path)
    except OSError as error:
        return _unreadable(path, error)
    kind = "directory" if stat.S_ISDIR(found.st_mode) else "file" if stat.S_ISREG(found.st_mode) else "other"
    return {
        "name": path,
        "type": kind,
        "size": found.st_size,
        "ino": found.st_ino,
        "created": found.st_ctime,
        "mtime": found.st_mtime,
    }


def why_unreadable(path: str, error: OSError) -> str:
    """Why a file or folder cannot be read: a clause."""
    if error.errno == errno.ENOENT:
        return _DANGLING if os.path.islink(path) else _VANISHED
    if error.errno == errno.ELOOP:
        return _LOOP
    return f"{'no permission' if isinstance(error, PermissionError) else 'it cannot be read'} ({error.strerror})"


def _names(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    return (os.path.join(folder, name) for name in names)


def _unreadable(path: str, error: OSError) -> Mapping[str, Any]:
    return {"name": path, "type": "file", ERROR: why_unreadable(path, error)}
