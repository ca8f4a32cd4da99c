"""`backend-group-scope` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.stacks import (
    API,
    PROJECT,
    Computed,
    Expected,
    Out,
    R,
    backend,
    build,
    check_verdict,
    finding,
    findings,
    mig,
    service,
    statuses,
)

RULE = "backend-group-scope"
US, EU = mig("us-central1"), mig("europe-west4")
ZONAL = R("InstanceGroupManager", "mig-zonal", {"zone": "us-central1-a"})
UNMANAGED = R("InstanceGroup", "unmanaged", {"zone": "us-east1-b"})
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-b"})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-east1"})
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {})
NOWHERE = R("RegionInstanceGroupManager", "mig-nowhere", {"region": Computed((), "us-central1")})
OTHER_STACK = R("StackReference", "platform")
RESOURCES = (US, EU, ZONAL, UNMANAGED, NEG, SERVERLESS, INTERNET, OTHER_STACK)
IN_US: dict[str, Any] = {"region": "us-central1"}
PATH = "zones/us-central1-a/instanceGroups/x"


@pytest.mark.parametrize(
    ("backends", "inputs", "expected"),
    [
        ([backend(US)], IN_US, "passed"),
        ([backend(EU)], IN_US, "failed"),
        ([backend(US), backend(EU)], IN_US, "failed"),
        ([backend(US), backend(EU)], {}, "passed"),
        ([backend(ZONAL)], IN_US, "passed"),
        ([backend(Out(UNMANAGED, "id"))], IN_US, "failed"),
        ([backend(NEG)], IN_US, "passed"),
        ([backend(SERVERLESS)], IN_US, "failed"),
        ([backend(SERVERLESS)], {"region": "us-east1"}, "passed"),
        ([backend(INTERNET)], IN_US, "failed"),
        ([backend(INTERNET)], {}, "passed"),
        ([backend(EU)], {**IN_US, "loadBalancingScheme": "INTERNAL", "protocol": "TCP"}, "failed"),
        ([backend(EU)], {**IN_US, "loadBalancingScheme": Computed()}, "failed"),
        ([backend(f"projects/{PROJECT}/{PATH}")], IN_US, "passed"),
        ([backend(f"projects/{PROJECT}/{PATH}")], {"region": "us-east1"}, "failed"),
        ([backend(US)], {"region": Computed()}, "undecided"),
        ([backend(INTERNET)], {"region": Computed()}, "failed"),
        ([backend(Computed((OTHER_STACK,)))], IN_US, "undecided"),
        ([backend(Computed((OTHER_STACK,))), backend(EU)], IN_US, ("undecided", "failed")),
        ([backend(Computed((OTHER_STACK,)))], {}, "undecided"),
        (Computed((US,), [backend(US)]), IN_US, ("undecided", "passed")),
        (Computed((US,)), {}, "undecided"),
        ([], IN_US, "not applicable"),
        (None, {}, "not applicable"),
        # Twice
        # A value without any source, such as an encrypted one, may be another group.
        ([backend(US), backend(US)], {}, ("undecided", "failed")),
        ([backend(US), backend(US)], IN_US, ("undecided", "failed")),
        ([backend(US), backend(Computed())], {}, "undecided"),
        ([backend(US), backend(EU), backend(Computed((US,), Out(US)))], {}, ("undecided", "failed")),
        ([backend(US), backend(ZONAL)], {}, "passed"),
        ([backend(f"projects/{PROJECT}/{PATH}"), backend(f"{API}projects/{PROJECT}/{PATH}")], {}, "failed"),
        (
            [backend(f"projects/{PROJECT}/{PATH}"), backend(f"projects/p/{PATH.replace('Groups', 'GroupManagers')}")],
            {},
            "failed",
        ),
        ([backend(f"projects/{PROJECT}/{PATH}"), backend(PATH)], {}, "failed"),
        ([backend(f"projects/{PROJECT}/{PATH}"), backend(PATH)], {"project": Computed()}, "undecided"),
        ([backend(f"projects/{PROJECT}/{PATH}"), backend(f"projects/123/{PATH}")], {}, "undecided"),
        ([backend(f"projects/{PROJECT}/{PATH}"), backend(f"{PATH}-2")], {}, "passed"),
    ],
)
def test_verdict(backends: Any, inputs: dict[str, Any], expected: Expected) -> None:
    check_verdict(RULE, [service(backends, **inputs), *RESOURCES], expected)


OTHER = "p-other"
MADE = R("gcp:organizations/project:Project", "made")
COMPUTED = Computed((MADE,), OTHER)
MESH = {"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}
NEG_PATH = "zones/us-central1-a/networkEndpointGroups/x"


@pytest.mark.parametrize(
    ("entry", "inputs", "expected"),
    [
        pytest.param(f"projects/{OTHER}/{PATH}", {}, "failed", id="the URL names another project"),
        pytest.param(mig(project=OTHER), {}, "failed", id="the group names another project"),
        pytest.param(mig(), {"project": OTHER}, "failed", id="the service names another project"),
        pytest.param(f"projects/{OTHER}/{PATH}", IN_US, "failed", id="regional"),
        pytest.param(f"projects/{OTHER}/{PATH}", {"project": OTHER}, "passed", id="both in another project"),
        pytest.param(mig(project=OTHER), {"project": OTHER}, "passed", id="both name another project"),
        pytest.param(PATH, {}, "passed", id="the URL names none"),
        pytest.param(f"projects/123/{PATH}", {}, "undecided", id="by its number"),
        pytest.param(f"projects/123/{PATH}", {"project": "124"}, "failed", id="two numbers"),
        pytest.param(mig(), {"project": Computed((MADE,))}, "undecided", id="the service's is computed"),
        pytest.param(mig(project=COMPUTED), {}, ("undecided", "failed"), id="the group's is computed"),
        pytest.param(mig(project=COMPUTED), {"project": COMPUTED}, "passed", id="both computed from one project"),
        pytest.param(mig(project=Computed()), {"project": Computed()}, "undecided", id="both computed from anything"),
        pytest.param(f"projects/{OTHER}/{NEG_PATH}", {}, "undecided", id="a NEG"),
        pytest.param(f"projects/{OTHER}/{NEG_PATH}", MESH, "passed", id="a NEG of a mesh"),
        pytest.param(f"projects/{OTHER}/{PATH}", MESH, "failed", id="an instance group of a mesh"),
        pytest.param(
            f"projects/{OTHER}/{NEG_PATH}", {"loadBalancingScheme": Computed()}, "undecided", id="perhaps of a mesh"
        ),
    ],
)
def test_the_project_of_a_group(entry: Any, inputs: dict[str, Any], expected: Expected) -> None:
    groups = [entry] if isinstance(entry, R) else []
    check_verdict(RULE, [service([backend(entry)], **inputs), *groups, MADE], expected)


def test_a_project_that_only_the_provider_computes_is_one() -> None:
    options = {"provider": {"project": UNKNOWN}, "provider_urn": "urn:pulumi:test::llm::pulumi:providers:gcp::mine"}
    group = R("RegionInstanceGroupManager", "llm", {"region": "us-central1"}, options)
    elsewhere = {**options, "provider_urn": "urn:pulumi:test::llm::pulumi:providers:gcp::other"}
    beside, other = (service([backend(group)], options=given) for given in (options, elsewhere))
    assert statuses(RULE, build(beside, group)) == {"chat": "passed"}
    assert statuses(RULE, build(other, group)) == {"chat": "undecided"}


def test_a_region_that_is_computed_is_not_known_before() -> None:
    stack = build(service([backend(NOWHERE)], **IN_US), NOWHERE)
    assert statuses(RULE, stack) == {"chat": "undecided"}


def test_the_region_may_be_the_providers() -> None:
    subject = R("RegionBackendService", "chat", {"backends": [backend(EU)]})
    provider = {"provider": {"project": PROJECT, "region": "us-central1"}}
    assert statuses(RULE, build(R(subject.type, "chat", subject.inputs, provider), EU)) == {"chat": "failed"}
    assert statuses(RULE, build(R(subject.type, "chat", subject.inputs), EU)) == {"chat": "undecided"}


def test_during_an_update_what_is_known_fails() -> None:
    subject = service([backend(EU)], **IN_US)
    assert statuses(RULE, build(subject, EU, deployed=True, is_complete=False)) == {"chat": "failed"}


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(EU), backend(EU)], **IN_US)
    (found,) = findings(RULE, build(subject, EU, deployed=True))
    assert [problem.observed for problem in found.problems] == [
        "Group `mig-europe-west4` is in more than one backend.",
        "Backend `mig-europe-west4` is in europe-west4, but the service is in us-central1.",
    ]


@pytest.mark.parametrize(
    ("kind", "place", "expected"),
    [
        pytest.param("NetworkEndpointGroup", "zones/us-central1-a/networkEndpointGroups", "passed", id="zonal NEG"),
        pytest.param("NetworkEndpointGroup", "zones/us-east1-b/networkEndpointGroups", "failed", id="elsewhere"),
        pytest.param("RegionInstanceGroupManager", "regions/us-central1/instanceGroupManagers", "passed", id="group"),
        pytest.param("InstanceGroupManager", "zones/us-east1-b/instanceGroupManagers", "failed", id="zonal group"),
    ],
)
def test_a_group_that_is_read_is_where_its_id_says(kind: str, place: str, expected: str) -> None:
    scope, location, _ = place.split("/")
    outputs = {"id": f"projects/p-demo/{place}/chat"}
    # Its inputs are not shown; they give the test its URL.
    inputs = {"name": "chat", scope[:-1]: location}
    read = R(kind, "chat-group", inputs, {"inputs": None, "is_read": True, "outputs": outputs})
    entry = backend(Computed((read,)))
    check_verdict(RULE, [service([entry], **IN_US), read], expected)


VMS = [R("gcp:compute/instance:Instance", name, {"zone": "us-east1-b"}) for name in ("vm-1", "vm-2")]


def grouped(name: str, instances: Any) -> R:
    return R("InstanceGroup", name, {"zone": "us-east1-b", "instances": instances})


def vm(number: int) -> Out:
    return Out(VMS[number], "selfLink")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param([vm(0)], [vm(1)], "passed", id="one each"),
        pytest.param([vm(0)], [vm(0)], "failed", id="one in both"),
        pytest.param([vm(0), vm(1)], [vm(1)], "failed", id="one of two"),
        pytest.param([], [], "passed", id="none"),
        pytest.param(["projects/p/zones/us-east1-b/instances/x"], [vm(0)], "passed", id="one outside the stack"),
        pytest.param(
            ["projects/p/zones/us-east1-b/instances/x"],
            [f"{API}projects/p/zones/us-east1-b/instances/x"],
            "failed",
            id="one outside the stack in both",
        ),
        pytest.param([vm(0)], Computed((VMS[0],)), "undecided", id="a computed list"),
        pytest.param([vm(0)], [Computed((OTHER_STACK,))], "undecided", id="a VM of another stack"),
    ],
)
def test_a_vm_is_in_one_group(first: Any, second: Any, expected: Expected) -> None:
    groups = [grouped("first", first), grouped("second", second)]
    ids = [backend(Out(group, "id")) for group in groups]
    inside = service(ids)
    check_verdict(RULE, [*VMS, OTHER_STACK, *groups, inside], expected)
    services = [service(ids[:1]), service(ids[1:], "other")]
    check_verdict(RULE, [*VMS, OTHER_STACK, *groups, *services], expected)
    check_verdict(RULE, [*VMS, OTHER_STACK, *groups, services[0]], "passed")


def test_a_membership_counts() -> None:
    first, second = grouped("first", [vm(0)]), grouped("second", None)
    member = R(
        "gcp:compute/instanceGroupMembership:InstanceGroupMembership",
        "member",
        {"instanceGroup": Out(second, "id"), "instance": vm(0)},
    )
    chat = service([backend(Out(group, "id")) for group in (first, second)])
    check_verdict(RULE, [*VMS, first, second, chat], "passed")
    check_verdict(RULE, [*VMS, first, second, member, chat], "failed")
    stray = R(member.type, "member", {"instanceGroup": Computed(), "instance": vm(0)})
    check_verdict(RULE, [*VMS, first, second, stray, chat], "undecided")


def attachment(name: str, region: Any) -> R:
    return R("gcp:compute/serviceAttachment:ServiceAttachment", name, {"region": region})


ATTACHMENT, FAR_ATTACHMENT = attachment("here", "us-central1"), attachment("far", "us-east1")
SOME_ATTACHMENT = attachment("somewhere", Computed())
ATTACHMENTS = (ATTACHMENT, FAR_ATTACHMENT, SOME_ATTACHMENT)


def psc_neg(region: Any, target: Any) -> R:
    inputs = {"region": region, "networkEndpointType": "PRIVATE_SERVICE_CONNECT", "pscTargetService": target}
    return R("RegionNetworkEndpointGroup", "psc", inputs)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param("projects/p/regions/us-central1/serviceAttachments/llm", "passed", id="in its region"),
        pytest.param("projects/p/regions/us-east1/serviceAttachments/llm", "undecided", id="in another region"),
        pytest.param("us-central1-aiplatform.googleapis.com", "passed", id="a locational API of its region"),
        pytest.param("europe-west4-aiplatform.googleapis.com", "undecided", id="a locational API of another region"),
        pytest.param("aiplatform.us-central1.rep.googleapis.com", "passed", id="a regional API of its region"),
        pytest.param("aiplatform.us-east1.rep.googleapis.com", "undecided", id="a regional API of another region"),
        pytest.param("aiplatform.googleapis.com", "passed", id="a global API"),
        pytest.param(None, "passed", id="none"),
        pytest.param(Computed(), "undecided", id="computed"),
        pytest.param(Computed((ATTACHMENT,)), "passed", id="computed from an attachment in its region"),
        pytest.param(Computed((FAR_ATTACHMENT,)), "undecided", id="computed from one in another region"),
        pytest.param(Computed((ATTACHMENT, FAR_ATTACHMENT)), "undecided", id="computed from either"),
        pytest.param(Computed((SOME_ATTACHMENT,)), "undecided", id="computed from one whose region is not known"),
        pytest.param(Computed((OTHER_STACK,)), "undecided", id="of another stack"),
    ],
)
def test_service_attachments(target: Any, expected: Expected) -> None:
    psc = psc_neg("us-central1", target)
    stack = [service([{"group": Out(psc, "id")}], **IN_US), psc, *ATTACHMENTS, OTHER_STACK]
    check_verdict(RULE, stack, expected)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("projects/p/regions/us-east1/serviceAttachments/llm", "undecided"),
        ("aiplatform.googleapis.com", "passed"),
    ],
)
def test_a_neg_whose_region_is_not_known_may_be_elsewhere(target: str, expected: Expected) -> None:
    psc = psc_neg(Computed((), "us-central1"), target)
    check_verdict(RULE, [service([{"group": Out(psc, "id")}]), psc], expected)


@pytest.mark.parametrize(
    ("region", "expected"),
    [("us-east1", ("undecided", "undecided")), ("us-central1", "passed")],
    ids=["another", "its"],
)
def test_a_neg_whose_type_is_not_known_has_the_target_of_one(region: str, expected: Expected) -> None:
    psc = psc_neg("us-central1", f"projects/p/regions/{region}/serviceAttachments/llm")
    open_ = R(psc.type, psc.name, psc.inputs | {"networkEndpointType": Computed((), "PRIVATE_SERVICE_CONNECT")})
    check_verdict(RULE, [service([{"group": Out(open_, "id")}]), open_], expected)


IN_COMMON = {"`first` may have a VM in common with `second`", "`second` may have a VM in common with `first`"}


@pytest.mark.parametrize(("zone", "said"), [("us-east1-c", set()), ("us-east1-b", IN_COMMON)], ids=["two", "one"])
def test_groups_of_two_zones_have_no_vm_in_common(zone: str, said: set[str]) -> None:
    """Where their VMs are is not known, and whether they share some only in one zone."""
    first, second = (
        R("InstanceGroup", name, {"zone": place, "instances": Computed()})
        for name, place in (("first", "us-east1-b"), ("second", zone))
    )
    chat = service([backend(Out(group, "id")) for group in (first, second)])
    found = finding(RULE, first, second, chat)
    where = (
        "`instances` is computed as a whole (inside `apply`?) or encrypted; write the list out so that it can be judged"
    )
    assert {*found.reasons} == {where, *said}


def test_where_the_vms_of_a_group_are_may_not_be_known() -> None:
    group, far = R("InstanceGroup", "group", {"zone": "us-east1-b"}), "zones/us-east1-c/instances/vm"
    for instance, expected in ((far, "failed"), (Computed((), f"projects/{PROJECT}/{far}"), ("undecided", "failed"))):
        inputs = {"instanceGroup": Out(group, "id"), "instance": instance}
        member = R("gcp:compute/instanceGroupMembership:InstanceGroupMembership", "member", inputs)
        check_verdict(RULE, [group, member, service([backend(Out(group, "id"))])], expected)


LATER = Computed((OTHER_STACK,), "us-central1-b")
IN_A = {"zone": "us-central1-a"}


def vm_in(zone: Any) -> R:
    return R("gcp:compute/instance:Instance", "vm", {"zone": zone})


def endpoint(neg: Any, zone: Any, vm: R | None = None) -> R:
    on = {"instance": Out(vm, "name")} if vm else {}
    inputs = {"networkEndpointGroup": neg, "zone": zone, "port": 8000, "ipAddress": "10.0.0.2", **on}
    return R("gcp:compute/networkEndpoint:NetworkEndpoint", "endpoint", inputs)


def endpoints(neg: Any, zone: Any, *vms: R, others: int = 0) -> R:
    listed = [{"ipAddress": "10.0.0.2", "instance": Out(vm, "name")} for vm in vms]
    listed += [{"ipAddress": "10.0.0.3"}] * others
    inputs = {"networkEndpointGroup": neg, "zone": zone, "networkEndpoints": listed}
    return R("gcp:compute/networkEndpointList:NetworkEndpointList", "endpoints", inputs)


ZONAL_NEG = R("NetworkEndpointGroup", "neg", {**IN_A, "name": "neg"})
COMPUTED_NEG = R("NetworkEndpointGroup", "neg", {"zone": LATER})
BY_URL = f"projects/{PROJECT}/zones/us-central1-a/networkEndpointGroups/neg"


@pytest.mark.parametrize(
    ("neg", "made", "expected"),
    [
        pytest.param(ZONAL_NEG, [endpoint(Out(ZONAL_NEG, "id"), "us-central1-a")], "passed", id="an endpoint"),
        pytest.param(ZONAL_NEG, [endpoint(Out(ZONAL_NEG, "id"), "us-central1-b")], "failed", id="another zone"),
        pytest.param(ZONAL_NEG, [endpoint(Out(ZONAL_NEG, "name"), "us-central1-b")], "failed", id="by its name"),
        pytest.param(ZONAL_NEG, [endpoint(BY_URL, "us-central1-b")], "failed", id="by its URL"),
        pytest.param(ZONAL_NEG, [endpoint("other", "us-central1-b")], "passed", id="of another NEG"),
        pytest.param(ZONAL_NEG, [endpoints(Out(ZONAL_NEG, "id"), "us-central1-b")], "failed", id="a list"),
        pytest.param(ZONAL_NEG, [endpoint(Out(ZONAL_NEG, "id"), None)], "passed", id="no zone"),
        pytest.param(ZONAL_NEG, [endpoint(Out(ZONAL_NEG, "id"), LATER)], ("undecided", "failed"), id="a computed zone"),
        pytest.param(
            COMPUTED_NEG,
            [endpoint(Out(COMPUTED_NEG, "id"), "us-central1-a")],
            ("undecided", "failed"),
            id="a NEG in a computed zone",
        ),
    ],
)
def test_endpoints_are_in_the_zone_of_their_neg(neg: R, made: list[R], expected: Expected) -> None:
    check_verdict(RULE, [service([backend(neg)]), neg, *made, OTHER_STACK], expected)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("us-central1-a", "passed"), ("us-central1-b", "failed"), (LATER, ("undecided", "failed"))],
)
def test_vms_are_in_the_zone_of_their_neg(zone: Any, expected: Expected) -> None:
    vm, neg = vm_in(zone), Out(ZONAL_NEG, "id")
    for made in (endpoint(neg, "us-central1-a", vm), endpoints(neg, "us-central1-a", vm, others=1)):
        check_verdict(RULE, [service([backend(ZONAL_NEG)]), ZONAL_NEG, vm, made, OTHER_STACK], expected)


_PLACED = {"networkEndpointGroup": Out(ZONAL_NEG, "id"), "port": 8000, "ipAddress": "10.0.0.2", **IN_A}
VM_URL = f"projects/{PROJECT}/zones/us-central1-a/instances/vm"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(VM_URL, "passed", id="in the zone"),
        pytest.param(f"https://www.googleapis.com/compute/v1/{VM_URL}", "passed", id="in the zone, by a full URL"),
        pytest.param(VM_URL.replace("1-a", "1-b"), "failed", id="in another zone"),
        pytest.param(VM_URL.replace("us-central1-a", "europe-west4-a"), "failed", id="in another region"),
        pytest.param("vm", "passed", id="by its name alone, which is one in the zone"),
        pytest.param(Computed(), "passed", id="computed"),
    ],
)
def test_vms_named_by_url_are_in_the_zone_of_their_neg(url: Any, expected: Expected) -> None:
    neg = Out(ZONAL_NEG, "id")
    one = R("gcp:compute/networkEndpoint:NetworkEndpoint", "endpoint", {**_PLACED, "instance": url})
    listed = {"networkEndpointGroup": neg, "networkEndpoints": [{"ipAddress": "10.0.0.2", "instance": url}]}
    several = R("gcp:compute/networkEndpointList:NetworkEndpointList", "endpoints", {**listed, **IN_A})
    for made in (one, several):
        check_verdict(RULE, [service([backend(ZONAL_NEG)]), ZONAL_NEG, made], expected)


def test_a_vm_of_the_stack_is_said_once_whether_its_url_is_known_or_not() -> None:
    vm = R("gcp:compute/instance:Instance", "vm", {"zone": "us-central1-b", "name": "vm"})
    inputs = {**_PLACED, "instance": Out(vm, "selfLink")}
    made = R("gcp:compute/networkEndpoint:NetworkEndpoint", "endpoint", inputs)
    for deployed in (False, True):
        (found,) = findings(RULE, build(service([backend(ZONAL_NEG)]), ZONAL_NEG, vm, made, deployed=deployed))
        assert [problem.observed for problem in found.problems] == [
            "VM `vm` is in zone `us-central1-b`, and its NEG `neg` in `us-central1-a`."
        ]


def test_a_vm_that_an_address_alone_comes_from_need_not_be_there() -> None:
    vm = vm_in("us-central1-b")
    listed = {"networkEndpointGroup": Out(ZONAL_NEG, "id"), "networkEndpoints": [{"ipAddress": Out(vm, "ip")}], **IN_A}
    made = R("gcp:compute/networkEndpointList:NetworkEndpointList", "endpoints", listed)
    check_verdict(RULE, [service([backend(ZONAL_NEG)]), ZONAL_NEG, vm, made], "passed")


CUSTOM = R("Network", "custom", {"autoCreateSubnetworks": False})
AUTO = R("Network", "auto", {})
NEAR = R("Subnetwork", "near", {"region": "us-central1", "network": Out(CUSTOM, "id")})
FAR = R("Subnetwork", "far", {"region": "us-east1", "network": Out(CUSTOM, "id")})
EAST_LATER = Computed((OTHER_STACK,), "us-east1")
SOMEWHERE = R(
    "Subnetwork", "somewhere", {"region": EAST_LATER, "network": Out(CUSTOM, "id"), "ipCidrRange": "10.2.0.0/24"}
)


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        pytest.param({"subnetwork": Out(NEAR, "id")}, "passed", id="a subnetwork of its region"),
        pytest.param({"subnetwork": Out(FAR, "id")}, "failed", id="one of another region"),
        pytest.param({"subnetwork": Out(SOMEWHERE, "id")}, ("undecided", "failed"), id="one of a computed region"),
        pytest.param({"network": Out(CUSTOM, "id"), "subnetwork": Out(NEAR, "id")}, "passed", id="with its network"),
        pytest.param({"network": Out(CUSTOM, "id")}, "failed", id="none in a network in custom mode"),
        pytest.param({"network": Out(AUTO, "id")}, "passed", id="none in a network with automatic ones"),
    ],
)
def test_vms_of_an_unmanaged_group_have_a_subnetwork(interface: dict[str, Any], expected: Expected) -> None:
    vm = R("Instance", "vm", {"zone": "us-central1-a", "networkInterfaces": [interface]})
    group = R("InstanceGroup", "group", {**IN_A, "instances": [Out(vm, "selfLink")]})
    resources = [service([backend(Out(group, "id"))]), group, vm, CUSTOM, AUTO, NEAR, FAR, SOMEWHERE, OTHER_STACK]
    check_verdict(RULE, resources, expected)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        pytest.param("us-central1-a", "passed", id="in its zone"),
        pytest.param("us-central1-b", "failed", id="in another zone"),
        pytest.param("us-east1-b", "failed", id="in another region"),
        pytest.param(LATER, ("undecided", "failed"), id="in a computed zone"),
    ],
)
def test_vms_are_in_the_zone_of_their_unmanaged_group(zone: Any, expected: Expected) -> None:
    vm = vm_in(zone)
    group = R("InstanceGroup", "group", {**IN_A, "instances": [Out(vm, "selfLink")]})
    check_verdict(RULE, [service([backend(Out(group, "id"))]), group, vm, OTHER_STACK], expected)
    url = f"projects/{PROJECT}/zones/{'us-central1-b' if zone is LATER else zone}/instances/other"
    outside = R("InstanceGroup", "group", {**IN_A, "instances": [url]})
    seen = "passed" if zone == "us-central1-a" else "failed"
    check_verdict(RULE, [service([backend(Out(outside, "id"))]), outside], seen)
