"""`instance-group-autohealing` on failing, passing, unknown and not applicable groups."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.config.error import ConfigurationError
from tests.rules.fleets import managed, serving, zonal
from tests.stacks import (
    Computed,
    Expected,
    Out,
    R,
    backend,
    build,
    check,
    check_verdict,
    findings,
    mig,
    service,
    statuses,
)

RULE = "instance-group-autohealing"
OWN = R("HealthCheck", "healing", {"tcpHealthCheck": {}, "checkIntervalSec": 30})
BALANCING = check()


def healing(by: Any = OWN, delay: Any = 1500, **others: Any) -> dict[str, Any]:
    return {"healthCheck": Out(by, "id") if isinstance(by, R) else by, "initialDelaySec": delay, **others}


def check_groups(
    expected: Expected, health_checks: Any = None, options: dict[str, Any] | None = None, **inputs: Any
) -> None:
    """A regional and a zonal group get the same verdict."""
    for group in (managed(**inputs), zonal(**inputs)):
        checks = Out(BALANCING, "id") if health_checks is None else health_checks
        resources = [serving(group, healthChecks=checks), group, OWN, BALANCING]
        check_verdict(RULE, resources, expected, group.name, **(options or {}))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (healing(), "passed"),
        ([healing()], "passed"),
        (healing(delay=300), "passed"),
        (healing(delay=3600), "passed"),
        (healing(delay=299), "failed"),
        (healing(delay=0), "failed"),
        (healing(delay=None), "failed"),
        (healing(delay=7200), "failed"),
        (healing(delay="600"), "passed"),
        (healing(delay=Computed()), "undecided"),
        (healing(BALANCING), "failed"),
        (healing(BALANCING, Computed()), "failed"),
        (healing("projects/p/global/healthChecks/x"), "passed"),
        (healing(Computed((OWN,), Out(OWN, "id"))), "passed"),
        (healing(Computed((OWN, BALANCING), Out(OWN, "id"))), ("undecided", "passed")),
        (healing(Computed((OWN, BALANCING), Out(BALANCING, "id"))), ("undecided", "failed")),
        (healing(Computed()), "undecided"),
        (None, "failed"),
        ([], "failed"),
        (Computed(), "undecided"),
    ],
)
def test_policies(policy: Any, expected: Any) -> None:
    check_groups(expected, autoHealingPolicies=policy)


@pytest.mark.parametrize(
    ("lifecycle", "status"),
    [
        ({"onFailedHealthCheck": "REPAIR"}, "passed"),
        ({"onFailedHealthCheck": "DEFAULT_ACTION"}, "passed"),
        ({"defaultActionOnFailure": "REPAIR"}, "passed"),
        ({"onFailedHealthCheck": "REPAIR", "defaultActionOnFailure": "DO_NOTHING"}, "passed"),
        ({"onFailedHealthCheck": "DO_NOTHING"}, "failed"),
        ({"defaultActionOnFailure": "DO_NOTHING"}, "failed"),
        ({"onFailedHealthCheck": "DEFAULT_ACTION", "defaultActionOnFailure": "DO_NOTHING"}, "failed"),
        ({"onFailedHealthCheck": Computed()}, "undecided"),
        (Computed(), "undecided"),
    ],
)
def test_repairs(lifecycle: Any, status: Any) -> None:
    check_groups(status, autoHealingPolicies=healing(), instanceLifecyclePolicy=lifecycle)


def test_repairs_are_for_groups_with_a_policy() -> None:
    """Without one, nothing fails a health check."""
    lifecycle = {"onFailedHealthCheck": "DO_NOTHING"}
    check_groups("undecided", autoHealingPolicies=Computed(), instanceLifecyclePolicy=lifecycle)


URL = "projects/p/global/healthChecks/x"


@pytest.mark.parametrize(
    ("health_checks", "by", "expected"),
    [
        (URL, URL, "failed"),
        (URL, f"https://www.googleapis.com/compute/v1/{URL}", "failed"),
        (URL, "projects/p/global/healthChecks/y", "passed"),
        (URL, "global/healthChecks/x", "passed"),
        ("projects/p-demo/global/healthChecks/x", "global/healthChecks/x", "failed"),
        ("global/healthChecks/x", "global/healthChecks/x", "failed"),
        (Computed(), OWN, "undecided"),
        ("", OWN, "passed"),
    ],
)
def test_the_services_check(health_checks: Any, by: Any, expected: Any) -> None:
    check_groups(expected, health_checks, autoHealingPolicies=healing(by))


@pytest.mark.parametrize(
    ("regions", "status"),
    [
        (["us-central1", "us-east1", "europe-west1"], "failed"),
        ([], "passed"),
        (None, "passed"),
        (Computed(), "undecided"),
    ],
)
def test_source_regions_are_for_dns(regions: Any, status: Any) -> None:
    by = R("HealthCheck", "healing", {"httpHealthCheck": {}, "sourceRegions": regions})
    group = managed(autoHealingPolicies=healing(by))
    check_verdict(RULE, [serving(group, healthChecks=Out(BALANCING, "id")), group, by, BALANCING], status, group.name)


def test_bounds_without_a_value_between_them_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="`min_initial_delay_sec` is above `max_initial_delay_sec`"):
        statuses(RULE, build(), min_initial_delay_sec=2000, max_initial_delay_sec=1000)


def test_a_check_in_a_project_that_is_not_known() -> None:
    group = managed(autoHealingPolicies=healing("global/healthChecks/x"))
    group.options["provider"] = {}
    check_verdict(RULE, [serving(group, healthChecks=URL), group], "undecided", group.name)


def test_a_check_in_a_project_that_is_not_known_of_a_service_that_may_be_served() -> None:
    group, other = managed(autoHealingPolicies=healing("projects/p/global/healthChecks/x")), managed("europe-west4")
    either = service([backend(Computed((group, other), Out(group)))], healthChecks="global/healthChecks/x")
    either.options["provider"] = {}
    check_verdict(RULE, [either, group, other], "undecided", group.name)


def test_what_is_no_health_check() -> None:
    template = R("InstanceTemplate", "template", {"machineType": "g2-standard-8"})
    for group in (managed(autoHealingPolicies=healing(template)), zonal(autoHealingPolicies=healing(template))):
        check_verdict(RULE, [serving(group), group, template], "failed", group.name)
    by_url = managed(autoHealingPolicies=healing("projects/p/global/instanceTemplates/llm"))
    check_verdict(RULE, [serving(by_url), by_url], "failed", by_url.name)
    legacy = managed(autoHealingPolicies=healing("projects/p/global/httpHealthChecks/llm"))
    check_verdict(RULE, [serving(legacy), legacy], "passed", legacy.name)
    handed_on = managed(autoHealingPolicies=healing(Computed((serving(),))))
    check_verdict(RULE, [serving(handed_on), handed_on], "undecided", handed_on.name)


def test_every_service_that_a_group_serves_counts() -> None:
    group = managed(autoHealingPolicies=healing())
    first = serving(group, healthChecks=Out(BALANCING, "id"))
    second = serving(group, name="batch", healthChecks=Out(OWN, "id"))
    check_verdict(RULE, [first, group, OWN, BALANCING], "passed", group.name)
    check_verdict(RULE, [first, second, group, OWN, BALANCING], "failed", group.name)


def test_a_service_that_a_group_may_serve() -> None:
    group, other = managed(autoHealingPolicies=healing()), mig("europe-west4")
    either = service([backend(Computed((group, other), Out(group)))], healthChecks=Out(OWN, "id"))
    check_verdict(RULE, [either, group, other, OWN], ("undecided", "failed"), group.name)


def test_what_is_not_judged() -> None:
    group, unmanaged = managed(), R("InstanceGroup", "unmanaged", {"zone": "us-central1-a"})
    neg = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
    assert statuses(RULE, build(group, unmanaged, neg)) == {}
    beside = service([{"group": Out(unmanaged, "id")}, backend(neg)])
    assert statuses(RULE, build(beside, group, unmanaged, neg)) == {}
    named = service([backend("zones/z/instanceGroups/x")], description=Out(group, "id"))
    check_verdict(RULE, [named, group], "not applicable", group.name)


@pytest.mark.parametrize(
    ("options", "delay", "status"),
    [
        ({"min_initial_delay_sec": 60}, 60, "passed"),
        ({"min_initial_delay_sec": 0}, 0, "passed"),
        ({"max_initial_delay_sec": 900}, 901, "failed"),
    ],
)
def test_options(options: dict[str, Any], delay: int, status: Any) -> None:
    check_groups(status, options=options, autoHealingPolicies=healing(delay=delay))


def test_a_group_that_is_read() -> None:
    group = mig()
    outputs: dict[str, Any] = {
        "id": group.url("id"),
        "instanceGroup": group.url("instanceGroup"),
        "region": "us-central1",
    }
    group.options.update(inputs=None, is_read=True, outputs=outputs)
    subject = service([backend(group.url("instanceGroup"))])
    assert statuses(RULE, build(subject, group)) == {group.name: "undecided"}
    outputs |= {"autoHealingPolicies": None}
    assert statuses(RULE, build(subject, group)) == {group.name: "failed"}


def test_the_message_lists_all_that_is_wrong() -> None:
    group = managed(autoHealingPolicies=healing(BALANCING, 60))
    (found,) = findings(RULE, build(serving(group, healthChecks=Out(BALANCING, "id")), group, BALANCING))
    assert [problem.observed for problem in found.problems] == [
        "Autohealing uses `check`, which is also the load balancer's health check.",
        "Its `initial_delay_sec` is 60.",
    ]


def test_a_resize_request_may_still_come() -> None:
    group = managed()
    check_verdict(RULE, [serving(group), group], "failed", group.name)
    check_verdict(RULE, [serving(group), group], "undecided", group.name, is_complete=False)
