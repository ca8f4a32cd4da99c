"""Text from stacks, which may hold anything, made fit for the encodings of documents."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

# What XML 1.0 has no way to write: https://www.w3.org/TR/xml/#charsets
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_ASCII: Final = re.compile("[^\x00-\x7e]+")


def json_text(document: Any, indent: int | None = 2) -> str:
    """A document as JSON in ASCII, so that no encoding can break it, with a line break at its end.

    Half a surrogate pair, which many readers refuse, is written as the six characters that stand for it.
    """
    whole = _whole(document)
    if indent is None:
        return f"{json.dumps(whole)}\n"
    try:  # Python's own encoder takes ten times as long where it indents.
        text = orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError:  # A whole number of more than 64 bits.
        text = json.dumps(whole, indent=indent)
    return _NO_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n"


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
