"""`load-balancer-in-sight`: what is judged, what is not, what may hide load balancers, and what is none of Google's."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import Nothing, Report, evaluate
from policypack.report.check.verdicts import verdict_line
from policypack.rules import RULES
from tests.rules.clusters import (
    GATEWAY_API,
    GKE,
    all_of,
    cluster,
    config_group,
    deployment,
    gateway,
    health,
    ingress,
    policy,
    pool,
    release,
    route,
    served,
    service,
    thing,
    within,
)
from tests.stacks import Computed, R, build, finding, mig, statuses
from tests.stacks import backend as backend_of
from tests.stacks import service as backend_service

RULE = "load-balancer-in-sight"
EXPOSED = {"cloud.google.com/neg": '{"exposed_ports": {"80": {}}}'}
AUTONEG = {"controller.autoneg.dev/neg": '{"backend_services": {"80": [{"name": "chat"}]}}'}
CHILD = {"parent": config_group().urn}


IN_INFRA = [{"name": "front", "namespace": "infra"}]
FOR_ALL = {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": {"namespaces": {"from": "All"}}}
FOR_ITS_OWN = {**FOR_ALL, "allowedRoutes": {}}
FOR_SOME = {**FOR_ALL, "allowedRoutes": {"namespaces": {"from": "Selector", "selector": {}}}}


def in_infra(listener: Any) -> R:
    spec = {"gatewayClassName": "gke-l7-rilb", "listeners": [listener]}
    return thing(GATEWAY_API, "Gateway", "front", spec, namespace="infra")


def balancer(**spec: Any) -> R:
    return service("lb", spec={"type": "LoadBalancer", **spec})


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param([backend_service([backend_of(mig())]), mig()], {}, id="no Kubernetes"),
        pytest.param([service(), deployment()], {}, id="Service of the cluster alone"),
        pytest.param(served(pool(), health(pool()), policy(pool())), {"front": "passed"}, id="Gateway with a route"),
        pytest.param([gateway()], {"front": "failed"}, id="Gateway alone"),
        pytest.param([gateway(), route(pool(), parent="other")], {"front": "failed"}, id="another Gateway's route"),
        pytest.param([in_infra(FOR_ITS_OWN), route(service(), parentRefs=IN_INFRA)], {"front": "failed"},
                     id="route of another namespace"),
        pytest.param([in_infra(FOR_ALL), route(service(), parentRefs=IN_INFRA)],
                     {"front": "passed"}, id="which a listener takes"),
        pytest.param([in_infra(FOR_SOME), route(service(), parentRefs=IN_INFRA)],
                     {"front": "undecided"}, id="which a listener may take"),
        pytest.param([gateway(), route(service(), parentRefs=[{"name": "front", "sectionName": "https"}])],
                     {"front": "failed"}, id="route of a listener that is not there"),
        pytest.param([gateway(), route(pool(), parentRefs=Computed())], {"front": "undecided"}, id="computed parents"),
        pytest.param([gateway(), thing(GATEWAY_API, "TCPRoute", "tcp", {"parentRefs": [{"name": "front"}]})],
                     {"front": "failed"}, id="TCP route"),
        pytest.param([gateway("istio")], {"front": "not applicable"}, id="class of Istio"),
        pytest.param([gateway("istio"), balancer()], {"front": "not applicable", "lb": "failed"}, id="and its Service"),
        pytest.param([ingress(class_name="nginx"), service()], {"front": "not applicable"}, id="Ingress of nginx"),
        pytest.param([ingress(class_name="gce"), service()], {"front": "passed"}, id="Ingress of GKE"),
        pytest.param([ingress(), service()], {"front": "passed"}, id="Ingress without a class"),
        pytest.param(
            [ingress(ingressClassName="gce"), service()], {"front": "failed"}, id="GKE's class in the field"
        ),
        pytest.param(
            [ingress(class_name="gce", ingressClassName="nginx"), service()], {"front": "passed"}, id="both classes"
        ),
        pytest.param(
            [ingress(ingressClassName="nginx"), service()], {"front": "not applicable"}, id="another class in the field"
        ),
        pytest.param([ingress(ingressClassName=Computed()), service()], {"front": "passed"}, id="a class unknown"),
        pytest.param([thing(GKE, "MultiClusterIngress", "mci")], {"mci": "failed"}, id="Multi Cluster Ingress"),
        pytest.param([balancer()], {"lb": "failed"}, id="load balancer"),
        pytest.param([balancer(loadBalancerClass="networking.gke.io/l4-regional-internal")], {"lb": "failed"},
                     id="load balancer by class"),
        pytest.param([balancer(loadBalancerClass=Computed())], {"lb": "undecided"}, id="computed class of a Service"),
        pytest.param([balancer(type=Computed())], {"lb": "undecided"}, id="computed type"),
        pytest.param([service(annotations=Computed())], {"chat": "undecided"}, id="computed annotations"),
        pytest.param([gateway(Computed())], {"front": "undecided"}, id="computed class"),
        pytest.param([pool(), gateway("istio"), route(pool())], {"front": "not applicable"}, id="pool of Istio"),
        pytest.param([pool(), gateway(), route(rules=Computed())], {"chat": "undecided", "front": "passed"},
                     id="computed routes"),
        pytest.param([balancer(loadBalancerClass="tailscale")], {"lb": "not applicable"}, id="another one's class"),
        pytest.param([service(spec={"type": "NodePort"})], {}, id="node port"),
        pytest.param([service(annotations=EXPOSED)], {"chat": "failed"}, id="standalone NEG"),
        pytest.param([service(annotations=AUTONEG)], {"chat": "failed"}, id="autoneg"),
        pytest.param([service(annotations={"cloud.google.com/neg": '{"ingress": true}'})], {}, id="NEG of an Ingress"),
        pytest.param([service("k8s", annotations=EXPOSED), backend_service([])], {}, id="beside a backend service"),
        pytest.param([health(pool())], {"health": "failed"}, id="policy alone"),
        pytest.param([health(pool()), policy(pool())], {"settings": "failed"}, id="one finding for all policies"),
        pytest.param([pool()], {"chat": "failed"}, id="pool alone"),
        pytest.param([pool(annotations={"networking.gke.io/export": Computed()})], {"chat": "undecided"},
                     id="perhaps exported"),
        pytest.param(served(pool(), pool(name="other")), {"front": "passed", "other": "failed"}, id="second pool"),
        pytest.param([release()], {"release": "undecided"}, id="Helm release"),
        pytest.param([release(), release("second")], {"release": "undecided"}, id="one finding for all releases"),
        pytest.param([R("kubernetes:core/v1:ServiceList", "list", {"items": []})], {"list": "undecided"}, id="list"),
        pytest.param([gateway(), release()], {"front": "undecided", "release": "undecided"}, id="route in a release"),
        pytest.param([pool(), release()], {"chat": "undecided", "release": "undecided"}, id="and that of a pool"),
        pytest.param([health(pool()), config_group()], {"group": "undecided", "health": "undecided"},
                     id="Gateway in a component"),
        pytest.param([gateway(), release(provider={"kubeconfig": "other"})],
                     {"front": "failed", "release": "undecided"}, id="release elsewhere"),
        pytest.param([config_group()], {"group": "undecided"}, id="component without children"),
        pytest.param([config_group(), R("kubernetes:core/v1:Service", "web", {"spec": {}}, CHILD)], {}, id="child"),
        pytest.param([R("kubernetes:helm.sh/v4:Chart", "chart")], {"chart": "undecided"}, id="chart"),
        pytest.param([R("google-native:compute/v1:BackendService", "native", {"name": "n"})], {"native": "failed"},
                     id="google-native"),
        pytest.param([R("google-native:compute/v1:Instance", "native", {"name": "n"})], {}, id="another of its types"),
        pytest.param([R("terraform-module:index:google_compute_backend_service", "tf", {"name": "n"})],
                     {"tf": "failed"}, id="Terraform module"),
        pytest.param([R("Cluster", "cluster", {"location": "us-central1"})], {}, id="cluster"),
        pytest.param([R("gcp:container/cluster:Cluster", "c", {}), R("kubernetes:storage.k8s.io/v1:StorageClass", "s")],
                     {}, id="other objects"),
    ],
)  # fmt: skip
def test_what_is_in_sight(stack: list[R], expected: dict[str, str]) -> None:
    assert statuses(RULE, build(*stack)) == expected
    assert statuses(RULE, build(*stack, deployed=True)) == expected


def test_a_pool_that_another_cluster_serves_is_in_sight() -> None:
    us, eu = cluster("us", "us-central1"), cluster("eu", "europe-west4")
    exported = pool(annotations={"networking.gke.io/export": "True"})
    imported = {"kind": "GCPInferencePoolImport", "group": "networking.gke.io", "name": "chat"}
    front = within(us[1], gateway("gke-l7-cross-regional-internal-managed-mc"), route(imported))
    there = within(eu[1], exported)
    assert statuses(RULE, build(*all_of(us, eu, front, there))) == {"front": "passed"}
    assert statuses(RULE, build(*all_of(us, eu, there))) == {"chat": "failed"}


def test_the_message_says_what_is_not_judged() -> None:
    assert [problem.observed for problem in finding(RULE, gateway()).problems] == [
        "Gateway `front` of class `gke-l7-rilb` creates a load balancer, but no HTTPRoute or GRPCRoute in this stack "
        "is attached to it. Its backends are not judged."
    ]
    assert finding(RULE, release(), config_group("files")).reasons == (
        "`files` and `release` may hold load balancers that the stack does not show",
    )


def test_the_message_names_the_route_that_no_listener_takes() -> None:
    (problem,) = finding(RULE, gateway(), route(service(), parentRefs=[{"name": "front", "sectionName": "x"}])).problems
    assert (problem.observed, problem.fix) == (
        "Gateway `front` of class `gke-l7-rilb` creates a load balancer, but none of its listeners takes HTTPRoute "
        "`route`.",
        "Have a listener of Gateway `front` take HTTPRoute `route`: by its `allowedRoutes`, `sectionName` and host "
        "names.",
    )


def judged(*stack: R) -> Report:
    return evaluate(build(*stack), RULES, default_settings(RULES))


@pytest.mark.parametrize("stack", [[release()], [gateway()], [config_group(), balancer()]], ids=["may", "is", "both"])
def test_a_run_that_judged_nothing_is_undecided(stack: list[R]) -> None:
    report = judged(*stack)
    assert not report.violations()
    assert report.violations(["undecided"])
    assert report.violations(["nothing-judged"]) == report.with_status("failed")
    assert verdict_line(report).startswith("Nothing was judged, although there are or may be load balancers: see `")


def test_a_run_that_judged_something_is_not() -> None:
    report = judged(backend_service([backend_of(mig())]), mig(), balancer())
    assert report.nothing is None
    assert "Nothing was judged" not in verdict_line(report)
    ingress_of_nginx = judged(ingress(class_name="nginx"))
    assert ingress_of_nginx.nothing == Nothing("not applicable")
    assert verdict_line(ingress_of_nginx) == "Nothing was judged: no rule applies to what there is"
