"""In which regions backends on GKE are: `llm-backend-regions` on failing, passing, unknown and legal neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.clusters import (
    CROSS_REGION,
    EXTERNAL,
    GKE,
    all_of,
    cluster,
    deployment,
    gateway,
    ingress,
    policy,
    pool,
    route,
    served,
    service,
    thing,
    within,
)
from tests.stacks import Computed, R, build, check_verdict, findings

RULE = "llm-backend-regions"
US, EU = cluster("us", "us-central1"), cluster("eu", "europe-west4-a")
HERE_TOO = cluster("too", "us-central1-b")
ANYWHERE = cluster("anywhere", Computed())
IMPORTED = {"kind": "GCPInferencePoolImport", "group": "networking.gke.io", "name": "chat"}
IMPORTED_SERVICE = {"kind": "ServiceImport", "group": "net.gke.io", "name": "chat", "port": 8000}
EXPORT = {"networking.gke.io/export": "True"}


@pytest.mark.parametrize(
    ("class_name", "expected"),
    [
        pytest.param("gke-l7-rilb", "failed", id="regional internal"),
        pytest.param("gke-l7-regional-external-managed", "failed", id="regional external"),
        pytest.param(EXTERNAL, "failed", id="global external of one cluster"),
        pytest.param("gke-l7-gxlb", "failed", id="classic"),
        pytest.param(CROSS_REGION, "undecided", id="multi-cluster without exports"),
        pytest.param("gke-l7-rilb-mc", "undecided", id="regional multi-cluster"),
        pytest.param("gke-l7-hidden", "undecided", id="a class that is not known"),
        pytest.param(Computed(), "undecided", id="computed class"),
    ],
)
def test_class_of_the_gateway(class_name: Any, expected: str) -> None:
    stack = served(class_name=class_name)
    check_verdict(RULE, stack, expected)
    check_verdict(RULE, all_of(US, within(US[1], *stack)), expected)
    check_verdict(RULE, stack, "passed" if class_name != "gke-l7-hidden" and isinstance(class_name, str) else expected,
                  min_regions=1)  # fmt: skip


def multi_cluster(*exporters: tuple[R, R], target: Any = IMPORTED, annotations: Any = EXPORT) -> list[R]:
    """A Gateway in the first cluster for a pool that clusters export."""
    front = within(exporters[0][1], gateway(CROSS_REGION), route(target))
    pools = [
        within(provider, pool(annotations=annotations, logical=f"pool-{provider.name}")) for _, provider in exporters
    ]
    return all_of(*exporters, front, *pools)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(multi_cluster(US, EU), "passed", id="two regions"),
        pytest.param(multi_cluster(US), "undecided", id="one cluster"),
        pytest.param(multi_cluster(US, HERE_TOO), "undecided", id="two clusters in one region"),
        pytest.param(multi_cluster(US, ANYWHERE), "undecided", id="computed location"),
        pytest.param(multi_cluster(US, EU, annotations={}), "undecided", id="not exported"),
        pytest.param(multi_cluster(US, EU, target={**IMPORTED, "name": "other"}), "undecided", id="another name"),
        pytest.param(multi_cluster(US, EU, target={**IMPORTED, "name": Computed()}), "undecided", id="computed name"),
    ],
)
def test_clusters_that_export_a_pool(stack: list[R], expected: str) -> None:
    check_verdict(RULE, stack, expected, "route")


def test_clusters_that_export_a_service() -> None:
    def stack(*others: tuple[R, R]) -> list[R]:
        exports = [within(one, thing("net.gke.io/v1", "ServiceExport", "chat", logical=one.name)) for _, one in others]
        return all_of(US, EU, within(US[1], gateway(CROSS_REGION), route(IMPORTED_SERVICE)), *exports)

    check_verdict(RULE, stack(US, EU), "passed", "route")
    check_verdict(RULE, stack(US), "undecided", "route")


def test_what_is_said_of_peers() -> None:
    def said(resources: list[R], **options: Any) -> tuple[list[str], list[str]]:
        (found,) = findings(RULE, build(*resources), **options)
        return [one.why for one in found.undecided], [one.fix for one in found.problems]

    gke, provider = ANYWHERE
    alone = all_of(gke, provider, within(provider, *served()))
    why = "`regional_peers` matches Gateway `front` alone, whose region is not known"
    assert said(alone, regional_peers=["front*"]) == ([why], [])
    reasons, (fix,) = said(alone)
    assert not reasons
    assert fix.endswith(
        "and set the option `regional_peers` of `llm-backend-regions` to one glob that matches the logical names "
        "of all Gateways or Ingresses that belong together."
    )


def test_peers_are_joined_by_the_option() -> None:
    def stack(other: tuple[R, R]) -> list[R]:
        there = (
            gateway(
                name="front",
            ),
            route(pool()),
            pool(logical="there"),
        )
        return all_of(US, other, within(US[1], *served()), within(other[1], *there))

    def named(other: tuple[R, R]) -> list[R]:
        objects = stack(other)
        last = [one for one in objects if one.type.endswith(":Gateway")][-1]
        last.name = "front-2"
        [one for one in objects if one.type.endswith(":HTTPRoute")][-1].name = "route-2"
        return objects

    check_verdict(RULE, named(EU), "failed")
    check_verdict(RULE, named(EU), "passed", regional_peers=["front*"])
    check_verdict(RULE, named(HERE_TOO), "failed", regional_peers=["front*"])
    check_verdict(RULE, named(ANYWHERE), "undecided", regional_peers=["front*"])
    record = R("gcp:dns/recordSet:RecordSet", "record", {"routingPolicy": {"geos": []}})
    check_verdict(RULE, [*named(EU), record], "undecided")
    check_verdict(RULE, [*served(), record], "failed")


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param([ingress(class_name="gce"), service(), deployment()], "failed", id="Ingress"),
        pytest.param([ingress(class_name="nginx"), service(), deployment()], None, id="Ingress of another controller"),
        pytest.param([route(pool()), pool()], "undecided", id="Gateway elsewhere"),
        pytest.param(served(service(), deployment({"image": "nginx"})), "not applicable", id="a web server"),
    ],
)
def test_other_fronts(stack: list[R], expected: str | None) -> None:
    check_verdict(RULE, stack, expected)


def test_the_fix_names_a_class_for_the_product() -> None:
    def fix(*stack: R) -> tuple[str, str]:
        (found,) = findings(RULE, build(*stack))
        (problem,) = found.problems
        return problem.observed, problem.fix.partition(",")[0]

    assert fix(*all_of(US, within(US[1], *served()))) == (
        "Gateway `front` of class `gke-l7-rilb` serves its own cluster only, in `us-central1`.",
        f"Use a Gateway of class `{CROSS_REGION}`",
    )
    assert fix(*served(service(), deployment(), class_name=EXTERNAL)) == (
        f"Gateway `front` of class `{EXTERNAL}` serves its own cluster only.",
        "Use a Gateway of class `gke-l7-global-external-managed-mc`",
    )
    (found,) = findings(RULE, build(*served(class_name="gke-l7-rilb")))
    assert "the backend of the route, with a limit such as `maxRatePerEndpoint` in its" in found.problems[0].fix
    limited = policy(pool(), {"maxRatePerEndpoint": 10})
    (found,) = findings(RULE, build(*served(class_name="gke-l7-rilb"), limited))
    assert "the backend of the route. Or: " in found.problems[0].fix
    # A pool behind a global external load balancer is not documented.
    assert fix(*served(class_name=EXTERNAL))[1] == "Also serve the model from a cluster in another region"


def test_a_policy_does_not_change_the_regions() -> None:
    check_verdict(RULE, [*served(), thing(GKE, "GCPTrafficDistributionPolicy", "spread")], "failed")


def test_what_a_route_to_several_clusters_names() -> None:
    """A Service or a pool is of one cluster, even if it is exported; its import is of all that export it."""
    named = {"kind": "InferencePool", "group": "inference.networking.k8s.io", "name": "chat"}
    [found] = findings(RULE, build(*multi_cluster(US, EU, target=named)))
    assert "itself, not what clusters export: name its `GCPInferencePoolImport`" in found.undecided[0].why
    [found] = findings(RULE, build(*served(class_name="gke-l7-rilb")))
    [problem] = found.problems
    assert "and make its `GCPInferencePoolImport` the backend of the route" in problem.fix
