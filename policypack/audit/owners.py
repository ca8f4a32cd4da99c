"""Who owns which stacks: a file that maps projects and stacks to owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from policypack.config.error import ConfigurationError

_KEYS: Final = ("owner", "project", "stack")
_FORM: Final = "`owners` has to be a list of entries with `owner`, `project` and, if need be, `stack`"


@dataclass(frozen=True)
class Owners:
    """Who owns which stacks.

    Attributes:
        entries: owner, glob on projects, glob on stacks. As in a CODEOWNERS file the last that matches counts.
        only: the owners whose stacks are reported; all stacks are without any.
    """

    entries: tuple[tuple[str, str, str], ...] = ()
    only: tuple[str, ...] = ()

    def of(self, project: str, stack: str) -> str:
        """The owner of a stack; empty if it has none."""
        return next(
            (
                owner
                for owner, projects, stacks in reversed(self.entries)
                if fnmatchcase(project, projects) and fnmatchcase(stack, stacks)
            ),
            "",
        )

    def are_shown(self, project: str, stack: str) -> bool:
        return not self.only or self.of(project, stack) in self.only


def read_owners(file: Path | None, only: tuple[str, ...] = ()) -> Owners | None:
    """Reads a file of owners, YAML or JSON.

    Args:
        file: the file; `None` if there is none.
        only: the owners whose stacks are reported.

    Raises:
        ConfigurationError: it cannot be read or is wrong, or `only` has others than it.
    """
    if not file:
        if only:
            raise ConfigurationError("--owner needs a file that maps stacks to owners: --owners FILE")
        return None
    entries, problems = [], []
    for entry in _read(file):
        if isinstance(entry, str):
            problems.append(f"{file}: {entry}")
        else:
            entries.append(entry)
    known = sorted({owner for owner, _, _ in entries})
    if not problems:
        problems = [
            f"{file} has no owner `{name}`; it has {', '.join(f'`{one}`' for one in known)}"
            for name in only
            if name not in known
        ]
    if problems:
        raise ConfigurationError(*problems)
    return Owners(tuple(entries), only)


def _read(file: Path) -> Iterator[tuple[str, str, str] | str]:
    """The entries, or what is wrong with them."""
    # A run without owners needs no YAML.
    from policypack.sources.error import SourceError
    from policypack.sources.program.yaml_file import read_yaml

    try:
        document = read_yaml(file)
    except SourceError as error:
        raise ConfigurationError(str(error)) from error
    if not isinstance(document.get("owners"), list) or not document["owners"]:
        yield _FORM
        return
    yield from (f"there is no key `{key}`, only `owners`" for key in document if key != "owners")
    for number, entry in enumerate(document["owners"], 1):
        fault = _fault_in(entry)
        yield f"entry {number}: {fault}" if fault else (entry["owner"], entry["project"], entry.get("stack", "*"))


def _fault_in(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return "it has to have `owner` and `project`"
    unknown = [f"`{key}`" for key in entry if key not in _KEYS]
    if unknown:
        return f"there is no key {', '.join(unknown)}, only `owner`, `project` and `stack`"
    for key in _KEYS:
        if key not in entry and key != "stack":
            return f"it has no `{key}`"
        if key in entry and (not isinstance(entry[key], str) or not entry[key].strip()):
            return f"`{key}` has to be a text that is not empty"
    return ""
