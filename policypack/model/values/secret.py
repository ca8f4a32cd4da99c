"""Values that the program or the state marks as secret: rules compare them as they are, texts never show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

SHOWN: Final = "[secret]"


class Hidden:
    """Shows `[secret]` wherever it is formatted."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __str__(self) -> str:
        return SHOWN

    def __repr__(self) -> str:
        return SHOWN


class SecretInt(Hidden, int):
    """A secret whole number."""


class SecretFloat(Hidden, float):
    """A secret number."""


class SecretText(Hidden, str):
    """A secret text, whose parts are secret too."""

    __slots__ = ()


def _keeping_secret(method: Callable[..., Any]) -> Callable[..., Any]:
    def kept(self: object, *arguments: Any) -> Any:
        return secret(method(self, *arguments))

    return kept


def _arithmetic(name: str, number: int, other: float) -> Any:
    return getattr(float if isinstance(other, float) else int, name)(
        float(number) if isinstance(other, float) else number, other
    )


_MAKES_TEXTS: Final = (
    *("__add__", "__getitem__", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace"),
    *("rpartition", "rsplit", "rstrip", "split", "splitlines", "strip", "upper"),
)
_MAKES_NUMBERS: Final = tuple(f"__{side}{name}__" for side in ("", "r") for name in ("add", "sub", "mul", "truediv"))
for _name in _MAKES_TEXTS:
    # On a plain copy: some methods of `str` ask a subclass for its text with `__str__`.
    setattr(SecretText, _name, _keeping_secret(lambda self, *more, name=_name: getattr(str.__str__(self), name)(*more)))
for _name in _MAKES_NUMBERS:
    # A whole number leaves it to the other side what becomes of it with a fraction, which would tell it.
    setattr(SecretInt, _name, _keeping_secret(lambda self, other, name=_name: _arithmetic(name, self, other)))
    setattr(SecretFloat, _name, _keeping_secret(getattr(float, _name)))


def is_secret(value: object) -> bool:
    """Whether a value is marked as secret."""
    return isinstance(value, Hidden)


def plain(text: str) -> str:
    """A text in clear: to read what it means, never to show it."""
    return str.__str__(text)


def joined(separator: str, parts: Iterable[str]) -> str:
    """The parts in one text, which is secret if one of them is; for names to look up."""
    parts = list(parts)
    text = separator.join(parts)
    return SecretText(text) if any(isinstance(part, SecretText) for part in parts) else text


def like(source: object, value: T) -> T:
    """What was made of a source, as secret as that is."""
    return secret(value) if is_secret(source) else value


def secret(value: T) -> T:
    """The value with every text and number in it marked as secret."""
    return cast("T", _hidden(value))


def _hidden(value: Any) -> Any:
    if isinstance(value, bool | Hidden):  # What is hidden would make another one of how it is shown.
        return value
    if isinstance(value, str):
        return SecretText(value)
    if isinstance(value, int):
        return SecretInt(value)
    if isinstance(value, float):
        return SecretFloat(value)
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_hidden(item) for item in value)
    return value
