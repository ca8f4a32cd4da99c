"""The serving paths of backends on GKE as graphs, and as pictures."""

from __future__ import annotations

import re

import pytest

from policypack.model.graph.stack import Stack
from policypack.report.check import html_page
from policypack.report.check.paths.all_paths import ServingPaths
from policypack.report.check.paths.drawing import draw
from policypack.report.check.paths.mermaid import flowchart
from policypack.report.check.paths.serving_path import NOT_KNOWN, REGION_NOT_KNOWN, ServingPath
from tests.report.judged import judged
from tests.report.test_serving_path import edges_of, nodes_of
from tests.rules.clusters import (
    CROSS_REGION,
    EXTERNAL,
    all_of,
    cluster,
    deployment,
    gateway,
    health,
    ingress,
    policy,
    pool,
    route,
    served,
    service,
    within,
)
from tests.stacks import Computed, R, build
from tests.stacks import service as backend_service

TIMEOUT, SIGHT = "llm-backend-timeout", "load-balancer-in-sight"
US, EU = cluster("us", "us-central1"), cluster("eu", "europe-west4-a")
IMPORTED = {"kind": "GCPInferencePoolImport", "group": "networking.gke.io", "name": "chat"}


def paths_of(stack: Stack, *rules: str) -> dict[str, ServingPath]:
    paths = ServingPaths(judged(stack, rules).report, stack)
    return {one.name: paths.path_of(one) for one in paths.subjects}


def path_of(*resources: R) -> ServingPath:
    (path,) = paths_of(build(*resources), TIMEOUT, SIGHT).values()
    return path


def test_from_the_gateway_to_the_deployment() -> None:
    target = pool()
    armor = R("SecurityPolicy", "armor", {"name": "armor"})
    others = [health(target), policy(target, {"timeoutSec": 60, "securityPolicy": "armor"}), deployment()]
    path = path_of(*all_of(US, armor, within(US[1], *served(target, *others, class_name=EXTERNAL))))
    assert nodes_of(path) == [
        ("front end", "front", "", EXTERNAL),
        ("route", "route", "", "HTTPRoute"),
        ("policy", "settings", "", "GCPBackendPolicy"),
        ("security policy", "armor", "", ""),
        ("backend service", "chat", "", "InferencePool"),
        ("health check", "health", "", "HTTP /health"),
        ("backend", "vllm", "us-central1", "Deployment, 2 Pods"),
    ]
    assert edges_of(path) == {
        ("front", "route", True),
        ("route", "chat", True),
        ("chat", "health", True),
        ("chat", "settings", True),
        ("settings", "armor", True),
        ("chat", "vllm", True),
    }
    assert (path.verdicts.failed, path.service.verdicts.failed) == (1, 1)
    assert [box.node.label for box in draw(path).boxes if box.node] == [
        *("front", "route", "armor", "settings", "chat", "health", "vllm")
    ]
    assert "route route" in flowchart([path])


def test_behind_an_ingress() -> None:
    path = path_of(ingress(class_name="gce"), service(), deployment())
    assert nodes_of(path) == [
        ("front end", "front", "", "gce"),
        ("backend service", "chat", "", "Service"),
        ("backend", "vllm", REGION_NOT_KNOWN, "Deployment, 2 Pods"),
    ]
    assert edges_of(path) == {("front", "chat", True), ("chat", "vllm", True)}


def test_what_other_clusters_export() -> None:
    exported = {"networking.gke.io/export": "True"}
    pools = [within(one[1], pool(annotations=exported, logical=one[0].name)) for one in (US, EU)]
    path = path_of(*all_of(US, EU, within(US[1], gateway(CROSS_REGION), route(IMPORTED)), *pools))
    assert path.regions == ("europe-west4", "us-central1")
    assert ("backend service", "GCPInferencePoolImport `chat`", "", "GCPInferencePoolImport") in nodes_of(path)
    assert edges_of(path) == {
        ("front", "route", True),
        ("route", "GCPInferencePoolImport `chat`", True),
        ("GCPInferencePoolImport `chat`", "us", True),
        ("GCPInferencePoolImport `chat`", "eu", True),
    }


def test_a_check_that_is_not_known() -> None:
    path = path_of(*served(pool(), health(pool(), Computed())))
    assert [node.detail for node in path.of_kind("health check")] == [""]


def test_what_is_not_known() -> None:
    path = path_of(gateway(), route({"kind": "Service", "name": Computed()}), service())
    assert edges_of(path) == {("front", "route", True), ("route", "chat", False), ("chat", NOT_KNOWN, False)}
    assert draw(path).boxes


def test_beside_backend_services() -> None:
    stack = build(*served(), backend_service([], "other", timeoutSec=900))
    assert list(paths_of(stack, TIMEOUT)) == ["chat", "other"]


def test_the_page_tells_the_verdicts_of_paths_that_it_does_not_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "MOST_DRAWN", 1)
    one, other = pool(name="chat"), pool(name="embed")
    stack = build(gateway(), route(one, other), one, other)
    (listed,) = re.findall(r'<ul class="columns">.*?</ul>', html_page.render(judged(stack, [TIMEOUT])), re.DOTALL)
    assert "1 failed" in listed
