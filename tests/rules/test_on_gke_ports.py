"""What rules say of the ports of backends on GKE: those that routes, Services, Pods and health checks name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policypack.model.software.listening import listening_port
from policypack.model.values.values import UNKNOWN
from tests.rules.clusters import (
    HEALTH,
    LABELS,
    VLLM,
    all_of,
    backend_config,
    cluster,
    deployment,
    gateway,
    health,
    ingress,
    pool,
    ref,
    release,
    route,
    service,
    thing,
    within,
)
from tests.stacks import Computed, R, build, check_verdict, findings
from tests.stacks import backend as backend_of
from tests.stacks import service as backend_service

PORT, PROBE = "llm-backend-named-port", "health-check-matches-serving"
LISTED = {**VLLM, "ports": [{"containerPort": 8000, "name": "http"}]}
OTHER = {"image": "registry.example/server", "resources": VLLM["resources"]}
SIDECAR = {"image": "envoyproxy/envoy", "ports": [{"containerPort": 9000, "name": "admin"}]}


def to(port: Any, *pods: R, target_port: Any = 8000, **spec: Any) -> list[R]:
    """A route to a port of a Service with the port 80, and its Pods."""
    ports = [{"port": 80, "targetPort": target_port, "name": "web"}]
    target = service(spec={"ports": ports, **spec})
    backend = ref(target) if port is None else ref(target, port=port)
    return [gateway(), route(backend), target, *(pods or [deployment(LISTED)])]


def behind_ingress(port: Any, **backend: Any) -> list[R]:
    front = ingress()
    given = backend or {"service": {"name": "chat", "port": port}}
    front.inputs["spec"] = {"rules": [{"http": {"paths": [{"backend": given}]}}]}
    target = service(spec={"ports": [{"port": 80, "targetPort": 8000, "name": "web"}]}, annotations=NEG)
    return [front, target, deployment(LISTED)]


NEG = {"cloud.google.com/neg": '{"ingress": true}'}


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(to(80), "passed", id="its port"),
        pytest.param(to(8000), "failed", id="the port of its Pods"),
        pytest.param(to(443), "failed", id="another port"),
        pytest.param(to(None), "failed", id="without a port"),
        pytest.param(to(None, ports=[{"port": 80, "targetPort": Computed(), "name": Computed()}]), "failed",
                     id="without a port, computed in the Service"),
        pytest.param(to(Computed()), "undecided", id="computed in the route"),
        pytest.param(to(80, ports=Computed()), "undecided", id="computed in the Service"),
        pytest.param(to(80, ports=[{"port": Computed(), "targetPort": 8000}]), "undecided", id="computed number"),
        pytest.param(to(80, ports=[]), "failed", id="a Service without ports"),
        pytest.param(to(80, ports=[{"port": 443}, {"port": 80, "targetPort": 8000}]), "passed", id="one of two"),
        pytest.param(to(8000, ports=[{"port": 8000}]), "passed", id="without a port of the Pods"),
        pytest.param(behind_ingress({"number": 80}), "passed", id="Ingress, by its number"),
        pytest.param(behind_ingress({"name": "web"}), "passed", id="Ingress, by its name"),
        pytest.param(behind_ingress({"number": 8000}), "failed", id="Ingress, the port of its Pods"),
        pytest.param(behind_ingress({"name": "http"}), "failed", id="Ingress, the name of the container's port"),
        pytest.param(behind_ingress(None, serviceName="chat", servicePort="web"), "passed", id="former Ingress"),
        pytest.param(behind_ingress(None, serviceName="chat", servicePort=81), "failed", id="former Ingress, wrong"),
    ],
)  # fmt: skip
def test_the_port_in_a_route(stack: list[R], expected: str) -> None:
    check_verdict(PORT, stack, expected)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(to(80, target_port="http"), "passed", id="by name"),
        pytest.param(to(80, target_port="web"), "failed", id="a name that no container has"),
        pytest.param(to(80, deployment(VLLM), target_port="http"), "failed", id="containers without ports"),
        pytest.param(to(80, deployment({**VLLM, "ports": Computed()}), target_port="http"), "undecided",
                     id="computed ports of a container"),
        pytest.param(to(80, deployment(VLLM, SIDECAR), target_port="admin"), "passed", id="the name of a sidecar's"),
        pytest.param(to(80, deployment(LISTED), release(), target_port="web"), "undecided", id="release has others"),
        pytest.param(to(80, deployment(labels={"app": "other"}), target_port="web"), "undecided", id="Pods elsewhere"),
        pytest.param(to(80, deployment(VLLM), deployment(LISTED, name="new"), target_port="http"), "passed",
                     id="of one of two"),
        pytest.param(to(80, target_port=8080), "failed", id="vLLM listens on another"),
        pytest.param(to(80, deployment(LISTED, labels=Computed()), target_port=8080), "undecided",
                     id="vLLM, which may be behind it, listens on another"),
        pytest.param(to(80, deployment(LISTED, labels=Computed()), target_port=8000), "passed",
                     id="vLLM, which may be behind it, listens there"),
        pytest.param(to(80, deployment({**LISTED, "args": ["--port", "8080"]}), target_port=8080), "passed",
                     id="where its arguments say"),
        pytest.param(to(80, deployment({**LISTED, "args": ["--port", Computed()]}), target_port=8080), "undecided",
                     id="computed arguments"),
        pytest.param(to(80, deployment(VLLM, SIDECAR), target_port=8080), "passed", id="a sidecar may listen there"),
        pytest.param(to(80, deployment(OTHER), target_port=8080), "passed", id="a server that lists nothing"),
        pytest.param(to(80, deployment({**OTHER, "ports": LISTED["ports"]}), target_port=8080), "undecided",
                     id="a server that lists another"),
        pytest.param(to(80, deployment({**OTHER, "ports": LISTED["ports"]}), target_port=8000), "passed",
                     id="a server that lists it"),
        pytest.param(to(80, target_port=Computed()), "undecided", id="computed"),
        pytest.param([gateway(), route(pool()), pool(), deployment(LISTED)], "passed", id="of a pool"),
        pytest.param([gateway(), route(pool()), pool(), deployment({**VLLM, "args": ["--port=8200"]})], "failed",
                     id="of a pool, vLLM listens on another"),
        pytest.param([gateway(), route(pool()), pool()], "passed", id="of a pool with Pods elsewhere"),
    ],
)  # fmt: skip
def test_the_port_of_the_pods(stack: list[R], expected: str) -> None:
    check_verdict(PORT, stack, expected)


def test_a_sidecar_that_starts_before_counts_and_what_ends_before_does_not() -> None:
    def pods(**init: Any) -> R:
        made = deployment(VLLM)
        template = made.inputs["spec"]["template"]
        template["spec"]["initContainers"] = [{"image": "router", **init}]
        return made

    check_verdict(PORT, to(80, pods(restartPolicy="Always"), target_port=8080), "passed")
    check_verdict(PORT, to(80, pods(), target_port=8080), "failed")


SPACE = thing("v1", "Namespace", "llm", namespace=None)
FAR = {"group": "", "kind": "Service", "name": "far", "port": 80}
FAR_POOL = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "far"}


def in_cluster(*objects: R) -> list[R]:
    gke, provider = cluster("us", "us-central1")
    return all_of(gke, provider, within(provider, *objects))


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(in_cluster(SPACE, gateway(), route(FAR), service(), deployment()), "failed", id="beside another"),
        pytest.param(in_cluster(SPACE, gateway(), route(FAR)), "undecided", id="with nothing beside"),
        pytest.param(in_cluster(gateway(), route(FAR), service(), deployment()), "undecided", id="namespace elsewhere"),
        pytest.param([SPACE, gateway(), route(FAR), service(), deployment()], "undecided", id="cluster elsewhere"),
        pytest.param(in_cluster(SPACE, gateway(), route(FAR), service(), deployment(), release()), "undecided",
                     id="beside a release"),
        pytest.param(in_cluster(SPACE, gateway(), route(FAR, service()), service(), deployment()), "undecided",
                     id="the other one has a route"),
        pytest.param(in_cluster(SPACE, gateway(), route(FAR), service(), deployment({"image": "nginx"})), "undecided",
                     id="the other one serves no model"),
        pytest.param(in_cluster(SPACE, gateway(), route(FAR_POOL), pool()), "failed", id="pool beside another"),
        pytest.param(in_cluster(SPACE, gateway(), route(FAR_POOL)), "undecided", id="pool with nothing beside"),
        pytest.param(in_cluster(gateway(), route(FAR_POOL), pool()), "undecided", id="pool, namespace elsewhere"),
        pytest.param(in_cluster(SPACE, gateway(), route({**FAR, "name": Computed()})), "undecided", id="computed"),
        pytest.param(in_cluster(SPACE, gateway(), route({**FAR, "kind": Computed()}), service(), pool()), "undecided",
                     id="of a computed kind"),
    ],
)  # fmt: skip
def test_what_a_route_names_is_there(stack: list[R], expected: str) -> None:
    check_verdict(PORT, stack, expected, "route")


ELSEWHERE = {"app": "other"}
OTHERS_POOL = pool()
NO_PODS = service(labels=ELSEWHERE)
OTHERS_POOL.inputs["spec"] = {**OTHERS_POOL.inputs["spec"], "selector": {"matchLabels": ELSEWHERE}}


def of_other_pods(*others: R, target: R | None = None) -> list[R]:
    """A Service whose selector the labels of the Pods do not match."""
    chat = service(labels=ELSEWHERE) if target is None else target
    return [SPACE, gateway(), route(chat), chat, deployment(LISTED), *others]


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(in_cluster(*of_other_pods()), "failed", id="a Service"),
        pytest.param(in_cluster(*of_other_pods(service("right"))), "undecided", id="another one has the Pods"),
        pytest.param(of_other_pods(), "undecided", id="cluster elsewhere"),
        pytest.param(in_cluster(*of_other_pods()[1:]), "undecided", id="namespace elsewhere"),
        pytest.param(in_cluster(*of_other_pods(release())), "undecided", id="beside a release"),
        pytest.param(in_cluster(*of_other_pods(thing("ray.io/v1", "RayService", "ray"))), "undecided",
                     id="beside what makes Pods"),
        pytest.param(in_cluster(*of_other_pods(thing("batch/v1", "Job", "job"))), "undecided", id="beside a job"),
        pytest.param(in_cluster(*of_other_pods(thing("policy/v1", "PodDisruptionBudget", "pdb"))), "failed",
                     id="beside what makes none"),
        pytest.param(in_cluster(*of_other_pods(deployment(VLLM, labels=Computed(), name="new"))), "passed",
                     id="computed labels of others"),
        pytest.param([gateway(), route(NO_PODS), NO_PODS, deployment({"image": Computed()})], "undecided",
                     id="beside what may serve a model"),
        pytest.param(in_cluster(*of_other_pods(target=OTHERS_POOL)), "failed", id="a pool"),
        pytest.param(in_cluster(SPACE, gateway(), route(pool()), pool()), "undecided", id="a pool with nothing beside"),
        pytest.param(in_cluster(*of_other_pods(target=service(labels=None))), "passed", id="without a selector"),
    ],
)  # fmt: skip
def test_the_pods_of_a_selector(stack: list[R], expected: str) -> None:
    check_verdict(PORT, stack, expected)


def test_a_route_beside_what_makes_services_may_lead_to_them() -> None:
    ray = thing("ray.io/v1", "RayService", "ray")
    check_verdict(PORT, in_cluster(SPACE, gateway(), route(FAR), service(), deployment(), ray), "undecided", "route")


def test_the_reason_says_where_one_of_the_name_is() -> None:
    (found,) = findings(PORT, build(gateway(), route({**FAR, "name": "chat"}), service(namespace="web")))
    assert found.reasons == (
        "Service `chat` is not known to be in the stack; one of this name is in the namespace `web`, and a route says "
        "that by `namespace`",
    )
    (found,) = findings(PORT, build(gateway(), route({**FAR, "name": "chat"}), pool(namespace=Computed())))
    assert found.reasons == ("Service `chat` is not known to be in the stack",)


@pytest.mark.parametrize(("port", "expected"), [(80, "passed"), (8000, "failed")])
def test_what_clusters_export_has_the_port(port: int, expected: str) -> None:
    imported = {"group": "net.gke.io", "kind": "ServiceImport", "name": "chat", "port": port}
    exported = [service(), thing("net.gke.io/v1", "ServiceExport", "chat", logical="export"), deployment(LISTED)]
    check_verdict(PORT, [gateway(), route(imported), *exported], expected, "route")
    check_verdict(PORT, [gateway(), route(imported)], "not applicable", "route")
    perhaps = [service(), thing("net.gke.io/v1", "ServiceExport", Computed(), logical="export"), deployment(LISTED)]
    doubtful = "passed" if expected == "passed" else "undecided"
    check_verdict(PORT, [gateway(), route(imported), *perhaps], doubtful, "route")


IMPORTED = {"group": "net.gke.io", "kind": "ServiceImport", "name": "chat", "port": 80}
EXPORTED = [service(), thing("net.gke.io/v1", "ServiceExport", "chat", logical="export"), deployment(LISTED)]


@pytest.mark.parametrize(
    ("default", "others", "expected"),
    [
        ({"httpHealthCheck": {"requestPath": "/health"}, "type": "HTTP"}, EXPORTED, "passed"),
        ({"httpHealthCheck": {"requestPath": "/health", "port": 80}, "type": "HTTP"}, EXPORTED, "failed"),
        ({"httpsHealthCheck": {"requestPath": "/health"}, "type": "HTTPS"}, EXPORTED, "failed"),
        ({"httpHealthCheck": {"requestPath": "/health"}, "type": "HTTP"}, [], "undecided"),
        ({"tcpHealthCheck": {}, "type": "TCP"}, [], "passed"),
    ],
)
def test_the_check_of_what_clusters_export(default: Any, others: list[R], expected: str) -> None:
    check_verdict(
        PROBE, [gateway(), route(IMPORTED), health(IMPORTED, {"config": default}), *others], expected, "route"
    )


def probe(port: Any = None, kind: str = "HTTP", key: str = "httpHealthCheck", **others: Any) -> dict[str, Any]:
    block = {"requestPath": "/health", **({} if port is None else {"port": port}), **others}
    return {"config": {"type": kind, key: block}}


TLS = probe(None, "HTTPS", "httpsHealthCheck")


def checked(default: Any, *pods: R, **service_port: Any) -> list[R]:
    target = service(spec={"ports": [{"port": 80, "targetPort": 8000, **service_port}]})
    return [gateway(), route(target), target, health(target, default), *(pods or [deployment(LISTED)])]


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(checked(HEALTH), "passed", id="the serving port"),
        pytest.param(checked(probe(8000)), "passed", id="its number"),
        pytest.param(checked(probe(8000, portSpecification="USE_FIXED_PORT")), "passed", id="its number, in full"),
        pytest.param(checked(probe(80)), "failed", id="the port of the Service"),
        pytest.param(checked(probe(80, portSpecification="USE_SERVING_PORT")), "passed", id="its number is not used"),
        pytest.param(checked(probe(portSpecification="USE_NAMED_PORT", portName="x")), "undecided", id="a named port"),
        pytest.param(checked(probe(Computed())), "undecided", id="computed"),
        pytest.param(checked(Computed()), "undecided", id="computed as a whole"),
        pytest.param(checked(probe(9000), deployment(LISTED, SIDECAR)), "passed", id="a sidecar's"),
        pytest.param(checked(probe(9001), deployment(LISTED, SIDECAR)), "undecided", id="perhaps a sidecar's"),
        pytest.param(checked(probe(80), deployment(OTHER)), "undecided", id="another server"),
        pytest.param(checked(probe(80), deployment(LISTED), release()), "undecided", id="beside a release"),
        pytest.param(checked(TLS), "failed", id="TLS where none is spoken"),
        pytest.param(checked(TLS, appProtocol="HTTPS"), "passed", id="TLS where it is"),
        pytest.param(checked(HEALTH, appProtocol="HTTPS"), "failed", id="no TLS where it is spoken"),
        pytest.param(checked(HEALTH, appProtocol="kubernetes.io/h2c"), "passed", id="no TLS in h2c"),
        pytest.param(checked(HEALTH, targetPort="http", appProtocol="HTTPS"), "failed", id="by the name of the port"),
        pytest.param(checked(probe(8000), targetPort="http", appProtocol="HTTPS"), "failed", id="by name and number"),
        pytest.param(checked(probe(8000), targetPort="http"), "passed", id="by name and number, without TLS"),
        pytest.param(checked(TLS, appProtocol="https"), "undecided", id="a protocol that is not known"),
        pytest.param(checked(TLS, appProtocol=Computed()), "undecided", id="computed protocol"),
        pytest.param([*checked(TLS), thing("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "tls")], "undecided",
                     id="a policy may ask for TLS"),
        pytest.param(checked({"config": {"type": "TCP", "tcpHealthCheck": {}}}, appProtocol="HTTPS"), "passed",
                     id="TCP sees no difference"),
        pytest.param(to(80), "passed", id="no policy"),
        pytest.param([*to(80), release()], "undecided", id="a policy may be hidden"),
        pytest.param([gateway(), route(pool()), pool(), health(pool(), TLS)], "failed", id="TLS to a pool"),
        pytest.param([gateway(), route(pool()), pool(), health(pool(), probe(9002))], "undecided", id="port of a pool"),
    ],
)  # fmt: skip
def test_what_the_health_check_probes(stack: list[R], expected: str) -> None:
    check_verdict(PROBE, stack, expected)


def with_config(spec: Any, class_name: Any = "gce", protocol: Any = None, **annotations: str) -> list[R]:
    marks = {"cloud.google.com/backend-config": '{"default": "config"}', **annotations}
    port = {"port": 80, "targetPort": 8000, "name": "web", **({"appProtocol": protocol} if protocol else {})}
    target = service(spec={"ports": [port]}, annotations=marks)
    return [ingress(class_name=class_name), target, backend_config({"healthCheck": spec}), deployment(LISTED)]


OVER_TLS = {"cloud.google.com/app-protocols": '{"web": "HTTPS"}'}


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(with_config({"requestPath": "/health"}), "passed", id="the serving port"),
        pytest.param(with_config({"port": 8000}), "passed", id="its number"),
        pytest.param(with_config({"port": 80}, **NEG), "failed", id="the port of the Service"),
        pytest.param(with_config({"port": 80}, "gce-internal"), "failed", id="an internal Ingress has Pods behind it"),
        pytest.param(with_config({"port": 30080}), "undecided", id="perhaps the port of nodes"),
        pytest.param(with_config({"type": "HTTPS"}), "failed", id="TLS where none is spoken"),
        pytest.param(with_config({"type": "HTTPS"}, **OVER_TLS), "passed", id="TLS where it is"),
        pytest.param(with_config({"type": "HTTP"}, **OVER_TLS), "failed", id="no TLS where it is spoken"),
        pytest.param(with_config({}, **OVER_TLS), "passed", id="without a type"),
        pytest.param(with_config({"port": Computed()}), "undecided", id="computed"),
        pytest.param(with_config({"type": "HTTPS"}, protocol="HTTPS"), "undecided", id="what Gateways read"),
        pytest.param(with_config({"type": "HTTP"}, protocol="HTTP"), "passed", id="no TLS, whichever is read"),
    ],
)
def test_what_an_ingress_probes(stack: list[R], expected: str) -> None:
    check_verdict(PROBE, stack, expected)


@pytest.mark.parametrize(
    ("image", "command", "arguments", "port"),
    [
        ("vllm/vllm-openai:v0.9.1", [], [], 8000),
        ("vllm/vllm-openai", [], ["--model", "m", "--port", "9000"], 9000),
        ("vllm/vllm-openai", [], ["--port=9000"], 9000),
        ("registry.example/copy", ["vllm", "serve", "m"], ["--port=9000"], 9000),
        ("registry.example/copy", ["python3", "-m", "vllm.entrypoints.openai.api_server"], [], 8000),
        ("vllm/vllm-openai", ["/bin/sh", "-c"], ["vllm serve m --port 9000 & nginx"], UNKNOWN),
        ("vllm/vllm-openai", [], ["--port", "$(PORT)"], UNKNOWN),
        ("vllm/vllm-openai", [], ["--port", "1", "--port", "2"], UNKNOWN),
        ("vllm/vllm-openai", [], ["--port"], UNKNOWN),
        ("vllm/vllm-openai", [], ["--config", "vllm.yaml"], UNKNOWN),
        ("vllm/vllm-openai", [], ["--data-parallel-size=4"], UNKNOWN),
        ("registry.example/server", [], [], UNKNOWN),
        ("vllm/vllm-openai", ["vllm", "bench", "serve"], [], UNKNOWN),
    ],
)
def test_the_port_that_a_server_listens_on(image: str, command: list[str], arguments: list[str], port: Any) -> None:
    assert listening_port(image, command, arguments) == port


def fix_of(rule: str, stack: list[R]) -> list[str]:
    return [problem.fix for found in findings(rule, build(*stack)) for problem in found.problems]


def test_the_fix_says_which_port_it_is() -> None:
    assert fix_of(PORT, to(8000)) == [
        "Set `port` of the backend in HTTPRoute `route` to 80: 8000 is the `targetPort`, and a route names the port "
        "of the Service."
    ]
    assert fix_of(PORT, to(443)) == [
        "Set `port` of the backend in HTTPRoute `route` to 80, or add port 443 to `spec.ports` of Service `chat`."
    ]
    assert fix_of(PORT, to(80, target_port="web")) == [
        'Add `"name": "web"` to the `containerPort` 8000 of Deployment `vllm`, or set `targetPort` of Service `chat` '
        "to 8000."
    ]


def test_two_clusters_are_told_apart() -> None:
    other = deployment(VLLM, labels=LABELS, name="other")
    gke, provider = cluster("eu", "europe-west4")
    stack = in_cluster(*to(80, target_port="http", labels=LABELS))
    check_verdict(PORT, all_of(stack, gke, provider, within(provider, other)), "passed")


ATTACHED, NEGS = "controller.autoneg.dev/neg", "cloud.google.com/neg"


def attached(port: str, exposed: Any, *pods: R, ports: Any = None, name: Any = "chat", **others: Any) -> list[R]:
    """A backend service to which a controller attaches a port of a Service with the port 80."""
    entry = {"name": "chat", "max_rate_per_endpoint": 10}
    annotations = {
        NEGS: exposed if isinstance(exposed, Computed) else json.dumps({"exposed_ports": exposed}),
        ATTACHED: json.dumps({"backend_services": {port: [entry]}, **others}),
    }
    spec = {"ports": [{"port": 80, "targetPort": 8000}] if ports is None else ports}
    chat = backend_service(None, options={"ignore_changes": ("backends",)})
    chat.inputs["name"] = name
    return [chat, service("vllm", spec=spec, annotations=annotations), *(pods or [deployment(LISTED)])]


def listing(port: str, name: str = "vllm-neg") -> list[R]:
    """A backend service with the NEG that an annotation of a Service names."""
    url = "projects/p/zones/us-central1-a/networkEndpointGroups/vllm-neg"
    negs = {NEGS: json.dumps({"exposed_ports": {port: {"name": name}}})}
    return [
        backend_service([backend_of(url)]),
        service("vllm", annotations=negs, spec={"ports": [{"port": 80, "targetPort": 8000}]}),
        deployment(LISTED),
    ]


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(attached("80", {"80": {}}), "passed", id="its port"),
        pytest.param(attached("8000", {"80": {}}), "failed", id="attached by the port of its Pods"),
        pytest.param(attached("8000", {"8000": {}}), "failed", id="and exposed by it"),
        pytest.param(attached("80", {}), "failed", id="without a NEG"),
        pytest.param(attached("80", {"80": {}, "443": {}}), "passed", id="another one beside it"),
        pytest.param(attached("80", Computed()), "undecided", id="computed annotation for NEGs"),
        pytest.param(attached("80", {"80": {}}, ports=Computed()), "undecided", id="computed ports"),
        pytest.param(attached("80", {"80": {}}, ports=[{"port": 80, "targetPort": 8080}]), "failed",
                     id="vLLM listens on another"),
        pytest.param(attached("80", {"80": {}}, ports=[{"port": 80, "targetPort": "web"}]), "failed",
                     id="a name that no container has"),
        pytest.param(attached("80", {"80": {}}, name=Computed(value="chat")), "passed", id="to one that may be it"),
        pytest.param(attached("80", {}, name=Computed(value="chat")), ("undecided", "failed"),
                     id="without a NEG, to one that may be it"),
        pytest.param(listing("80"), "passed", id="NEG in the backends"),
        pytest.param(listing("8000"), "failed", id="NEG in the backends, of the port of the Pods"),
        pytest.param(listing("8000", "other"), "not applicable", id="NEG in the backends, of something else"),
    ],
)  # fmt: skip
def test_the_ports_of_negs(stack: list[R], expected: Any) -> None:
    check_verdict(PORT, stack, expected)


def test_an_annotation_of_before_version_1_names_no_port() -> None:
    old = attached("80", {})
    old[1].inputs["metadata"]["annotations"][ATTACHED] = json.dumps({"name": "chat", "max_rate_per_endpoint": 10})
    check_verdict(PORT, old, "passed")
