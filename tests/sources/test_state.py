from __future__ import annotations

import gzip
import io
import json
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from policypack.model.graph.stack import Stack
from policypack.model.values.values import UNKNOWN
from policypack.sources.error import SourceError
from policypack.sources.state import load_state

EXPORT = Path(__file__).parent.parent / "recordings" / "exported_state.json"
RECORDED = EXPORT.with_name("policy_analyze_state.jsonl")
STACK = "urn:pulumi:dev::llm::"
PROVIDER = f"{STACK}pulumi:providers:gcp::default"
NETWORK = "gcp:compute/network:Network"


def entry(name: str = "net", **properties: Any) -> dict[str, Any]:
    return {"urn": f"{STACK}{NETWORK}::{name}", "type": NETWORK, "custom": True, **properties}


def export(*resources: object, version: object = 3) -> dict[str, Any]:
    return {"version": version, "deployment": {"manifest": {}, "resources": list(resources)}}


def write(folder: Path, content: object) -> Path:
    path = folder / "state.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def error_of(path: Path | None) -> str:
    with pytest.raises(SourceError) as caught:
        load_state(path)
    return str(caught.value)


def test_an_export_shows_what_the_engine_shows_of_it() -> None:
    stack = load_state(EXPORT)
    calls = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    inputs = {call["request"]["urn"]: call["request"] for call in calls if call["call"] == "Analyze"}
    outputs = {r["urn"]: r for call in calls if call["call"] == "AnalyzeStack" for r in call["request"]["resources"]}
    assert {resource.urn for resource in stack.resources} == set(outputs) >= set(inputs)
    for resource in stack.resources:
        recorded = outputs[resource.urn]
        edges = recorded.get("propertyDependencies", {})
        assert resource.type == recorded["type"]
        assert resource.name == recorded["name"]
        assert resource.parent == (recorded.get("parent") or None)
        assert {key: set(urns) for key, urns in resource.edges.items()} == {
            key: set(edge["urns"]) for key, edge in edges.items() if edge.get("urns")
        }


def test_inputs_outputs_and_provider_are_read() -> None:
    stack = load_state(EXPORT)
    service = next(resource for resource in stack.resources if resource.name == "chat")
    assert service.asked.string("portName") == "http"
    assert service.inputs is not None
    assert "__defaults" not in service.inputs
    assert service.result.string("id") == "projects/p-demo/global/backendServices/chat-53e0545"
    assert service.provider["project"] == "p-demo"
    assert service.provider["version"] == "10.2.0"
    assert service.provider["accessToken"] is UNKNOWN
    assert not service.is_read
    assert stack.is_complete
    assert stack.project == "llm"


def shown(stack: Stack) -> list[dict[str, Any]]:
    """All that a stack shows."""
    return [{one.name: getattr(resource, one.name) for one in fields(resource)} for resource in stack.resources]


@pytest.mark.parametrize("version", [3, 4])
def test_a_checkpoint_file_shows_the_same_as_its_export(tmp_path: Path, version: int) -> None:
    latest = json.loads(EXPORT.read_text())["deployment"]
    checkpoint = {"version": version, "checkpoint": {"stack": "organization/llm/up", "latest": latest}}
    assert shown(load_state(write(tmp_path, checkpoint))) == shown(load_state(EXPORT))


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "up.json.gz"
    path.write_bytes(gzip.compress(EXPORT.read_bytes()))
    assert shown(load_state(path)) == shown(load_state(EXPORT))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_powershell_wrote_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(EXPORT.read_text().encode(encoding))
    assert shown(load_state(path)) == shown(load_state(EXPORT))


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(EXPORT.read_bytes())))
    assert shown(load_state(None)) == shown(load_state(EXPORT))


def test_resources_that_are_only_read_have_no_inputs(tmp_path: Path) -> None:
    stack = load_state(write(tmp_path, export(entry(external=True, inputs={"mtu": 1}, outputs={"mtu": 1460}, id="n"))))
    (found,) = stack.resources
    assert found.is_read
    assert found.inputs is None
    assert found.outputs == {"id": "n", "mtu": 1460}


def test_what_is_being_deleted_is_left_out(tmp_path: Path) -> None:
    old, new = entry(delete=True, id="old"), entry(id="new")
    for resources in ([old, new], [new, old]):
        (found,) = load_state(write(tmp_path, export(*resources))).resources
        assert found.result.string("id") == "new"


def test_edges_provider_and_ignored_changes(tmp_path: Path) -> None:
    provider = {"urn": PROVIDER, "type": "pulumi:providers:gcp", "id": "4f2d", "inputs": {"project": "p"}}
    other = entry(
        "other",
        provider=f"{PROVIDER}::4f2d",
        parent=f"{STACK}pulumi:pulumi:Stack::llm-dev",
        propertyDependencies={"network": [f"{STACK}{NETWORK}::net"], "mtu": None, "name": []},
        ignoreChanges=["backends[0]"],
    )
    stack = load_state(write(tmp_path, export(provider, entry(), other)))
    found = stack.by_urn(other["urn"])
    assert found is not None
    assert found.provider == {"project": "p"}
    assert found.provider_urn == PROVIDER
    assert found.parent == other["parent"]
    assert found.edges == {"network": (f"{STACK}{NETWORK}::net",)}
    assert found.ignores_changes_of("backends")


def test_a_name_may_hold_the_delimiter_of_urns(tmp_path: Path) -> None:
    (found,) = load_state(write(tmp_path, export(entry("a::b")))).resources
    assert found.name == "a::b"


