"""Runs a Pulumi program as a first preview, without the CLI, and writes down what it registers.

`python -u runner.py REQUEST.json RESULT.json` runs in the interpreter of the program's own project, which may be older
than this package and does not have it. So it imports nothing but the standard library, `pulumi` and the modules
`runner_*.py` beside it, and keeps to Python 3.9.

The request has the keys `project`, `stack`, `organization`, `root` and `program` (paths: the folder of the project
file, and the program's file or folder), `config`, `secret_keys`, `encrypted_keys` (those among them of which only a
placeholder is known), `answers` (what functions return, see `runner_functions.py`) and `computed` (`None` for a first
preview; see `policypack.sources.program.load_program`). The result has the keys `resources`, `used` and `unknown` (see
`runner_functions.Functions`) and `unseen` (see `runner_applies.py`), or `error` with its facts.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import runpy
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runner_kubernetes import names_made_up
from runner_places import both_in_words, is_called_from, place_of, place_of_caller, where_raised
from runner_wire import STACK_REFERENCE

_REQUEST_FILE, _RESULT_FILE = sys.argv[1:]
_HERE = os.path.dirname(os.path.abspath(__file__))
# The modules beside this one would hide the program's own of the same names.
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != _HERE]


def _write(result: dict[str, Any]) -> None:
    with open(_RESULT_FILE, "w", encoding="utf-8") as file:
        # Not `json.dump`, which is written in Python.
        file.write(json.dumps(result))


try:
    import pulumi
    import pulumi.runtime
    from google.protobuf import empty_pb2  # type: ignore[import-untyped, unused-ignore]
    from pulumi.runtime import mocks, rpc, settings
    from pulumi.runtime.proto import resource_pb2

    sys.path.insert(0, _HERE)
    from runner_applies import Applies
    from runner_encrypted import hide_encrypted
    from runner_functions import Functions
    from runner_transforms import Callbacks, Transforms, plain_object

    sys.path.remove(_HERE)
except ImportError as error:
    _write({"error": {"kind": "no-pulumi", "message": str(error)}})
    sys.exit(0)

_ROOT_TYPE = "pulumi:pulumi:Stack"
_THREADS = 1_000
_AUTO_NAME_SUFFIX = "-1a2b3c4"


class _RefusedError(Exception):
    """Ends the program; why is kept elsewhere."""


class _NoMocks(mocks.Mocks):
    """Never called: the monitor answers by itself."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise NotImplementedError

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise NotImplementedError


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
        self.transforms = Transforms()
        secrets = [request["config"][key] for key in request["secret_keys"]]
        self.functions = Functions(self.root, request["answers"], secrets, self.transforms.of_call)
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
        self.transforms.apply(request)
        inputs = plain_object(request.object)
        outputs = self._outputs_of(request, inputs)
        urn = self._record(request, inputs=inputs, outputs=outputs, read=False)
        self.transforms.register(urn, request)
        answer = resource_pb2.RegisterResourceResponse(urn=urn, id=outputs.get("id", ""), object=request.object)
        for key, value in outputs.items():
            answer.object[key] = value
        self.answers[urn] = answer
        return answer

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        outputs = self.functions.outputs_of(request.id) if request.type == STACK_REFERENCE else None
        if outputs is not None:
            request.properties.update({"outputs": outputs, "secretOutputNames": []})
        properties = plain_object(request.properties)
        urn = self._record(request, inputs=properties, outputs={"id": request.id}, read=True)
        self.answers[urn] = resource_pb2.RegisterResourceResponse(urn=urn, id=request.id, object=request.properties)
        answer = resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)
        if hasattr(answer, "id") and request.id != rpc.UNKNOWN:
            answer.id = request.id
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn in self.records:
            self.records[request.urn]["outputs"].update(plain_object(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """What the program made before; what providers answer is in `runner_functions.py`."""
        known = self.answers[request.args["urn"]]
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").update({"urn": known.urn, "id": known.id, "state": known.object})
        return response

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802
        self.transforms.of_stack.append(request.token)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: Any) -> Any:  # noqa: N802
        self.transforms.of_functions.append(request.token)
        return empty_pb2.Empty()

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        info = super().GetDeploymentInfo(request)  # type: ignore[no-untyped-call, unused-ignore]
        info.supportedFeatures.append(resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES)
        return info

    def _record(self, request: Any, **facts: Any) -> str:
        urn = self.make_urn(request.parent, request.type, request.name)
        record = {
            "urn": urn,
            "type": request.type,
            "name": request.name,
            "parent": request.parent,
            "custom": facts["read"] or request.custom,
            "remote": getattr(request, "remote", False),
            "provider": request.provider,
            "version": request.version,
            "edges": {key: list(edge.urns) for key, edge in getattr(request, "propertyDependencies", {}).items()},
            "ignore_changes": list(getattr(request, "ignoreChanges", ())),
            "place": place_of(request, self.root),
            **facts,
        }
        with self.lock:
            first = self.records.setdefault(urn, record)
        if first is not record:
            self.refuse("duplicate", urn=urn, where=both_in_words(first["place"], record["place"], self.root))
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


def _run(request: dict[str, Any]) -> dict[str, Any]:
    monitor, program = _Monitor(request), _Program(request["program"])
    functions, applies = monitor.functions, Applies(request["root"])
    unseen: list[str] = []
    failure: BaseException | None = None
    try:
        loop = asyncio.new_event_loop()
        # A registration holds its thread while its transforms run, and these may wait for other registrations.
        loop.set_default_executor(ThreadPoolExecutor(_THREADS))
        asyncio.set_event_loop(loop)
        _prepare(request, monitor, loop)
        functions.watch()
        applies.watch()
        _refuse_automation(monitor)
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
        unseen = loop.run_until_complete(applies.unseen())
    except BaseException as error:
        failure = program.error or error
    if monitor.refusal:
        return {"error": monitor.refusal}
    if functions.missing or functions.wrong:
        return {"error": functions.facts()}
    if failure is None or (isinstance(failure, SystemExit) and failure.code in (None, 0)):
        resources = list(monitor.records.values())
        facts = {"used": sorted(functions.used), "unknown": functions.unknown, "unseen": unseen}
        return {"resources": resources, **facts}
    return {"error": _facts(failure, request["root"])}


def _prepare(request: dict[str, Any], monitor: _Monitor, loop: Any) -> None:
    """Sets up the interpreter and Pulumi's runtime as its language host does."""
    sys.path.insert(0, os.getcwd())
    sys.argv = [request["program"]]
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    # Threads that the program starts read the configuration from here.
    os.environ["PULUMI_CONFIG"] = json.dumps(request["config"])
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(request["secret_keys"])
    pulumi.runtime.set_all_config(request["config"], request["secret_keys"])
    hide_encrypted(request["encrypted_keys"])
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
    settings.SETTINGS.callbacks = monitor.transforms.callbacks = Callbacks(monitor)
    monitor.transforms.loop = loop


def _refuse_automation(monitor: _Monitor) -> None:
    """Keeps the program from deploying anything with the Automation API, which runs the CLI."""

    def hook(event: str, _: Any) -> None:
        if event == "subprocess.Popen" and is_called_from(os.path.join("pulumi", "automation", "")):
            monitor.refuse("automation", where=place_of_caller(monitor.root))

    sys.addaudithook(hook)


def _facts(error: BaseException, root: str) -> dict[str, Any]:
    """What to say of an error that stopped the program."""
    where = where_raised(error, settings.SETTINGS.rpc_manager.exception_traceback, root)
    facts = {"type": type(error).__name__, "message": _text_of(error), "where": where}
    if isinstance(error, SystemExit):
        return {**facts, "kind": "exit", "message": str(error.code)}
    if isinstance(error, pulumi.ConfigMissingError):
        return {**facts, "kind": "config-missing", "key": error.key, "secret": error.secret}
    if isinstance(error, pulumi.ConfigTypeError):
        return {**facts, "kind": "config-type", "key": error.key, "expected": error.expect_type}
    return {**facts, "kind": "refused" if isinstance(error, pulumi.RunError) else "raised"}


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as other:
        return f"its text cannot be had ({type(other).__name__})"


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
