"""A stack from a Pulumi program, run without the CLI as a first preview."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped, unused-ignore]

from policypack.model.graph.resource import Place, Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.read import PLACEHOLDER, read_object
from policypack.model.values.values import UNKNOWN, Object, Value
from policypack.sources.error import SourceError

_RUNNER: Final = Path(__file__).with_name("runner.py")
_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")
_STACK_WITHOUT_CONFIGURATION: Final = "dev"
_LOCAL_ORGANIZATION: Final = "organization"
_WITH_CLI: Final = "The CLI can do it: `pulumi preview --policy-pack DIR`, DIR being the folder of this policy pack."
_WHAT_TO_GIVE: Final = (
    "Give the folder of a Pulumi project, or a file with an exported state (`pulumi stack export > state.json`)."
)


@dataclass(frozen=True)
class ProgramStack:
    """What a program's stack holds.

    Attributes:
        stack: its resources, as a first preview shows them.
        name: the name of the stack.
        file: the project file.
        placeholders: the keys (`namespace:key`) of encrypted configuration, which was not available to the program.
    """

    stack: Stack
    name: str
    file: Path
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Project:
    """A project file."""

    file: Path
    name: str
    main: str
    options: Mapping[str, Any]
    config: Mapping[str, Any]
    stack_folder: Path

    @property
    def root(self) -> Path:
        return self.file.parent


@dataclass(frozen=True)
class _Config:
    """The configuration of a stack: each value as the string that the program gets."""

    values: dict[str, str]
    secret_keys: tuple[str, ...]
    encrypted_keys: tuple[str, ...]

    def of_package(self, package: str) -> dict[str, str]:
        """What a package's default provider is configured with."""
        start = f"{package}:"
        return {key.removeprefix(start): value for key, value in self.values.items() if key.startswith(start)}


def load_program(
    project_dir: Path,
    stack_name: str | None = None,
    *,
    computed: Mapping[str, Mapping[str, str]] | None = None,
    timeout: float = 300,
) -> ProgramStack:
    """Runs the Python program of a Pulumi project in its own interpreter, as a first preview.

    Nothing is created and no provider runs: an output that the program did not set is unknown.

    Args:
        project_dir: the folder of `Pulumi.yaml`.
        stack_name: the stack whose configuration to use; by default the only one that has a file.
        computed: shows the resources as deployed instead: for each type, templates of its outputs and its `id`, in
            which `{project}`, `{region}`, `{zone}` and `{name}` stand for the resource's own. Types that are not
            listed get an id only.
        timeout: how many seconds the program may take.

    Raises:
        SourceError: the project cannot be read or its program fails, or needs what only the CLI can do.
    """
    project = _read_project(project_dir)
    name = _choose_stack(project, stack_name)
    config = _read_config(project, name)
    working_dir, entry = _entry_point(project)
    organization, _, short_name = name.rpartition("/")
    request = {
        "project": project.name,
        "stack": short_name,
        "organization": organization.partition("/")[0] or _LOCAL_ORGANIZATION,
        "root": str(project.root),
        "program": str(entry),
        "config": config.values,
        "secret_keys": config.secret_keys,
        "encrypted_keys": config.encrypted_keys,
        "computed": computed,
    }
    result = _run(_interpreter(project), working_dir, request, timeout)
    if "error" in result:
        raise SourceError(_explain(result["error"], project, config))
    stack = _to_stack(result["resources"], config)
    return ProgramStack(stack, short_name, project.file, config.encrypted_keys)


# The project and its configuration


