"""The mutants of a module: what it would be with one thing in it changed.

The letters of a row of the tables of `policypack/model/products` are changed one by one. Wording is left alone: other
strings, what `Fail`, `Undecided` and `NotApplicable` are called with, functions that return text, and how many names a
text lists. So are annotations and decorators.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

_VERDICTS: Final = {"Fail", "Undecided", "NotApplicable"}
_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_FUNCTIONS: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
# A row of a table: a letter for each column, in groups.
_ROW: Final = re.compile(r"[TRN?*15r-]+( [TRN?*15r-]+)+")
_TAKEN, _REFUSED = "T", "R"


@dataclass(frozen=True)
class Mutant:
    """A module with one thing changed.

    Attributes:
        line: where, in the original.
        before: the expression or the first line of the statement that is changed.
        after: what it is changed into.
        write: returns the source of the whole module.
    """

    line: int
    before: str
    after: str
    write: Callable[[], str] = field(compare=False)

    @property
    def source(self) -> str:
        return self.write()


def mutants(source: str) -> list[Mutant]:
    """All mutants of the module with this source, from its first line to its last."""
    tree = ast.parse(source)
    return [
        Mutant(place.node.lineno, _shown(place.node), _shown(changed), partial(_with_change, tree, place, changed))
        for place in _places(tree)
        for changed in _changed(place.node)
    ]


class _Place(NamedTuple):
    holder: ast.AST
    field: str
    position: int | None
    node: ast.expr | ast.stmt


def _with_change(tree: ast.Module, place: _Place, changed: ast.expr | ast.stmt) -> str:
    _put(place, changed)
    source = ast.unparse(ast.fix_missing_locations(tree))
    _put(place, place.node)
    return source


def _places(node: ast.AST) -> Iterator[_Place]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"} or _is_assertion(node):
            continue
        for position, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not _is_wording(child):
                if isinstance(child, ast.expr | ast.stmt):
                    yield _Place(node, name, position, child)
                yield from _places(child)


def _is_assertion(node: ast.AST) -> bool:
    """`strict` of `zip` only says that lengths are equal, as `assert` does."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _is_wording(node: ast.AST) -> bool:
    match node:
        case ast.FunctionDef(returns=ast.Name("str")) | ast.JoinedStr() | ast.AnnAssign(target=ast.Name("_MOST_NAMES")):
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return any(
                isinstance(branch, ast.JoinedStr | ast.Constant) and _is_text(branch) for branch in (body, orelse)
            )
        case ast.Call(func=ast.Name(name)):
            return name in _VERDICTS
    return False


def _is_text(node: ast.JoinedStr | ast.Constant) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(node.value, str)


def _put(place: _Place, node: ast.AST) -> None:
    if place.position is None:
        setattr(place.holder, place.field, node)
    else:
        getattr(place.holder, place.field)[place.position] = node


def _changed(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    yield from _forced(node)
    match node:
        case ast.Expr(ast.Yield() | ast.YieldFrom() | ast.Call()) | ast.Return(None) | ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.AugAssign():
            yield ast.Pass()
        case ast.For():
            yield _with(node, iter=ast.Tuple([], ast.Load()))
        case ast.BoolOp(values=values):
            for index in range(len(values)):
                rest = values[:index] + values[index + 1 :]
                yield _with(node, values=rest) if len(rest) > 1 else rest[0]
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.Compare(left, [operator], [right]):
            yield _with(node, ops=[_COMPARISONS[type(operator)]()])
            yield from _unknown_taken_for_known(left, operator, right)
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
            yield _with(node, op=_OPERATORS[type(operator)]())
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Constant(str(row)) if _ROW.fullmatch(row):
            yield from (ast.Constant(changed) for changed in _other_rows(row))
        case ast.Call(func=ast.Name(name)) if name in _FUNCTIONS:
            yield _with(node, func=ast.Name(_FUNCTIONS[name], ast.Load()))


def _other_rows(row: str) -> Iterator[str]:
    for index, letter in enumerate(row):
        if letter not in " -":
            yield f"{row[:index]}{_TAKEN if letter == _REFUSED else _REFUSED}{row[index + 1 :]}"


def _forced(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    """With the condition always met, and never."""
    for value in (True, False):
        match node:
            case ast.If() | ast.IfExp():
                yield _with(node, test=ast.Constant(value))
            case ast.ListComp(generators=loops) | ast.SetComp(generators=loops) | ast.GeneratorExp(generators=loops):
                for index, loop in enumerate(loops):
                    if loop.ifs:
                        forced = [*loops]
                        forced[index] = ast.comprehension(loop.target, loop.iter, [ast.Constant(value)], loop.is_async)
                        yield _with(node, generators=forced)


def _unknown_taken_for_known(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Iterator[ast.expr]:
    """`x is not False` instead of `x is True`: differs for what is not known."""
    match operator, right:
        case ast.Is(), ast.Constant(bool(value)):
            yield ast.Compare(left, [ast.IsNot()], [ast.Constant(not value)])
        case ast.IsNot(), ast.Constant(bool(value)):
            yield ast.Compare(left, [ast.Is()], [ast.Constant(not value)])


def _with(node: ast.expr | ast.stmt, **fields: object) -> ast.expr | ast.stmt:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _shown(node: ast.AST) -> str:
    return ast.unparse(node).split("\n")[0]
