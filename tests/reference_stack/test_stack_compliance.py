"""Every stack passes every rule, nothing undecided; a mutation of the program fires exactly the rules that guard it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import Report, evaluate
from policypack.model.graph.stack import Stack
from policypack.rules import RULES
from tests import kept
from tests.reference_stack import mutants
from tests.reference_stack.applicable import NOT_APPLICABLE
from tests.reference_stack.mutations import MUTATIONS
from tests.reference_stack.stacks import STACKS

pytestmark = pytest.mark.usefixtures("_warm")


# One of each stack, first preview or deployed.
SAMPLE = {(mutated.stack, mutated.deployed): name for name, mutated in MUTATIONS.items()}.values()


def judged(stack: Stack) -> Report:
    return evaluate(stack, RULES, default_settings(RULES))


@pytest.mark.parametrize("deployed", [False, True], ids=["first-preview", "deployed"])
@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_passes_every_rule(stack_dir: Path, stack: str, deployed: bool) -> None:
    report = judged(mutants.run_unmutated(stack_dir, stack, deployed=deployed).stack)
    wrong = {
        (found.rule.name, found.name): found.problems or found.reasons
        for status in ("failed", "undecided")
        for found in report.with_status(status)
    }
    assert wrong == {}
    assert {rule.rule.name for rule in report.rules if not rule.with_status("passed")} == NOT_APPLICABLE[stack]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_fires_exactly_its_rules(stack_dir: Path, name: str) -> None:
    mutated = MUTATIONS[name]
    report = judged(mutants.load(stack_dir, mutated))
    assert {found.rule.name for found in report.with_status("failed")} == mutated.rules
    assert {found.rule.name for found in report.with_status("undecided")} == mutated.undecided


def test_what_is_kept_of_mutations_is_of_this_program(stack_dir: Path) -> None:
    now = {mutants.fingerprint(stack_dir, mutated) for mutated in MUTATIONS.values()}
    assert now == kept.patches_in(mutants.KEPT_FILE).keys(), f"bring it up to date: {kept.COMMAND}"


@pytest.mark.parametrize("name", SAMPLE)
def test_what_is_kept_is_what_the_program_registers(stack_dir: Path, name: str) -> None:
    assert mutants.kept_run(stack_dir, MUTATIONS[name]) == mutants.run_mutated(stack_dir, MUTATIONS[name])


def test_every_rule_guards_something() -> None:
    guarding = {rule for mutated in MUTATIONS.values() for rule in mutated.rules}
    assert {rule.name for rule in RULES} - guarding == set(), "add a mutation that only this rule catches"
