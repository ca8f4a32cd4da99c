"""The findings of an audit as a Parquet file, a row a finding."""

from __future__ import annotations

from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from policypack.audit.results import AuditResults
from policypack.report.audit.csv_rows import Row, rows

_ROWS_A_GROUP: Final = 50_000
# Columns whose few values repeat.
_DICTIONARIES: Final = ("project", "owner", "status", "rule", "level", "severity", "resource_type")
_SCHEMA: Final = pa.schema(
    [(name, pa.date32() if name == "audit_date" else pa.string()) for name in Row._fields],
)


def write(results: AuditResults, file: Path) -> None:
    """Writes the file group by group. `audit_date` is a date, what does not apply is null."""
    found = rows(results)
    with pq.ParquetWriter(file, _SCHEMA, compression="zstd", use_dictionary=list(_DICTIONARIES)) as writer:
        while group := list(islice(found, _ROWS_A_GROUP)):
            writer.write_table(pa.table([_column(name, values) for name, values in _columns(group)], schema=_SCHEMA))


def _columns(group: list[Row]) -> list[tuple[str, tuple[str, ...]]]:
    return list(zip(Row._fields, zip(*group, strict=True), strict=True))


def _column(name: str, values: tuple[str, ...]) -> pa.Array:
    if name == "audit_date":
        return pa.array([date.fromisoformat(value) for value in values], pa.date32())
    return pa.array([value or None for value in values], pa.string())
