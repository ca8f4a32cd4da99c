"""What the README shows of the reference stack is what the commands print."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.command import ROOT, command
from tests.reference_stack.stacks import copy_stack

pytestmark = pytest.mark.usefixtures("_warm")
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")


def printed(name: str, folder: Path) -> str:
    """What a command of the pack prints in a folder, without spaces at the ends of lines."""
    result = command(name, "reference_stack", "--stack", "dev", cwd=folder)
    assert result.returncode in (0, 1), result.stderr
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())


def test_the_change_of_the_five_minutes_is_found_as_shown(stack_dir: Path, tmp_path: Path) -> None:
    copy_stack(stack_dir, tmp_path / "reference_stack")
    (change,) = re.findall(r"^(sed .*)$", README, re.MULTILINE)
    subprocess.run(shlex.split(change), cwd=tmp_path, timeout=60, check=True)
    (shown,) = re.findall(r"^```\n(critical .*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert shown in printed("check", tmp_path)
