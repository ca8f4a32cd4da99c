"""Paths on the command line that lead nowhere: one sentence, never the current folder in their place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, command
from tests.replay import RECORDINGS

STATE = str(RECORDINGS / "exported_state.json")
EMPTY: dict[str, list[str]] = {
    "a project": ["check", ""],
    "a project to fail over": ["failover", ""],
    "a target": ["audit", STATE, ""],
    "a journal to compare": ["trend", "last.journal", ""],
    "a file to check": ["config", "check", ""],
    "a file to start": ["config", "init", ""],
    **{
        f"check {name}": ["check", STATE, name, ""]
        for name in ("--policy-config", "--answers", "--output", "--baseline")
    },
    "check --write-baseline": ["check", STATE, "--write-baseline", ""],
    **{f"audit {name}": ["audit", STATE, name, ""] for name in ("--journal", "--baseline", "--owners", "--output")},
}


@pytest.mark.parametrize("arguments", EMPTY.values(), ids=EMPTY)
def test_an_empty_path_is_refused(arguments: list[str]) -> None:
    ended = command(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].endswith(": it is empty: give a path")


def test_a_current_folder_that_has_been_removed_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, runpy; os.rmdir({str(gone)!r}); runpy.run_module('policypack', run_name='__main__')"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=gone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "error: the current folder does not exist any more: change to another one\n"
