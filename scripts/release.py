#!/usr/bin/env python3
"""What a release needs.

usage: scripts/release.py check [TAG]      say what has to be set before publishing, with a tag what v0.2.0 needs
       scripts/release.py notes TAG        print the changelog's section of a version
       scripts/release.py version NUMBER   write a version, such as 0.2.0, into every file that names it
       scripts/release.py owner NAME       write the owner of the repository into every file that names it
       scripts/release.py build FOLDER     make the wheel, the source archive, the pack and their checksums
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
NAME = "llm-policypack"
PLACEHOLDER = "OWNER"
CHANGELOG = "CHANGELOG.md"
# The one place that says who publishes this; `owner` brings the other files along.
OWNED_BY = re.compile(rf'^REPOSITORY: Final = "https://github\.com/([\w.-]+)/{NAME}"$', re.MULTILINE)
VERSION = re.compile(r'^VERSION: Final = "(.+)"$', re.MULTILINE)
# Versions of this and of nothing else.
PINNED = re.compile(
    rf'({NAME}[^\s@"]*@v|pack-version: v|re[fv]: v|PACK_VERSION: v|llm-backends-gcp |^version: |^VERSION: Final = ")'
    r"(\d+\.\d+\.\d+)",
    re.MULTILINE,
)
TEXTS = {".md", ".yml", ".yaml", ".toml", ".py", ".txt"}
# They are about other repositories as well, or are no part of what is published.
LEFT_ALONE = ("tests/", "scripts/release.py", "docs/decisions/")


def main() -> int:
    """Runs a command; 1 if something has to be set first, 2 for a wrong call."""
    match sys.argv[1:]:
        case ["check", *tags] if len(tags) <= 1:
            problems = [*owner_problems(), *version_problems(*tags)]
            print("\n".join(problems) or "Ready to be released.")
            return 1 if problems else 0
        case ["notes", tag]:
            print(section(tag.removeprefix("v")))
        case ["version", number] if re.fullmatch(r"\d+\.\d+\.\d+", number):
            for file in set_version(number):
                print(file)
        case ["owner", name] if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", name):
            for file in set_owner(name):
                print(file)
        case ["build", folder]:
            build(Path(folder))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def source(name: str) -> str:
    """A file of the repository."""
    return (ROOT / name).read_text()


def owner() -> str:
    """Who publishes this, or the placeholder."""
    return found(OWNED_BY, "policypack/__init__.py")


def found(pattern: re.Pattern[str], name: str) -> str:
    """What a pattern finds in a file that has to have it."""
    match = pattern.search(source(name))
    if not match:
        sys.exit(f"{name} has no line like {pattern.pattern}")
    return match[1]


def files() -> list[str]:
    """The text files that can name the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(
        name
        for name in listed.split("\0")
        if Path(name).suffix in TEXTS and not name.startswith(LEFT_ALONE) and (ROOT / name).is_file()
    )


def naming(name: str) -> list[str]:
    """The files that name the repository as an owner's."""
    return [file for file in files() if f"{name}/{NAME}" in source(file)]


def set_owner(name: str) -> list[str]:
    """Writes the owner everywhere, and says where."""
    before = owner()
    return changed({file: source(file).replace(f"{before}/{NAME}", f"{name}/{NAME}") for file in naming(before)})


def set_version(number: str) -> list[str]:
    """Writes the version everywhere, and says where; what the changelog has under Unreleased becomes its section."""
    texts = {file: PINNED.sub(rf"\g<1>{number}", source(file)) for file in files() if file != CHANGELOG}
    if not section(number):
        texts[CHANGELOG] = source(CHANGELOG).replace("\n## Unreleased\n", f"\n## Unreleased\n\n## {number}\n")
    return changed(texts)


def changed(texts: dict[str, str]) -> list[str]:
    """Writes files, and says which are others now."""
    others = [file for file, text in texts.items() if text != source(file)]
    for file in others:
        (ROOT / file).write_text(texts[file])
    return others


def owner_problems() -> list[str]:
    """What stands for an owner that nobody has set."""
    places = naming(PLACEHOLDER)
    return (
        [f"{PLACEHOLDER} is a placeholder in {', '.join(places)}: scripts/release.py owner NAME sets it"]
        if places
        else []
    )


def version_problems(tag: str = "") -> list[str]:
    """Where versions differ, and what of the changelog is missing."""
    version = found(VERSION, "policypack/__init__.py")
    problems = [
        f"{file}: names {other}, and policypack/__init__.py {version}: scripts/release.py version {version} mends it"
        for file in files()
        if file != CHANGELOG
        for other in sorted({match[2] for match in PINNED.finditer(source(file))} - {version})
    ]
    if tag and tag != f"v{version}":
        problems.append(f"policypack/__init__.py: the version is {version}, and the tag {tag}: one of them is wrong")
    if not section(version):
        problems.append(f"{CHANGELOG}: has no section {version}: scripts/release.py version {version} makes it")
    if tag and section("Unreleased"):
        problems.append(
            f"{CHANGELOG}: what is under Unreleased is in no release: move it to {version}, or set another version"
        )
    return problems


def section(version: str) -> str:
    """What the changelog says of a version."""
    text = source(CHANGELOG).partition(f"\n## {version}\n")[2]
    return text.partition("\n## ")[0].strip()


def build(folder: Path) -> None:
    """Makes what is published; the same bytes from the same commit."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.exit(f"{folder} is not empty: name another folder.")
    time = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    environment = os.environ | {"SOURCE_DATE_EPOCH": time.strip()}
    hatch = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder.resolve())]
    subprocess.run(hatch, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)
    with TemporaryDirectory() as pack:
        subprocess.run([ROOT / "scripts/pack.sh", pack], check=True)
        archive(Path(pack), folder / f"{NAME}-pack-{found(VERSION, 'policypack/__init__.py')}.tar.gz", int(time))
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums))


def archive(folder: Path, target: Path, time: int) -> None:
    """An archive of a folder in which nothing depends on this machine."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size, entry.mtime, entry.mode = path.stat().st_size, time, 0o644
            with path.open("rb") as file:
                tar.addfile(entry, file)
    target.write_bytes(gzip.compress(content.getvalue(), mtime=0))


if __name__ == "__main__":
    sys.exit(main())
