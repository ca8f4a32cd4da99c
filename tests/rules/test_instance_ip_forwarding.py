"""`instance-ip-forwarding` on failing, passing and unknown machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.machines import KINDS, judge, judged, machine, on_path
from tests.stacks import Computed

RULE = "instance-ip-forwarding"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("value", "status"),
    [
        (True, "failed"),
        ("true", "failed"),
        (False, "passed"),
        ("false", "passed"),
        (None, "passed"),
        (Computed(), "undecided"),
        ("maybe", "undecided"),
    ],
)
def test_forwarding(value: Any, status: str, kind: str) -> None:
    assert judged(RULE, {"canIpForward": value}, kind=kind) == (status, status)


def test_what_is_known_only_after_deployment() -> None:
    assert judged(RULE, {"canIpForward": Computed((), True)}) == ("undecided", "failed")


def test_the_message_names_the_property() -> None:
    (problem,) = judge(RULE, *on_path(machine({"canIpForward": True}))).problems
    assert (problem.observed, problem.fix) == (
        "`can_ip_forward` is on.",
        "Remove `can_ip_forward`, or set `can_ip_forward=False`.",
    )
