"""Runs programs in forks of one interpreter that has imported pulumi-gcp, which takes longer than most programs.

As a script, in the interpreter of the reference stack, it takes a job a line: the command, working directory,
environment and log of a run, and answers with its exit status. The rest is as without it: the same runner script, in a
process of its own.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGES = (
    "artifactregistry",
    "certificateauthority",
    "certificatemanager",
    "compute",
    "dns",
    "kms",
    "monitoring",
    "projects",
    "secretmanager",
    "serviceaccount",
    "storage",
)


@contextmanager
def warm_interpreter(python: Path) -> Iterator[Any]:
    """A stand-in for `policypack.sources.program.run.execute` that runs programs in forks."""
    command = [str(python), "-u", __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        requests, answers = server.stdin, server.stdout

        def execute(command: list[str], working_dir: Path, log: Path, timeout: float) -> int:
            assert Path(command[0]).resolve() == python.resolve(), command
            environment = dict(os.environ)
            job = {"command": command, "cwd": str(working_dir), "environment": environment, "log": str(log)}
            requests.write(json.dumps(job) + "\n")
            requests.flush()
            return int(answers.readline())

        yield execute
        requests.close()


def serve() -> None:
    for package in PACKAGES:
        # The package loads when something of it is read.
        assert importlib.import_module(f"pulumi_gcp.{package}").outputs
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            run(job)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(job: dict[str, Any]) -> None:
    try:
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["environment"])
        _, _, runner, *sys.argv[1:] = job["command"]
        sys.path[0] = str(Path(runner).parent)
        runpy.run_path(runner, run_name="__main__")
    finally:
        os._exit(1)


if __name__ == "__main__":
    serve()
