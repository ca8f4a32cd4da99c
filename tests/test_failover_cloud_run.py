"""What the loss of a region means for Cloud Run: its maximum decides, and whether the load balancer notices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policypack.failover.analysis import failovers
from policypack.failover.result import INFERRED, Amounts, Change, Demand, FailoverResults, ServiceFailover
from policypack.report.failover.json_document import render as as_json
from policypack.report.failover.markdown import render as as_markdown
from policypack.report.failover.terminal import render as as_text
from policypack.report.formats import schema_of
from tests.report.test_json_document import closed
from tests.rules.runs import EU, FUNCTION, US, V1, behind, neg, run, two_regions, without
from tests.stacks import Computed, R, build, findings, statuses
from tests.test_failover import assert_agrees

RULE = "llm-backend-failover-capacity"
JP = "asia-east1"


def sized(region: str, least: int = 1, most: Any = 4, concurrency: Any = 16, **scaling: Any) -> R:
    limits = {} if most is None else {"maxInstanceCount": most}
    template = {"maxInstanceRequestConcurrency": concurrency, "scaling": {**limits, **scaling}}
    return run(region, template=template, scaling={"minInstanceCount": least})


def chat(*parts: R, demand: Demand = INFERRED) -> ServiceFailover:
    stack = build(*parts, deployed=True)
    if demand is INFERRED:
        assert_agrees(stack)
    return next(one for one in failovers(stack, demand) if one.name == "chat")


def in_three(*services: R) -> tuple[R, ...]:
    negs = tuple(neg(one, region) for one, region in zip(services, (US, EU, JP), strict=True))
    return (*services, *negs, behind(*negs))


MANUAL = {"scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 2}}
NONE = {"scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 0}}


@pytest.mark.parametrize(
    ("us", "eu", "expected"),
    [
        pytest.param(sized(US), sized(EU), "survives", id="each can grow to both"),
        pytest.param(sized(US, 10, 20), sized(EU, 1, 6), "fails", id="the smaller one cannot"),
        pytest.param(sized(US, 10, 20), sized(EU, 1, 7), "survives", id="just enough when it has grown"),
        pytest.param(sized(US, 10, 20), sized(EU, 1, None), "survives", id="no maximum: the quota decides"),
        pytest.param(sized(US, 10, 20), sized(EU, 1, 6, 32), "survives", id="more requests an instance"),
        pytest.param(
            sized(US, 10, 20, concurrencyUtilization=0.5), sized(EU, 1, 6), "survives", id="less load an instance"
        ),
        pytest.param(sized(US, 2, 2), sized(EU, 2, 2), "undecided", id="fixed numbers: the load is not known"),
        pytest.param(sized(US, 10, 20), sized(EU, 5, 5), "fails", id="a fixed number below the load of the others"),
        pytest.param(sized(US, 10, 20), sized(EU, 6, 6), "undecided", id="a fixed number that carries it"),
        pytest.param(run(US, **MANUAL), run(EU, **MANUAL), "undecided", id="manual"),
        pytest.param(run(US, **MANUAL), run(EU, **NONE), "fails", id="manual, and none elsewhere"),
        pytest.param(sized(US), sized(EU, most=Computed()), "undecided", id="computed maximum"),
        pytest.param(sized(US), sized(EU, concurrency=Computed()), "undecided", id="computed concurrency"),
        pytest.param(sized(US), run(EU, traffics=[{"revision": "llm-1"}]), "undecided", id="another revision"),
    ],
)
def test_verdicts(us: R, eu: R, expected: str) -> None:
    assert chat(*two_regions(us, eu)).verdict == expected


def test_what_is_not_in_the_stack_is_undecided() -> None:
    us = run(US)
    negs = (neg(us), neg(None, EU, cloudRun={"service": "elsewhere"}))
    found = chat(us, *negs, behind(*negs))
    assert found.verdict == "undecided"
    assert found.reasons == (
        f"its capacity is not known: the Cloud Run service of `neg-{EU}` is not known to be in the stack",
    )


def test_other_serverless_products_are_not_judged() -> None:
    negs = tuple(neg(None, region, appEngine={"service": "web"}) for region in (US, EU))
    assert chat(*negs, behind(*negs)).verdict == "not applicable"


def test_an_app_engine_app_cannot_be_in_a_second_region() -> None:
    app = neg(None, US, appEngine={"service": "web"})
    found = chat(app, behind(app))
    assert found.remedies
    assert found.remedies.needed.startswith("Deploy what the App Engine app serves as Cloud Run services")


def test_one_region() -> None:
    us = run(US)
    link = neg(us)
    found = chat(us, link, behind(link))
    assert (found.verdict, found.is_cloud_run) == ("one region", True)
    assert found.remedies
    assert "Cloud Run service in another region" in found.remedies.needed


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        pytest.param("projects/p/regions/us-central1/serviceAttachments/llm", "one region", id="a published service"),
        pytest.param("us-central1-aiplatform.googleapis.com", "not applicable", id="a Google API"),
    ],
)
def test_private_service_connect(target: str, verdict: str) -> None:
    inputs = {"region": US, "networkEndpointType": "PRIVATE_SERVICE_CONNECT", "pscTargetService": target}
    psc = R("RegionNetworkEndpointGroup", "psc", inputs)
    found = chat(psc, behind(psc))
    assert (found.verdict, found.kind) == (verdict, "")
    assert not found.remedies or "published there" in found.remedies.needed


@pytest.mark.parametrize("kind", [V1, FUNCTION])
def test_the_other_forms_count_too(kind: str) -> None:
    scale = {"autoscaling.knative.dev/minScale": "10", "autoscaling.knative.dev/maxScale": "20"}
    small = {"autoscaling.knative.dev/minScale": "1", "autoscaling.knative.dev/maxScale": "3"}

    def of(region: str, annotations: dict[str, str]) -> R:
        least, most = annotations.values()
        inputs: dict[str, Any] = {"serviceConfig": {"minInstanceCount": int(least), "maxInstanceCount": int(most)}}
        if kind == V1:
            inputs = {"template": {"metadata": {"annotations": annotations}, "spec": {"containers": [{"image": "x"}]}}}
        return R(kind, f"llm-{region}", {"name": "llm", "location": region, **inputs})

    outliers = {"outlierDetection": {"consecutiveErrors": 5}}
    found = chat(*two_regions(of(US, scale), of(EU, small), **outliers))
    assert found.verdict == "fails"
    assert found.remedies
    assert found.remedies.machines
    assert [(one.resource, one.before, one.after) for one in found.remedies.machines] == [(f"llm-{EU}", 3, 7)]


def test_negs_may_name_a_function_as_one() -> None:
    parts = [
        part
        for region, most in ((US, 20), (EU, 3))
        for part in (
            R(FUNCTION, f"llm-{region}", {
                "name": "llm", "location": region, "serviceConfig": {"minInstanceCount": 1, "maxInstanceCount": most},
            }),
            neg(None, region, cloudFunction={"function": "llm"}),
        )
    ]  # fmt: skip
    found = chat(*parts, behind(*parts[1::2], outlierDetection={"consecutiveErrors": 5}))
    assert (found.verdict, found.is_cloud_run) == ("survives", True)


def test_a_multi_region_service_counts_in_each_region() -> None:
    everywhere = run("global", multiRegionSettings={"regions": [US, EU]}, template={"scaling": {"maxInstanceCount": 4}})
    found = chat(*two_regions(everywhere, everywhere)[1:])
    assert [(one.region, one.warm_machines, one.max_machines) for one in found.regions] == [(EU, 1, 4), (US, 1, 4)]


def test_the_numbers() -> None:
    found = chat(*two_regions(sized(US, 10, 20), sized(EU, 1, 6)))
    assert [(one.region, one.warm_capacity, one.max_capacity) for one in found.regions] == [
        (EU, 16, 96),
        (US, 160, 320),
    ]
    assert [one.load for one in found.regions] == pytest.approx([9.6, 96])
    lost = {one.region: one for one in found.losses}
    assert lost[US].after_scale_out.excess == pytest.approx(9.6)
    assert found.remedies
    assert found.remedies.machines == (Change(f"llm-{EU}", "template.scaling.max_instance_count", 6, 7, EU),)
    better = chat(*two_regions(sized(US, 10, 20), sized(EU, 1, 7)))
    assert better.verdict == "survives"


def test_all_requests_of_a_region_go_to_the_closest_one() -> None:
    """Together the others could carry them."""
    found = chat(*in_three(sized(US, 10, 20), sized(EU, 1, 4), sized(JP, 1, 4)))
    assert found.verdict == "undecided"
    assert found.reasons == (
        f"all requests of `{US}` may go to `{JP}`, whose maximum of instances is too low for them",
    )
    assert found.remedies
    assert found.remedies.machines
    assert {one.after for one in found.remedies.machines} == {7}
    assert chat(*in_three(sized(US, 10, 20), sized(EU, 1, 7), sized(JP, 1, 7))).verdict == "survives"
    lost = {one.region: one for one in found.losses}
    assert [(one.source, one.target) for one in lost[US].after_scale_out.flows or ()] == [(US, EU)]


@pytest.mark.parametrize(
    ("inputs", "undetected"),
    [
        pytest.param({"eu": run(EU, without("readinessProbe"))}, (EU,), id="no readiness probe"),
        pytest.param({"eu": run(EU, scaling=None)}, (EU,), id="no minimum"),
        pytest.param({"loadBalancingScheme": "EXTERNAL"}, (EU, US), id="classic"),
        pytest.param({"iap": {"enabled": True}}, (EU, US), id="IAP"),
        pytest.param(
            {"eu": run(EU, without("readinessProbe")), "outlierDetection": {"consecutiveErrors": 5}}, (), id="outliers"
        ),
    ],
)
def test_a_region_that_is_never_left_is_not_survived(inputs: dict[str, Any], undetected: tuple[str, ...]) -> None:
    found = chat(*two_regions(**inputs))
    assert found.undetected == undetected
    assert found.verdict == ("fails" if undetected else "survives")
    if undetected:
        assert f"does not survive the loss of {' or '.join(undetected)}" in as_text(FailoverResults("t", (found,)))


def test_a_peak_needs_to_know_what_an_instance_serves() -> None:
    parts = two_regions(sized(US), sized(EU))
    assert chat(*parts, demand=Demand(Amounts(20))).verdict == "undecided"
    assert chat(*parts, demand=Demand(Amounts(20), Amounts(5))).verdict == "survives"
    found = chat(*parts, demand=Demand(Amounts(24), Amounts(5)))
    assert found.verdict == "fails"
    assert found.remedies
    assert found.remedies.machines
    assert [one.after for one in found.remedies.machines] == [5, 5]


def test_the_option_gives_the_load() -> None:
    stack = build(*two_regions(sized(US, 2, 2), sized(EU, 2, 2)))
    assert statuses(RULE, stack, peak_load=0.5) == {"chat": "passed"}
    assert statuses(RULE, stack, peak_load=0.51) == {"chat": "failed"}


@pytest.mark.parametrize("most", [1, 4, None])
def test_every_format_tells_instances_from_machines(most: int | None) -> None:
    results = FailoverResults("t", (chat(*two_regions(sized(US, 1, most), sized(EU, 0, most))),))
    document = json.loads(as_json(results))
    Draft202012Validator(closed(schema_of("failover"))).validate(document)
    (service,) = document["services"]
    assert (service["kind"], service["regions"][0]["maxMachines"]) == ("cloudRun", most)
    for text in (as_text(results), as_markdown(results)):
        assert "Instances" in text
        assert "Machines" not in text
        assert "quota" in text
        assert ("no limit set" in text) is (most is None)
        assert "inf" not in text.replace("inferred", "")


def test_what_the_rule_says() -> None:
    (found,) = findings(RULE, build(*two_regions(sized(US, 10, 20), sized(EU, 1, 6))))
    (problem,) = found.problems
    assert problem.observed == (
        f"Without `{US}`, the Cloud Run services of the other regions serve at most 96 requests at a time, but the "
        f"steady load is 105.6."
    )
    assert problem.fix.startswith("Raise the maximum number of instances in the other regions")


def test_what_the_rule_says_of_regions_that_are_switched_off() -> None:
    off = {"scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 0}}
    (found,) = findings(RULE, build(*two_regions(sized(US, 10, 20), run(EU, **off))))
    assert [problem.observed for problem in found.problems] == [
        f"Without `{US}`, the Cloud Run services of the other regions serve no requests."
    ]