@pytest.mark.parametrize(
    "content",
    [
        export(),
        {"version": 3, "deployment": {"manifest": {}}},
        {"version": 3, "deployment": {"resources": None}},
        {"version": 3, "deployment": None},
        {"version": 3, "checkpoint": {"stack": "s"}},
        {"version": 3, "checkpoint": {"stack": "s", "latest": None}},
    ],
)
def test_a_stack_without_resources_is_empty(tmp_path: Path, content: object) -> None:
    assert load_state(write(tmp_path, content)).resources == ()


BAD_STATES: dict[str, tuple[object, list[str]]] = {
    "empty": ("", ["is empty", "has failed", "pulumi stack export > state.json"]),
    "blank": (" \n", ["is empty", "pulumi stack export > state.json"]),
    "cut off": (EXPORT.read_text()[:2000], ["cut off", "line ", "column ", "pulumi stack export > state.json"]),
    "YAML": ("name: llm\n", ["is not JSON", "line 1, column 1"]),
    "a list": ([], ["is JSON, but not a state", '"deployment"', "pulumi stack export > state.json"]),
    "a number": ("1", ["is JSON, but not a state"]),
    "another format": ({"format_version": "1.0", "values": {}}, ["is JSON, but not a state", '"checkpoint"']),
    "a bare deployment": ({"manifest": {}, "resources": []}, ["is JSON, but not a state"]),
    "an old version": (export(version=1), ["is a state of version 1", "versions 3 and 4"]),
    "a new version": (export(version=5), ["is a state of version 5", "versions 3 and 4"]),
    "no version": ({"deployment": {}}, ["is a state of version null"]),
    "a version of another type": (export(version=True), ["is a state of version true"]),
    "a version that is a list": (export(version=[3]), ["is a state of version [3]"]),
    "a deployment of another type": ({"version": 3, "deployment": []}, ["the deployment in it has to be an object"]),
    "a checkpoint of another type": ({"version": 3, "checkpoint": 1}, ["the deployment in it has to be an object"]),
    "resources of another type": (
        {"version": 3, "deployment": {"resources": {"a": 1}}},
        ["`resources` has to be a list"],
    ),
    "a resource of another type": (export(entry(), 1), ["is damaged in resource 2 of 2: it is not an object"]),
    "no URN": (export({"type": NETWORK}), ["it has no `urn`"]),
    "no type": (export({"urn": f"{STACK}{NETWORK}::net"}), ["it has no `type`"]),
    "a bad URN": (export({"urn": "net", "type": NETWORK}), ["`net` is not a URN"]),
    "inputs of another type": (export(entry(inputs=[1])), ["`inputs` of urn:pulumi:dev", "has to be an object"]),
    "outputs of another type": (export(entry(outputs="x")), ["`outputs` of", "has to be an object"]),
    "a parent of another type": (export(entry(parent=1)), ["`parent` of", "has to be a URN"]),
    "a provider of another type": (export(entry(provider={})), ["`provider` of", "has to be a provider reference"]),
    "an id of another type": (export(entry(id=1)), ["`id` of", "has to be a string"]),
    "edges of another type": (export(entry(propertyDependencies=[])), ["`propertyDependencies` of", "an object"]),
    "an edge of another type": (export(entry(propertyDependencies={"a": "b"})), ["has to hold lists of URNs"]),
    "ignored changes of another type": (export(entry(ignoreChanges="a")), ["`ignoreChanges` of", "a list"]),
    "ignored changes of other types": (export(entry(ignoreChanges=[1])), ["has to be a list of property paths"]),
    "nested too deeply": ("[" * 100_000, ["nested too deeply"]),
}


@pytest.mark.parametrize(("content", "phrases"), BAD_STATES.values(), ids=BAD_STATES.keys())
def test_bad_states(tmp_path: Path, content: object, phrases: list[str]) -> None:
    message = error_of(write(tmp_path, content))
    assert [phrase for phrase in phrases if phrase not in message] == [], message


def test_properties_nested_too_deeply_are_unknown(tmp_path: Path) -> None:
    deep: object = 1
    for _ in range(500):
        deep = {"a": deep}
    (found,) = load_state(write(tmp_path, export(entry(inputs={"deep": deep})))).resources
    assert found.inputs is not None


def test_a_missing_file(tmp_path: Path) -> None:
    message = error_of(tmp_path / "nowhere.json")
    assert "There is no file" in message
    assert "pulumi stack export > state.json" in message


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in error_of(tmp_path)


def test_binary_files(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b'{"\xff\xfe"}')
    assert "is not text" in error_of(path)
    path.write_bytes(gzip.compress(EXPORT.read_bytes())[:500])
    assert "is compressed but damaged" in error_of(path)
    path.write_bytes(b"\x1f\x8b no gzip at all")
    assert "is compressed but damaged" in error_of(path)


def test_a_number_that_python_does_not_read(tmp_path: Path) -> None:
    assert "cannot be read as a state" in error_of(write(tmp_path, '{"version": ' + "9" * 5000 + "}"))


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1e400", '"\\ud800"', "123456789012345678901234567890"]
)
def test_what_only_some_parsers_take_is_read(tmp_path: Path, text: str) -> None:
    content = json.dumps(export(entry(inputs={"odd": "here", "mtu": 1}))).replace('"here"', text)
    (found,) = load_state(write(tmp_path, content)).resources
    assert found.asked.number("mtu") == 1
    assert found.inputs is not None
    assert "odd" in found.inputs
