"""Who asks the callers of backends on GKE who they are: `backend-authentication`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.clusters import EXTERNAL, GKE, INTERNAL, VLLM, deployment, policy, pool, release, served, thing
from tests.rules.test_on_gke_edge import FILTER, OPEN
from tests.stacks import Computed, R, build, check_verdict, findings

CALLERS = "backend-authentication"
POOL, PODS = pool(), deployment()


def authz(name: Any = "front", kind: str = "Gateway") -> R:
    target = {"group": "gateway.networking.k8s.io", "kind": kind, "name": name}
    return thing(GKE, "GCPAuthzPolicy", "authz", {"targetRefs": [target], "action": "ALLOW"})


KEYED = deployment({**VLLM, "args": ["--api-key=$(KEY)"]})
BY_VARIABLE = deployment({**VLLM, "env": [{"name": "VLLM_API_KEY", "valueFrom": {}}]})
BY_SECRET = deployment({**VLLM, "envFrom": [{"secretRef": {"name": "key"}}]})
OWN_IMAGE = deployment({**VLLM, "image": "us-docker.pkg.dev/p/r/server:1"})


def public(*others: R, class_name: Any = EXTERNAL) -> list[R]:
    return served(POOL, *others, class_name=class_name)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(public(PODS), "failed", id="nobody asks"),
        pytest.param(public(PODS, policy(POOL, {"iap": {"enabled": True}})), "passed", id="IAP"),
        pytest.param(public(PODS, policy(POOL, {"iap": {"enabled": False}})), "failed", id="IAP off"),
        pytest.param(public(PODS, policy(POOL, {"iap": {"enabled": Computed()}})), "undecided", id="IAP computed"),
        pytest.param(public(PODS, authz()), "passed", id="authorization policy"),
        pytest.param(public(PODS, authz("other")), "failed", id="another Gateway's policy"),
        pytest.param(public(PODS, authz(Computed())), "undecided", id="policy of a computed target"),
        pytest.param(public(KEYED), "passed", id="key in the command"),
        pytest.param(public(BY_VARIABLE), "passed", id="key in a variable"),
        pytest.param(public(BY_SECRET), "undecided", id="variables of a Secret"),
        pytest.param(public(OWN_IMAGE), "undecided", id="image of one's own"),
        pytest.param(public(), "undecided", id="Pods elsewhere"),
        pytest.param(public(PODS, policy(POOL, {"securityPolicy": "armor"}), FILTER), "passed", id="known addresses"),
        pytest.param(public(PODS, policy(POOL, {"securityPolicy": "armor"}), OPEN), "failed", id="all addresses"),
        pytest.param(public(PODS, policy(POOL, {"securityPolicy": "far"}), FILTER), "undecided", id="armor elsewhere"),
        pytest.param(public(PODS, release()), "undecided", id="beside a Helm release"),
        pytest.param(public(PODS, authz(), release()), "passed", id="authorization policy beside a Helm release"),
        pytest.param(public(PODS, class_name=INTERNAL), "not applicable", id="internal"),
    ],
)
def test_callers(stack: list[R], expected: str) -> None:
    check_verdict(CALLERS, stack, expected)


@pytest.mark.parametrize(
    ("others", "start"),
    [
        pytest.param([], "Create one GCPBackendPolicy (`networking.gke.io/v1`) in the namespace of", id="no policy"),
        pytest.param(
            [policy(POOL)], "Set `spec.default.iap.enabled` of GCPBackendPolicy `settings` to True. Or", id="a policy"
        ),
    ],
)
def test_the_fix_is_about_the_one_policy(others: list[R], start: str) -> None:
    (found,) = findings(CALLERS, build(*public(PODS, *others)))
    (problem,) = found.problems
    assert problem.fix.startswith(start)


def test_callers_by_the_option() -> None:
    check_verdict(CALLERS, public(PODS), "not applicable", server_authenticates=True)
