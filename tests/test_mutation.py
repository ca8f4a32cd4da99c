"""The mutants that `python -m tests.mutation` judges the rules' tests by."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.equivalent import EQUIVALENT, is_equivalent
from tests.mutation.forks import in_forks
from tests.mutation.judging import Trial, judge
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.probes import Statement, executed, place, statement_at, with_probes
from tests.mutation.put import forget_imports, functions_of, new_codes

PACK = Path(__file__).parent.parent / "policypack"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if a:\n    b", {"if True:", "if False:"}),
        ("c if a else b", {"c if True else b", "c if False else b"}),
        ("[a for a in b if a]", {"[a for a in b if True]", "[a for a in b if False]"}),
        ("a and b and c", {"b and c", "a and c", "a and b"}),
        ("a or b", {"a", "b"}),
        ("not a", {"a"}),
        ("a < 1", {"a <= 1", "2", "0"}),
        ("a is True", {"a is not True", "a is not False", "False"}),
        ("a + b", {"a - b"}),
        ("any(a)", {"all(a)", "pass"}),
        ("for a in b:\n    c", {"for a in ():"}),
        ("def f():\n    yield a\n    return", {"pass"}),
        ("a: Annotated[int, Range(1, 2)] = 3", {"4", "2"}),
        # Rows of tables
        ("a = 'T- R'", {"'R- R'", "'T- T'"}),
        ("a = '*1 ?'", {"'R1 ?'", "'*R ?'", "'*1 R'"}),
        # What only asserts
        ("a = b(c, strict=True)", set()),
        # Wording
        ("a = 'TRUE OR NOT'", set()),
        ("'a' if b else 'c'", set()),
        ("_MOST_NAMES: Final = 3", set()),
        ("f'{a + 1}'", set()),
        ("a = Fail(f'{b}', 'c' + d, 1)", set()),
        ("def f() -> str:\n    return a if b else c", set()),
    ],
)
def test_what_is_changed(source: str, expected: set[str]) -> None:
    assert {mutant.after for mutant in mutants(source)} == expected


def test_a_mutant_is_the_module_with_one_thing_changed() -> None:
    first, *_, last = mutants("a = 1\nb = a and c\n")
    assert (first.line, first.before, first.after, first.source) == (1, "1", "2", "a = 2\nb = a and c")
    assert (last.line, last.before, last.after, last.source) == (2, "a and c", "a", "a = 1\nb = a")


@pytest.mark.parametrize("module", sorted({module for module, _, _ in EQUIVALENT}))
def test_each_mutant_that_changes_nothing_is_one_of_its_module(module: str) -> None:
    source = (PACK / f"{module}.py").read_text()
    lines = source.splitlines()
    found = {
        (module, lines[mutant.line - 1].strip(), mutant.after)
        for mutant in mutants(source)
        if is_equivalent(module, source, mutant)
    }
    assert found == {entry for entry in EQUIVALENT if entry[0] == module}


SOURCE = """\
LIMIT = 1


def outer(a, b=2):
    if (
        a
        and b
    ):
        return a
    elif b:
        for c in b:
            c()
    return [
        d
        for d in b
    ]


class Table:
    row = 1

    def method(self): return self.row
"""


@pytest.mark.parametrize(
    ("line", "begins", "is_in_function"),
    [
        (1, 1, False),
        (4, 4, False),
        (5, 5, True),
        (7, 5, True),
        (9, 9, True),
        (10, 10, True),
        (11, 11, True),
        (12, 12, True),
        (15, 13, True),
        (20, 20, False),
        (22, 22, True),
    ],
)
def test_the_statement_of_a_line(line: int, begins: int, is_in_function: bool) -> None:
    assert statement_at(SOURCE, line) == Statement(begins, is_in_function)


def test_a_mutant_is_judged_by_the_tests_that_execute_its_line(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    names: dict[str, Any] = {"__name__": "module"}
    executed()
    exec(with_probes(path, {1, 5, 9, 10, 12}), names)
    assert executed() == {place(path, 1)}
    assert names["outer"](0, [list]) == [list]
    assert executed() == {place(path, line) for line in (5, 10, 12)}
    assert names["outer"](1, [list]) == 1
    assert executed() == {place(path, line) for line in (5, 9)}


def test_functions_get_the_code_of_a_mutant(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def f(): return 1\ndef g():\n    f()\n    return 2\nclass C:\n    def f(self): return 3\n")
    names: dict[str, Any] = {"__name__": "module"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    mutated = "def f():\n    return 1\n\n\ndef g():\n    return 2\n\n\nclass C:\n    def f(self):\n        return 4\n"
    codes = new_codes(path, mutated, functions_of(path))
    assert codes is not None
    for function, code in codes:
        function.__code__ = code
    assert (names["f"](), names["g"](), names["C"]().f()) == (1, 2, 4)


def test_functions_with_other_names_from_outside_are_imported_anew(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def f(a, b):\n    def g(): return a and b\n    return g\nh = f(1, 2)\n")
    names: dict[str, Any] = {"__name__": "module"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    mutated = "def f(a, b):\n\n    def g():\n        return a\n    return g\nh = f(1, 2)"
    assert new_codes(path, mutated, functions_of(path)) is None


def test_two_lambdas_on_one_line_are_imported_anew(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("a, b = lambda: 1, lambda: 2\n")
    names: dict[str, Any] = {"__name__": "module"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    assert new_codes(path, path.read_text(), functions_of(path)) is None


def test_a_process_that_ends_by_itself_returns_nothing() -> None:
    assert in_forks([lambda: 1, lambda: os._exit(3), lambda: 2], jobs=2) == [1, None, 2]


def test_the_mutants_of_a_rule_that_survive() -> None:
    path = PACK / "rules/network/subnet_flow_logs.py"
    source = path.read_text()
    changes = {
        "a function": ("sampling > 0 and", "sampling >= 0 and"),
        "what imports execute": ("negation(subnetwork.is_for_rdma)", "subnetwork.has_machines"),
        "nothing": ("sampling > 0 and", "True and sampling > 0 and"),
        "a slip": ("sampling is not None", "Sampling is not None"),
    }
    mutants_ = [
        Mutant(source[: source.index(before)].count("\n") + 1, before, what, partial(source.replace, before, after))
        for what, (before, after) in changes.items()
    ]
    trial = Trial(path, mutants_, frozenset(["tests/rules/test_subnet_flow_logs.py"]))
    assert in_forks([partial(_surviving, trial)], jobs=1) == [((), ["nothing"])]


def test_all_that_fails_without_a_mutation_is_named(tmp_path: Path) -> None:
    path = PACK / "rules/network/subnet_flow_logs.py"
    tests = tmp_path / "test_some.py"
    tests.write_text("def test_a(): assert 0\ndef test_b(): pass\ndef test_c(): assert 0\n")
    broken = tmp_path / "test_broken.py"
    broken.write_text("import no_such_module\n")
    a_mutant = mutants(path.read_text())[:1]
    found = in_forks(
        [partial(_surviving, Trial(path, a_mutant, frozenset([str(file)]))) for file in (tests, broken)], 2
    )
    names = [(sorted(test.rpartition("/")[2] for test in failing), left) for failing, left in filter(None, found)]
    assert names == [(["test_some.py::test_a", "test_some.py::test_c"], []), (["test_broken.py"], [])]


def _surviving(trial: Trial) -> tuple[tuple[str, ...], list[str]]:
    """As in a process of its own: this one has imported the pack already."""
    forget_imports()
    found = list[str]()
    failing = judge([trial], 1, lambda _, survivors: found.extend(survivor.mutant.after for survivor in survivors))
    return failing, found
