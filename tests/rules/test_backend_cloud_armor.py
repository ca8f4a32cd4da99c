"""`backend-cloud-armor` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service

RULE = "backend-cloud-armor"
DENY = {"priority": 1, "action": "deny(403)", "match": {"config": {"srcIpRanges": ["*"]}}}
ALLOW = {"priority": 2147483647, "action": "allow", "match": {"config": {"srcIpRanges": ["*"]}}}

HALVES = ["0.0.0.0/1", "128.0.0.0/1"]


def armor(*rules: Any, **inputs: Any) -> R:
    return R("SecurityPolicy", "armor", {"rules": list(rules), **inputs})


def protected(policy: R, *others: R) -> tuple[R, ...]:
    return service(securityPolicy=Out(policy, "id")), policy, *others


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (armor(DENY), "passed"),
        (armor(DENY, ALLOW), "passed"),
        (armor({**DENY, "action": "throttle"}), "passed"),
        (armor({**DENY, "action": "rate_based_ban"}), "passed"),
        (armor({**DENY, "action": "redirect"}), "passed"),
        (armor(ALLOW), "failed"),
        (armor(), "failed"),
        (armor({**DENY, "preview": True}), "failed"),
        (armor({**DENY, "preview": False}), "passed"),
        (armor({**DENY, "preview": Computed()}), "undecided"),
        (armor({**DENY, "action": Computed()}), "undecided"),
        (armor(ALLOW, Computed()), "undecided"),
        # What is not known may let everybody through before.
        (armor(DENY, Computed()), "undecided"),
        (armor({**ALLOW, "priority": 0}, DENY), "failed"),
        (armor({**ALLOW, "priority": 0, "preview": True}, DENY), "passed"),
        (armor({**ALLOW, "priority": 0, "match": {"config": {"srcIpRanges": ["10.0.0.0/8"]}}}, DENY), "passed"),
        (armor({**ALLOW, "priority": 0, "match": Computed()}, DENY), "undecided"),
        (armor({**ALLOW, "priority": 0, "match": {"config": {"srcIpRanges": HALVES}}}, DENY), "failed"),
        (armor({**ALLOW, "priority": 0, "match": {"config": {"srcIpRanges": HALVES[:1]}}}, DENY), "passed"),
        (armor({**ALLOW, "priority": 0}, {**DENY, "priority": Computed()}), "undecided"),
        (armor(DENY, type="CLOUD_ARMOR"), "passed"),
        (armor(DENY, type="CLOUD_ARMOR_EDGE"), "failed"),
        (armor(DENY, type="CLOUD_ARMOR_NETWORK"), "failed"),
        (armor(DENY, type=Computed()), "undecided"),
        (R("SecurityPolicy", "armor", {}), "failed"),
        (R("SecurityPolicy", "armor", {"rules": Computed()}), "undecided"),
        (R("SecurityPolicy", "armor", {}, {"ignore_changes": ("rules",)}), "undecided"),
    ],
)
def test_policies(policy: R, status: str) -> None:
    check_verdict(RULE, protected(policy), status)


def separate(policy: Any, type_: str = "SecurityPolicyRule", **inputs: Any) -> R:
    short = f"{type_[0].lower()}{type_[1:]}"
    return R(f"gcp:compute/{short}:{type_}", "rule", {**DENY, "securityPolicy": policy, **inputs})


def test_rules_that_are_resources() -> None:
    policy, other = armor(ALLOW), R("SecurityPolicy", "other", {})
    check_verdict(RULE, protected(policy, separate(Out(policy, "id"))), "passed")
    check_verdict(RULE, protected(policy, separate(Out(policy, "id"), preview=True)), "failed")
    check_verdict(RULE, protected(policy, other, separate(Out(other, "id"))), "failed")
    check_verdict(RULE, protected(policy, separate(Computed())), "undecided")
    named = armor(ALLOW, name="armor")
    check_verdict(RULE, protected(named, separate("armor")), "passed")
    check_verdict(RULE, protected(named, separate("another")), "failed")


def test_a_rule_of_a_policy_by_the_number_of_its_project() -> None:
    policy, url = armor(ALLOW, name="armor"), "projects/123456/global/securityPolicies/armor"
    check_verdict(RULE, protected(policy, separate(url)), "undecided")
    check_verdict(RULE, protected(policy, separate(Computed((policy,), url))), "passed")


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({}, "failed"),
        ({"loadBalancingScheme": "EXTERNAL"}, "failed"),
        ({"edgeSecurityPolicy": "projects/p/global/securityPolicies/edge"}, "failed"),
        ({"securityPolicy": ""}, "failed"),
        ({"securityPolicy": "projects/p/global/securityPolicies/shared"}, "passed"),
        ({"securityPolicy": Computed()}, "undecided"),
        ({"loadBalancingScheme": "INTERNAL_MANAGED"}, "not applicable"),
        ({"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}, "not applicable"),
        ({"loadBalancingScheme": Computed()}, "undecided"),
        ({"region": "us-central1"}, "failed"),
        ({"region": "us-central1", "protocol": "TCP"}, "not applicable"),
        ({"region": "us-central1", "protocol": Computed()}, "undecided"),
        ({"region": "us-central1", "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}, "not applicable"),
        ({"region": "us-central1", "loadBalancingScheme": None}, "not applicable"),
        ({"protocol": "SSL"}, "failed"),
    ],
)
def test_services(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(**inputs)], status)


def test_a_regional_policy() -> None:
    policy = R("RegionSecurityPolicy", "armor", {"region": "us-central1", "rules": [ALLOW]})
    subject = service(region="us-central1", securityPolicy=Out(policy, "selfLink"))
    rule = separate(Out(policy, "id"), "RegionSecurityPolicyRule", region="us-central1")
    check_verdict(RULE, [subject, policy], "failed")
    check_verdict(RULE, [subject, policy, rule], "passed")


def test_something_else_attaches_it() -> None:
    subject = service(options={"ignore_changes": ("securityPolicy",)})
    check_verdict(RULE, [subject], "undecided")


def test_a_rule_may_still_come() -> None:
    policy = armor(ALLOW)
    subject = service([backend(mig())], securityPolicy=Out(policy, "id"))
    check_verdict(RULE, [subject, policy], "undecided", is_complete=False)
    check_verdict(RULE, [service([backend(mig())])], "failed", is_complete=False)


def test_the_message() -> None:
    (found,) = findings(RULE, build(service(edgeSecurityPolicy="projects/p/global/securityPolicies/edge")))
    assert found.problems[0].observed == "It has no Cloud Armor policy except an edge policy, which cannot rate limit."


HERE, GLOBAL_URL = "us-central1", "projects/p/global/securityPolicies/armor"
REGIONAL_URL = "projects/p/regions/us-central1/securityPolicies/armor"


def regional_armor(region: Any = HERE) -> R:
    return R("RegionSecurityPolicy", "regional-armor", {"region": region, "rules": [DENY]})


@pytest.mark.parametrize(
    ("region", "policy", "expected"),
    [
        pytest.param(HERE, regional_armor(), "passed", id="regional with its region's"),
        pytest.param(HERE, armor(DENY), "failed", id="regional with a global one"),
        pytest.param(HERE, regional_armor("europe-west4"), "failed", id="regional with another region's"),
        pytest.param(HERE, regional_armor(Computed((), "us-central1")), ("undecided", "passed"), id="unknown region"),
        pytest.param(Computed(), regional_armor(), "undecided", id="a service of an unknown region"),
        pytest.param(Computed(), armor(DENY), "undecided", id="a service of an unknown region with a global one"),
        pytest.param(None, armor(DENY), "passed", id="global with a global one"),
        pytest.param(None, regional_armor(), "failed", id="global with a regional one"),
        pytest.param(HERE, GLOBAL_URL, "failed", id="regional with the URL of a global one"),
        pytest.param(HERE, REGIONAL_URL, "passed", id="regional with the URL of its region's"),
        pytest.param(HERE, "armor", "passed", id="a bare name is of the service's own scope"),
        pytest.param(None, GLOBAL_URL, "passed", id="global with the URL of a global one"),
        pytest.param(None, REGIONAL_URL, "failed", id="global with the URL of a regional one"),
    ],
)
def test_scopes(region: Any, policy: Any, expected: Expected) -> None:
    place = {} if region is None else {"region": region}
    link = Out(policy, "id") if isinstance(policy, R) else policy
    others = [policy] if isinstance(policy, R) else []
    check_verdict(RULE, [service(**place, securityPolicy=link), *others], expected)


def test_an_edge_policy_of_a_region() -> None:
    edge, policy = regional_armor(), armor(DENY)
    subject = service(securityPolicy=Out(policy, "id"), edgeSecurityPolicy=Out(edge, "id"))
    check_verdict(RULE, [subject, policy, edge], "failed")


@pytest.mark.parametrize(("place", "resource"), [({}, "SecurityPolicy"), ({"region": HERE}, "RegionSecurityPolicy")])
def test_the_fix_names_the_resource_of_its_scope(place: dict[str, Any], resource: str) -> None:
    wrong = regional_armor() if not place else armor(DENY)
    for subject in (service(**place), service(**place, securityPolicy=Out(wrong, "id"))):
        (found,) = findings(RULE, build(subject, wrong))
        assert f"`{resource}`" in found.problems[0].fix
