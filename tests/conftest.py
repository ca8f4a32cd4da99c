"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from policypack import evaluate
from tests.replay import Pack


@pytest.fixture(autouse=True)
def _errors_inside_rules_fail_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "raise_internal_errors", True)


@pytest.fixture
def start_pack(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], Pack]:
    """Starts a pack as the engine does, `PULUMI_DRY_RUN` being the argument."""
    return lambda dry_run: Pack(monkeypatch, dry_run)
