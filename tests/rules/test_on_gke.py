"""What rules say of backends that GKE makes, by their policies: failing, passing, unknown and legal neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policypack.model.gke.backends import gke_backends
from policypack.model.gke.policies import Policy
from policypack.model.values.secret import secret
from policypack.rules.on_gke.policies import how_to_create
from tests.rules.clusters import (
    CROSS_REGION,
    HEALTH,
    LABELS,
    OLD_POOLS,
    SETTINGS,
    VLLM,
    config_group,
    deployment,
    gateway,
    health,
    policy,
    pool,
    ref,
    release,
    route,
    served,
    service,
    thing,
)
from tests.stacks import Computed, Out, R, build, check_verdict, findings

CHECK, TIMEOUT = "llm-backend-health-check", "llm-backend-timeout"
DRAINING, LOGGING = "llm-backend-draining", "llm-backend-logging"
OTHER_STACK = R("StackReference", "platform")
POOL, SERVICE, VLLM_PODS = pool(), service(), deployment()
TCP = {"config": {"type": "TCP", "tcpHealthCheck": {}}}
ROOT = {"config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/"}}}
GRPC = {"config": {"type": "GRPC", "grpcHealthCheck": {}}}
BY_OUTPUT = {"group": "", "kind": "Service", "name": Out(SERVICE)}


def http(path: Any = None, kind: str = "HTTP", key: str = "httpHealthCheck") -> dict[str, Any]:
    return {"config": {"type": kind, key: {} if path is None else {"requestPath": path}}}


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        pytest.param(HEALTH, "passed", id="health path"),
        pytest.param(http("/health?full=1"), "passed", id="with a query"),
        pytest.param(http("/health", "HTTPS", "httpsHealthCheck"), "passed", id="HTTPS"),
        pytest.param(http("/health", "HTTP2", "http2HealthCheck"), "passed", id="HTTP/2"),
        pytest.param({**HEALTH, "logConfig": {"enabled": True}}, "passed", id="with a log"),
        pytest.param(ROOT, "failed", id="root"),
        pytest.param(http(), "failed", id="path left out is the root"),
        pytest.param({}, "failed", id="config left out is the root"),
        pytest.param(http("/health/"), "failed", id="with a slash at the end"),
        pytest.param(TCP, "failed", id="TCP"),
        pytest.param(GRPC, "failed", id="gRPC"),
        pytest.param(http("/health", "HTTP", "tcpHealthCheck"), "undecided", id="block of another type"),
        pytest.param(http("/health", "QUIC"), "undecided", id="unheard-of type"),
        pytest.param(http(Computed()), "undecided", id="computed path"),
        pytest.param({"config": Computed()}, "undecided", id="computed config"),
        pytest.param(Computed(), "undecided", id="computed default"),
    ],
)
def test_health_check_policy(default: Any, expected: str) -> None:
    check_verdict(CHECK, served(POOL, health(POOL, default)), expected)
    check_verdict(CHECK, served(SERVICE, health(SERVICE, default), VLLM_PODS), expected)


def test_a_grpc_check_is_right_where_the_option_or_the_pool_says_so() -> None:
    check_verdict(CHECK, served(POOL, health(POOL, GRPC)), "passed", protocols=["GRPC"])
    h2c = pool()
    h2c.inputs["spec"] = {**h2c.inputs["spec"], "appProtocol": "kubernetes.io/h2c"}
    check_verdict(CHECK, served(h2c, health(h2c, GRPC)), "undecided")
    check_verdict(CHECK, served(POOL, health(POOL, http("/v2/health/ready"))), "passed", servers=["triton"])


@pytest.mark.parametrize(
    ("image", "path", "expected"),
    [
        ("nvcr.io/nvidia/tritonserver:25.01-py3", "/health", "undecided"),
        ("nvcr.io/nvidia/tritonserver:25.01-py3", "/v2/health/ready", "passed"),
        ("nvcr.io/nvidia/tritonserver:25.01-py3", "/v2/health/live", "failed"),
        ("vllm/vllm-openai", "/v2/health/ready", "failed"),
        ("vllm/vllm-openai", "/health", "passed"),
    ],
)
def test_a_path_that_the_server_lacks(image: str, path: str, expected: str) -> None:
    pods = deployment({"image": image, "resources": VLLM["resources"]})
    check_verdict(CHECK, served(SERVICE, health(SERVICE, http(path)), pods), expected)


def moved(policy: R, namespace: Any) -> R:
    metadata = {**policy.inputs["metadata"], "namespace": namespace}
    return replace(policy, inputs={**policy.inputs, "metadata": metadata})


ELSEWHERE = {"group": "", "kind": "Service", "name": "body-router"}


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(served(POOL), "failed", id="no policy"),
        pytest.param(served(POOL, deployment({**VLLM, "readinessProbe": {"httpGet": {"path": "/health"}}})), "failed",
                     id="readiness probe does not count"),
        pytest.param(served(POOL, release()), "undecided", id="beside a Helm release"),
        pytest.param(served(POOL, release(provider={"kubeconfig": "other"})), "failed", id="release elsewhere"),
        pytest.param(served(POOL, config_group()), "undecided", id="beside a component without children"),
        pytest.param(served(POOL, config_group(), thing("v1", "Service", "web")), "undecided", id="and another object"),
        pytest.param(served(POOL, thing("argoproj.io/v1alpha1", "Application", "app")), "undecided", id="Argo CD"),
        pytest.param(served(POOL, health(ELSEWHERE)), "failed", id="policy of something else"),
        pytest.param(served(POOL, health(POOL), health(ELSEWHERE, GRPC, "router")), "passed", id="gRPC of a router"),
        pytest.param(served(POOL, health(ref(POOL, name="other"))), "failed", id="of another name"),
        pytest.param(served(POOL, health(ref(POOL, group="", kind="Service"))), "failed", id="of another kind"),
        pytest.param(served(POOL, health(ref(POOL, namespace="web"))), "failed", id="of another namespace"),
        pytest.param(served(POOL, health(ref(POOL, namespace="llm"))), "passed", id="of its own namespace, in words"),
        pytest.param(served(pool(namespace="llm"), moved(health(POOL), "web")), "failed", id="in another namespace"),
        pytest.param(served(POOL, moved(health(POOL), Computed())), "undecided", id="in a computed namespace"),
        pytest.param(served(POOL, health(ref(POOL, name=Computed()))), "undecided", id="computed target"),
        pytest.param(served(POOL, health(Computed())), "undecided", id="computed reference"),
        pytest.param(served(POOL, health(Computed(), ROOT)), "failed", id="wrong with it and without it"),
        pytest.param(served(POOL, health(POOL), health(POOL, TCP, "second")), "undecided", id="two that differ"),
        pytest.param(served(POOL, health(POOL, ROOT), health(POOL, TCP, "second")), "failed", id="two wrong ones"),
        pytest.param(served(POOL, health(POOL), health(POOL, name="second")), "passed", id="two that agree"),
        pytest.param(served(SERVICE, health(BY_OUTPUT), VLLM_PODS), "passed", id="target by an output"),
        pytest.param(served(SERVICE, health(BY_OUTPUT, TCP), VLLM_PODS), "failed", id="wrong, target by an output"),
        pytest.param([gateway(), route({**BY_OUTPUT, "port": 80}), SERVICE, health(SERVICE), VLLM_PODS], "passed",
                     id="route by an output"),
        pytest.param(served(pool(OLD_POOLS), health(pool(OLD_POOLS))), "passed", id="former group"),
        pytest.param(served(pool(OLD_POOLS), health(POOL)), "undecided", id="one of each group"),
        pytest.param(served(POOL, thing("networking.gke.io/v1", "HealthCheckPolicy", "odd")), "failed", id="no spec"),
    ],
)  # fmt: skip
def test_which_policy_counts(stack: list[R], expected: str) -> None:
    check_verdict(CHECK, stack, expected)


@pytest.mark.parametrize(
    ("default", "options", "expected"),
    [
        pytest.param({"timeoutSec": 600}, {}, "passed", id="ten minutes"),
        pytest.param({"timeoutSec": 3600}, {}, "passed", id="an hour"),
        pytest.param({"timeoutSec": 599}, {}, "failed", id="a second less"),
        pytest.param({"timeoutSec": 300}, {}, "failed", id="what charts set"),
        pytest.param({"timeoutSec": 300}, {"min_seconds": 300}, "passed", id="option"),
        pytest.param({"timeoutSec": 90000}, {}, "failed", id="more than a day"),
        pytest.param({}, {}, "failed", id="left out is 30 s"),
        pytest.param({}, {"min_seconds": 30}, "passed", id="30 s accepted"),
        pytest.param({"timeoutSec": Computed()}, {}, "undecided", id="computed"),
        pytest.param(Computed(), {}, "undecided", id="computed as a whole"),
    ],
)
def test_timeout(default: Any, options: dict[str, Any], expected: str) -> None:
    check_verdict(TIMEOUT, served(POOL, policy(POOL, default)), expected, **options)


def test_values_for_some_clusters_are_not_the_default() -> None:
    scopes = [{"selector": {"labels": {"a": "b"}}, "timeoutSec": 900}]
    check_verdict(TIMEOUT, served(POOL, policy(POOL, {}, scopes=scopes)), "undecided")
    check_verdict(TIMEOUT, served(POOL, policy(POOL, {}, scopes=[{"maxRatePerEndpoint": 5}])), "failed")


@pytest.mark.parametrize("rule", [CHECK, TIMEOUT, DRAINING, LOGGING])
def test_without_any_policy_the_defaults_count(rule: str) -> None:
    check_verdict(rule, served(POOL), "failed")
    check_verdict(rule, served(POOL, release()), "undecided")
    check_verdict(rule, served(POOL, health(POOL), policy(POOL)), "passed")
    check_verdict(rule, served(POOL, health(POOL), policy(POOL), release()), "passed")
    check_verdict(rule, served(POOL), "undecided", is_complete=False)


@pytest.mark.parametrize(
    ("default", "options", "expected"),
    [
        pytest.param(SETTINGS, {}, "passed", id="as long as the timeout"),
        pytest.param({"timeoutSec": 900, "connectionDraining": {"drainingTimeoutSec": 60}}, {}, "failed", id="shorter"),
        pytest.param({"timeoutSec": 7200, "connectionDraining": {"drainingTimeoutSec": 3600}}, {}, "passed", id="most"),
        pytest.param({"timeoutSec": 900}, {}, "failed", id="left out is none"),
        pytest.param({"timeoutSec": Computed()}, {}, "failed", id="none, whatever the timeout is"),
        pytest.param({"connectionDraining": {"drainingTimeoutSec": 30}}, {}, "passed", id="the timeout is 30 s"),
        pytest.param({"timeoutSec": Computed(), "connectionDraining": {"drainingTimeoutSec": 60}}, {}, "undecided",
                     id="computed timeout"),
        pytest.param({"timeoutSec": 900, "connectionDraining": Computed()}, {}, "undecided", id="computed draining"),
        pytest.param({"timeoutSec": 900, "connectionDraining": {"drainingTimeoutSec": 60}}, {"min_seconds": 60},
                     "passed", id="option"),
    ],
)  # fmt: skip
def test_draining(default: Any, options: dict[str, Any], expected: str) -> None:
    check_verdict(DRAINING, served(POOL, policy(POOL, default)), expected, **options)


@pytest.mark.parametrize(
    ("log", "options", "expected"),
    [
        pytest.param({"enabled": True}, {}, "passed", id="on"),
        pytest.param({"enabled": True, "sampleRate": 1_000_000}, {"min_sample_rate": 1.0}, "passed", id="all"),
        pytest.param({"enabled": True, "sampleRate": 1}, {}, "passed", id="one in a million"),
        pytest.param({"enabled": True, "sampleRate": 1}, {"min_sample_rate": 0.5}, "failed", id="not half of them"),
        pytest.param({"enabled": True, "sampleRate": 0}, {}, "failed", id="none"),
        pytest.param({"enabled": False}, {}, "failed", id="off"),
        pytest.param({}, {}, "failed", id="left out is off"),
        pytest.param({"enabled": Computed()}, {}, "undecided", id="computed"),
        pytest.param({"enabled": Computed(), "sampleRate": 0}, {}, "failed", id="none, be it on or off"),
    ],
)
def test_logging(log: Any, options: dict[str, Any], expected: str) -> None:
    check_verdict(LOGGING, served(POOL, policy(POOL, {"logging": log})), expected, **options)


CPU = {"image": "nginx"}
OTHER_POOL = pool(name="other")
EITHER = [gateway(), route({**ref(POOL), "name": Computed((POOL, OTHER_POOL))}), POOL, OTHER_POOL]
WEB = deployment(CPU)


@pytest.mark.parametrize(
    ("stack", "options", "expected"),
    [
        pytest.param(served(POOL), {}, "failed", id="a pool"),
        pytest.param(served(SERVICE, deployment(VLLM)), {}, "failed", id="GPU and image"),
        pytest.param(served(SERVICE, deployment({"image": "vllm/vllm-openai"})), {}, "failed", id="image alone"),
        pytest.param(served(SERVICE, deployment({"resources": VLLM["resources"]})), {}, "failed", id="GPU alone"),
        pytest.param(served(SERVICE, deployment({"resources": {"requests": {"google.com/tpu": 4}}})), {}, "failed",
                     id="TPU"),
        pytest.param(served(SERVICE, deployment({"args": ["vllm", "serve", "m"]})), {}, "failed", id="command"),
        pytest.param(served(SERVICE, WEB), {}, "not applicable", id="a web server"),
        pytest.param(served(SERVICE, WEB, release()), {}, "undecided", id="release may have more Pods"),
        pytest.param(served(SERVICE, WEB), {"services": {"names": ["chat"]}}, "failed", id="chosen by the option"),
        pytest.param(served(SERVICE, WEB), {"services": {"names": ["other"]}}, None, id="not chosen"),
        pytest.param(served(SERVICE), {}, "undecided", id="no Pods in the stack"),
        pytest.param(served(SERVICE, deployment(VLLM, labels={"app": "other"})), {}, "undecided", id="other Pods"),
        pytest.param(served(SERVICE, deployment(VLLM, namespace="other")), {}, "undecided", id="other namespace"),
        pytest.param(served(SERVICE, deployment({"image": Computed()})), {}, "undecided", id="computed image"),
        pytest.param(served(SERVICE, policy(SERVICE), deployment({"image": Computed()})), {}, "passed",
                     id="right, whatever it is"),
    ],
)  # fmt: skip
def test_what_serves_a_model(stack: list[R], options: dict[str, Any], expected: str | None) -> None:
    check_verdict(TIMEOUT, stack, expected, **options)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(served(POOL, class_name="istio"), None, id="another controller's class"),
        pytest.param(served(POOL, class_name="gke-l7-new"), "undecided", id="a class that is not known"),
        pytest.param(served(POOL, class_name=Computed()), "undecided", id="computed class"),
        pytest.param(served(POOL, policy(POOL, {}), class_name=Computed()), "failed", id="but a policy of GKE"),
        pytest.param([POOL, route(POOL)], "undecided", id="Gateway elsewhere"),
        pytest.param([POOL, route(POOL), policy(POOL, {})], "failed", id="Gateway elsewhere, policy of GKE here"),
        pytest.param(served(POOL, policy(POOL, {}), class_name="istio"), None, id="another class, with a policy"),
        pytest.param([*EITHER, policy(POOL, {})], "undecided", id="perhaps no route"),
        pytest.param([POOL, gateway()], None, id="no route"),
        pytest.param([POOL, gateway(), route({**ref(POOL), "weight": 0})], None, id="no weight"),
        pytest.param([POOL, gateway(), route(POOL, rules=Computed())], None, id="computed rules"),
        pytest.param(served(pool(namespace="a")), None, id="target in another namespace"),
    ],
)  # fmt: skip
def test_what_google_cloud_serves(stack: list[R], expected: str | None) -> None:
    check_verdict(TIMEOUT, stack, expected)


@pytest.mark.parametrize("rule", [CHECK, TIMEOUT, DRAINING, LOGGING])
def test_a_policy_that_is_not_targeted_may_be_there(rule: str) -> None:
    hidden = [replace(one, inputs={}, options={"outputs": {}}) for one in (health(POOL), policy(POOL))]
    check_verdict(rule, served(POOL, *hidden), "undecided")
    check_verdict(rule, [gateway(), route(POOL), replace(POOL, inputs={}, options={"outputs": {}})], None)


@pytest.mark.parametrize("rule", [CHECK, TIMEOUT, DRAINING, LOGGING])
@pytest.mark.parametrize(
    "target",
    [
        pytest.param({"kind": "InferencePool", "group": "inference.networking.k8s.io", "name": "far"}, id="pool"),
        pytest.param(
            {"kind": "GCPInferencePoolImport", "group": "networking.gke.io", "name": "far"}, id="imported pool"
        ),
        pytest.param({"kind": "Service", "name": "far", "port": 80}, id="service"),
        pytest.param({"kind": "Service", "name": Computed(), "port": 80}, id="computed name"),
    ],
)
def test_a_target_outside_the_stack_is_shown_on_its_route(rule: str, target: dict[str, Any]) -> None:
    check_verdict(rule, [gateway(), route(target)], "undecided", "route")


@pytest.mark.parametrize("rule", [CHECK, TIMEOUT, DRAINING, LOGGING])
def test_policies_of_an_import_are_judged(rule: str) -> None:
    imported = {"kind": "GCPInferencePoolImport", "group": "networking.gke.io", "name": "far"}
    good = [health(imported), policy(imported)]
    bad = [health(imported, ROOT), policy(imported, {})]
    check_verdict(rule, [gateway(), route(imported), *good], "passed", "route")
    check_verdict(rule, [gateway(), route(imported), *bad], "failed", "route")


def test_a_new_policy_refers_to_what_is_known_of_its_target() -> None:
    def target_ref(**rules: Any) -> str:
        (found,) = gke_backends(build(gateway(), route(**rules)))
        return how_to_create(found, Policy("GCPBackendPolicy"), {}).split("``")[1]

    far = {"kind": "InferencePool", "group": "inference.networking.k8s.io", "name": "far"}
    known = '{"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "far"}'
    assert target_ref(rules=[{"backendRefs": [far]}]) == f'spec={{"targetRef": {known}}}'
    nothing = '{"group": "...", "kind": "...", "name": "..."}'
    assert target_ref(rules=Computed()) == f'spec={{"targetRef": {nothing}}}'


def texts(rule: str, *stack: R) -> list[tuple[str, str, str]]:
    (found,) = findings(rule, build(*stack))
    return [(problem.observed, problem.required, problem.fix) for problem in found.problems]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"timeoutSec": 900},
            "the default: GCPBackendPolicy `settings` sets it elsewhere than in `spec.default.timeoutSec`",
        ),
        ({"default": {}}, "the default: GCPBackendPolicy `settings` does not set it"),
        ({"default": {"timeoutSec": 5}, "timeoutSec": 900}, "as GCPBackendPolicy `settings` says"),
    ],
)
def test_a_setting_in_the_wrong_place_is_told(spec: dict[str, Any], expected: str) -> None:
    given = {"targetRef": ref(POOL), **spec}
    misplaced = thing("networking.gke.io/v1", "GCPBackendPolicy", "settings", given)
    seconds = 5 if "as " in expected else 30
    (found,) = texts(TIMEOUT, *served(POOL, misplaced))
    assert found[0] == f"The timeout of InferencePool `chat` is {seconds} s, {expected}."


def test_the_fix_is_a_whole_policy_with_its_target() -> None:
    assert texts(CHECK, *served(POOL)) == [
        (
            "InferencePool `chat` has no HealthCheckPolicy, so the Gateway requests `/`, whatever readiness probes "
            "say.",
            "An HTTP, HTTPS or HTTP/2 health check on `/health`.",
            "Create a HealthCheckPolicy (`networking.gke.io/v1`) in the namespace of InferencePool `chat` with "
            '`spec={"targetRef": {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "chat"}, '
            '"default": {"config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/health", '
            '"portSpecification": "USE_FIXED_PORT", "port": 8000}}}}`.',
        )
    ]


def test_the_fix_has_the_path_of_the_server_that_certainly_serves() -> None:
    triton = deployment({"image": "nvcr.io/nvidia/tritonserver:25.01-py3"})
    for labels, path in ((Computed(), "/v2/health/ready"), (LABELS, "/health")):
        ((_, _, fix),) = texts(CHECK, *served(SERVICE, triton, deployment(VLLM, name="other", labels=labels)))
        assert f'"requestPath": "{path}"' in fix


@pytest.mark.parametrize(
    ("rule", "options", "part"),
    [
        pytest.param(TIMEOUT, {}, '"default": {"timeoutSec": 600}', id="timeout"),
        pytest.param(DRAINING, {}, '"default": {"connectionDraining": {"drainingTimeoutSec": 600}}', id="draining"),
        pytest.param(LOGGING, {}, '"default": {"logging": {"enabled": True}}', id="log, in Python"),
    ],
)
def test_fixes_ask_for_one_policy_with_all_settings(rule: str, options: dict[str, Any], part: str) -> None:
    ((_, _, fix),) = texts(rule, *served(POOL))
    assert fix.startswith(
        "Create one GCPBackendPolicy (`networking.gke.io/v1`) in the namespace of InferencePool `chat`, for all its "
        'settings, with `spec={"targetRef": {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": '
        f'"chat"}}, {part}}}`.'
    )


def test_fixes_of_several_policies_merge_them() -> None:
    merge = (
        "Merge GCPBackendPolicy `first`, GCPBackendPolicy `second` into one: of several for one target only the oldest "
        "counts"
    )
    first, second = policy(POOL, {"timeoutSec": 900}, "first"), policy(POOL, {"logging": {"enabled": True}}, "second")
    (found,) = findings(TIMEOUT, build(*served(POOL, first, second)))
    which = "which of GCPBackendPolicy `first`, GCPBackendPolicy `second` counts is not known"
    assert [one.why for one in found.undecided] == [f"{which}. {merge}"]
    failing = texts(DRAINING, *served(POOL, first, second))
    assert [fix.endswith(f" {merge}.") for _, _, fix in failing] == [True, True]
    assert "Merge" not in repr(texts(DRAINING, *served(POOL, first)))
    elsewhere = policy(Computed(), {"logging": {"enabled": True}}, "second")
    (doubtful,) = findings(TIMEOUT, build(*served(POOL, first, elsewhere)))
    assert [one.why for one in doubtful.undecided] == [which]


def test_the_message_names_the_field_of_the_policy() -> None:
    assert texts(TIMEOUT, *served(POOL, policy(POOL, {"timeoutSec": 300}))) == [
        (
            "The timeout of InferencePool `chat` is 300 s, as GCPBackendPolicy `settings` says.",
            "A timeout of 600 to 86400 s.",
            "Set `spec.default.timeoutSec` of GCPBackendPolicy `settings` to 600. It must cover the longest response.",
        )
    ]


def test_a_secret_name_is_not_shown() -> None:
    named = pool()
    named.inputs["metadata"]["name"] = secret("hush")
    for rule in (CHECK, TIMEOUT, DRAINING, LOGGING):
        assert "hush" not in str(texts(rule, *served(named)))


def limited(default: Any, class_name: Any = CROSS_REGION) -> list[R]:
    imported = {"kind": "GCPInferencePoolImport", "group": "networking.gke.io", "name": "far"}
    return [gateway(class_name), route(imported, name="chat"), policy(imported, default)]


METRIC = {"name": "gke.named_metrics.kv-cache", "maxUtilizationPercent": 60}


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        pytest.param({"maxRatePerEndpoint": 5}, "passed", id="rate"),
        pytest.param({"maxRatePerEndpoint": 100_000_000}, "failed", id="a rate that is the default"),
        pytest.param({}, "failed", id="left out"),
        pytest.param({"balancingMode": "CUSTOM_METRICS", "customMetrics": [METRIC]}, "passed", id="metric"),
        pytest.param({"balancingMode": "CUSTOM_METRICS", "customMetrics": [{**METRIC, "dryRun": True}]}, "failed",
                     id="metric in dry-run mode"),
        pytest.param({"balancingMode": "RATE", "customMetrics": [METRIC]}, "failed", id="metric in RATE mode"),
        pytest.param({"customMetrics": [METRIC]}, "undecided", id="metric without a mode"),
        pytest.param({"customMetrics": [METRIC], "maxRatePerEndpoint": 5}, "passed", id="metric and rate"),
        pytest.param({"balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerEndpoint": 5}, "passed", id="in flight"),
        pytest.param({"balancingMode": "IN_FLIGHT"}, "failed", id="in flight without a limit"),
        pytest.param({"balancingMode": "UTILIZATION"}, "undecided", id="utilization"),
        pytest.param({"balancingMode": Computed()}, "failed", id="computed mode without any limit"),
        pytest.param({"balancingMode": Computed(), "maxRatePerEndpoint": 5}, "undecided", id="computed mode"),
        pytest.param({"maxRatePerEndpoint": Computed()}, "undecided", id="computed rate"),
    ],
)  # fmt: skip
def test_limit_of_a_backend_in_several_clusters(default: Any, expected: str) -> None:
    check_verdict("llm-backend-max-utilization", limited(default), expected)
    check_verdict("llm-backend-max-utilization", limited(default, "gke-l7-rilb"), "not applicable")
    unknown = limited(default, Computed())
    check_verdict("llm-backend-max-utilization", unknown, "undecided" if expected == "failed" else expected)
