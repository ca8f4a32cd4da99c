"""What to tell the user of a program that did not get to its end."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from policypack.model.values.read import PLACEHOLDER
from policypack.sources.error import WITH_CLI
from policypack.sources.program.config import StackConfig
from policypack.sources.program.project import Project


def explain(error: Mapping[str, Any], project: Project, config: StackConfig) -> str:
    """What went wrong, where, and how to fix it, from the facts of `runner.py` or of `run_program`."""
    root = project.root
    match error["kind"]:
        case "no-pulumi":
            return (
                f"The interpreter {error['python']} cannot import pulumi ({error['message']}). Install what the "
                f"project needs, with `pulumi install` in {root}, or name its virtual environment in "
                f"{project.file.name}: `runtime: {{name: python, options: {{virtualenv: venv}}}}`."
            )
        case "died":
            return _explain_death(error, project)
        case "automation":
            return (
                f"The program runs the CLI with the Automation API at {error['where']}, which would deploy: give the "
                "project of the stack itself, or judge what is deployed, with `pulumi stack export` and `check -`."
            )
        case "duplicate":
            *_, types, name = error["urn"].split("::", 3)
            what = f"with the name `{name}` and the type {types.rpartition('$')[2]}"
            where = f" at {error['where']}" if error["where"] else ""
            return (
                f"The program makes two resources {what}{where}: give one of them another name. The CLI calls that a "
                "duplicate resource URN."
            )
    return _explain_program_error(error, project, config)


def _explain_death(error: Mapping[str, Any], project: Project) -> str:
    status = error["status"]
    output = f" Its last output: {error['output']}" if error["output"] else ""
    if status < 0:
        name = signal.Signals(-status).name if -status in signal.valid_signals() else str(-status)
        return (
            f"The program in {project.root} was killed (signal {name}) before it finished. If the system killed it, "
            f"it may need more memory.{output}"
        )
    return (
        f"The program in {project.root} ended its process with status {status} before it finished: it must not call "
        f"`os._exit` or similar.{output}"
    )


def _explain_program_error(error: Mapping[str, Any], project: Project, config: StackConfig) -> str:
    where = f" at {error['where']}" if error["where"] else ""
    encrypted = _about_encrypted(config)
    match error["kind"]:
        case "config-missing":
            secret = "--secret " if error["secret"] else ""
            return (
                f"The program needs the configuration value {error['key']}{where}, which is not set. Set it with "
                f"`pulumi config set {secret}{error['key']} VALUE`, or choose another stack with --stack."
            )
        case "config-type":
            start = f"The program wants the configuration value {error['key']} as {error['expected']}{where}, "
            if error["key"] in config.encrypted_keys:
                return f"{start}but it is encrypted and not available without the CLI. {WITH_CLI}"
            key = error["key"]
            return f"{start}which it is not. Correct it with `pulumi config set {key} VALUE`."
        case "exit":
            start = f"The program in {project.root} exited{where}: sys.exit({error['message']})."
            return f"{start} Run it with `pulumi preview` to see why."
    if error["kind"] == "refused" and PLACEHOLDER not in error["message"]:
        return f"The program in {project.root} refuses to run. {error['message']}"
    text = f"The program in {project.root} failed{where} with {error['type']}: {error['message']}".rstrip(":. ")
    if PLACEHOLDER in error["message"]:
        return f"{text}. It computes with encrypted configuration{encrypted}. {WITH_CLI}"
    if error["type"] in ("ModuleNotFoundError", "ImportError"):
        return f"{text}. Install what the project needs with `pulumi install` in {project.root}."
    return (
        f"{text}. Correct the program, or the configuration that it reads; `pulumi preview` shows the whole traceback."
    )


def _about_encrypted(config: StackConfig) -> str:
    return f" ({', '.join(config.encrypted_keys)}), which is not available without the CLI"
