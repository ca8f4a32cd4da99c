"""The serving paths as graphs: which nodes, which edges, which verdicts."""

from __future__ import annotations

import pytest

from policypack.model.graph.stack import Stack
from policypack.report.check.paths.all_paths import ServingPaths
from policypack.report.check.paths.serving_path import ANYWHERE, NOT_KNOWN, REGION_NOT_KNOWN, ServingPath
from policypack.report.check.verdicts import Verdicts
from tests.report.judged import judged
from tests.rules.fleets import autoscaler, managed, template
from tests.rules.fronts import global_rule, http, https, regional_rule, regional_service, target, url_map
from tests.rules.runs import EU, US, behind, neg, run
from tests.stacks import Computed, Out, R, backend, build, check, mig, service

OUTSIDE = "projects/p-demo/regions/asia-east1/instanceGroups/elsewhere"


def paths_of(stack: Stack, *rules: str) -> dict[str, ServingPath]:
    paths = ServingPaths(judged(stack, rules).report, stack)
    return {service.name: paths.path_of(service) for service in paths.services}


def path_of(*resources: R, deployed: bool = False) -> ServingPath:
    (path,) = paths_of(build(*resources, deployed=deployed)).values()
    return path


def nodes_of(path: ServingPath) -> list[tuple[str, str, str, str]]:
    return [(node.kind, node.label, node.region, node.detail) for node in path.nodes]


def edges_of(path: ServingPath) -> set[tuple[str, str, bool]]:
    labels = {node.key: node.label for node in path.nodes}
    return {(labels[edge.source], labels[edge.target], edge.is_certain) for edge in path.edges}


@pytest.mark.parametrize("deployed", [False, True])
def test_a_global_service_in_two_regions(deployed: bool) -> None:
    machines, healing = template(), R("HealthCheck", "healing", {"tcpHealthCheck": {"port": 8000}})
    heals = {"autoHealingPolicies": {"healthCheck": Out(healing, "id"), "initialDelaySec": 900}}
    here, there = managed("us-central1", machines, **heals), managed("europe-west4", machines, targetSize=1)
    armor = R("gcp:compute/securityPolicy:SecurityPolicy", "armor", {"name": "armor"})
    probe = check()
    chat = service([backend(here), backend(there)], healthChecks=Out(probe, "id"), securityPolicy="armor")
    front = url_map(chat)
    proxy = https(front)
    parts = [machines, healing, here, there, autoscaler(here), armor, probe, chat, front, proxy, global_rule(proxy)]
    path = path_of(*parts, deployed=deployed)

    assert nodes_of(path) == [
        ("front end", "rule", "", ""),
        ("target proxy", "proxy", "", ""),
        ("URL map", "paths", "", ""),
        ("security policy", "armor", "", ""),
        ("backend service", "chat", "", "EXTERNAL_MANAGED, HTTP"),
        ("health check", "check", "", "HTTP /health"),
        ("health check", "healing", "", "TCP"),
        ("backend", "mig-europe-west4", "europe-west4", "1 VM"),
        ("backend", "mig-us-central1", "us-central1", "2 to 8 VMs"),
        ("servers", "template", "", "g2-standard-8"),
    ]
    assert edges_of(path) == {
        ("rule", "proxy", True),
        ("proxy", "paths", True),
        ("paths", "chat", True),
        ("chat", "armor", True),
        ("chat", "check", True),
        ("chat", "mig-us-central1", True),
        ("chat", "mig-europe-west4", True),
        ("mig-us-central1", "template", True),
        ("mig-us-central1", "healing", True),
        ("mig-europe-west4", "template", True),
    }
    assert path.regions == ("europe-west4", "us-central1")
    assert [node.label for node in path.in_region("us-central1")] == ["mig-us-central1"]
    assert [node.label for node in path.balancing_checks] == ["check"]
    assert [node.label for node in path.behind_backends] == ["template", "healing"]
    assert path.service.urn == chat.urn
    assert path.beside == ()


