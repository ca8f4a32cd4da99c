"""The formats of all reports, and the files that they are written to."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal, TypeAlias, get_args

from policypack.report.writing import OutputError, replacing

Product: TypeAlias = Literal["check", "audit", "trend", "failover"]
PRODUCTS: Final[tuple[Product, ...]] = get_args(Product)


@dataclass(frozen=True)
class Format:
    """A format of reports.

    Attributes:
        name: what `--format` calls it.
        suffixes: how the names of files end that are written in it.
        module: the module that renders it in the folder of each product, imported when it is needed. It has
            `render(results)`, which gives a text or, of what may be large, parts of one; for a terminal also
            `print_report(console, results)`; for what is no text `write(results, file)` instead.
        products: the commands that write it.
        is_text: it can be printed.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    products: tuple[Product, ...] = PRODUCTS
    is_text: bool = True


_FORMATS: Final = (
    Format("terminal", (".txt",), "terminal"),
    Format("json", (".json",), "json_document"),
    Format("sarif", (".sarif", ".sarif.json"), "sarif", ("check", "audit")),
    Format("junit", (".xml",), "junit", ("check", "audit")),
    Format("markdown", (".md",), "markdown", ("check", "audit", "failover")),
    Format("html", (".html",), "html_page", ("check", "audit", "trend")),
    Format("parquet", (".parquet",), "parquet_rows", ("audit",), is_text=False),
    Format("csv", (".csv",), "csv_rows", ("audit",)),
)


def formats_of(product: Product) -> Mapping[str, Format]:
    """The formats that a command writes, by their names."""
    return {entry.name: entry for entry in _FORMATS if product in entry.products}


def schema_of(product: Product) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a command's JSON document."""
    file = Path(__file__).parent / product / "report.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def check_outputs(product: Product, files: Sequence[Path], reads: Iterable[Path]) -> None:
    """Checks, before anything is judged, that reports can go to these files.

    Args:
        product: the command.
        files: where reports shall go.
        reads: the files that the run reads.

    Raises:
        OutputError: a name says no format, a file is named twice, or it is one that the run reads.
    """
    for file in files:
        _format_of(product, file)
    places = [os.path.realpath(file) for file in files]
    for file, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            raise OutputError(f"{file} is named twice: give each report its own file")
        if place in {os.path.realpath(read) for read in reads}:
            raise OutputError(f"{file} is read by this run: write the report to another file")


def render(product: Product, name: str, results: Any) -> Iterator[str]:
    """A report in a format that is text, in parts."""
    found: str | Iterator[str] = _module_of(product, formats_of(product)[name]).render(results)
    yield from [found] if isinstance(found, str) else found


def write_report(product: Product, file: Path, results: Any) -> None:
    """Writes a report in the format that the file's name asks for, whole or not at all.

    Raises:
        OutputError: the file cannot be written, its name says no format, or that needs a package that is not there.
    """
    entry = _format_of(product, file)
    module = _module_of(product, entry)
    with replacing(file) as part:
        if entry.is_text:
            with part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as text:
                text.writelines(render(product, entry.name, results))
        else:
            module.write(results, part)


def deliver(product: Product, results: Any, files: Iterable[Path], printed: str, color: str) -> None:
    """Writes reports to files, each in the format that its name asks for, and prints one.

    Args:
        product: the command.
        results: what it found.
        files: where reports go.
        printed: the name of the format to print, which is text.
        color: that of `make_console`.

    Raises:
        OutputError: a file cannot be written.
    """
    for file in files:
        write_report(product, file, results)
    _print(product, printed, results, color)


def _print(product: Product, name: str, results: Any, color: str) -> None:
    if name == "terminal":
        # The names of the formats are of use where nothing is printed.
        from policypack.report.console import make_console

        _module_of(product, formats_of(product)[name]).print_report(make_console(color), results)
    else:
        sys.stdout.writelines(render(product, name, results))


def _format_of(product: Product, file: Path) -> Format:
    known = [(suffix, entry) for entry in formats_of(product).values() for suffix in entry.suffixes]
    fitting = [(len(suffix), entry) for suffix, entry in known if file.name.lower().endswith(suffix)]
    if not fitting:
        endings = ", ".join(f"{suffix} ({entry.name})" for suffix, entry in known)
        raise OutputError(f"cannot infer a format from {file}: use one of these extensions: {endings}")
    return max(fitting, key=lambda found: found[0])[1]


def _module_of(product: Product, entry: Format) -> ModuleType:
    try:
        return importlib.import_module(f"policypack.report.{product}.{entry.module}")
    except ModuleNotFoundError as error:
        what = f"{entry.suffixes[0]} needs the package {error.name}: install llm-policypack[{_EXTRAS[product]}]"
        raise OutputError(what) from error


_EXTRAS: Final[dict[Product, str]] = {"check": "cli", "failover": "cli", "audit": "audit", "trend": "cli"}
