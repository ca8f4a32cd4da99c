"""How properties in sentences are spelled, and what a fix says and sets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import policypack
from policypack.model.values.spelling import properties, spelled
from policypack.rules import RULES
from policypack.verdict import Fail, PropertyValue, problems_of, setting

PACK = Path(policypack.__file__).parent


@pytest.mark.parametrize(
    ("text", "python", "pulumi"),
    [
        pytest.param("``timeout_sec``", "`timeout_sec`", "`timeoutSec`", id="a property"),
        pytest.param("``a_b.c_d[0].e_f``", "`a_b.c_d[0].e_f`", "`aB.cD[0].eF`", id="a path"),
        pytest.param("``timeout_sec=600``", "`timeout_sec=600`", "`timeoutSec: 600`", id="an argument"),
        pytest.param(
            '``a_b={"c_d": [True, None, 1.0, "x_y"]}``',
            '`a_b={"c_d": [True, None, 1.0, "x_y"]}`',
            '`aB: {cD: [true, null, 1, "x_y"]}`',
            id="an object",
        ),
        pytest.param('``"c_d": False``', '`"c_d": False`', "`cD: false`", id="an entry"),
        pytest.param('``{"c_d": ...}``', '`{"c_d": ...}`', "`{cD: ...}`", id="left to the reader"),
        pytest.param('``x={"a/b-c": 1}``', '`x={"a/b-c": 1}`', '`x: {"a/b-c": 1}`', id="a key of no property"),
        pytest.param("``enforcing_...``", "`enforcing_...`", "`enforcing...`", id="no code"),
        pytest.param("`health_check` has ``health_check``", *(2 * [None]), id="a name like a property"),
        pytest.param("`` is in `` mode", "`` is in `` mode", "`` is in `` mode", id="empty names"),
        pytest.param('``a="`"``', '`a="`"`', '`a: "`"`', id="a backtick in a value"),
        pytest.param('``a="``', '`a="`', '`a="`', id="broken by a value"),
    ],
)
def test_only_what_is_marked_is_spelled(text: str, python: str | None, pulumi: str | None) -> None:
    if python is None:
        python, pulumi = "`health_check` has `health_check`", "`health_check` has `healthCheck`"
    assert (spelled(text, "python"), spelled(text, "pulumi")) == (python, pulumi)


def test_properties_are_listed_in_order() -> None:
    assert properties(["b", "a", "c"]) == "``a``, ``b`` and ``c``"
    assert properties(["b", "a"], "or") == "``a`` or ``b``"


def test_a_fix_says_and_sets_the_same() -> None:
    fix = setting({"log_config": {"enable": True, "sample_rate": 0.5}}, ", or more.")
    (problem,) = problems_of([Fail("o", "r", fix)], "urn", "python")
    assert problem.fix == 'Set `log_config={"enable": True, "sample_rate": 0.5}`, or more.'
    assert [(one.where, one.value, one.urn) for one in problem.settings] == [
        ("log_config.enable", True, "urn"),
        ("log_config.sample_rate", 0.5, "urn"),
    ]
    (problem,) = problems_of([Fail("o", "r", fix)], "urn", "pulumi")
    assert problem.fix == "Set `logConfig: {enable: true, sampleRate: 0.5}`, or more."
    assert [one.where for one in problem.settings] == ["logConfig.enable", "logConfig.sampleRate"]


def test_problems_with_one_fix_are_one_problem_with_all_its_settings() -> None:
    fails = [
        Fail(f"{number}.", "r", setting({"capacity_scaler": 1.0}, at=("backends", number))) for number in (0, 2, 0)
    ]
    (problem,) = problems_of(fails, "urn", "python")
    assert (problem.observed, problem.fix) == ("0. 2.", "Set `capacity_scaler=1.0`.")
    assert [one.where for one in problem.settings] == ["backends[0].capacity_scaler", "backends[2].capacity_scaler"]


def test_a_path_is_written_as_pulumi_has_it() -> None:
    assert PropertyValue(("metadata", "enable-oslogin"), "TRUE").where == 'metadata["enable-oslogin"]'


# A label of a metric.
_ELSEWHERE = {"total_latencies"}


def _texts(path: Path) -> Iterator[str]:
    """The texts in a file that are no docstrings; what they interpolate is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
            yield node.value


def test_properties_in_texts_are_marked() -> None:
    """Whatever rules and the model say of a property can be spelled: options alone are the same for everybody."""
    options = {name for rule in RULES for name in rule.options.__dataclass_fields__}
    files = [path for room in ("rules", "model") for path in (PACK / room).rglob("*.py")]
    # The notes of the tables of load balancers are for a page, which has Python names alone.
    files = [path for path in files if path.parent.name != "products"]
    unmarked = {
        (path.name, name)
        for path in files
        for text in _texts(path)
        for name in re.findall(r"(?<!`)`(?:\{\}\.)?([a-z]+(?:_[a-z0-9]+)+)(?:=[^`]*)?`(?!`)", text)
    }
    assert {one for one in unmarked if one[1] not in options | _ELSEWHERE} == set()
