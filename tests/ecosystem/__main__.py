"""Judges many stacks by the rules of another commit and of this tree: `python -m tests.ecosystem BASE`.

Prints the verdicts that differ, as Markdown. Exit status: 0 also where some differ, 2 if it could not judge.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.ecosystem.compare import Judged, markdown, read
from tests.ecosystem.stacks import cases

ROOT: Final = Path(__file__).parents[2]
_JUDGE: Final = Path(__file__).with_name("judge.py")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.ecosystem", description="Compares the verdicts of two packs."
    )
    parser.add_argument("base", nargs="?", default="origin/main", help="a commit (default: origin/main)")
    parser.add_argument("--generated", type=int, default=2000, help="how many generated stacks (default: 2000)")
    parser.add_argument(
        "--without-programs", action="store_true", help="leave out the stacks whose programs have to run"
    )
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        archive = subprocess.run(
            ["git", "archive", "--output", folder / "base.tar", given.base, "policypack"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if archive.returncode:
            print(f"`{given.base}` is no commit with a policypack/: {archive.stderr.strip()}", file=sys.stderr)
            return 2
        (folder / "base").mkdir()
        subprocess.run(["tar", "-C", folder / "base", "-xf", folder / "base.tar"], check=True)
        with (folder / "requests").open("w") as file:
            for case in cases(given.generated, programs=not given.without_programs):
                file.write(f"{json.dumps(case)}\n")
        print(markdown(*judged(folder, folder / "base", ROOT)))
    return 0


def judged(folder: Path, *trees: Path) -> list[Judged]:
    """What the packs of trees say of the stacks in `folder`/requests, judged at the same time."""
    files = [folder / f"verdicts-{number}" for number in range(len(trees))]
    judges = [
        subprocess.Popen([sys.executable, "-I", _JUDGE, tree, folder / "requests", file])
        for tree, file in zip(trees, files, strict=True)
    ]
    if sum(judge.wait() for judge in judges):
        sys.exit("A pack could not be asked: its messages are above.")
    return [read(file) for file in files]


if __name__ == "__main__":
    sys.exit(main())
