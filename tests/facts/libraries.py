"""Reads the documentation of fields out of the libraries of Google Cloud and Pulumi, without importing them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from tests.facts.sentences import COMPUTE, PROVIDER, RUN

_CLASS: Final = r'^class {}\b.*?"""(.*?)"""'
# proto-plus: `    field (type):`, and its text below with a deeper indent.
_PROTO_FIELD: Final = r"^        {} \(.*?\):\n(.*?)(?=^        \w+ \(|\Z)"
# Pulumi: `:param type field: text`, on more lines up to the next one.
_PROVIDER_FIELD: Final = r":param [^\n]*? {}: (.*?)(?=^ *:param |\Z)"


def documentation(site: Path, library: str, message: str, field: str) -> str:
    """What a library says of a field of a class, with single spaces; empty if it has no such field.

    Args:
        site: the folder that packages are installed in.
        library: the name of the distribution.
        message: the class; with the module of the resource for the provider, such as `compute.BackendServiceArgs`.
        field: the field of it.
    """
    sources, field_pattern = _FORMS[library]
    for path in sources(site, message):
        text = _docstring(path, message.rpartition(".")[2])
        found = re.search(field_pattern.format(field), text, re.MULTILINE | re.DOTALL)
        if found:
            return " ".join(found[1].split())
    return ""


def _proto(folder: str) -> Callable[[Path, str], list[Path]]:
    return lambda site, _: sorted((site / folder).glob("*.py"))


def _provider(site: Path, message: str) -> list[Path]:
    """The module of the resource, and the one with all nested arguments."""
    area, name = message.split(".")
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.removesuffix("Args")).lower()
    names = (f"{snake}.py", "_inputs.py")
    return [path for path in (site / "pulumi_gcp" / area / name for name in names) if path.exists()]


_FORMS: Final = {
    COMPUTE: (_proto("google/cloud/compute_v1/types"), _PROTO_FIELD),
    RUN: (_proto("google/cloud/run_v2/types"), _PROTO_FIELD),
    PROVIDER: (_provider, _PROVIDER_FIELD),
}


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _docstring(path: Path, name: str) -> str:
    """The first docstring below the head of a class: its own, or that of its `__init__`."""
    found = re.search(_CLASS.format(name), _text(path), re.MULTILINE | re.DOTALL)
    return found[1] if found else ""
