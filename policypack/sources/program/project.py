"""The project file, its stacks, and what runs its program."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from policypack.sources.error import WITH_CLI, SourceError
from policypack.sources.program.yaml_file import expect, read_yaml
from policypack.sources.target import PROJECT_FILES

_STACK_WITHOUT_CONFIGURATION: Final = "dev"
_WHAT_TO_GIVE: Final = (
    "Give the folder of a Pulumi project, or a file with an exported state (`pulumi stack export > state.json`)."
)


@dataclass(frozen=True)
class Project:
    """What a project file says.

    Attributes:
        file: the project file.
        name: the name of the project.
        main: the folder or the file of its program.
        options: the options of its runtime.
        config: the defaults of its configuration.
        stack_folder: where the configuration files of its stacks are.
    """

    file: Path
    name: str
    main: str
    options: Mapping[str, Any]
    config: Mapping[str, Any]
    stack_folder: Path

    @property
    def root(self) -> Path:
        """The folder of the project file."""
        return self.file.parent


def read_project(folder: Path) -> Project:
    """Reads the project file of a folder, or that file itself.

    Raises:
        SourceError: there is none, it is not valid, or its program is not in Python.
    """
    if folder.is_file() and folder.name in PROJECT_FILES:
        folder = folder.parent
    if not _is_unicode(folder.resolve()):
        raise SourceError(
            f"The path {os.fsencode(folder.resolve())!r} cannot be written in the encoding of this locale, and Pulumi "
            "needs it as UTF-8: set a locale such as LC_ALL=C.UTF-8."
        )
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}. {_WHAT_TO_GIVE}")
    file = next((folder.resolve() / name for name in PROJECT_FILES if (folder / name).is_file()), None)
    if file is None:
        raise SourceError(f"There is no Pulumi.yaml in {folder.resolve()}. {_WHAT_TO_GIVE}")
    content = read_yaml(file)
    name = content.get("name")
    if not isinstance(name, str) or not name:
        raise SourceError(f"{file} has no `name`. Give the project one, such as `name: llm`.")
    config = content.get("config") or {}
    # In old projects `config` names the folder of the stack files.
    stack_folder = config if isinstance(config, str) else content.get("stackConfigDir") or "."
    return Project(
        file,
        name,
        expect(content.get("main") or "", str, f"`main` in {file}", "a path"),
        _python_options(content.get("runtime"), file),
        {} if isinstance(config, str) else expect(config, dict, f"`config` in {file}", "a mapping"),
        file.parent / expect(stack_folder, str, f"`stackConfigDir` in {file}", "a path"),
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
            f"{file} has the runtime {runtime}: only Python programs can be run without the CLI. {WITH_CLI}"
        )
    found: dict[str, Any] = expect(options, dict, f"`runtime.options` in {file}", "a mapping")
    return found


def choose_stack(project: Project, wanted: str | None) -> str:
    """The stack to run: the one that is wanted, else the only one.

    Raises:
        SourceError: it has no file while others have one, or there are several.
    """
    if wanted and not re.fullmatch(r"(\w[\w.-]*/){0,2}\w[\w.-]*", wanted, re.ASCII):
        raise SourceError(
            f"{wanted} is not a stack name: use letters, digits, `.`, `_` and `-`, as in dev or acme/llm/dev."
        )
    known = stacks_of(project)
    if wanted:
        if known and wanted.rpartition("/")[2] not in known:
            raise SourceError(
                f"The project has no stack {wanted}: there is no {stack_file(project, wanted)}. "
                f"Its stacks are: {', '.join(known)}."
            )
        return wanted
    if len(known) > 1:
        raise SourceError(
            f"The project in {project.root} has several stacks: {', '.join(known)}. Choose one with --stack."
        )
    return known[0] if known else _STACK_WITHOUT_CONFIGURATION


def stacks_of(project: Project) -> list[str]:
    """The stacks of a project that have a configuration file."""
    suffix = project.file.suffix
    files = project.stack_folder.glob(f"Pulumi.*{suffix}")
    names = (file.name.removeprefix("Pulumi.").removesuffix(suffix) for file in files)
    # `Pulumi.dev.deploy.yaml` has the deployment settings of the stack dev.
    return sorted(name for name in names if not name.endswith(".deploy"))


def stack_file(project: Project, stack: str) -> Path:
    """Where the configuration of a stack is, if it has any."""
    return project.stack_folder / f"Pulumi.{stack.rpartition('/')[2]}{project.file.suffix}"


def entry_point(project: Project) -> tuple[Path, Path]:
    """The working directory and the program, a file or a folder with `__main__.py`.

    Raises:
        SourceError: there is no program.
    """
    entry = (project.root / project.main).resolve()
    if entry.is_file():
        return entry.parent, entry
    if not (entry / "__main__.py").is_file():
        fix = f"Correct `main` in {project.file}." if project.main else "The program of a Python project begins there."
        raise SourceError(f"There is no program: {entry / '__main__.py'} does not exist. {fix}")
    return entry, entry
