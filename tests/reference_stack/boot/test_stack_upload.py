"""The script that hashes and uploads a model: the same files for the manifest and the bucket, and clear refusals."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import upload_model
from tests.reference_stack.boot.gcloud import put_gcloud

# What real folders of models hold; the last ones are left by git and by Hugging Face's tools.
WEIGHTS = {
    "config.json": "{}",
    "empty.txt": "",
    "part/weights.bin": "weights",
    "chat template's (v2).jinja": "{{ messages }}",
    "-rf": "dash",
    "größe.txt": "8B",
    ".gitattributes": "*.bin filter=lfs",
    "part/.DS_Store": "",
    ".cache/huggingface/download/weights.bin.metadata": "etag",
}
SERVED = [name for name in WEIGHTS if not any(part.startswith(".") for part in Path(name).parts)]
FEW = {name: WEIGHTS[name] for name in ("config.json", "-rf")}
URL = "gs://weights-bucket/qwen3-4b/v1"


class Desk:
    """Where somebody sits who uploads models: a folder of weights, gcloud, and the bucket that it reaches."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.model = root / "my model [8b]"
        self.stored = root / "buckets" / "weights-bucket" / "qwen3-4b" / "v1"
        self.stored.parent.parent.mkdir(parents=True)
        put_gcloud(root / "bin")
        self.write(FEW)

    def write(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            file = self.model / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("BUCKETS", str(tmp_path / "buckets"))
    # The stand-in reads and writes one file.
    monkeypatch.setattr(upload_model, "UPLOADS", 1)
    monkeypatch.chdir(tmp_path)
    return desk


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        """The exit status, and what was printed: output, errors."""
        status = upload_model.main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


Run = Callable[..., tuple[int, str, str]]


def uploaded(desk: Desk, run: Run) -> str:
    assert run(desk.model)[0] == 0
    status, out, err = run(desk.model, URL)
    assert status == 0, err
    return out


def test_what_is_hashed_is_what_is_uploaded(desk: Desk, run: Run) -> None:
    desk.write(WEIGHTS)
    out = uploaded(desk, run)
    files = {str(file.relative_to(desk.stored)) for file in desk.stored.rglob("*") if file.is_file()}
    assert files == {*SERVED, "SHA256SUMS"}
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=desk.stored, check=True)
    assert out == hashlib.sha256((desk.stored / "SHA256SUMS").read_bytes()).hexdigest() + "\n"


def test_the_first_step_prints_what_the_second_does(desk: Desk, run: Run) -> None:
    _, first, _ = run(desk.model)
    assert run(desk.model, URL + "/")[:2] == (0, first)


def test_a_script_of_its_own_process(desk: Desk) -> None:
    script = Path(upload_model.__file__)
    assert os.access(script, os.X_OK)
    for arguments in ([], [URL]):
        done = subprocess.run([sys.executable, script, desk.model, *arguments], capture_output=True, check=False)
        assert (done.returncode, len(done.stdout)) == (0, 65)


def copies(desk: Desk) -> list[str]:
    calls = (desk.root / "buckets" / "calls").read_text().splitlines()
    (desk.root / "buckets" / "calls").unlink()
    return [call.rpartition("/v1/")[2] for call in calls if call.startswith("cp ")]


def test_the_manifest_is_uploaded_last(desk: Desk, run: Run) -> None:
    uploaded(desk, run)
    assert copies(desk)[-1] == "SHA256SUMS"


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        pytest.param(lambda desk: None, [], id="nothing"),
        pytest.param(lambda desk: (desk.stored / "config.json").unlink(), ["config.json"], id="deleted"),
        pytest.param(
            lambda desk: [(desk.stored / name).unlink() for name in ("SHA256SUMS", "-rf")],
            ["-rf", "SHA256SUMS"],
            id="stopped",
        ),
        pytest.param(lambda desk: note(desk, "config.json", "0"), ["config.json"], id="replaced"),
        pytest.param(lambda desk: note(desk, "config.json", None), ["config.json"], id="uploaded-by-hand"),
    ],
)
def test_a_second_upload_sends_what_is_not_there(
    desk: Desk, run: Run, change: Callable[[Desk], object], sent: list[str]
) -> None:
    out = uploaded(desk, run)
    copies(desk)
    change(desk)
    assert run(desk.model, URL)[:2] == (0, out)
    assert copies(desk) == sent


def note(desk: Desk, file: str, digest: str | None) -> None:
    noted = desk.root / "buckets" / "noted.json"
    hashes = json.loads(noted.read_text()) | {f"qwen3-4b/v1/{file}": digest}
    noted.write_text(json.dumps({name: value for name, value in hashes.items() if value is not None}))


