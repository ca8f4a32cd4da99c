"""States as files: in a bucket, or on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Literal, TypeAlias

from policypack.audit.error import TargetError, UnreadableState
from policypack.audit.stores.backend_url import BackendURL
from policypack.audit.stores.content import COMPRESSED, too_large
from policypack.audit.stores.copies import CHECKPOINTS, advice_on
from policypack.audit.stores.filesystem import open_filesystem
from policypack.audit.stores.local import ERROR, describe, find_glob, list_files, list_folder, read_file, why_unreadable
from policypack.audit.stores.store import Entry

Kind: TypeAlias = Literal["backend", "folder", "files"]

SUFFIXES: Final = (".json", *(f".json{compressed}" for compressed in COMPRESSED))

_READERS: Final = 8
_SECONDS_TO_READ: Final = 300
_LEGACY, _BY_PROJECT = 1, 2


@dataclass(frozen=True)
class ObjectStore:
    """States as files.

    Attributes:
        target: what it was opened by, for people.
        url: where they are.
        kind: `backend` for the current checkpoints in a backend, `folder` for all exported states in a folder,
            `files` for those that a glob or a path names.
    """

    target: str
    url: BackendURL
    kind: Kind

    @property
    def readers(self) -> int:
        """How many files to read at once: more than one where each takes a round trip."""
        return 1 if self.url.scheme == "file" else _READERS

    def entries(self) -> Iterator[Entry]:
        """The states, those of one stack of a backend with different compressions once; see `Store.entries`."""
        found = _FINDERS[self.kind](self)
        if not found:
            raise TargetError(self._why_nothing())
        newest: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for path, info in found.items():
            # Of exported states each file is one of its own.
            plain = _without_compression(path) if self.kind == "backend" else path
            # A backend that was told to compress leaves the other file behind if it is interrupted.
            if plain not in newest or _rank(info) > _rank(newest[plain][1]):
                newest[plain] = (path, info)
        for plain in sorted(newest):
            path, info = newest[plain]
            project, name = self._names(plain)
            error = info.get(ERROR, "")
            yield Entry(self.url.url_of(plain), path, info.get("size") or 0, _version(info), project, name, error)

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The content of a file; see `Store.read`."""
        if entry.size > max_bytes:
            raise too_large(max_bytes)
        try:
            content = self._content(entry.key, max_bytes)
        except FileNotFoundError as error:
            raise UnreadableState(
                "it was deleted or renamed after the audit had listed it: run the audit again"
            ) from error
        except TimeoutError as error:
            raise UnreadableState(
                f"it did not arrive within {_SECONDS_TO_READ} seconds: run the audit again"
            ) from error
        except Exception as error:
            if self._is_local and isinstance(error, OSError):
                raise UnreadableState(why_unreadable(entry.key, error)) from error
            raise UnreadableState(f"it cannot be read: {_explain(error)}") from error
        if len(content) > max_bytes:
            raise too_large(max_bytes)
        return content

    def advice(self, entry: Entry) -> str:
        """See `Store.advice`."""

        def names_in(folder: str) -> list[str]:
            names = os.listdir(folder) if self._is_local else open_filesystem(self.url).ls(folder, detail=False)
            return [PurePosixPath(name).name for name in names]

        def quietly(ask: Callable[[str], Any], without: Any) -> Callable[[str], Any]:
            def answer(path: str) -> Any:
                try:
                    return ask(path)
                except Exception:
                    # Whatever keeps it from being listed, it is no copy that could be named.
                    return without

            return answer

        exists = os.path.isfile if self._is_local else open_filesystem(self.url).exists
        return advice_on(entry.key, quietly(exists, False), quietly(names_in, []))

    def _content(self, path: str, max_bytes: int) -> bytes:
        if self._is_local:
            return read_file(path, max_bytes)
        content: bytes = open_filesystem(self.url).cat_file(path, timeout=_SECONDS_TO_READ)
        return content

    def find_checkpoints(self) -> dict[str, Mapping[str, Any]]:
        """The current checkpoints of both layouts: by project, and without projects as the CLI wrote them before."""
        root = f"{self.url.root}{CHECKPOINTS}"

        def is_checkpoint(path: str) -> bool:
            return path.endswith(SUFFIXES) and path.removeprefix(root).count("/") in (_LEGACY, _BY_PROJECT)

        if self._is_local:
            return _list_here(lambda: list_files(root, is_checkpoint, lambda folder: os.path.dirname(folder) == root))
        found = self._list(lambda filesystem: filesystem.find(root, detail=True))
        return {path: info for path, info in found.items() if is_checkpoint(path)}

    def find_in_folder(self) -> dict[str, Mapping[str, Any]]:
        root = self.url.root.rstrip("/") or "/"
        return _list_here(lambda: list_folder(root, lambda path: path.endswith(SUFFIXES)))

    def find_files(self) -> dict[str, Mapping[str, Any]]:
        path = self.url.root.removesuffix("/")
        if self._is_local:
            if not has_glob(path) or os.path.lexists(path):
                return {path: describe(path)} if os.path.lexists(path) else {}
            return _list_here(lambda: find_glob(path))
        if not has_glob(path):
            return self._list(lambda filesystem: {path: filesystem.info(path)})
        return self._list(lambda filesystem: _files(filesystem.glob(path, detail=True).values()))

    @property
    def _is_local(self) -> bool:
        return self.url.scheme == "file"

    def _list(self, list_: Callable[[Any], dict[str, Mapping[str, Any]]]) -> dict[str, Mapping[str, Any]]:
        filesystem = open_filesystem(self.url)
        try:
            return list_(filesystem)
        except FileNotFoundError:
            return {}
        except Exception as error:
            raise TargetError(f"it cannot be listed: {_explain(error)}") from error

    def _why_nothing(self) -> str:
        """Why there is no state: fsspec takes a bucket that does not exist for one without objects."""
        if self._is_local:
            return _NOTHING[self.kind]
        try:
            open_filesystem(self.url).ls(self.url.bucket, detail=False)
        except FileNotFoundError:
            kind = "container" if self.url.scheme == "azblob" else "bucket"
            return f"there is no {kind} {self.url.bucket}, or these credentials may not see it: check its name"
        except Exception:
            # Who may list one folder of a bucket only is not told whether it exists.
            pass
        return _NOTHING[self.kind]

    def _names(self, path: str) -> tuple[str | None, str | None]:
        if self.kind != "backend" or not path.endswith(SUFFIXES):
            return None, None
        *folder, file = path.removeprefix(f"{self.url.root}{CHECKPOINTS}/").split("/")
        return folder[0] if folder else None, file.removesuffix(".json")


