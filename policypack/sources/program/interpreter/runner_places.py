"""Lines of the user's own code. `runner.py` imports it from beside itself, so it keeps to the same rules."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname


def place_of(request: Any, root: str) -> tuple[str, int] | None:
    """The innermost line of the user's own code that made a resource; older SDKs do not send it."""
    trace = getattr(request, "stackTrace", None)
    for frame in trace.frames if trace else ():
        path = url2pathname(urlsplit(frame.pc.uri).path)
        if path and is_own(path, root):
            return os.path.realpath(path), frame.pc.line
    return None


def both_in_words(one: tuple[str, int] | None, other: tuple[str, int] | None, root: str) -> str:
    """Two places in their order, each as `file:line`, or one if both are the same; empty if one is not known."""
    if one is None or other is None:
        return ""
    # Which of them is registered first is a race of threads.
    return " and ".join(_in_words(*place, root) for place in sorted({one, other}))


def place_of_caller(root: str) -> str:
    """The innermost line of the user's own code that is running, as `file:line`; empty if there is none."""
    own = (frame for frame in _running() if is_own(frame.f_code.co_filename, root))
    return next((_in_words(frame.f_code.co_filename, frame.f_lineno, root) for frame in own), "")


def is_called_from(part: str) -> bool:
    """Whether a file with this in its path is running."""
    return any(part in frame.f_code.co_filename for frame in _running())


def _running() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def where_raised(error: BaseException, last: TracebackType | None, root: str) -> str:
    """The innermost line of the user's own code that an error passed, as `file:line`; empty if there is none.

    `last` is the traceback that Pulumi keeps: an error that several tasks waited for may have lost its own on the way.
    """
    for places in (*_places(error), _lines(last)):
        own = [place for place in places if is_own(place[0], root)]
        if own:
            file, line = own[-1]
            return _in_words(file, line, root)
    return ""


def _in_words(file: str, line: int, root: str) -> str:
    return f"{os.path.relpath(os.path.realpath(file), os.path.realpath(root))}:{line}"


def _places(error: BaseException) -> Iterator[list[tuple[str, int]]]:
    """The lines that an error passed through, outermost first; then of the errors behind it."""
    chain: BaseException | None = error
    seen: set[int] = set()
    # What several tasks waited for can have itself for its cause.
    while chain is not None and id(chain) not in seen:
        seen.add(id(chain))
        places = _lines(chain.__traceback__)
        if isinstance(chain, SyntaxError) and chain.filename:
            places.append((chain.filename, chain.lineno or 1))
        yield places
        chain = chain.__cause__ or chain.__context__


def _lines(trace: TracebackType | None) -> list[tuple[str, int]]:
    lines = []
    while trace is not None:
        lines.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    return lines


@functools.cache
def is_own(file: str, root: str) -> bool:
    """Whether a file is the user's own code: in the project, and not installed there."""
    path, below_root = os.path.realpath(file), os.path.realpath(root) + os.sep
    environment = os.path.realpath(sys.prefix) + os.sep
    is_installed = "site-packages" in path or (environment.startswith(below_root) and path.startswith(environment))
    return path.startswith(below_root) and not is_installed and os.path.exists(path)
