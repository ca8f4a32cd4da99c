"""What functions of providers return: an answer, or something unknown. By the same rules as `runner.py`, beside it."""

from __future__ import annotations

import contextvars
import functools
import inspect
import json
import sys
import typing
from typing import Any

import grpc
import pulumi
from pulumi import _types
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, resource_pb2
from runner_places import place_of_caller

# Stands for what an answer is missing for. A run that made one up is never judged.
_MADE_UP = "4dabf1-made-up"
_PULUMI_NAME = "_pulumi_name"
_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number", dict: "a mapping"}
_SECRET_KEY = "4dabf18193072939515e22adb298388d"


class _Call:
    """A function call of the program: what it returns goes into an output, or is wanted at once."""

    def __init__(self, place: str, result: Any, *, is_output: bool) -> None:
        self.place = place
        self.result = result
        self.is_output = is_output
        self.is_unknown = False


_call: contextvars.ContextVar[Any] = contextvars.ContextVar("_call")
_place: contextvars.ContextVar[str] = contextvars.ContextVar("_place", default="")


class _UnknownResult(grpc.RpcError):  # type: ignore[misc, unused-ignore]
    """What the SDK takes for a function that failed; see `Functions.watch`."""

    def code(self) -> Any:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "its result is not known"


class _MonitorOf:
    """The monitor as the SDK sees it during one function call."""

    def __init__(self, functions: Functions, monitor: Any, call: _Call) -> None:
        self.functions = functions
        self.monitor = monitor
        self.call = call

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.tok == "pulumi:pulumi:getResource":
            return self.monitor.Invoke(request)
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").update(self.functions.result_of(request.tok, request.args, self.call))
        return response

    def Call(self, request: Any) -> Any:  # noqa: N802
        """Methods of resources return outputs: theirs depend on what their arguments do."""
        self.functions.unknown.setdefault(request.tok, _place.get())
        response = provider_pb2.CallResponse()
        getattr(response, "return").update({"result": rpc.UNKNOWN})
        for of_argument in request.argDependencies.values():
            response.returnDependencies["result"].urns.extend(of_argument.urns)
        return response

    def __getattr__(self, name: str) -> Any:
        return getattr(self.monitor, name)


