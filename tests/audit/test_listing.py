"""What vanishes, dangles, loops or is closed while an audit lists is one line of its report; the rest is judged."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policypack.audit.error import TargetError
from policypack.audit.stores.target import open_target
from tests.audit.states import BAD, GOOD, audited, errors, put, statuses

STACKS = ".pulumi/stacks"


def refuse(monkeypatch: pytest.MonkeyPatch, function: str, path: Path, number: int) -> None:
    """Lets a function of the operating system fail for one path: root may read everything."""
    real = getattr(os, function)

    def fail(asked: Any, *more: Any, **named: Any) -> Any:
        if isinstance(asked, str) and asked == str(path):
            raise OSError(number, os.strerror(number), asked)
        return real(asked, *more, **named)

    monkeypatch.setattr(os, function, fail)


def dangle(path: Path, _: pytest.MonkeyPatch) -> None:
    path.symlink_to("nowhere.json")


def loop(path: Path, _: pytest.MonkeyPatch) -> None:
    path.symlink_to(path.name)


def vanish(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(GOOD)
    refuse(monkeypatch, "stat", path, errno.ENOENT)


def close(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(GOOD)
    refuse(monkeypatch, "stat", path, errno.EACCES)


def fail(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(GOOD)
    refuse(monkeypatch, "stat", path, errno.EIO)


Spoil = Callable[[Path, pytest.MonkeyPatch], None]
FILES: dict[str, tuple[Spoil, str]] = {
    "dangling link": (dangle, "it is a broken link: remove it, or restore its target"),
    "link to itself": (loop, "a link on its path is circular: remove the link"),
    "vanished": (vanish, "it was deleted or renamed while the audit listed it: run the audit again"),
    "closed": (close, "no permission (Permission denied): let this user read it"),
    "damaged disk": (fail, "it cannot be read (Input/output error)"),
    "no file": (lambda path, _: os.mkfifo(path), "it is neither a file nor a folder: remove it"),
}
# How the same folder is audited: the target, and where its files are.
TARGETS = {
    "backend": ("HOME", f"{STACKS}/llm"),
    "old backend": ("HOME", STACKS),
    "backend URL": ("file://HOME", f"{STACKS}/llm"),
    "folder": ("HOME/exports", "exports"),
    "glob": ("HOME/exports/*.json", "exports"),
    "glob over folders": ("HOME/*/b/*.json", "a/b"),
    "deep glob": ("HOME/**/*.json", "a/b/c"),
    "glob URL": ("file://HOME/exports/*.json", "exports"),
}


@pytest.mark.parametrize("spoiled", FILES.values(), ids=FILES.keys())
@pytest.mark.parametrize(("target", "folder"), TARGETS.values(), ids=TARGETS.keys())
def test_a_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, folder: str, spoiled: tuple[Spoil, str]
) -> None:
    spoil, why = spoiled
    home = put(tmp_path / "home", {f"{folder}/good.json": GOOD, f"{folder}/bad.json": BAD})
    spoil(home / folder / "broken.json", monkeypatch)
    with audited(target.replace("HOME", str(home)), journal=tmp_path / "j") as results:
        assert statuses(results) == {"good.json": "compliant", "bad.json": "violations", "broken.json": "unreadable"}
        assert errors(results) == {"broken.json": why}
        assert [result.error for result in results.targets] == [""]


def test_a_file_that_may_be_listed_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = put(tmp_path / "home", {f"{STACKS}/llm/good.json": GOOD, f"{STACKS}/llm/closed.json": GOOD})
    closed = home / STACKS / "llm/closed.json"

    def open_(path: Any, *more: Any, **named: Any) -> Any:
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *more, **named)

    real = open
    monkeypatch.setattr("builtins.open", open_)
    with audited(home, journal=tmp_path / "j") as results:
        assert statuses(results) == {"good.json": "compliant", "closed.json": "unreadable"}
        assert "no permission" in errors(results)["closed.json"]


FOLDERS = {
    "backend": ("HOME", STACKS),
    "backend URL": ("file://HOME", STACKS),
    "glob": ("HOME/exports/*/*.json", "exports"),
    "deep glob": ("HOME/**/*.json", "exports"),
}


@pytest.mark.parametrize(("target", "folder"), FOLDERS.values(), ids=FOLDERS.keys())
def test_a_folder_that_cannot_be_listed_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, folder: str
) -> None:
    home = put(tmp_path / "home", {f"{folder}/open/good.json": GOOD, f"{folder}/closed/bad.json": BAD})
    refuse(monkeypatch, "scandir", home / folder / "closed", errno.EACCES)
    with audited(target.replace("HOME", str(home)), journal=tmp_path / "j") as results:
        assert statuses(results) == {"good.json": "compliant", "closed": "unreadable"}
        assert errors(results) == {"closed": "no permission (Permission denied): let this user read it"}


@pytest.mark.parametrize(("target", "folder"), FOLDERS.values(), ids=FOLDERS.keys())
def test_a_link_to_the_folder_above_is_one_line(tmp_path: Path, target: str, folder: str) -> None:
    home = put(tmp_path / "home", {f"{folder}/llm/good.json": GOOD})
    (home / folder / "again").symlink_to("..")
    with audited(target.replace("HOME", str(home)), journal=tmp_path / "j") as results:
        assert statuses(results) == {"good.json": "compliant", "again": "unreadable"}
        assert errors(results) == {"again": "it is a link to a folder that it is in, whose files are read there"}


def test_folders_that_link_to_each_other(tmp_path: Path) -> None:
    home = put(tmp_path / "home", {"a/good.json": GOOD, "b/bad.json": BAD})
    (home / "a/to_b").symlink_to("../b")
    (home / "b/to_a").symlink_to("../a")
    with audited(f"{home}/**/*.json", journal=tmp_path / "j") as results:
        found = {stack.url.removeprefix(f"file://{home}/"): stack.status for stack in results.stacks()}
    assert found == {
        "a/good.json": "compliant",
        "a/to_b/bad.json": "violations",
        "a/to_b/to_a": "unreadable",
        "b/bad.json": "violations",
        "b/to_a/good.json": "compliant",
        "b/to_a/to_b": "unreadable",
    }


def test_nothing_is_asked_of_files_that_are_no_states(tmp_path: Path) -> None:
    home = put(tmp_path / "home", {f"{STACKS}/llm/good.json": GOOD})
    for name in ("dev.json.bak", "dev.json.attrs", "lock"):
        (home / STACKS / "llm" / name).symlink_to("nowhere")
    with audited(home, journal=tmp_path / "j") as results:
        assert statuses(results) == {"good.json": "compliant"}


def test_a_link_to_nothing_beside_the_same_stack_compressed(tmp_path: Path) -> None:
    home = put(tmp_path / "home", {f"{STACKS}/llm/dev.json.gz": GOOD})
    (home / STACKS / "llm/dev.json").symlink_to("nowhere")
    with audited(home, journal=tmp_path / "j") as results:
        assert statuses(results) == {"dev.json": "compliant"}


def test_exports_with_and_without_compression_are_two(tmp_path: Path) -> None:
    home = put(tmp_path / "home", {"dev.json": GOOD, "dev.json.gz": gzip.compress(BAD)})
    for target in (home, f"{home}/dev.*"):
        with audited(target, journal=tmp_path / "j") as results:
            assert statuses(results) == {"dev.json": "compliant", "dev.json.gz": "violations"}


def test_a_folder_in_a_folder_of_exports_is_one_line(tmp_path: Path) -> None:
    files = {
        "good.json": GOOD,
        "team/a.json": BAD,
        "deep/in/b.json.gz": BAD,
        "notes/readme.md": b"",
        ".git/c.json": BAD,
    }
    home = put(tmp_path / "home", files)
    why = f"the states in this folder are not read: name it as a target too, or give the glob '{home}/**/*.json'"
    with audited(home, journal=tmp_path / "j") as results:
        assert statuses(results) == {"good.json": "compliant", "team": "unreadable", "deep": "unreadable"}
        assert errors(results) == {"team": why, "deep": why}


CUT_OFF = GOOD[:-20]
KEPT: dict[str, tuple[dict[str, bytes], str]] = {
    "nothing": ({}, "The backend has no older copy of it: restore it from a backup of the backend."),
    "a copy beside it": (
        {f"{STACKS}/llm/dev.json.bak": GOOD},
        "The backend has older copies: put one that is whole in its place, `.pulumi/stacks/llm/dev.json.bak`.",
    ),
    "all of it": (
        {
            f"{STACKS}/llm/dev.json.bak": GOOD,
            ".pulumi/history/llm/dev/dev-1.checkpoint.json": GOOD,
            ".pulumi/history/llm/dev/dev-2.checkpoint.json": GOOD,
            ".pulumi/history/llm/dev/dev-3.history.json": b"{}",
            ".pulumi/history/llm/other/other-9.checkpoint.json": GOOD,
            ".pulumi/backups/llm/dev/dev.1.json": GOOD,
        },
        "The backend has older copies: put one that is whole in its place, `.pulumi/stacks/llm/dev.json.bak` or "
        "`.pulumi/history/llm/dev/dev-2.checkpoint.json`.",
    ),
    "backups": (
        {".pulumi/backups/llm/dev/dev.1.json": GOOD, ".pulumi/backups/llm/dev/dev.2.json.gz": GOOD},
        "The backend has older copies: put one that is whole in its place, `.pulumi/backups/llm/dev/dev.2.json.gz`.",
    ),
}


@pytest.mark.parametrize(("kept", "advice"), KEPT.values(), ids=KEPT.keys())
@pytest.mark.parametrize("damage", [CUT_OFF, b"", b"[]", gzip.compress(GOOD)[:-20]], ids=["cut", "empty", "odd", "gz"])
def test_what_to_do_about_a_damaged_checkpoint(
    tmp_path: Path, kept: dict[str, bytes], advice: str, damage: bytes
) -> None:
    home = put(tmp_path / "home", {f"{STACKS}/llm/dev.json": damage, f"{STACKS}/llm/good.json": GOOD, **kept})
    with audited(home, journal=tmp_path / "j") as results:
        assert statuses(results) == {"good.json": "compliant", "dev.json": "unreadable"}
        assert errors(results)["dev.json"].endswith(f". {advice}")


def test_what_to_do_about_a_damaged_export(tmp_path: Path) -> None:
    home = put(tmp_path / "home", {"dev.json": CUT_OFF})
    with audited(home, journal=tmp_path / "j") as results:
        assert errors(results)["dev.json"].endswith(". Export the stack again: `pulumi stack export > state.json`.")


def test_files_here_need_no_package_but_those_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("fsspec", "pyarrow", "requests", "urllib3"):
        monkeypatch.setitem(sys.modules, package, None)
    home = put(tmp_path / "home", {f"{STACKS}/llm/good.json": GOOD, "exports/bad.json.gz": gzip.compress(BAD)})
    targets = (home, f"file://{home}/exports/*.json.gz", home / "exports")
    with audited(*targets, journal=tmp_path / "j") as results:
        assert statuses(results) == {"good.json": "compliant", "bad.json.gz": "violations"}


UNOPENED = {
    "loop": ("HOME/loop", "a link on its path is circular"),
    "loop as a backend": ("file://HOME/loop", "it cannot be listed: a link on its path is circular"),
    "too long": (f"HOME/{'x' * 300}", "it cannot be opened: File name too long"),
    "no user": ("~nobody-of-this-name/states", "it cannot be opened"),
    "NUL": ("file:///srv%00x", "embedded null byte"),
    "stacks that dangle": ("file://HOME/dangling", "it cannot be listed: it is a broken link"),
    "stacks that loop": ("file://HOME/looping", "it cannot be listed: a link on its path is circular"),
}


@pytest.mark.parametrize(("target", "why"), UNOPENED.values(), ids=UNOPENED.keys())
def test_a_target_that_cannot_be_opened_leaves_the_others(tmp_path: Path, target: str, why: str) -> None:
    home = put(tmp_path / "home", {"exports/good.json": GOOD, "dangling/.pulumi/x": b"", "looping/.pulumi/x": b""})
    (home / "loop").symlink_to("loop")
    (home / "dangling/.pulumi/stacks").symlink_to("nowhere")
    (home / "looping/.pulumi/stacks").symlink_to("stacks")
    with audited(target.replace("HOME", str(home)), home / "exports", journal=tmp_path / "j") as results:
        assert {name: status for name, status in statuses(results).items() if name == "good.json"} == {
            "good.json": "compliant"
        }
        said = [result.error for result in results.targets] + [one.error for one in results.unreadable()]
        assert [one for one in said if why in one], said


def test_stacks_of_a_closed_folder_are_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = put(tmp_path / "home", {f"{STACKS}/llm/good.json": GOOD, f"{STACKS}/web/other.json": GOOD})
    with audited(home, journal=tmp_path / "before"):
        pass
    shutil.copy(tmp_path / "before", tmp_path / "j")
    with monkeypatch.context() as closed:
        refuse(closed, "scandir", home / STACKS / "llm", errno.EACCES)
        with audited(home, journal=tmp_path / "j", baseline=tmp_path / "before") as results:
            assert statuses(results) == {"llm": "unreadable", "other.json": "compliant"}
            assert list(results.gone_stacks()) == []
    (home / STACKS / "web/other.json").unlink()
    with audited(home, journal=tmp_path / "j", baseline=tmp_path / "before") as results:
        assert statuses(results) == {"good.json": "compliant"}
        assert [url.rpartition("/")[2] for url in results.gone_stacks()] == ["other.json"]


def test_one_folder_has_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = put(tmp_path / "home", {"exports/good.json": GOOD, "work/x": b""})
    (home / "linked").symlink_to("exports")
    monkeypatch.chdir(home / "work")
    with_names = ("../exports", "../linked", f"{home}/work/../exports", "../exports/*.json", "../linked/good.json")
    urls = {entry.url for target in with_names for entry in open_target(target).entries()}
    assert urls == {f"file://{home}/exports/good.json"}


def test_nothing_at_all_is_no_target(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="there is no such file"):
        list(open_target(f"{tmp_path}/*.json").entries())


def test_a_file_that_may_not_be_read_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str, _max_bytes: int) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr("policypack.audit.stores.objects.read_file", fail)
    put(tmp_path / "states", {"a.json": GOOD})
    with audited(tmp_path / "states", journal=tmp_path / "j") as results:
        assert errors(results) == {"a.json": "no permission (Permission denied): let this user read it"}
