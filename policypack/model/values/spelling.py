"""How properties are spelled: as a program in Python has them, or as Pulumi shows them for a program in any language.

What is said of a resource has names of two kinds between backticks. A name that somebody chose stands between single
ones, and is said as it is. What a program has for a property, by its Python name or as an argument, stands between
double ones, ``timeout_sec`` or ``timeout_sec=600``, until it is known for whom it is said.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from policypack.model.values.values import Value, camel_case

Spelling: TypeAlias = Literal["python", "pulumi"]

_MARKED: Final = re.compile(r"``(?!\s)(.+?)(?<!\s)``(?!`)", re.DOTALL)


def spelled(text: str, spelling: Spelling) -> str:
    """A sentence with the properties in it spelled: `timeout_sec=600`, or `timeoutSec: 600`."""
    if "``" not in text:
        return text
    return _MARKED.sub(lambda found: f"`{found[1] if spelling == 'python' else _as_pulumi_has_it(found[1])}`", text)


def spelled_keys(value: Value, spelling: Spelling) -> Value:
    """A value with the properties of its objects spelled."""
    if isinstance(value, dict):
        return {spelled_key(key, spelling): spelled_keys(one, spelling) for key, one in value.items()}
    return [spelled_keys(one, spelling) for one in value] if isinstance(value, list) else value


def spelled_path(path: str, spelling: Spelling) -> str:
    """The dotted path of a property, spelled."""
    return ".".join(spelled_key(name, spelling) for name in path.split("."))


def spelled_key(key: str, spelling: Spelling) -> str:
    """The name of a property, spelled."""
    return key if spelling == "python" else camel_case(key)


def properties(names: Iterable[str], joined_by: str = "and") -> str:
    """Properties by their Python names for a sentence, in a stable order: ``a``, ``b`` and ``c``."""
    *most, last = [f"``{name}``" for name in sorted(names)]
    return f"{', '.join(most)} {joined_by} {last}" if most else last


def python_literal(value: object) -> str:
    """A value as a program in Python has it, with double quotes."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{python_literal(key)}: {python_literal(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(python_literal, value))}]"
    if value is ...:
        return "..."
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def argument(name: str, value: object) -> str:
    """A property as an argument of a call, or as an entry where no argument can have its name."""
    return f"{name}={python_literal(value)}" if name.isidentifier() else f'"{name}": {python_literal(value)}'


@lru_cache(maxsize=1024)
def _as_pulumi_has_it(code: str) -> str:
    for form in ("f({})", "{{{}}}", "{}"):
        try:
            tree = ast.parse(form.format(code), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if isinstance(tree, ast.Call) and tree.keywords and not tree.args:
            return ", ".join(f"{camel_case(one.arg or '')}: {_written(one.value)}" for one in tree.keywords)
        if isinstance(tree, ast.Dict) and form != "{}":
            return _written(tree)[1:-1]
        if form == "{}" and isinstance(tree, ast.Dict | ast.List):
            return _written(tree)
    return re.sub(r"[a-z]\w*", lambda name: camel_case(name[0]), code)


def _written(node: ast.expr) -> str:
    match node:
        case ast.Dict(keys, values):
            entries = (f"{_key(key)}: {_written(value)}" for key, value in zip(keys, values, strict=True))
            return f"{{{', '.join(entries)}}}"
        case ast.List(items):
            return f"[{', '.join(map(_written, items))}]"
        case ast.Constant(str() | bool() | int() | None as value):
            return json.dumps(value, ensure_ascii=False)
        case ast.Constant(float() as number):
            return f"{number:g}"
    return ast.unparse(node)


def _key(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(str() as key):
            return camel_case(key) if re.fullmatch(r"\w+", key) else json.dumps(key)
        case None:
            return "..."
    return ast.unparse(node)
