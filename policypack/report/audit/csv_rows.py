"""The findings of an audit as CSV, a row a finding."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from policypack.audit.results import AuditResults
from policypack.report.audit.rows import Row, rows

# Spreadsheets run what begins like this, and anybody who names a resource could write it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write(results: AuditResults, file: Path) -> None:
    """Writes the file row by row: UTF-8, a header, RFC 4180. A text that begins like a formula gets a `'` before it."""
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(Row._fields)
        writer.writerows([_harmless(value) for value in row] for row in rows(results))


def _harmless(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
