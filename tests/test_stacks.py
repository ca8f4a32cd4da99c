"""The tests' own tools: a failing row says what broke."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import pytest_make_parametrize_id
from tests.stacks import Computed, Out, backend, check_verdict, mig, service

US = mig("us-central1", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"maxRate": 4, "maxUtilization": None}, "maxRate=4,maxUtilization=None"),
        ({"a": {"b": [1, "x"]}, "c": {}}, "a={b=[1,x]},c={}"),
        ([Out(US), Computed(), Computed((US,), "0.8")], "[mig-us-central1.instanceGroup,?,?'0.8']"),
        (US, "RegionInstanceGroupManager:mig-us-central1(region=us-central1)"),
        (("undecided", "passed"), "[undecided,passed]"),
        ("a\nb", "'a\\nb'"),
        ("x" * 61 + "y" * 100, "x" * 60 + "..." + "y" * 35),
        (3, None),
    ],
    ids=range(8),
)
def test_a_row_is_named_by_its_inputs(value: Any, expected: str | None) -> None:
    assert pytest_make_parametrize_id(value) == expected


def test_a_wrong_verdict_is_told_with_its_inputs_and_sentences() -> None:
    subject = service([backend(US, maxUtilization=1)], loadBalancingScheme=None, protocol=None)
    with pytest.raises(AssertionError) as raised:
        check_verdict("llm-backend-max-utilization", [subject, US], ("failed", "undecided"), max=0.9)
    lines = str(raised.value).splitlines()
    assert lines[:2] == [
        "llm-backend-max-utilization on `chat` as deployed: failed, expected undecided",
        "  options: max=0.9",
    ]
    assert lines[2].startswith("  BackendService:chat(loadBalancingScheme=None,protocol=None,portName=http,backends=[{")
    assert lines[3:5] == [f"  RegionInstanceGroupManager:{US.name}(region=us-central1)", "  `chat` failed"]
    assert [line.split(":")[0].strip() for line in lines[5:]] == ["observed", "required", "fix"]