def test_services_share_groups_and_a_url_map_but_each_has_its_own_path() -> None:
    group = mig()
    chat, embed = service([backend(group)], "chat"), service([backend(group)], "embed")
    rules = [{"paths": ["/embed"], "service": Out(embed, "id")}]
    front = url_map(chat, pathMatchers=[{"name": "all", "defaultService": target(chat), "pathRules": rules}])
    paths = paths_of(build(group, chat, embed, front))
    for name in ("chat", "embed"):
        shown = [(node.kind, node.label) for node in paths[name].nodes]
        assert shown == [("URL map", "paths"), ("backend service", name), ("backend", "mig-us-central1")]
        assert edges_of(paths[name]) == {("paths", name, True), (name, "mig-us-central1", True)}


def test_a_service_without_a_front_end_or_backends() -> None:
    path = path_of(service([]))
    assert nodes_of(path) == [("backend service", "chat", "", "EXTERNAL_MANAGED, HTTP")]
    assert (path.edges, path.regions) == ((), ())


def test_a_passthrough_load_balancer_has_neither_proxy_nor_url_map() -> None:
    group = mig()
    chat = regional_service("INTERNAL", protocol="TCP", backends=[backend(group)])
    path = path_of(group, chat, regional_rule(backendService=Out(chat, "id")))
    assert nodes_of(path) == [
        ("front end", "rule", "", ""),
        ("backend service", "chat", "", "INTERNAL, TCP, us-central1"),
        ("backend", "mig-us-central1", "us-central1", "0 VMs"),
    ]
    assert edges_of(path) == {("rule", "chat", True), ("chat", "mig-us-central1", True)}


def test_several_front_ends() -> None:
    group = mig()
    chat = service([backend(group)])
    front = url_map(chat)
    secure, plain = https(front, "secure"), http(front, "plain")
    first, second = global_rule(secure), global_rule(plain, portRange="80")
    second.name = "rule-80"
    path = path_of(group, chat, front, secure, plain, first, second)
    assert [node.label for node in path.of_kind("front end")] == ["rule", "rule-80"]
    assert edges_of(path) >= {("rule", "secure", True), ("rule-80", "plain", True), ("plain", "paths", True)}


@pytest.mark.parametrize("deployed", [False, True])
def test_groups_outside_the_stack_and_on_the_internet(deployed: bool) -> None:
    internet = R("GlobalNetworkEndpointGroup", "partner", {"networkEndpointType": "INTERNET_FQDN_PORT"})
    path = path_of(internet, service([backend(internet), backend(OUTSIDE)]), deployed=deployed)
    assert nodes_of(path)[1:] == [
        ("backend", "elsewhere", "asia-east1", "outside the stack"),
        ("backend", "partner", ANYWHERE, "internet NEG"),
    ]
    assert [node.urn for node in path.of_kind("backend")] == [None, internet.urn]
    assert path.regions == ("asia-east1", ANYWHERE)


def test_backends_that_are_computed_as_a_whole() -> None:
    group = mig()
    chat = service(Computed((group,)))
    path = path_of(group, chat)
    why = (
        "`backends` is computed as a whole (inside `apply`?) or encrypted; write the list out so that it can be judged"
    )
    assert nodes_of(path)[1:] == [
        ("backend", "mig-us-central1", "us-central1", "0 VMs"),
        ("backend", NOT_KNOWN, REGION_NOT_KNOWN, why),
    ]
    assert edges_of(path) == {("chat", "mig-us-central1", False), ("chat", NOT_KNOWN, False)}
    assert path.regions == ("us-central1", REGION_NOT_KNOWN)


def test_a_backend_that_is_one_of_two_groups() -> None:
    here, there = mig("us-central1"), mig("europe-west4")
    path = path_of(here, there, service([backend(Computed((here, there)))]))
    assert edges_of(path) == {("chat", "mig-us-central1", False), ("chat", "mig-europe-west4", False)}


