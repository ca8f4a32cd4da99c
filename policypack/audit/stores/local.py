"""Files on this machine, listed one by one: what vanishes, dangles, loops or is closed hides nothing beside it.

fsspec leaves out folders that it may not read, without a word, and gives up at a link to nothing.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

# Of a file that cannot be read: why, in place of what is known of it.
ERROR: Final = "error"

_VANISHED: Final = "it was deleted or renamed while the audit listed it: run the audit again"
_DANGLING: Final = "it is a broken link: remove it, or restore its target"
_LOOP: Final = "a link on its path is circular: remove the link"
_NO_FILE: Final = "it is neither a file nor a folder: remove it"
_NOT_READ: Final = "the states in this folder are not read: name it as a target too, or give the glob {}"
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
            found[path] = describe(path)
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


def list_folder(root: str, wanted: Callable[[str], object]) -> dict[str, Mapping[str, Any]]:
    """The files in a folder, and the folders in it that have files too, which are not read.

    Raises:
        OSError: the folder cannot be listed.
    """
    found = list_files(root, wanted)
    for folder in _names(root):
        if os.path.isdir(folder) and not os.path.basename(folder).startswith("."):
            below = (os.path.join(where, name) for where, _, names in os.walk(folder) for name in names)
            if any(map(wanted, below)):
                found[folder] = {"name": folder, "type": "file", ERROR: _NOT_READ.format(f"'{root}/**/*.json'")}
    return found


def find_glob(pattern: str) -> dict[str, Mapping[str, Any]]:
    """The files whose paths match a glob, and the folders on the way that cannot be listed.

    `*` is any part of a name, `**` any number of folders.

    Raises:
        OSError: the folder before the first wildcard cannot be listed.
    """
    parts = pattern.split("/")
    plain = next(number for number, part in enumerate(parts) if any(sign in part for sign in "*?["))
    root, globs = "/".join(parts[:plain]) or "/", parts[plain:]

    def names_of(path: str) -> list[str]:
        return path.split("/")[plain:]

    return list_files(
        root, lambda path: _fits(names_of(path), globs), lambda folder: _fits(names_of(folder), globs, is_whole=False)
    )


def _fits(names: Sequence[str], globs: Sequence[str], is_whole: bool = True) -> bool:
    """Whether names match globs one by one; with `is_whole=False` whether longer ones that begin so could."""
    if not globs:
        return not names and is_whole
    if not names:
        return not is_whole or all(glob == "**" for glob in globs)
    if globs[0] == "**":
        return _fits(names[1:], globs, is_whole) or _fits(names, globs[1:], is_whole)
    return fnmatchcase(names[0], globs[0]) and _fits(names[1:], globs[1:], is_whole)


def read_file(path: str, max_bytes: int) -> bytes:
    """The content of a file, but not more than a byte above the limit.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        return file.read(max_bytes + 1)


def describe(path: str) -> Mapping[str, Any]:
    """What is known of a file, by fsspec's names, or under `ERROR` why nothing is."""
    try:
        found = os.stat(path)
    except OSError as error:
        return _unreadable(path, error)
    if not stat.S_ISREG(found.st_mode):
        return {"name": path, "type": "file", ERROR: _NO_FILE}
    return {
        "name": path,
        "type": "file",
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
    if isinstance(error, PermissionError):
        return f"no permission ({error.strerror}): let this user read it"
    return f"it cannot be read ({error.strerror})"


def _names(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    return (os.path.join(folder, name) for name in names)


def _unreadable(path: str, error: OSError) -> Mapping[str, Any]:
    return {"name": path, "type": "file", ERROR: why_unreadable(path, error)}
