"""Notes which statements of modules are executed."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Final

# What is executed, as places. Whatever module has probes calls `__executed__`.
_EXECUTED: Final = set[str]()
setattr(builtins, "__executed__", _EXECUTED.add)  # noqa: B010


@dataclass(frozen=True)
class Statement:
    """Where the innermost statement begins that has a line, and whether it is executed in functions alone."""

    line: int
    is_in_function: bool


def statement_at(source: str, line: int) -> Statement:
    """The statement of a module that has this line, itself and not in its body."""
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    functions = [node for node in statements if isinstance(node, ast.FunctionDef)]
    return Statement(
        max(node.lineno for node in statements if node.lineno <= line <= _last(node)),
        any(function.body[0].lineno <= line <= _last(function) for function in functions),
    )


def _last(node: ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno


def place(path: Path, line: int) -> str:
    """What a statement is called in what `executed` returns."""
    return f"{path}:{line}"


def with_probes(path: Path, lines: Collection[int]) -> CodeType:
    """The code of a module that notes whenever a statement is executed that begins on one of these lines."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            if isinstance(block := getattr(node, field, None), list):
                probed = [
                    part for one in block for part in ([_probe(path, one), one] if one.lineno in lines else [one])
                ]
                setattr(node, field, probed)
    return compile(tree, str(path), "exec", dont_inherit=True)


def _probe(path: Path, statement: ast.stmt) -> ast.stmt:
    call = ast.Call(ast.Name("__executed__", ast.Load()), [ast.Constant(place(path, statement.lineno))], [])
    return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), statement))


def executed() -> frozenset[str]:
    """The places of the statements that were executed since this was asked last."""
    taken = frozenset(_EXECUTED)
    _EXECUTED.clear()
    return taken
