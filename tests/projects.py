"""Pulumi projects made for tests, run by the interpreter of the reference stack, which has pulumi-gcp."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from policypack.model.graph.stack import Stack
from policypack.sources.program import load_program
from tests.sources.deployed import DEPLOYED

ENVIRONMENT = Path(__file__).parent.parent / "reference_stack" / "venv"


def make_project(folder: Path, program: str, stack: str = "cases") -> Path:
    """Writes a project `llm` whose default provider is configured as in the recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    runtime = f"runtime:\n  name: python\n  options:\n    virtualenv: {ENVIRONMENT}\n"
    (folder / "Pulumi.yaml").write_text(f"name: llm\n{runtime}")
    (folder / f"Pulumi.{stack}.yaml").write_text("config:\n  gcp:project: p-demo\n  gcp:accessToken: dummy\n")
    (folder / "__main__.py").write_text(program)
    return folder


@cache
def program_stack(program: str, *, deployed: bool = False) -> Stack:
    """The stack of a program, as a first preview or as deployed; it is run once for all tests that ask for it."""
    with TemporaryDirectory() as folder:
        computed = DEPLOYED if deployed else None
        return load_program(make_project(Path(folder), program), computed=computed, timeout=60).stack
