"""`health-check-matches-serving` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, service

RULE = "health-check-matches-serving"
FAILED, PASSED, UNDECIDED, EXEMPT = "failed", "passed", "undecided", "not applicable"
HTTP, HTTPS, HTTP2 = "httpHealthCheck", "httpsHealthCheck", "http2HealthCheck"
TCP, SSL, GRPC, GRPC_TLS = "tcpHealthCheck", "sslHealthCheck", "grpcHealthCheck", "grpcTlsHealthCheck"
SERVING = {"portSpecification": "USE_SERVING_PORT"}
NAMED: dict[str, Any] = {"port": None, "portSpecification": "USE_NAMED_PORT"}
PORTS = [{"name": "http", "port": 8000}]
OUTSIDE = "projects/p-demo/global/healthChecks/shared"


def probe(kind: str = HTTP, name: str = "check", **settings: Any) -> R:
    return R("HealthCheck", name, {kind: {"port": 8000, **settings}})


def fleet(name: str = "mig", healing: R | str | None = None, ports: Any = None, **inputs: Any) -> R:
    url = Out(healing, "id") if isinstance(healing, R) else healing
    policy = {"autoHealingPolicies": {"healthCheck": url, "initialDelaySec": 600}} if url else {}
    named = PORTS if ports is None else ports
    return R("RegionInstanceGroupManager", name, {"region": "us-central1", "namedPorts": named, **policy, **inputs})


def served(asked: R | str | None, group: R | None = None, **inputs: Any) -> tuple[R, ...]:
    group = fleet() if group is None else group
    mode = {"balancingMode": "RATE", "maxRatePerEndpoint": 5} if "Endpoint" in group.type else {}
    url = Out(asked, "id") if isinstance(asked, R) else asked
    backends = inputs.pop("backends", [backend(group, **mode)])
    chat = service(backends, **{"healthChecks": url, **inputs})
    return chat, group, *([asked] if isinstance(asked, R) else [])


@pytest.mark.parametrize(
    ("kind", "protocol", "status"),
    [
        pytest.param(HTTP, "HTTP", PASSED, id="HTTP for HTTP"),
        pytest.param(HTTP, None, PASSED, id="HTTP where the protocol is left out"),
        pytest.param(HTTPS, None, FAILED, id="HTTPS where the protocol is left out"),
        pytest.param(HTTPS, "HTTP", FAILED, id="HTTPS for HTTP"),
        pytest.param(HTTP2, "HTTP", FAILED, id="HTTP/2 with TLS for HTTP"),
        pytest.param(SSL, "HTTP", FAILED, id="SSL for HTTP"),
        pytest.param(GRPC_TLS, "HTTP", FAILED, id="gRPC with TLS for HTTP"),
        pytest.param(HTTP, "HTTPS", FAILED, id="HTTP for HTTPS"),
        pytest.param(GRPC, "HTTPS", FAILED, id="gRPC for HTTPS"),
        pytest.param(HTTP, "HTTP2", FAILED, id="HTTP for HTTP/2, which has TLS"),
        pytest.param(GRPC, "HTTP2", FAILED, id="gRPC for HTTP/2, which has TLS"),
        pytest.param(HTTP, "SSL", FAILED, id="HTTP for SSL"),
        pytest.param(HTTPS, "HTTP2", PASSED, id="HTTPS for HTTP/2"),
        pytest.param(HTTP2, "HTTPS", PASSED, id="HTTP/2 for HTTPS"),
        pytest.param(GRPC_TLS, "HTTP2", PASSED, id="gRPC with TLS for HTTP/2"),
        pytest.param(HTTP, "H2C", PASSED, id="HTTP for HTTP/2 without TLS"),
        pytest.param(GRPC, "H2C", PASSED, id="gRPC for HTTP/2 without TLS"),
        pytest.param(HTTPS, "H2C", FAILED, id="HTTPS for HTTP/2 without TLS"),
        pytest.param(TCP, "HTTPS", PASSED, id="TCP goes with TLS"),
        pytest.param(TCP, "HTTP", PASSED, id="TCP goes without"),
        pytest.param(HTTPS, "TCP", PASSED, id="a TCP proxy hands on what clients send"),
        pytest.param(HTTPS, Computed(), UNDECIDED, id="the protocol is computed"),
        pytest.param(TCP, Computed(), PASSED, id="TCP goes with any protocol"),
        pytest.param(HTTP, "GRPC", PASSED, id="a protocol of which nothing is said"),
    ],
)
def test_tls_on_the_serving_port(kind: str, protocol: Any, status: str) -> None:
    check_verdict(RULE, served(probe(kind), protocol=protocol), status)
    check_verdict(RULE, served(probe(kind, port=None, **SERVING), protocol=protocol), status)
    regional = {"region": "us-central1", "loadBalancingScheme": "INTERNAL_MANAGED", "protocol": protocol}
    check_verdict(RULE, served(probe(kind), **regional), status)


@pytest.mark.parametrize(
    ("asked", "ports", "status"),
    [
        pytest.param(probe(port=9000), None, UNDECIDED, id="a port that no named port has"),
        pytest.param(probe(port=None), None, UNDECIDED, id="the default 80"),
        pytest.param(probe(port=None), [{"name": "http", "port": 80}], PASSED, id="80 is what it serves on"),
        pytest.param(probe(port=9000), [*PORTS, {"name": "health", "port": 9000}], PASSED, id="declared as its own"),
        pytest.param(probe(HTTPS, port=9000), [*PORTS, {"name": "health", "port": 9000}], PASSED, id="TLS elsewhere"),
        pytest.param(probe(TCP, port=9000), None, UNDECIDED, id="TCP on another port"),
        pytest.param(probe(port=Computed()), None, UNDECIDED, id="the port is computed"),
        pytest.param(probe(), Computed(), UNDECIDED, id="the named ports are computed"),
        pytest.param(probe(), [{"name": "http", "port": Computed()}], UNDECIDED, id="the number is computed"),
        pytest.param(probe(port=9000), [{"name": "web", "port": 8000}], PASSED, id="another rule misses the port"),
        pytest.param(probe(portSpecification=Computed()), None, UNDECIDED, id="what it asks is computed"),
        pytest.param(probe(**SERVING), Computed(), PASSED, id="USE_SERVING_PORT, whatever it is"),
        pytest.param(probe(HTTPS, port=Computed()), None, UNDECIDED, id="TLS on a port that is not known"),
        pytest.param(probe(**NAMED, portName="http"), None, PASSED, id="the serving port by its name"),
        pytest.param(probe(HTTPS, **NAMED, portName="http"), None, FAILED, id="TLS on the serving port by its name"),
        pytest.param(probe(HTTPS, port=None, portName="http"), None, FAILED, id="by its name without a specification"),
        pytest.param(
            probe(**NAMED, portName="web"),
            [*PORTS, {"name": "web", "port": 9000}],
            PASSED,
            id="another port by its name",
        ),
        pytest.param(
            probe(HTTPS, **NAMED, portName="web"),
            [*PORTS, {"name": "web", "port": 9000}],
            PASSED,
            id="TLS on another port by its name",
        ),
        pytest.param(
            probe(HTTPS, **NAMED, portName="web"),
            [*PORTS, {"name": "web", "port": 8000}],
            FAILED,
            id="TLS on the serving port by another name",
        ),
        pytest.param(probe(**NAMED, portName="web"), None, UNDECIDED, id="a name that the group does not have"),
        pytest.param(probe(**NAMED, portName="web"), Computed(), UNDECIDED, id="a name where the ports are computed"),
        pytest.param(probe(**NAMED, portName=Computed()), None, UNDECIDED, id="a name that is computed"),
        pytest.param(probe(**NAMED), None, UNDECIDED, id="a name that is left out"),
        pytest.param(probe(port=8000, portName="web"), None, PASSED, id="a number counts before a name"),
        pytest.param(R("HttpHealthCheck", "check", {"port": 8000}), None, PASSED, id="a legacy check"),
        pytest.param(R("HttpsHealthCheck", "check", {"port": 8000}), None, FAILED, id="a legacy check with TLS"),
    ],
)
def test_ports(asked: R, ports: Any, status: str) -> None:
    check_verdict(RULE, served(asked, fleet(ports=ports)), status)


@pytest.mark.parametrize(
    ("healing", "more", "status"),
    [
        pytest.param(probe(name="healing"), {}, PASSED, id="as the load balancer's"),
        pytest.param(probe(HTTPS, "healing"), {}, FAILED, id="it speaks TLS to a server without"),
        pytest.param(probe(name="healing", port=9000), {}, UNDECIDED, id="another port"),
        pytest.param(probe(name="healing", requestPath="/alive"), {}, PASSED, id="another path is often right"),
        pytest.param(probe(name="healing", port=8001), {"ports": [*PORTS, {"name": "grpc", "port": 8001}]}, PASSED,
                     id="the port of another service of the group"),
        pytest.param(probe(HTTPS, "healing"), {"instanceLifecyclePolicy": {"onFailedHealthCheck": "DO_NOTHING"}},
                     PASSED, id="no repairs"),
        pytest.param(OUTSIDE, {}, PASSED, id="outside the stack"),
    ],
)  # fmt: skip
def test_healing(healing: R | str, more: dict[str, Any], status: str) -> None:
    parts = [healing] if isinstance(healing, R) else []
    check_verdict(RULE, [*served(probe(), fleet(healing=healing, **more)), *parts], status)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        pytest.param({"healthChecks": None}, EXEMPT, id="no check"),
        pytest.param({"healthChecks": OUTSIDE}, EXEMPT, id="a check outside the stack"),
        pytest.param({"healthChecks": Computed()}, UNDECIDED, id="a check that is not known"),
        pytest.param({"backends": []}, EXEMPT, id="no backends"),
        pytest.param({"region": "us-central1", "loadBalancingScheme": "INTERNAL"}, EXEMPT, id="passthrough"),
        pytest.param({"backends": Computed()}, UNDECIDED, id="backends that are not known"),
        pytest.param(
            {"backends": [backend("projects/p/zones/us-central1-a/instanceGroups/outside")]}, UNDECIDED,
            id="a group outside the stack",
        ),
    ],
)  # fmt: skip
def test_services(inputs: dict[str, Any], status: Expected) -> None:
    check_verdict(RULE, served(probe(HTTPS), **{"protocol": "HTTP", **inputs}), status)


def neg(kind: str, **inputs: Any) -> R:
    return R(kind, "neg", inputs)


def endpoint(of: R, port: int, name: str = "end", **inputs: Any) -> R:
    given = {"networkEndpointGroup": Out(of, "id"), "port": port, **inputs}
    return R("gcp:compute/networkEndpoint:NetworkEndpoint", name, given)


def test_network_endpoint_groups() -> None:
    zonal = neg("NetworkEndpointGroup", zone="us-central1-a")
    check_verdict(RULE, served(probe(), zonal), PASSED)
    check_verdict(RULE, served(probe(HTTPS), zonal), UNDECIDED)
    check_verdict(RULE, served(probe(HTTPS, port=None, **SERVING), zonal), FAILED)
    check_verdict(RULE, [*served(probe(HTTPS), zonal), endpoint(zonal, 8000)], FAILED)
    check_verdict(RULE, [*served(probe(), zonal), endpoint(zonal, 8000)], PASSED)
    check_verdict(RULE, [*served(probe(), zonal), endpoint(zonal, 9000)], UNDECIDED)
    hybrid = neg("NetworkEndpointGroup", zone="us-central1-a", networkEndpointType="NON_GCP_PRIVATE_IP_PORT")
    check_verdict(RULE, served(probe(), hybrid), PASSED)
    check_verdict(RULE, [*served(probe(HTTPS), hybrid), endpoint(hybrid, 8000)], FAILED)
    check_verdict(RULE, [*served(probe(), hybrid), endpoint(hybrid, 8000)], PASSED)
    check_verdict(RULE, [*served(probe(), hybrid), endpoint(hybrid, 9000)], UNDECIDED)
    stray = endpoint(zonal, 9000, "stray", networkEndpointGroup=Computed())
    check_verdict(RULE, [*served(probe(), zonal), endpoint(zonal, 8000), stray], UNDECIDED)
    named = neg("NetworkEndpointGroup", zone="us-central1-a", name="pool")
    for zone, expected in (("us-central1-a", FAILED), ("us-central1-b", UNDECIDED)):
        by_name = endpoint(named, 8000, networkEndpointGroup="pool", zone=zone)
        check_verdict(RULE, [*served(probe(HTTPS), named), by_name], expected)
    check_verdict(RULE, served(R("HealthCheck", "check", {"httpHealthCheck": Computed()}), zonal), UNDECIDED)
    serverless = neg("RegionNetworkEndpointGroup", region="us-central1")
    check_verdict(RULE, served(probe(HTTPS), serverless), EXEMPT)


def test_the_messages() -> None:
    (found,) = findings(RULE, build(*served(probe(HTTPS))))
    (problem,) = found.problems
    assert problem.observed == ("The health check `check` uses TLS on the port of `mig` where the service uses no TLS.")
    assert problem.fix.startswith("Use a check with `http_health_check`")
    (found,) = findings(RULE, build(*served(probe(port=9000))))
    assert found.reasons == (
        "the health check `check` probes port 9000, which is not a named port of `mig`, and requests go to `8000`: "
        "whether the server responds there is not known",
    )


@pytest.mark.parametrize(
    ("asked", "ports", "reason"),
    [
        pytest.param({"portName": "web"}, PORTS,
                     "the health check `check` probes the named port `web`, which `mig` does not have",
                     id="no such port"),
        pytest.param({"portName": "web"}, Computed(), "`named_ports` of `mig` is not known", id="the group's ports"),
        pytest.param({"portName": Computed()}, PORTS, "`port_name` of `check` is not known", id="the check's name"),
    ],
)  # fmt: skip
def test_what_a_named_port_leaves_open(asked: dict[str, Any], ports: Any, reason: str) -> None:
    (found,) = findings(RULE, build(*served(probe(**NAMED, **asked), fleet(ports=ports))))
    assert found.reasons == (reason,)


def guarded(asked: R, admitted: list[str], *more: R, healing: R | None = None) -> tuple[R, ...]:
    """A service whose network and firewall are in the stack; checks are admitted to these ports."""
    network = R("Network", "vpc")
    nics = [{"network": Out(network, "id")}]
    template = R("RegionInstanceTemplate", "template", {"region": "us-central1", "networkInterfaces": nics})
    ranges = ["35.191.0.0/16", "130.211.0.0/22"]
    inputs = {"network": Out(network, "id"), "sourceRanges": ranges}
    rules = [R("Firewall", "allow", {**inputs, "allows": [{"protocol": "tcp", "ports": admitted}]})] if admitted else []
    group = fleet(healing=healing, versions=[{"instanceTemplate": Out(template, "selfLink")}])
    return (*served(asked, group), network, template, *rules, *more, *([healing] if healing else []))


def test_a_port_that_the_firewall_shuts_out() -> None:
    check_verdict(RULE, guarded(probe(port=9000), ["8000"]), FAILED)
    check_verdict(RULE, guarded(probe(port=9000), ["8000", "9000"]), UNDECIDED)
    check_verdict(RULE, guarded(probe(port=9000), []), UNDECIDED)
    check_verdict(RULE, guarded(probe(), ["8000"]), PASSED)
    healing = probe(name="healing", port=9000)
    check_verdict(RULE, guarded(probe(), ["8000"], healing=healing), FAILED)
    check_verdict(RULE, guarded(probe(), ["8000-9000"], healing=healing), UNDECIDED)


def test_a_group_that_may_be_a_backend_may_heal_by_a_check() -> None:
    check, group = probe(HTTPS, "healing"), fleet(healing="projects/p-demo/global/healthChecks/healing-1a2b3c4")
    chat = service(Computed((group,), [backend(group)]))
    check_verdict(RULE, [chat, group, check], (UNDECIDED, FAILED))
    check_verdict(RULE, [service([backend(fleet())]), fleet()], EXEMPT)


def test_groups_of_which_the_same_is_said_are_listed() -> None:
    groups = [fleet(), fleet("other", region="europe-west4"), fleet("third", ports=[{"name": "http", "port": 8001}])]
    check = probe(port=9000)
    chat = service([backend(one) for one in groups], healthChecks=Out(check, "id"))
    (found,) = findings(RULE, build(chat, check, *groups))
    assert found.reasons == (
        "the health check `check` probes port 9000, which is not a named port of `mig` and `other`, and requests go "
        "to `8000`: whether the server responds there is not known",
        "the health check `check` probes port 9000, which is not a named port of `third`, and requests go to `8001`: "
        "whether the server responds there is not known",
    )
