"""Reading properties: any form in which Pulumi hands them over becomes a `Value`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeGuard

from policypack.model.values.secret import secret
from policypack.model.values.values import UNKNOWN, Value

# Pulumi's wire format: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go
SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN_SENTINELS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

# Stands for an encrypted configuration value in a run without the CLI. What was computed from one is not known.
PLACEHOLDER: Final = "encrypted-value-not-available-here"

_MAX_DEPTH: Final = 100
# No number of the API is larger. Products of a few such numbers can still be written as floats.
_MAX_NUMBER: Final = 2**64
_NUMBERS: Final = (int, float)


def read(raw: object, unknown_errors: tuple[type[Exception], ...] = (), depth: int = 0) -> Value:
    """Turns any form in which Pulumi hands over a property into a `Value`.

    Takes plain JSON values, protobuf's floats, the SDK's proxies, secrets and unknown sentinels. Secrets are
    unwrapped, and their texts and numbers marked; ciphertext is `UNKNOWN`, whole floats become integers, `__defaults`
    and other internal keys go.

    Args:
        raw: the property.
        unknown_errors: what reading an unknown item of `raw` raises, for the SDK's proxies.
        depth: how deep `raw` is nested; what is deeper than any real property is `UNKNOWN`.
    """
    # What a state has most of goes first.
    if isinstance(raw, str):
        return UNKNOWN if raw in UNKNOWN_SENTINELS or PLACEHOLDER in raw else raw
    if raw is None or raw is True or raw is False:
        return raw
    if isinstance(raw, _NUMBERS):
        return _read_number(raw)
    if depth >= _MAX_DEPTH:
        return UNKNOWN
    if isinstance(raw, dict) and SIGNATURE_KEY not in raw:
        return {key: read(item, unknown_errors, depth + 1) for key, item in raw.items() if _is_shown(key)}
    if isinstance(raw, list):
        return [read(item, unknown_errors, depth + 1) for item in raw]
    if isinstance(raw, Mapping):
        return _read_mapping(raw, unknown_errors, depth)
    if isinstance(raw, Sequence):
        return [_read_item(raw, i, unknown_errors, depth) for i in range(len(raw))]
    return UNKNOWN


def read_object(raw: object, unknown_errors: tuple[type[Exception], ...] = ()) -> dict[str, Value]:
    """Reads the properties of a resource; anything but an object has none."""
    value = read(raw, unknown_errors)
    return value if isinstance(value, dict) else {}


def _read_number(raw: float) -> Value:
    if not abs(raw) <= _MAX_NUMBER:
        return UNKNOWN
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _is_shown(key: object) -> TypeGuard[str]:
    """Whether a key is the name of a property: those that begin with two underscores are Pulumi's own."""
    return isinstance(key, str) and not key.startswith("__")


def _read_mapping(raw: Mapping[object, object], unknown_errors: tuple[type[Exception], ...], depth: int) -> Value:
    if SIGNATURE_KEY in iter(raw):
        return _read_special(raw, unknown_errors, depth)
    return {key: _read_item(raw, key, unknown_errors, depth) for key in iter(raw) if _is_shown(key)}


def _read_special(raw: Mapping[object, object], unknown_errors: tuple[type[Exception], ...], depth: int) -> Value:
    keys = set(iter(raw))
    if _read_item(raw, SIGNATURE_KEY, unknown_errors, depth) is not UNKNOWN and raw[SIGNATURE_KEY] == SECRET_SIGNATURE:
        if "value" in keys:
            return secret(_read_item(raw, "value", unknown_errors, depth))
        if "plaintext" in keys:
            return secret(_read_plaintext(raw["plaintext"], depth))
    return UNKNOWN


def _read_plaintext(plaintext: object, depth: int) -> Value:
    """A decrypted secret of a state is JSON in a string."""
    try:
        return read(json.loads(plaintext), depth=depth + 1) if isinstance(plaintext, str) else UNKNOWN
    except (ValueError, RecursionError):
        return UNKNOWN


def _read_item(container: object, key: object, unknown_errors: tuple[type[Exception], ...], depth: int) -> Value:
    try:
        item = container[key]  # type: ignore[index]
    except unknown_errors:
        return UNKNOWN
    return read(item, unknown_errors, depth + 1)
