"""`backend-authentication` over Cloud Run: who may invoke it, whether its server has a key, and what is gone round."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.rules.runs import EU, FUNCTION, PROBED, US, V1, behind, chained, neg, run, two_regions
from tests.stacks import Computed, Out, R, check_verdict, finding

RULE = "backend-authentication"
INVOKER, LAST = "roles/run.invoker", 2147483647
OPEN: dict[str, Any] = {"ingress": "INGRESS_TRAFFIC_ALL"}


def served(llm: R, **inputs: Any) -> tuple[R, ...]:
    return chained(llm, name="chat", **inputs)


def grant(of: R, kind: str = "Member", version: int = 2, member: Any = "allUsers", **inputs: Any) -> R:
    """A member, a binding or a policy with a member, about a service."""
    given: dict[str, Any] = {"role": INVOKER, "members": [member]}
    if kind == "Member":
        given = {"role": INVOKER, "member": member}
    if kind == "Policy":
        bindings = [{"role": inputs.pop("role", INVOKER), "members": [member], **inputs.pop("binding", {})}]
        given = {"policyData": json.dumps({"bindings": bindings})}
    token = f"serviceIam{kind}:ServiceIam{kind}" if version == 2 else f"iam{kind}:Iam{kind}"
    package = "cloudrunv2" if version == 2 else "cloudrun"
    named = {"name" if version == 2 else "service": Computed((of,), of.inputs.get("name"))}
    return R(f"gcp:{package}/{token}", "caller", {"location": of.inputs["location"], **named, **given, **inputs})


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("kind", ["Member", "Binding", "Policy"])
@pytest.mark.parametrize(
    ("member", "expected"),
    [
        pytest.param("allUsers", "failed", id="everybody"),
        pytest.param("allAuthenticatedUsers", "failed", id="whoever has an account at Google"),
        pytest.param("serviceAccount:web@p.iam.gserviceaccount.com", "passed", id="a service account"),
    ],
)
def test_whom_grants_let_in(kind: str, version: int, member: str, expected: str) -> None:
    llm = run(US)
    check_verdict(RULE, [*served(llm), grant(llm, kind, version, member)], expected)


LLM = run(US)


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        pytest.param(grant(LLM, role="roles/run.viewer"), "passed", id="who may look at it only"),
        pytest.param(grant(LLM, role="roles/run.admin"), "failed", id="another role that may invoke it"),
        pytest.param(grant(LLM, role="projects/p/roles/caller"), "undecided", id="a custom role"),
        pytest.param(grant(LLM, role=Computed()), "undecided", id="computed role"),
        pytest.param(grant(LLM, member=Computed()), "undecided", id="computed member"),
        pytest.param(grant(LLM, "Binding", members=Computed()), "undecided", id="computed members"),
        pytest.param(grant(LLM, condition={"title": "t", "expression": "true"}), "undecided", id="under a condition"),
        pytest.param(grant(LLM, "Policy", policyData=Computed()), "undecided", id="computed policy"),
        pytest.param(grant(LLM, "Policy", policyData="no JSON"), "undecided", id="no policy"),
        pytest.param(grant(LLM, "Policy", policyData="[1]"), "undecided", id="no object"),
        pytest.param(grant(LLM, "Policy", policyData="{}"), "passed", id="a policy that lets nobody in"),
        pytest.param(grant(LLM, "Policy", role="roles/run.viewer"), "passed", id="a policy about looking at it"),
        pytest.param(grant(LLM, "Policy", binding={"condition": {}}), "undecided", id="a policy with a condition"),
        pytest.param(grant(LLM, name="llm"), "failed", id="by its name"),
        pytest.param(grant(LLM, name="projects/p/locations/us-central1/services/llm"), "failed", id="by its full name"),
        pytest.param(grant(LLM, name="web"), "passed", id="another service"),
        pytest.param(grant(LLM, name="llm", location=EU), "passed", id="its namesake in another region"),
        pytest.param(grant(LLM, name="llm", location=None), "undecided", id="by name, in the default location"),
        pytest.param(grant(LLM, name=Computed()), "undecided", id="computed name"),
    ],
)
def test_grants(granted: R, expected: str) -> None:
    check_verdict(RULE, [*served(LLM), granted], expected)


@pytest.mark.parametrize(
    ("inputs", "is_public", "expected"),
    [
        pytest.param({}, False, "passed", id="only who is granted it"),
        pytest.param({}, True, "failed", id="everybody"),
        pytest.param({"iapEnabled": True}, True, "passed", id="IAP of its own"),
        pytest.param({"iapEnabled": True, "invokerIamDisabled": True}, False, "passed", id="IAP asks in its place"),
        pytest.param({"invokerIamDisabled": True}, False, "failed", id="invokers are not checked"),
        pytest.param({"invokerIamDisabled": Computed()}, False, "undecided", id="unknown"),
    ],
)
def test_what_the_service_says(inputs: dict[str, Any], is_public: bool, expected: str) -> None:
    llm = run(US, **inputs)
    check_verdict(RULE, [*served(llm), *([grant(llm)] if is_public else [])], expected)


def test_iap_lets_in_whom_it_is_told_to() -> None:
    llm = run(US, iapEnabled=True)
    given = {"location": US, "cloudRunServiceName": Out(llm, "name"), "role": "roles/iap.httpsResourceAccessor"}
    member = "gcp:iap/webCloudRunServiceIamMember:WebCloudRunServiceIamMember"
    for caller, expected in (("allUsers", "failed"), ("group:llm@example.com", "passed")):
        admitted = R(member, "admitted", {**given, "member": caller})
        check_verdict(RULE, [*served(llm), grant(llm), admitted], expected)


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param({"envs": [{"name": "VLLM_API_KEY", "valueSource": {}}]}, "passed", id="from Secret Manager"),
        pytest.param({"envs": [{"name": "VLLM_API_KEY", "value": Computed()}]}, "passed", id="computed"),
        pytest.param({"args": ["--api-key=$(KEY)"]}, "passed", id="an argument"),
        pytest.param({"commands": ["llama-server", "--api-key-file", "/key"]}, "passed", id="the command"),
        pytest.param({"envs": [{"name": "VLLM_API_KEY", "valueFrom": {}}]}, "passed", id="as the first API says it"),
        pytest.param({"envs": [{"name": "HF_TOKEN", "valueSource": {}}]}, "failed", id="another key"),
        pytest.param({"envs": [{"name": "VLLM_API_KEY"}]}, "failed", id="without a value"),
        pytest.param({"envs": Computed()}, "undecided", id="computed variables"),
        pytest.param({"args": ["--port=8000", Computed()]}, "undecided", id="a computed argument"),
    ],
)
def test_a_server_that_asks_for_a_key(container: dict[str, Any], expected: str) -> None:
    llm = run(US, {**PROBED, **container})
    check_verdict(RULE, [*served(llm), grant(llm)], expected)


def test_every_region_asks() -> None:
    us, eu = run(US), run(EU)
    check_verdict(RULE, two_regions(us, eu), "passed")
    check_verdict(RULE, [*two_regions(us, eu), grant(eu)], "failed")


def test_the_other_forms() -> None:
    off = {"metadata": {"annotations": {"run.googleapis.com/invoker-iam-disabled": "true"}}}
    template = {"spec": {"containers": [{"image": "x"}]}}
    v1 = R(V1, "llm", {"name": "llm", "location": US, "template": template})
    check_verdict(RULE, served(v1), "passed")
    check_verdict(RULE, served(R(V1, "llm", {**v1.inputs, **off})), "failed")
    function = R(FUNCTION, "llm", {"name": "llm", "location": US})
    check_verdict(RULE, served(function), "passed")
    check_verdict(RULE, [*served(function), grant(function)], "undecided")
    everywhere = run("global", multiRegionSettings={"regions": [US, EU]})
    check_verdict(RULE, [*served(everywhere), grant(everywhere)], "failed")
    check_verdict(RULE, [*served(everywhere), grant(everywhere, location=EU)], "failed")


def test_what_is_not_in_the_stack() -> None:
    elsewhere = neg(None, cloudRun={"service": "elsewhere"})
    check_verdict(RULE, [elsewhere, behind(elsewhere, name="chat")], "undecided")
    check_verdict(RULE, served(run(US)), "undecided", is_complete=False)


ONLY_SOME = [
    {"priority": 1, "action": "allow", "match": {"config": {"srcIpRanges": ["198.51.100.0/24"]}}},
    {"priority": LAST, "action": "deny(403)", "match": {"config": {"srcIpRanges": ["*"]}}},
]
THROTTLE = {
    "priority": 1,
    "action": "throttle",
    "match": {"config": {"srcIpRanges": ["*"]}},
    "rateLimitOptions": {"enforceOnKey": "IP"},
}
LIMITED = [THROTTLE, {"priority": LAST, "action": "allow", "match": {"config": {"srcIpRanges": ["*"]}}}]


@pytest.mark.parametrize(("name", "expected"), [("llm", "failed"), ("other", "passed")])
def test_a_grant_that_names_the_service(name: str, expected: str) -> None:
    given = {"name": name, "location": US, "role": INVOKER, "member": "allUsers"}
    named = R("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", "grant", given)
    check_verdict(RULE, [*served(run(US)), named], expected)


def guarded(llm: R, rules: Any = ONLY_SOME, **inputs: Any) -> list[R]:
    policy = R("SecurityPolicy", "armor", {"rules": rules})
    return [*served(llm, securityPolicy=Out(policy, "id"), **inputs), policy, grant(llm)]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param({}, "passed", id="closed"),
        pytest.param(OPEN, "failed", id="around it"),
        pytest.param({**OPEN, "defaultUriDisabled": True}, "passed", id="no URL of its own"),
        pytest.param({**OPEN, "iapEnabled": True}, "passed", id="IAP on every way"),
        pytest.param({"ingress": Computed()}, "undecided", id="unknown ingress"),
    ],
)
def test_what_the_load_balancer_checks_can_be_gone_round(inputs: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, guarded(run(US, **inputs)), expected)


@pytest.mark.parametrize("rule", ["backend-cloud-armor", "cloud-armor-rate-limit"])
def test_cloud_armor_that_can_be_gone_round_does_not_pass(rule: str) -> None:
    check_verdict(rule, guarded(run(US), LIMITED), "passed")
    check_verdict(rule, guarded(run(US, **OPEN), LIMITED), "not applicable")
    check_verdict(rule, guarded(run(US, **OPEN), LIMITED[1:]), "failed")
    check_verdict(rule, guarded(run(US, **OPEN, iapEnabled=True), LIMITED), "passed")
    check_verdict(rule, guarded(run(US, **OPEN, iapEnabled=Computed()), LIMITED), "undecided")
    check_verdict(rule, guarded(run(US, ingress=Computed()), LIMITED), "undecided")


def test_the_messages() -> None:
    llm = run(US, logical="llm")
    (problem,) = finding(RULE, *served(llm), grant(llm)).problems
    assert problem.observed == "It is public, and nothing in the stack authenticates its callers."
    assert "`iap_enabled=True` on the Cloud Run service" in problem.fix
    (around,) = finding(RULE, *guarded(run(US, logical="llm", **OPEN))).problems
    assert (
        around.observed
        == "Requests that bypass its load balancer reach the Cloud Run service `llm` without authentication."
    )
