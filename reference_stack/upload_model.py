#!/usr/bin/env python3
"""Prepares a folder of weights for the servers, and uploads it.

./upload_model.py FOLDER                    writes FOLDER/SHA256SUMS
./upload_model.py FOLDER gs://BUCKET/PATH   uploads what it lists, and it last (needs gcloud)

Both print the hash of SHA256SUMS, for `model.manifest_sha256`. A second upload sends only what is not there yet.
Hidden files and folders (`.git`, `.cache`, `.gitattributes`) are no part of a model: they are neither listed nor
uploaded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from glob import escape
from pathlib import Path

MANIFEST = "SHA256SUMS"
FOLDER_URL = re.compile(r"gs://[a-z0-9][a-z0-9._-]+(/[^/]+)+/?")
# What gcloud takes for a pattern, or for the number of a version.
NOT_IN_URLS = re.compile(r"[*?\[\]\\]|#\d+$")
UPLOADS = 4


class ModelError(Exception):
    """The folder cannot be served, or not be uploaded; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Runs the script; the exit status is 2 for a folder or an upload that does not work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder with the weights")
    parser.add_argument("url", nargs="?", help="gs://BUCKET/PATH, as `pulumi stack output weights` prints it")
    given = parser.parse_args(arguments)
    try:
        print(upload(given.folder, given.url.rstrip("/")) if given.url else write_manifest(given.folder))
    except ModelError as error:
        print(f"upload_model: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("upload_model: stopped; the same command takes it up again", file=sys.stderr)
        return 130
    return 0


def files_of(folder: Path) -> list[str]:
    """The files of a model, relative to its folder; links are followed, as Hugging Face's cache is made of them."""
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder: name the folder with the weights")
    files = sorted(file.relative_to(folder).as_posix() for file in walk(folder, ()) if file != folder / MANIFEST)
    if not files:
        raise ModelError(f"{folder} has no files: name the folder with the weights")
    for file in files:
        if not file.isprintable() or NOT_IN_URLS.search(file):
            raise ModelError(f"the name {file!r} cannot be uploaded: rename the file, without any of * ? [ ] \\ #1")
        if not (folder / file).is_file():
            raise ModelError(f"{folder / file} is no file, or a link to nothing: download it again, or remove it")
    return files


def walk(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """What is not hidden in a folder and in those below it."""
    real = folder.resolve()
    if real in above:
        raise ModelError(f"{folder} is a link to a folder that it is in: remove it")
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise ModelError(f"{folder} cannot be read: {error.strerror}") from error
    for entry in entries:
        if not entry.name.startswith("."):
            yield from walk(entry, (*above, real)) if entry.is_dir() else [entry]


def hashes_of(folder: Path, files: list[str]) -> dict[str, str]:
    """The SHA-256 of each file, in hexadecimal digits."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(files, pool.map(lambda file: hash_of(folder / file), files), strict=True))


def hash_of(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error


def write_manifest(folder: Path) -> str:
    """Lists the files of a model with their hashes, as `sha256sum` does, and gives the hash of that list."""
    text = "".join(f"{digest}  {file}\n" for file, digest in hashes_of(folder, files_of(folder)).items())
    try:
        (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ModelError(f"{folder / MANIFEST} cannot be written: {error.strerror}") from error
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifest(folder: Path) -> dict[str, str]:
    """The hash of each file that the manifest lists, which is what the folder has."""
    again = f"write it anew with `./upload_model.py {folder}`"
    files = files_of(folder)
    if not (folder / MANIFEST).is_file():
        raise ModelError(f"{folder} has no {MANIFEST}: run `./upload_model.py {folder}` first")
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    listed = {file: digest for digest, _, file in (line.partition("  ") for line in lines)}
    if sorted(listed) != files:
        raise ModelError(f"{folder} has other files than {MANIFEST}: {again}")
    for file, digest in hashes_of(folder, files).items():
        if digest != listed[file]:
            raise ModelError(f"{file} is not what {MANIFEST} says: {again}")
    return listed


def upload(folder: Path, url: str) -> str:
    """Uploads what is not there yet, and the manifest once all of it is; gives the hash of the manifest.

    A folder of the bucket that has another manifest stays as it is: machines start with what they were told to expect.
    """
    if not FOLDER_URL.fullmatch(url) or NOT_IN_URLS.search(url):
        raise ModelError(f"{url} is no folder of a bucket: give what `pulumi stack output weights` prints")
    listed = read_manifest(folder)
    manifest = folder / MANIFEST
    stored = stored_hashes(url)
    elsewhere = f"upload this one to a folder of its own, such as {url.rpartition('/')[0]}/v2, and set model.weights"
    if MANIFEST in stored and gcloud("cat", f"{url}/{MANIFEST}") != manifest.read_text(encoding="utf-8"):
        raise ModelError(f"{url} has another model: {elsewhere}")
    if strangers := sorted(stored.keys() - listed.keys() - {MANIFEST}):
        raise ModelError(f"{url} has files that {MANIFEST} does not list, such as {strangers[0]!r}: {elsewhere}")
    missing = [file for file, digest in listed.items() if stored.get(file) != digest]
    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(lambda file: copy(folder / file, f"{url}/{file}", listed[file]), missing))
    digest = hash_of(manifest)
    if MANIFEST not in stored:
        copy(manifest, f"{url}/{MANIFEST}", digest, "--if-generation-match=0")
    print(f"{url} is complete: {len(missing)} of {len(listed)} files were uploaded", file=sys.stderr)
    return digest


def stored_hashes(url: str) -> Mapping[str, str | None]:
    """What the folder of the bucket has, with the hash that its upload noted; None if this script did not upload it."""
    objects = json.loads(gcloud("objects", "list", f"{url}/**", "--format=json"))
    prefix = url.removeprefix("gs://").partition("/")[2] + "/"
    return {
        row["name"].removeprefix(prefix): (row.get("custom_fields") or {}).get("sha256")
        for row in objects
        # What was replaced is listed as well; consoles make an object for a folder.
        if "noncurrent_time" not in row and not row["name"].endswith("/")
    }


def copy(file: Path, url: str, digest: str, *options: str) -> None:
    print(f"uploading {url}", file=sys.stderr)
    gcloud("cp", f"--custom-metadata=sha256={digest}", *options, escape(str(file.resolve())), url)


def gcloud(*arguments: str) -> str:
    """What `gcloud storage` prints for a command."""
    try:
        done = subprocess.run(
            ["gcloud", "storage", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ModelError(f"gcloud cannot be run ({error.strerror}): install the Google Cloud CLI") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or done.stderr.splitlines()
        reason = re.sub(r"^ERROR: (\(gcloud[\w.-]*\) )?", "", said[-1]) if said else f"status {done.returncode}"
        raise ModelError(f"gcloud storage {arguments[0]} failed: {reason}{advice(reason)}")
    return done.stdout


def advice(reason: str) -> str:
    """What helps beyond what gcloud says itself."""
    if "permission" in reason or "403" in reason:
        return "\nYour account needs the role Storage Object User (roles/storage.objectUser) on the bucket."
    if "active account" in reason or "credentials" in reason:
        return "\nLog in with `gcloud auth login`."
    if "not found: 404" in reason:
        return "\nThe bucket is made by `pulumi up`; `pulumi stack output weights` prints its name."
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
