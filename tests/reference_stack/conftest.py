"""The stack's modules are imported as the Pulumi program imports them: from its own folder."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
STACK = Path(os.environ.get("REFERENCE_STACK", HERE.parents[1] / "reference_stack"))
sys.path.insert(0, str(STACK))


@pytest.fixture(scope="session")
def stack_dir() -> Path:
    return STACK
