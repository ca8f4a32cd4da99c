"""What the README shows of the reference stack is what the commands print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.reference_stack.stacks import copy_stack

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")


def printed(command: str, folder: Path) -> str:
    """What a command of the pack prints in a folder, without spaces at the ends of lines."""
    words = [sys.executable, "-m", "policypack", command, "reference_stack", "--stack", "dev"]
    result = subprocess.run(
        words, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert result.returncode in (0, 1), result.stderr
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())


def test_the_change_of_the_five_minutes_is_found_as_shown(stack_dir: Path, tmp_path: Path) -> None:
    copy_stack(stack_dir, tmp_path / "reference_stack")
    (change,) = re.findall(r"^(sed .*)$", README, re.MULTILINE)
    subprocess.run(shlex.split(change), cwd=tmp_path, timeout=10, check=True)
    (shown,) = re.findall(r"^```\n(critical .*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert shown in printed("check", tmp_path)
