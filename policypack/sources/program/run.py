"""Runs the program with `runner.py` in the project's own interpreter."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from policypack.sources.error import WITH_CLI, SourceError
from policypack.sources.program.project import Project
from policypack.sources.program.yaml_file import expect

_running: Final[set[subprocess.Popen[bytes]]] = set()
_RUNNER: Final = Path(__file__).parent / "interpreter" / "runner.py"


def interpreter_of(project: Project) -> Path:
    """The project's own interpreter, found as the CLI finds it.

    Raises:
        SourceError: the project names a virtual environment that is not there.
    """
    environment = project.options.get("virtualenv")
    if environment:
        folder = project.root / expect(environment, str, f"`virtualenv` in {project.file}", "a path")
        python = _python_in(folder)
        if not python.is_file():
            raise SourceError(
                f"{project.file} names the virtual environment {environment}, but there is no Python at {python}. "
                f"Make it with `pulumi install` in {project.root}."
            )
        return python
    if project.options.get("toolchain") in ("uv", "poetry") and _python_in(project.root / ".venv").is_file():
        return _python_in(project.root / ".venv")
    names = ["python3", "python"] if os.name != "nt" else ["python", "python3"]
    candidates = (shutil.which(name) for name in filter(None, [os.environ.get("PULUMI_PYTHON_CMD"), *names]))
    return Path(next((found for found in candidates if found), sys.executable))


def _python_in(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run_program(python: Path, working_dir: Path, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """Runs `runner.py`, whose docstring describes the request and the result; `timeout` is in seconds.

    Raises:
        SourceError: the interpreter cannot be started, or the program takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="policypack-", ignore_cleanup_errors=True) as folder:
        request_file, result_file, log = (Path(folder, name) for name in ("request.json", "result.json", "log"))
        request_file.write_text(json.dumps(request), encoding="utf-8")
        command = [str(python), "-u", str(_RUNNER), str(request_file), str(result_file)]
        status = execute(command, working_dir, log, timeout)
        try:
            result: dict[str, Any] = json.loads(result_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {"error": {"kind": "died", "python": str(python), "status": status, "output": _last_line(log)}}
    if result.get("error", {}).get("kind") == "no-pulumi":
        result["error"]["python"] = str(python)
    return result


def execute(command: list[str], working_dir: Path, log: Path, timeout: float) -> int:
    """Runs a command whose output goes to `log`, and returns its exit status; negative ones are signals.

    Raises:
        SourceError: it cannot be started, or does not end within `timeout` seconds.
    """
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=working_dir,
                env=_environment(Path(command[0])),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise SourceError(
            f"The Python interpreter {command[0]} cannot be started: {error.strerror}. Install it again, with "
            "`pulumi install` if it belongs to the project."
        ) from error
    _running.add(process)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired as error:
        raise SourceError(
            f"The program in {working_dir} did not end within {timeout:g} seconds. It may wait for something that only "
            f"a deployment brings, such as a network service or an answer from the terminal. {WITH_CLI}"
        ) from error
    finally:
        _running.discard(process)
        if process.poll() is None:
            _kill(process)


def stop_programs() -> None:
    """Ends the programs that are running for other threads."""
    for process in tuple(_running):
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the program, and on POSIX what it started as well."""
    if os.name == "nt":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(python: Path) -> dict[str, str]:
    """The environment with the interpreter's virtual environment activated, as the CLI does it."""
    environment = dict(os.environ)
    folder = python.parent.parent
    if (folder / "pyvenv.cfg").is_file():
        environment["VIRTUAL_ENV"] = str(folder)
        environment["PATH"] = os.pathsep.join([str(python.parent), environment.get("PATH", "")])
        environment.pop("PYTHONHOME", None)
    return environment


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
