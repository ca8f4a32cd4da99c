"""A project or a state in, its verdicts out, as every format of `check` takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Final

from policypack.config.files import ConfigFile, read_config_file
from policypack.config.options import Setting, default_settings, strict, with_services
from policypack.evaluate import Finding, Report, evaluate, views_of
from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.traffic import services_without_requests
from policypack.model.graph.stack import Stack
from policypack.rules import RULES
from policypack.sources.target import load_target
from policypack.wording import counted, printable, quoted

_WITHOUT_A_FILE: Final = "Pulumi.yaml"
_MOST_NAMED: Final = 8


@dataclass(frozen=True)
class Location:
    """Where a finding is shown in a repository.

    Attributes:
        path: a file, relative to the repository's root, with `/` between its parts.
        line: the line in it, from 1; `None` if the file as a whole stands for the resource.
    """

    path: str
    line: int | None = None


@dataclass(frozen=True)
class Results:
    """What was judged, and what came of it.

    Attributes:
        title: what was judged, for people.
        stack: its resources.
        report: the verdicts.
        today: the day that waivers were judged on.
        is_preview: the stack is a program run as a first preview, not a state.
        file: the project file, or the state's; `None` for standard input.
        notes: what the reader has to know about this run, sentences without full stop.
        is_verbose: the reader at a terminal asked for all rules, with or without findings.
    """

    title: str
    stack: Stack
    report: Report
    today: date
    is_preview: bool = False
    file: Path | None = None
    notes: tuple[str, ...] = ()
    is_verbose: bool = False

    @property
    def subject(self) -> str:
        """What was judged, with its size: `llm, stack dev: 90 resources, as a first preview`."""
        number = counted(len(self.stack.resources), "resource")
        return f"{self.title}: {number}{', as a first preview' if self.is_preview else ''}"

    def is_ambiguous(self, finding: Finding) -> bool:
        """Whether another resource has the same name and type as that of a finding."""
        return self._names[finding.name, finding.type] > 1

    @cached_property
    def _names(self) -> Counter[tuple[str, str]]:
        return Counter((resource.name, resource.type) for resource in self.stack.resources)

    def location_of(self, finding: Finding) -> Location:
        """The line of the program that makes the resource or, where that is not known, the file that was judged."""
        resource = self.stack.by_urn(finding.urn)
        place = resource.place if resource else None
        if place:
            path = relative_path(Path(place.file), self._root)
            if path:
                return Location(path, place.line)
        return self.file_location

    @cached_property
    def file_location(self) -> Location:
        """The project file or the state that was judged; for standard input, the project file that a repository has."""
        return Location((self.file and relative_path(self.file, self._root)) or _WITHOUT_A_FILE)

    @cached_property
    def _root(self) -> Path:
        """The root of the repository around what was judged; without one the working directory, or its own folder."""
        start, here = (self.file.parent if self.file else Path()).resolve(), Path.cwd()
        return repository_around(start) or (here if start.is_relative_to(here) else start)


def judge(
    target: str,
    stack_name: str | None = None,
    *,
    policy_config: Path | None = None,
    services: Sequence[str] = (),
    is_strict: bool = False,
    today: date | None = None,
) -> Results:
    """Loads a stack and judges it by all rules.

    Args:
        target: the folder of a Pulumi project, the file of a state, or `-` for standard input.
        stack_name: the stack whose configuration a project runs with.
        policy_config: a file with levels and options; without one every rule has its defaults.
        services: globs on the logical names of the backend services to judge, in place of `services.names` in every
            rule; without any these count.
        is_strict: what is undecided counts as violated, in every rule.
        today: the day that waivers are judged on; `None` is this day.

    Raises:
        SourceError: the target cannot be read or run.
        ConfigurationError: the policy configuration cannot be read, or is wrong.
    """
    settings, notes = _read(policy_config, services)
    loaded, day = load_target(target, stack_name), today or date.today()
    report = evaluate(loaded.stack, RULES, strict(settings) if is_strict else settings, day)
    idle = (f"`{name}` is not judged: {why}" for name, why in services_without_requests(loaded.stack))
    unselected = notes_on_services(loaded.stack, services) if services else _nothing_selected(loaded.stack, settings)
    notes = (*loaded.notes, *notes, *idle, *unselected)
    return Results(loaded.title, loaded.stack, report, day, loaded.is_preview, loaded.file, notes)


def read_settings_of(policy_config: Path | None, services: Sequence[str] = ()) -> Mapping[str, Setting]:
    """The settings of all rules from a configuration file, or their defaults without one; `services` as in `judge`.

    Raises:
        ConfigurationError: the file cannot be read, or is wrong.
    """
    return _read(policy_config, services).settings


def _read(policy_config: Path | None, services: Sequence[str]) -> ConfigFile:
    file = ConfigFile(default_settings(RULES)) if policy_config is None else read_config_file(policy_config, RULES)
    return file._replace(settings=with_services(file.settings, services)) if services else file


def notes_on_services(stack: Stack, globs: Sequence[str]) -> tuple[str, ...]:
    """Which of these globs select no backend service of a stack: sentences without full stop."""
    names = _services(stack)
    selected = {glob for glob in globs if any(fnmatchcase(name, glob) for name in names)}
    return tuple(
        f"the services glob `{printable(glob)}` selects nothing: {_what_is_there(names)}"
        for glob in globs
        if glob not in selected
    )


def _nothing_selected(stack: Stack, settings: Mapping[str, Setting]) -> tuple[str, ...]:
    globs = {
        glob for setting in settings.values() if setting.level != "disabled" for glob in setting.options.services.names
    }
    names = _services(stack)
    if not names or any(fnmatchcase(name, glob) for name in names for glob in globs):
        return ()
    return (f"`services` in the policy configuration selects nothing: {_what_is_there(names)}",)


def _services(stack: Stack) -> list[str]:
    return sorted({view.name for view in views_of(stack, BackendService) if not view.resource.is_empty})


def _what_is_there(names: Sequence[str]) -> str:
    if not names:
        return "the stack has no backend service"
    named = [printable(name) for name in names]
    if len(named) <= _MOST_NAMED:
        return f"the backend service{'s are' if len(named) > 1 else ' is'} {quoted(named)}"
    return f"of {len(named)} backend services, such as {quoted(named[:_MOST_NAMED])}"


def repository_around(folder: Path) -> Path | None:
    """The root of the repository that a folder is in."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def relative_path(file: Path, root: Path) -> str | None:
    """The path from the root, or `None` for a file outside it."""
    file, root = file.resolve(), root.resolve()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else None
