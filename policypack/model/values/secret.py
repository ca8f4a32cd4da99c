"""Values that the program or the state marks as secret: rules compare them as they are, texts never show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

SHOWN: Final = "[secret]"


class _Hidden:
    """Shows `[secret]` wherever it is formatted."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __str__(self) -> str:
        return SHOWN

    def __repr__(self) -> str:
        return SHOWN


class SecretInt(_Hidden, int):
    """A secret whole number."""


class SecretFloat(_Hidden, float):
    """A secret number."""


class SecretText(_Hidden, str):
    """A secret text, whose parts are secret too; `plain` is for names to look up, never for texts."""

    __slots__ = ()

    def plain(self) -> str:
        """The text itself."""
        return "".join(self)


def _keeping_secret(method: Callable[..., Any]) -> Callable[..., Any]:
    def kept(self: SecretText, *arguments: Any) -> Any:
        return secret(method(self, *arguments))

    return kept


for _name in ("__getitem__", "lower", "upper", "strip", "removeprefix", "removesuffix", "replace", "partition"):
    setattr(SecretText, _name, _keeping_secret(getattr(str, _name)))
for _name in ("rpartition", "split", "rsplit", "splitlines", "lstrip", "rstrip"):
    setattr(SecretText, _name, _keeping_secret(getattr(str, _name)))


def secret(value: Any) -> Any:
    """The value with every text and number in it marked as secret."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return SecretText(value)
    if isinstance(value, int):
        return SecretInt(value)
    if isinstance(value, float):
        return SecretFloat(value)
    if isinstance(value, dict):
        return {key: secret(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(secret(item) for item in value)
    return value
