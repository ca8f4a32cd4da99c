"""Every stack passes every rule, nothing undecided; a mutation of the program fires exactly the rules that guard it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import Report, evaluate
from policypack.rules import RULES
from policypack.sources.program import load_program
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


# No model server is on the internet, and none on GKE.
NOWHERE = {"backend-controller-backends", "internet-neg-host", "internet-neg-tls", "load-balancer-in-sight"}
# Behind the load balancers over machines there is no Cloud Run.
OF_CLOUD_RUN = {
    "llm-backend-failover-signal",
    "run-service-capacity",
    "run-service-exists",
    "run-service-ingress",
    "run-service-probes",
}
# Cloud Run has no machines, groups and firewall to judge, and a load balancer takes no health check, target, port and
# draining time for it.
OF_MACHINES = {
    "firewall-no-open-ingress",
    "gpu-instance-scheduling",
    "health-check-attachable",
    "health-check-logging",
    "health-check-matches-serving",
    "health-check-reachable",
    "health-check-timing",
    "instance-disk-encryption",
    "instance-group-autohealing",
    "instance-group-autoscaler",
    "instance-group-scope",
    "instance-group-update-policy",
    "instance-ip-forwarding",
    "instance-metadata-access",
    "instance-no-external-ip",
    "instance-no-plaintext-secrets",
    "instance-service-account",
    "instance-shielded-vm",
    "llm-backend-draining",
    "llm-backend-health-check",
    "llm-backend-max-utilization",
    "llm-backend-named-port",
    "llm-backend-outlier-detection",
    "llm-backend-zones",
    "subnet-flow-logs",
    "subnet-private-google-access",
}
# Rules that have nothing to judge in a stack, and why that is right.
NOT_APPLICABLE: dict[str, set[str]] = {
    # It has no GPUs.
    "dev": {"gpu-instance-scheduling", "frontend-regions"} | NOWHERE | OF_CLOUD_RUN,
    # Its front end has one address for all regions.
    "prod": {"frontend-regions"} | NOWHERE | OF_CLOUD_RUN,
    # Nobody on the internet reaches it, and a cross-region internal load balancer has no outlier detection and no CDN.
    "internal": {
        "backend-cloud-armor",
        "backend-no-cdn",
        "cloud-armor-rate-limit",
        "llm-backend-outlier-detection",
    }
    | NOWHERE
    | OF_CLOUD_RUN,
    # Its front end is that of `prod`.
    "run": {"frontend-regions"} | NOWHERE | OF_MACHINES,
}


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
