"""A fault of one stack changes neither the verdict of another nor how the audit ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from policypack.commands.audit import exit_status
from tests.audit.injected import DEADLY, FAULTS, backend_of, verdicts, with_fault
from tests.audit.states import ONE_RULE, audited

ADVISED = {**ONE_RULE, "llm-backend-regions": "advisory"}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backend_of(tmp_path_factory.mktemp("backend"), 60)


# `test_faults` has a process that is killed.
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != DEADLY])
def test_one_fault_is_one_line(backend: Path, tmp_path: Path, fault: str) -> None:
    (backend / ".pulumi/stacks/p0/broken.json").unlink(missing_ok=True)
    with audited(backend, journal=tmp_path / "before", config=ADVISED) as whole:
        before, ended = verdicts(whole), exit_status(whole, ())
    with audited(with_fault(backend, fault), journal=tmp_path / "j", config=ADVISED) as results:
        after = verdicts(results)
        assert [stack.url.rpartition("/")[2] for stack in results.unreadable()] == ["broken.json"]
        assert {url: after[url] for url in before} == before
        assert len(after) == len(before) + 1 == 61
        assert (ended, exit_status(results, ()), exit_status(results, ("unreadable",))) == (0, 0, 1)
