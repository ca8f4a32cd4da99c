"""`instance-group-update-policy` on failing, passing, unknown and not applicable groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fleets import autoscaler, managed, serving, zonal
from tests.stacks import Computed, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "instance-group-update-policy"


def update(unavailable: Any = None, *, percent: Any = None, **others: Any) -> dict[str, Any]:
    given = {"type": "PROACTIVE", "minimalAction": "REPLACE", **others}
    limits = {"maxUnavailableFixed": unavailable, "maxUnavailablePercent": percent}
    return {**given, **{key: value for key, value in limits.items() if value is not None}}


def pair(policy: Any, warm: int = 2, other: int = 2, **inputs: Any) -> list[R]:
    """A service in two regions, with this update policy in the first."""
    # Of one zone, so that every fixed limit is legal.
    given = {"distributionPolicyZones": ["us-central1-a"], **inputs}
    us, eu = managed("us-central1", updatePolicy=policy, **given), managed("europe-west4")
    return [serving(us, eu), us, eu, autoscaler(us, minReplicas=warm), autoscaler(eu, minReplicas=other)]


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (None, "passed"),
        (update(9, type="OPPORTUNISTIC"), "passed"),
        (update(9, mostDisruptiveAllowedAction="REFRESH"), "passed"),
        (update(9, mostDisruptiveAllowedAction="NONE"), "passed"),
        (update(9, mostDisruptiveAllowedAction="RESTART"), "failed"),
        (update(9, minimalAction="REFRESH"), "failed"),
        (update(0), "passed"),
        (update(0, maxSurgeFixed=3), "passed"),
        (update(percent=0), "passed"),
        ([update(0)], "passed"),
        (update(1), "failed"),
        (update(3), "failed"),
        (update(3, maxSurgeFixed=9), "failed"),
        (update(percent=50), "failed"),
        (update(percent=1), "undecided"),
        (update(), "undecided"),
        (update(Computed()), "undecided"),
        (update(percent=Computed()), "undecided"),
        (update(9, type=Computed()), "undecided"),
        (update(9, type="OPPORTUNISTIC", mostDisruptiveAllowedAction=Computed()), "passed"),
        (update(9, mostDisruptiveAllowedAction=Computed()), "undecided"),
        (update(9, type=Computed(), mostDisruptiveAllowedAction="REFRESH"), "passed"),
        (Computed(), "undecided"),
    ],
)
def test_policies(policy: Any, status: Any) -> None:
    check_verdict(RULE, pair(policy), status, "mig-us-central1")


@pytest.mark.parametrize(
    ("warm", "other", "unavailable", "status"),
    [
        # Half of six is the load; without the other region, what the update leaves has to carry it.
        (4, 2, 1, "passed"),
        (4, 2, 2, "failed"),
        (8, 2, 3, "passed"),
        (8, 2, 4, "failed"),
    ],
)
def test_room_for_an_update(warm: int, other: int, unavailable: int, status: Any) -> None:
    check_verdict(RULE, pair(update(unavailable), warm, other), status, "mig-us-central1")


@pytest.mark.parametrize(
    ("zones", "expected"),
    [(["us-central1-a", "us-central1-b"], "undecided"), (None, "undecided"), (["us-central1-a"], "passed")],
)
def test_left_out_an_update_takes_none_or_one_a_zone(zones: Any, expected: Any) -> None:
    resources = pair(update(), 4, 2, distributionPolicyZones=zones)
    check_verdict(RULE, resources, expected, "mig-us-central1")


def test_percentages_may_be_rounded_either_way() -> None:
    check_verdict(RULE, pair(update(percent=25), 4, 2), "passed", "mig-us-central1")
    check_verdict(RULE, pair(update(percent=30), 4, 2), "undecided", "mig-us-central1")
    check_verdict(RULE, pair(update(percent=50), 4, 2), "failed", "mig-us-central1")


def single(policy: Any, warm: int = 4, **inputs: Any) -> list[R]:
    group = managed(updatePolicy=policy, distributionPolicyZones=["us-central1-a"])
    return [serving(group, **inputs), group, autoscaler(group, minReplicas=warm)]


@pytest.mark.parametrize(
    ("unavailable", "warm", "status"), [(2, 4, "passed"), (3, 4, "failed"), (4, 4, "failed"), (3, 2, "failed")]
)
def test_one_region_has_to_carry_its_own_load(unavailable: int, warm: int, status: Any) -> None:
    for inputs in ({}, {"region": "us-central1"}):
        check_verdict(RULE, single(update(unavailable), warm, **inputs), status, "mig-us-central1")


def test_the_service_decides() -> None:
    passthrough: dict[str, Any] = {"region": "us-central1", "loadBalancingScheme": "INTERNAL", "protocol": "TCP"}
    check_verdict(RULE, single(update(4), **passthrough), "not applicable", "mig-us-central1")
    unknown: dict[str, Any] = {"region": "us-central1", "loadBalancingScheme": Computed()}
    check_verdict(RULE, single(update(4), **unknown), "undecided", "mig-us-central1")
    controlled: dict[str, Any] = {"options": {"ignore_changes": ("backends",)}}
    check_verdict(RULE, single(update(4), **controlled), "undecided", "mig-us-central1")
    group = managed(updatePolicy=update(4))
    untargeted = service([backend(group, maxUtilization=None)])
    check_verdict(RULE, [untargeted, group, autoscaler(group)], "not applicable", group.name)


def test_capacity_that_is_not_known() -> None:
    group = managed(updatePolicy=update(4))
    outside = service([backend(group), backend("regions/europe-west4/instanceGroups/x")])
    check_verdict(RULE, [outside, group, autoscaler(group)], "undecided", group.name)
    harmless = managed(updatePolicy=update(0))
    check_verdict(RULE, [outside, harmless, autoscaler(harmless)], "passed", group.name)
    by_queue = autoscaler(group, metrics=[{"name": "queue"}])
    check_verdict(RULE, [serving(group), group, by_queue], "failed", group.name)
    more = autoscaler(group, minReplicas=6, metrics=[{"name": "queue"}])
    check_verdict(RULE, [serving(group), group, more], "undecided", group.name)
    assert statuses(RULE, build(serving(group), group, is_complete=False)) == {group.name: "undecided"}


def test_zonal_groups() -> None:
    a, b = zonal("us-central1-a", updatePolicy=update(1)), zonal("us-central1-b")
    scalers = [autoscaler(a, minReplicas=2), autoscaler(b, minReplicas=2)]
    check_verdict(RULE, [serving(a, b), a, b, *scalers], "passed", a.name)
    alone = [serving(a), a, autoscaler(a, minReplicas=1)]
    check_verdict(RULE, alone, "failed", a.name)


def test_a_service_that_a_group_may_serve() -> None:
    group, other = managed(updatePolicy=update(9)), managed("europe-west4")
    either = service([backend(Computed((group, other), Out(group)))])
    resources = [either, group, other, autoscaler(group), autoscaler(other)]
    check_verdict(RULE, resources, ("undecided", "failed"), group.name)


def test_what_is_not_judged() -> None:
    group = managed(updatePolicy=update(9))
    assert statuses(RULE, build(group)) == {}
    named = service([backend("zones/z/instanceGroups/x")], description=Out(group, "id"))
    check_verdict(RULE, [named, group], "not applicable", group.name)


def test_a_group_that_is_read() -> None:
    group = mig()
    urls = {key: group.url(key) for key in ("id", "instanceGroup")}
    outputs: dict[str, Any] = {**urls, "region": "us-central1"}
    group.options.update(inputs=None, is_read=True, outputs=outputs)
    subject = service([backend(group.url("instanceGroup"))])
    assert statuses(RULE, build(subject, group)) == {group.name: "undecided"}
    outputs |= {"updatePolicy": {"type": "OPPORTUNISTIC", "minimalAction": "REPLACE"}}
    assert statuses(RULE, build(subject, group)) == {group.name: "passed"}


US = [f"us-central1-{letter}" for letter in "abcf"]


@pytest.mark.parametrize(
    ("policy", "zones", "expected"),
    [
        pytest.param({"maxSurgeFixed": 0, "maxUnavailableFixed": 0}, US[:3], "failed", id="both 0"),
        pytest.param({"maxSurgePercent": 0, "maxUnavailableFixed": 0}, US[:3], "failed", id="both 0, as a percentage"),
        pytest.param({"maxSurgeFixed": Computed(), "maxUnavailableFixed": 0}, US[:3], "undecided", id="maybe both 0"),
        pytest.param({"maxUnavailableFixed": 0}, US[:3], "passed", id="surge left out"),
        pytest.param({"maxSurgeFixed": 1, "maxUnavailableFixed": 0}, US[:3], "failed", id="surge below the zones"),
        pytest.param({"maxSurgeFixed": 3, "maxUnavailableFixed": 0}, US[:3], "passed", id="surge of the zones"),
        pytest.param({"maxSurgeFixed": 3, "maxUnavailableFixed": 0}, US, "failed", id="surge below four zones"),
        pytest.param({"maxSurgeFixed": 1, "maxUnavailableFixed": 0}, US[:1], "passed", id="surge of one zone"),
        pytest.param({"maxSurgeFixed": 2, "maxUnavailableFixed": 0}, [US[0]] * 3, "passed", id="one zone thrice"),
        pytest.param({"maxSurgeFixed": 2, "maxUnavailableFixed": 0}, None, "failed", id="surge below three by default"),
        pytest.param({"maxSurgeFixed": 3, "maxUnavailableFixed": 0}, None, "passed", id="surge of three by default"),
        pytest.param({"maxSurgeFixed": 2, "maxUnavailableFixed": 0}, Computed(), "undecided", id="computed zones"),
        pytest.param({"maxSurgeFixed": 0, "maxUnavailableFixed": 1}, US[:3], "failed", id="taken below the zones"),
        pytest.param(
            {"maxSurgeFixed": Computed(), "maxUnavailableFixed": 1}, US[:3], "failed",
            id="taken below the zones beside a computed surge",
        ),
        pytest.param({"maxSurgePercent": 10, "maxUnavailableFixed": 0}, US[:3], "passed", id="surge as a percentage"),
        pytest.param(
            {"replacementMethod": "RECREATE", "maxSurgeFixed": 3, "maxUnavailableFixed": 3}, US[:3], "failed",
            id="RECREATE with surge",
        ),
        pytest.param(
            {"replacementMethod": "RECREATE", "maxSurgePercent": 20, "maxUnavailableFixed": 3}, US[:3], "failed",
            id="RECREATE with surge as a percentage",
        ),
        pytest.param(
            {"replacementMethod": "RECREATE", "maxUnavailablePercent": 0}, US[:3], "failed", id="RECREATE without room"
        ),
        pytest.param(
            {"replacementMethod": "RECREATE", "maxSurgeFixed": 0, "maxUnavailableFixed": 3}, US[:3], "passed",
            id="RECREATE in place",
        ),
        pytest.param(
            {"replacementMethod": "SUBSTITUTE", "maxSurgeFixed": 3, "maxUnavailableFixed": 0}, US[:3], "passed",
            id="SUBSTITUTE with surge",
        ),
        pytest.param(
            {"replacementMethod": Computed(), "maxSurgeFixed": 3, "maxUnavailableFixed": 0}, US[:3], "undecided",
            id="computed method",
        ),
    ],
)  # fmt: skip
def test_what_the_api_takes(policy: dict[str, Any], zones: Any, expected: Any) -> None:
    """Whether an operator starts the update or not; 24 VMs of which an update may take some."""
    for type_, others in (("PROACTIVE", 24), ("OPPORTUNISTIC", 0)):
        given = {"type": type_, "minimalAction": "REPLACE", **policy}
        us, eu = managed(updatePolicy=given, distributionPolicyZones=zones), managed("europe-west4")
        idle: dict[str, Any] = {"loadBalancingUtilization": {"target": 0.2}}
        scalers = [autoscaler(us, minReplicas=24, **idle), autoscaler(eu, minReplicas=others, **idle)]
        check_verdict(RULE, [serving(us, eu), us, eu, *scalers], expected, us.name)


def test_a_zonal_group_takes_any_number() -> None:
    a = zonal("us-central1-a", updatePolicy=update(0, maxSurgeFixed=1))
    check_verdict(RULE, [serving(a), a, autoscaler(a)], "passed", a.name)


def test_the_messages_of_what_the_api_refuses() -> None:
    policy = update(0, maxSurgeFixed=1, replacementMethod="RECREATE")
    group = managed(updatePolicy=policy)
    (found,) = findings(RULE, build(serving(group), group))
    assert [problem.observed for problem in found.problems] == [
        "`replacement_method` is RECREATE, and `max_surge` is above 0.",
        "`max_surge_fixed` is 1, and a regional group has more zones.",
    ]


def test_the_message_says_what_is_left() -> None:
    found, _ = sorted(findings(RULE, build(*pair(update(1)), deployed=True)), key=lambda finding: finding.status)
    assert found.problems[0].observed == (
        "While an update has 1 of 2 VMs down, and without `europe-west4`, 25 % of the warm capacity of `chat` is "
        "left for a steady load of 50 %."
    )
    (alone,) = findings(RULE, build(*single(update(4)), deployed=True))
    assert alone.problems[0].observed.startswith("While an update has 4 of 4 VMs down, 0 % of the warm capacity")


KEPT = [{"deviceName": "weights"}]


def by_hand(**policy: Any) -> dict[str, Any]:
    return update(0, type="OPPORTUNISTIC", maxSurgeFixed=3, **policy)


def by_itself(**policy: Any) -> dict[str, Any]:
    return update(0, maxSurgeFixed=3, instanceRedistributionType="NONE", **policy)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        pytest.param({"statefulDisks": KEPT, "updatePolicy": by_hand()}, "failed", id="moved to other zones"),
        pytest.param(
            {"statefulDisks": KEPT, "updatePolicy": by_hand(instanceRedistributionType="NONE")},
            "passed",
            id="not moved",
        ),
        pytest.param(
            {"statefulDisks": KEPT, "updatePolicy": by_hand(instanceRedistributionType=Computed())},
            "undecided",
            id="moved or not",
        ),
        pytest.param({"statefulInternalIps": [{"interfaceName": "nic0"}]}, "failed", id="without a policy"),
        pytest.param({"statefulDisks": Computed()}, "undecided", id="stateful or not"),
        pytest.param({"statefulDisks": [], "updatePolicy": by_hand()}, "passed", id="nothing is kept"),
        pytest.param({"statefulDisks": KEPT, "updatePolicy": by_itself()}, "failed", id="replaced under new names"),
        pytest.param(
            {
                "statefulDisks": KEPT,
                "updatePolicy": by_itself(mostDisruptiveAllowedAction="REFRESH", replacementMethod=Computed()),
            },
            "undecided",
            id="replaced or recreated",
        ),
    ],
)
def test_a_stateful_group(inputs: dict[str, Any], status: Any) -> None:
    group = managed(targetSize=4, **inputs)
    check_verdict(RULE, [serving(group), group], status, group.name)


def test_a_zonal_group_has_no_zones_to_move_between() -> None:
    group = zonal(targetSize=4, statefulDisks=KEPT, updatePolicy=by_hand())
    check_verdict(RULE, [serving(group), group], "passed", group.name)


@pytest.mark.parametrize(
    ("state", "status"),
    [({"metadata": {"shard": "1"}}, "failed"), ({}, "passed"), (None, "passed"), (Computed(), "undecided")],
)
def test_per_instance_configurations_make_a_group_stateful(state: Any, status: Any) -> None:
    group = managed(targetSize=4, updatePolicy=by_hand())
    inputs = {"regionInstanceGroupManager": Out(group, "name"), "preservedState": state}
    config = R("gcp:compute/regionPerInstanceConfig:RegionPerInstanceConfig", "one", inputs)
    check_verdict(RULE, [serving(group), group, config], status, group.name)
    stray = R(config.type, "one", {**inputs, "regionInstanceGroupManager": Computed()})
    doubtful = status if status == "passed" else "undecided"
    check_verdict(RULE, [serving(group), group, stray], doubtful, group.name)
    elsewhere = R(config.type, "one", {**inputs, "region": "asia-east1"})
    check_verdict(RULE, [serving(group), group, elsewhere], doubtful, group.name)
    named = managed(targetSize=4, updatePolicy=by_hand(), name="mig")
    somewhere = R(config.type, "one", {**inputs, "regionInstanceGroupManager": "mig", "region": Computed()})
    check_verdict(RULE, [serving(named), named, somewhere], doubtful, named.name)


def limits(policy: dict[str, Any]) -> list[str]:
    group = managed("us-central1", updatePolicy=policy)
    (found,) = findings(RULE, build(serving(group), group))
    return [problem.fix for problem in found.problems if "zones" in problem.fix]


def test_the_fixes_of_both_limits_can_be_done_together() -> None:
    """Both at 0 are refused as well."""
    surge, unavailable = limits(update(1, type="OPPORTUNISTIC", maxSurgeFixed=1))
    assert surge == "Set `max_surge_fixed` to the number of the group's zones, or, with RECREATE, to 0."
    assert unavailable == (
        "Set `max_unavailable_fixed` to 0 with a `max_surge_fixed` of the number of the group's zones, or, with "
        "RECREATE, to that number."
    )
    mended = update(0, type="OPPORTUNISTIC", maxSurgeFixed=3)
    group = managed("us-central1", updatePolicy=mended)
    check_verdict(RULE, [serving(group), group], "passed", group.name)


@pytest.mark.parametrize(
    ("shape", "policy", "expected"),
    [
        ("BALANCED", by_hand(instanceRedistributionType="NONE"), "passed"),
        ("BALANCED", by_hand(instanceRedistributionType="PROACTIVE"), "failed"),
        ("BALANCED", by_hand(), "failed"),
        ("BALANCED", by_hand(instanceRedistributionType=Computed()), "undecided"),
        ("BALANCED", None, "undecided"),
        ("ANY_SINGLE_ZONE", by_hand(), "failed"),
        ("ANY", by_hand(), "passed"),
        ("EVEN", by_hand(), "passed"),
        (None, by_hand(), "passed"),
        (Computed(), by_hand(), "undecided"),
    ],
)
def test_shapes_without_redistribution(shape: Any, policy: Any, expected: Any) -> None:
    group = mig(distributionPolicyTargetShape=shape, updatePolicy=policy)
    check_verdict(RULE, [service([backend(group)]), group], expected, group.name)


STABLE, CANARY = (
    {"instanceTemplate": "global/instanceTemplates/llm"},
    {"instanceTemplate": "global/instanceTemplates/new"},
)


@pytest.mark.parametrize(
    ("versions", "status"),
    [
        pytest.param([STABLE], "passed", id="one"),
        pytest.param([STABLE, {**CANARY, "targetSize": {"fixed": 1}}], "passed", id="a canary"),
        pytest.param([{**CANARY, "targetSize": {"percent": 20}}, STABLE], "passed", id="a canary by its share"),
        pytest.param([STABLE, CANARY], "failed", id="none has a size"),
        pytest.param(
            [{**STABLE, "targetSize": {"percent": 80}}, {**CANARY, "targetSize": {"percent": 20}}],
            "failed",
            id="both have a size",
        ),
        pytest.param([{**STABLE, "targetSize": {"fixed": 3}}], "failed", id="the only one has a size"),
        pytest.param([STABLE, {**CANARY, "targetSize": Computed()}], "undecided", id="a computed size"),
        pytest.param(Computed(), "undecided", id="computed versions"),
        pytest.param([1e308], "undecided", id="what is no version"),
    ],
)
def test_versions(versions: Any, status: str) -> None:
    us, eu = mig("us-central1", versions=versions), managed("europe-west4")
    check_verdict(RULE, [serving(us, eu), us, eu], status, "mig-us-central1")
