"""Where the machines of backend services are in networks, the ports that they serve on, and the proxies before them."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.machines.subnetworks import subnetwork_links
from policypack.model.network.placement import endpoints_of, has_other_endpoints
from policypack.model.network.ports import asked_port, serving_ports
from policypack.model.network.proxies import proxy_subnets
from policypack.model.values.values import UNKNOWN
from tests.stacks import Computed, Out, R, backend, build, mig, service

NEG = "projects/p-demo/zones/us-central1-a/networkEndpointGroups/of-another-stack"
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
MACHINE = R("Instance", "machine", {"zone": "us-central1-a", "name": "machine"})


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        pytest.param({}, 80, id="left out"),
        pytest.param({"port": 8000}, 8000, id="by number"),
        pytest.param({"port": Computed()}, UNKNOWN, id="computed"),
        pytest.param({"portName": "http"}, UNKNOWN, id="by name"),
        pytest.param({"portSpecification": "USE_NAMED_PORT", "portName": "http"}, UNKNOWN, id="by name, in words"),
        pytest.param({"portSpecification": "USE_SERVING_PORT"}, UNKNOWN, id="the serving port"),
        pytest.param({"portSpecification": Computed()}, UNKNOWN, id="by what is computed"),
    ],
)
def test_the_port_that_a_check_asks(settings: dict[str, Any], port: Any) -> None:
    probe = R("HealthCheck", "probe", {"httpHealthCheck": settings})
    stack = build(probe)
    assert asked_port(HealthCheck.of(stack.resources[0], stack)) == port


def view(of: R, *others: R) -> BackendService:
    stack = build(of, *others)
    (found,) = (one for one in stack.resources if one.urn == of.urn)
    return BackendService.of(found, stack)


@pytest.mark.parametrize(
    ("group", "port_name", "ports"),
    [
        pytest.param(mig(), "http", (8000,), id="by name"),
        pytest.param(mig(), "grpc", (), id="a name that the group lacks"),
        pytest.param(mig(), Computed(), (UNKNOWN,), id="a computed name"),
        pytest.param(NEG, "http", (UNKNOWN,), id="a zonal NEG of another stack"),
        pytest.param(SERVERLESS, "http", (UNKNOWN,), id="a serverless NEG"),
    ],
)
def test_the_ports_that_serve(group: Any, port_name: Any, ports: tuple[Any, ...]) -> None:
    others = [group] if isinstance(group, R) else []
    chat = view(service([backend(group)], portName=port_name, loadBalancingScheme="EXTERNAL_MANAGED"), *others)
    (found,) = chat.groups
    assert serving_ports(chat, found) == ports


@pytest.mark.parametrize(
    ("backends", "others"),
    [
        pytest.param([backend(mig())], False, id="known"),
        pytest.param([backend(mig()), backend(Computed())], True, id="one is computed"),
        pytest.param(Computed(), True, id="all are computed"),
    ],
)
def test_endpoints_that_are_not_known(backends: Any, others: bool) -> None:
    chat = view(service(backends), mig())
    assert has_other_endpoints(chat.stack, chat.resource) is others


@pytest.mark.parametrize(
    ("instances", "machines"),
    [
        pytest.param([Out(MACHINE, "selfLink")], ["machine"], id="known"),
        pytest.param(["projects/p-demo/zones/us-central1-a/instances/machine"], ["machine"], id="by URL"),
        pytest.param(["projects/p-demo/zones/us-central1-a/instances/machine", Computed()], ["machine", None],
                     id="one is computed"),
        pytest.param([Computed()], [None], id="only one, computed"),
    ],
)  # fmt: skip
def test_machines_of_an_instance_group(instances: Any, machines: list[str | None]) -> None:
    group = R("InstanceGroup", "group", {"zone": "us-central1-a", "instances": instances})
    chat = view(service([backend(Out(group, "selfLink"))]), group, MACHINE)
    found = endpoints_of(chat.stack, chat.resource)
    assert [one.machine and one.machine.name for one in found] == machines


@pytest.mark.parametrize(("given", "project"), [({}, "p-demo"), ({"subnetworkProject": "host"}, "host")])
def test_a_subnetwork_by_its_name_is_of_a_project(given: dict[str, Any], project: str) -> None:
    interface = {"subnetwork": "llm", **given}
    stack = build(R("Instance", "machine", {"zone": "us-central1-a", "networkInterfaces": [interface]}))
    (found,) = subnetwork_links(stack, stack.resources[0]).external
    assert (found.project, found.region, found.name) == (project, "us-central1", "llm")


def test_proxies_of_a_regional_load_balancer_are_in_its_region() -> None:
    """Whatever its forwarding rules say of a subnetwork: those of an external one have none."""
    network = R("Network", "vpc")
    given = {"role": "ACTIVE", "ipCidrRange": "10.9.0.0/24", "purpose": "REGIONAL_MANAGED_PROXY"}
    proxies = R("Subnetwork", "proxies", {"region": "us-central1", "network": Out(network, "id"), **given})
    chat = service([backend(mig())], region="us-central1", loadBalancingScheme="EXTERNAL_MANAGED")
    paths = R("RegionUrlMap", "paths", {"region": "us-central1", "defaultService": Out(chat, "id")})
    proxy = R("RegionTargetHttpProxy", "proxy", {"region": "us-central1", "urlMap": Out(paths, "id")})
    rule = R("ForwardingRule", "rule", {"region": "us-central1", "target": Out(proxy, "id")})
    found = view(chat, mig(), network, proxies, paths, proxy, rule)
    (vpc,) = found.stack.of_types([network.token])
    (group,) = found.groups
    assert [(one.name, one.is_used) for one in proxy_subnets(found, vpc, group)] == [("proxies", True)]
