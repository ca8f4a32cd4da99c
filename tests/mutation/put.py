"""Puts a mutant in the place of its module, in a process that has imported it."""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
_OURS: Final = (f"{ROOT / 'policypack'}/", f"{ROOT / 'tests'}/")


def functions_of(path: Path) -> list[FunctionType]:
    """All functions that there are of a module's source file."""
    # What `tests/conftest.py` froze is not listed.
    gc.unfreeze()
    found = [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == str(path)
    ]
    gc.freeze()
    return found


def new_codes(
    path: Path, mutated: str, functions: Iterable[FunctionType]
) -> list[tuple[FunctionType, CodeType]] | None:
    """For each of the functions of a module its code in a mutant; `None` if it cannot take the place of theirs."""
    numbers = defaultdict[tuple[str, int], list[tuple[str, int]]](list)
    for key, code in _codes(path.read_text(), path).items():
        numbers[code.co_name, code.co_firstlineno].append(key)
    codes = _codes(mutated, path)
    changes = []
    for function in functions:
        old = function.__code__
        number, *others = numbers[old.co_name, old.co_firstlineno]
        new = codes.get(number)
        if others or new is None or len(new.co_freevars) != len(old.co_freevars):
            return None
        changes.append((function, new))
    return changes


def _codes(source: str, path: Path) -> dict[tuple[str, int], CodeType]:
    """The code of each function by its name, and by how many of this name are before it."""
    found = dict[tuple[str, int], CodeType]()
    counts = dict[str, int]()
    for code in _within(compile(source, str(path), "exec", dont_inherit=True)):
        number = counts[code.co_name] = counts.get(code.co_name, 0) + 1
        found[code.co_name, number] = code
    return found


def _within(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _within(constant)


def forget_imports() -> None:
    """Makes the pack and the tests be imported anew, all but what judges them."""
    for name, module in [*sys.modules.items()]:
        if (getattr(module, "__file__", None) or "").startswith(_OURS) and not name.startswith("tests.mutation"):
            del sys.modules[name]


def import_as(codes: Mapping[Path, CodeType]) -> None:
    """Makes the next import of each of these modules of the pack take this code."""
    sys.meta_path.insert(0, _Finder({module_name(path): (path, code) for path, code in codes.items()}))


def module_name(path: Path) -> str:
    """`policypack.model.fleets.zones` for `policypack/model/fleets/zones.py`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


class _Finder(MetaPathFinder):
    def __init__(self, codes: Mapping[str, tuple[Path, CodeType]]) -> None:
        self._codes = codes

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in self._codes:
            return None
        file, code = self._codes[fullname]
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, code))


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        super().__init__(name, str(path))
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code