def test_a_group_whose_region_is_not_known() -> None:
    group = R("RegionInstanceGroupManager", "somewhere", {"region": Computed()})
    path = path_of(group, service([backend(group)]))
    assert [(node.label, node.region) for node in path.of_kind("backend")] == [("somewhere", REGION_NOT_KNOWN)]


def test_nodes_have_the_verdicts_of_their_resources_and_the_path_those_of_all() -> None:
    subnet = R("gcp:compute/subnetwork:Subnetwork", "subnet", {"region": "us-central1"})
    machines = template(networkInterfaces=[{"subnetwork": Out(subnet, "id")}])
    group = managed("us-central1", machines)
    good = service([backend(group)], "good", logConfig={"enable": True, "sampleRate": 1.0})
    bad = service([backend(group)], "bad")
    stack = build(subnet, machines, group, good, bad)
    rules = ("llm-backend-logging", "instance-shielded-vm", "subnet-flow-logs", "llm-backend-regions")
    paths = ServingPaths(judged(stack, rules, **{"llm-backend-regions": "advisory"}).report, stack)

    assert [service.name for service in paths.services] == ["bad", "good"]
    one, other = (paths.path_of(service) for service in paths.services)
    assert one.service.verdicts == Verdicts(failed=2, mandatory=1)
    assert other.service.verdicts == Verdicts(failed=1, passed=1)
    assert [node.verdicts for node in one.of_kind("servers")] == [Verdicts(failed=1, mandatory=1)]
    assert [(node.label, node.detail, node.verdicts) for node in one.beside] == [
        ("subnet", "Subnetwork", Verdicts(failed=1))
    ]
    assert one.verdicts == Verdicts(failed=4, mandatory=2)
    assert other.verdicts == Verdicts(failed=3, passed=1, mandatory=1)


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        (Verdicts(), None),
        (Verdicts(not_applicable=1), "not applicable"),
        (Verdicts(passed=2, not_applicable=1), "passed"),
        (Verdicts(waived=1, passed=2), "waived"),
        (Verdicts(undecided=1, waived=1, passed=1), "undecided"),
        (Verdicts(failed=1, undecided=5, passed=1), "failed"),
    ],
)
def test_the_worst_verdict_counts(verdicts: Verdicts, worst: str | None) -> None:
    assert verdicts.worst == worst
    assert verdicts.need_a_look is (worst in ("failed", "undecided", "waived"))


@pytest.mark.parametrize("deployed", [False, True])
def test_cloud_run_behind_its_negs(deployed: bool) -> None:
    us, eu = run(US, template={"scaling": {"maxInstanceCount": 4}}), run(EU)
    by_name = neg(None, EU, cloudRun={"service": "llm"})
    by_edge = neg(us, US)
    path = path_of(us, eu, by_name, by_edge, behind(by_edge, by_name), deployed=deployed)
    assert nodes_of(path) == [
        ("backend service", "chat", "", "EXTERNAL_MANAGED, HTTPS"),
        ("backend", "neg-europe-west4", "europe-west4", "serverless NEG"),
        ("backend", "neg-us-central1", "us-central1", "serverless NEG"),
        ("servers", "llm-europe-west4", "", "Cloud Run, 1 or more"),
        ("servers", "llm-us-central1", "", "Cloud Run, 1 to 4"),
    ]
    assert edges_of(path) == {
        ("chat", "neg-europe-west4", True),
        ("chat", "neg-us-central1", True),
        ("neg-europe-west4", "llm-europe-west4", True),
        ("neg-us-central1", "llm-us-central1", True),
    }


def test_a_cloud_run_service_that_a_neg_may_name() -> None:
    llm = run(Computed())
    link = neg(llm, US)
    path = path_of(llm, link, behind(link))
    assert ("neg-us-central1", "llm", False) in edges_of(path)