def _read_project(folder: Path) -> _Project:
    if folder.is_file() and folder.name in _PROJECT_FILES:
        folder = folder.parent
    if not _is_unicode(folder.resolve()):
        raise SourceError(
            f"The path {os.fsencode(folder.resolve())!r} cannot be written in the encoding of this locale, and Pulumi "
            "needs it as UTF-8: set a locale such as LC_ALL=C.UTF-8."
        )
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}. {_WHAT_TO_GIVE}")
    file = next((folder.resolve() / name for name in _PROJECT_FILES if (folder / name).is_file()), None)
    if file is None:
        raise SourceError(f"There is no Pulumi.yaml in {folder.resolve()}. {_WHAT_TO_GIVE}")
    content = _read_yaml(file)
    name = content.get("name")
    if not isinstance(name, str) or not name:
        raise SourceError(f"{file} has no `name`. Give the project one, such as `name: llm`.")
    config = content.get("config") or {}
    # In old projects `config` names the folder of the stack files.
    stack_folder = config if isinstance(config, str) else content.get("stackConfigDir") or "."
    return _Project(
        file,
        name,
        _expect(content.get("main") or "", str, f"`main` in {file}", "a path"),
        _python_options(content.get("runtime"), file),
        {} if isinstance(config, str) else _expect(config, dict, f"`config` in {file}", "a mapping"),
        file.parent / _expect(stack_folder, str, f"`stackConfigDir` in {file}", "a path"),
    )


def _is_unicode(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _python_options(runtime: object, file: Path) -> dict[str, Any]:
    options: object = {}
    if isinstance(runtime, dict):
        options = runtime.get("options") or {}
        runtime = runtime.get("name")
    if not isinstance(runtime, str) or not runtime:
        raise SourceError(f"{file} has no `runtime`. A Python project says `runtime: python`.")
    if runtime != "python":
        raise SourceError(
            f"{file} has the runtime {runtime}: only Python programs can be run without the CLI. {_WITH_CLI}"
        )
    found: dict[str, Any] = _expect(options, dict, f"`runtime.options` in {file}", "a mapping")
    return found


def _choose_stack(project: _Project, wanted: str | None) -> str:
    if wanted and not re.fullmatch(r"(\w[\w.-]*/){0,2}\w[\w.-]*", wanted, re.ASCII):
        raise SourceError(
            f"{wanted} is no name of a stack: that has letters, digits, `.`, `_` and `-`, as in dev or acme/llm/dev."
        )
    suffix = project.file.suffix
    files = project.stack_folder.glob(f"Pulumi.*{suffix}")
    known = sorted(file.name.removeprefix("Pulumi.").removesuffix(suffix) for file in files)
    if wanted:
        if known and wanted.rpartition("/")[2] not in known:
            raise SourceError(
                f"The project has no stack {wanted}: there is no {_stack_file(project, wanted)}. "
                f"Its stacks are: {', '.join(known)}."
            )
        return wanted
    if len(known) > 1:
        raise SourceError(
            f"The project in {project.root} has several stacks: {', '.join(known)}. Choose one with --stack."
        )
    return known[0] if known else _STACK_WITHOUT_CONFIGURATION


def _stack_file(project: _Project, stack: str) -> Path:
    return project.stack_folder / f"Pulumi.{stack.rpartition('/')[2]}{project.file.suffix}"


def _read_config(project: _Project, stack: str) -> _Config:
    """The stack's own values, and what the project sets for all its stacks."""
    file = _stack_file(project, stack)
    content = _read_yaml(file) if file.is_file() else {}
    if content.get("environment"):
        raise SourceError(
            f"{file} takes configuration from a Pulumi ESC `environment`, which only the CLI can open. {_WITH_CLI}"
        )
    own = _expect(content.get("config") or {}, dict, f"`config` in {file}", "a mapping")
    values = {_full_key(project, key): value for key, value in own.items()}
    secret = {key for key, value in values.items() if _is_encrypted(value)}
    encrypted = tuple(sorted(secret))
    for key, definition in project.config.items():
        full_key = _full_key(project, key)
        if full_key not in values:
            values.update(_from_project(project, full_key, definition, stack))
        if isinstance(definition, dict) and definition.get("secret") is True:
            secret.add(full_key)
    strings = {key: _config_string(value) for key, value in values.items()}
    return _Config(strings, tuple(sorted(secret & strings.keys())), encrypted)


def _full_key(project: _Project, key: object) -> str:
    """`key` belongs to the project, `namespace:config:key` is an old form of `namespace:key`."""
    parts = str(key).split(":")
    if len(parts) == 1:
        return f"{project.name}:{key}"
    return f"{parts[0]}:{parts[2]}" if len(parts) == 3 and parts[1] == "config" else str(key)


def _from_project(project: _Project, key: str, definition: object, stack: str) -> dict[str, object]:
    """What the project file sets a key to, for stacks that do not set it."""
    if not isinstance(definition, dict):
        return {key: definition}
    value = definition.get("value", definition.get("default"))
    if value is not None:
        return {key: value}
    if key.startswith(f"{project.name}:"):
        raise SourceError(
            f"The stack {stack} has no value for {key}, which {project.file} asks for. "
            f"Set it with `pulumi config set {key.partition(':')[2]} VALUE`."
        )
    return {}


def _is_encrypted(value: object) -> bool:
    """Whether any part of a configuration value is encrypted."""
    if isinstance(value, dict):
        return _is_ciphertext(value) or any(_is_encrypted(item) for item in value.values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in value)


def _is_ciphertext(value: Mapping[object, object]) -> bool:
    return len(value) == 1 and isinstance(value.get("secure"), str)


def _config_string(value: object) -> str:
    plain = _without_ciphertext(value)
    return plain if isinstance(plain, str) else json.dumps(plain, default=str)


def _without_ciphertext(value: object) -> object:
    if isinstance(value, dict):
        if _is_ciphertext(value):
            return PLACEHOLDER
        return {str(key): _without_ciphertext(item) for key, item in value.items()}
    return [_without_ciphertext(item) for item in value] if isinstance(value, list) else value


# YAML as the CLI reads it: `no`, `1:30` and dates are strings.
_YamlLoader: Any = type("_YamlLoader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": {}})
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9][0-9_]*|0x[0-9a-fA-F_]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _YamlLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), _YamlLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise SourceError(f"{file} is not valid YAML{where}: {error.problem}. Correct it there.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError(f"{file} is not valid YAML: {error}. Correct it, or restore it.") from error
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}. Check its permissions.") from error
    found: dict[str, Any] = _expect({} if content is None else content, dict, str(file), "a mapping")
    return found


