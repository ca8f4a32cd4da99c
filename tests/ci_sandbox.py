"""Runs the scripts of CI files as their services would, with stand-ins for what is not on this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
# Tells what it was called with.
STAND_IN = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
"""
COMMAND = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m policypack "$@"\n'


@dataclass
class Sandbox:
    """A folder to run scripts in, and what the stand-ins were called with."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.add("llm-policypack", COMMAND)

    def add(self, name: str, text: str = STAND_IN) -> None:
        """Puts a command on the PATH."""
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(
        self, script: str, *, cwd: Path | None = None, shell: tuple[str, ...] = ("bash", "-eo", "pipefail"), **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a script; `more` are environment variables."""
        own = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "CALLS": str(self.folder / "calls"),
        }
        return subprocess.run(
            [*shell, "-c", script],
            cwd=cwd or self.folder,
            env={**own, **self.environment, **more},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def calls(self) -> list[list[str]]:
        """What the stand-ins were called with, in order."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@dataclass
class ActionRun:
    """What became of a run of the action."""

    status: int
    log: str
    summary: str
    outputs: dict[str, str]
    uploaded: dict[str, str]


def run_action(sandbox: Sandbox, **inputs: str) -> ActionRun:
    """Runs the steps of action.yml in the sandbox's folder, as a runner does."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = {name: str(one["default"]) for name, one in action["inputs"].items()} | inputs
    temporary = sandbox.folder / "temporary"
    temporary.mkdir()
    files = {name: sandbox.folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    context = {f"inputs.{name}": value for name, value in given.items()} | {"runner.temp": str(temporary)}
    status, log, uploaded = 0, "", dict[str, str]()
    for step in action["runs"]["steps"]:
        if status and "if" not in step:
            continue
        if "uses" in step:
            uploaded = {key: filled(str(value), context) for key, value in step["with"].items()}
            continue
        result = sandbox.run(
            step["run"],
            cwd=sandbox.folder / filled(step.get("working-directory", "."), context),
            shell=("bash", "--noprofile", "--norc", "-eo", "pipefail"),
            RUNNER_TEMP=str(temporary),
            GITHUB_ACTION_PATH=str(ROOT),
            **{name: str(file) for name, file in files.items()},
            **{name: filled(value, context) for name, value in step.get("env", {}).items()},
        )
        status, log = status or result.returncode, log + result.stdout + result.stderr
    texts = {name: file.read_text() if file.exists() else "" for name, file in files.items()}
    outputs = dict(line.split("=", 1) for line in texts["GITHUB_OUTPUT"].splitlines())
    return ActionRun(status, log, texts["GITHUB_STEP_SUMMARY"], outputs, uploaded)


def filled(text: str, context: dict[str, Any]) -> str:
    """A text with the values of its expressions."""
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda match: context[match[1]], text)
