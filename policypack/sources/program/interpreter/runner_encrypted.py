"""Encrypted configuration, which is not known in such a run. By the same rules as `runner.py`, beside it."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pulumi


class _Encrypted(str):
    """Stands for an encrypted value that a program reads in plain: every part of it is as unknown as the whole."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> str:
        return self


_SAME = "capitalize casefold lower lstrip removeprefix removesuffix replace rstrip strip swapcase title translate upper"
for _method in _SAME.split():
    setattr(_Encrypted, _method, lambda self, *args: self)
for _method in ("split", "rsplit", "splitlines"):
    setattr(_Encrypted, _method, lambda self, *args, **kwargs: [self])
for _method in ("partition", "rpartition"):
    setattr(_Encrypted, _method, lambda self, separator: (self, separator, self))


def hide_encrypted(keys: list[str]) -> None:
    """Makes what the program reads of encrypted configuration unknown: an output, or a string that stands for one."""
    for name in [name for name in vars(pulumi.Config) if name.startswith(("get", "require"))]:
        setattr(pulumi.Config, name, _hiding(getattr(pulumi.Config, name), keys, is_secret="secret" in name))


def _hiding(read: Any, keys: list[str], *, is_secret: bool) -> Any:
    @functools.wraps(read)
    def wrapper(self: Any, key: str, *args: Any, **kwargs: Any) -> Any:
        is_encrypted = self.full_key(key) in keys
        if is_encrypted and is_secret:
            return _unknown_secret()
        value = read(self, key, *args, **kwargs)
        return _Encrypted(value) if is_encrypted and isinstance(value, str) else value

    return wrapper


def _unknown_secret() -> Any:
    async def resolve(value: Any) -> Any:
        return value

    unknown, is_known, is_secret = (asyncio.ensure_future(resolve(value)) for value in (None, False, True))
    return pulumi.Output(set(), unknown, is_known, is_secret)
