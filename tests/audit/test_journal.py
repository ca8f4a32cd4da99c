"""What the journal keeps, and when a state is judged again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from policypack.audit import fingerprint as fingerprints
from policypack.audit.error import AuditError
from policypack.audit.journal import VERSION
from policypack.audit.record import StackRecord
from policypack.audit.worker import Job
from policypack.wording import lines_of
from tests.audit.states import (
    BAD,
    GOOD,
    ONE_RULE,
    TODAY,
    Judged,
    audited,
    checkpoint,
    of_version,
    one_by_one,
    put,
    service,
    statuses,
)

STATES = {"a.json": GOOD, "b.json": BAD, "c.json": GOOD}
WAIVER = {"resource": "chat", "reason": "soon", "owner": "me", "expires": TODAY.isoformat()}
WAIVED = {**ONE_RULE, "llm-backend-regions": {"enforcementLevel": "mandatory", "waivers": [WAIVER]}}
ALL = ["a.json", "b.json", "c.json"]


@pytest.fixture
def states(tmp_path: Path) -> Path:
    return put(tmp_path / "states", STATES)


def again(states: Path, journal: Path, **more: Any) -> list[str]:
    """Audits once more, and says what had to be judged."""
    judged = Judged()
    with audited(states, journal=journal, execute=judged, **more):
        pass
    return judged.urls


Change = Callable[[Path], object]
CHANGES: dict[str, tuple[Change, list[str]]] = {
    "nothing": (lambda states: None, []),
    "another content": (lambda states: (states / "b.json").write_bytes(GOOD), ["b.json"]),
    "the same size and time": (lambda states: replace(states / "a.json", GOOD), ["a.json"]),
    "a new stack": (lambda states: (states / "d.json").write_bytes(GOOD), ["d.json"]),
    "a stack less": (lambda states: (states / "c.json").unlink(), []),
}


def replace(file: Path, content: bytes) -> None:
    """As Pulumi does: another file with its name."""
    before = file.stat()
    new = file.with_suffix(".new")
    new.write_bytes(content)
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.rename(file)


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_the_next_audit_judges_what_has_changed(
    states: Path, tmp_path: Path, change: Change, expected: list[str]
) -> None:
    assert again(states, tmp_path / "j") == ALL
    change(states)
    assert again(states, tmp_path / "j") == expected
    with audited(states, journal=tmp_path / "j") as kept, audited(states, journal=tmp_path / "new") as fresh:
        assert list(kept.findings()) == list(fresh.findings())
        assert statuses(kept) == statuses(fresh)


def test_other_verdicts_are_no_kept_ones(states: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "j"
    assert again(states, journal) == ALL
    assert again(states, journal, config={**ONE_RULE, "llm-backend-regions": "advisory"}) == ALL
    assert again(states, journal, config=WAIVED) == ALL
    assert again(states, journal, config=WAIVED) == []
    assert again(states, journal, config=WAIVED, today=date(2026, 6, 29)) == []
    # The waiver has expired since.
    assert again(states, journal, config=WAIVED, today=date(2026, 7, 1)) == ALL
    fingerprints.pack_digest.cache_clear()
    monkeypatch.setattr(fingerprints, "_NO_PART", ())
    try:
        # Other files of the pack.
        monkeypatch.setattr("policypack.audit.worker.pack_digest", fingerprints.pack_digest)
        assert again(states, journal, config=WAIVED, today=date(2026, 7, 1)) == ALL
    finally:
        fingerprints.pack_digest.cache_clear()


def test_what_is_unreadable_is_tried_again(states: Path, tmp_path: Path) -> None:
    (states / "b.json").write_bytes(b"{")
    assert again(states, tmp_path / "j") == ALL
    assert again(states, tmp_path / "j") == ["b.json"]


class Interrupted(Exception):  # noqa: N818
    pass


def after(number: int) -> Callable[[Iterator[Job]], Iterator[tuple[Job, list[StackRecord]]]]:
    """Judges one state a job, and stops after so many."""

    def execute(jobs: Iterator[Job]) -> Iterator[tuple[Job, list[StackRecord]]]:
        singles = (single for job in jobs for single in job.split())
        for i, done in enumerate(one_by_one(singles)):
            if i == number:
                raise Interrupted
            yield done

    return execute


def test_an_interrupted_audit_goes_on(states: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted), audited(states, journal=tmp_path / "j", execute=after(2)):
        pass
    judged = Judged()
    with audited(states, journal=tmp_path / "j", execute=judged) as results:
        assert judged.urls == ["c.json"]
        assert statuses(results) == {"a.json": "compliant", "b.json": "violations", "c.json": "compliant"}


def test_a_state_that_changes_while_the_audit_is_interrupted_is_judged_again(states: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted), audited(states, journal=tmp_path / "j", execute=after(2)):
        pass
    (states / "b.json").write_bytes(GOOD)
    assert again(states, tmp_path / "j") == ["b.json", "c.json"]


def test_one_target_that_cannot_be_listed_forgets_nothing(states: Path, tmp_path: Path) -> None:
    other = put(tmp_path / "other", {"x.json": BAD})
    with audited(states, other, journal=tmp_path / "j") as results:
        assert results.totals.stacks == 4
    (other / "x.json").rename(tmp_path / "x")
    with audited(states, other, journal=tmp_path / "j") as results:
        assert results.totals.stacks == 3
        assert [(target.stacks, bool(target.error)) for target in results.targets] == [(3, False), (0, True)]
    (tmp_path / "x").rename(other / "x.json")
    with audited(states, other, journal=tmp_path / "j") as results:
        assert results.totals.stacks == 4


def foreign(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (x)")


NO_JOURNALS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a text": (
        lambda file: file.write_text("hello, this is no journal at all\n" * 50),
        "is not the journal of an audit",
    ),
    "another database": (foreign, "is not the journal of an audit"),
    "of a newer release": (partial(of_version, version=VERSION + 1), "a newer release of this policy pack: use that"),
    "a folder": (lambda file: file.mkdir(), "cannot be used"),
}


@pytest.mark.parametrize(("make", "phrase"), NO_JOURNALS.values(), ids=NO_JOURNALS.keys())
def test_what_is_no_journal_is_left_as_it_is(
    states: Path, tmp_path: Path, make: Callable[[Path], object], phrase: str
) -> None:
    file = tmp_path / "j"
    make(file)
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(AuditError, match=phrase), audited(states, journal=file):
        pass
    assert (file.read_bytes() if file.is_file() else None) == before


def test_a_journal_of_an_older_format_is_set_aside(states: Path, tmp_path: Path) -> None:
    file, aside = tmp_path / "j", tmp_path / f"j.v{VERSION - 1}"
    of_version(file, VERSION - 1)
    before = file.read_bytes()
    assert again(states, file) == ALL
    assert aside.read_bytes() == before
    assert again(states, file) == []
    assert sorted(one.name for one in tmp_path.iterdir()) == ["j", aside.name, "states"]


def test_a_journal_of_an_older_format_that_is_being_written_stays(states: Path, tmp_path: Path) -> None:
    of_version(tmp_path / "j", VERSION - 1)
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(AuditError, match="another audit is writing"), audited(states, journal=tmp_path / "j"):
            pass
    assert sorted(one.name for one in tmp_path.iterdir()) == ["j", "states"]


def test_a_journal_where_nothing_can_be(states: Path) -> None:
    with pytest.raises(AuditError, match="cannot be written"), audited(states, journal=states / "a.json" / "j"):
        pass


def test_two_audits_do_not_write_one_journal(states: Path, tmp_path: Path) -> None:
    again_at_once = audited(states, journal=tmp_path / "j")
    with audited(states, journal=tmp_path / "j"), pytest.raises(AuditError, match="another audit is writing"):
        again_at_once.__enter__()


def test_only_its_owner_may_read_it(states: Path, tmp_path: Path) -> None:
    again(states, tmp_path / "j")
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["j", "states"]


NAMES = {
    "\x1b[31mred": r"\x1b[31mred",
    "a\nb": r"a\nb",
    "<b>&": "<b>&",
    "=cmd()": "=cmd()",
    "\udcff": r"\udcff",
    "'; DROP TABLE stacks; --": "'; DROP TABLE stacks; --",
}


def test_hostile_names_are_kept_apart_and_harmless(tmp_path: Path) -> None:
    for name in NAMES:
        folder = tmp_path / "states" / ".pulumi" / "stacks" / f"p{name}"
        folder.mkdir(parents=True)
        (folder / f"s{name}.json").write_bytes(checkpoint(service(f"r{name}".replace("\udcff", ""), 1)))
    for _ in range(2):
        with audited(tmp_path / "states", journal=tmp_path / "j") as results:
            stacks = list(results.stacks())
            assert {(stack.project, stack.name) for stack in stacks} == {(f"p{n}", f"s{n}") for n in NAMES.values()}
            assert {stack.status for stack in stacks} == {"violations"}
            assert all(text.isprintable() for stack in stacks for text in (stack.url, stack.project, stack.name))
            found = [one.finding for one in results.findings()]
            assert all(text.isprintable() for one in found for text in (one.urn, one.name, *lines_of(one)))


def test_a_report_that_is_cut_off_leaves_the_journal_whole(tmp_path: Path) -> None:
    """As by `audit ... | head`: its reads are open when the journal is closed."""
    states = put(tmp_path / "states", {f"{number}.json": BAD for number in range(3)})
    with audited(states, journal=tmp_path / "j") as results:
        findings, stacks = results.findings(), results.stacks()
        assert (next(findings).finding.name, next(stacks).status) == ("chat", "violations")
    assert sorted(file.name for file in tmp_path.glob("j*")) == ["j"]
    with sqlite3.connect(tmp_path / "j") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
