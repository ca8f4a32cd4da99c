"""What the command line is pointed at: a Pulumi project or a state, loaded by the source that fits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policypack.model.graph.stack import Stack
from policypack.sources.error import SourceError

PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")


@dataclass(frozen=True)
class Target:
    """A stack, and where it came from.

    Attributes:
        title: what it is, for people: its project and stack, or its file.
        stack: its resources.
        is_preview: it is a program run as a first preview, not a state of what is deployed.
        file: the project file, or the state's; `None` for standard input.
        notes: what the reader of a report has to know about this run, sentences without full stop.
    """

    title: str
    stack: Stack
    is_preview: bool
    file: Path | None
    notes: tuple[str, ...] = ()


def load_target(target: str, stack_name: str | None = None, *, answers: Path | None = None) -> Target:
    """Loads a stack.

    Args:
        target: the folder of a Pulumi project or its project file, the file of a state, or `-` for standard input.
        stack_name: the stack whose configuration a project runs with; a state has no use for it.
        answers: a file with what functions of providers return to the program; a state has no use for it.

    Raises:
        SourceError: it cannot be read or run, with what to do.
    """
    path = _path_of(target)
    if path.is_dir():
        return _load_project(path, stack_name, answers)
    if path.suffix in (".yaml", ".yml", ".py"):
        raise SourceError(
            f"{target} is not a state: to judge a project, give its folder and choose its stack with --stack"
        )
    if stack_name is not None and (target == "-" or path.exists()):
        raise SourceError(f"--stack {stack_name} chooses a stack of a project, but {target} is a state: omit it")
    if answers is not None and (target == "-" or path.exists()):
        raise SourceError(f"--answers gives the results of functions to a program, but {target} is a state: omit it")
    return _load_state(None if target == "-" else path)


def load_targets(target: str, stack_names: Sequence[str], *, answers: Path | None = None) -> list[Target]:
    """Loads several stacks of a project, as many at a time as there are cores: each program is a process of its own.

    Args:
        target: the folder of a Pulumi project or its project file.
        stack_names: the stacks; without any, all that have a configuration file.
        answers: as in `load_target`.

    Raises:
        SourceError: it is no project, or stacks of it cannot be run; it says what is wrong with each.
    """
    from policypack.sources.program.run import stop_programs

    path = _path_of(target)
    if target == "-" or (path.exists() and not path.is_dir()):
        raise SourceError(f"--stack and --all-stacks choose stacks of a project, but {target} is a state: omit them")
    names = list(dict.fromkeys(stack_names)) or _stacks_in(path)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = [pool.submit(_load_project, path, name, answers) for name in names]
        try:
            wait(running)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop_programs()
            raise
    problems = list[str]()
    for name, one in zip(names, running, strict=True):
        error = one.exception()
        if isinstance(error, SourceError):
            problems.append(f"Stack {name}: {error}")
        elif error:
            raise error
    if problems:
        raise SourceError(*problems)
    return [one.result() for one in running]


def _stacks_in(path: Path) -> list[str]:
    from policypack.sources.program.project import read_project, stacks_of

    project = read_project(path)
    names = stacks_of(project)
    if not names:
        where = project.stack_folder / f"Pulumi.NAME{project.file.suffix}"
        raise SourceError(f"The project has no stacks: there is no file {where}. Name one with --stack.")
    return names


def _path_of(target: str) -> Path:
    path = Path(target)
    try:
        path.exists()
    except OSError as error:
        raise SourceError(f"{target} cannot be read: {error.strerror}. Check its name and its permissions.") from error
    return path.parent if path.name in PROJECT_FILES else path


def _load_project(folder: Path, stack_name: str | None, answers: Path | None) -> Target:
    # YAML and all that runs a program are of no use to who judges a state.
    from policypack.sources.program import load_program

    program = load_program(folder, stack_name, answers=answers)
    title = f"{folder.resolve().name}, stack {program.name}"
    notes = (*_placeholder_notes(program.placeholders), *program.notes)
    return Target(title, program.stack, True, program.file, notes)


def _load_state(file: Path | None) -> Target:
    from policypack.sources.state import load_state

    return Target(str(file) if file else "standard input", load_state(file), False, file)


def _placeholder_notes(keys: tuple[str, ...]) -> tuple[str, ...]:
    if not keys:
        return ()
    return (
        f"encrypted configuration values are not known in this run, nor is any decision that depends on them: "
        f"{', '.join(keys)}",
    )
