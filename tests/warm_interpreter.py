"""Runs programs in forks of one interpreter that has imported pulumi-gcp, which takes longer than most programs.

As a script, in the interpreter of the reference stack, it takes a job a line: the command, working directory,
environment and log of a run, and answers with its exit status. The rest is as without it: the same script, in a process
of its own.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import threading
import types
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent
CORPUS = TESTS / "fuzz" / "corpus.json"
RUNNER = TESTS.parent / "policypack" / "sources" / "program" / "interpreter" / "runner.py"


@contextmanager
def warm_interpreter(python: Path) -> Iterator[Any]:
    """A stand-in for `policypack.sources.program.run.execute` that runs programs in forks."""
    command = [str(python), "-u", __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        requests, answers, lock = server.stdin, server.stdout, threading.Lock()

        def execute(command: list[str], working_dir: Path, log: Path, timeout: float) -> int:
            assert Path(command[0]).resolve() == python.resolve(), command
            environment = dict(os.environ)
            job = {"command": command, "cwd": str(working_dir), "environment": environment, "log": str(log)}
            with lock:
                requests.write(json.dumps(job) + "\n")
                requests.flush()
                return int(answers.readline())

        yield execute
        requests.close()


def serve() -> None:
    stacks = json.loads(CORPUS.read_text(encoding="utf-8")).values()
    learn_types({resource["type"] for stack in stacks for resource in stack})
    import_pydantic()
    import_parts_of_the_runner()
    code_of(RUNNER)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            run(job)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    # To take apart all modules takes longer than a program.
    os._exit(0)


def learn_types(tokens: set[str]) -> None:
    """Imports what makes these types, and has Pulumi work out their properties, which it remembers.

    That takes a quarter of the time of most programs.
    """
    types = importlib.import_module("pulumi._types")
    known = set()

    def learn(hint: Any) -> None:
        for part in typing.get_args(hint):
            learn(part)
        is_input = types.is_input_type(hint)
        if hint not in known and (is_input or types.is_output_type(hint)):
            known.add(hint)
            properties = types.input_type_types(hint) if is_input else types.output_type_types(hint)
            for inner in properties.values():
                learn(inner)

    for token in tokens:
        provider, module, _, name = re.split("[:/]", token) if "/" in token else ("", "", "", "")
        if provider == "gcp":
            package = importlib.import_module(f"pulumi_gcp.{module}")
            learn(getattr(package, f"{name}Args"))
            for output in types.resource_types(getattr(package, name)).values():
                learn(output)


def import_pydantic() -> None:
    """What the models of the reference stack need takes as long as to make its resources."""
    pydantic = importlib.import_module("pydantic")
    importlib.import_module("ipaddress")
    # It imports most of itself with the first model and its docstrings.
    config = pydantic.ConfigDict(use_attribute_docstrings=True)
    pydantic.create_model("Model", __config__=config, size=(int, pydantic.Field(1, ge=0)))


def import_parts_of_the_runner() -> None:
    sys.path.insert(0, str(RUNNER.parent))
    for part in RUNNER.parent.glob("runner_*.py"):
        importlib.import_module(part.stem)
    del sys.path[0]


@cache
def code_of(script: Path) -> types.CodeType:
    return compile(script.read_text(encoding="utf-8"), script, "exec")


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
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        main.__file__ = runner
        exec(code_of(Path(runner)), vars(main))
        os._exit(0)
    finally:
        os._exit(1)


if __name__ == "__main__":
    serve()
