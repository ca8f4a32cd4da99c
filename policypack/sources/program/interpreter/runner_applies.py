"""What a program would make in `apply` of a function's result that is not known. By the same rules as `runner.py`."""

from __future__ import annotations

import dis
import functools
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pulumi
from runner_places import is_own, place_of_caller

_MARK = "_comes_from_function"


class Applies:
    """The callbacks of `apply` that may make resources, on outputs of functions."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.found: list[tuple[Any, str]] = []

    def watch(self) -> None:
        """Has `apply` tell of its callbacks, and `all`, which the SDK makes other outputs with, keep the mark."""
        output: Any = pulumi.Output
        apply, together = output.apply, output.all

        @functools.wraps(apply)
        def applied(source: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
            result = apply(source, func, *args, **kwargs)
            if _MARK in vars(source):
                mark(result)
                if any(_makes_resources(func, self.root, set())):
                    self.found.append((source, place_of_caller(self.root)))
            return result

        @functools.wraps(together)
        def joined(*args: Any, **kwargs: Any) -> Any:
            result = together(*args, **kwargs)
            return mark(result) if _has_mark([*args, *kwargs.values()]) else result

        output.apply, output.all = applied, staticmethod(joined)

    async def unseen(self) -> list[str]:
        """The places of those that were not called: what they are applied to is not known."""
        return [place for source, place in self.found if not await source.is_known()]


def mark(output: Any) -> Any:
    """Marks an output as one of a function."""
    vars(output)[_MARK] = True
    return output


def _has_mark(value: Any) -> bool:
    """Whether an output of a function is in what a program hands over."""
    if isinstance(value, pulumi.Output):
        return _MARK in vars(value)
    if isinstance(value, dict):
        return any(map(_has_mark, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_has_mark, value))


def _makes_resources(function: Any, root: str, seen: set[Any]) -> Iterator[bool]:
    """Whether what a function names is a kind of resource, or a function of the program that names one."""
    if not isinstance(function, FunctionType) or function.__code__ in seen:
        return
    seen.add(function.__code__)
    cells = function.__closure__ or ()
    enclosed = {}
    for name, cell in zip(function.__code__.co_freevars, cells):  # noqa: B905 - `strict` is newer than Python 3.9
        try:
            enclosed[name] = cell.cell_contents
        except ValueError:
            continue
    for named in _named(function.__code__, {**function.__globals__, **enclosed}):
        if isinstance(named, type) and issubclass(named, pulumi.Resource):
            yield True
        elif isinstance(named, FunctionType) and is_own(named.__code__.co_filename, root):
            yield from _makes_resources(named, root, seen)


def _named(code: CodeType, names: dict[str, Any]) -> Iterator[Any]:
    """What the names in some code stand for, as far as they are of modules and classes."""
    current: Any = None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLOSURE"):
            current = names.get(step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(current, (ModuleType, type)):
            current = getattr(current, step.argval, None)
        else:
            continue
        yield current
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _named(constant, names)
