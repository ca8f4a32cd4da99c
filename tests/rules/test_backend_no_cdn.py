"""`backend-no-cdn` on failing, passing, unknown and not applicable services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, backend, check_verdict, finding, mig, service

RULE = "backend-no-cdn"
CDN: dict[str, Any] = {"enableCdn": True}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param({}, "passed", id="none"),
        pytest.param({"enableCdn": False}, "passed", id="off"),
        pytest.param(CDN, "failed", id="on"),
        pytest.param({**CDN, "loadBalancingScheme": "EXTERNAL"}, "failed", id="classic"),
        pytest.param({"enableCdn": Computed()}, "undecided", id="computed"),
        pytest.param({**CDN, "loadBalancingScheme": Computed()}, "undecided", id="computed scheme"),
        pytest.param({"loadBalancingScheme": Computed()}, "passed", id="none, computed scheme"),
        pytest.param({**CDN, "iap": {"enabled": True}}, "not applicable", id="beside IAP, which is refused"),
        pytest.param({**CDN, "iap": {"enabled": Computed()}}, "undecided", id="beside computed IAP"),
        pytest.param({**CDN, "loadBalancingScheme": "INTERNAL_MANAGED"}, "not applicable", id="refused inside"),
    ],
)
def test_verdicts(inputs: dict[str, Any], expected: str) -> None:
    group = mig()
    check_verdict(RULE, [service([backend(group)], **inputs), group], expected)


def test_a_web_front_end_is_left_out() -> None:
    check_verdict(RULE, [service([], **CDN)], None, services={"names": ["llm-*"]})


def test_the_message_says_what_to_do() -> None:
    (problem,) = finding(RULE, service([], **CDN)).problems
    assert problem.fix == "Set `enable_cdn=False`; if it serves no model, exclude it with the option `services`."
