"""The formats of `audit`, and the files that it writes them to."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policypack.audit.results import AuditResults

from .formats import OutputError
from .whole_file import replacing


@dataclass(frozen=True)
class AuditFormat:
    """A format of an audit's report.

    Attributes:
        name: what it is called.
        suffix: how the names of files end that are written in it.
        module: the module with its `write(results, file)`, imported when it is needed.
    """

    name: str
    suffix: str
    module: str

    @property
    def write(self) -> Callable[[AuditResults, Path], None]:
        """Writes the report to a path, row by row.

        Raises:
            OutputError: it needs a package that is not installed.
        """
        try:
            module = importlib.import_module(f"policypack.report.{self.module}")
        except ModuleNotFoundError as error:
            what = f"{self.suffix} needs the package {error.name}: install llm-policypack[audit]"
            raise OutputError(what) from error
        write: Callable[[AuditResults, Path], None] = module.write
        return write


AUDIT_FORMATS: Final = tuple(
    AuditFormat(name, suffix, module)
    for name, suffix, module in (
        ("terminal", ".txt", "audit_terminal"),
        ("json", ".json", "audit_json"),
        ("parquet", ".parquet", "audit_parquet"),
        ("csv", ".csv", "audit_csv"),
    )
)


def audit_format_of(file: Path) -> AuditFormat:
    """The format that the name of a file asks for.

    Raises:
        OutputError: its name ends like none.
    """
    for entry in AUDIT_FORMATS:
        if file.name.lower().endswith(entry.suffix):
            return entry
    endings = ", ".join(f"{entry.suffix} ({entry.name})" for entry in AUDIT_FORMATS)
    raise OutputError(f"the name of {file} says no format: end it with one of {endings}")


def write_audit(file: Path, results: AuditResults) -> None:
    """Writes a report in the format that the file's name asks for, whole or not at all.

    Raises:
        OutputError: the file cannot be written, or its name ends like no format.
    """
    write = audit_format_of(file).write
    with replacing(file) as part:
        write(results, part)
