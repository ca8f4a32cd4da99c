"""On an update: what is stopped before it is created, through the SDK's own servicer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.expected import UPDATES
from tests.replay import Pack, Verdicts, replay
from tests.stacks import Out, R, backend, build, check, service
from tests.test_remediation import in_order, request_of

StartPack = Callable[[str | None], Pack]


def subjects(found: Verdicts) -> list[tuple[str, str]]:
    """The policies with the resource that each violation is about, which may be one that the shown resource uses."""
    violations = [message for message in found.messages if not message.startswith("can't run policy")]
    about = [re.search(r"^This is about (\S+) \(gcp:", message, re.MULTILINE) for message in violations]
    named = zip(found.violations, about, strict=True)
    return sorted((policy, match[1] if match else shown) for (policy, shown), match in named)


def test_what_a_service_uses_is_judged_before_the_service_is_created(start_pack: StartPack) -> None:
    shown, _ = replay(start_pack("false"), "up_global_one_region")
    assert {name for _, name in shown.violations} == {"chat"}
    assert subjects(shown) == [
        ("backend-cloud-armor", "chat"),
        ("gpu-instance-scheduling", "template-us-central1"),
        ("health-check-logging", "check"),
        ("instance-disk-encryption", "template-us-central1"),
        ("instance-metadata-access", "template-us-central1"),
        ("instance-shielded-vm", "template-us-central1"),
        ("llm-backend-logging", "chat"),
        ("llm-backend-outlier-detection", "chat"),
        ("llm-backend-regions", "chat"),
        ("llm-backend-timeout", "chat"),
        ("subnet-flow-logs", "subnet-us-central1"),
        ("subnet-private-google-access", "subnet-us-central1"),
    ]


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_says_what_a_judged_state_does_and_each_once(start_pack: StartPack, name: str) -> None:
    shown, whole = replay(start_pack("false"), name)
    _, of_state = replay(start_pack(None), name)
    assert sorted([*subjects(shown), *subjects(whole)]) == subjects(of_state)


def early(pack: Pack, *resources: R) -> dict[str, list[tuple[str, str]]]:
    """The violations before each resource is created, of the rules about health checks."""
    found = {one.name: pack.analyze(request_of(one)) for one in in_order(build(*resources, deployed=True))}
    return {
        name: [one for one in subjects(verdicts) if one[0].startswith("health-check-")]
        for name, verdicts in found.items()
    }


def behind(checked: R, name: str, **inputs: Any) -> R:
    return service([backend("zones/us-central1-a/instanceGroups/llm")], name, healthChecks=Out(checked, "id"), **inputs)


def test_what_two_services_use_is_said_before_the_first(start_pack: StartPack) -> None:
    slow = check(checkIntervalSec=10, timeoutSec=11)
    found = early(start_pack("false"), slow, behind(slow, "a"), behind(slow, "b"))
    assert found == {
        "check": [],
        "a": [("health-check-logging", "check"), ("health-check-timing", "check")],
        "b": [],
    }


def test_what_no_llm_backend_uses_is_not_judged(start_pack: StartPack) -> None:
    slow, pack = check(checkIntervalSec=10, timeoutSec=11), start_pack("false")
    pack.configure({"health-check-timing": {"services": {"names": ["chat"]}}})
    found = early(pack, slow, behind(slow, "web"), behind(slow, "chat"))
    assert found == {
        "check": [],
        "web": [("health-check-logging", "check")],
        "chat": [("health-check-timing", "check")],
    }


def test_a_preview_judges_nothing_early(start_pack: StartPack) -> None:
    slow = check(checkIntervalSec=10, timeoutSec=11)
    assert early(start_pack("true"), slow, behind(slow, "a")) == {"check": [], "a": []}
