"""The formats of `check`, and the files that it writes them to."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policypack.results import Results


class OutputError(Exception):
    """A report cannot be written; the message says what to do."""


@dataclass(frozen=True)
class Format:
    """A format of a report.

    Attributes:
        name: what `--format` calls it.
        suffixes: how the names of files end that are written in it.
        module: the module with its `render(Results) -> str`, imported when it is needed.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str

    def render(self, results: Results) -> str:
        """The report in this format, a text that ends with a line break."""
        text: str = importlib.import_module(f"policypack.report.check.{self.module}").render(results)
        return text


FORMATS: Final = {
    entry.name: entry
    for entry in (
        Format("terminal", (".txt",), "terminal"),
        Format("json", (".json",), "json_document"),
        Format("sarif", (".sarif", ".sarif.json"), "sarif"),
        Format("junit", (".xml",), "junit"),
        Format("markdown", (".md",), "markdown"),
        Format("html", (".html",), "html_page"),
    )
}


def format_of(file: Path) -> Format:
    """The format that the name of a file asks for.

    Raises:
        OutputError: its name ends like none.
    """
    return FORMATS[name_of_format(file, {entry.name: entry.suffixes for entry in FORMATS.values()})]


def name_of_format(file: Path, suffixes: Mapping[str, Sequence[str]]) -> str:
    """The format that the name of a file asks for, given how the names of files end that are written in each.

    Raises:
        OutputError: its name ends like none.
    """
    known = [(suffix, name) for name, endings in suffixes.items() for suffix in endings]
    fitting = [(len(suffix), name) for suffix, name in known if file.name.lower().endswith(suffix)]
    if not fitting:
        endings = ", ".join(f"{suffix} ({name})" for suffix, name in known)
        raise OutputError(f"the name of {file} says no format: end it with one of {endings}")
    return max(fitting)[1]


def check_outputs(files: Sequence[Path], reads: Iterable[Path]) -> None:
    """Checks, before anything is judged, that reports can go to these files.

    Args:
        files: where reports shall go.
        reads: the files that the run reads.

    Raises:
        OutputError: a name says no format, a file is named twice, or it is one that the run reads.
    """
    for file in files:
        format_of(file)
    check_places(files, reads)


def check_places(files: Sequence[Path], reads: Iterable[Path]) -> None:
    """Checks that each report has a file of its own, which the run does not read; arguments as in `check_outputs`.

    Raises:
        OutputError: a file is named twice, or it is one that the run reads.
    """
    places = [os.path.realpath(file) for file in files]
    for file, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            raise OutputError(f"{file} is named twice: give each report a file of its own")
        if place in {os.path.realpath(read) for read in reads}:
            raise OutputError(f"{file} is what this run reads: write the report to another file")


def write_report(file: Path, results: Results) -> None:
    """Writes a report in the format that the file's name asks for, whole or not at all.

    Raises:
        OutputError: the file cannot be written, or its name ends like no format.
    """
    write_text(file, format_of(file).render(results))


def write_text(file: Path, text: str) -> None:
    """Writes a file whole or not at all: what was there stays until the new text is on the disk.

    Raises:
        OutputError: the file cannot be written.
    """
    named, file = file, Path(os.path.realpath(file))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and not file.is_file():
            # A device or a pipe, which nothing can take the place of.
            file.write_text(text, encoding="utf-8", errors="backslashreplace")
            return
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
            part = Path(folder, file.name)
            part.write_text(text, encoding="utf-8", errors="backslashreplace")
            part.replace(file)
    except OSError as error:
        raise OutputError(f"cannot write {named}: {error.strerror}") from error