def _expect(value: object, kind: type, what: str, form: str) -> Any:
    if not isinstance(value, kind):
        raise SourceError(f"{what} has to be {form}, but it is {_in_words(value)}.")
    return value


def _in_words(value: object) -> str:
    return {dict: "a mapping", list: "a list", str: "text", bool: "true or false"}.get(type(value), "a number")


# The run


def _entry_point(project: _Project) -> tuple[Path, Path]:
    """The working directory and the program, a file or a folder with `__main__.py`."""
    entry = (project.root / project.main).resolve()
    if entry.is_file():
        return entry.parent, entry
    if not (entry / "__main__.py").is_file():
        fix = f"Correct `main` in {project.file}." if project.main else "The program of a Python project begins there."
        raise SourceError(f"There is no program: {entry / '__main__.py'} does not exist. {fix}")
    return entry, entry


def _interpreter(project: _Project) -> Path:
    """The project's own interpreter, found as the CLI finds it."""
    environment = project.options.get("virtualenv")
    if environment:
        folder = project.root / _expect(environment, str, f"`virtualenv` in {project.file}", "a path")
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


def _run(python: Path, working_dir: Path, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="policypack-", ignore_cleanup_errors=True) as folder:
        request_file, result_file, log = (Path(folder, name) for name in ("request.json", "result.json", "log"))
        request_file.write_text(json.dumps(request), encoding="utf-8")
        command = [str(python), "-u", str(_RUNNER), str(request_file), str(result_file)]
        status = _execute(command, working_dir, log, timeout)
        try:
            result: dict[str, Any] = json.loads(result_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {"error": {"kind": "died", "python": str(python), "status": status, "output": _last_line(log)}}
    if result.get("error", {}).get("kind") == "no-pulumi":
        result["error"]["python"] = str(python)
    return result


def _execute(command: list[str], working_dir: Path, log: Path, timeout: float) -> int:
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
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired as error:
        raise SourceError(
            f"The program in {working_dir} did not end within {timeout:g} seconds. It may wait for something that only "
            f"a deployment brings, such as a network service or an answer from the terminal. {_WITH_CLI}"
        ) from error
    finally:
        if process.poll() is None:
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


# What went wrong


def _explain(error: Mapping[str, Any], project: _Project, config: _Config) -> str:
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
        case "invoke":
            return (
                f"The program calls the function {error['token']}, which a provider has to answer: in a run without "
                f"the CLI there is none. {_WITH_CLI} Or pass the value in as configuration."
            )
        case "transform":
            return f"The program sets a transform on {error['what']}: only the engine runs transforms. {_WITH_CLI}"
        case "remote-component":
            return (
                f"The program uses {error['name']} ({error['type']}), a component that a plugin makes: only the engine "
                f"runs plugins. {_WITH_CLI}"
            )
        case "duplicate":
            return f"Duplicate resource URN '{error['urn']}'; try giving it a unique name."
    return _explain_program_error(error, project, config)


def _explain_death(error: Mapping[str, Any], project: _Project) -> str:
    status = error["status"]
    output = f" Its last words: {error['output']}" if error["output"] else ""
    if status < 0:
        name = signal.Signals(-status).name if -status in signal.valid_signals() else str(-status)
        return (
            f"The program in {project.root} was killed (signal {name}) before it was done. If that was the system, it "
            f"may need more memory.{output}"
        )
    return (
        f"The program in {project.root} ended its process with status {status} before it was done: it must not call "
        f"`os._exit` or the like.{output}"
    )


def _explain_program_error(error: Mapping[str, Any], project: _Project, config: _Config) -> str:
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
                return f"{start}but it is encrypted and not available without the CLI. {_WITH_CLI}"
            key = error["key"]
            return f"{start}which it is not. Correct it with `pulumi config set {key} VALUE`."
        case "exit":
            start = f"The program in {project.root} ended itself{where}: sys.exit({error['message']})."
            return f"{start} Run it with `pulumi preview` to see why."
    text = f"The program in {project.root} failed{where} with {error['type']}: {error['message']}".rstrip(": ")
    if PLACEHOLDER in error["message"]:
        return f"{text}. It computes with encrypted configuration{encrypted}. {_WITH_CLI}"
    if error["type"] in ("ModuleNotFoundError", "ImportError"):
        return f"{text}. Install what the project needs with `pulumi install` in {project.root}."
    return f"{text}. Correct the program; `pulumi preview` shows the whole traceback."


def _about_encrypted(config: _Config) -> str:
    return f" ({', '.join(config.encrypted_keys)}), which is not available without the CLI"


# The resources


def _to_stack(records: Iterable[Mapping[str, Any]], config: _Config) -> Stack:
    by_urn = {record["urn"]: record for record in records}
    return Stack(_to_resource(record, by_urn, config) for record in by_urn.values())


def _to_resource(record: Mapping[str, Any], by_urn: Mapping[str, Mapping[str, Any]], config: _Config) -> Resource:
    inputs = read_object(record["inputs"])
    outputs: dict[str, Value] = {"id": UNKNOWN} if record["custom"] else {}
    return Resource(
        urn=record["urn"],
        type=record["type"],
        name=record["name"],
        inputs=None if record["read"] else inputs,
        outputs={**inputs, **outputs, **read_object(record["outputs"])},
        edges={key: tuple(urns) for key, urns in record["edges"].items() if urns},
        parent=record["parent"] or None,
        provider=_provider_of(record, by_urn, config),
        ignore_changes=tuple(record["ignore_changes"]),
        is_read=record["read"],
        place=Place(*record["place"]) if record["place"] else None,
    )


def _provider_of(record: Mapping[str, Any], by_urn: Mapping[str, Mapping[str, Any]], config: _Config) -> Object:
    """The configuration of its provider: the one that it names, else the stack's for its package."""
    explicit = by_urn.get(record["provider"].rpartition("::")[0])
    version = (explicit and explicit["version"]) or record["version"]
    settings = explicit["inputs"] if explicit else config.of_package(record["type"].partition(":")[0])
    return read_object({"version": version, **settings} if version else settings)
