"""How properties are read: every form that Pulumi hands over becomes known, absent or unknown."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.properties import Properties
from policypack.model.values.ranges import EVERYWHERE, parse_ranges, without
from policypack.model.values.read import PLACEHOLDER, SECRET_SIGNATURE, SIGNATURE_KEY, read
from policypack.model.values.secret import SecretText
from policypack.model.values.values import UNKNOWN, Unknown

SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def secret(**more: Any) -> dict[str, Any]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, **more}


def nested(depth: int) -> Any:
    return "leaf" if depth == 0 else [nested(depth - 1)]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (None, None),
        (True, True),
        (8000.0, 8000),
        (0.8, 0.8),
        ("http", "http"),
        (SENTINEL, UNKNOWN),
        (f"a-{PLACEHOLDER}-b", UNKNOWN),
        (float("nan"), UNKNOWN),
        (float("inf"), UNKNOWN),
        (10**400, UNKNOWN),
        (1e200, UNKNOWN),
        (-1e200, UNKNOWN),
        (2**64, 2**64),
        (2**64 + 1, UNKNOWN),
        (object(), UNKNOWN),
        ([1.0, SENTINEL], [1, UNKNOWN]),
        ({"a": SENTINEL, "__defaults": ["a"], 3: 4}, {"a": UNKNOWN}),
        (secret(value="x"), "x"),
        (secret(value={"a": SENTINEL}), {"a": UNKNOWN}),
        (secret(ciphertext="v1:abc"), UNKNOWN),
        (secret(plaintext='{"a": 1}'), {"a": 1}),
        (secret(plaintext="{"), UNKNOWN),
        (secret(plaintext=3), UNKNOWN),
        ({SIGNATURE_KEY: "another kind", "value": "x"}, UNKNOWN),
        ({SIGNATURE_KEY: SENTINEL}, UNKNOWN),
    ],
)
def test_read(raw: Any, value: Any) -> None:
    assert read(raw) == value


def test_what_is_nested_too_deep_is_unknown() -> None:
    value = read(nested(5000 // 10))
    while isinstance(value, list):
        (value,) = value
    assert value is UNKNOWN


def test_unknown_is_neither_true_nor_equal_to_anything() -> None:
    with pytest.raises(TypeError):
        bool(UNKNOWN)
    with pytest.raises(TypeError):
        UNKNOWN == "http"  # noqa: B015
    assert UNKNOWN == UNKNOWN  # noqa: PLR0124


VALUES: dict[str, Any] = {
    "text": "8000",
    "number": 8000,
    "flag": "true",
    "object": {"a": 1},
    "list": [{"a": 1}, UNKNOWN],
    "empty": "",
}


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("string", "number", "8000"),
        ("string", "empty", None),
        ("string", "object", UNKNOWN),
        ("number", "text", 8000.0),
        ("number", "empty", None),
        ("number", "flag", UNKNOWN),
        ("boolean", "flag", True),
        ("boolean", "text", UNKNOWN),
        ("object", "text", UNKNOWN),
        ("object", "missing", None),
        ("strings", "text", ["8000"]),
        ("strings", "missing", []),
        ("strings", "number", UNKNOWN),
        ("objects", "text", UNKNOWN),
        ("objects", "missing", []),
    ],
)
def test_typed_access(kind: str, key: str, value: Any) -> None:
    assert getattr(Properties(VALUES), kind)(key) == value


def test_nothing_is_known_of_an_unknown_item_or_object() -> None:
    objects = Properties(VALUES).objects("list")
    assert not isinstance(objects, Unknown)
    known, unknown = objects
    assert (known.number("a"), unknown.number("a")) == (1, UNKNOWN)
    assert Properties(UNKNOWN).string("any") is UNKNOWN
    assert Properties({}, missing=UNKNOWN).string("any") is UNKNOWN


@pytest.mark.parametrize("text", ["203.0.113.0/24", "2001:db8::/32"])
def test_a_secret_range_is_left_out_of_others(text: str) -> None:
    hidden, shown = (parse_ranges([one]).certain for one in (SecretText(text), text))
    assert without(EVERYWHERE, hidden) == without(EVERYWHERE, shown) != EVERYWHERE
