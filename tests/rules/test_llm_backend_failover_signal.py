"""`llm-backend-failover-signal` on failing, passing, unknown and not applicable services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.runs import EU, FUNCTION, HTTP, PROBED, US, V1, behind, neg, run, two_regions, without
from tests.stacks import Computed, R, backend, build, check_verdict, finding, findings, mig, service

RULE = "llm-backend-failover-signal"
OUTLIERS: dict[str, Any] = {"outlierDetection": {"consecutiveErrors": 5, "maxEjectionPercent": 50}}
OTHER_STACK = R("StackReference", "platform")
SILENT = without("readinessProbe")


@pytest.mark.parametrize(
    ("eu", "inputs", "expected"),
    [
        pytest.param({}, {}, "passed", id="service health in both regions"),
        pytest.param({}, {"loadBalancingScheme": "INTERNAL_MANAGED"}, "passed", id="cross-region internal"),
        pytest.param({}, OUTLIERS, "passed", id="both signals"),
        pytest.param({"container": SILENT}, {}, "failed", id="no readiness probe in one region"),
        pytest.param({"container": SILENT}, OUTLIERS, "passed", id="outlier detection instead"),
        pytest.param({"scaling": None}, OUTLIERS, "passed", id="cold standby with outlier detection"),
        pytest.param({"scaling": None}, {}, "failed", id="no minimum instance"),
        pytest.param({"scaling": {"minInstanceCount": 0}}, {}, "failed", id="minimum of zero"),
        pytest.param(
            {"scaling": None, "template": {"scaling": {"minInstanceCount": 2}}}, {}, "passed", id="of the revision"
        ),
        pytest.param({"scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 2}}, {}, "passed", id="fixed number"),
        pytest.param(
            {"scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 0, "minInstanceCount": 1}},
            {},
            "failed",
            id="fixed at zero",
        ),
        pytest.param({"container": {**PROBED, "readinessProbe": {"grpc": {}}}}, {}, "passed", id="gRPC probe"),
        pytest.param(
            {"container": {**PROBED, "readinessProbe": {"httpGet": {"path": "/ready"}}}},
            {},
            "passed",
            id="the path is for another rule",
        ),
        pytest.param({"scaling": {"minInstanceCount": Computed()}}, {}, "undecided", id="computed minimum"),
        pytest.param(
            {"container": {**PROBED, "readinessProbe": Computed()}}, {}, "undecided", id="computed readiness probe"
        ),
        pytest.param({"template": {"containers": Computed()}}, {}, "undecided", id="computed containers"),
        pytest.param(
            {"template": {"containers": [SILENT, {"image": "nginx", "ports": {"containerPort": 80}}]}},
            {},
            "undecided",
            id="two containers with ports",
        ),
        pytest.param(
            {"template": {"containers": [{**PROBED}, {"image": "logs"}]}}, {}, "passed", id="sidecar without ports"
        ),
        pytest.param(
            {"traffics": [{"revision": "llm-00001", "percent": 100}], "container": SILENT},
            {},
            "undecided",
            id="another revision serves",
        ),
        pytest.param({"container": SILENT}, {"outlierDetection": Computed()}, "undecided", id="computed detection"),
        pytest.param(
            {"container": SILENT},
            {"outlierDetection": {"enforcingConsecutiveErrors": 0, "enforcingSuccessRate": 0}},
            "failed",
            id="detection that only counts",
        ),
        pytest.param(
            {"container": SILENT},
            {"outlierDetection": {"enforcingConsecutiveErrors": 0}},
            "failed",
            id="by success rate",
        ),
        pytest.param(
            {"container": SILENT},
            {"outlierDetection": {"enforcingConsecutiveErrors": 0, "enforcingConsecutiveGatewayFailure": 100}},
            "passed",
            id="by gateway failures",
        ),
        pytest.param(
            {"container": SILENT}, {"outlierDetection": {"maxEjectionPercent": 0}}, "failed", id="that ejects nothing"
        ),
        pytest.param({}, {"iap": {"enabled": True}}, "failed", id="IAP turns service health off"),
        pytest.param({}, {**OUTLIERS, "iap": {"enabled": True}}, "failed", id="IAP turns outlier detection off"),
        pytest.param({"iapEnabled": True}, {"iap": {"enabled": False}}, "passed", id="IAP of Cloud Run"),
        pytest.param({}, {"iap": {"enabled": Computed()}}, "undecided", id="computed IAP"),
        pytest.param({}, {"loadBalancingScheme": "EXTERNAL"}, "failed", id="classic"),
        pytest.param({}, {"loadBalancingScheme": Computed()}, "undecided", id="computed scheme"),
        pytest.param({}, {"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}, "undecided", id="mesh"),
    ],
)
def test_cloud_run_in_two_regions(eu: dict[str, Any], inputs: dict[str, Any], expected: str) -> None:
    container = eu.get("container")
    others = {key: value for key, value in eu.items() if key != "container"}
    check_verdict(RULE, two_regions(eu=run(EU, container, **others), **inputs), expected)


def test_the_message_names_the_region_and_what_it_lacks() -> None:
    found = finding(RULE, *two_regions(eu=run(EU, SILENT, scaling=None)))
    assert [problem.observed for problem in found.problems] == [
        "The load balancer cannot detect that the region of `neg-europe-west4` is dead: there is no readiness probe "
        "and no minimum instance."
    ]


_OUTLIERS_FIX = (
    ' Or set `outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50}` on the backend service.'
)


@pytest.mark.parametrize(
    ("eu", "link", "fix"),
    [
        pytest.param(
            run(EU, SILENT),
            {},
            'Give the Cloud Run service `readiness_probe={"http_get": {"path": "/health"}}`.',
            id="probe",
        ),
        pytest.param(
            run(EU, scaling=None), {}, 'Give the Cloud Run service `scaling={"min_instance_count": 1}`.', id="minimum"
        ),
        pytest.param(
            run(EU, scaling={"scalingMode": "MANUAL", "manualInstanceCount": 0}),
            {},
            'Give the Cloud Run service `scaling={"manual_instance_count": 1}`.',
            id="fixed number",
        ),
        pytest.param(
            R(V1, "llm-eu", {"name": "llm", "location": EU, "template": {"spec": {"containers": [PROBED]}}}),
            {},
            'Give the Cloud Run service `metadata={"annotations": {"run.googleapis.com/minScale": "1"}}`.',
            id="first version of the API",
        ),
        pytest.param(
            run(EU),
            {"cloudRun": {"service": "llm", "urlMask": "example.com/<service>"}},
            "Have the NEG name one Cloud Run service, without `url_mask` and `tag`.",
            id="URL mask",
        ),
    ],
)
def test_the_fix_is_what_is_missing(eu: R, link: dict[str, Any], fix: str) -> None:
    us = run(US)
    negs = (neg(us, US), neg(eu, EU, **link))
    (problem,) = finding(RULE, us, eu, *negs, behind(*negs)).problems
    assert problem.fix == fix + _OUTLIERS_FIX


def test_an_app_engine_app_has_no_other_region() -> None:
    apps = [neg(None, region, appEngine={"service": "llm"}) for region in (US, EU)]
    check_verdict(RULE, [*apps, behind(*apps)], "not applicable")


def test_iap_beside_another_product_is_not_moved_to_cloud_run() -> None:
    gateways = [
        neg(None, region, serverlessDeployment={"platform": "apigateway.googleapis.com"}) for region in (US, EU)
    ]
    (problem,) = finding(RULE, *gateways, behind(*gateways, iap={"enabled": True})).problems
    assert "Cloud Run" not in problem.fix


@pytest.mark.parametrize(
    ("cloud_run", "expected"),
    [
        pytest.param({"service": "llm"}, "passed", id="by a literal name"),
        pytest.param({"service": "llm", "urlMask": "example.com/<service>"}, "failed", id="URL mask"),
        pytest.param({"service": "llm", "tag": "canary"}, "failed", id="tag"),
        pytest.param({"service": "llm", "tag": Computed()}, "undecided", id="computed tag"),
        pytest.param({"service": "elsewhere"}, "undecided", id="service outside the stack"),
        pytest.param({"urlMask": "example.com/<service>"}, "failed", id="URL mask alone"),
        pytest.param(Computed(), "undecided", id="computed block"),
    ],
)
def test_what_the_neg_names(cloud_run: Any, expected: str) -> None:
    us, eu = run(US), run(EU)
    negs = (neg(us, US), neg(None, EU, cloudRun=cloud_run))
    check_verdict(RULE, [us, eu, *negs, behind(*negs)], expected)


def test_a_service_of_several_regions() -> None:
    def stack(**inputs: Any) -> list[R]:
        llm = run("global", multiRegionSettings={"regions": [US, EU]}, **inputs)
        negs = (neg(llm, US), neg(llm, EU))
        return [llm, *negs, behind(*negs)]

    check_verdict(RULE, stack(), "passed")
    check_verdict(RULE, stack(scaling=None), "failed")


def test_the_first_api_version_says_it_in_annotations() -> None:
    def v1(annotations: dict[str, str], container: dict[str, Any]) -> R:
        meta = {"annotations": annotations}
        return R(
            V1,
            "v1",
            {"name": "llm", "location": EU, "template": {"metadata": meta, "spec": {"containers": [container]}}},
        )

    warm = {"autoscaling.knative.dev/minScale": "1"}
    probed = {"image": "x", "readinessProbe": HTTP}
    check_verdict(RULE, two_regions(eu=v1(warm, probed)), "passed")
    check_verdict(RULE, two_regions(eu=v1({}, probed)), "failed")
    check_verdict(RULE, two_regions(eu=v1(warm, {"image": "x"})), "failed")


def test_a_function_shows_no_probe() -> None:
    function = R(FUNCTION, "f", {"name": "llm", "location": EU, "serviceConfig": {"minInstanceCount": 1}})
    check_verdict(RULE, two_regions(eu=function), "undecided")
    check_verdict(RULE, two_regions(eu=function, **OUTLIERS), "passed")
    cold = R(FUNCTION, "f", {"name": "llm", "location": EU, "serviceConfig": {}})
    check_verdict(RULE, two_regions(eu=cold), "failed")


def psc(region: str, target: str) -> R:
    inputs = {"region": region, "networkEndpointType": "PRIVATE_SERVICE_CONNECT", "pscTargetService": target}
    return R("RegionNetworkEndpointGroup", f"psc-{region}", inputs)


def attachment(region: str) -> R:
    return psc(region, f"projects/producer/regions/{region}/serviceAttachments/llm")


@pytest.mark.parametrize(
    ("negs", "inputs", "expected"),
    [
        pytest.param([attachment(US), attachment(EU)], OUTLIERS, "passed", id="published services, outlier detection"),
        pytest.param([attachment(US), attachment(EU)], {}, "undecided", id="composite health of the producer"),
        pytest.param([attachment(US)], {}, "not applicable", id="one region"),
        pytest.param([psc(US, "us-central1-aiplatform.googleapis.com")], {}, "not applicable", id="Google API"),
    ],
)
def test_private_service_connect(negs: list[R], inputs: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, [*negs, behind(*negs, **inputs)], expected)


def test_where_it_does_not_apply() -> None:
    llm = run(US, SILENT)
    link = neg(llm)
    check_verdict(RULE, [llm, link, behind(link)], "not applicable")
    check_verdict(RULE, [llm, link, behind(link, region=US, loadBalancingScheme="INTERNAL_MANAGED")], "not applicable")
    group, other = mig(US), mig(EU)
    check_verdict(RULE, [group, other, service([backend(group), backend(other)])], "not applicable")
    check_verdict(RULE, [service([])], "not applicable")


def test_other_products_and_unknown_backends() -> None:
    us = run(US)
    app = neg(None, EU, appEngine={"service": "llm"})
    link = neg(us, US)
    check_verdict(RULE, [us, link, app, behind(link, app)], "undecided")
    check_verdict(RULE, [us, link, app, behind(link, app, **OUTLIERS)], "passed")
    unknown = service([{"group": Computed((OTHER_STACK,))}, {"group": Computed((OTHER_STACK,))}])
    check_verdict(RULE, [unknown, OTHER_STACK], "undecided")
    check_verdict(RULE, [service(Computed((OTHER_STACK,))), OTHER_STACK], "undecided")


def test_more_negs_than_service_health_takes() -> None:
    regions = [US, EU, "us-east4", "asia-southeast1", "europe-west1", "asia-south1"]
    runs = [run(region) for region in regions]
    negs = [neg(one, region) for one, region in zip(runs, regions, strict=True)]
    check_verdict(RULE, [*runs, *negs, behind(*negs)], "passed")
    check_verdict(RULE, [*runs, *negs, behind(*negs, loadBalancingScheme="INTERNAL_MANAGED")], "undecided")


def test_each_region_that_lacks_something_is_named() -> None:
    (found,) = findings(RULE, build(*two_regions(run(US, SILENT), run(EU, SILENT))))
    (problem,) = found.problems
    assert ["neg-us-central1" in problem.observed, "neg-europe-west4" in problem.observed] == [True, True]
