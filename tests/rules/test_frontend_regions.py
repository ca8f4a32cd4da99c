"""`frontend-regions` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import https, target, url_map
from tests.stacks import Computed, Expected, Out, R, build, check_verdict, findings, service

RULE = "frontend-regions"
US, EU = "us-central1", "europe-west4"
RECORD_SET = "gcp:dns/recordSet:RecordSet"
CHAT = service(loadBalancingScheme="INTERNAL_MANAGED")
PATHS = url_map(CHAT)
PROXY = https(PATHS)
NETWORK = R("Network", "llm", {})
BASE = (CHAT, PATHS, PROXY)


def subnet(region: Any, name: str = "", **inputs: Any) -> R:
    return R("Subnetwork", name or f"subnet-{region}", {"network": target(NETWORK), "region": region, **inputs})


def proxies(region: Any, purpose: Any = "GLOBAL_MANAGED_PROXY", **inputs: Any) -> R:
    return subnet(region, f"proxies-{region}", purpose=purpose, **{"role": "ACTIVE", **inputs})


def entry(region: str, subnetwork: Any = "url", address: str | None = None) -> R:
    if subnetwork == "url":
        subnetwork = f"projects/p-demo/regions/{region}/subnetworks/other"
    given = {"loadBalancingScheme": "INTERNAL_MANAGED", "portRange": "443", "target": target(PROXY)}
    outputs = {"outputs": {"ipAddress": address}} if address else {}
    return R("GlobalForwardingRule", f"entry-{region}", {**given, "subnetwork": subnetwork}, outputs)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([], "not applicable", id="the front end is elsewhere"),
        pytest.param([entry(US)], "failed", id="one region"),
        pytest.param([entry(US, None)], "failed", id="one, wherever it is"),
        pytest.param([entry(US), entry(EU)], "passed", id="two regions"),
        pytest.param([entry(US), entry("other", f"regions/{US}/subnetworks/b")], "failed", id="one region twice"),
        pytest.param([entry(US), entry(EU, Computed())], "undecided", id="an unknown region"),
        pytest.param([entry(US), entry(EU, None)], "undecided", id="no subnetwork"),
    ],
)
def test_entries(entries: list[R], expected: Expected) -> None:
    check_verdict(RULE, [*BASE, *entries], expected)


def test_a_subnetwork_of_the_stack_in_a_computed_region() -> None:
    elsewhere = subnet(Computed(), "elsewhere")
    there = (NETWORK, elsewhere, proxies(US), proxies(EU))
    # As deployed its URL tells the region.
    check_verdict(RULE, [*BASE, *there, entry(US), entry(EU, target(elsewhere))], ("undecided", "passed"))


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"loadBalancingScheme": "EXTERNAL_MANAGED"}, "not applicable"),
        ({"loadBalancingScheme": "INTERNAL_MANAGED", "region": US}, "not applicable"),
        ({"loadBalancingScheme": Computed()}, "undecided"),
    ],
)
def test_other_load_balancers(inputs: dict[str, Any], expected: Expected) -> None:
    subject = service(**inputs)
    paths = R("URLMap", "paths", {"defaultService": target(subject)})
    proxy = https(paths)
    rule = R("GlobalForwardingRule", "entry", {"target": target(proxy), "subnetwork": f"regions/{US}/subnetworks/a"})
    check_verdict(RULE, [subject, paths, proxy, rule], expected)


def test_one_region_may_do() -> None:
    check_verdict(RULE, [*BASE, entry(US)], "passed", min_regions=1)


def in_network(*proxy_subnetworks: R) -> tuple[R, ...]:
    subnets = [subnet(US), subnet(EU)]
    entries = [entry(region, target(of)) for region, of in zip((US, EU), subnets, strict=True)]
    return *BASE, NETWORK, *subnets, *entries, *proxy_subnetworks


@pytest.mark.parametrize(
    ("subnetworks", "expected"),
    [
        pytest.param([proxies(US), proxies(EU)], "passed", id="in both regions"),
        pytest.param([proxies(US)], "failed", id="in one"),
        pytest.param([], "failed", id="in none"),
        pytest.param([proxies(US), proxies(EU, "REGIONAL_MANAGED_PROXY")], "failed", id="for regional ones"),
        pytest.param([proxies(US), proxies(EU, "PRIVATE")], "failed", id="for machines"),
        pytest.param([proxies(US), proxies(EU, role="BACKUP")], "failed", id="a backup"),
        pytest.param([proxies(US), proxies(EU, Computed())], "undecided", id="an unknown purpose"),
        pytest.param(
            [proxies(US), proxies(EU, network="projects/p-demo/global/networks/other")],
            "failed",
            id="in another network",
        ),
    ],
)
def test_proxies(subnetworks: list[R], expected: Expected) -> None:
    check_verdict(RULE, in_network(*subnetworks), expected)


def geo(location: str, *addresses: Any) -> dict[str, Any]:
    balancers = [{"ipAddress": address, "loadBalancerType": "globalL7ilb"} for address in addresses]
    return {"location": location, "healthCheckedTargets": {"internalLoadBalancers": balancers}}


def record(*geos: dict[str, Any], name: str = "name", **inputs: Any) -> R:
    policy = {"routingPolicy": {"geos": list(geos)}} if geos else {}
    return R(RECORD_SET, name, {"type": "A", **policy, **inputs})


IN_US, IN_EU = entry(US, address="10.0.0.5"), entry(EU, address="10.1.0.5")


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([], "passed", id="names made elsewhere"),
        pytest.param([record(geo(US, Out(IN_US, "id")), geo(EU, Out(IN_EU, "id")))], "passed", id="a geo for both"),
        pytest.param([record(geo(US, Out(IN_US, "id")))], "failed", id="a geo policy for one"),
        pytest.param([record(rrdatas=[Out(IN_US, "id")])], "failed", id="a plain record for one"),
        pytest.param(
            [record(rrdatas=[Out(IN_US, "id")]), record(rrdatas=[Out(IN_EU, "id")], name="eu")],
            "passed",
            id="a name for each region",
        ),
        pytest.param([record(geo(US, "10.0.0.5"), geo(EU, "10.1.0.5"))], "passed", id="written out"),
        pytest.param([record(geo(US, "10.1.0.5"), geo(EU, "10.0.0.5"))], "failed", id="the wrong way round"),
        pytest.param([record(geo(US, "10.0.0.5", "10.1.0.5"))], "passed", id="both for each client"),
        pytest.param([record(rrdatas=["10.9.9.9"])], "passed", id="a record of something else"),
    ],
)
def test_names(records: list[R], expected: Expected) -> None:
    check_verdict(RULE, [*BASE, IN_US, IN_EU, *records], expected)


def test_an_entry_may_still_come() -> None:
    check_verdict(RULE, [*BASE, entry(US)], "undecided", is_complete=False)


def test_the_message_names_the_subnetwork_of_the_wrong_purpose() -> None:
    stack = build(*in_network(proxies(US), proxies(EU, "REGIONAL_MANAGED_PROXY")))
    (found,) = findings(RULE, stack)
    assert [problem.observed for problem in found.problems] == [
        "`entry-europe-west4` is in `europe-west4`, where its network has no proxies for it, and "
        "`proxies-europe-west4` is for regional load balancers."
    ]
