"""`run-service-exists` on failing, passing, unknown and not applicable services."""

from __future__ import annotations

import pytest

from tests.rules.runs import EU, FUNCTION, US, V1, behind, neg, run
from tests.stacks import Computed, Out, R, backend, build, check_verdict, finding, findings, mig, service

RULE = "run-service-exists"
OTHER_STACK = R("StackReference", "platform")
LITERAL = {"cloudRun": {"service": "llm"}}


def v1(region: str = US) -> R:
    return R(V1, "v1", {"name": "llm", "location": region})


def function(region: str = US) -> R:
    return R(FUNCTION, "f", {"name": "LLM_server", "location": region})


@pytest.mark.parametrize(
    ("runs", "link", "expected"),
    [
        pytest.param([run(US)], neg(None, US, **LITERAL), "passed", id="by name and region"),
        pytest.param([run(US), run(EU)], neg(None, US, **LITERAL), "passed", id="one name in two regions"),
        pytest.param([run(EU)], neg(None, US, **LITERAL), "failed", id="in another region"),
        pytest.param([run("global", multiRegionSettings={"regions": [US, EU]})], neg(None, US, **LITERAL), "passed",
                     id="multi-region service"),
        pytest.param([run("global", multiRegionSettings={"regions": [EU]})], neg(None, US, **LITERAL), "failed",
                     id="multi-region service elsewhere"),
        pytest.param([run("global", multiRegionSettings={"regions": Computed()})], neg(None, US, **LITERAL),
                     "undecided", id="computed regions"),
        pytest.param([run(Computed())], neg(None, US, **LITERAL), "undecided", id="computed location"),
        pytest.param([run(EU), R(v1().type, "other", {"name": Computed(), "location": Computed()})],
                     neg(None, US, **LITERAL), "undecided", id="in another region, beside one that may be it"),
        pytest.param([run(US)], neg(None, US, cloudRun={"service": "other"}), "undecided", id="outside the stack"),
        pytest.param([run(US)], neg(None, US, cloudRun={"service": Computed((OTHER_STACK,))}), "undecided",
                     id="computed name"),
        pytest.param([run(US)], neg(None, US, cloudRun={"urlMask": "x.com/<service>"}), "undecided", id="URL mask"),
        pytest.param([], neg(None, US), "failed", id="names nothing"),
        pytest.param([], neg(None, US, cloudRun=Computed()), "undecided", id="computed block"),
        pytest.param([], neg(None, US, appEngine={}), "passed", id="App Engine"),
        pytest.param([], neg(None, US, serverlessDeployment={"platform": "apigateway.googleapis.com"}), "passed",
                     id="another product"),
        pytest.param([v1()], neg(None, US, **LITERAL), "passed", id="first API version"),
        pytest.param([v1(EU)], neg(None, US, **LITERAL), "failed", id="first API version elsewhere"),
        pytest.param([function()], neg(None, US, cloudRun={"service": "llm-server"}), "passed", id="function"),
        pytest.param([function()], neg(None, US, cloudFunction={"function": "LLM_server"}), "passed",
                     id="function of the first generation, or outside"),
    ],
)  # fmt: skip
def test_verdicts(runs: list[R], link: R, expected: str) -> None:
    check_verdict(RULE, [*runs, link, behind(link), OTHER_STACK], expected)


def test_the_fix_of_a_neg_for_private_service_connect_without_its_type() -> None:
    link = neg(None, US, networkEndpointType=None, pscTargetService="projects/p/regions/r/serviceAttachments/llm")
    found = finding(RULE, link, behind(link))
    assert found.problems[0].fix.startswith('Set `network_endpoint_type="PRIVATE_SERVICE_CONNECT"` on ')


def test_a_name_that_a_service_hands_on() -> None:
    here, there = run(US), run(EU, name="other")
    right = neg(here, US)
    check_verdict(RULE, [here, right, behind(right)], "passed")
    wrong = neg(there, US)
    check_verdict(RULE, [there, wrong, behind(wrong)], "failed")
    # The API looks the name up in the NEG's region, whichever resource the program took it from.
    twin, same = run(EU), run(US)
    link = neg(twin, US)
    check_verdict(RULE, [twin, same, link, behind(link)], "passed")


