"""`run-service-probes` on failing, passing, unknown and not applicable services."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.config.error import ConfigurationError
from tests.rules.runs import FUNCTION, HTTP, PROBED, STARTUP, US, V1, chained, run, without
from tests.stacks import Computed, R, build, check_verdict, finding, statuses

RULE = "run-service-probes"
GPU = {"resources": {"limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}}}


def startup(**changes: Any) -> dict[str, Any]:
    return {**PROBED, "startupProbe": {**STARTUP, **changes}}


def readiness(probe: Any) -> dict[str, Any]:
    return {**PROBED, "readinessProbe": probe}


def liveness(**changes: Any) -> dict[str, Any]:
    return {**PROBED, "livenessProbe": {**HTTP, **changes}}


LATEST = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param(PROBED, "passed", id="both probes on the health path"),
        pytest.param(without("startupProbe"), "failed", id="no startup probe"),
        pytest.param(without("readinessProbe"), "failed", id="no readiness probe"),
        pytest.param({**PROBED, "startupProbe": {"tcpSocket": {"port": 8000}, "failureThreshold": 60}}, "failed",
                     id="startup by open port"),
        pytest.param({**PROBED, "startupProbe": {"periodSeconds": 240}}, "failed", id="no kind is a TCP probe"),
        pytest.param({**PROBED, "startupProbe": {"grpc": {}, "failureThreshold": 60}, "readinessProbe": {"grpc": {}}},
                     "passed", id="gRPC server"),
        pytest.param(startup(tcpSocket={"port": 8000}), "failed", id="two kinds at once"),
        pytest.param(startup(httpGet={"path": "/"}), "failed", id="startup on another path"),
        pytest.param(startup(httpGet={}), "failed", id="startup on the default path"),
        pytest.param(readiness({"httpGet": {"path": "/health/"}}), "failed", id="readiness on another path"),
        pytest.param(readiness({"httpGet": {"path": "/health?deep"}}), "passed", id="query"),
        pytest.param(startup(failureThreshold=23), "failed", id="230 s"),
        pytest.param(startup(failureThreshold=24), "passed", id="240 s"),
        pytest.param(startup(failureThreshold=20, initialDelaySeconds=60), "passed", id="with the delay"),
        pytest.param(startup(failureThreshold=None), "failed", id="default of 3 failures"),
        pytest.param(startup(failureThreshold=60), "passed", id="600 s without a GPU"),
        pytest.param(startup(failureThreshold=61), "undecided", id="610 s without a GPU"),
        pytest.param({**startup(failureThreshold=61), **GPU}, "passed", id="610 s with a GPU"),
        pytest.param({**startup(failureThreshold=180), **GPU}, "passed", id="1800 s with a GPU"),
        pytest.param({**startup(failureThreshold=181), **GPU}, "failed", id="1810 s with a GPU"),
        pytest.param(startup(timeoutSeconds=11), "failed", id="timeout above the period"),
        pytest.param(startup(timeoutSeconds=10), "passed", id="timeout as long as the period"),
        pytest.param(readiness({**HTTP, "timeoutSeconds": 20}), "failed", id="readiness timeout above the period"),
        pytest.param({**PROBED, "image": "ollama/ollama:0.9"}, "undecided", id="a path that the server lacks"),
        pytest.param({**PROBED, "image": "eu.pkg.dev/acme/litellm"}, "undecided", id="an image without a tag"),
        pytest.param({**PROBED, "image": "eu.pkg.dev/acme/ollama@sha256:0a"}, "undecided", id="an image by its digest"),
        pytest.param({**PROBED, "image": "eu.pkg.dev/acme/ollama-ui:1"}, "passed", id="another image"),
        pytest.param({**PROBED, "image": "x", "commands": ["ollama", "serve"]}, "undecided", id="named by the command"),
        pytest.param({**PROBED, "image": "vllm/vllm-openai"}, "passed", id="the path of the server"),
        pytest.param({**PROBED, "image": Computed()}, "passed", id="computed image"),
        pytest.param(liveness(), "passed", id="liveness by default"),
        pytest.param(liveness(periodSeconds=5), "failed", id="liveness of 15 s"),
        pytest.param(liveness(periodSeconds=30, failureThreshold=5), "passed", id="patient liveness"),
        pytest.param(startup(httpGet={"path": Computed()}), "undecided", id="computed path"),
        pytest.param(startup(failureThreshold=Computed()), "undecided", id="computed threshold"),
        pytest.param({**PROBED, "startupProbe": Computed()}, "undecided", id="computed startup probe"),
        pytest.param(readiness(Computed()), "undecided", id="computed readiness probe"),
        pytest.param(readiness({"httpGet": Computed()}), "undecided", id="computed kind"),
        pytest.param(startup(tcpSocket=Computed()), "undecided", id="perhaps two kinds at once"),
        pytest.param({**PROBED, "livenessProbe": Computed()}, "undecided", id="computed liveness probe"),
    ],
)  # fmt: skip
def test_probes(container: dict[str, Any], expected: str) -> None:
    cleaned = {
        key: {k: v for k, v in probe.items() if v is not None} if isinstance(probe, dict) else probe
        for key, probe in container.items()
    }
    check_verdict(RULE, chained(run(US, cleaned, logical="chat")), expected)


@pytest.mark.parametrize(
    ("inputs", "options", "expected"),
    [
        pytest.param({"template": {"nodeSelector": {"accelerator": "nvidia-l4"}}}, {}, "passed", id="accelerator"),
        pytest.param({"template": {"sessionAffinity": True}}, {}, "undecided", id="clients stay with their instance"),
        pytest.param({"template": {"sessionAffinity": False}}, {}, "passed", id="no session affinity"),
        pytest.param({"template": {"healthCheckDisabled": True}}, {}, "undecided", id="deploys unchecked"),
        pytest.param(
            {"template": {"healthCheckDisabled": True, "containers": [{"image": "llm"}]}},
            {},
            "undecided",
            id="deploys unchecked without a probe",
        ),
        pytest.param({"traffics": [{"revision": "x"}]}, {}, "undecided", id="another revision"),
        pytest.param({"traffics": [*LATEST, {"revision": "x", "tag": "preview"}]}, {}, "passed", id="a preview"),
        pytest.param({"traffics": [*LATEST, {"revision": "x", "percent": 0}]}, {}, "passed", id="none for another"),
        pytest.param(
            {"traffics": [{"percent": 90}, {"revision": "x", "percent": 10}]}, {}, "undecided", id="some for another"
        ),
        pytest.param(
            {"traffics": [{"percent": Computed(value=100)}, {"revision": "x"}]},
            {},
            ("undecided", "passed"),
            id="a share unknown",
        ),
        pytest.param({"traffics": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}]}, {}, "passed", id="latest"),
        pytest.param({"template": {"containers": Computed()}}, {}, "undecided", id="computed containers"),
        pytest.param({"template": {"containers": [PROBED, {"image": "logs"}]}}, {}, "passed", id="sidecar"),
        pytest.param({"template": {"containers": [{"image": "a"}, {"image": "b"}]}}, {}, "undecided", id="no ports"),
        pytest.param({}, {"allowed_paths": ["/v2/health/ready"]}, "failed", id="other path"),
        pytest.param({}, {"min_startup_seconds": 900}, "failed", id="longer start"),
    ],
)
def test_services(inputs: dict[str, Any], options: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, chained(run(US, logical="chat", **inputs)), expected, **options)


def test_the_first_api_version() -> None:
    def v1(container: dict[str, Any]) -> R:
        return R(V1, "chat", {"name": "llm", "location": US, "template": {"spec": {"containers": [container]}}})

    container = {**PROBED, "ports": [{"containerPort": 8000}]}
    check_verdict(RULE, chained(v1(container)), "passed")
    check_verdict(RULE, chained(v1({"image": "x"})), "failed")


def test_functions_and_services_off_the_path() -> None:
    function = R(FUNCTION, "chat", {"name": "llm", "location": US})
    check_verdict(RULE, chained(function), "not applicable")
    check_verdict(RULE, [run(US, {"image": "x"}, logical="chat")], None)


def test_a_service_that_is_read() -> None:
    containers = [{"image": "x", "startupProbe": {}}]
    outputs = {"name": "llm", "location": US, "traffics": [], "template": {"containers": containers}}
    read = R("gcp:cloudrunv2/service:Service", "chat", {}, {"inputs": None, "outputs": outputs, "is_read": True})
    check_verdict(RULE, chained(read), "failed")


def test_the_fix_names_the_path_of_the_server() -> None:
    for image, path, more in (
        ("ollama/ollama", "/api/version", " (it names ollama), and add `/api/version` to the option `allowed_paths`"),
        ("lmsysorg/sglang", "/health", ""),
        ("me/server", "/health", ""),
    ):
        _, readiness = finding(RULE, *chained(run(US, {"image": image}))).problems
        assert readiness.fix == f'Set `readiness_probe={{"http_get": {{"path": "{path}"}}}}` on the container{more}.'


def test_the_fix_for_the_path_of_the_server_is_to_allow_it() -> None:
    asked = {"httpGet": {"path": "/health/readiness"}, "failureThreshold": 60}
    container = {**PROBED, "image": "eu.pkg.dev/acme/litellm@sha256:0a", "startupProbe": asked, "readinessProbe": asked}
    problems = finding(RULE, *chained(run(US, container))).problems
    fix = "Add `/health/readiness`, which is a health path of litellm, to the option `allowed_paths`."
    assert {problem.fix for problem in problems} == {fix}
    check_verdict(RULE, chained(run(US, container)), "passed", "llm-us-central1", allowed_paths=["/health/readiness"])


def test_the_messages() -> None:
    assert [problem.observed for problem in finding(RULE, *chained(run(US, {"image": "x"}))).problems] == [
        "It has no `startup_probe`: Cloud Run waits until its port is open.",
        "It has no `readiness_probe`.",
    ]


def test_no_allowed_path_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="allowed_paths"):
        statuses(RULE, build(), allowed_paths=[])
