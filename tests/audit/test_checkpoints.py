"""Which files of a backend, a folder or a glob are states, and what is made of them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from policypack.audit.error import TargetError
from policypack.audit.stores.target import open_target
from tests.audit.states import BAD, EMPTY, GOOD, UNDECIDED, audited, checkpoint, errors, put, service, statuses

STACKS = ".pulumi/stacks"
NOT_CURRENT = [
    f"{STACKS}/llm/dev.json.bak",
    f"{STACKS}/llm/dev.json.gz.bak",
    f"{STACKS}/llm/dev.json.attrs",
    f"{STACKS}/llm/dev.json.1767225600000000000",
    f"{STACKS}/llm/dev.pulumi-tags",
    f"{STACKS}/llm/fileblob123456",
    f"{STACKS}/llm/deeper/dev.json",
    ".pulumi/history/llm/dev/dev-1.history.json",
    ".pulumi/history/llm/dev/dev-1.checkpoint.json",
    ".pulumi/backups/llm/dev/dev.1.json",
    ".pulumi/locks/organization/llm/dev/1.json",
    ".pulumi/journal/llm/dev/1.json",
    ".pulumi/meta.yaml",
    "package.json",
]


def found(target: str | Path) -> dict[str, tuple[str | None, str | None]]:
    """The files of a target, each with the names of project and stack."""
    entries = open_target(str(target)).entries()
    return {Path(entry.key).name: (entry.project, entry.name) for entry in entries}


def test_a_backend_has_current_checkpoints_in_two_layouts(tmp_path: Path) -> None:
    current = {
        f"{STACKS}/old.json": GOOD,
        f"{STACKS}/llm/dev.json": GOOD,
        f"{STACKS}/llm/prod.json.gz": gzip.compress(GOOD),
        f"{STACKS}/search/prod.json.zst": pa.Codec("zstd").compress(GOOD).to_pybytes(),
    }
    put(tmp_path, {**current, **dict.fromkeys(NOT_CURRENT, BAD)})
    expected = {
        "old.json": (None, "old"),
        "dev.json": ("llm", "dev"),
        "prod.json.gz": ("llm", "prod"),
        "prod.json.zst": ("search", "prod"),
    }
    assert found(tmp_path) == expected
    assert found(f"file://{tmp_path}?no_tmp_dir=true") == expected
    with audited(tmp_path, journal=tmp_path / "j") as results:
        assert {(stack.project, stack.name, stack.status) for stack in results.stacks()} == {
            ("llm", "old", "compliant"),
            ("llm", "dev", "compliant"),
            ("llm", "prod", "compliant"),
            ("search", "prod", "compliant"),
        }
        assert {stack.url for stack in results.stacks()} == {
            f"file://{tmp_path}/{STACKS}/{name}"
            for name in ("old.json", "llm/dev.json", "llm/prod.json", "search/prod.json")
        }


@pytest.mark.parametrize("newest", ["dev.json", "dev.json.gz"])
def test_of_two_files_of_one_stack_the_newest_counts(tmp_path: Path, newest: str) -> None:
    import os

    put(tmp_path, {f"{STACKS}/llm/{name}": GOOD if name == newest else BAD for name in ("dev.json", "dev.json.gz")})
    for name in ("dev.json", "dev.json.gz"):
        os.utime(tmp_path / STACKS / "llm" / name, (1, 2 if name == newest else 1))
    assert set(found(tmp_path)) == {newest}
    with audited(tmp_path, journal=tmp_path / "j") as results:
        assert statuses(results) == {"dev.json": "compliant"}


def test_exported_states_are_a_file_a_folder_or_a_glob(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "a.json": GOOD,
            "b.json.gz": gzip.compress(BAD),
            "notes.txt": b"",
            "more/c.json": GOOD,
            "[d].json": GOOD,
            "e.state": GOOD,
        },
    )
    names = lambda target: set(found(target))  # noqa: E731
    # The folder inside is a line that says it was not read.
    assert names(tmp_path) == {"a.json", "b.json.gz", "[d].json", "more"}
    assert names(tmp_path / "e.state") == {"e.state"}
    assert names(tmp_path / "[d].json") == {"[d].json"}
    assert names(tmp_path / "*.json") == {"a.json", "[d].json"}
    assert names(tmp_path / "**" / "*.json*") == {"a.json", "b.json.gz", "[d].json", "c.json"}
    assert names(f"file://{tmp_path}/more/*.json") == {"c.json"}
    with audited(tmp_path / "[ab].json*", journal=tmp_path / "j") as results:
        assert {(stack.project, stack.name, stack.status) for stack in results.stacks()} == {
            ("llm", "dev", "compliant"),
            ("llm", "dev", "violations"),
        }


def test_a_stack_that_several_targets_have_is_judged_once(tmp_path: Path) -> None:
    put(tmp_path, {f"{STACKS}/llm/dev.json": BAD})
    targets = (tmp_path, f"file://{tmp_path}", tmp_path / STACKS / "llm" / "*.json")
    with audited(*targets, journal=tmp_path / "j") as results:
        assert statuses(results) == {"dev.json": "violations"}
        assert [(target.stacks, target.error) for target in results.targets] == [(1, ""), (1, ""), (1, "")]
        assert results.totals.mandatory == 1


NOTHING = {
    "an empty folder": ("", ["neither .pulumi/stacks nor a file"]),
    "an empty backend": ("empty", ["there is no stack", ".pulumi/stacks/PROJECT/STACK.json"]),
    "a glob without matches": ("*.json", ["there is no such file"]),
}


@pytest.mark.parametrize(("name", "phrases"), NOTHING.values(), ids=NOTHING.keys())
def test_nothing_found_is_no_pass(tmp_path: Path, name: str, phrases: list[str]) -> None:
    (tmp_path / "empty" / STACKS).mkdir(parents=True)
    with pytest.raises(TargetError) as caught:
        list(open_target(str(tmp_path / name)).entries())
    assert [phrase for phrase in phrases if phrase not in str(caught.value)] == []


def test_what_nothing_can_be_said_of_is_told_from_what_is_compliant(tmp_path: Path) -> None:
    deleting = {**service("chat", 1), "delete": True}
    put(tmp_path, {"empty.json": EMPTY, "good.json": GOOD, "deleting.json": checkpoint(deleting, service("chat", 2))})
    with audited(tmp_path, journal=tmp_path / "j") as results:
        assert statuses(results) == {
            "empty.json": "nothing to judge",
            "good.json": "compliant",
            "deleting.json": "compliant",
        }
        assert errors(results) == {}


def test_ciphertext_is_unknown_and_never_kept(tmp_path: Path) -> None:
    put(tmp_path, {"a.json": UNDECIDED})
    with audited(tmp_path / "a.json", journal=tmp_path / "j") as results:
        assert statuses(results) == {"a.json": "undecided"}
    assert b"q2VjcmV0" not in (tmp_path / "j").read_bytes()
