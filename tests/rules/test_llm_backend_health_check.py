"""`llm-backend-health-check` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.software.servers import SERVERS
from policypack.model.values.values import UNKNOWN
from tests.stacks import Computed, Out, R, backend, build, check_verdict, findings, mig, service

RULE = "llm-backend-health-check"
US = mig()
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1"})
PSC = R(
    "RegionNetworkEndpointGroup", "psc", {"region": "us-central1", "networkEndpointType": "PRIVATE_SERVICE_CONNECT"}
)
HYBRID = R(
    "NetworkEndpointGroup", "hybrid", {"zone": "us-central1-a", "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"}
)
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {})
OTHER_STACK = R("StackReference", "platform")
USES_SERVING_PORT = '"port_specification": "USE_SERVING_PORT"'
PASSTHROUGH = {"region": "us-central1", "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}


def checked(check: R | None, link: Any = ..., backends: Any = None) -> list[R]:
    """A service with this health check."""
    target = (Out(check, "id") if check else None) if link is ... else link
    subject = service([backend(US)] if backends is None else backends, healthChecks=target)
    return [subject, US, SERVERLESS, PSC, HYBRID, INTERNET, OTHER_STACK, *([check] if check else [])]


def of_type(type_: str, **inputs: Any) -> R:
    return R(type_, "check", inputs)


def http(path: Any, kind: str = "http") -> R:
    return of_type("HealthCheck", **{f"{kind}HealthCheck": {"requestPath": path, "port": 8000}})


@pytest.mark.parametrize(
    ("check", "status"),
    [
        (http("/health"), "passed"),
        (http("/health", "https"), "passed"),
        (http("/health", "http2"), "passed"),
        (http("/health?deep=1"), "passed"),
        (http("/health/"), "failed"),
        (http("health"), "failed"),
        (http("/"), "failed"),
        (http("/healthz"), "failed"),
        (http("/v2/health/ready"), "failed"),
        (http(None), "failed"),
        (http(""), "failed"),
        (http(Computed()), "undecided"),
        (of_type("HealthCheck", tcpHealthCheck={"port": 8000}), "failed"),
        (of_type("HealthCheck", tcpHealthCheck={}), "failed"),
        (of_type("HealthCheck", sslHealthCheck={"port": 8000}), "failed"),
        (of_type("HealthCheck", grpcHealthCheck={"port": 8000}), "failed"),
        (of_type("HealthCheck", grpcTlsHealthCheck={"port": 8000}), "failed"),
        (of_type("HealthCheck"), "failed"),
        (of_type("HealthCheck", httpHealthCheck=Computed()), "undecided"),
        (of_type("HealthCheck", httpHealthCheck=[{"requestPath": "/health"}]), "passed"),
        (of_type("RegionHealthCheck", region="us-central1", httpHealthCheck={"requestPath": "/health"}), "passed"),
        (of_type("RegionHealthCheck", region="us-central1", tcpHealthCheck={"port": 1}), "failed"),
        (of_type("HttpHealthCheck", requestPath="/health"), "passed"),
        (of_type("HttpHealthCheck"), "failed"),
        (of_type("HttpsHealthCheck", requestPath="/health"), "passed"),
        (of_type("HttpsHealthCheck", requestPath="/"), "failed"),
    ],
)
def test_the_check(check: R, status: str) -> None:
    check_verdict(RULE, checked(check), status)


@pytest.mark.parametrize(
    ("path", "allowed", "status"),
    [
        ("/v2/health/ready", ["/v2/health/ready"], "passed"),
        ("/health", ["/v2/health/ready"], "failed"),
        ("/health/", ["/health/"], "passed"),
    ],
)
def test_allowed_paths(path: str, allowed: list[str], status: str) -> None:
    check_verdict(RULE, checked(http(path)), status, allowed_paths=allowed)


@pytest.mark.parametrize(
    ("backends", "status"),
    [
        ([backend(US)], "failed"),
        ([backend(HYBRID)], "failed"),
        ([backend(SERVERLESS)], "not applicable"),
        ([backend(PSC)], "not applicable"),
        ([backend(INTERNET)], "not applicable"),
        ([backend("projects/p/regions/r1/networkEndpointGroups/n")], "not applicable"),
        ([backend("projects/p/zones/r1-a/networkEndpointGroups/n")], "failed"),
        ([backend("projects/p/zones/r1-a/instanceGroups/n")], "failed"),
        ([backend(Computed((OTHER_STACK,)))], "undecided"),
        ([backend("zones/r1-a/instanceGroups/n"), backend(Computed((OTHER_STACK,)))], "failed"),
        ([], "undecided"),
    ],
)
def test_no_check(backends: Any, status: str) -> None:
    check_verdict(RULE, checked(None, backends=backends), status)


@pytest.mark.parametrize(
    ("link", "status"),
    [
        ("projects/p-demo/global/healthChecks/elsewhere", "undecided"),
        ("not a url", "undecided"),
        (Computed((OTHER_STACK,)), "undecided"),
        (Computed(), "undecided"),
    ],
)
def test_the_check_is_outside_the_stack(link: Any, status: str) -> None:
    check_verdict(RULE, checked(http("/health"), link), status)


def test_a_check_that_the_backends_do_not_take_is_another_rules_matter() -> None:
    check_verdict(
        RULE, checked(of_type("HealthCheck", tcpHealthCheck={}), backends=[backend(SERVERLESS)]), "not applicable"
    )


def test_a_wrong_check_is_certain_only_if_the_backends_take_one() -> None:
    elsewhere = [backend(Computed((OTHER_STACK,)))]
    check_verdict(RULE, checked(of_type("HealthCheck", tcpHealthCheck={}), backends=elsewhere), "undecided")
    check_verdict(RULE, checked(http("/health"), backends=elsewhere), "passed")


def test_a_list_of_one_check_as_older_providers_had_it() -> None:
    check = http("/")
    check_verdict(RULE, checked(check, [Out(check, "id")]), "failed")


def test_one_of_two_checks_is_not_known() -> None:
    good, bad = http("/health"), R("HealthCheck", "other", {"tcpHealthCheck": {"port": 1}})
    subject = service([backend(US)], healthChecks=Computed((good, bad)))
    check_verdict(RULE, [subject, US, good, bad], "undecided")


def read(**outputs: Any) -> R:
    """A check read with `.get()`: the provider lists all that it has, the unset blocks as null."""
    unset = dict.fromkeys(["httpHealthCheck", "httpsHealthCheck", "http2HealthCheck", "tcpHealthCheck"])
    unset |= dict.fromkeys(["sslHealthCheck", "grpcHealthCheck", "grpcTlsHealthCheck"])
    shown = {"id": "projects/p/global/healthChecks/c", **unset, **outputs}
    return R("HealthCheck", "check", {}, {"inputs": None, "outputs": shown, "is_read": True})


@pytest.mark.parametrize(
    ("outputs", "status"),
    [
        ({"httpHealthCheck": {"requestPath": "/"}}, "failed"),
        ({"httpHealthCheck": {"requestPath": "/health"}}, "passed"),
        ({"httpHealthCheck": {"requestPath": UNKNOWN}}, "undecided"),
        ({"tcpHealthCheck": {"port": 8000}}, "failed"),
        ({"httpHealthCheck": UNKNOWN}, "undecided"),
    ],
)
def test_a_check_that_is_read_is_judged_by_its_outputs(outputs: dict[str, Any], status: str) -> None:
    subject = service([backend(US)], healthChecks="projects/p/global/healthChecks/c")
    check_verdict(RULE, [subject, US, read(**outputs)], status)


def test_a_check_of_which_only_the_id_was_read_is_not_judged() -> None:
    outputs = {"id": "projects/p/global/healthChecks/c"}
    only_id = R("HealthCheck", "check", {}, {"inputs": None, "outputs": outputs, "is_read": True})
    subject = service([backend(US)], healthChecks=outputs["id"])
    check_verdict(RULE, [subject, US, only_id], "undecided")


def test_the_message_names_the_check_and_its_path() -> None:
    check = http("/healthz")
    (found,) = findings(RULE, build(service([backend(US)], healthChecks=Out(check, "id")), US, check))
    assert found.problems[0].observed == "Its health check `check` requests `/healthz`."


@pytest.mark.parametrize(
    ("check", "servers", "status"),
    [
        (http("/health"), ["triton"], "passed"),
        (http("/v2/health/ready"), ["triton"], "passed"),
        (http("/v2/health/live"), ["triton"], "failed"),
        (http("/v1/health/ready"), ["nim"], "passed"),
        (http("/v1/health/ready"), ["triton"], "failed"),
        (http("/health/readiness"), ["litellm"], "passed"),
        (http("/health/liveliness"), ["litellm"], "failed"),
        (http("/ready"), ["sglang"], "passed"),
        (http("/liveness"), ["sglang"], "failed"),
        (http("/v1/health"), ["llama.cpp"], "passed"),
        (http("/api/version"), ["ollama"], "passed"),
        (http("/api/version"), [], "failed"),
        (http("/-/healthz"), ["ray-serve"], "passed"),
        (http("/-/healthz"), ["vllm", "tgi", "tei", "trtllm-serve", "lmdeploy", "vllm-router"], "failed"),
    ],
)
def test_servers(check: R, servers: list[str], status: str) -> None:
    check_verdict(RULE, checked(check), status, servers=servers)


GRPC, GRPC_TLS = (of_type("HealthCheck", **{f"grpc{tls}HealthCheck": {"port": 8001}}) for tls in ("", "Tls"))


@pytest.mark.parametrize(
    ("check", "protocols", "status"),
    [
        (GRPC, ["GRPC"], "passed"),
        (GRPC_TLS, ["GRPC"], "failed"),
        (GRPC_TLS, ["GRPC", "GRPC_WITH_TLS"], "passed"),
        (of_type("HealthCheck", tcpHealthCheck={"port": 8000}), ["GRPC"], "failed"),
        (of_type("HealthCheck"), ["GRPC"], "failed"),
        (http("/health"), ["GRPC"], "passed"),
        (http("/"), ["GRPC"], "failed"),
    ],
)
def test_protocols(check: R, protocols: list[str], status: str) -> None:
    check_verdict(RULE, checked(check), status, protocols=protocols)


def test_a_path_may_be_refused_where_a_protocol_is_accepted() -> None:
    check_verdict(RULE, checked(GRPC), "passed", allowed_paths=[], protocols=["GRPC"])
    check_verdict(RULE, checked(http("/health")), "failed", allowed_paths=[], protocols=["GRPC"])


@pytest.mark.parametrize(("backends", "options"), [([], {}), (None, {}), (None, {"ignore_changes": ("backends",)})])
def test_a_check_is_judged_before_there_are_backends(backends: Any, options: dict[str, Any]) -> None:
    for check, status in ((http("/"), "failed"), (GRPC, "failed"), (http("/health"), "passed")):
        subject = service(backends, healthChecks=Out(check, "id"), options=options)
        check_verdict(RULE, [subject, check], status)


def running(script: Any, key: str = "metadataStartupScript") -> list[R]:
    template = R("InstanceTemplate", "template", {key: script})
    return [mig(versions=[{"instanceTemplate": Out(template, "id")}]), template]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "docker run ollama/ollama",
            ["`/api/version`", '`servers=["ollama"]`', "only shows that its process"],
        ),
        ("docker run ghcr.io/berriai/litellm", ["`/health/readiness`", "names litellm)."]),
        ("docker run nvcr.io/nvidia/tritonserver:25.01-py3", ["`/v2/health/ready`", "names triton)."]),
        ("docker run nvcr.io/nim/meta/llama3-8b", ["`/v1/health/ready`", "names nim)."]),
        ("docker run vllm/vllm-openai", ["Set `request_path` of `check` to `/health`."]),
        ("docker run me/server", ["the server's health path"]),
        ("docker run vllm/vllm-openai; docker run ollama/ollama", ["Set `request_path` of `check` to `/health`."]),
        (Computed(), ["the server's health path"]),
    ],
)
@pytest.mark.parametrize("key", ["metadataStartupScript", "metadata"])
def test_the_fix_names_the_path_of_the_server(script: Any, words: list[str], key: str) -> None:
    group, template = running({"user-data": script} if key == "metadata" else script, key)
    (found,) = findings(RULE, build(*checked(http("/"), backends=[backend(group)]), group, template))
    assert all(one in found.problems[0].fix for one in words), found.problems[0].fix
    (found,) = findings(RULE, build(*checked(None, backends=[backend(group)]), group, template))
    assert found.problems[0].fix.startswith("Create a `HealthCheck`")


@pytest.mark.parametrize(
    ("script", "options", "expected"),
    [
        ("docker run nvcr.io/nvidia/tritonserver:25.01-py3", {}, "undecided"),
        ("docker run nvcr.io/nvidia/tritonserver:25.01-py3", {"servers": ["triton"]}, "undecided"),
        ("docker run nvcr.io/nvidia/tritonserver:25.01-vllm-python-py3 vllm serve", {}, "passed"),
        ("docker run europe-docker.pkg.dev/p/llm/ollama:0.9", {}, "undecided"),
        ("docker run ghcr.io/berriai/litellm:main", {}, "undecided"),
        ("docker run vllm/vllm-openai", {}, "passed"),
        ("docker run me/server", {}, "passed"),
        (Computed(), {}, "passed"),
    ],
)
def test_a_path_that_the_server_lacks(script: Any, options: dict[str, Any], expected: str) -> None:
    group, template = running(script)
    check_verdict(RULE, [*checked(http("/health?x"), backends=[backend(group)]), group, template], expected, **options)


@pytest.mark.parametrize(
    ("script", "path", "expected"),
    [
        pytest.param("docker run nvcr.io/nim/meta/llama3-8b", "/v1/health/ready", "passed", id="NIM"),
        pytest.param("docker run nvcr.io/nim/meta/llama3-8b", "/v1/health/live", "failed", id="alive only"),
        pytest.param("docker run nvcr.io/nim/meta/llama3-8b", "/v2/health/ready", "failed", id="of another server"),
        pytest.param("tritonserver --model-repository=/m", "/v2/health/ready", "passed", id="Triton"),
        pytest.param("docker run ghcr.io/berriai/litellm", "/health/readiness", "passed", id="LiteLLM"),
        pytest.param("docker run lmsysorg/sglang", "/ready", "passed", id="SGLang"),
        pytest.param("docker run ollama/ollama", "/api/version", "failed", id="a process that may have no model"),
        pytest.param("tritonserver; docker run ollama/ollama", "/v2/health/ready", "failed", id="one of two servers"),
        pytest.param("docker run me/server", "/v2/health/ready", "failed", id="no server"),
        pytest.param(Computed(), "/v2/health/ready", "failed", id="a computed script"),
    ],
)
def test_a_path_of_the_server_that_the_startup_names(script: Any, path: str, expected: str) -> None:
    group, template = running(script)
    check_verdict(RULE, [*checked(http(path), backends=[backend(group)]), group, template], expected)


def test_the_fix_of_the_path_of_a_running_process_is_the_option() -> None:
    group, template = running("docker run ollama/ollama")
    (found,) = findings(RULE, build(*checked(http("/api/version"), backends=[backend(group)]), group, template))
    assert [problem.fix for problem in found.problems] == [
        "It is the path of ollama, which the startup configuration of its VMs names, and shows only that the process "
        'is running. If that is enough, set the option `servers=["ollama"]`.'
    ]


@pytest.mark.parametrize(
    ("asked", "group", "inputs", "said"),
    [
        pytest.param(None, mig(), {}, '"port": 8000', id="the named port"),
        pytest.param(None, mig(ports=["web"]), {}, USES_SERVING_PORT, id="a named port that is missing"),
        pytest.param(None, mig(namedPorts=Computed()), {}, USES_SERVING_PORT, id="computed named ports"),
        pytest.param(None, mig(ports=["web"]), PASSTHROUGH, '"port": ...', id="a passthrough load balancer"),
        pytest.param(R("HealthCheck", "check", {"tcpHealthCheck": {"port": 9000}}), mig(), {}, '"port": 9000',
                     id="the port that the check asks"),
        pytest.param(R("HealthCheck", "check", {"tcpHealthCheck": {}}), mig(), {}, '"port": 8000',
                     id="a check without a port"),
    ],
)  # fmt: skip
def test_the_fix_has_the_port(asked: R | None, group: R, inputs: dict[str, Any], said: str) -> None:
    url = Out(asked, "id") if asked else None
    chat = service([backend(group)], **{"healthChecks": url, **inputs})
    (found,) = findings(RULE, build(chat, group, *([asked] if asked else [])))
    assert f'"request_path": "/health", {said}}}' in found.problems[0].fix


def test_what_the_fix_says_passes() -> None:
    for name, server in SERVERS.items():
        check_verdict(RULE, checked(http(server.paths[0])), "passed", servers=[name])


@pytest.mark.parametrize(
    ("ha_policy", "observed"),
    [
        pytest.param(None, ["It has no health check."], id="no leader"),
        pytest.param(
            {"fastIpMove": "GARP_RA"},
            ["It has `ha_policy`: one VM is the leader, and nothing checks its health."],
            id="a leader",
        ),
        pytest.param(Computed(), [], id="unknown"),
    ],
)
def test_a_service_with_a_leader_is_not_told_to_take_a_health_check(ha_policy: Any, observed: list[str]) -> None:
    subject = service([backend(US)], **{**PASSTHROUGH, "haPolicy": ha_policy, "healthChecks": None})
    (found,) = findings(RULE, build(subject, US))
    assert [problem.observed for problem in found.problems] == observed
    assert (found.status == "undecided") is not bool(observed)
