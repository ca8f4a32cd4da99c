"""Judges mutants in forks of one process that has imported the pack and its tests.

For each mutant those tests run that execute the changed line, the quickest first, until one fails. Functions get the
code of the mutant. That does not change what is executed by imports, as tables are: such a mutant is imported anew, and
so are the tests, all of which run.
"""

from __future__ import annotations

import functools
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

import pytest

from tests.mutation.forks import in_forks
from tests.mutation.mutants import Mutant
from tests.mutation.probes import Statement, executed, place, statement_at, with_probes
from tests.mutation.put import ROOT, forget_imports, functions_of, import_as, module_name, new_codes

_OPTIONS: Final = ("-o", "addopts=", "--assert=plain", "--capture=no", "-p", "no:terminal", "-p", "no:cacheprovider")
# Of processor time, as the machine may be busy.
_SECONDS_AT_LEAST, _TIMES_AS_LONG = 20, 5


@dataclass(frozen=True)
class Trial:
    """A module, mutants of it, and the files with the tests that judge them."""

    path: Path
    mutants: Sequence[Mutant]
    tests: frozenset[str]

    @cached_property
    def statements(self) -> list[Statement]:
        """For each mutant the statement that it changes."""
        source = self.path.read_text()
        return [statement_at(source, mutant.line) for mutant in self.mutants]


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test fails on, and how many tests ran."""

    mutant: Mutant
    tests: int


Report = Callable[[Trial, list[Survivor]], None]


def judge(trials: Sequence[Trial], jobs: int, report: Report) -> tuple[str, ...]:
    """Tells `report` of each module which mutants survive.

    Returns:
        The tests that fail without any mutation, and files of tests that cannot be imported. No mutant is judged then:
        what fails anyway would seem to kill every one.
    """
    # No test needs the plug-ins of libraries.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    import_as(
        {trial.path: with_probes(trial.path, {statement.line for statement in trial.statements}) for trial in trials}
    )
    plugin = _Judging(trials, jobs, report)
    ended = pytest.main([*_OPTIONS, *sorted({file for trial in trials for file in trial.tests})], plugins=[plugin])
    return tuple(plugin.failing) or (() if ended == pytest.ExitCode.OK else (f"pytest, with {ended!r}",))


@dataclass(frozen=True)
class _Run:
    """What a test did: whether it passed, the processor time, and the places that it executed."""

    test: str
    passed: bool
    seconds: float
    places: frozenset[str]


class _Judging:
    """A plug-in of pytest that judges mutants by the collected tests, in place of running them."""

    def __init__(self, trials: Sequence[Trial], jobs: int, report: Report) -> None:
        self.failing = list[str]()
        self._trials, self._jobs, self._report = trials, jobs, report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failing.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self.failing:
            return True
        # Nobody reads how a test failed, and to quote the sources takes longer than the test.
        session.config.option.tbstyle = "value"
        at_import = executed()
        shares = [session.items[first :: self._jobs] for first in range(self._jobs)]
        found = in_forks([partial(_runs, session, share) for share in shares], self._jobs)
        runs = sorted((run for share in found for run in share or ()), key=lambda run: run.seconds)
        self.failing += sorted(run.test for run in runs if not run.passed)
        if None in found:
            self.failing.append("a test that ends the process that it runs in")
        if not self.failing:
            for trial in self._trials:
                self._report(trial, self._survivors(session, trial, at_import, runs))
        return True

    def _survivors(
        self, session: pytest.Session, trial: Trial, at_import: frozenset[str], runs: list[_Run]
    ) -> list[Survivor]:
        items = {item.nodeid: item for item in session.items}
        functions = functions_of(trial.path)
        naming = {file for file in trial.tests if module_name(trial.path) in (ROOT / file).read_text()}
        runs = [run for run in runs if _file(run.test) in trial.tests]
        tasks, numbers = list[Callable[[], bool]](), list[int]()
        for mutant, statement in zip(trial.mutants, trial.statements, strict=True):
            where = place(trial.path, statement.line)
            codes = new_codes(trial.path, mutant.source, functions)
            if codes is None or where in at_import or not statement.is_in_function:
                # Those first that name the module: they fail first.
                chosen = sorted(runs, key=lambda run: _file(run.test) not in naming)
                task = partial(_passes_anew, trial, mutant, [run.test for run in chosen])
            else:
                chosen = [run for run in runs if where in run.places]
                task = partial(_passes, session, [items[run.test] for run in chosen], codes)
            tasks.append(partial(_limited, task, sum(run.seconds for run in chosen)))
            numbers.append(len(chosen))
        passed = in_forks(tasks, self._jobs)
        return [
            Survivor(mutant, number)
            for mutant, number, passes in zip(trial.mutants, numbers, passed, strict=True)
            if passes
        ]


def _file(test: str) -> str:
    return test.partition("::")[0]


def _runs(session: pytest.Session, items: Sequence[pytest.Item]) -> list[_Run]:
    caches = [
        value
        for name, module in sys.modules.items()
        if name.startswith("policypack.")
        for value in vars(module).values()
        if isinstance(value, functools._lru_cache_wrapper)
    ]
    runs = list[_Run]()
    for item, following in pairwise([*items, None]):
        assert item is not None
        # What is cached would be executed by the first test alone.
        for cache in caches:
            cache.cache_clear()
        executed()
        failed_before, started = session.testsfailed, time.process_time()
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        passed = session.testsfailed == failed_before
        runs.append(_Run(item.nodeid, passed, time.process_time() - started, executed()))
    return runs


def _limited(task: Callable[[], bool], seconds: float) -> bool:
    limit = int(_SECONDS_AT_LEAST + _TIMES_AS_LONG * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    return task()


def _passes(
    session: pytest.Session, items: Sequence[pytest.Item], codes: Sequence[tuple[FunctionType, CodeType]] = ()
) -> bool:
    for function, code in codes:
        function.__code__ = code
    for item, following in pairwise([*items, None]):
        assert item is not None
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return False
    return True


def _passes_anew(trial: Trial, mutant: Mutant, tests: list[str]) -> bool:
    forget_imports()
    import_as({trial.path: compile(mutant.source, str(trial.path), "exec", dont_inherit=True)})
    return pytest.main(["-x", *_OPTIONS, *sorted(trial.tests)], plugins=[_InOrder(tests)]) == pytest.ExitCode.OK


class _InOrder:
    """A plug-in of pytest that runs tests in this order, after those that there are only now."""

    def __init__(self, tests: list[str]) -> None:
        self._places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self._places.get(item.nodeid, -1))
