"""`llm-backend-outlier-detection` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.runs import behind, neg, run, two_regions
from tests.stacks import Computed, Out, R, backend, build, check_verdict, findings, mig, service

RULE = "llm-backend-outlier-detection"
US = mig("us-central1")
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
PSC = R("RegionNetworkEndpointGroup", "psc", {"region": "us-east1", "networkEndpointType": "PRIVATE_SERVICE_CONNECT"})
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {"networkEndpointType": "INTERNET_FQDN_PORT"})
OTHER_STACK = R("StackReference", "platform")
RESOURCES = (US, NEG, SERVERLESS, PSC, INTERNET, OTHER_STACK)
REGIONAL = {"region": "us-central1"}
ONLY_COUNTS = {"enforcingConsecutiveErrors": 0, "enforcingSuccessRate": 0}


@pytest.mark.parametrize(
    ("block", "options", "status"),
    [
        ({"consecutiveErrors": 5, "maxEjectionPercent": 50}, {}, "passed"),
        ({}, {}, "passed"),
        ([{"maxEjectionPercent": 50}], {}, "passed"),
        (None, {}, "failed"),
        (Computed(), {}, "undecided"),
        ({"maxEjectionPercent": 10}, {}, "passed"),
        ({"maxEjectionPercent": 9}, {}, "failed"),
        ({"maxEjectionPercent": 0}, {}, "failed"),
        ({"maxEjectionPercent": Computed()}, {}, "undecided"),
        ({"maxEjectionPercent": 30}, {"min_ejection_percent": 50}, "failed"),
        ({}, {"min_ejection_percent": 50}, "failed"),
        ({}, {"min_ejection_percent": 11}, "failed"),
        (ONLY_COUNTS, {}, "failed"),
        ({**ONLY_COUNTS, "enforcingConsecutiveGatewayFailure": 100}, {}, "passed"),
        ({**ONLY_COUNTS, "enforcingConsecutiveGatewayFailure": Computed()}, {}, "undecided"),
        ({"enforcingConsecutiveErrors": 0}, {}, "passed"),
        ({"enforcingConsecutiveErrors": Computed(), "enforcingSuccessRate": 0}, {}, "undecided"),
        ({"enforcingConsecutiveErrors": Computed()}, {}, "passed"),
    ],
)
def test_settings(block: Any, options: dict[str, Any], status: str) -> None:
    subject = service([backend(US)], outlierDetection=block)
    check_verdict(RULE, [subject, US], status, **options)


@pytest.mark.parametrize(
    ("backends", "inputs", "status"),
    [
        ([backend(US)], {"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}, "failed"),
        ([backend(US)], {"loadBalancingScheme": "INTERNAL_SELF_MANAGED", "protocol": "GRPC"}, "not applicable"),
        ([backend(US)], {"loadBalancingScheme": "INTERNAL_MANAGED"}, "not applicable"),
        ([backend(US)], {"loadBalancingScheme": "EXTERNAL"}, "not applicable"),
        ([backend(US)], {"loadBalancingScheme": Computed()}, "undecided"),
        ([backend(US)], {"protocol": "TCP"}, "not applicable"),
        ([backend(US)], {"protocol": "HTTP2"}, "failed"),
        ([backend(US)], {"protocol": None}, "failed"),
        ([backend(US)], {"protocol": Computed()}, "undecided"),
        ([backend(US)], REGIONAL, "failed"),
        ([backend(US)], {**REGIONAL, "loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
        ([backend(US)], {**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}, "not applicable"),
        ([backend(NEG)], {}, "failed"),
        ([backend(INTERNET)], {}, "not applicable"),
        # Their product may have a health signal of its own: `llm-backend-failover-signal` asks for one.
        ([backend(SERVERLESS)], {}, "not applicable"),
        ([backend(SERVERLESS)], {"loadBalancingScheme": "INTERNAL_MANAGED"}, "not applicable"),
        ([backend(SERVERLESS)], {"loadBalancingScheme": "EXTERNAL"}, "not applicable"),
        ([backend(SERVERLESS)], REGIONAL, "not applicable"),
        ([backend(PSC)], {}, "not applicable"),
        ([backend(PSC)], REGIONAL, "not applicable"),
        ([backend(PSC)], {"loadBalancingScheme": "INTERNAL_MANAGED"}, "not applicable"),
        ([backend(Computed((OTHER_STACK,)))], {}, "undecided"),
        (Computed(), {}, "undecided"),
        ([], {}, "failed"),
    ],
)
def test_services_without_it(backends: Any, inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(backends, **inputs), *RESOURCES], status)


def test_outputs_alone_show_zero_for_not_set() -> None:
    block = {"maxEjectionPercent": 50, "enforcingConsecutiveErrors": 0, "enforcingSuccessRate": 0}
    shown = {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP", "backends": [], "outlierDetection": block}
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": shown, "is_read": True})
    check_verdict(RULE, [read], "undecided")


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(US)], outlierDetection={**ONLY_COUNTS, "maxEjectionPercent": 5})
    (found,) = findings(RULE, build(subject, US))
    assert [problem.observed for problem in found.problems] == [
        "Its outlier detection ejects at most 5 % of the servers.",
        "Its outlier detection ejects nothing: all `enforcing_...` percentages are 0.",
    ]


@pytest.mark.parametrize(
    ("inputs", "property_name"),
    [
        pytest.param({"loadBalancingScheme": Computed()}, "load_balancing_scheme", id="computed scheme"),
        pytest.param({"protocol": Computed()}, "protocol", id="computed protocol"),
        pytest.param({"outlierDetection": Computed()}, "outlier_detection", id="computed block"),
    ],
)
def test_the_property_that_decides_is_named(inputs: dict[str, Any], property_name: str) -> None:
    (found,) = findings(RULE, build(service([backend(US)], **inputs), US))
    assert [one.property_name for one in found.undecided] == [property_name]


CONSECUTIVE = {"consecutiveErrors": 5, "maxEjectionPercent": 50}
EFFECTLESS = {**CONSECUTIVE, "successRateMinimumHosts": 3}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param({"outlierDetection": CONSECUTIVE}, "passed", id="global external"),
        pytest.param({"outlierDetection": CONSECUTIVE, "loadBalancingScheme": "INTERNAL_MANAGED"}, "passed",
                     id="cross-region internal"),
        pytest.param({"outlierDetection": CONSECUTIVE, "loadBalancingScheme": "EXTERNAL"}, "not applicable",
                     id="classic"),
        pytest.param({"outlierDetection": CONSECUTIVE, "loadBalancingScheme": Computed()}, "passed",
                     id="computed scheme, nothing wrong"),
        pytest.param({"outlierDetection": EFFECTLESS, "loadBalancingScheme": Computed()}, "undecided",
                     id="computed scheme"),
        pytest.param({}, "not applicable", id="another rule asks for a signal"),
        pytest.param({"outlierDetection": {"maxEjectionPercent": 5}}, "failed", id="too few are ejected"),
        pytest.param({"outlierDetection": EFFECTLESS}, "failed", id="success rate"),
        pytest.param({"outlierDetection": {**CONSECUTIVE, "enforcingConsecutiveErrors": 0}}, "failed",
                     id="nothing that counts here"),
        pytest.param({"outlierDetection": CONSECUTIVE, "iap": {"enabled": True}}, "failed", id="IAP turns it off"),
        pytest.param({"outlierDetection": CONSECUTIVE, "iap": {"enabled": False}}, "passed", id="IAP off"),
        pytest.param({"outlierDetection": CONSECUTIVE, "iap": {"enabled": Computed()}}, "undecided", id="IAP computed"),
    ],
)  # fmt: skip
def test_serverless_negs(inputs: dict[str, Any], expected: str) -> None:
    check_verdict(RULE, two_regions(**inputs), expected)


def test_backends_that_may_be_serverless() -> None:
    """Computed as a whole they may be others, too, of which success rates count."""
    regions = ("us-central1", "europe-west4")
    runs, negs = [run(one) for one in regions], [neg(None, one, cloudRun={"service": "llm"}) for one in regions]
    whole = Computed(tuple(negs), [{"group": Out(one, "id")} for one in negs])
    stack = [*runs, *negs, service(whole, protocol="HTTPS", outlierDetection=EFFECTLESS)]
    check_verdict(RULE, stack, ("undecided", "failed"))
    stack = [*runs, *negs, service(whole, protocol="HTTPS", outlierDetection=CONSECUTIVE)]
    check_verdict(RULE, stack, "passed")


def test_published_services() -> None:
    negs = [
        R("RegionNetworkEndpointGroup", f"psc-{region}", {
            "region": region,
            "networkEndpointType": "PRIVATE_SERVICE_CONNECT",
            "pscTargetService": f"projects/p/regions/{region}/serviceAttachments/llm",
        })
        for region in ("us-central1", "europe-west4")
    ]  # fmt: skip
    check_verdict(RULE, [*negs, behind(*negs, outlierDetection=CONSECUTIVE)], "passed")
    check_verdict(RULE, [*negs, behind(*negs, outlierDetection={"maxEjectionPercent": 1})], "failed")
    check_verdict(RULE, [*negs, behind(*negs)], "not applicable")


def test_internet_negs_have_none() -> None:
    api = R("GlobalNetworkEndpointGroup", "api", {"networkEndpointType": "INTERNET_FQDN_PORT"})
    check_verdict(RULE, [api, behind(api, outlierDetection=CONSECUTIVE)], "not applicable")
