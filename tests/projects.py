"""Pulumi projects made for tests, run by the interpreter of the reference stack, which has pulumi-gcp."""

from __future__ import annotations

from pathlib import Path

ENVIRONMENT = Path(__file__).parent.parent / "reference_stack" / "venv"


def make_project(folder: Path, program: str, stack: str = "cases") -> Path:
    """Writes a project `llm` whose default provider is configured as in the recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    runtime = f"runtime:\n  name: python\n  options:\n    virtualenv: {ENVIRONMENT}\n"
    (folder / "Pulumi.yaml").write_text(f"name: llm\n{runtime}")
    (folder / f"Pulumi.{stack}.yaml").write_text("config:\n  gcp:project: p-demo\n  gcp:accessToken: dummy\n")
    (folder / "__main__.py").write_text(program)
    return folder
