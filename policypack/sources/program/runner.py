"""Runs a Pulumi program as a first preview, without the CLI, and writes down what it registers.

`python -u runner.py REQUEST.json RESULT.json` runs in the interpreter of the program's own project, which may be older
than this package and does not have it. So it imports nothing but the standard library, `pulumi` and the modules
`runner_*.py` beside it, and keeps to Python 3.9.

The request has the keys `project`, `stack`, `organization`, `root` and `program` (paths: the folder of the project
file, and the program's file or folder), `config`, `secret_keys`, `encrypted_keys` (those among them of which only a
placeholder is known) and `computed` (`None` for a first preview; see `policypack.sources.program.load_program`). The
result has the key `resources`, or `error` with its facts.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import logging
import os
import runpy
import sys
import threading
from typing import Any

from runner_kubernetes import names_made_up
from runner_places import place_of, where_raised

_REQUEST_FILE, _RESULT_FILE = sys.argv[1:]
_HERE = os.path.dirname(os.path.abspath(__file__))
# The modules beside this one would hide the program's own of the same names.
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != _HERE]


def _write(result: dict[str, Any]) -> None:
    with open(_RESULT_FILE, "w", encoding="utf-8") as file:
        json.dump(result, file)


try:
    import pulumi
    import pulumi.runtime
    from google.protobuf import empty_pb2  # type: ignore[import-untyped, unused-ignore]
    from pulumi.runtime import mocks, rpc, settings
    from pulumi.runtime.proto import callback_pb2, resource_pb2
except ImportError as error:
    _write({"error": {"kind": "no-pulumi", "message": str(error)}})
    sys.exit(0)

_ROOT_TYPE = "pulumi:pulumi:Stack"
_AUTO_NAME_SUFFIX = "-1a2b3c4"


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


class _RefusedError(Exception):
    """Ends the program; why is kept elsewhere."""


class _NoMocks(mocks.Mocks):
    """Never called: the monitor answers by itself."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise NotImplementedError

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise NotImplementedError


class _Callbacks:
    """Takes the place of the server through which the engine runs parts of the program."""

    def __init__(self, monitor: _Monitor) -> None:
        self.monitor = monitor

    def register_stack_transform(self, transform: object) -> None:
        self.monitor.refuse("transform", what="the stack")

    def register_invoke_transform(self, transform: object) -> None:
        self.monitor.refuse("transform", what="the stack's function calls")

    def __getattr__(self, name: str) -> Any:
        # A resource's transforms are refused when it is registered; a preview runs no hooks.
        return lambda *arguments: callback_pb2.Callback(token=name)


