"""The journal of audits: an SQLite file with what came of each stack, written as the audit goes.

It is what an interrupted audit goes on from, what tells the next audit which states are unchanged, what all reports
are made of, and what a later audit is compared with. So nothing in memory grows with the number of stacks.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

from policypack.audit.error import AuditError, OldFormatError
from policypack.audit.record import FindingRow, RuleCount, StackRecord
from policypack.audit.stores.store import Entry
from policypack.config.options import Setting

# "llmp": says that the file is a journal. The version goes up whenever a table changes.
_APPLICATION: Final = 0x6C6C6D70
VERSION: Final = 3
_MODE_OF_OWNER: Final = 0o600

_TABLES: Final = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE audits (
    id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, today TEXT NOT NULL, levels TEXT NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE targets (audit INTEGER NOT NULL, target TEXT NOT NULL, stacks INTEGER NOT NULL, error TEXT NOT NULL);
CREATE TABLE stacks (
    id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, target TEXT NOT NULL, version TEXT, project TEXT NOT NULL,
    name TEXT NOT NULL, resources INTEGER NOT NULL, error TEXT NOT NULL, judged INTEGER NOT NULL,
    mandatory INTEGER NOT NULL, advisory INTEGER NOT NULL, undecided INTEGER NOT NULL, waived INTEGER NOT NULL,
    audit INTEGER NOT NULL, fingerprint TEXT NOT NULL
);
CREATE TABLE counts (
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE, rule TEXT NOT NULL, level TEXT NOT NULL,
    passed INTEGER NOT NULL, failed INTEGER NOT NULL, undecided INTEGER NOT NULL, waived INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL, PRIMARY KEY (stack, rule)
) WITHOUT ROWID;
CREATE TABLE findings (
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE, rule TEXT NOT NULL, level TEXT NOT NULL,
    status TEXT NOT NULL, rank INTEGER NOT NULL, urn TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
    said TEXT NOT NULL, waived_until TEXT NOT NULL
);
CREATE INDEX findings_by_stack ON findings (stack, rule, urn);
"""
# Of a stack: whether it is in a folder that this audit, the first argument, could not list.
BELOW_UNREADABLE: Final = (
    "EXISTS (SELECT 1 FROM main.stacks u WHERE u.audit = ?1 AND u.error <> ''"
    " AND substr(stacks.url, 1, length(u.url) + 1) = u.url || '/')"
)
_CLAIMED: Final = "CREATE TEMP TABLE claimed (url TEXT PRIMARY KEY) WITHOUT ROWID"


@dataclass(frozen=True)
class TargetResult:
    """What became of one target: how many stacks it has, and why it could not be listed, if so."""

    target: str
    stacks: int
    error: str = ""


