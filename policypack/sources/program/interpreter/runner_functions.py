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
from runner_applies import mark
from runner_kubernetes import what_is_rendered
from runner_places import place_of_caller
from runner_results import MADE_UP, Fitting, StackOutputs, bare, fields_of, in_words, made_up, made_up_fields, mapped
from runner_wire import SIGNATURE, STACK_REFERENCE


class _Call:
    """A function call of the program: what it returns goes into an output, or is wanted at once."""

    def __init__(self, place: str, result: Any, *, is_output: bool) -> None:
        self.place = place
        self.result = result
        self.is_output = is_output
        self.is_unknown = False
        self.answer: dict[str, Any] | None = None


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
        monitor = module.get_monitor
        module._invoke = self._telling(module._invoke, module.InvokeResult)
        module.get_monitor = lambda: _MonitorOf(self, monitor(), _call.get(None))
        if hasattr(module, "invoke_output"):
            module.invoke_output = pulumi.runtime.invoke_output = self._placed(module.invoke_output)
        self._watch_stack_references()
        # Arguments keep what marks them as secret until they are here.
        unwrap = getattr(rpc, "_unwrap_rpc_secret_struct_properties", None)
        if unwrap:
            rpc._unwrap_rpc_secret_struct_properties = lambda value: (value, unwrap(value)[1])

    def _telling(self, invoke: Any, result_class: Any) -> Any:
        """The SDK's call of a function, with what `_MonitorOf` needs to know of it."""
        signature = inspect.signature(invoke)

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
                    found = await awaitable
                    if call.answer and isinstance(found.value, (dict, list)):
                        found.value = mapped(found.value, call.answer["result"], self._lacking(call.answer, call.place))
                    return found
                except Exception:
                    if call.is_unknown:
                        return result_class(None, is_secret=False, is_known=False)
                    raise

            return answered()

        return _invoke

    def _watch_stack_references(self) -> None:
        """What an answer does not have must not look like an output that there is not."""
        references: Any = pulumi.StackReference
        references.outputs = property(self._outputs_with_place, _set_outputs)
        # The SDK's own copy the outputs first.
        references.get_output = references.require_output = _output_of

        def get_output_details(reference: Any, name: str) -> Any:
            place, value = place_of_caller(self.root), _output_of(reference, name)

            async def details() -> Any:
                stack = await reference.name.future()
                if self._answer(STACK_REFERENCE, {"name": stack}):
                    return pulumi.StackReferenceOutputDetails(value=await value.future())
                # The SDK says of what is not known that there is no such output.
                self._ask(STACK_REFERENCE, {"name": stack}, place, None, field=name)
                return pulumi.StackReferenceOutputDetails(value=MADE_UP)

            return details()

        references.get_output_details = get_output_details

    def _outputs_with_place(self, reference: Any) -> Any:
        """The outputs of another stack, which all ways to read one go through, at the line that asks for them."""
        place = place_of_caller(self.root)

        def outputs(found: list[Any]) -> Any:
            stack, values = found
            answer = self._answer(STACK_REFERENCE, {"name": stack})
            return StackOutputs(values, answer["result"], self._lacking(answer, place)) if answer else values

        return pulumi.Output.all(reference.name, vars(reference)["outputs"]).apply(outputs)

    def _lacking(self, answer: dict[str, Any], place: str) -> Any:
        """Takes down a field that the program reads and an answer does not have."""

        def lacking(field: str) -> None:
            facts = {"number": answer["number"], "field": field, "wanted": "a value", "is_missing": True}
            self.wrong.setdefault((answer["number"], field), {**facts, "place": place or place_of_caller(self.root)})

        return lacking

    def _placed(self, function: Any) -> Any:
        @functools.wraps(function)
        def placed(*args: Any, **kwargs: Any) -> Any:
            token = _place.set(place_of_caller(self.root))
            try:
                return mark(function(*args, **kwargs))
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
        if answer := self._answer(token, known):
            call.answer = answer
            return dict(self._fitted(answer, call.result))
        rendered: dict[str, Any] | None = what_is_rendered(token, known)
        if rendered is not None:
            return rendered
        if call.is_output:
            call.is_unknown = True
            self.unknown[token] = self.unknown.get(token) or call.place
            raise _UnknownResult
        if MADE_UP not in json.dumps(known):
            self._ask(token, known, call.place, call.result, has_secrets=has_secrets)
        return dict(made_up_fields(call.result))

    def outputs_of(self, stack: str) -> Any:
        """The outputs of another stack, if there is an answer for them."""
        answer = self._answer(STACK_REFERENCE, {"name": stack})
        return answer and self._fitted(answer, dict)

    def _answer(self, token: str, arguments: dict[str, Any]) -> Any:
        answer = next((one for one in self.answers if _fits(one, token, arguments)), None)
        if answer:
            self.used.add(answer["number"])
        return answer

    def _fitted(self, answer: dict[str, Any], kind: Any) -> Any:
        """An answer as it is sent; what does not fit is written down."""
        number, fitting = answer["number"], Fitting(answer["result"], kind)
        for wrong in fitting.wrong:
            self.wrong.setdefault((number, wrong["field"]), {"number": number, **wrong})
        self.absent.update(dict.fromkeys(fitting.absent, number))
        for one in fitting.classes:
            self._watch_fields(one)
        return fitting.sent

    def _without_secrets(self, value: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        given = {key: item for key, item in value.items() if item is not None}
        known = {key: item for key, item in given.items() if not self._is_secret(item)}
        # Assets are no JSON.
        known = json.loads(json.dumps(known, default=str))
        return known, len(known) < len(given)

    def _is_secret(self, value: Any) -> bool:
        text = json.dumps(value, default=str)
        return SIGNATURE in text or any(json.dumps(secret)[1:-1] in text for secret in self.secrets)

    def _ask(
        self,
        token: str,
        arguments: dict[str, Any],
        place: str,
        kind: Any,
        field: str = "",
        *,
        has_secrets: bool = False,
    ) -> None:
        question = self.missing.setdefault(
            json.dumps([token, arguments], sort_keys=True),
            {
                "function": token,
                "arguments": arguments,
                "place": place,
                "fields": {name: in_words(of) for name, (_, of) in fields_of(kind).items()},
                "read": [],
                "has_secrets": has_secrets,
            },
        )
        if field:
            question["fields"][field] = "a value"
            question["read"] = list(question["fields"])
        if kind:
            self.waiting.setdefault(kind, []).append(question)
            self._watch_fields(kind)

    def _watch_fields(self, kind: type) -> None:
        """Has a class of results tell which of its fields are read."""
        if kind in self.watched:
            return
        self.watched.add(kind)
        for name, (_, of) in fields_of(kind).items():
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
                facts = {"number": number, "field": name, "place": place_of_caller(self.root), "wanted": in_words(of)}
                self.wrong.setdefault((number, name), {**facts, "is_missing": True})
                return rpc.translate_output_properties(made_up(of), lambda key: key, of)
            return value

        return field


def _output_of(reference: Any, name: Any) -> Any:
    """One output of another stack."""
    outputs = reference.outputs
    return pulumi.Output.from_input(name).apply(lambda known: outputs.apply(lambda values: values[known]))


def _set_outputs(reference: Any, outputs: Any) -> None:
    vars(reference)["outputs"] = outputs


def _fits(answer: dict[str, Any], token: str, arguments: dict[str, Any]) -> bool:
    given = {bare(key): value for key, value in arguments.items()}
    return answer["function"] == token and {bare(key): item for key, item in answer["arguments"].items()} == given
