"""`run-service-capacity` on failing, passing and unknown services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.runs import FUNCTION, PROBED, US, V1, chained, run
from tests.stacks import Computed, R, check_verdict, finding

RULE = "run-service-capacity"
L4 = {"nodeSelector": {"accelerator": "nvidia-l4"}}
RTX = {"nodeSelector": {"accelerator": "nvidia-rtx-pro-6000"}}

FEW = {"maxInstanceRequestConcurrency": 16}


def sized(cpu: Any = "8", memory: Any = "32Gi", gpu: Any = "1", **resources: Any) -> dict[str, Any]:
    limits = {"cpu": cpu, "memory": memory, "nvidia.com/gpu": gpu}
    given = {key: value for key, value in limits.items() if value is not None}
    return {**PROBED, "resources": {"limits": given, **resources}}


@pytest.mark.parametrize(
    ("container", "template", "expected"),
    [
        pytest.param(sized(), {**L4, "maxInstanceRequestConcurrency": 16}, "passed", id="GPU"),
        pytest.param(sized(), L4, "undecided", id="default concurrency of several vCPUs"),
        pytest.param(sized(cpu="1", memory="4Gi", gpu=None), {}, "passed", id="default concurrency of one vCPU"),
        pytest.param(PROBED, {}, "passed", id="all left out"),
        pytest.param(PROBED, {"maxInstanceRequestConcurrency": 100}, "passed", id="100"),
        pytest.param(PROBED, {"maxInstanceRequestConcurrency": 101}, "failed", id="101"),
        pytest.param(PROBED, {"maxInstanceRequestConcurrency": 0}, "passed", id="zero is the default"),
        pytest.param(PROBED, {"maxInstanceRequestConcurrency": Computed()}, "undecided", id="computed concurrency"),
        pytest.param(sized(cpu="500m", gpu=None), {}, "passed", id="less than a core"),
        pytest.param(sized(cpuIdle=True), L4, "failed", id="idle CPU with a GPU"),
        pytest.param(sized(cpuIdle=False), {**L4, **FEW}, "passed", id="CPU always on"),
        pytest.param(sized(cpuIdle=Computed()), L4, "undecided", id="computed idle CPU"),
        pytest.param(sized(gpu=None, cpuIdle=True), FEW, "passed", id="idle CPU without a GPU"),
        pytest.param(sized(cpu="3"), L4, "failed", id="too few cores"),
        pytest.param(sized(cpu="4000m", memory="16384Mi"), {**L4, **FEW}, "passed", id="as much as it needs"),
        pytest.param(sized(cpu=8.0), {**L4, **FEW}, "passed", id="cores as a number"),
        pytest.param(sized(memory="15Gi"), L4, "failed", id="too little memory"),
        pytest.param(sized(cpu="4"), {**L4, **FEW}, "failed", id="more memory than the cores of a GPU take"),
        pytest.param(sized(cpu="4", memory="16Gi"), {**L4, **FEW}, "passed", id="as much memory as they take"),
        pytest.param(sized(cpu="2", memory="9Gi", gpu=None), FEW, "failed", id="more memory than the cores take"),
        pytest.param(sized(cpu="8", memory="2Gi", gpu=None), FEW, "failed", id="less memory than the cores take"),
        pytest.param(sized(cpu="6", memory="24Gi", gpu=None), FEW, "passed", id="six cores"),
        pytest.param(sized(cpu=None, memory="8Gi", gpu=None), FEW, "passed", id="memory without cores"),
        pytest.param(sized(cpu="2", memory=Computed(), gpu=None), FEW, "passed", id="computed memory"),
        pytest.param(sized(cpu=None), L4, "undecided", id="no limit of its CPU"),
        pytest.param(sized(cpu="many"), L4, "undecided", id="no quantity"),
        pytest.param(sized(), RTX, "failed", id="larger GPU"),
        pytest.param(sized(cpu="20", memory="80Gi"), {**RTX, **FEW}, "passed", id="larger GPU with what it needs"),
        pytest.param(sized(cpu="1"), {"nodeSelector": {"accelerator": "nvidia-new"}}, "passed", id="unknown GPU"),
        pytest.param(PROBED, {"scaling": {"maxInstanceCount": 1}}, "undecided", id="maximum of one"),
        pytest.param(sized(), {**L4, **FEW, "gpuZonalRedundancyDisabled": True}, "undecided", id="GPUs in one zone"),
        pytest.param(sized(), {**L4, **FEW, "gpuZonalRedundancyDisabled": False}, "passed", id="GPUs in zones"),
        pytest.param(PROBED, {"gpuZonalRedundancyDisabled": True}, "passed", id="no GPU to be in one zone"),
        pytest.param(PROBED, {"scaling": {"minInstanceCount": 5, "maxInstanceCount": 4}}, "failed", id="min above max"),
        pytest.param(PROBED, {"scaling": {"minInstanceCount": 4, "maxInstanceCount": 4}}, "passed", id="min is max"),
        pytest.param(PROBED, {"scaling": {"maxInstanceCount": Computed()}}, "undecided", id="computed maximum"),
        pytest.param(PROBED, {"containers": Computed()}, "undecided", id="computed containers"),
    ],
)
def test_verdicts(container: dict[str, Any], template: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, chained(run(US, container, template=template, logical="chat")), expected)


def test_the_other_forms_say_the_same() -> None:
    spec = {"containerConcurrency": 1000, "containers": [{"image": "x"}]}
    v1 = R(V1, "chat", {"name": "llm", "location": US, "template": {"spec": spec}})
    check_verdict(RULE, chained(v1), "failed")
    function = R(FUNCTION, "chat", {"name": "llm", "location": US, "serviceConfig": {"maxInstanceCount": 3}})
    check_verdict(RULE, chained(function), "passed")
    busy = {"maxInstanceRequestConcurrency": 500}
    check_verdict(RULE, chained(R(FUNCTION, "chat", {"name": "llm", "location": US, "serviceConfig": busy})), "failed")


def annotated(**annotations: str) -> R:
    spec = {"containerConcurrency": 16, "nodeSelector": {"run.googleapis.com/accelerator": "nvidia-l4"}}
    spec["containers"] = [{key: value for key, value in sized().items() if key != "readinessProbe"}]
    template = {"metadata": {"annotations": annotations}, "spec": spec}
    return R(V1, "chat", {"name": "llm", "location": US, "template": template})


@pytest.mark.parametrize(
    ("throttling", "expected"),
    [("false", "passed"), ("true", "failed"), (None, "undecided"), (Computed(), "undecided")],
)
def test_gpus_of_the_v1_api_keep_their_cpu(throttling: Any, expected: str) -> None:
    given = {} if throttling is None else {"run.googleapis.com/cpu-throttling": throttling}
    check_verdict(RULE, chained(annotated(**given)), expected)


def test_sidecars_have_memory_of_their_own() -> None:
    containers = [sized(cpu="2", memory="9Gi", gpu=None), {"image": "logs"}]
    check_verdict(RULE, chained(run(US, template={**FEW, "containers": containers}, logical="chat")), "passed")


@pytest.mark.parametrize(
    ("container", "observed", "fix"),
    [
        (
            sized(cpu="2", memory="8Gi"),
            "It has 2 cores and 8 GiB, less than its GPU requires.",
            "Set `cpu` to 4 and `memory` to `16Gi` in `limits`, or more.",
        ),
        (
            sized(cpu="4"),
            "It has 32 GiB of memory for 4 cores, which Cloud Run rejects.",
            "Set `cpu` in `limits` to 8, or lower `memory` to `16Gi`.",
        ),
        (
            sized(memory="48Gi"),
            "It has 48 GiB of memory for 8 cores, which Cloud Run rejects.",
            "Lower `memory` to `32Gi`.",
        ),
        (
            sized(memory="2Gi", gpu=None),
            "It has 2 GiB of memory for 8 cores, which Cloud Run rejects.",
            "Set `memory` in `limits` to `4Gi`, or more.",
        ),
    ],
)
def test_sizes_are_said_with_what_they_have_to_be(container: dict[str, Any], observed: str, fix: str) -> None:
    template = {**(L4 if "nvidia.com/gpu" in container["resources"]["limits"] else {}), **FEW}
    (problem,) = finding(RULE, *chained(run(US, container, template=template))).problems
    assert (problem.observed, problem.fix) == (observed, fix)


def test_options() -> None:
    check_verdict(RULE, chained(run(US, logical="chat")), "failed", max_concurrency=16)


def test_the_message_says_what_to_do() -> None:
    (problem,) = finding(RULE, *chained(run(US, template={"maxInstanceRequestConcurrency": 1000}))).problems
    assert problem.fix == (
        "Set `max_instance_request_concurrency` to the model server's batch size, such as vLLM's `--max-num-seqs`."
    )


def test_what_is_undecided_says_how_to_decide_it() -> None:
    found = finding(RULE, *chained(run(US, sized(), template=L4)))
    assert any(
        reason.endswith("80 for each of its vCPUs: set it to the model server's batch size") for reason in found.reasons
    )
