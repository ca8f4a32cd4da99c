"""Every stack passes every rule, nothing undecided; a mutation of the program fires exactly the rules that guard it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import Report, evaluate
from policypack.rules import RULES
from policypack.sources.program import load_program
from tests.reference_stack.applicable import NOT_APPLICABLE
from tests.reference_stack.mutations import MUTATIONS
from tests.reference_stack.stacks import PACKAGE, STACKS, copy_stack
from tests.sources.deployed import DEPLOYED

pytestmark = pytest.mark.usefixtures("_warm")


def judged(project: Path, stack: str, *, deployed: bool = False) -> Report:
    loaded = load_program(project, stack, computed=DEPLOYED if deployed else None, timeout=60)
    return evaluate(loaded.stack, RULES, default_settings(RULES))


@pytest.mark.parametrize("deployed", [False, True], ids=["first-preview", "deployed"])
@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_passes_every_rule(stack_dir: Path, stack: str, deployed: bool) -> None:
    report = judged(stack_dir, stack, deployed=deployed)
    wrong = {
        (found.rule.name, found.name): found.problems or found.reasons
        for status in ("failed", "undecided")
        for found in report.with_status(status)
    }
    assert wrong == {}
    assert {rule.rule.name for rule in report.rules if not rule.with_status("passed")} == NOT_APPLICABLE[stack]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_fires_exactly_its_rules(tmp_path: Path, stack_dir: Path, name: str) -> None:
    mutated = MUTATIONS[name]
    project = copy_stack(stack_dir, tmp_path / "reference_stack")
    for file, text, replacement in mutated.edits:
        source = (project / PACKAGE / file).read_text()
        assert source.count(text) == 1, (file, text)
        (project / PACKAGE / file).write_text(source.replace(text, replacement))
    report = judged(project, mutated.stack, deployed=mutated.deployed)
    assert {found.rule.name for found in report.with_status("failed")} == mutated.rules
    assert {found.rule.name for found in report.with_status("undecided")} == mutated.undecided


def test_every_rule_guards_something() -> None:
    assert {rule for mutated in MUTATIONS.values() for rule in mutated.rules} == {rule.name for rule in RULES}