_FINDERS: Final[Mapping[Kind, Callable[[ObjectStore], dict[str, Mapping[str, Any]]]]] = {
    "backend": ObjectStore.find_checkpoints,
    "folder": ObjectStore.find_in_folder,
    "files": ObjectStore.find_files,
}
_NOTHING: Final[Mapping[Kind, str]] = {
    "backend": f"there is no stack: it has no file {CHECKPOINTS}/PROJECT/STACK.json or {CHECKPOINTS}/STACK.json",
    "folder": f"there is no state: it has neither {CHECKPOINTS} nor a file whose name ends with .json or .json.gz",
    "files": "there is no such file",
}


def has_glob(path: str) -> bool:
    """Whether a path is a glob."""
    return "*" in path or "[" in path


def _list_here(list_: Callable[[], dict[str, Mapping[str, Any]]]) -> dict[str, Mapping[str, Any]]:
    try:
        return list_()
    except FileNotFoundError as error:
        if not error.filename or not os.path.islink(error.filename):
            return {}
        raise TargetError(f"it cannot be listed: {why_unreadable(error.filename, error)}") from error
    except OSError as error:
        raise TargetError(f"it cannot be listed: {why_unreadable(str(error.filename), error)}") from error
    except ValueError as error:
        # A path with a NUL in it.
        raise TargetError(f"it cannot be listed: {error}") from error


def _files(infos: Any) -> dict[str, Mapping[str, Any]]:
    return {info["name"]: info for info in infos if info["type"] == "file"}


def _without_compression(path: str) -> str:
    for suffix in COMPRESSED:
        path = path.removesuffix(suffix)
    return path


def _version(info: Mapping[str, Any]) -> str | None:
    """What the store says that changes with any change of the content."""
    for key in ("generation", "ETag", "etag"):
        if info.get(key):
            return f"{key}:{info[key]}"
    if "ino" in info:
        return f"file:{info['ino']}:{info['created']!r}:{info['mtime']!r}:{info['size']}"
    return None


def _rank(info: Mapping[str, Any]) -> tuple[bool, Any]:
    """Which of two files of one stack counts, the larger: one that can be read, and of those the newest."""
    changed = (info[key] for key in ("mtime", "updated", "LastModified", "last_modified") if info.get(key))
    return (False, 0) if ERROR in info else (True, next(changed, 0))


def _explain(error: Exception) -> str:
    """What a file system says, on one line and without the queries of URLs, which may hold tokens."""
    status = getattr(error, "code", None) or getattr(error, "status_code", None)
    if isinstance(error, PermissionError) or "Forbidden" in str(error) or status in (401, 403):
        return f"no permission ({_first_line(error)})"
    return f"{type(error).__name__}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return re.sub(r"\?\S*", "?...", lines[0])[:300] if lines else "no reason given"