class _Monitor(mocks.MockMonitor):
    """Takes the engine's place: keeps each registration, and answers as a first preview does."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__(_NoMocks())
        self.urn_prefix = f"urn:pulumi:{request['stack']}::{request['project']}::"
        self.root: str = request["root"]
        self.config: dict[str, str] = request["config"]
        self.computed: dict[str, dict[str, str]] | None = request["computed"]
        self.records: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, Any] = {}
        self.refusal: dict[str, Any] | None = None
        self.lock = threading.Lock()

    def refuse(self, kind: str, **facts: str) -> None:
        """Stops the program; the first reason is kept, even if the program goes on."""
        with self.lock:
            self.refusal = self.refusal or {"kind": kind, **facts}
        raise _RefusedError(kind)

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN as the engine makes it: the types of all parents, less the stack's."""
        parent_type = parent.split("::")[2] if parent else _ROOT_TYPE
        qualified = type_ if parent_type == _ROOT_TYPE else f"{parent_type}${type_}"
        return f"{self.urn_prefix}{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        if request.remote:
            self.refuse("remote-component", type=request.type, name=request.name)
        if getattr(request, "transforms", None):
            self.refuse("transform", what=f"resource `{request.name}` ({request.type})")
        inputs = _plain_object(request.object)
        outputs = self._outputs_of(request, inputs)
        urn = self._record(request, inputs=inputs, outputs=outputs, read=False)
        answer = resource_pb2.RegisterResourceResponse(urn=urn, id=outputs.get("id", ""), object=request.object)
        for key, value in outputs.items():
            answer.object[key] = value
        self.answers[urn] = answer
        return answer

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        properties = _plain_object(request.properties)
        urn = self._record(request, inputs=properties, outputs={"id": request.id}, read=True)
        self.answers[urn] = resource_pb2.RegisterResourceResponse(urn=urn, id=request.id, object=request.properties)
        answer = resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)
        if hasattr(answer, "id") and request.id != rpc.UNKNOWN:
            answer.id = request.id
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn in self.records:
            self.records[request.urn]["outputs"].update(_plain_object(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.tok != "pulumi:pulumi:getResource" or request.args["urn"] not in self.answers:
            self.refuse("invoke", token=request.tok)
        known = self.answers[request.args["urn"]]
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").update({"urn": known.urn, "id": known.id, "state": known.object})
        return response

    def Call(self, request: Any) -> None:  # noqa: N802
        self.refuse("invoke", token=request.tok)

    def _record(self, request: Any, **facts: Any) -> str:
        urn = self.make_urn(request.parent, request.type, request.name)
        record = {
            "urn": urn,
            "type": request.type,
            "name": request.name,
            "parent": request.parent,
            "custom": facts["read"] or request.custom,
            "provider": request.provider,
            "version": request.version,
            "edges": {key: list(edge.urns) for key, edge in getattr(request, "propertyDependencies", {}).items()},
            "ignore_changes": list(getattr(request, "ignoreChanges", ())),
            "place": place_of(request, self.root),
            **facts,
        }
        with self.lock:
            is_new = self.records.setdefault(urn, record) is record
        if not is_new:
            self.refuse("duplicate", urn=urn)
        return urn

    def _outputs_of(self, request: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        """What the provider adds to the inputs: on a first preview little more than the id of what is imported."""
        made_up: dict[str, Any] = names_made_up(request.type, inputs, rpc.UNKNOWN)
        if request.importId:
            return {"id": request.importId, **made_up}
        if self.computed is None or not request.custom:
            return made_up
        settings_of_provider = self._provider_settings(request)
        name = _first_string("name", inputs) or request.name + _AUTO_NAME_SUFFIX
        names = {key: _first_string(key, inputs, settings_of_provider) for key in ("project", "region", "zone")}
        known = {"name": name, **{key: value for key, value in names.items() if value}}
        return {"id": name, **made_up, **_fill_in(self.computed.get(request.type, {}), known)}

    def _provider_settings(self, request: Any) -> dict[str, Any]:
        if provider := self.records.get(request.provider.rpartition("::")[0]):
            return dict(provider["inputs"])
        namespace = request.type.split(":")[0] + ":"
        return {key[len(namespace) :]: value for key, value in self.config.items() if key.startswith(namespace)}


def _first_string(key: str, *places: dict[str, Any]) -> str:
    return next((place[key] for place in places if isinstance(place.get(key), str)), "")


def _fill_in(templates: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    filled = {}
    for key, template in templates.items():
        try:
            filled[key] = template.format_map(known)
        except KeyError:
            continue
    return filled


def _plain_object(struct: Any) -> dict[str, Any]:
    return {key: _plain(value) for key, value in struct.fields.items()}


def _plain(value: Any) -> Any:
    # protobuf's own conversion refuses numbers that are not finite.
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain_object(value.struct_value)
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    return None if kind in (None, "null_value") else getattr(value, kind)


class _Program:
    """The user's program, and the error that stopped it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.error: BaseException | None = None

    def __call__(self) -> None:
        try:
            runpy.run_path(self.path, run_name="__main__")
        except SystemExit as error:
            if error.code not in (None, 0):
                self.error = error
                raise _RefusedError("exit") from error
        except BaseException as error:
            self.error = error
            raise


def _hide_encrypted(keys: list[str]) -> None:
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


def _run(request: dict[str, Any]) -> dict[str, Any]:
    monitor, program = _Monitor(request), _Program(request["program"])
    failure: BaseException | None = None
    try:
        _prepare(request, monitor)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    except BaseException as error:
        failure = program.error or error
    if monitor.refusal:
        return {"error": monitor.refusal}
    if failure is None or (isinstance(failure, SystemExit) and failure.code in (None, 0)):
        return {"resources": list(monitor.records.values())}
    return {"error": _facts(failure, request["root"])}


def _prepare(request: dict[str, Any], monitor: _Monitor) -> None:
    """Sets up the interpreter and Pulumi's runtime as its language host does."""
    sys.path.insert(0, os.getcwd())
    sys.argv = [request["program"]]
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    # Threads that the program starts read the configuration from here.
    os.environ["PULUMI_CONFIG"] = json.dumps(request["config"])
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(request["secret_keys"])
    pulumi.runtime.set_all_config(request["config"], request["secret_keys"])
    _hide_encrypted(request["encrypted_keys"])
    # `set_mocks` would make a finished stack resource, to which `pulumi.run` can add nothing.
    set_root: Any = settings.set_root_resource
    set_root(monitor)
    mocks.set_mocks(
        _NoMocks(),
        project=request["project"],
        stack=request["stack"],
        preview=True,
        monitor=monitor,
        organization=request["organization"],
    )
    set_root(None)
    settings.SETTINGS.root_directory = request["root"]
    settings.SETTINGS.callbacks = _Callbacks(monitor)


def _facts(error: BaseException, root: str) -> dict[str, Any]:
    """What to say of an error that stopped the program."""
    where = where_raised(error, settings.SETTINGS.rpc_manager.exception_traceback, root)
    facts = {"type": type(error).__name__, "message": str(error), "where": where}
    if isinstance(error, SystemExit):
        return {**facts, "kind": "exit", "message": str(error.code)}
    if isinstance(error, pulumi.ConfigMissingError):
        return {**facts, "kind": "config-missing", "key": error.key, "secret": error.secret}
    if isinstance(error, pulumi.ConfigTypeError):
        return {**facts, "kind": "config-type", "key": error.key, "expected": error.expect_type}
    return {**facts, "kind": "refused" if isinstance(error, pulumi.RunError) else "raised"}


def _main() -> None:
    # Nearly all that a program makes lives to its end: looking for garbage takes as long as the program itself.
    gc.set_threshold(100_000, 50, 50)
    with open(_REQUEST_FILE, encoding="utf-8") as file:
        _write(_run(json.load(file)))
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that the program or gRPC left behind would hold up the end.
    os._exit(0)


if __name__ == "__main__":
    _main()
