"""Where findings are shown in a repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Location:
    """Where a finding is shown in a repository.

    Attributes:
        path: a file, relative to the repository's root, with `/` between its parts.
        line: the line in it, from 1; `None` if the file as a whole stands for the resource.
    """

    path: str
    line: int | None = None


def repository_around(folder: Path) -> Path | None:
    """The root of the repository that a folder is in."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def relative_path(file: Path, root: Path) -> str | None:
    """The path from the root, or `None` for a file outside it."""
    file, root = file.resolve(), root.resolve()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else None
