"""Looks for the sentences that verdicts stand on in the libraries that are installed: `python -m tests.facts`.

Ends with 1 if one has changed, after saying what in the pack to read again.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from tests.facts.libraries import documentation
from tests.facts.sentences import SENTENCES, Sentence


def changed(sentences: Iterable[Sentence], site: Path) -> list[str]:
    """Says of each sentence that its library no longer has what to read again, and why.

    Args:
        sentences: those to look for.
        site: the folder that the libraries are installed in.
    """
    said = ((one, documentation(site, one.library, one.message, one.field)) for one in sentences)
    return [
        f"{one.library}, {one.message}.{one.field}: read {one.decides} again.\n"
        f"  It said: {one.says}\n"
        f"  It says: {text or 'nothing; there is no such field'}"
        for one, text in said
        if " ".join(one.says.split()) not in text
    ]


def main() -> int:
    libraries = sorted({one.library for one in SENTENCES})
    print("Looking in", ", ".join(f"{library} {version(library)}" for library in libraries))
    found = changed(SENTENCES, Path(sysconfig.get_path("purelib")))
    print("\n\n".join(found) if found else f"All {len(SENTENCES)} sentences are as they were.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
