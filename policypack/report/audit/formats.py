"""The formats of `audit`, and the files that it writes them to."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, TextIO

from policypack.audit.results import AuditResults
from policypack.report.formats import OutputError, name_of_format
from policypack.report.writing import replacing


@dataclass(frozen=True)
class AuditFormat:
    """A format of an audit's report.

    Attributes:
        name: what it is called.
        suffixes: how the names of files end that are written in it.
        module: the module with its `write(results, file)`, imported when it is needed; if `is_text`, with
            `write_to(stream, results)` too.
        is_text: it can be printed.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    is_text: bool = True

    def write(self, results: AuditResults, file: Path) -> None:
        """Writes the report to a path."""
        self.load().write(results, file)

    def print(self, stream: TextIO, results: AuditResults) -> None:
        """Writes the report to a stream."""
        self.load().write_to(stream, results)

    def load(self) -> ModuleType:
        """The module.

        Raises:
            OutputError: it needs a package that is not installed.
        """
        try:
            return importlib.import_module(f"policypack.report.audit.{self.module}")
        except ModuleNotFoundError as error:
            what = f"{self.suffixes[0]} needs the package {error.name}: install llm-policypack[audit]"
            raise OutputError(what) from error


AUDIT_FORMATS: Final = {
    entry.name: entry
    for entry in (
        AuditFormat("terminal", (".txt",), "terminal", is_text=False),
        AuditFormat("json", (".json",), "json_document"),
        AuditFormat("sarif", (".sarif", ".sarif.json"), "sarif"),
        AuditFormat("junit", (".xml",), "junit"),
        AuditFormat("markdown", (".md",), "markdown"),
        AuditFormat("html", (".html",), "html_page"),
        AuditFormat("parquet", (".parquet",), "parquet_rows", is_text=False),
        AuditFormat("csv", (".csv",), "csv_rows", is_text=False),
    )
}


def audit_format_of(file: Path) -> AuditFormat:
    """The format that the name of a file asks for.

    Raises:
        OutputError: its name ends like none.
    """
    return AUDIT_FORMATS[name_of_format(file, {entry.name: entry.suffixes for entry in AUDIT_FORMATS.values()})]


def write_audit(file: Path, results: AuditResults) -> None:
    """Writes a report in the format that the file's name asks for, whole or not at all.

    Raises:
        OutputError: the file cannot be written, or its name ends like no format.
    """
    entry = audit_format_of(file)
    entry.load()
    with replacing(file) as part:
        entry.write(results, part)
