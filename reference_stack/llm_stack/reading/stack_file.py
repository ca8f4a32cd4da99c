"""Where a value of the configuration stands: in the stack's file, or in the project's, which has defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

import yaml

from llm_stack.reading.mistake import Path


@dataclass(frozen=True)
class Places:
    """The lines of the files that the configuration comes from.

    Attributes:
        stack_file: the name of the stack's file, which is the place of what is nowhere.
        files: each with the mapping of its configuration, the one that counts first.
        project: the project, whose name stands in front of its keys.
    """

    stack_file: str
    files: tuple[tuple[str, yaml.MappingNode], ...]
    project: str

    def __call__(self, path: Path) -> str:
        """`FILE:LINE: ` of the innermost key of a path that stands in a file; else the name of the stack's file."""
        for file, config in self.files:
            node = self._top(config, path)
            if node is not None:
                return f"{file}:{line_of(node, path[1:])}: "
        return f"{self.stack_file}: "

    def _top(self, config: yaml.MappingNode, path: Path) -> tuple[yaml.Node, yaml.Node] | None:
        if not path:
            return None
        names = (f"{self.project}:{path[0]}", f"{self.project}:config:{path[0]}", path[0])
        return next((entry for name in names if (entry := entry_of(config, name))), None)


def read_places(root: FilePath, project: str, stack: str) -> Places:
    """A file that is not there, or not valid, has no lines to tell of."""
    stack_file = f"Pulumi.{stack}.yaml"
    found = ((name, mapping_in(root / name)) for name in (stack_file, "Pulumi.yaml"))
    return Places(stack_file, tuple((name, mapping) for name, mapping in found if mapping is not None), project)


def mapping_in(file: FilePath) -> yaml.MappingNode | None:
    try:
        document = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    entry = entry_of(document, "config")
    return entry[1] if entry and isinstance(entry[1], yaml.MappingNode) else None


def line_of(entry: tuple[yaml.Node, yaml.Node], path: Path) -> int:
    for part in path:
        inner = entry_of(entry[1], part)
        if inner is None:
            break
        entry = inner
    line: int = entry[0].start_mark.line
    return line + 1


def entry_of(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The key and the value of an entry of a mapping; of a list the item, twice."""
    return next((found for name, found in entries_of(node) if name == part), None)


def entries_of(node: yaml.Node | None) -> Iterator[tuple[str | int, tuple[yaml.Node, yaml.Node]]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), (key, value)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield number, (item, item)
