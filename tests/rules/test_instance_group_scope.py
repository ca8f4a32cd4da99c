"""`instance-group-scope` on failing, passing, unknown and not applicable groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fleets import autoscaler, managed, zonal
from tests.rules.fleets import serving as serving_by_utilization
from tests.stacks import Computed, Out, R, build, check_verdict, findings, mig, service

RULE = "instance-group-scope"
HERE, THERE = "us-central1", "us-east4"
KEY = "projects/p/locations/{}/keyRings/llm/cryptoKeys/disks"
OTHER_STACK = R("StackReference", "platform")


def serving(*groups: R, **inputs: Any) -> R:
    """A service that limits the rate of each VM, so that its load is a signal for GPUs too."""
    subject = serving_by_utilization(*groups, **inputs)
    subject.inputs["backends"] = [{**entry, "maxRatePerInstance": 4} for entry in subject.inputs["backends"]]
    return subject


def template(region: Any = HERE, subnetwork: Any = None, key: Any = None, **inputs: Any) -> R:
    interface = {"network": "default"} if subnetwork is None else {"subnetwork": subnetwork}
    disk = {"boot": True} if key is None else {"boot": True, "diskEncryptionKey": {"kmsKeySelfLink": key}}
    given = {"machineType": "g2-standard-8", "networkInterfaces": [interface], "disks": [disk], **inputs}
    if region is None:
        return R("InstanceTemplate", "template", given)
    return R("RegionInstanceTemplate", "template", {"region": region, **given})


def subnet(region: Any) -> R:
    return R("Subnetwork", "subnet", {"region": region, "network": "default"})


def key_in(location: Any) -> tuple[R, R]:
    ring = R("gcp:kms/keyRing:KeyRing", "ring", {"location": location})
    return R("gcp:kms/cryptoKey:CryptoKey", "key", {"keyRing": Out(ring, "id")}), ring


def check_made_of(expected: Any, of: R, *others: R, group: R | None = None) -> None:
    subject = group or managed(of=of)
    check_verdict(RULE, [serving(subject), subject, of, *others], expected, subject.name)


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        pytest.param([f"{HERE}-a", f"{HERE}-b"], "passed", id="own zones"),
        pytest.param([f"{HERE}-ai1a", f"{HERE}-b"], "passed", id="an AI zone"),
        pytest.param(None, "passed", id="zones left out"),
        pytest.param([f"{THERE}-a", f"{THERE}-b"], "failed", id="zones of another region"),
        pytest.param([f"{HERE}-a", f"projects/p/zones/{THERE}-b"], "failed", id="one zone of another region, by URL"),
        pytest.param([f"{HERE}-a", Computed()], "undecided", id="a computed zone"),
        pytest.param(Computed(), "undecided", id="all zones computed"),
    ],
)
def test_zones(zones: Any, expected: Any) -> None:
    check_made_of(expected, template(), group=managed(of=template(), distributionPolicyZones=zones))


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        pytest.param(HERE, "passed", id="regional template of the region"),
        pytest.param(None, "passed", id="global template"),
        pytest.param(THERE, "failed", id="regional template of another region"),
        pytest.param(Computed(), "undecided", id="template of a computed region"),
    ],
)
def test_templates(region: Any, expected: Any) -> None:
    of = template(region)
    if isinstance(region, Computed):
        subject = managed(of=of)
        (found,) = findings(RULE, build(serving(subject), subject, of))
        assert found.status == expected
        return
    check_made_of(expected, of)
    check_made_of(expected, of, group=zonal(f"{HERE}-b", versions=[{"instanceTemplate": Out(of, "id")}]))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(f"projects/p/regions/{HERE}/instanceTemplates/llm", "passed", id="own region"),
        pytest.param("projects/p/global/instanceTemplates/llm", "passed", id="global"),
        pytest.param(f"projects/p/regions/{THERE}/instanceTemplates/llm", "failed", id="another region"),
        pytest.param(Computed((OTHER_STACK,)), "undecided", id="of another stack"),
    ],
)
def test_templates_outside_the_stack(url: Any, expected: Any) -> None:
    group = mig(versions=[{"instanceTemplate": url}])
    check_verdict(RULE, [serving(group), group, OTHER_STACK], expected, group.name)


def test_one_of_two_templates() -> None:
    """A condition chose one: both may be it."""
    ours, other = template(), R("RegionInstanceTemplate", "other", {"region": HERE})
    theirs = R("RegionInstanceTemplate", "theirs", {"region": THERE})
    for second, expected in ((other, ("passed", "passed")), (theirs, ("undecided", "passed"))):
        group = mig(versions=[{"instanceTemplate": Computed((ours, second), Out(ours, "id"))}])
        check_verdict(RULE, [serving(group), group, ours, second], expected, group.name)


@pytest.mark.parametrize("region", [HERE, None], ids=["regional template", "global template"])
def test_subnetworks(region: str | None) -> None:
    for place, expected in ((HERE, "passed"), (THERE, "failed"), (Computed(), "undecided")):
        found = subnet(place)
        of = template(region, Out(found, "selfLink") if isinstance(place, str) else Computed((found,)))
        check_made_of(expected, of, found)
    for place, expected in ((HERE, "passed"), (THERE, "failed")):
        check_made_of(expected, template(region, f"projects/host/regions/{place}/subnetworks/llm"))
    check_made_of("undecided", template(region, Computed((OTHER_STACK,))), OTHER_STACK)
    check_made_of("passed", template(HERE, "llm"))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (HERE, "passed"),
        ("global", "passed"),
        ("us", "passed"),
        ("nam4", "passed"),
        (THERE, "failed"),
        (Computed(), "undecided"),
    ],
)
def test_disk_keys(location: Any, expected: Any) -> None:
    key, ring = key_in(location)
    check_made_of(expected, template(key=Out(key, "id")), key, ring)
    member = R("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "agent", {"cryptoKeyId": Out(key, "id")})
    check_made_of(expected, template(key=Out(member, "cryptoKeyId")), member, key, ring)
    if isinstance(location, str):
        check_made_of(expected, template(key=KEY.format(location)))


def test_a_key_of_another_stack() -> None:
    check_made_of("undecided", template(key=Computed((OTHER_STACK,))), OTHER_STACK)
    key, ring = key_in(THERE)
    check_made_of("undecided", template(key=Computed((key, OTHER_STACK))), key, ring, OTHER_STACK)


def test_one_of_two_keys_in_one_place() -> None:
    key, ring = key_in(THERE)
    second = R(key.type, "second", key.inputs)
    check_made_of("failed", template(key=Computed((key, second))), key, second, ring)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "passed", id="own region"),
        pytest.param({"region": f"projects/p/regions/{HERE}"}, "passed", id="own region by URL"),
        pytest.param({"region": THERE}, "failed", id="another region"),
        pytest.param(
            {"target": f"projects/p-demo/regions/{HERE}/instanceGroups/llm"},
            "failed",
            id="the instance group as target",
        ),
        pytest.param(
            {"target": f"projects/p-demo/regions/{HERE}/instanceGroupManagers/llm"}, "passed", id="the manager by URL"
        ),
    ],
)
def test_autoscalers(changes: dict[str, Any], expected: Any) -> None:
    group = managed(name="llm")
    scaler = autoscaler(group)
    scaler.inputs = {key: value for key, value in {**scaler.inputs, **changes}.items() if value is not None}
    for rule in (RULE, "instance-group-autoscaler"):
        check_verdict(rule, [serving(group), group, scaler], expected, group.name)


@pytest.mark.parametrize("region", [Computed(), None], ids=["computed", "left to the provider"])
def test_an_autoscaler_whose_place_is_not_known(region: Any) -> None:
    group = managed()
    scaler = autoscaler(group)
    scaler.inputs["region"] = region
    for rule in (RULE, "instance-group-autoscaler"):
        (found,) = findings(rule, build(serving(group), group, scaler))
        assert found.status == "undecided"


def test_an_autoscaler_of_the_other_kind() -> None:
    single, regional = zonal(f"{HERE}-a"), managed()
    policy = autoscaler(single).inputs["autoscalingPolicy"]
    inputs = {"target": Out(single, "id"), "autoscalingPolicy": policy}
    wrong = R("RegionAutoscaler", "wrong", {"region": HERE, **inputs})
    elsewhere = R("Autoscaler", "wrong", {"zone": f"{HERE}-b", **inputs})
    right = R("Autoscaler", "right", {"zone": f"{HERE}-a", **inputs})
    for scaler, expected in ((wrong, "failed"), (elsewhere, "failed"), (right, "passed")):
        for rule in (RULE, "instance-group-autoscaler"):
            check_verdict(rule, [serving(single), single, scaler], expected, single.name)
    narrow = R("Autoscaler", "narrow", {"zone": f"{HERE}-a", **inputs, "target": Out(regional, "id")})
    check_verdict(RULE, [serving(regional), regional, narrow], "failed", regional.name)


def test_both_places_left_to_one_provider() -> None:
    group = R("RegionInstanceGroupManager", "llm", {"versions": [{"instanceTemplate": "global/instanceTemplates/llm"}]})
    scaler = R("RegionAutoscaler", "scaler", {"target": Out(group, "id"), "autoscalingPolicy": {}})
    (found,) = findings(RULE, build(serving(group), group, scaler))
    assert found.status == "passed"
    scaler.options = {"provider": {"project": "p-demo", "region": THERE}}
    (found,) = findings(RULE, build(serving(group), group, scaler))
    assert found.status == "undecided"


def test_a_group_behind_no_service_does_not_count() -> None:
    group, other = managed(of=None, distributionPolicyZones=[f"{THERE}-a"]), mig(THERE)
    check_verdict(RULE, [service([{"group": Out(other)}]), group, other], None, group.name)


def test_zones_of_another_region_are_not_counted() -> None:
    foreign = managed(distributionPolicyZones=[f"{THERE}-a", f"{THERE}-b"])
    check_verdict("llm-backend-zones", [serving(foreign), foreign], "failed")
    mixed = managed(distributionPolicyZones=[f"{HERE}-a", f"{THERE}-b"])
    check_verdict("llm-backend-zones", [serving(mixed), mixed], "failed")


def test_the_messages() -> None:
    of = template(THERE, f"projects/host/regions/{THERE}/subnetworks/llm", KEY.format(THERE))
    group = managed(of=of, distributionPolicyZones=[f"{THERE}-a"])
    scaler = autoscaler(group)
    scaler.inputs["region"] = THERE
    (found,) = findings(RULE, build(serving(group), group, of, scaler))
    assert [problem.observed for problem in found.problems] == [
        "The group is in `us-central1`, and zone `us-east4-a` is in `us-east4`.",
        "The group is in `us-central1`, and template `template` is in `us-east4`.",
        "The group is in `us-central1`, and subnetwork `llm` of template `template` is in `us-east4`.",
        "The group is in `us-central1`, and a disk's Cloud KMS key of template `template` is in `us-east4`.",
        "`autoscaler-mig-us-central1` is not a `RegionAutoscaler` in the region of this group, "
        "so it does not size the group.",
    ]


AUTO, CUSTOM = R("Network", "auto"), R("Network", "custom", {"autoCreateSubnetworks": False})


@pytest.mark.parametrize(
    ("interface", "status"),
    [
        pytest.param({"network": Out(AUTO, "id")}, "passed", id="automatic subnetworks"),
        pytest.param({"network": Out(CUSTOM, "id")}, "failed", id="custom subnetworks, and none named"),
        pytest.param({"network": Out(CUSTOM, "id"), "subnetwork": "llm"}, "passed", id="one named"),
        pytest.param({"network": "default"}, "passed", id="outside the stack"),
        pytest.param({"network": Computed((AUTO, CUSTOM))}, "passed", id="one of two networks"),
        pytest.param({}, "passed", id="the default network"),
    ],
)
def test_a_custom_network_has_no_subnetwork_by_itself(interface: dict[str, Any], status: str) -> None:
    template = R("InstanceTemplate", "template", {"region": "us-central1", "networkInterfaces": [interface]})
    group = mig(versions=[{"instanceTemplate": Out(template, "id")}])
    check_verdict(RULE, [AUTO, CUSTOM, template, group, serving_by_utilization(group)], status, group.name)
