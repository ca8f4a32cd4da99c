"""What rules say of backends of Ingresses on GKE: by BackendConfigs and by readiness probes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.clusters import VLLM, backend_config, deployment, ingress, policy, served, service
from tests.stacks import Computed, R, build, check_verdict, findings

CHECK, TIMEOUT = "llm-backend-health-check", "llm-backend-timeout"
DRAINING, LOGGING = "llm-backend-draining", "llm-backend-logging"
SERVICE, VLLM_PODS = service(), deployment()
CONFIG = {
    "timeoutSec": 900,
    "connectionDraining": {"drainingTimeoutSec": 900},
    "logging": {"enable": True, "sampleRate": 1.0},
    "healthCheck": {"type": "HTTP", "requestPath": "/health"},
}


def behind_ingress(config: Any, *others: R, names: str = '{"default": "config"}') -> list[R]:
    annotations = {"cloud.google.com/backend-config": names}
    return [ingress(), service(annotations=annotations), backend_config(config), *(others or (VLLM_PODS,))]


@pytest.mark.parametrize(
    ("rule", "without", "expected"),
    [
        pytest.param(CHECK, {"healthCheck": {"type": "HTTP", "requestPath": "/"}}, "failed", id="root"),
        pytest.param(CHECK, {"healthCheck": {"type": "TCP"}}, "failed", id="TCP"),
        pytest.param(CHECK, {"healthCheck": None}, "failed", id="no check and no probe"),
        pytest.param(TIMEOUT, {"timeoutSec": None}, "failed", id="30 s"),
        pytest.param(TIMEOUT, {"timeoutSec": 60}, "failed", id="60 s"),
        pytest.param(DRAINING, {"connectionDraining": {"drainingTimeoutSec": 0}}, "failed", id="no draining"),
        pytest.param(DRAINING, {"connectionDraining": None}, "undecided", id="draining left out"),
        pytest.param(LOGGING, {"logging": {"enable": False}}, "failed", id="log off"),
        pytest.param(LOGGING, {"logging": {"enable": True, "sampleRate": 0.0}}, "failed", id="log of nothing"),
        pytest.param(LOGGING, {"logging": None}, "undecided", id="log left out"),
    ],
)
def test_backend_config(rule: str, without: dict[str, Any], expected: str) -> None:
    spec = {key: value for key, value in {**CONFIG, **without}.items() if value is not None}
    check_verdict(rule, behind_ingress(CONFIG), "passed")
    check_verdict(rule, behind_ingress(spec), expected)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param('{"default": "config"}', "failed", id="default"),
        pytest.param('{"ports": {"80": "config"}}', "failed", id="by the port"),
        pytest.param('{"ports": {"http": "config"}}', "failed", id="by a name that no port has"),
        pytest.param('{"default": "other"}', "undecided", id="outside the stack"),
        pytest.param("config", "undecided", id="no JSON"),
        pytest.param(Computed(), "undecided", id="computed"),
    ],
)
def test_which_backend_config_counts(names: Any, expected: str) -> None:
    check_verdict(TIMEOUT, behind_ingress({"timeoutSec": 60}, names=names), expected)


@pytest.mark.parametrize(
    ("ports", "names", "expected"),
    [
        pytest.param([{"name": "api", "port": 80}], '{"ports": {"api": "config"}}', "passed", id="by its name"),
        pytest.param([{"name": "api", "port": 80}], '{"ports": {"80": "config"}}', "passed", id="by its number"),
        pytest.param([{"name": "api", "port": 80}], '{"ports": {"8080": "config"}}', "failed", id="another port"),
        pytest.param([{"name": "api", "port": 80}], '{"ports": {"8080": "x"}, "default": "config"}', "undecided",
                     id="another port, and a default"),
        pytest.param([{"name": Computed(), "port": 80}], '{"ports": {"api": "config"}}', "undecided",
                     id="a computed name"),
        pytest.param(Computed(), '{"ports": {"8080": "config"}}', "undecided", id="computed ports"),
        pytest.param(Computed(), '{"ports": {"8080": "config"}, "default": "config"}', "passed", id="one for all"),
    ],
)  # fmt: skip
def test_a_backend_config_for_a_port(ports: Any, names: str, expected: str) -> None:
    target = service(annotations={"cloud.google.com/backend-config": names})
    target.inputs["spec"] = {**target.inputs["spec"], "ports": ports}
    check_verdict(TIMEOUT, [ingress(), target, backend_config(CONFIG), VLLM_PODS], expected)


def test_the_annotation_of_the_beta_names_a_backend_config() -> None:
    target = service(annotations={"beta.cloud.google.com/backend-config": '{"default": "config"}'})
    check_verdict(TIMEOUT, [ingress(), target, backend_config({"timeoutSec": 900}), VLLM_PODS], "passed")


PROBE = {"httpGet": {"path": "/health", "port": 8000}}
LISTED = {**VLLM, "ports": [{"containerPort": 8000, "name": "http"}]}
PROBED = deployment({**LISTED, "readinessProbe": PROBE})
PERHAPS_PROBED = deployment({**LISTED, "readinessProbe": PROBE}, labels=Computed())


def probed(container: Any = LISTED, target_port: Any = 8000, **request: Any) -> list[R]:
    """An Ingress to Pods with a readiness probe of the health path."""
    probe = {"httpGet": {"path": "/health", "port": 8000, **request}}
    target = service(spec={"ports": [{"port": 80, "targetPort": target_port, "name": "web"}]})
    return [ingress(class_name="gce"), target, deployment({**container, "readinessProbe": probe})]


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(probed(), "passed", id="of the port that serves"),
        pytest.param(probed(port="http"), "passed", id="by its name"),
        pytest.param(probed(target_port="http"), "passed", id="which the Service names"),
        pytest.param(probed(VLLM), "failed", id="the container lists no ports"),
        pytest.param(probed(port=8001), "failed", id="of another port"),
        pytest.param(probed(target_port=8001), "failed", id="the Service has another"),
        pytest.param(probed(scheme="HTTPS"), "failed", id="of another protocol"),
        pytest.param(probed(scheme="HTTP"), "passed", id="of its protocol, in words"),
        pytest.param(probed(host="chat.example.com"), "failed", id="with a host"),
        pytest.param(probed(httpHeaders=[{"name": "Host", "value": "chat"}]), "passed", id="with the header Host"),
        pytest.param(probed(httpHeaders=[{"name": "Authorization", "value": "x"}]), "failed", id="with a header"),
        pytest.param(probed({**LISTED, "ports": Computed()}), "undecided", id="computed ports"),
        pytest.param(probed(path=Computed()), "undecided", id="computed path"),
        pytest.param(probed(port=Computed()), "undecided", id="computed port"),
        pytest.param(probed(target_port=Computed()), "undecided", id="computed port of the Service"),
    ],
)
def test_an_ingress_takes_over_only_some_readiness_probes(stack: list[R], expected: str) -> None:
    check_verdict(CHECK, stack, expected)


def test_the_message_says_why_a_readiness_probe_does_not_count() -> None:
    (found,) = findings(CHECK, build(*probed(VLLM)))
    assert [problem.observed for problem in found.problems] == [
        "The Ingress requests `/` of Service `chat`, not the path of the readiness probe: it takes over only a probe "
        "of the port that the Service's `targetPort` and the container's `ports` both name, with the Service's "
        "protocol."
    ]


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param([ingress(class_name="gce"), SERVICE, PROBED], "passed", id="readiness probe"),
        pytest.param([ingress(class_name="gce"), SERVICE, VLLM_PODS], "failed", id="no probe"),
        pytest.param([ingress(class_name="gce"), SERVICE], "undecided", id="Pods elsewhere"),
        pytest.param([ingress(class_name="gce"), SERVICE, PERHAPS_PROBED], "undecided", id="computed labels of Pods"),
        pytest.param([ingress(class_name="nginx"), SERVICE, VLLM_PODS], None, id="another controller's class"),
        pytest.param([ingress(), SERVICE, VLLM_PODS], "undecided", id="no class, and perhaps no GKE"),
    ],
)
def test_ingress_reads_readiness_probes(stack: list[R], expected: str | None) -> None:
    check_verdict(CHECK, stack, expected)


def test_a_computed_backend_of_an_ingress_may_be_any() -> None:
    front = ingress(class_name="gce")
    front.inputs["spec"]["defaultBackend"] = Computed()
    check_verdict(CHECK, [front, SERVICE, VLLM_PODS], "failed")
    front.inputs["spec"].pop("rules")
    check_verdict(CHECK, [front, SERVICE, VLLM_PODS], "undecided", "front")


def test_each_rule_is_one_finding_for_a_service_of_two_fronts() -> None:
    target = service(annotations={"cloud.google.com/backend-config": '{"default": "config"}'})
    stack = [*served(target, VLLM_PODS, policy(target)), ingress(name="ingress"), backend_config({"timeoutSec": 60})]
    (found,) = findings(TIMEOUT, build(*stack))
    assert [problem.observed for problem in found.problems] == [
        "The timeout of Service `chat` is 60 s, as BackendConfig `config` says."
    ]