def test_links_are_uploaded_as_what_they_point_at(desk: Desk, run: Run) -> None:
    (desk.root / "blobs" / "below").mkdir(parents=True)
    (desk.root / "blobs" / "below" / "x").write_text("linked")
    (desk.model / "linked.bin").symlink_to("../blobs/below/x")
    (desk.model / "folder").symlink_to("../blobs")
    uploaded(desk, run)
    assert (desk.stored / "linked.bin").read_text() == (desk.stored / "folder/below/x").read_text() == "linked"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda desk: shutil.rmtree(desk.model), "is no folder: name the folder", id="no-folder"),
        pytest.param(lambda desk: [file.unlink() for file in desk.model.iterdir()], "has no files", id="empty-folder"),
        pytest.param(lambda desk: desk.write({"a\nb": ""}), r"'a\nb' cannot be uploaded: rename", id="line-break"),
        pytest.param(lambda desk: desk.write({"a\\b": ""}), "rename the file", id="backslash"),
        pytest.param(lambda desk: desk.write({"a[1]/b": ""}), "rename the file", id="pattern"),
        pytest.param(lambda desk: desk.write({"a#1": ""}), "rename the file", id="version"),
        pytest.param(
            lambda desk: desk.write({os.fsdecode(b"\xff"): ""}),
            "rename the file",
            id="not-utf-8",
        ),
        pytest.param(lambda desk: (desk.model / "x").symlink_to("gone"), "a link to nothing", id="dangling-link"),
        pytest.param(lambda desk: os.mkfifo(desk.model / "x"), "x is no file", id="pipe"),
        pytest.param(lambda desk: (desk.model / "x").symlink_to("."), "that it is in: remove it", id="link-loop"),
    ],
)
def test_a_folder_that_cannot_be_served_is_refused(
    desk: Desk, run: Run, change: Callable[[Desk], object], said: str
) -> None:
    change(desk)
    check_refused(run(desk.model), said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda desk: desk.write({"new": ""}), "has other files than SHA256SUMS", id="new-file"),
        pytest.param(lambda desk: (desk.model / "-rf").unlink(), "has other files than SHA256SUMS", id="less-files"),
        pytest.param(lambda desk: desk.write({"config.json": "[]"}), "config.json is not what", id="changed-file"),
        pytest.param(lambda desk: (desk.model / "SHA256SUMS").unlink(), "has no SHA256SUMS: run", id="no-manifest"),
        pytest.param(lambda desk: os.environ.update(PATH="/nowhere"), "install the Google Cloud CLI", id="no-gcloud"),
        pytest.param(
            lambda desk: shutil.rmtree(desk.stored.parents[1]),
            "weights-bucket not found: 404.\nThe bucket",
            id="no-bucket",
        ),
        pytest.param(
            lambda desk: os.environ.update(DENIED="list"), "objects failed: [ci@example.com] does", id="may-not-list"
        ),
        pytest.param(lambda desk: os.environ.update(DENIED="cp"), "roles/storage.objectUser", id="may-not-write"),
    ],
)
def test_an_upload_that_does_not_work_says_why(
    desk: Desk, run: Run, change: Callable[[Desk], object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATH", "DENIED"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    run(desk.model)
    change(desk)
    check_refused(run(desk.model, URL), said)
    assert not (desk.stored / "SHA256SUMS").exists()


@pytest.mark.parametrize("url", ["bucket", "gs://bucket", "gs://bucket/", "gs://bucket/a*", "s3://bucket/a", "gs:///a"])
def test_another_place_than_a_folder_of_a_bucket_is_refused(desk: Desk, run: Run, url: str) -> None:
    run(desk.model)
    check_refused(run(desk.model, url), "is no folder of a bucket")


def test_a_version_that_is_uploaded_stays_as_it_is(desk: Desk, run: Run) -> None:
    uploaded(desk, run)
    before = {file: file.read_bytes() for file in desk.stored.rglob("*") if file.is_file()}
    desk.write({"config.json": "[]"})
    run(desk.model)
    check_refused(run(desk.model, URL), f"{URL} has another model: upload this one to a folder of its own")
    assert {file: file.read_bytes() for file in desk.stored.rglob("*") if file.is_file()} == before


def test_what_the_manifest_does_not_list_is_no_part_of_the_folder(desk: Desk, run: Run) -> None:
    desk.stored.mkdir(parents=True)
    (desk.stored / "old.bin").write_text("old")
    run(desk.model)
    check_refused(run(desk.model, URL), "has files that SHA256SUMS does not list, such as 'old.bin'")


def check_refused(done: tuple[int, str, str], said: str) -> None:
    status, out, err = done
    assert (status, out) == (2, "")
    assert said in err.replace("uploading ", "")
    assert "Traceback" not in err


def test_wrong_arguments_show_the_usage(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["a", "b", "c"]):
        with pytest.raises(SystemExit) as stopped:
            run(*arguments)
        assert stopped.value.code == 2
        assert capsys.readouterr().err.startswith("usage: ")
