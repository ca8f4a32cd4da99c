"""A program run without the CLI gives what the engine recorded: verdicts, resources, edges and unknown places."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import Report, evaluate
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.values import UNKNOWN
from policypack.rules import RULES
from policypack.sources.program import load_program
from policypack.sources.state import load_state
from tests.expected import FIRST_RULES, UNDECIDED, VIOLATIONS
from tests.projects import make_project
from tests.recorded import recorded_resources
from tests.replay import RECORDINGS

pytestmark = pytest.mark.usefixtures("_warm")
# Recordings of a first preview of the whole stack, whose programs are named like them.
NAMES = [
    "autoscaled_autohealed",
    "backends_built_in_apply",
    "component_fleet",
    "global_one_region",
    "global_two_regions",
    "known_urls",
    "rate_mode",
    "regional_external_http",
    "regional_external_http_with_backends",
    "regional_managed_pair",
    "targets_unset",
    "tcp_check",
    "zonal_groups_one_region",
]
# What the recorded stacks have of this program, as previewed, updated or exported.
UPDATED = {
    "deployed_preview": "global_two_regions",
    "deployed_up": "global_two_regions",
    "up_global_one_region": "global_one_region",
    "up_targets_unset": "targets_unset",
    "up_tcp_check": "tcp_check",
}
# Nothing plays the provider that refuses the diff and so keeps the engine from judging the stack.
ONLY_WITHOUT_PROVIDER = {
    "regional_external_http_with_backends": {
        ("llm-backend-regions", "multi-region-backend-service"),
        ("load-balancer-balancing-mode", "multi-region-backend-service"),
    }
}

# Inputs that the engine shows and a program without a provider does not: the provider's defaults, and names that it
# makes up. All else is the same.
AUTO_NAME = {"name"}
PROVIDER_DEFAULTS: dict[str, set[str]] = {
    "gcp:compute/backendService:BackendService": {
        "backends.balancingMode",
        "backends.capacityScaler",
        "connectionDrainingTimeoutSec",
        "loadBalancingScheme",
    },
    "gcp:compute/regionBackendService:RegionBackendService": {"connectionDrainingTimeoutSec", "backends.balancingMode"},
    "gcp:compute/healthCheck:HealthCheck": {
        "checkIntervalSec",
        "healthyThreshold",
        "timeoutSec",
        "unhealthyThreshold",
        "httpHealthCheck.proxyHeader",
        "tcpHealthCheck.proxyHeader",
    },
    "gcp:compute/regionHealthCheck:RegionHealthCheck": {
        "checkIntervalSec",
        "healthyThreshold",
        "timeoutSec",
        "unhealthyThreshold",
        "httpHealthCheck.proxyHeader",
    },
    "gcp:compute/network:Network": {"networkFirewallPolicyEnforcementOrder"},
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": {"disks.autoDelete"},
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": {
        "listManagedInstancesResults",
        "waitForInstancesStatus",
    },
    "gcp:compute/instanceGroupManager:InstanceGroupManager": {
        "listManagedInstancesResults",
        "waitForInstancesStatus",
    },
    "gcp:compute/regionAutoscaler:RegionAutoscaler": {"autoscalingPolicy.mode"},
}


@cache
def program(name: str) -> Stack:
    """The stack of the program behind a recording, run without the CLI."""
    os.environ["CASE"] = name
    with TemporaryDirectory() as folder:
        project = make_project(Path(folder), (RECORDINGS / "programs.py").read_text())
        return load_program(project, timeout=60).stack


def judged(stack: Stack) -> Report:
    return evaluate(stack, RULES, default_settings(RULES))


def violations(report: Report) -> set[tuple[str, str]]:
    """What the first rules find."""
    found = {(finding.rule.name, finding.name) for finding in report.with_status("failed")}
    return {(rule, name) for rule, name in found if rule in FIRST_RULES}


def undecided(report: Report) -> set[str]:
    """Which of the first rules can't tell."""
    return {finding.rule.name for finding in report.with_status("undecided")} & set(FIRST_RULES)


