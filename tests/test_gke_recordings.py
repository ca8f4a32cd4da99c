"""What rules say of recorded stacks of Kubernetes objects, behind the SDK and without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.model.graph.stack import Stack
from policypack.rules import RULES
from tests.recorded import recorded_resources
from tests.replay import Pack, replay

SIGHT, CHECK, TIMEOUT = "load-balancer-in-sight", "llm-backend-health-check", "llm-backend-timeout"
CONTROLLER = "backend-controller-backends"
DRAINING, LOGGING = "llm-backend-draining", "llm-backend-logging"
REGIONS, ZONES = "llm-backend-regions", "llm-backend-zones"

# Recording -> rule -> the verdict on each resource that it judges.
EXPECTED: Final[dict[str, dict[str, dict[str, str]]]] = {
    "gke_gw_render": {
        CHECK: {"vllm": "passed"},
        TIMEOUT: {"vllm": "passed"},
        DRAINING: {"vllm": "passed"},
        LOGGING: {"vllm": "passed"},
        REGIONS: {"vllm": "failed"},
        ZONES: {"vllm": "undecided"},
        SIGHT: {"gw": "passed"},
    },
    "gke_gw_unknown_kubeconfig": {
        CHECK: {"pool": "passed"},
        TIMEOUT: {"pool": "failed"},
        DRAINING: {"pool": "failed"},
        LOGGING: {"pool": "passed"},
        REGIONS: {"pool": "failed"},
        ZONES: {"pool": "passed"},
        SIGHT: {"gateway": "passed"},
    },
    # A Gateway without a route, beside a policy for a Service that no route leads to.
    "gke_yaml_v2": {SIGHT: {"cg:llm/llm": "failed"}},
    "gke_helm_v3": {SIGHT: {"llm/llm": "failed"}},
    "gke_yaml_v2_unknown": {SIGHT: {"cg": "undecided"}},
    "gke_helm_release": {SIGHT: {"rel": "undecided"}},
    "gke_noconfig": {SIGHT: {"hcp": "failed"}},
    "gke_unreachable": {SIGHT: {"hcp": "failed"}},
    # The annotations name a backend service that is not in the stack.
    "gke_neg_autoneg": {
        CONTROLLER: {"glb-bs": "undecided"},
        REGIONS: {"glb-bs": "undecided"},
        CHECK: {"glb-bs": "failed"},
        TIMEOUT: {"glb-bs": "failed"},
        DRAINING: {"glb-bs": "failed"},
        LOGGING: {"glb-bs": "failed"},
    },
}


@pytest.mark.parametrize("name", EXPECTED)
def test_verdicts_without_the_engine(name: str) -> None:
    report = evaluate(Stack(recorded_resources(name)), RULES, default_settings(RULES))
    found: dict[str, dict[str, str]] = {}
    for rule in report.rules:
        for finding in rule.findings:
            found.setdefault(rule.rule.name, {})[finding.name] = finding.status
    assert {rule: found.get(rule) for rule in EXPECTED[name]} == EXPECTED[name]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", EXPECTED)
def test_verdicts_behind_the_sdk(start_pack: Callable[[str | None], Pack], name: str, seed: int) -> None:
    pack = start_pack("true")
    pack.configure()
    shown, whole = replay(pack, name, seed)
    said = shown + whole
    expected = [(rule, object_, status) for rule, of in EXPECTED[name].items() for object_, status in of.items()]
    rules = set(EXPECTED[name])
    assert sorted(one for one in said.violations if one[0] in rules) == sorted(
        (rule, object_) for rule, object_, status in expected if status == "failed"
    )
    assert sorted(rule for rule in said.undecided if rule in rules) == sorted(
        rule for rule, _, status in expected if status == "undecided"
    )
    assert said.messages
