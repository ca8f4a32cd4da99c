#!/usr/bin/env python3
"""Prepares a folder of weights for the machines, and uploads it.

usage: ./upload_model.py FOLDER               write FOLDER/SHA256SUMS and print its hash, for `model.manifest_sha256`
       ./upload_model.py FOLDER gs://BUCKET/PATH   upload what SHA256SUMS lists, and SHA256SUMS last (needs gcloud)

Hidden files and folders (`.git`, `.cache`, `.gitattributes`) are no part of a model: they are neither listed nor
uploaded.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MANIFEST = "SHA256SUMS"


class ModelError(Exception):
    """The folder cannot be served; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Runs the script; the exit status is 2 for a folder or an upload that does not work."""
    if len(arguments) not in (1, 2) or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        if len(arguments) == 1:
            print(write_manifest(folder))
        else:
            upload(folder, arguments[1])
    except ModelError as error:
        print(f"upload_model: {error}", file=sys.stderr)
        return 2
    return 0


def files_of(folder: Path) -> list[str]:
    """The files of a model, relative to its folder; links are followed, as Hugging Face's cache is made of them."""
    found = []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        shown = [name for name in names if not name.startswith(".")]
        found += [(Path(place) / name).relative_to(folder).as_posix() for name in shown]
    files = sorted(file for file in found if file != MANIFEST)
    if not files:
        raise ModelError(f"{folder} has no files: name the folder with the weights")
    for file in files:
        if "\n" in file or "\\" in file or not file.isprintable():
            raise ModelError(f"the name {file!r} cannot stand in {MANIFEST}: rename the file")
        if not (folder / file).is_file():
            raise ModelError(f"{folder / file} is a link to nothing: download the file again, or remove it")
    return files


def hash_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error


def write_manifest(folder: Path) -> str:
    """Lists the files of a model with their hashes, as `sha256sum` does, and gives the hash of that list."""
    files = files_of(folder)
    with ThreadPoolExecutor() as pool:
        hashes = pool.map(hash_of, (folder / file for file in files))
        text = "".join(f"{digest}  {file}\n" for digest, file in zip(hashes, files, strict=True))
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def upload(folder: Path, url: str) -> None:
    """Uploads what the manifest lists, and the manifest once all of it is there."""
    if not url.startswith("gs://"):
        raise ModelError(f"{url} is no folder of a bucket: give what `pulumi stack output weights` prints")
    if not (folder / MANIFEST).is_file():
        raise ModelError(f"{folder} has no {MANIFEST}: run `./upload_model.py {folder}` first")
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    listed = {file: digest for digest, _, file in (line.partition("  ") for line in lines)}
    if sorted(listed) != files_of(folder):
        raise ModelError(f"{folder} has other files than {MANIFEST}: write it anew with `./upload_model.py {folder}`")
    with ThreadPoolExecutor() as pool:
        for file, digest in zip(listed, pool.map(hash_of, (folder / file for file in listed)), strict=True):
            if digest != listed[file]:
                raise ModelError(f"{file} is not what {MANIFEST} says: write it anew with `./upload_model.py {folder}`")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda file: copy(folder / file, f"{url.rstrip('/')}/{file}"), listed))
    copy(folder / MANIFEST, f"{url.rstrip('/')}/{MANIFEST}")


def copy(file: Path, url: str) -> None:
    """Copies one file to the bucket."""
    try:
        status = subprocess.run(["gcloud", "storage", "cp", str(file.resolve()), url], check=False).returncode
    except FileNotFoundError:
        raise ModelError("gcloud is not on PATH: install the Google Cloud CLI") from None
    if status:
        raise ModelError(f"{file} was not uploaded: gcloud says why, above")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