def without_providers(resources: Iterator[Resource] | tuple[Resource, ...] | list[Resource]) -> dict[str, Resource]:
    """By URN, without the default provider, which the engine registers and a program does not."""
    return {r.urn: r for r in resources if not r.type.startswith("pulumi:providers:")}


def unknown_places(value: Any, path: str = "") -> set[str]:
    if value is UNKNOWN:
        return {path}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {place for key, item in items for place in unknown_places(item, f"{path}.{key}".lstrip("."))}


def more_keys(less: Any, more: Any, path: str = "") -> set[str]:
    """The paths (without indexes) that `more` has beyond `less`; everything else has to be equal."""
    if isinstance(less, dict) and isinstance(more, dict):
        assert set(less) <= set(more), path
        extra = {f"{path}.{key}".lstrip(".") for key in set(more) - set(less)}
        return extra.union(*(more_keys(less[key], more[key], f"{path}.{key}".lstrip(".")) for key in less))
    if isinstance(less, list) and isinstance(more, list):
        assert len(less) == len(more), path
        return set().union(*(more_keys(a, b, path) for a, b in zip(less, more, strict=True)))
    assert less is more or less == more, path
    return set()


@pytest.mark.parametrize("name", NAMES)
def test_verdicts_agree(name: str) -> None:
    report = judged(program(name))
    assert violations(report) == VIOLATIONS.get(name, set()) | ONLY_WITHOUT_PROVIDER.get(name, set())
    assert undecided(report) == UNDECIDED.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_resources_and_unknown_places_agree(name: str) -> None:
    ours, engines = without_providers(program(name).resources), without_providers(recorded_resources(name))
    assert {urn: (r.type, r.name, r.parent or None) for urn, r in ours.items()} == {
        urn: (r.type, r.name, r.parent or None) for urn, r in engines.items()
    }
    for urn, resource in ours.items():
        if resource.type.startswith("gcp:"):
            assert unknown_places(resource.inputs) == unknown_places(engines[urn].inputs), urn


@pytest.mark.parametrize("name", [name for name in NAMES if name != "regional_external_http_with_backends"])
def test_edges_agree(name: str) -> None:
    ours, engines = without_providers(program(name).resources), without_providers(recorded_resources(name))

    def edges(resource: Resource) -> dict[str, set[str]]:
        return {key: set(urns) for key, urns in resource.edges.items() if urns}

    assert {urn: edges(r) for urn, r in ours.items()} == {urn: edges(r) for urn, r in engines.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_differences_are_the_providers(name: str) -> None:
    ours, engines = without_providers(program(name).resources), without_providers(recorded_resources(name))
    for urn, resource in ours.items():
        if resource.type.startswith("gcp:"):
            extra = more_keys(resource.inputs, engines[urn].inputs)
            assert extra <= AUTO_NAME | PROVIDER_DEFAULTS.get(resource.type, set()), urn


@pytest.mark.parametrize("name", UPDATED)
def test_deployed_stacks_get_the_verdicts_of_their_programs(name: str) -> None:
    report = judged(program(UPDATED[name]))
    assert violations(report) == VIOLATIONS.get(name, set())


def test_the_exported_state_gives_what_policy_analyze_gives() -> None:
    report = judged(load_state(RECORDINGS / "exported_state.json"))
    recorded_report = judged(Stack(recorded_resources("policy_analyze_state")))
    assert violations(report) == violations(recorded_report) == VIOLATIONS.get("policy_analyze_state", set())
    assert undecided(report) == undecided(recorded_report) == set()
    assert {(f.rule.name, f.name, f.status) for r in report.rules for f in r.findings} == {
        (f.rule.name, f.name, f.status) for r in recorded_report.rules for f in r.findings
    }
