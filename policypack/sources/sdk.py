"""What the pack needs of the policy SDK beyond its public interface.

The SDK unwraps secrets before policies see them. Two of its functions make of what the engine sent what policies get:
https://github.com/pulumi/pulumi-policy/blob/main/sdk/python/lib/pulumi_policy/policy.py (1.19 to 1.21). Where a later
version has them no more, secrets are not told, and everything else is as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi_policy import policy as _sdk

_DESERIALIZE: Final = "deserialize_properties"
_PROXY: Final = "unknown_checking_proxy"


class _Deserialized(dict[str, Any]):
    """Properties as the SDK deserializes them, with those that the engine sent."""

    as_sent: Mapping[str, Any]


def keep_what_was_sent() -> None:
    """Has the SDK keep the properties that the engine sent, for `as_sent`; other policies see no change."""
    deserialize, proxy = vars(_sdk).get(_DESERIALIZE), vars(_sdk).get(_PROXY)
    if deserialize is None or proxy is None or getattr(proxy, "keeps_what_was_sent", False):
        return

    def deserialized(properties: dict[str, Any], *more: Any, **named: Any) -> Any:
        found = deserialize(properties, *more, **named)
        if type(found) is dict:
            found = _Deserialized(found)
            found.as_sent = properties
        return found

    def proxied(properties: Any) -> Any:
        found = proxy(properties)
        if isinstance(properties, _Deserialized):
            found.as_sent = properties.as_sent
        return found

    proxied.keeps_what_was_sent = True  # type: ignore[attr-defined]
    vars(_sdk).update({_DESERIALIZE: deserialized, _PROXY: proxied})


def as_sent(properties: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The properties that the engine sent, with secrets and unknown values marked; `None` if the SDK kept none."""
    return getattr(properties, "as_sent", None)
