"""What the pack needs of the policy SDK beyond its public interface; without it, secrets behind the SDK are not told.

The SDK unwraps secrets before policies see them. Its functions with these names are called from 1.19 to 1.21, and tests
hold that: https://github.com/pulumi/pulumi-policy/blob/main/sdk/python/lib/pulumi_policy/policy.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_policy import policy as _sdk

_TARGET = "__target"  # how the SDK's proxies give what they stand for


class _Deserialized(dict[str, Any]):
    """The properties of a resource as the SDK hands them to policies, with those that the engine sent."""

    as_sent: Mapping[str, Any]


def keep_what_was_sent() -> None:
    """Has the SDK keep the properties that the engine sent, for `as_sent`; other policies see no change."""
    deserialize = getattr(_sdk, "deserialize_properties", None)
    if deserialize is None or getattr(deserialize, "keeps_what_was_sent", False):
        return

    def kept(properties: dict[str, Any], *more: Any, **named: Any) -> Any:
        found = deserialize(properties, *more, **named)
        if type(found) is not dict:
            return found
        result = _Deserialized(found)
        result.as_sent = properties
        return result

    kept.keeps_what_was_sent = True  # type: ignore[attr-defined]
    vars(_sdk)["deserialize_properties"] = kept


def as_sent(properties: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The properties that the engine sent, secrets and unknown values marked; `None` if the SDK did not keep them."""
    try:
        target = properties[_TARGET]
    except (KeyError, TypeError):
        return None
    return target.as_sent if isinstance(target, _Deserialized) else None
