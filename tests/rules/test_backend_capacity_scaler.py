"""`backend-capacity-scaler` on failing, passing, unknown and not applicable services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, R, backend, build, check_verdict, findings, service

RULE = "backend-capacity-scaler"
GROUP, OTHER = "projects/p/regions/us-central1/instanceGroups/a", "projects/p/regions/us-east1/instanceGroups/b"
REGIONAL = {"region": "us-central1"}
INTERNAL = {**REGIONAL, "loadBalancingScheme": "INTERNAL_MANAGED"}
PASSTHROUGH = {**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}
DEFAULT_SCHEME = {**REGIONAL, "loadBalancingScheme": None, "protocol": "TCP"}
UNKNOWN_SCHEME = {**REGIONAL, "loadBalancingScheme": Computed()}
CLASSIC = {"loadBalancingScheme": "EXTERNAL"}


def scaled(scalers: list[Any], **inputs: Any) -> list[R]:
    backends = [backend(group, capacityScaler=scaler) for group, scaler in zip((GROUP, OTHER), scalers, strict=False)]
    return [service(backends, **inputs)]


@pytest.mark.parametrize(
    ("scalers", "inputs", "status"),
    [
        ([1.0], {}, "passed"),
        ([None], {}, "passed"),
        ([0.1], {}, "passed"),
        (["0.5"], {}, "passed"),
        ([0.05], {}, "failed"),
        ([0.0999], {}, "failed"),
        ([1.1], {}, "failed"),
        ([-0.5], {}, "failed"),
        ([0], {}, "failed"),
        ([0.0, 1.0], {}, "passed"),
        ([0, None], {}, "passed"),
        ([0, 0], {}, "failed"),
        ([0, Computed()], {}, "undecided"),
        ([0.05, Computed()], {}, "failed"),
        ([Computed()], {}, "undecided"),
        (["much"], {}, "undecided"),
        ([0.05], CLASSIC, "failed"),
        ([None], CLASSIC, "passed"),
        ([0.05], {"loadBalancingScheme": Computed()}, "failed"),
        # Regional services have no default.
        ([1.0], REGIONAL, "passed"),
        ([None], REGIONAL, "failed"),
        ([None], INTERNAL, "failed"),
        ([1.0, None], INTERNAL, "failed"),
        ([1.0, 0], INTERNAL, "passed"),
        ([0, 0], REGIONAL, "failed"),
        # Passthrough load balancers have none.
        ([None], PASSTHROUGH, "passed"),
        ([0], PASSTHROUGH, "passed"),
        ([1.0], PASSTHROUGH, "failed"),
        ([1.0], DEFAULT_SCHEME, "failed"),
        ([None], DEFAULT_SCHEME, "passed"),
        ([Computed()], PASSTHROUGH, "undecided"),
        ([1.0], UNKNOWN_SCHEME, "undecided"),
        ([None], UNKNOWN_SCHEME, "undecided"),
        ([0.05], UNKNOWN_SCHEME, "undecided"),
    ],
)
def test_scalers(scalers: list[Any], inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, scaled(scalers, **inputs), status)


@pytest.mark.parametrize(
    ("backends", "status"), [([], "not applicable"), (None, "not applicable"), (Computed(), "undecided")]
)
def test_without_known_backends(backends: Any, status: str) -> None:
    check_verdict(RULE, [service(backends)], status)


@pytest.mark.parametrize(("scaler", "status"), [(1, "passed"), (0.05, "failed"), (0, "undecided"), (None, "undecided")])
def test_outputs_alone_show_zero_for_not_set(scaler: Any, status: str) -> None:
    shown = {"loadBalancingScheme": "EXTERNAL_MANAGED", "backends": [{"group": GROUP, "capacityScaler": scaler}]}
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": shown, "is_read": True})
    check_verdict(RULE, [read], status)


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(GROUP, capacityScaler=0.05), backend(OTHER, capacityScaler=2)])
    (found,) = findings(RULE, build(subject))
    assert [(problem.observed, problem.fix) for problem in found.problems] == [
        ("Backend `a` has `capacity_scaler` 0.05.", "Set `capacity_scaler=0.1`, or another value from 0.1 to 1."),
        ("Backend `b` has `capacity_scaler` 2.", "Set `capacity_scaler=1.0`, or another value from 0.1 to 1."),
    ]


@pytest.mark.parametrize(
    ("scaler", "is_safe"),
    [
        pytest.param(None, True, id="left out"),
        pytest.param(0.05, True, id="too small"),
        pytest.param(2, True, id="too large"),
        pytest.param(-1, False, id="negative, which says nothing of what is meant"),
    ],
)
def test_what_is_near_a_legal_value_can_be_set(scaler: Any, is_safe: bool) -> None:
    subject = service([backend(GROUP, capacityScaler=scaler)], region="us-central1")
    (problem,) = findings(RULE, build(subject))[0].problems
    assert (bool(problem.settings), problem.is_safe) == (True, is_safe)


def test_the_message_names_what_is_drained() -> None:
    (found,) = findings(RULE, build(service([backend(GROUP, capacityScaler=0), backend(OTHER, capacityScaler=0)])))
    assert [problem.observed for problem in found.problems] == [
        "All capacity is drained: `a` and `b` have `capacity_scaler` 0."
    ]
