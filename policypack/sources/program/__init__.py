"""A stack from a Pulumi program, run without the CLI as a first preview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from policypack.model.graph.stack import Stack
from policypack.sources.error import SourceError
from policypack.sources.program.answers import explain_answers, read_answers
from policypack.sources.program.config import read_config
from policypack.sources.program.errors import explain
from policypack.sources.program.project import choose_stack, entry_point, read_project
from policypack.sources.program.resources import hides_resources, stack_of
from policypack.sources.program.run import interpreter_of, run_program

_LOCAL_ORGANIZATION: Final = "organization"


@dataclass(frozen=True)
class ProgramStack:
    """What a program's stack holds.

    Attributes:
        stack: its resources, as a first preview shows them.
        name: the name of the stack.
        file: the project file.
        placeholders: the keys (`namespace:key`) of encrypted configuration, which was not available to the program.
        notes: what else the reader of a report has to know about the run, sentences without full stop.
    """

    stack: Stack
    name: str
    file: Path
    placeholders: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def load_program(
    project_dir: Path,
    stack_name: str | None = None,
    *,
    answers: Path | None = None,
    computed: Mapping[str, Mapping[str, str]] | None = None,
    timeout: float = 300,
) -> ProgramStack:
    """Runs the Python program of a Pulumi project in its own interpreter, as a first preview.

    Nothing is created and no provider runs: an output that the program did not set is unknown.

    Args:
        project_dir: the folder of `Pulumi.yaml`.
        stack_name: the stack whose configuration to use; by default the only one that has a file.
        answers: a file with what functions of providers return; by default `policy-answers.yaml` in that folder.
        computed: shows the resources as deployed instead: for each type, templates of its outputs and its `id`, in
            which `{project}`, `{region}`, `{zone}` and `{name}` stand for the resource's own. Types that are not
            listed get an id only.
        timeout: how many seconds the program may take.

    Raises:
        SourceError: the project or the answers cannot be read, or the program fails, lacks answers, or needs what only
            the CLI can do.
    """
    project = read_project(project_dir)
    name = choose_stack(project, stack_name)
    config = read_config(project, name)
    working_dir, entry = entry_point(project)
    organization, _, short_name = name.rpartition("/")
    known = read_answers(project.root, answers)
    request = {
        "project": project.name,
        "stack": short_name,
        "organization": organization.partition("/")[0] or _LOCAL_ORGANIZATION,
        "root": str(project.root),
        "program": str(entry),
        "config": config.values,
        "secret_keys": config.secret_keys,
        "encrypted_keys": config.encrypted_keys,
        "answers": known.for_stack(short_name),
        "computed": computed,
    }
    result = run_program(interpreter_of(project), working_dir, request, timeout)
    error = result.get("error")
    if error and error["kind"] == "answers":
        raise SourceError(*explain_answers(error, known))
    if error:
        raise SourceError(explain(error, project, config))
    stack = stack_of(result["resources"], config, is_complete=not result["unseen"])
    notes = (
        *known.notes(short_name, result["used"], result["unknown"]),
        *_hidden(result["resources"], result["unseen"]),
    )
    return ProgramStack(stack, short_name, project.file, config.encrypted_keys, notes)


def _hidden(records: Sequence[Mapping[str, Any]], unseen: Sequence[str]) -> Iterator[str]:
    """What plugins make, or `apply` of what functions return, which nobody sees in such a run."""
    names = sorted(f"`{record['name']}` ({record['type']})" for record in records if hides_resources(record))
    if names:
        yield (
            f"this run does not see what plugins create for these components, so anything that seems to be missing is "
            f"undecided: {', '.join(names)}"
        )
    if unseen:
        yield (
            f"this run does not see what the program creates in `apply` of unknown results, so anything that seems to "
            f"be missing is undecided: {', '.join(dict.fromkeys(unseen))}"
        )