class Functions:
    """Answers the calls of a program, and writes down what it lacks for that.

    Attributes:
        used: the numbers of the answers that a call matched.
        missing: the calls without an answer: their `function`, `arguments` and `place`, their `fields` with what they
            hold, those that the program has `read`, and whether there are secret arguments (`has_secrets`).
        wrong: what is wrong with answers: their `number`, the `field` and what is `wanted`; with `fields` it is none of
            these, with `is_missing` the program reads it at `place`, and the answer has no such field.
        unknown: the functions whose results are not known, with a place for each.
    """

    def __init__(self, root: str, answers: list[dict[str, Any]], secrets: list[str], transform: Any) -> None:
        self.root = root
        self.transform = transform
        self.answers = answers
        self.secrets = [secret for secret in secrets if secret]
        self.used: set[int] = set()
        self.missing: dict[str, dict[str, Any]] = {}
        self.wrong: dict[tuple[int, str], dict[str, Any]] = {}
        self.unknown: dict[str, str] = {}
        # For each class of results: who waits for its fields, and which fields no answer has.
        self.waiting: dict[type, list[dict[str, Any]]] = {}
        self.absent: dict[tuple[type, str], int] = {}
        self.watched: set[type] = set()

    def watch(self) -> None:
        """Has the SDK tell of each call where it is, and what it wants of its result."""
        module: Any = sys.modules["pulumi.runtime.invoke"]
        invoke, monitor = module._invoke, module.get_monitor
        signature = inspect.signature(invoke)
        result_class: Any = module.InvokeResult

        @functools.wraps(invoke)
        def _invoke(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs).arguments
            is_output = bool(given.get("check_dependencies"))
            # An output is asked for later, from no line of the program.
            place = _place.get() if is_output else place_of_caller(self.root)
            call = _Call(place, given.get("typ"), is_output=is_output)
            awaitable = invoke(*args, **kwargs)

            async def answered() -> Any:
                _call.set(call)
                try:
                    return await awaitable
                except Exception:
                    if call.is_unknown:
                        return result_class(None, is_secret=False, is_known=False)
                    raise

            return answered()

        module._invoke = _invoke
        module.get_monitor = lambda: _MonitorOf(self, monitor(), _call.get(None))
        for name in ("invoke_output", "call"):
            if hasattr(module, name):
                function = self._placed(getattr(module, name))
                setattr(module, name, function)
                setattr(pulumi.runtime, name, function)
        # Arguments keep what marks them as secret until they are here.
        unwrap = getattr(rpc, "_unwrap_rpc_secret_struct_properties", None)
        if unwrap:
            rpc._unwrap_rpc_secret_struct_properties = lambda value: (value, unwrap(value)[1])

    def _placed(self, function: Any) -> Any:
        @functools.wraps(function)
        def placed(*args: Any, **kwargs: Any) -> Any:
            token = _place.set(place_of_caller(self.root))
            try:
                return function(*args, **kwargs)
            finally:
                _place.reset(token)

        return placed

    def facts(self) -> dict[str, Any]:
        """What the program lacks."""
        return {"kind": "answers", "missing": list(self.missing.values()), "wrong": list(self.wrong.values())}

    def result_of(self, token: str, struct: Any, call: _Call) -> dict[str, Any]:
        """What a call returns, as it goes over the wire."""
        arguments = self.transform(token, struct)
        known, has_secrets = self._without_secrets(rpc.deserialize_properties(arguments))
        answer = next((one for one in self.answers if _fits(one, token, known)), None)
        if answer:
            self.used.add(answer["number"])
            return dict(self._as_sent(answer, answer["result"], call.result, ()))
        if call.is_output:
            call.is_unknown = True
            self.unknown[token] = self.unknown.get(token) or call.place
            raise _UnknownResult
        if _MADE_UP not in json.dumps(known):
            self._ask(token, known, call, has_secrets=has_secrets)
        return _made_up_fields(call.result)

    def _without_secrets(self, value: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        given = {key: item for key, item in value.items() if item is not None}
        known = {key: item for key, item in given.items() if not self._is_secret(item)}
        # Assets are no JSON.
        known = json.loads(json.dumps(known, default=str))
        return known, len(known) < len(given)

    def _is_secret(self, value: Any) -> bool:
        text = json.dumps(value, default=str)
        return _SECRET_KEY in text or any(json.dumps(secret)[1:-1] in text for secret in self.secrets)

    def _ask(self, token: str, arguments: dict[str, Any], call: _Call, *, has_secrets: bool) -> None:
        fields = {name: _in_words(kind) for name, (_, kind) in _fields_of(call.result).items()}
        question = self.missing.setdefault(
            json.dumps([token, arguments], sort_keys=True),
            {
                "function": token,
                "arguments": arguments,
                "place": call.place,
                "fields": fields,
                "read": [],
                "has_secrets": has_secrets,
            },
        )
        if call.result:
            self.waiting.setdefault(call.result, []).append(question)
            self._watch_fields(call.result)

    def _as_sent(self, answer: dict[str, Any], value: Any, kind: Any, path: tuple[str, ...]) -> Any:
        """An answer by the names on the wire; what does not fit the class of the result is written down."""
        kind = _types.unwrap_optional_type(kind) if kind else None
        if not (kind and isinstance(kind, type) and _types.is_output_type(kind)):
            return self._as_sent_plain(answer, value, kind, path)
        if not isinstance(value, dict):
            return self._refuse(answer, path, "a mapping", kind)
        fields, sent = _fields_of(kind), {}
        by_name = {_bare(name): name for name in fields}
        for key, item in value.items():
            name = by_name.get(_bare(str(key)))
            if name is None:
                self._refuse(answer, (*path, str(key)), "", None, fields=list(fields))
            else:
                sent[fields[name][0]] = self._as_sent(answer, item, fields[name][1], (*path, name))
        self._watch_fields(kind)
        for name, (sent_name, _) in fields.items():
            if sent_name not in sent:
                self.absent[kind, name] = answer["number"]
        return sent

    def _as_sent_plain(self, answer: dict[str, Any], value: Any, kind: Any, path: tuple[str, ...]) -> Any:
        origin, inner = _origin(kind), typing.get_args(kind)
        if value is None or kind is None or kind is typing.Any:
            return value
        if origin is list:
            if not isinstance(value, list):
                return self._refuse(answer, path, _in_words(kind), kind)
            of = inner[0] if inner else None
            return [self._as_sent(answer, item, of, (*path, str(number))) for number, item in enumerate(value, 1)]
        is_number = origin in (int, float) and isinstance(value, (int, float)) and not isinstance(value, bool)
        if origin in _NAMES and not is_number and not isinstance(value, origin):
            return self._refuse(answer, path, _in_words(kind), kind)
        if origin is dict and len(inner) == 2:
            return {key: self._as_sent(answer, item, inner[1], (*path, str(key))) for key, item in value.items()}
        return value

    def _refuse(self, answer: dict[str, Any], path: tuple[str, ...], wanted: str, kind: Any, **facts: Any) -> Any:
        number, field = answer["number"], ".".join(path)
        self.wrong.setdefault((number, field), {"number": number, "field": field, "wanted": wanted, **facts})
        return _made_up(kind)

    def _watch_fields(self, kind: type) -> None:
        """Has a class of results tell which of its fields are read."""
        if kind in self.watched:
            return
        self.watched.add(kind)
        for name, (_, of) in _fields_of(kind).items():
            setattr(kind, name, property(self._watching(kind, name, of, getattr(kind, name).fget)))
            inner = _types.unwrap_optional_type(of) if of else None
            for one in (inner, *typing.get_args(inner)):
                if isinstance(one, type) and _types.is_output_type(one):
                    self._watch_fields(one)

    def _watching(self, kind: type, name: str, of: Any, read: Any) -> Any:
        @functools.wraps(read)
        def field(result: Any) -> Any:
            value = read(result)
            # `await` copies a result: nobody has read it.
            if sys._getframe(1).f_code.co_name == "__await__":
                return value
            for question in self.waiting.get(kind, ()):
                if name not in question["read"]:
                    question["read"].append(name)
            number = self.absent.get((kind, name))
            if value is None and number is not None:
                facts = {"number": number, "field": name, "place": place_of_caller(self.root), "wanted": _in_words(of)}
                self.wrong.setdefault((number, name), {**facts, "is_missing": True})
                return rpc.translate_output_properties(_made_up(of), lambda key: key, of)
            return value

        return field


def _fits(answer: dict[str, Any], token: str, arguments: dict[str, Any]) -> bool:
    given = {_bare(key): value for key, value in arguments.items()}
    return answer["function"] == token and {_bare(key): item for key, item in answer["arguments"].items()} == given


def _bare(name: str) -> str:
    """A name in Python's spelling and on the wire: `self_link` and `selfLink`."""
    return name.replace("_", "").lower()


def _fields_of(kind: Any) -> dict[str, tuple[str, Any]]:
    """The fields of a class of results: their names on the wire and their types, by their names in Python."""
    if not (isinstance(kind, type) and _types.is_output_type(kind)):
        return {}
    types = _types.output_type_types(kind)
    names = {
        name: getattr(value.fget, _PULUMI_NAME)
        for name, value in vars(kind).items()
        if isinstance(value, property) and hasattr(value.fget, _PULUMI_NAME)
    }
    return {name: (sent, types.get(sent)) for name, sent in names.items()}


def _origin(kind: Any) -> Any:
    origin = typing.get_origin(kind) or kind
    if isinstance(origin, type) and origin not in (str, bytes) and not _types.is_output_type(origin):
        names = {base.__name__ for base in origin.__mro__}
        return (
            list if "Sequence" in names or origin is list else dict if "Mapping" in names or origin is dict else origin
        )
    return origin


def _made_up(kind: Any) -> Any:
    """Something of a type, so that the program goes on and shows what else it asks for."""
    kind = _types.unwrap_optional_type(kind) if kind else None
    if _fields_of(kind):
        return _made_up_fields(kind)
    origin, inner = _origin(kind), typing.get_args(kind)
    if origin is list:
        return [_made_up(inner[0] if inner else None)]
    return {dict: {}, bool: True, int: 1, float: 1}.get(origin, _MADE_UP)


def _made_up_fields(kind: Any) -> dict[str, Any]:
    return {sent: _made_up(of) for sent, of in _fields_of(kind).values()}


def _in_words(kind: Any) -> str:
    kind = _types.unwrap_optional_type(kind) if kind else None
    origin, inner = _origin(kind), typing.get_args(kind)
    if origin is list:
        return f"a list of {_in_words(inner[0])}" if inner else "a list"
    if fields := _fields_of(kind):
        return f"a mapping with {', '.join(fields)}"
    return _NAMES.get(origin, "a value")
