"""What the pack needs of the policy SDK beyond its public interface.

The SDK unwraps secrets before policies see them, and decodes each request once for every policy: a hundred times for
this pack. The names below are those of 1.19 to 1.21:
https://github.com/pulumi/pulumi-policy/blob/main/sdk/python/lib/pulumi_policy/policy.py. Where a later version lacks
one, secrets are not told or requests are decoded for every policy, and everything else is as before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from types import SimpleNamespace
from typing import Any, Final, ParamSpec, TypeVar

from pulumi_policy import policy as _sdk

P = ParamSpec("P")
R = TypeVar("R")

_DESERIALIZE: Final = "deserialize_properties"
_PROXY: Final = "unknown_checking_proxy"
_SERVICER: Final = "_PolicyAnalyzerServicer"
# The requests that are shown to every policy, and what the servicer makes of them each time.
_REQUESTS: Final = ("Analyze", "AnalyzeStack")
_PARTS: Final = ("_get_resource_options", "_get_provider_resource")


class _Deserialized(dict[str, Any]):
    """Properties as the SDK deserializes them, with those that the engine sent."""

    as_sent: Mapping[str, Any]


def prepare() -> None:
    """Has the SDK keep the properties that the engine sent, for `as_sent`, and decode each request once.

    Other policies of the process see no change, unless they write into the properties that they are shown.
    """
    if not hasattr(_sdk, "_is_prepared_for_llm_policypack"):
        _keep_what_was_sent()
        _decode_once()
        vars(_sdk)["_is_prepared_for_llm_policypack"] = True


def as_sent(properties: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The properties that the engine sent, with secrets and unknown values marked; `None` if the SDK kept none."""
    return getattr(properties, "as_sent", None)


def to_send(properties: dict[str, Any]) -> Mapping[str, Any]:
    """Properties in the engine's form, as the SDK takes them from a remediation and shows them to the next one."""
    shown: Mapping[str, Any] = vars(_sdk)[_DESERIALIZE](properties, True)
    return shown


def _keep_what_was_sent() -> None:
    deserialize, proxy = vars(_sdk).get(_DESERIALIZE), vars(_sdk).get(_PROXY)
    if deserialize is None or proxy is None:
        return

    def deserialized(properties: dict[str, Any], *more: Any, **named: Any) -> Any:
        found = deserialize(properties, *more, **named)
        if type(found) is dict:
            found = _Deserialized(found)
        # To a remediation the SDK shows secrets by a proxy of its own.
        found.as_sent = properties
        return found

    def proxied(properties: Any) -> Any:
        found = proxy(properties)
        if isinstance(properties, _Deserialized):
            found.as_sent = properties.as_sent
        return found

    vars(_sdk).update({_DESERIALIZE: deserialized, _PROXY: proxied})


# What was made during the request that is being answered, with what it was made of: that keeps its identity.
_made: ContextVar[dict[tuple[Any, ...], tuple[Any, Any]] | None] = ContextVar("made", default=None)


def _decode_once() -> None:
    json_format, servicer = vars(_sdk).get("json_format"), vars(_sdk).get(_SERVICER)
    names = (_DESERIALIZE, _PROXY)
    if not all(hasattr(servicer, name) for name in (*_REQUESTS, *_PARTS)) or not all(hasattr(_sdk, n) for n in names):
        return
    if hasattr(json_format, "MessageToDict"):
        once = {"MessageToDict": _once_a_request(vars(json_format)["MessageToDict"])}
        vars(_sdk)["json_format"] = SimpleNamespace(**{**vars(json_format), **once})
    vars(_sdk).update({name: _once_a_request(vars(_sdk)[name]) for name in names})
    for name in _PARTS:
        setattr(servicer, name, _once_a_request(getattr(servicer, name)))
    for name in _REQUESTS:
        setattr(servicer, name, _as_one_request(getattr(servicer, name)))


def _as_one_request(answer: Callable[P, R]) -> Callable[P, R]:
    @wraps(answer)
    def answered(*args: P.args, **kwargs: P.kwargs) -> R:
        token = _made.set({})
        try:
            return answer(*args, **kwargs)
        finally:
            _made.reset(token)

    return answered


def _once_a_request(make: Callable[..., R]) -> Callable[..., R]:
    @wraps(make)
    def made(*args: Any, **kwargs: Any) -> R:
        found = _made.get()
        if found is None or kwargs:
            return make(*args, **kwargs)
        key = (make, *map(id, args))
        if key not in found:
            found[key] = (args, make(*args))
        result: R = found[key][1]
        return result

    return made
