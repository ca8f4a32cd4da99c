"""Where a state is shown in a repository, which it is in only if it was exported there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import unquote

from policypack.judgement.location import relative_path, repository_around


def path_of(url: str) -> str:
    """A relative path that stands for a state.

    For a file in the repository around the working directory it is the file's path in it, and for any other one its
    path without the slash before it. For all other states it is what their URL has after `://`, without parameters:
    `my-pulumi-states/.pulumi/stacks/llm/prod.json`, `acme/llm/prod`.
    """
    scheme, separator, rest = url.partition("://")
    path = unquote(rest.partition("?")[0], errors="surrogateescape") if separator else url
    inside = relative_path(Path(path), _root()) if scheme == "file" else None
    # What is after a `..` could be anywhere.
    return "/".join(part for part in (inside or path).split("/") if part not in ("", ".", ".."))


@cache
def _root() -> Path:
    here = Path.cwd()
    return repository_around(here) or here
