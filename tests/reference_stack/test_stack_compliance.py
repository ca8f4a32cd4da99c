"""Every stack passes every rule, nothing undecided; a mutation of the program fires exactly the rules that guard it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from policypack.evaluate import Report, evaluate
from policypack.options import default_settings
from policypack.rules import RULES
from policypack.sources.program import load_program
from tests.reference_stack.stacks import STACKS, copy_stack
from tests.sources.deployed import DEPLOYED


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


# Rules that have nothing to judge in a stack, and why that is right.
NOT_APPLICABLE: dict[str, set[str]] = {"dev": set(), "prod": set(), "internal": set()}


@dataclass(frozen=True)
class Mutation:
    """A change of the program, as (file, text, replacement); each text occurs once in its file."""

    edits: tuple[tuple[str, str, str], ...]
    rules: frozenset[str]
    stack: str = "prod"


def mutation(*edits: tuple[str, str, str], fires: set[str], stack: str = "prod") -> Mutation:
    return Mutation(edits, frozenset(fires), stack)


MUTATIONS = {
    "one region in the backend service": mutation(
        ("components/backend.py", "for group in args.groups\n    ]", "for group in args.groups[:1]\n    ]"),
        fires={"llm-backend-regions"},
    ),
    "no health check": mutation(
        ("components/load_balancer.py", "health_checks=create_health_check(name, args, self._child).id,", ""),
        fires={"llm-backend-health-check"},
    ),
    "the check asks for /": mutation(
        ("components/backend.py", '"request_path": args.health_path,', '"request_path": "/",'),
        fires={"llm-backend-health-check"},
    ),
    "the check only connects": mutation(
        ("components/backend.py", "http_health_check={", "tcp_health_check={"),
        ("components/backend.py", '            "request_path": args.health_path,\n', ""),
        fires={"llm-backend-health-check"},
    ),
    "no port name": mutation(
        ("components/load_balancer.py", "port_name=args.port_name,", ""),
        fires={"llm-backend-named-port"},
    ),
    "the groups name another port": mutation(
        ("components/fleet.py", '{"name": args.port_name, "port": args.port}', '{"name": "web", "port": args.port}'),
        fires={"llm-backend-named-port"},
    ),
    "no utilization target": mutation(
        ("components/backend.py", '"max_utilization": args.max_utilization,', ""),
        fires={"llm-backend-max-utilization"},
    ),
    "full only when overloaded": mutation(
        ("components/backend.py", '"max_utilization": args.max_utilization,', '"max_utilization": 0.95,'),
        fires={"llm-backend-max-utilization"},
    ),
    "a scheme without this protocol": mutation(
        ("components/load_balancer.py", 'protocol="HTTP",', 'protocol="GRPC",'),
        fires={"load-balancer-product"},
    ),
    "a rate that the mode ignores": mutation(
        ("components/backend.py", '"balancing_mode": "UTILIZATION",', '"balancing_mode": "RATE",'),
        fires={"load-balancer-balancing-mode"},
    ),
    "internal: no port name": mutation(
        ("components/internal_load_balancer.py", "port_name=args.port_name,", ""),
        fires={"llm-backend-named-port"},
        stack="internal",
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_fires_exactly_its_rules(tmp_path: Path, stack_dir: Path, name: str) -> None:
    mutated = MUTATIONS[name]
    project = copy_stack(stack_dir, tmp_path / "reference_stack")
    for file, text, replacement in mutated.edits:
        source = (project / file).read_text()
        assert source.count(text) == 1, (file, text)
        (project / file).write_text(source.replace(text, replacement))
    report = judged(project, mutated.stack)
    assert {found.rule.name for found in report.with_status("failed")} == mutated.rules
    assert {found.rule.name for found in report.with_status("undecided")} == set()


def test_every_rule_guards_something() -> None:
    assert {rule for mutated in MUTATIONS.values() for rule in mutated.rules} == {rule.name for rule in RULES}