def test_a_name_that_pulumi_makes_up() -> None:
    llm = run(US, name=None)
    link = neg(llm, US)
    check_verdict(RULE, [llm, link, behind(link)], "passed")
    literal = neg(None, US, cloudRun={"service": "llm"})
    check_verdict(RULE, [llm, literal, behind(literal)], "undecided")


def test_a_name_is_there_once_in_a_region() -> None:
    here, somewhere = run(US), R("gcp:cloudrunv2/service:Service", "somewhere", {"name": "llm", "location": Computed()})
    link = neg(None, US, **LITERAL)
    check_verdict(RULE, [here, somewhere, link, behind(link)], "passed")
    check_verdict(RULE, [somewhere, link, behind(link)], "undecided")


def test_a_service_of_another_project_is_another_one() -> None:
    link = neg(None, US, **LITERAL)
    check_verdict(RULE, [run(US, project="other"), link, behind(link)], "undecided")
    check_verdict(RULE, [run(US, project="123456"), link, behind(link)], "passed")


def test_while_an_update_goes_on_the_service_may_still_come() -> None:
    link = neg(None, US, **LITERAL)
    check_verdict(RULE, [run(EU), link, behind(link)], "undecided", is_complete=False)
    empty = neg(None, US)
    check_verdict(RULE, [empty, behind(empty)], "failed", is_complete=False)


def test_where_it_does_not_apply() -> None:
    group = mig(US)
    check_verdict(RULE, [group, service([backend(group)])], "not applicable")
    check_verdict(RULE, [service([])], "not applicable")
    api = R("RegionNetworkEndpointGroup", "psc", {"region": US, "networkEndpointType": "PRIVATE_SERVICE_CONNECT"})
    check_verdict(RULE, [api, service([{"group": Out(api, "id")}])], "not applicable")


def test_unknown_backends_are_undecided() -> None:
    check_verdict(RULE, [service([{"group": Computed((OTHER_STACK,))}]), OTHER_STACK], "undecided")
    outside = "projects/p/regions/us-central1/networkEndpointGroups/llm"
    check_verdict(RULE, [service([{"group": outside}])], "undecided")
    assert finding(RULE, service([{"group": outside}])).reasons == (
        "`llm` is not known to be a serverless NEG of the stack",
    )


@pytest.mark.parametrize(
    ("services", "said"),
    [
        pytest.param([run(US)], "in its region, such as that of `llm-us-central1`.", id="one in the region"),
        pytest.param([run(EU)], "in its region.", id="one elsewhere"),
        pytest.param([], "in its region.", id="none"),
    ],
)
def test_the_fix_names_services_of_the_region(services: list[R], said: str) -> None:
    empty = neg(None, US)
    (problem,) = finding(RULE, empty, behind(empty), *services).problems
    assert problem.fix.endswith(said)


def test_the_message_names_both_regions() -> None:
    link = neg(None, US, **LITERAL)
    (problem,) = finding(RULE, run(EU), link, behind(link)).problems
    assert problem.observed == (
        "The serverless NEG `neg-us-central1` is in `us-central1`, but its Cloud Run service `llm-europe-west4` is in "
        "`europe-west4`."
    )
    (problem,) = finding(RULE, run(EU), run("asia-east1"), link, behind(link)).problems
    assert problem.observed == (
        "The serverless NEG `neg-us-central1` is in `us-central1`, but the Cloud Run services of its name, "
        "`llm-asia-east1` and `llm-europe-west4`, are in `asia-east1` and `europe-west4`."
    )


def test_other_rules_do_not_say_that_a_service_elsewhere_may_not_be_in_the_stack() -> None:
    one = run(US)
    right, wrong = neg(one, US), neg(one, EU)
    stack = build(one, right, wrong, behind(right, wrong))
    reasons = {
        reason.removeprefix("its capacity is not known: ")
        for rule in ("llm-backend-failover-capacity", "llm-backend-failover-signal", "backend-no-plaintext-secrets")
        for found in findings(rule, stack)
        for reason in found.reasons
    }
    assert reasons == {f"the Cloud Run service that `{wrong.name}` names is not in its region"}
