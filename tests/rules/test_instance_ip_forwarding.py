"""`instance-ip-forwarding` on failing, passing and unknown machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.machines import KINDS, machine, on_path, with_path
from tests.stacks import Computed, check_verdict, finding

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
    check_verdict(RULE, with_path({"canIpForward": value}, kind=kind), status)


def test_what_is_known_only_after_deployment() -> None:
    check_verdict(RULE, with_path({"canIpForward": Computed((), True)}), ("undecided", "failed"))


def test_the_message_names_the_property() -> None:
    (problem,) = finding(RULE, *on_path(machine({"canIpForward": True}))).problems
    assert (problem.observed, problem.fix) == (
        "`can_ip_forward` is on.",
        "Set `can_ip_forward=False`, or omit it.",
    )
