"""The mutants that `python -m tests.mutation` judges the rules' tests by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.equivalent import EQUIVALENT, is_equivalent
from tests.mutation.mutants import mutants

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
