from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.read import (
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN_SENTINELS,
    LazyObject,
    read_lazily,
    read_object,
)
from policypack.model.values.values import UNKNOWN

SENTINEL = min(UNKNOWN_SENTINELS)
RAW: list[Any] = [
    None,
    [],
    {},
    {"__defaults": ["name"]},
    {"__defaults": ["name"], "name": "llm", "size": 2.0, "unset": None},
    {"backends": [{"group": SENTINEL, "__defaults": []}, SENTINEL], "labels": {"a": {"b": [1]}}},
    {"token": {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "v1:x"}},
    {"token": {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": '{"a": 1}'}},
    {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": '{"a": 1}'},
    {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "v1:x"},
]


@pytest.mark.parametrize("raw", RAW)
def test_what_is_read_lazily_is_what_is_read_at_once(raw: Any) -> None:
    lazy, whole = read_lazily(raw), read_object(raw)
    assert lazy == whole
    assert list(lazy) == list(whole)
    assert len(lazy) == len(whole)
    assert bool(lazy) == bool(whole)


def test_each_value_is_made_once_and_only_when_it_is_looked_at() -> None:
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    lazy = LazyObject({"a": 1, "b": 2, "__c": 3}, make)
    assert "a" in lazy
    assert set(lazy) == {"a", "b"}
    assert made == []
    assert (lazy["b"], lazy.get("b"), lazy["b"]) == ("B", "B", "B")
    assert made == ["b"]


def test_internal_and_missing_keys_are_not_there() -> None:
    lazy = LazyObject({"a": 1, "__c": 3}, str.upper)
    assert "__c" not in lazy
    assert lazy.get("__c") is None
    assert lazy.get("x", UNKNOWN) is UNKNOWN
    for key in ("__c", "x"):
        with pytest.raises(KeyError):
            lazy[key]
