"""What reports show of the loss of a region, and that the rule says the same."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.evaluate import views_of
from policypack.model.backend_service import BackendService
from policypack.model.stack import Stack
from policypack.report.failover_picture import FailoverPicture, Survival, failover_picture
from tests.rules.fleets import autoscaler, managed
from tests.stacks import R, backend, build, service, statuses

VERDICTS: dict[Survival, str] = {
    "survives": "passed",
    "does not survive": "failed",
    "undecided": "undecided",
    "not applicable": "not applicable",
}
METRIC: dict[str, Any] = {"metrics": [{"name": "queue", "target": 5}]}


def fleet(*regions: str, of: dict[str, Any] | None = None, **policy: Any) -> list[R]:
    """A service in RATE mode with an autoscaled group in each region."""
    groups = [managed(region) for region in regions]
    given = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerInstance": 4, **(of or {})}
    return [*groups, *(autoscaler(group, **policy) for group in groups), service([backend(g, **given) for g in groups])]


def picture_of(stack: Stack) -> FailoverPicture:
    (chat,) = views_of(stack, BackendService)
    assert isinstance(chat, BackendService)
    return failover_picture(chat)


def test_what_is_left_of_three_regions() -> None:
    regions = ("asia-east1", "europe-west4", "us-central1")
    picture = picture_of(build(*fleet(*regions, loadBalancingUtilization={"target": 0.6})))
    assert (picture.service, picture.survival, picture.why) == ("chat", "survives", ())
    assert [loss.warm.region for loss in picture.losses] == list(regions)
    assert [round(loss.warm.left_fraction, 6) for loss in picture.losses] == [round(2 / 3, 6)] * 3
    assert [round(loss.warm.load_fraction, 6) for loss in picture.losses] == [0.6] * 3
    assert [round(loss.scaled_out.left_fraction, 6) for loss in picture.losses] == [round(8 / 3, 6)] * 3


@pytest.mark.parametrize(
    ("resources", "survival", "has_losses"),
    [
        (fleet("us-central1", "europe-west4"), "survives", True),
        (fleet("us-central1", "europe-west4", loadBalancingUtilization={"target": 0.8}), "does not survive", True),
        (fleet("us-central1", "europe-west4", loadBalancingUtilization={"target": 0.8}, **METRIC), "undecided", True),
        (fleet("us-central1"), "not applicable", False),
        (fleet("us-central1", "europe-west4", of={"maxRatePerInstance": None}), "not applicable", False),
        (fleet("us-central1", "europe-west4", loadBalancingUtilization=None, **METRIC), "undecided", False),
        ([service([])], "not applicable", False),
    ],
)
def test_it_says_what_the_rule_says(resources: list[R], survival: Survival, has_losses: bool) -> None:
    stack = build(*resources)
    picture = picture_of(stack)
    assert picture.survival == survival
    assert bool(picture.losses) is has_losses
    assert bool(picture.why) is (survival in ("undecided", "not applicable"))
    assert statuses("llm-backend-failover-capacity", stack) == {"chat": VERDICTS[survival]}
