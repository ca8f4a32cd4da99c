"""`llm-backend-regions` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "llm-backend-regions"
US, EU, ASIA = mig("us-central1"), mig("europe-west4"), mig("asia-east1")
US_ZONE_A = R("InstanceGroupManager", "zonal-a", {"zone": "us-central1-a"})
US_ZONE_B = R("InstanceGroupManager", "zonal-b", {"zone": "us-central1-b"})
EU_ZONE_A = R("InstanceGroupManager", "eu-zonal-a", {"zone": "europe-west4-a"})
US_AI_ZONE = R("InstanceGroup", "ai-zone", {"zone": "us-central1-ai1a"})
EU_NEG = R("NetworkEndpointGroup", "neg-eu", {"zone": "europe-west4-b"})
US_NEG = R("NetworkEndpointGroup", "neg-us", {"zone": "us-central1-b"})
EU_RUN = R("RegionNetworkEndpointGroup", "run-eu", {"region": "europe-west4"})
US_RUN = R("RegionNetworkEndpointGroup", "run-us", {"region": "us-central1"})
US_APP = R("RegionNetworkEndpointGroup", "app-europe-west4", {"region": "us-central1", "appEngine": {"service": "llm"}})
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {"networkEndpointType": "INTERNET_FQDN_PORT"})
ELSEWHERE = R("RegionInstanceGroupManager", "mig-computed", {"region": Computed()})
NETWORK = R("Network", "net")
OTHER_STACK = R("StackReference", "platform")
CLUSTER = R("Cluster", "gke")
FLEET = R("Fleet", "fleet")

URL = "https://www.googleapis.com/compute/v1/projects/p-demo/"
CONTROLLER = {"ignore_changes": ("backends",)}
NOWHERE = R("RegionInstanceGroupManager", "mig-nowhere", {"region": Computed()})

# name -> (backends, further inputs, expected)
CASES: dict[str, tuple[Any, dict[str, Any], Expected]] = {
    "two regions": ([backend(US), backend(EU)], {}, "passed"),
    "one region": ([backend(US)], {}, "failed"),
    "two zones of one region": ([backend(US_ZONE_A), backend(US_ZONE_B)], {}, "failed"),
    "a zone with a longer name": ([backend(US_ZONE_A), backend(US_AI_ZONE)], {}, "failed"),
    "zonal NEGs in two regions": ([backend(US_NEG), backend(EU_NEG)], {}, "passed"),
    "serverless NEGs in two regions": ([backend(US_RUN), backend(EU_RUN)], {}, "passed"),
    "an internet NEG is in no region": ([backend(INTERNET)], {}, "not applicable"),
    "the URL of a global NEG": ([backend("projects/p/global/networkEndpointGroups/n")], {}, "not applicable"),
    "an internet NEG and a controller": ([backend(INTERNET)], {"options": CONTROLLER}, "undecided"),
    "an internet NEG and a group": ([backend(INTERNET), backend(US_NEG)], {}, "undecided"),
    # A controller in the cluster may attach some.
    "no backends": (None, {}, "undecided"),
    "an empty list": ([], {}, "undecided"),
    "URLs in two regions": (
        [backend(f"{URL}regions/us-central1/instanceGroups/a"), backend("zones/europe-west4-b/instanceGroups/b")],
        {},
        "passed",
    ),
    "a URL in the region of the other": (
        [backend(US), backend(f"{URL}zones/us-central1-b/networkEndpointGroups/n")],
        {},
        "failed",
    ),
    "not a URL": ([backend(US), backend("my-group")], {}, "undecided"),
    "built inside apply": (Computed((US, EU), [backend(US), backend(EU)]), {}, ("undecided", "passed")),
    # It may be drained.
    "one entry computed": ([backend(US), Computed((EU,), backend(EU))], {}, ("undecided", "passed")),
    "a drained region": ([backend(US), backend(EU, capacityScaler=0)], {}, "failed"),
    "a drained region beside two": ([backend(US), backend(EU), backend(ASIA, capacityScaler=0)], {}, "passed"),
    "two drained regions of three": (
        [backend(US, capacityScaler=0), backend(EU), backend(ASIA, capacityScaler=0)],
        {},
        "failed",
    ),
    "all drained": ([backend(US, capacityScaler=0), backend(EU, capacityScaler=0)], {}, "failed"),
    "a drained URL": (
        [backend(US), backend(f"{URL}regions/us-east4/instanceGroups/b", capacityScaler=0)],
        {},
        "failed",
    ),
    "two URLs, one drained": (
        [
            backend(f"{URL}regions/{one}/instanceGroups/b", capacityScaler=0 if one == "us-east4" else 1)
            for one in ("us-east4", "us-west1")
        ],
        {},
        "failed",
    ),
    "two URLs, one of which may be drained": (
        [
            backend(f"{URL}regions/us-central1/instanceGroups/b"),
            backend(f"{URL}regions/us-east4/instanceGroups/b", capacityScaler=Computed((), 0)),
        ],
        {},
        ("undecided", "failed"),
    ),
    "nearly drained": ([backend(US), backend(EU, capacityScaler=0.1)], {}, "passed"),
    "blue and green in each region": (
        [backend(US_ZONE_A), backend(US_ZONE_B, capacityScaler=0), backend(EU_ZONE_A, capacityScaler=0), backend(EU)],
        {},
        ("undecided", "passed"),
    ),
    "a computed scaler": ([backend(US), backend(EU, capacityScaler=Computed((), 0))], {}, ("undecided", "failed")),
    "a computed scaler that is 1": (
        [backend(US), backend(EU, capacityScaler=Computed((), 1))],
        {},
        ("undecided", "passed"),
    ),
    "a computed scaler of a third region": (
        [backend(US), backend(EU), backend(ASIA, capacityScaler=Computed((), 0))],
        {},
        "passed",
    ),
    "a computed scaler in the same region": (
        [backend(US_ZONE_A), backend(US_ZONE_B, capacityScaler=Computed((), 0))],
        {},
        "failed",
    ),
    "drained and left to a controller": (
        [backend(US), backend(EU, capacityScaler=0)],
        {"options": CONTROLLER},
        "undecided",
    ),
    "a scaler left to a controller": (
        [backend(US), backend(EU, capacityScaler=0)],
        {"options": {"ignore_changes": ("backends[1].capacityScaler",)}},
        "undecided",
    ),
    "a drained group of the same region": ([backend(US), backend(US_ZONE_A, capacityScaler=0)], {}, "failed"),
    "drained beside a group of another stack": (
        [backend(US), backend(EU, capacityScaler=0), backend(Computed((OTHER_STACK,)))],
        {},
        "undecided",
    ),
    "computed from one of two groups": ([backend(US), backend(Computed((US, EU), Out(EU)))], {}, "passed"),
    "one of two further groups": ([backend(US), backend(Computed((EU, ASIA), Out(EU)))], {}, ("undecided", "passed")),
    "one of two groups in one region": ([backend(Computed((US_ZONE_A, US_ZONE_B), Out(US_ZONE_A)))], {}, "failed"),
    "one of two groups in the region of the other backend": (
        [backend("zones/us-central1-c/instanceGroups/x"), backend(Computed((US_ZONE_A, US_ZONE_B), Out(US_ZONE_A)))],
        {},
        "failed",
    ),
    "a number from elsewhere beside a group": (
        [backend(US), backend(EU, maxRatePerInstance=Computed((NETWORK,), 4))],
        {},
        "passed",
    ),
    "a group of another stack": ([backend(US), backend(Computed((OTHER_STACK,)))], {}, "undecided"),
    "a group of another stack beside two": (
        [backend(US), backend(EU), backend(Computed((OTHER_STACK,)))],
        {},
        ("undecided", "passed"),
    ),
    "node pools of a cluster": ([backend(US), backend(Computed((CLUSTER,)))], {}, "undecided"),
    "through a component": ([backend(US), backend(Computed((FLEET,)))], {}, "undecided"),
    "one backend from a component": ([backend(Computed((FLEET,)))], {}, "failed"),
    "no edges at all": ([backend(US), backend(Computed())], {}, "undecided"),
    "regional": ([backend(US)], {"region": "us-central1"}, "failed"),
    "regional with groups of two regions": ([backend(US), backend(EU)], {"region": "us-central1"}, "failed"),
    "regional without a known region": ([backend(US)], {"region": Computed()}, "failed"),
    "left to a controller": (None, {"options": CONTROLLER}, "undecided"),
    "one region and a controller": ([backend(US)], {"options": CONTROLLER}, "undecided"),
    "two regions and a controller": ([backend(US), backend(EU)], {"options": CONTROLLER}, "passed"),
}

GROUPS = (US, EU, ASIA, US_ZONE_A, US_ZONE_B, EU_ZONE_A, US_AI_ZONE, EU_NEG, US_NEG, EU_RUN, US_RUN, INTERNET)
OTHERS = (NETWORK, OTHER_STACK, CLUSTER, FLEET)


@pytest.mark.parametrize("case", CASES)
def test_verdict(case: str) -> None:
    backends, inputs, expected = CASES[case]
    check_verdict(RULE, [service(backends, **inputs), *GROUPS, *OTHERS], expected)


def test_a_group_may_be_in_a_computed_region() -> None:
    stack = build(service([backend(US), backend(ELSEWHERE)]), US, ELSEWHERE)
    assert statuses(RULE, stack) == {"chat": "undecided"}


@pytest.mark.parametrize(
    ("minimum", "backends", "status"),
    [
        (1, [backend(US)], "passed"),
        (1, [], "failed"),
        (3, [backend(US), backend(EU)], "failed"),
        (3, [backend(US), backend(EU), backend(ASIA)], "passed"),
    ],
)
def test_min_regions(minimum: int, backends: Any, status: str) -> None:
    check_verdict(RULE, [service(backends), *GROUPS], status, min_regions=minimum)


def regional(region: Any, name: str, backends: Any = None) -> R:
    return service([backend(US)] if backends is None else backends, name, region=region)


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([regional("us-central1", "chat-us"), regional("europe-west4", "chat-eu")], "passed"),
        ([regional("us-central1", "chat-us"), regional("us-central1", "chat-eu")], "failed"),
        ([regional("us-central1", "chat-us"), regional("europe-west4", "chat-eu", [])], "failed"),
        ([regional("us-central1", "chat-us"), regional("europe-west4", "chat-eu", Computed())], "undecided"),
        ([regional("us-central1", "chat-us"), regional(Computed(), "chat-eu")], "undecided"),
        ([regional("us-central1", "chat-us"), regional("europe-west4", "embed-eu")], "failed"),
    ],
)
def test_regional_peers(services: list[R], expected: str) -> None:
    check_verdict(RULE, [*services, *GROUPS], expected, "chat-us", regional_peers=["chat-*"])


def test_peers_may_still_come_during_an_update() -> None:
    first = build(regional("us-central1", "chat-us"), US, deployed=True, is_complete=False)
    assert statuses(RULE, first, regional_peers=["chat-*"]) == {"chat-us": "undecided"}
    # A DNS record comes after all that it names.
    assert statuses(RULE, first) == {"chat-us": "undecided"}
    assert statuses(RULE, build(regional("us-central1", "chat-us"), US, deployed=True)) == {"chat-us": "failed"}


def test_a_group_of_another_project_with_the_same_name_is_not_ours() -> None:
    ours = mig("us-central1", name="llm")
    theirs = backend("projects/other/regions/europe-west4/instanceGroups/llm")
    assert statuses(RULE, build(service([backend(ours), theirs]), ours, deployed=True)) == {"chat": "passed"}


def test_a_service_that_is_not_targeted_is_not_judged() -> None:
    new = R("BackendService", "chat", {}, {"inputs": {}, "outputs": {}})
    assert statuses(RULE, build(new)) == {}


def test_a_service_that_is_read_is_judged_by_its_outputs() -> None:
    outputs = {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "backends": [{"group": "projects/p/regions/us-central1/instanceGroups/a", "maxUtilization": 0}],
    }
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": outputs, "is_read": True})
    check_verdict(RULE, [read], "failed")
    unknown = R("BackendService", "chat", {}, {"inputs": None, "outputs": {"backends": UNKNOWN}, "is_read": True})
    check_verdict(RULE, [unknown], "undecided")


def test_the_message_says_what_is_and_what_to_use() -> None:
    (found,) = findings(RULE, build(service([backend(US)]), US))
    assert found.problems[0].observed == "All backends are in one region (`us-central1`)."
    (found,) = findings(RULE, build(regional("us-central1", "chat"), US))
    assert "global `BackendService`" in found.problems[0].fix
    (found,) = findings(RULE, build(service([])))
    assert [problem.observed for problem in found.problems] == ["It has no backends, so it serves nothing."]


def test_peers_left_to_a_controller_may_be_in_any_of_their_regions() -> None:
    peers = [
        service(None, f"chat-{region}", region=region, options={"ignore_changes": ("backends",)})
        for region in ("us-central1", "europe-west4")
    ]
    expected = {"chat-us-central1": "undecided", "chat-europe-west4": "undecided"}
    assert statuses(RULE, build(*peers), regional_peers=["chat-*"]) == expected


def test_one_glob_that_passes_is_enough() -> None:
    peers = [
        regional("us-central1", "chat-us"),
        regional("europe-west4", "eu"),
        regional("us-east1", "chat-x", Computed()),
    ]
    stack = build(*peers, *GROUPS)
    assert statuses(RULE, stack, regional_peers=["chat-*"])["chat-us"] == "undecided"
    assert statuses(RULE, stack, regional_peers=["chat-*", "*"])["chat-us"] == "passed"


def test_what_hands_on_groups_of_others_settles_nothing() -> None:
    member = R("gcp:compute/instanceGroupMembership:InstanceGroupMembership", "member")
    backends = [backend(Computed((member,))), backend(EU, maxRate=Computed((ASIA,), 4))]
    check_verdict(RULE, [service(backends), member, EU, ASIA], "undecided")


ATTACHMENT = "projects/p/regions/us-central1/serviceAttachments/llm"


PUBLISHED = R("gcp:compute/serviceAttachment:ServiceAttachment", "llm", {"region": "us-central1"})


def psc(target: Any, region: str = "us-central1") -> R:
    inputs = {"region": region, "networkEndpointType": "PRIVATE_SERVICE_CONNECT", "pscTargetService": target}
    return R("RegionNetworkEndpointGroup", f"psc-{region}", inputs)


@pytest.mark.parametrize(
    ("neg", "inputs", "expected"),
    [
        (psc("us-central1-aiplatform.googleapis.com"), {}, "not applicable"),
        (psc(ATTACHMENT), {}, "failed"),
        (psc(f"https://www.googleapis.com/compute/v1/{ATTACHMENT}"), {}, "failed"),
        (psc(Computed((PUBLISHED,), ATTACHMENT)), {}, "failed"),
        # It may be a Google API.
        (psc(Computed((), ATTACHMENT)), {}, ("undecided", "failed")),
        (psc("us-central1-aiplatform.googleapis.com"), {"region": "us-central1"}, "failed"),
    ],
)
def test_private_service_connect(neg: R, inputs: dict[str, Any], expected: Expected) -> None:
    check_verdict(RULE, [service([backend(neg)], **inputs), neg, PUBLISHED], expected)


def test_one_of_several_that_may_be_an_api_in_no_region() -> None:
    api = psc("us-central1-aiplatform.googleapis.com")
    subject = service([backend(Computed((api, US), Out(US)))])
    check_verdict(RULE, [subject, api, US], ("undecided", "failed"))
    # Of a NEG outside the stack it is taken for granted that it is in its region.
    outside = backend("projects/p/regions/us-central1/networkEndpointGroups/n")
    check_verdict(RULE, [service([outside])], "failed")


@pytest.mark.parametrize(
    ("backends", "inputs", "doubt"),
    [
        pytest.param([backend(US)], {"options": CONTROLLER}, "a controller attaches backends, perhaps in others too",
                     id="a controller"),
        pytest.param([backend(US), backend(Computed())], {}, "`backends` may point at any of `mig-us-central1`",
                     id="not known"),
        pytest.param([backend(US), backend(NOWHERE)], {}, "the `region` of a group is not known", id="a region"),
        pytest.param([backend(US), backend(EU, capacityScaler=Computed())], {},
                     "it is not known which of the others are drained", id="drained, perhaps"),
    ],
)  # fmt: skip
def test_the_doubt_names_what_is_not_known(backends: list[Any], inputs: dict[str, Any], doubt: str) -> None:
    (found,) = findings(RULE, build(service(backends, **inputs), US, EU, NOWHERE))
    (reason,) = found.reasons
    assert reason.endswith(f" 2 regions are needed, and {doubt}")


HYBRID = R("NetworkEndpointGroup", "h", {"zone": "us-central1-b", "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"})
REGIONAL_INTERNET = R(
    "RegionNetworkEndpointGroup", "i", {"region": "us-central1", "networkEndpointType": "INTERNET_FQDN_PORT"}
)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (US, "`RegionInstanceGroupManager`"),
        (US_NEG, "zonal NEG"),
        (HYBRID, "hybrid NEG"),
        (US_RUN, "serverless NEG"),
        (US_APP, "an App Engine app stays in its one region"),
        (psc(ATTACHMENT), "service attachment"),
        ("projects/p/zones/us-central1-a/networkEndpointGroups/n", "of the same kind"),
    ],
)
def test_the_fix_is_of_the_kind_of_the_backends(group: Any, words: str) -> None:
    resources = [group] if isinstance(group, R) else []
    (found,) = findings(RULE, build(service([backend(group)]), *resources))
    assert words in found.problems[0].fix


@pytest.mark.parametrize(
    ("group", "is_global"), [(US, True), (US_RUN, True), (psc(ATTACHMENT), False), (REGIONAL_INTERNET, False)]
)
def test_a_global_service_is_named_only_where_one_takes_the_backends(group: R, is_global: bool) -> None:
    (found,) = findings(RULE, build(service([backend(group)], region="us-central1"), group))
    assert ("global `BackendService`" in found.problems[0].fix) is is_global
    assert "`health_checked_targets`" in found.problems[0].fix


def test_an_app_engine_app_is_in_one_region_whatever_its_negs() -> None:
    eu = R(US_APP.type, "app-eu", {**US_APP.inputs, "region": "europe-west4"})
    some = R(US_APP.type, "some", {"region": "europe-west4", "cloudRun": Computed(), "appEngine": Computed()})
    (found,) = findings(RULE, build(service([backend(US_APP), backend(eu)]), US_APP, eu))
    assert found.problems[0].observed == "Its backends are one App Engine app, which is in one region."
    check_verdict(RULE, [service([backend(US_APP), backend(eu)]), US_APP, eu], "passed", min_regions=1)
    check_verdict(RULE, [service([backend(US_APP), backend(some)]), US_APP, some], "passed")


def test_an_app_engine_app_has_no_peer_in_another_region() -> None:
    (found,) = findings(RULE, build(service([backend(US_APP)], region="us-central1"), US_APP))
    assert found.problems[0].fix.startswith("Deploy what the App Engine app serves as Cloud Run services")


def fix_of(*resources: R, deployed: bool = False) -> str:
    (found,) = [one for one in findings(RULE, build(*resources, deployed=deployed)) if one.name == "chat"]
    return found.problems[0].fix


def test_the_fix_names_the_group_that_is_there_and_not_attached() -> None:
    assert "Add `mig-europe-west4` in `europe-west4`" in fix_of(service([backend(US)]), US, EU)
    other = service([backend(EU)], "embed")
    assert "Add `mig-europe-west4`" not in fix_of(service([backend(US)]), other, US, EU)
    assert "Add `neg-eu`" not in fix_of(service([backend(US)]), US, EU_NEG)


def test_the_fix_names_the_group_in_the_wrong_region() -> None:
    wrong = R("RegionInstanceGroupManager", "llm-europe-west4", {"region": "us-central1"})
    assert "Create `llm-europe-west4` in `europe-west4`" in fix_of(service([backend(US), backend(wrong)]), US, wrong)


def test_the_fix_raises_the_scaler_of_what_is_drained() -> None:
    fix = fix_of(service([backend(US), backend(EU, capacityScaler=0)]), US, EU, deployed=True)
    assert fix.startswith("Set the `capacity_scaler` of `mig-europe-west4` above 0")
    fix = fix_of(service([backend(US), backend(US_ZONE_A, capacityScaler=0)]), US, US_ZONE_A, deployed=True)
    assert fix.startswith("Add a backend in another region")


def test_without_kubernetes_nothing_attaches_backends() -> None:
    for backends in list[Any](([], None)):
        check_verdict(RULE, [service(backends), *GROUPS, NETWORK, OTHER_STACK, FLEET], "failed")
    assert fix_of(service([])) == "Add a backend in each region."
    check_verdict(RULE, [service([]), R("pulumi:providers:kubernetes", "gke")], "undecided")
    check_verdict(RULE, [service([]), R("kubernetes:core/v1:Service", "gw", {"metadata": {}})], "undecided")


@pytest.mark.parametrize(
    ("backends", "observed"),
    [
        (
            [backend(US), backend(US_ZONE_A)],
            "All backends are in one region (`us-central1`): `mig-us-central1` and `zonal-a`.",
        ),
        ([backend(Computed((FLEET,)))], "All backends are in one region at most."),
        (
            [backend(US), backend(EU, capacityScaler=0)],
            "All backends that are not drained are in one region at most.",
        ),
    ],
)
def test_what_was_observed(backends: Any, observed: str) -> None:
    (found,) = findings(RULE, build(service(backends), *GROUPS, *OTHERS))
    assert found.problems[0].observed == observed


def address(region: str, ip: str | None = None) -> R:
    return R("gcp:compute/address:Address", f"ip-{region}", {"region": region, **({"address": ip} if ip else {})})


GLOBAL_ACCESS = {"allowGlobalAccess": True}


def front(region: str, to: R, ip: Any = None, **more: Any) -> R:
    inputs = {"region": region, "backendService": Out(to, "id"), "loadBalancingScheme": "INTERNAL", **GLOBAL_ACCESS}
    return R("ForwardingRule", f"front-{region}", {**inputs, **({} if ip is None else {"ipAddress": ip}), **more})


def joined(policy: Any) -> R:
    return R("gcp:dns/recordSet:RecordSet", "record", {"type": "A", "routingPolicy": policy})


def target(front: R | str) -> dict[str, Any]:
    ip = Computed((front,)) if isinstance(front, R) else front
    return {"internalLoadBalancers": [{"ipAddress": ip, "loadBalancerType": "regionalL4ilb", "region": "x"}]}


REGIONS = ("us-central1", "europe-west4")
PEERS = [service([backend(US)], region=REGIONS[0]), service([backend(EU)], "eu", region=REGIONS[1])]
FRONTS = [front(region, peer) for region, peer in zip(REGIONS, PEERS, strict=True)]
ADDRESSES = [address(region) for region in REGIONS]
RESERVED = [front(region, peer, Out(ip, "address")) for region, peer, ip in zip(REGIONS, PEERS, ADDRESSES, strict=True)]
KNOWN = [front(region, peer, f"10.0.{n}.2") for n, (region, peer) in enumerate(zip(REGIONS, PEERS, strict=True))]


def geos(*targets: Any, **more: Any) -> dict[str, Any]:
    return {"geos": [{"location": "x", "healthCheckedTargets": one} for one in targets], **more}


# name -> (forwarding rules, routing policy, expected)
DNS: dict[str, tuple[list[R], Any, Expected]] = {
    "geolocation": (FRONTS, geos(*map(target, FRONTS)), "passed"),
    "fenced": (FRONTS, geos(*map(target, FRONTS), enableGeoFencing=True), "failed"),
    "not fenced": (FRONTS, geos(*map(target, FRONTS), enableGeoFencing=False), "passed"),
    "perhaps fenced": (
        FRONTS,
        geos(*map(target, FRONTS), enableGeoFencing=Computed((), True)),
        ("undecided", "failed"),
    ),
    "of reserved addresses": (RESERVED, geos(*(target(ip) for ip in ADDRESSES)), "passed"),
    "of known addresses": (KNOWN, geos(target("10.0.0.2"), target("10.0.1.2")), "passed"),
    "of an address of nothing": (KNOWN, geos(target("10.0.0.2"), target("10.9.9.9")), "failed"),
    "one region alone": (FRONTS, geos(target(FRONTS[0])), "failed"),
    "weighted": (
        FRONTS,
        {"wrrs": [{"weight": 0.5, "healthCheckedTargets": target(one)} for one in FRONTS]},
        "passed",
    ),
    "weighted, one without weight": (
        FRONTS,
        {"wrrs": [{"weight": n, "healthCheckedTargets": target(one)} for n, one in enumerate(FRONTS)]},
        "undecided",
    ),
    "weighted, one by a computed weight": (
        FRONTS,
        {"wrrs": [{"weight": n or Computed(), "healthCheckedTargets": target(one)} for n, one in enumerate(FRONTS)]},
        "undecided",
    ),
    "failover": (
        FRONTS,
        {"primaryBackup": {"primary": target(FRONTS[0]), "backupGeos": geos(target(FRONTS[1]))["geos"]}},
        "passed",
    ),
    "failover to addresses that nothing checks": (
        FRONTS,
        {
            "primaryBackup": {
                "primary": target(FRONTS[0]),
                "backupGeos": [{"location": "x", "rrdatas": [Computed((FRONTS[1],))]}],
            }
        },
        "undecided",
    ),
    "addresses that nothing checks": (
        FRONTS,
        {"geos": [{"location": "x", "rrdatas": [Computed((one,))]} for one in FRONTS]},
        "failed",
    ),
    "external endpoints with a check": (
        FRONTS,
        geos(
            *({"externalEndpoints": [Computed((one,))]} for one in FRONTS),
            healthCheck="projects/p/global/healthChecks/h",
        ),
        "passed",
    ),
    "external endpoints without a check": (
        FRONTS,
        geos(*({"externalEndpoints": [Computed((one,))]} for one in FRONTS)),
        "failed",
    ),
    "computed load balancers": (FRONTS, geos({"internalLoadBalancers": Computed(tuple(FRONTS))}), "undecided"),
    "computed endpoints with a check": (
        FRONTS,
        geos({"externalEndpoints": Computed(tuple(FRONTS))}, healthCheck="projects/p/global/healthChecks/h"),
        "undecided",
    ),
    "computed endpoints without a check": (FRONTS, geos({"externalEndpoints": Computed(tuple(FRONTS))}), "failed"),
    "built inside apply": (FRONTS, Computed(tuple(FRONTS)), "undecided"),
    "no policy": (FRONTS, None, "failed"),
}


@pytest.mark.parametrize("case", DNS)
def test_regional_services_joined_by_dns(case: str) -> None:
    fronts, policy, expected = DNS[case]
    check_verdict(RULE, [*PEERS, *fronts, *ADDRESSES, joined(policy), US, EU], expected)


def test_a_record_joins_its_services_and_no_others() -> None:
    other = service([backend(US)], "other", region="us-central1")
    stack = build(*PEERS, other, *FRONTS, joined(geos(*map(target, FRONTS))), US, EU)
    assert statuses(RULE, stack) == {"chat": "passed", "eu": "passed", "other": "failed"}


def test_two_services_of_one_region_stay_in_one_when_joined() -> None:
    peers = [service([backend(US)], region=REGIONS[0]), service([backend(US)], "b", region=REGIONS[0])]
    fronts = [front(f"us-central1-{n}", peer) for n, peer in enumerate(peers)]
    check_verdict(RULE, [*peers, *fronts, joined(geos(*map(target, fronts))), US], "failed")


def test_a_joined_service_without_backends_adds_no_region() -> None:
    peers = [PEERS[0], service([], "eu", region=REGIONS[1])]
    fronts = [front(region, peer) for region, peer in zip(REGIONS, peers, strict=True)]
    check_verdict(RULE, [*peers, *fronts, joined(geos(*map(target, fronts))), US], "failed")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"allowGlobalAccess": None}, "failed"),
        ({"allowGlobalAccess": False}, "failed"),
        ({"allowGlobalAccess": Computed()}, "undecided"),
        ({"allowGlobalAccess": None, "loadBalancingScheme": "EXTERNAL"}, "passed"),
    ],
)
def test_dns_leads_to_regions_that_clients_of_others_reach(inputs: dict[str, Any], expected: Expected) -> None:
    fronts = [front(region, peer, **inputs) for region, peer in zip(REGIONS, PEERS, strict=True)]
    check_verdict(RULE, [*PEERS, *GROUPS, *fronts, joined(geos(*map(target, fronts)))], expected)