class _Connection(sqlite3.Connection):
    """A connection that can end reads which nobody will: those of a report that was cut off, as by `head`."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._cursors = WeakSet[sqlite3.Cursor]()

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        cursor = super().execute(*arguments)
        self._cursors.add(cursor)
        return cursor

    def end_reads(self) -> None:
        for cursor in self._cursors:
            cursor.close()


class Journal:
    """A journal that is being written.

    Args:
        file: the file, made if it is not there.
        fingerprint: what the verdicts depend on besides the states.
        settings: the settings by the rules' names.
        today: the day of the audit.

    Attributes:
        set_aside: where a journal of an older format is now that was in its place; `None` if there was none.

    Raises:
        AuditError: the file cannot be written, is no journal, or another audit is writing it.
    """

    def __init__(self, file: Path, fingerprint: str, settings: Mapping[str, Setting], today: date) -> None:
        self.file = file
        self._fingerprint = fingerprint
        with explained(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            self.set_aside = _set_aside(file) if file.is_file() else None
            self.connection = _connect(file)
            self._prepare()
            self.audit, self.goes_on = self._begin(settings, today)

    def claim(self, entries: Iterable[Entry], target: str) -> Iterator[Entry]:
        """Those of the states that have to be judged: not those that are done and unchanged, and each only once."""
        for entry in entries:
            with explained(self.file):
                is_new = self._is_first(entry) and not self._is_done(entry, target)
            if is_new:
                yield entry

    def write(self, records: Iterable[StackRecord], target: str) -> None:
        """Keeps what came of stacks, in place of what was known of them; it survives a crash right after."""
        with explained(self.file), self._transaction():
            for record in records:
                self._write(record, target)

    def finish(self, targets: Iterable[TargetResult]) -> None:
        """Notes that all is done, and forgets the stacks that are gone."""
        with explained(self.file), self._transaction():
            for result in targets:
                row = (self.audit, result.target, result.stacks, result.error)
                self.connection.execute("INSERT INTO targets VALUES (?, ?, ?, ?)", row)
                if not result.error:
                    gone = f"DELETE FROM stacks WHERE target = ?2 AND audit <> ?1 AND NOT {BELOW_UNREADABLE}"
                    self.connection.execute(gone, (self.audit, result.target))
            self.connection.execute("UPDATE audits SET finished = 1 WHERE id = ?", (self.audit,))

    def close(self) -> None:
        """Ends writing; the journal is one file then."""
        with explained(self.file):
            if self.connection.in_transaction:
                self.connection.rollback()
            self.connection.end_reads()
            self.connection.execute("PRAGMA journal_mode = DELETE")
            self.connection.close()

    def _prepare(self) -> None:
        self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if not self.connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
            self.connection.executescript(f"BEGIN EXCLUSIVE; {_TABLES} COMMIT;")
            self.file.chmod(_MODE_OF_OWNER)
        check_is_journal(self.connection, self.file)
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self.connection.execute(f"PRAGMA {setting}")
        self.connection.execute(_CLAIMED)

    def _begin(self, settings: Mapping[str, Setting], today: date) -> tuple[int, bool]:
        """The number of this audit, and whether it goes on with one that was interrupted."""
        last = self.connection.execute("SELECT id, fingerprint, finished FROM audits ORDER BY id DESC").fetchone()
        if last and last[1] == self._fingerprint and not last[2]:
            self.connection.execute("UPDATE audits SET today = ? WHERE id = ?", (today.isoformat(), last[0]))
            return last[0], True
        levels = {name: setting.level for name, setting in settings.items() if setting.level != "disabled"}
        with self._transaction():
            row = (self._fingerprint, today.isoformat(), json.dumps(levels))
            made = self.connection.execute("INSERT INTO audits (fingerprint, today, levels) VALUES (?, ?, ?)", row)
            number = made.lastrowid
            assert number is not None
            self.connection.execute("DELETE FROM audits WHERE id <> ?", (number,))
            self.connection.execute("DELETE FROM targets")
        return number, False

    def _is_first(self, entry: Entry) -> bool:
        return self.connection.execute("INSERT OR IGNORE INTO claimed VALUES (?)", (entry.url,)).rowcount == 1

    def _is_done(self, entry: Entry, target: str) -> bool:
        """A state that tells no version may have changed, but not within one audit, however often interrupted."""
        done = self.connection.execute(
            "UPDATE stacks SET audit = ?1, target = ?2 WHERE url = ?3 AND error = '' AND fingerprint = ?4"
            " AND version IS ?5 AND (version IS NOT NULL OR audit = ?1)",
            (self.audit, target, entry.url, self._fingerprint, entry.version),
        )
        return done.rowcount == 1

    def _write(self, record: StackRecord, target: str) -> None:
        failed = [finding.level for finding in record.findings if finding.status == "failed"]
        statuses = [finding.status for finding in record.findings]
        self.connection.execute("DELETE FROM stacks WHERE url = ?", (record.url,))
        inserted = self.connection.execute(
            f"INSERT INTO stacks VALUES (NULL{', ?' * 14})",
            (
                record.url,
                target,
                record.version,
                record.project,
                record.name,
                record.resources,
                record.error,
                sum(sum(count[2:]) for count in record.rules),
                failed.count("mandatory"),
                failed.count("advisory"),
                statuses.count("undecided"),
                statuses.count("waived"),
                self.audit,
                self._fingerprint,
            ),
        )
        number = inserted.lastrowid
        counts = f"INSERT INTO counts VALUES (?{', ?' * len(RuleCount._fields)})"
        self.connection.executemany(counts, ((number, *count) for count in record.rules))
        findings = f"INSERT INTO findings VALUES (?{', ?' * len(FindingRow._fields)})"
        self.connection.executemany(findings, ((number, *finding) for finding in record.findings))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()


def _connect(file: Path) -> _Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}", timeout=1, isolation_level=None, uri=True, factory=_Connection)


def _set_aside(file: Path) -> Path | None:
    """Renames a journal of an older format, which no audit of this release can go on with."""
    with closing(_connect(file)) as connection:
        application, version = _kind_of(connection)
        if application != _APPLICATION or version >= VERSION:
            return None
        # Nobody else is writing it.
        connection.execute("BEGIN EXCLUSIVE")
    return file.resolve().replace(file.with_name(f"{file.name}.v{version}"))


class KeptJournal:
    """A journal of an audit that is over, only to be read: also where nothing can be written.

    Args:
        file: the file.

    Raises:
        AuditError: there is no such file, it is no journal, or its audit was not finished.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.is_file():
            raise AuditError(f"there is no journal {file}: give the journals of earlier audits")
        with explained(file):
            self.connection = sqlite3.connect(
                f"{file.resolve().as_uri()}?immutable=1", isolation_level=None, uri=True, factory=_Connection
            )
            check_is_journal(self.connection, file)
            last = self.connection.execute("SELECT id, finished, today FROM audits ORDER BY id DESC").fetchone()
        if not last or not last[1]:
            raise AuditError(f"the audit in {file} was not finished: finish it first")
        self.audit, self.today = int(last[0]), str(last[2])

    def close(self) -> None:
        self.connection.close()


def check_is_journal(connection: sqlite3.Connection, file: Path, schema: str = "main") -> None:
    """Raises AuditError if a file is something else, or its format is another: OldFormatError if it is older."""
    application, version = _kind_of(connection, schema)
    if application != _APPLICATION:
        raise AuditError(f"{file} is not the journal of an audit")
    if version < VERSION:
        raise OldFormatError(f"{file} is of an older format, which this release cannot read: leave it out")
    if version > VERSION:
        raise AuditError(f"{file} was written by a newer release of this policy pack: use that, or name another file")


def _kind_of(connection: sqlite3.Connection, schema: str = "main") -> tuple[int, int]:
    """The application that a file is of, and the version of its format."""
    (application,) = connection.execute(f"PRAGMA {schema}.application_id").fetchone()
    (version,) = connection.execute(f"PRAGMA {schema}.user_version").fetchone()
    return application, version


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turns what SQLite and the file system say into one sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise AuditError(
                f"another audit is writing the journal {file}: wait for it, or name another one"
            ) from error
        raise AuditError(
            f"the journal {file} cannot be used: {error}; name one in a folder that can be written"
        ) from error
    except sqlite3.DatabaseError as error:
        raise AuditError(f"{file} is not the journal of an audit, or is damaged: {error}") from error
    except OSError as error:
        raise AuditError(f"the journal {file} cannot be written: {error.strerror}") from error
