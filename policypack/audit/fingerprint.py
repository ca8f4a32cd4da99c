"""What a verdict depends on besides the state: the policy pack, its settings, and which waivers have expired."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from policypack.config.options import Setting

_PACK: Final = Path(__file__).parent.parent
# What is around a verdict has no part in it.
_NO_PART: Final = ("commands", "report")


@cache
def pack_digest() -> str:
    """A digest of the pack's own files: with others a verdict may be another one."""
    digest = hashlib.sha256()
    for file in sorted(_PACK.rglob("*.py")):
        path = file.relative_to(_PACK)
        if path.parts[0] not in _NO_PART:
            digest.update(f"{path.as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def fingerprint(settings: Mapping[str, Setting], today: date) -> str:
    """A text that is the same as long as the same state gets the same verdicts."""
    expired = [
        (name, i)
        for name, setting in sorted(settings.items())
        for i, waiver in enumerate(setting.options.waivers)
        if waiver.has_expired(today)
    ]
    parts = (pack_digest(), sorted(settings.items()), expired)
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
