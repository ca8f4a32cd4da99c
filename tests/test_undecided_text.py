"""What the engine shows of undecided findings, of which a policy has one text for the whole stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from policypack.pack import policies
from tests.replay import Pack

SERVICE = "gcp:compute/backendService:BackendService"
TIMEOUT, ZONES, CAPACITY = "llm-backend-timeout", "llm-backend-zones", "llm-backend-failover-capacity"
COMPUTED = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
WITHOUT_TIMEOUT = {"timeoutSec": COMPUTED, "protocol": "HTTP", "loadBalancingScheme": "EXTERNAL_MANAGED"}


def chat(number: int) -> str:
    return f"chat-{number}"


def with_group(number: int) -> dict[str, Any]:
    group = f"https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/instanceGroups/{chat(number)}"
    return WITHOUT_TIMEOUT | {"backends": [{"group": group, "capacityScaler": COMPUTED}]}


def with_groups(number: int) -> dict[str, Any]:
    """In two regions, and with all that is asked of their targets."""
    place = "https://www.googleapis.com/compute/v1/projects/p/regions/{}/instanceGroups/{}"
    groups = [place.format(region, chat(number)) for region in ("us-central1", "europe-west4")]
    limits = {"balancingMode": "RATE", "maxRatePerInstance": 10, "capacityScaler": 1}
    return WITHOUT_TIMEOUT | {"backends": [{"group": group, **limits} for group in groups]}


def computed(_: int) -> dict[str, Any]:
    return WITHOUT_TIMEOUT | {"backends": COMPUTED}


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Mapping[str, Any]], str]:
    """What a rule says of services, by their names, that is undecided."""

    def said(rule: str, services: Mapping[str, Any]) -> str:
        resources = [
            {"type": SERVICE, "urn": f"urn:pulumi:dev::llm::{SERVICE}::{name}", "name": name, "properties": given}
            for name, given in services.items()
        ]
        [message] = Pack(monkeypatch, None, policies(rule)).analyze_stack({"resources": resources}).messages
        return message.partition(" undecided: ")[2]

    return said


NOT_KNOWN = "`timeoutSec` is not known"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        pytest.param(range(1), f"`chat-0`: {NOT_KNOWN}", id="one"),
        pytest.param(range(2), f"`chat-0`, `chat-1`: {NOT_KNOWN}", id="two alike"),
        pytest.param(range(13), f"{', '.join(f'`chat-{i}`' for i in range(13))}: {NOT_KNOWN}", id="no one more"),
        pytest.param(range(500), f"{', '.join(f'`chat-{i}`' for i in range(12))} and 488 more: {NOT_KNOWN}", id="500"),
    ],
)
def test_what_is_alike_is_said_once(undecided: Callable[..., str], numbers: range, text: str) -> None:
    assert undecided(TIMEOUT, {chat(i): computed(i) for i in numbers}) == text


def test_each_reason_is_said(undecided: Callable[..., str]) -> None:
    text = undecided(ZONES, {"embed": computed(0), **{chat(i): with_group(i) for i in range(3)}})
    assert text == (
        "`chat-0`, `chat-1`, `chat-2`: it is not known which backends are drained in `us-central1`; "
        "`embed`: `backends` is computed as a whole (inside `apply`?) or encrypted; write the list out so that it can "
        "be judged"
    )


def test_one_stands_for_all_where_a_reason_names_what_is_its_own(undecided: Callable[..., str]) -> None:
    assert undecided(CAPACITY, {chat(i): with_groups(i) for i in range(2)}) == (
        "`chat-0`, `chat-1`: its capacity is not known: `chat-0` is outside the stack, so its size is not known "
        "(`chat-0` stands for each of them here)"
    )
