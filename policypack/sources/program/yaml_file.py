"""YAML files, as the CLI reads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]

from policypack.sources.error import SourceError
from policypack.wording import why_unreadable


class _Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
    # `no`, `1:30` and dates are strings.
    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 (as in the class above)

    def compose_node(self, parent: Any, index: Any) -> Any:
        start = self.peek_event().start_mark  # type: ignore[no-untyped-call, unused-ignore]
        node = super().compose_node(parent, index)
        # An alias of a collection that has not ended.
        if isinstance(node, yaml.CollectionNode) and node.end_mark is None:
            raise yaml.MarkedYAMLError(problem="found an alias of a node that contains it", problem_mark=start)
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        """Refuses keys that are there twice, of which PyYAML takes the last without a word."""
        node = super().compose_mapping_node(anchor)
        seen = set[str]()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                problem = f"the key `{repr(key.value)[1:-1]}` appears twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return node

    def compose_scalar_node(self, anchor: Any) -> Any:
        node = super().compose_scalar_node(anchor)
        if any("\ud800" <= letter <= "\udfff" for letter in node.value):
            raise yaml.MarkedYAMLError(problem="found half of a surrogate pair", problem_mark=node.start_mark)
        return node


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9][0-9_]*|0x[0-9a-fA-F_]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def read_yaml(file: Path) -> dict[str, Any]:
    """Reads a mapping from a file.

    Raises:
        SourceError: it cannot be read, or holds something else.
    """
    content = _read(file)
    found: dict[str, Any] = expect({} if content is None else content, dict, str(file), "a mapping")
    return found


def read_yaml_list(file: Path) -> list[Any]:
    """Reads a list from a file.

    Raises:
        SourceError: it cannot be read, or holds something else.
    """
    content = _read(file)
    found: list[Any] = expect([] if content is None else content, list, str(file), "a list")
    return found


def _read(file: Path) -> object:
    try:
        return yaml.load(file.read_text(encoding="utf-8"), _Loader)  # type: ignore[no-any-return, unused-ignore]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise SourceError(f"{file} is not valid YAML{where}: {error.problem}. Correct it there.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError(f"{file} is not valid YAML: {why_unreadable(error)}. Correct it, or restore it.") from error
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}. Check its name and its permissions.") from error


def expect(value: object, kind: type, what: str, form: str) -> Any:
    """The value, which has to be of a kind; `what` and `form` say in the message what it is and should be.

    Raises:
        SourceError: it is of another kind.
    """
    if not isinstance(value, kind):
        raise SourceError(f"{what} has to be {form}, but it is {_in_words(value)}.")
    return value


def _in_words(value: object) -> str:
    return {dict: "a mapping", list: "a list", str: "text", bool: "true or false"}.get(type(value), "a number")
