"""`backend-no-plaintext-secrets` on failing, passing and unknown services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.runs import FUNCTION, PROBED, US, V1, behind, neg, run
from tests.stacks import Computed, Out, R, backend, build, check_verdict, finding, findings, mig, service

RULE = "backend-no-plaintext-secrets"
KEY = "Tr0ub4dor-7bBq9"
PASSWORD = R("random:index/randomPassword:RandomPassword", "password", {"length": 20})
BUCKET = R("gcp:storage/bucket:Bucket", "weights", {"location": US})


def chain(llm: R, **inputs: Any) -> tuple[R, ...]:
    link = neg(llm, US)
    return llm, link, behind(link, **inputs), PASSWORD, BUCKET


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(f"Authorization: Bearer {KEY}", "failed", id="bearer"),
        pytest.param(f"authorization: {KEY}", "failed", id="without a scheme"),
        pytest.param(f"x-api-key: {KEY}", "failed", id="x-api-key"),
        pytest.param(f"Api-Key:{KEY}", "failed", id="api-key without a space"),
        pytest.param("X-Model: sk-abcdefghij0123456789ABCD", "failed", id="token of known form"),
        pytest.param("Host: api.example.com", "passed", id="host"),
        pytest.param("X-Client-Region: {client_region}", "passed", id="variable"),
        pytest.param("Authorization: {tls_version}", "passed", id="variable as credential"),
        pytest.param("x-api-key: my-llm-key", "undecided", id="name of a secret"),
        pytest.param(Computed(), "undecided", id="computed"),
        pytest.param("X-Empty:", "passed", id="empty"),
    ],
)
def test_custom_request_headers(header: Any, expected: str) -> None:
    group = mig()
    check_verdict(RULE, [group, service([backend(group)], customRequestHeaders=[header])], expected)


def adding(value: Any, name: Any = "x-api-key") -> dict[str, Any]:
    return {"headerAction": {"requestHeadersToAdds": [{"headerName": name, "headerValue": value, "replace": True}]}}


def routed(chat: R, other: R, where: str, added: dict[str, Any]) -> R:
    """A URL map that adds a header at one place."""
    rule = {"priority": 1, "matchRules": [{"prefixMatch": "/v1"}], "service": Out(chat, "id")}
    matcher = {"name": "api", "defaultService": Out(other, "id")}
    share = {"backendService": Out(chat, "id"), "weight": 100}
    places: dict[str, dict[str, Any]] = {
        "map": {**added, "pathMatchers": [{**matcher, "routeRules": [rule]}]},
        "matcher": {"pathMatchers": [{**matcher, **added, "routeRules": [rule]}]},
        "rule": {"pathMatchers": [{**matcher, "routeRules": [{**rule, **added}]}]},
        "share": {"defaultRouteAction": {"weightedBackendServices": [{**share, **added}]}},
        "none": {"pathMatchers": [{**matcher, "routeRules": [rule]}]},
    }
    default = {} if where == "share" else {"defaultService": Out(other, "id")}
    return R("URLMap", "paths", {**default, **places[where]})


@pytest.mark.parametrize(
    ("where", "added", "expected"),
    [
        # Before services have URLs, which of two a route names is not known.
        pytest.param("map", adding(KEY), ("undecided", "failed"), id="every route"),
        pytest.param("matcher", adding(KEY), ("undecided", "failed"), id="a path matcher"),
        pytest.param("rule", adding(KEY), ("undecided", "failed"), id="a route rule"),
        pytest.param("share", adding(KEY), "failed", id="a weighted service"),
        pytest.param("none", {}, "passed", id="nowhere"),
        pytest.param("rule", adding("Bearer {tls_version}", "Authorization"), "passed", id="a variable"),
        pytest.param("rule", adding("v2", "X-Api-Version"), "passed", id="harmless"),
        pytest.param("rule", adding(Computed()), "undecided", id="computed"),
        pytest.param("map", {"headerAction": Computed()}, "undecided", id="all computed"),
    ],
)
def test_headers_that_routes_add(where: str, added: dict[str, Any], expected: Any) -> None:
    chat, other = service([]), service([], "other")
    check_verdict(RULE, [chat, other, routed(chat, other, where, added)], expected)


def test_a_route_adds_a_header_to_its_own_service_only() -> None:
    chat, other = service([]), service([], "other")
    resources = [chat, other, routed(chat, other, "rule", adding(KEY))]
    check_verdict(RULE, resources, ("undecided", "passed"), "other")
    (found,) = [one for one in findings(RULE, build(*resources, deployed=True)) if one.name == "chat"]
    (problem,) = found.problems
    assert problem.observed.startswith(
        "It has plaintext secrets in the header `x-api-key` that route rule 1 of path matcher `api` in `paths` adds"
    )
    assert KEY not in problem.observed


def test_all_headers_computed() -> None:
    check_verdict(RULE, [service([], customRequestHeaders=Computed())], "undecided")


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param({"envs": [{"name": "VLLM_API_KEY", "value": KEY}]}, "failed", id="key in a variable"),
        pytest.param({"envs": [{"name": "X", "value": "hf_" + "aB3" * 12}]}, "failed", id="token of known form"),
        pytest.param({"envs": [{"name": "MODEL", "value": "gemma-3"}]}, "passed", id="harmless variable"),
        pytest.param({"envs": [{"name": "DB_PASSWORD", "value": "hunter22"}]}, "failed", id="password"),
        pytest.param({"envs": [{"name": "VLLM_API_KEY", "valueSource": {"secretKeyRef": {"secret": "k"}}}]}, "passed",
                     id="from Secret Manager"),
        pytest.param({"envs": [{"name": "HF_TOKEN_SECRET", "value": "hf-token"}]}, "passed", id="name of a secret"),
        pytest.param({"envs": [{"name": "VLLM_API_KEY", "value": Computed()}]}, "undecided", id="computed key"),
        pytest.param({"envs": [{"name": "BUCKET", "value": Computed((BUCKET,))}]}, "passed", id="computed of a bucket"),
        pytest.param({"envs": [{"name": "ANY", "value": Computed((PASSWORD,))}]}, "undecided", id="of a password"),
        pytest.param({"envs": [{"name": "ANY", "value": Computed()}]}, "undecided", id="computed of nothing"),
        pytest.param({"envs": Computed()}, "undecided", id="computed environment"),
        pytest.param({"args": ["--api-key", KEY]}, "failed", id="flag"),
        pytest.param({"args": [f"--api-key={KEY}"]}, "failed", id="flag with its value"),
        pytest.param({"commands": ["sh", "-c", f"VLLM_API_KEY={KEY} vllm serve"]}, "failed", id="command"),
        pytest.param({"args": ["--model=/models", "--max-num-seqs=16"]}, "passed", id="harmless arguments"),
        pytest.param({"args": ["--api-key=$(KEY)"]}, "passed", id="variable in arguments"),
        pytest.param({"args": [f"--api-key={KEY}", Computed((BUCKET,))]}, "failed", id="some arguments computed"),
        pytest.param({"args": ["--model", Computed((BUCKET,))]}, "passed", id="argument of a bucket"),
        pytest.param({"args": Computed()}, "undecided", id="computed arguments"),
    ],
)  # fmt: skip
def test_containers(container: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, chain(run(US, {**PROBED, **container})), expected)


def test_all_containers_computed() -> None:
    check_verdict(RULE, chain(run(US, template={"containers": Computed()})), "undecided")


def test_the_other_forms() -> None:
    envs = [{"name": "VLLM_API_KEY", "value": KEY}]
    template = {"spec": {"containers": [{"image": "x", "envs": envs}]}}
    check_verdict(RULE, chain(R(V1, "v1", {"name": "llm", "location": US, "template": template})), "failed")

    def function(variables: Any) -> R:
        config = {"environmentVariables": variables}
        return R(FUNCTION, "f", {"name": "llm", "location": US, "serviceConfig": config})

    check_verdict(RULE, chain(function({"API_KEY": KEY})), "failed")
    check_verdict(RULE, chain(function({"MODEL": "gemma"})), "passed")
    check_verdict(RULE, chain(function(Computed())), "undecided")


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        pytest.param({"cloudRun": {"service": "elsewhere"}}, "undecided", id="a service outside the stack"),
        pytest.param({"appEngine": {"service": "llm"}}, "passed", id="another product"),
    ],
)
def test_what_a_serverless_neg_leads_to_is_not_in_the_stack(product: dict[str, Any], expected: str) -> None:
    link = neg(None, US, **product)
    check_verdict(RULE, [link, behind(link)], expected)


def test_what_is_not_behind_the_service_is_not_judged() -> None:
    other = run("europe-west4", {**PROBED, "envs": [{"name": "API_KEY", "value": KEY}]})
    check_verdict(RULE, [other, *chain(run(US))], "passed")
    check_verdict(RULE, [service([])], "passed")


def test_no_value_is_quoted() -> None:
    found = finding(RULE, *chain(run(US, {**PROBED, "envs": [{"name": "VLLM_API_KEY", "value": KEY}]})))
    (problem,) = found.problems
    assert problem.observed == (
        "It has plaintext secrets in the variable `VLLM_API_KEY` of `llm-us-central1`: an API key or another key."
    )
    assert KEY not in repr(found.problems)


def test_a_known_secret_output() -> None:
    outputs = {"outputs": {"result": "correct horse battery"}}
    password = R("random:index/randomPassword:RandomPassword", "password", {"length": 20}, outputs)
    given = [{"name": "ANY", "value": Computed((password,), "correct horse battery")}]
    llm = run(US, {**PROBED, "envs": given})
    link = neg(llm, US)
    check_verdict(RULE, [llm, link, behind(link), password], ("undecided", "failed"))


def test_the_fix_names_what_to_move_and_the_role_to_read_it() -> None:
    role = "grant the service's account `roles/secretmanager.secretAccessor` on it"
    llm = run(US, {**PROBED, "envs": [{"name": "HF_TOKEN", "value": KEY}]})
    (problem,) = finding(RULE, *chain(llm)).problems
    assert problem.fix.startswith(
        "Move the secret in the variable `HF_TOKEN` of `llm-us-central1` to Secret Manager, "
        f"{role}, have Cloud Run read it with `value_source` and `secret_key_ref`, and"
    )
    config = {"environmentVariables": {"API_KEY": KEY}}
    (problem,) = finding(
        RULE, *chain(R(FUNCTION, "f", {"name": "llm", "location": US, "serviceConfig": config}))
    ).problems
    assert f"{role}, have the function read it with `secret_environment_variables`, and" in problem.fix
    (problem,) = finding(RULE, *chain(run(US), customRequestHeaders=[f"x-api-key: {KEY}"])).problems
    assert problem.fix.startswith(
        "Move the secret in the custom request header `x-api-key` to Secret Manager, have the model server or a proxy "
        "add the header, and"
    )
