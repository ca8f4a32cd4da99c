"""Fixtures that all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, settings

from policypack import evaluate
from policypack.garbage import collect_seldom
from policypack.sources.program import run
from tests.projects import ENVIRONMENT
from tests.replay import Pack
from tests.stacks import Computed, Out, R, shown
from tests.warm_interpreter import warm_interpreter

_HEAD, _TAIL = 48, 28
# Seconds: what pytest's `--durations` shows.
_LONG = 0.005
_EXECUTE = run.execute
# By default the collector looks at all tests and modules again and again.
collect_seldom()
# The same examples each time, however slow the machine is: the long hunt is the fuzzer's.
settings.register_profile(
    "tests",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("tests")
# Errors inside rules fail tests.
evaluate.raise_internal_errors = True

# Workers of a test run may inherit it, and reports would be broken there.
os.environ.pop("COLUMNS", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, as tests wait for the processes that they start."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Tests and modules live to the end, when pytest has the collector run some more times."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """pytest has looked for garbage here, and for its errors; after this it looks once more."""
    gc.freeze()


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A worker says once that a test passed: the six messages of pytest-xdist take longer than most tests."""
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.passed:
            report.keywords = {}
        if not report.passed or report.when == "call" or report.duration > _LONG:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


def pytest_make_parametrize_id(val: object) -> str | None:
    """A row's id shows its inputs; pytest numbers those that look alike."""
    if not isinstance(val, R | Out | Computed | dict | list | tuple | str):
        return None
    text = shown(val)
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}...{text[-_TAIL:]}"


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


@pytest.fixture
def _own_process(_warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of a test run as the pack runs them, among tests whose programs run in forks."""
    monkeypatch.setattr(run, "execute", _EXECUTE)
