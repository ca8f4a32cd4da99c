"""The content of a state: its size is limited, and it may be compressed as Pulumi's backends do."""

from __future__ import annotations

import zlib
from typing import Final

from policypack.audit.error import DamagedContent, UnreadableState

COMPRESSED: Final = (".gz", ".zst")
MEBIBYTE: Final = 1024 * 1024

_GZIP: Final = b"\x1f\x8b"
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_WITH_GZIP_HEADER: Final = 16 + zlib.MAX_WBITS


def too_large(max_bytes: int) -> UnreadableState:
    """What to raise for a state that has more bytes than the audit reads."""
    return UnreadableState(
        f"it is larger than {max_bytes // MEBIBYTE} MiB, the most that this audit reads: raise `--max-size`"
    )


def decompressed(content: bytes, max_bytes: int) -> bytes:
    """The content, decompressed if it is gzip or Zstandard; Pulumi too goes by its first bytes, not by its name.

    Raises:
        DamagedContent: it is damaged.
        UnreadableState: it has more than `max_bytes`, or a package is missing.
    """
    if content.startswith(_GZIP):
        content = _gunzip(content, max_bytes)
    elif content.startswith(_ZSTANDARD):
        content = _unzstd(content, max_bytes)
    if len(content) > max_bytes:
        raise too_large(max_bytes)
    return content


def _gunzip(content: bytes, max_bytes: int) -> bytes:
    plain = bytearray()
    try:
        while content and len(plain) <= max_bytes:
            member = zlib.decompressobj(_WITH_GZIP_HEADER)
            plain += member.decompress(content, max_bytes + 1 - len(plain))
            if not member.eof and len(plain) <= max_bytes:
                raise DamagedContent("it is compressed but cut off")
            content = member.unused_data
    except zlib.error as error:
        raise DamagedContent("it is compressed but damaged") from error
    return bytes(plain)


def _unzstd(content: bytes, max_bytes: int) -> bytes:
    try:
        import pyarrow as pa
    except ModuleNotFoundError as error:
        raise UnreadableState("Zstandard needs the package pyarrow: install llm-policypack[audit]") from error
    try:
        with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
            plain: bytes = stream.read(max_bytes + 1)
    except OSError as error:
        raise DamagedContent("it is compressed but damaged or cut off") from error
    return plain
