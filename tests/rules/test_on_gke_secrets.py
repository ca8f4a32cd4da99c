"""Secrets in the clear in what runs on GKE: `backend-no-plaintext-secrets`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.clusters import (
    CROSS_REGION,
    VLLM,
    all_of,
    cluster,
    deployment,
    gateway,
    ingress,
    policy,
    pool,
    release,
    route,
    served,
    service,
    thing,
    within,
)
from tests.stacks import Computed, R, build, check_verdict, findings

RULE = "backend-no-plaintext-secrets"
KEY = "Tr0ub4dor-7bBq9"
TOKEN = "hf_" + "aB3" * 12
BUCKET = R("gcp:storage/bucket:Bucket", "bucket")
PASSWORD = R("random:index/randomPassword:RandomPassword", "password", {"length": 20})
FROM_SECRET = {"secretKeyRef": {"name": "huggingface", "key": "token"}}


def pods(**container: Any) -> R:
    return deployment({**VLLM, **container})


def env(value: Any, name: Any = "HF_TOKEN") -> R:
    return pods(env=[{"name": name, "value": value}])


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(env(TOKEN), "failed", id="token"),
        pytest.param(env(TOKEN, "ANY"), "failed", id="token of known form under any name"),
        pytest.param(env(KEY, "VLLM_API_KEY"), "failed", id="key"),
        pytest.param(env("google/gemma-3", "MODEL"), "passed", id="harmless variable"),
        pytest.param(env("$(KEY)", "VLLM_API_KEY"), "passed", id="of another variable"),
        pytest.param(pods(env=[{"name": "HF_TOKEN", "valueFrom": FROM_SECRET}]), "passed", id="from a Secret"),
        pytest.param(pods(env=[{"name": "HF_TOKEN", "valueFrom": Computed()}]), "passed", id="from something"),
        pytest.param(pods(envFrom=[{"secretRef": {"name": "keys"}}]), "passed", id="all from a Secret"),
        pytest.param(pods(), "passed", id="no environment"),
        pytest.param(env(Computed()), "undecided", id="computed token"),
        pytest.param(env(Computed((BUCKET,)), "BUCKET"), "passed", id="computed of a bucket"),
        pytest.param(env(Computed((PASSWORD,)), "ANY"), "undecided", id="computed of a password"),
        pytest.param(env(Computed(), "ANY"), "undecided", id="computed of nothing"),
        pytest.param(pods(env=Computed()), "undecided", id="computed environment"),
        pytest.param(pods(args=["--api-key", KEY]), "failed", id="flag"),
        pytest.param(pods(args=[f"--api-key={KEY}"]), "failed", id="flag with its value"),
        pytest.param(pods(command=["sh", "-c", f"VLLM_API_KEY={KEY} vllm serve"]), "failed", id="command"),
        pytest.param(pods(args=["--model=/models", "--max-num-seqs=16"]), "passed", id="harmless arguments"),
        pytest.param(pods(args=["--api-key=$(KEY)"]), "passed", id="variable in arguments"),
        pytest.param(pods(args=[f"--api-key={KEY}", Computed((BUCKET,))]), "failed", id="some arguments computed"),
        pytest.param(pods(args=["--model", Computed((BUCKET,))]), "passed", id="argument of a bucket"),
        pytest.param(pods(args=Computed()), "undecided", id="computed arguments"),
    ],
)
def test_containers(made: R, expected: str) -> None:
    resources = [made, BUCKET, PASSWORD]
    check_verdict(RULE, [*served(pool()), *resources], expected)
    check_verdict(RULE, [ingress(class_name="gce"), service(), *resources], expected)


def test_containers_that_start_others() -> None:
    made = pods()
    made.inputs["spec"]["template"]["spec"]["initContainers"] = [{"env": [{"name": "HF_TOKEN", "value": TOKEN}]}]
    check_verdict(RULE, served(pool(), made), "failed")


def test_other_workloads() -> None:
    worker = {"spec": {"containers": [{**VLLM, "env": [{"name": "HF_TOKEN", "value": TOKEN}]}]}}
    leader = {"metadata": {"labels": {"app": "vllm"}}, "spec": {"containers": [VLLM]}}
    spec = {"leaderWorkerTemplate": {"leaderTemplate": leader, "workerTemplate": worker}}
    check_verdict(RULE, served(pool(), thing("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "vllm", spec)), "failed")


def test_what_does_not_serve_is_not_judged() -> None:
    def leaking(labels: Any) -> R:
        container = {**VLLM, "env": [{"name": "HF_TOKEN", "value": TOKEN}]}
        return deployment(container, name="other", labels=labels)

    check_verdict(RULE, served(pool(), pods(), leaking({"app": "other"})), "passed")
    check_verdict(RULE, served(pool(), leaking({"app": "other"})), "undecided")
    check_verdict(RULE, served(pool(), release()), "undecided")
    check_verdict(RULE, served(pool(), pods(), leaking(Computed())), "undecided")
    check_verdict(RULE, served(pool(), deployment(VLLM, labels=Computed())), "undecided")


def test_clusters_that_export_the_pool() -> None:
    imported = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "chat"}
    us, eu = cluster("us", "us-central1"), cluster("eu", "europe-west4")

    def stack(there: R) -> list[R]:
        exported = {"networking.gke.io/export": "True"}
        first = within(us[1], gateway(CROSS_REGION), route(imported), pool(annotations=exported), pods())
        there.name = "there"
        return all_of(us, eu, first, within(eu[1], pool(logical="pool-there", annotations=exported), there))

    check_verdict(RULE, stack(pods()), "passed", "route")
    check_verdict(RULE, stack(env(TOKEN)), "failed", "route")
    check_verdict(RULE, [gateway(CROSS_REGION), route(imported)], "undecided", "route")


def test_no_value_is_quoted() -> None:
    (found,) = findings(RULE, build(*served(pool(), env(TOKEN))))
    (problem,) = found.problems
    assert problem.observed == (
        "It has plaintext secrets in the variable `HF_TOKEN` of Deployment `vllm`: a Hugging Face token."
    )
    assert "`secretKeyRef`" in problem.fix
    assert TOKEN not in repr(found.problems)


US, EU = cluster("us", "us-central1"), cluster("eu", "europe-west4")
NAMED = {"kind": "ServiceImport", "group": "net.gke.io", "name": "chat", "port": 8000}


def exported(made: R, *, name: Any = "chat", of: str = "chat") -> list[R]:
    """A Gateway in one cluster for a Service that the other exports."""
    front = within(US[1], gateway(CROSS_REGION), route(NAMED))
    export = thing("net.gke.io/v1", "ServiceExport", name, logical="export")
    return all_of(US, EU, front, within(EU[1], export, service(of), made))


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(exported(env(TOKEN)), "failed", id="token"),
        pytest.param(exported(pods()), "passed", id="none"),
        pytest.param(exported(env(TOKEN), name="other"), "undecided", id="another export"),
        pytest.param(exported(env(TOKEN), of="other"), "undecided", id="an export of another Service"),
        pytest.param(exported(env(TOKEN), name=Computed()), "undecided", id="computed name"),
        pytest.param(exported(deployment({"image": "nginx", "env": [{"name": "TOKEN", "value": TOKEN}]})), "undecided",
                     id="a token of a web server, beside which others may export"),
    ],
)  # fmt: skip
def test_services_that_clusters_export(stack: list[R], expected: str) -> None:
    check_verdict(RULE, stack, expected, "route")


def test_that_a_cluster_exports_a_model_server_is_known_by_its_pods() -> None:
    short = within(US[1], policy({**NAMED, "port": None}, {"timeoutSec": 30}))
    check_verdict("llm-backend-timeout", [*exported(pods()), *short], "failed", "route")
    check_verdict("llm-backend-timeout", [*exported(deployment({"image": "nginx"})), *short], "undecided", "route")
