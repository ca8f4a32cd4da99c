"""The command line: most tests run it in their own process, which need not start one."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from click.testing import CliRunner

from policypack import cli

ROOT = Path(__file__).parent.parent
# Seconds: more than anything takes on a slow machine that does other things as well.
PATIENCE = 120
Ended = subprocess.CompletedProcess[str]


def command(*arguments: str | Path, given: str = "", cwd: Path = ROOT) -> Ended:
    """Runs `python -m policypack` in this process, `given` being its standard input."""
    called = ["__main__.py", *map(str, arguments)]
    terminated = signal.getsignal(signal.SIGTERM)
    with contextlib.chdir(cwd), mock.patch.object(sys, "argv", called), CliRunner().isolation(given) as (out, err, _):
        try:
            cli.run()
        except SystemExit as ended:
            status = ended.code
        finally:
            signal.signal(signal.SIGTERM, terminated)
            sys.stdout.flush()
        return Ended(called, int(status or 0), out.getvalue().decode(), err.getvalue().decode())


def process(*arguments: str | Path, given: str = "", cwd: Path = ROOT, **environment: str) -> Ended:
    """Runs `python -m policypack` as a process, with more in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "policypack", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def wait_until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def installing(extra: str) -> str:
    """The command that adds an extra to this clone's environment."""
    return shlex.join([sys.executable, "-m", "pip", "install", "--editable", f"{ROOT}[{extra}]"])
