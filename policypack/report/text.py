"""Text from stacks, which may hold anything, made fit for the encodings of documents."""

from __future__ import annotations

import json
import re
from typing import Any, Final

# What XML 1.0 has no way to write: https://www.w3.org/TR/xml/#charsets
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def json_text(document: Any, indent: int | None = 2) -> str:
    """A document as JSON in ASCII, so that no encoding can break it, with a line break at its end.

    Half a surrogate pair, which many readers refuse, is written as the six characters that stand for it.
    """
    return f"{json.dumps(_whole(document), indent=indent)}\n"


def xml_text(text: str) -> str:
    r"""The text with what XML cannot hold written as Python does, such as `\x1b`."""
    return _NO_XML.sub(lambda found: repr(found[0])[1:-1], text)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value
