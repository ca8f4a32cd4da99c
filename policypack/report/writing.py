"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class OutputError(Exception):
    """A report cannot be written; the message says what to do."""


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Gives a path to write to, and puts what was written in the place of the file; what was there stays until then.

    Raises:
        OutputError: the file cannot be written.
    """
    import tempfile

    named, file = file, Path(os.path.realpath(file))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and not file.is_file():
            # A device or a pipe, which nothing can take the place of.
            yield file
            return
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
            part = Path(folder, file.name)
            yield part
            part.replace(file)
    except OSError as error:
        raise OutputError(f"cannot write {named}: {error.strerror or error}") from error
