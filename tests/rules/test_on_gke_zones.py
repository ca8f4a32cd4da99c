"""In how many zones backends on GKE are: `llm-backend-zones` on failing, passing, unknown and legal neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.rules.clusters import (
    CROSS_REGION,
    VLLM,
    all_of,
    cluster,
    deployment,
    elsewhere,
    gateway,
    pool,
    release,
    route,
    served,
    thing,
    within,
)
from tests.stacks import Computed, Out, R, build, check_verdict, findings

RULE = "llm-backend-zones"
A, B = "us-central1-a", "us-central1-b"


def nodes(of: R, *zones: Any, name: str = "gpu", **inputs: Any) -> R:
    given = {"cluster": Out(of), **({"nodeLocations": list(zones)} if zones else {}), **inputs}
    return R("gcp:container/nodePool:NodePool", name, given)


def stack(location: Any = "us-central1", *pools: Any, class_name: str = "gke-l7-rilb", **inputs: Any) -> list[R]:
    """A pool in a cluster with node pools: each a tuple of its zones."""
    gke, provider = cluster("us", location)
    gke.inputs.update({"removeDefaultNodePool": True, **inputs})
    made = [nodes(gke, *zones, name=f"pool-{number}") for number, zones in enumerate(pools)]
    return all_of(gke, provider, made, within(provider, *served(pool(), deployment(), class_name=class_name)))


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param(stack("us-central1", ()), "passed", id="regional cluster"),
        pytest.param(stack("us-central1", (A, B)), "passed", id="pool in two zones"),
        pytest.param(stack("us-central1", (A,)), "failed", id="pool in one zone"),
        pytest.param(stack("us-central1", (A,), (A,)), "failed", id="two pools in one zone"),
        pytest.param(stack("us-central1", (A,), (B,)), "undecided", id="two pools in a zone each"),
        pytest.param(stack("us-central1", (A,), ()), "undecided", id="pool in one zone beside one in all"),
        pytest.param(stack("us-central1", (A,), removeDefaultNodePool=None), "undecided", id="and the default pool"),
        pytest.param(stack("us-central1", (A,), removeDefaultNodePool=Computed()), "undecided",
                     id="and perhaps the default pool"),
        pytest.param(stack("us-central1", (Computed(),)), "undecided", id="computed zone"),
        pytest.param(stack("us-central1"), "undecided", id="node pools elsewhere"),
        pytest.param(stack("us-central1", removeDefaultNodePool=None), "passed", id="default pool alone"),
        pytest.param(stack("us-central1", enableAutopilot=True, removeDefaultNodePool=None), "passed", id="Autopilot"),
        pytest.param(stack(A, ()), "failed", id="zonal cluster"),
        pytest.param(stack(A, (), nodeLocations=[B]), "passed", id="zonal cluster with a second zone"),
        pytest.param(stack(A, (A, B)), "passed", id="zonal cluster, pool in two zones"),
        pytest.param(stack(A, (B,)), "failed", id="zonal cluster, pool in another zone"),
        pytest.param(stack(A, (), clusterAutoscaling={"enabled": True}), "undecided", id="makes pools itself"),
        pytest.param(stack(A, (), clusterAutoscaling={"enabled": False}), "failed", id="does not"),
        pytest.param(stack(A, (), enableAutopilot=Computed()), "undecided", id="perhaps Autopilot"),
        pytest.param(stack(Computed(), ()), "undecided", id="computed location"),
        pytest.param(stack("us-central1", (A,), class_name=CROSS_REGION), "undecided", id="several clusters"),
        pytest.param([*stack(A, ()), nodes(R("Cluster", "other", {}), B, name="other")], "failed", id="other cluster"),
        pytest.param([*stack(A, ()), nodes(R("Cluster", "us", {}), B, name="by-name", cluster="us")], "undecided",
                     id="pool of a cluster by its name"),
        pytest.param([*stack(A, (), name="us"), nodes(R("Cluster", "us", {}), B, name="by-name", cluster="eu")],
                     "failed", id="pool of another name"),
        pytest.param(served(pool(), deployment()), "undecided", id="cluster elsewhere"),
    ],
)  # fmt: skip
def test_zones_of_nodes(resources: list[R], expected: str) -> None:
    check_verdict(RULE, resources, expected)
    check_verdict(RULE, resources, "passed", min_zones=1)


def test_what_shows_the_cluster() -> None:
    (found,) = findings(RULE, build(*served(pool(), deployment())))
    assert [one.why for one in found.undecided] == [
        "the clusters that serve InferencePool `chat` are not known to be in the stack; give the objects a `provider` "
        "whose `kubeconfig` comes from a cluster of the stack"
    ]


def pods(*others: R, **changes: Any) -> list[R]:
    made = deployment(VLLM)
    made.inputs["spec"] = {**made.inputs["spec"], **changes}
    gke, provider = cluster("us", "us-central1")
    return all_of(gke, provider, within(provider, *served(pool(), made, *others)))


def exported(*locations: Any) -> list[R]:
    """A pool that clusters export to the Gateway in the first one."""
    clusters = [cluster(f"c{number}", location) for number, location in enumerate(locations)]
    imported = {"kind": "GCPInferencePoolImport", "group": "networking.gke.io", "name": "chat"}
    front = within(clusters[0][1], gateway(CROSS_REGION), route(imported))
    annotations = {"networking.gke.io/export": "True"}
    pools = [within(one, pool(annotations=annotations, logical=f"pool-{one.name}")) for _, one in clusters]
    return all_of(*clusters, front, *pools)


@pytest.mark.parametrize(
    ("locations", "expected"),
    [
        pytest.param(("us-central1", "us-east4"), "passed", id="regional clusters"),
        pytest.param((A, "us-east4"), "undecided", id="a zonal one, beside which there may be others"),
        pytest.param((Computed(), "us-east4"), "undecided", id="computed location"),
    ],
)
def test_zones_of_clusters_that_export_a_pool(locations: tuple[Any, ...], expected: str) -> None:
    check_verdict(RULE, exported(*locations), expected, "route")


def test_a_cluster_outside_the_stack_that_exports_a_pool_as_well() -> None:
    provider = elsewhere()
    third = pool(annotations={"networking.gke.io/export": "True"}, logical="third")
    stack = all_of(exported("us-central1", "us-east4"), provider, within(provider, third))
    check_verdict(RULE, stack, "undecided", "route")


def test_a_cluster_that_may_export_a_pool_as_well() -> None:
    gke, provider = cluster("perhaps", A)
    third = pool(annotations={"networking.gke.io/export": Computed()}, logical="perhaps")
    stack = all_of(exported("us-central1", "us-east4"), gke, provider, within(provider, third))
    check_verdict(RULE, stack, "undecided", "route")


SCALER = thing("autoscaling/v2", "HorizontalPodAutoscaler", "scaler", {"minReplicas": 2})


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param(pods(replicas=2), "passed", id="two replicas"),
        pytest.param(pods(replicas=1), "failed", id="one replica"),
        pytest.param(pods(replicas=None), "failed", id="left out is one"),
        pytest.param(pods(replicas=Computed()), "undecided", id="computed"),
        pytest.param(pods(replicas=0), "failed", id="none"),
        pytest.param(pods(SCALER, replicas=1), "passed", id="scaled"),
        pytest.param(pods(release(), replicas=1), "undecided", id="beside a release"),
        pytest.param(pods(release(), replicas=2), "passed", id="two beside a release"),
        pytest.param(pods(deployment(name="second"), replicas=1), "passed", id="a second Deployment"),
    ],
)
def test_one_pod_is_in_one_zone(resources: list[R], expected: str) -> None:
    check_verdict(RULE, [replace(one) for one in resources], expected)
