"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from policypack import evaluate
from policypack.sources.program import run
from tests.projects import ENVIRONMENT
from tests.replay import Pack
from tests.stacks import Computed, Out, R, shown
from tests.warm_interpreter import warm_interpreter

_HEAD, _TAIL = 48, 28

# Workers of a test run may inherit it, and reports would be broken there.
os.environ.pop("COLUMNS", None)


def pytest_make_parametrize_id(val: object) -> str | None:
    """A row's id shows its inputs; pytest numbers those that look alike."""
    if not isinstance(val, R | Out | Computed | dict | list | tuple | str):
        return None
    text = shown(val)
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}...{text[-_TAIL:]}"


@pytest.fixture(autouse=True)
def _errors_inside_rules_fail_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "raise_internal_errors", True)


@pytest.fixture
def start_pack(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], Pack]:
    """Starts a pack as the engine does, `PULUMI_DRY_RUN` being the argument."""
    return lambda dry_run: Pack(monkeypatch, dry_run)


@pytest.fixture(scope="session")
def _forks() -> Iterator[object]:
    with warm_interpreter(ENVIRONMENT / "bin/python") as execute:
        yield execute


@pytest.fixture
def _warm(_forks: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of pulumi-gcp run in forks of an interpreter that has imported it."""
    monkeypatch.setattr(run, "execute", _forks)
