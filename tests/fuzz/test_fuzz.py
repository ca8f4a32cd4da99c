"""Some generated stacks in every run of the tests, always the same; `make fuzz` judges others, and more."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fuzz import kubernetes
from tests.fuzz.__main__ import broken_cases
from tests.fuzz.checks import CHECKS, broken_by, engine_stack, findings, program_stack, verdicts
from tests.fuzz.generate import generate, is_regular, named, without
from tests.fuzz.intent import Intent
from tests.fuzz.shrink import shrunk, written
from tests.replay import Pack
from tests.stacks import Computed, Out, R, backend, check, mig, service

SEED = "tests"
BATCH = 100
BATCHES = 5


@pytest.mark.parametrize("batch", range(BATCHES))
def test_everything_holds_for_generated_stacks(batch: int) -> None:
    assert list(broken_cases(SEED, batch * BATCH, (batch + 1) * BATCH)) == []


def test_the_stacks_are_worth_it() -> None:
    """Most are legal enough for all checks, both forms are drawn, and the rules say all that they can say."""
    intents = [generate(f"{SEED}:{number}") for number in range(60)]
    assert {intent.deployed for intent in intents} == {True, False}
    assert sum(map(is_regular, intents)) > len(intents) / 2
    said = Counter(found.status for intent in intents for found in findings(engine_stack(intent)))
    assert set(said) == {"passed", "failed", "undecided", "not applicable"}
    assert min(said.values()) > len(intents)


def test_a_seed_makes_the_same_stack_again() -> None:
    assert written(generate("a:1")) == written(generate("a:1")) != written(generate("a:2"))


@pytest.mark.parametrize("number", range(4))
def test_the_whole_pack_says_what_the_rules_say(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """All policies behind the SDK's servicer, as the engine drives them."""
    from tests.fuzz.forms import to_requests

    intent = generate(f"pack:{number}", deployed=bool(number % 2))
    pack = Pack(monkeypatch, "true")
    requests, whole = to_requests(intent)
    shown = [pack.analyze(request) for request in requests]
    said = sum(shown, pack.analyze_stack(whole))
    expected = findings(engine_stack(intent))
    assert sorted(said.violations) == sorted((f.rule.name, f.name) for f in expected if f.status == "failed")
    assert set(said.undecided) == {found.rule.name for found in expected if found.status == "undecided"}


def test_a_failing_case_is_made_small() -> None:
    group = mig("us-central1", description=Computed((), "x"))
    intent = Intent((service([backend(group)], timeoutSec=1), group, check(), R("Network", "net")), True)
    small = shrunk(intent, lambda one: any("backends" in resource.inputs for resource in one.resources))
    assert written(small).splitlines()[0] == "r0 = R('BackendService', 'chat', {'backends': []})"


def test_objects_whose_provider_is_of_another_stack_have_the_default_one() -> None:
    stack = kubernetes.fleet()
    providers = [one for one in stack if one.token == "pulumi:providers:kubernetes"]
    kept = without(stack, providers[:1])
    assert {one.options["kubernetes"].urn for one in kept if "kubernetes" in one.options} == {providers[1].urn}
    intent = Intent(named(tuple(kept)), False)
    assert verdicts(engine_stack(intent)) == verdicts(program_stack(intent))


def test_a_stack_is_written_as_the_python_that_makes_it() -> None:
    group = mig("us-central1")
    intent = Intent((service([backend(Out(group))]), group), False)
    program, _, last = written(intent).rpartition("\n")
    names = {"R": R, "Out": Out, "Computed": Computed, "Intent": Intent}
    exec(program, names)
    assert written(eval(last, names)) == written(intent)


def test_a_check_that_fails_is_told() -> None:
    def refuses(intent: Intent, source: object) -> None:
        raise ValueError("no")

    assert broken_by(refuses, Intent((), True), "x") == "raises ValueError: no"
    assert len(CHECKS) == 5
