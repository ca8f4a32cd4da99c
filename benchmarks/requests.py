"""The requests that the engine sends a policy pack about a deployed stack."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2

from .entries import Entry


def analyze_requests(state: bytes) -> list[analyzer_pb2.AnalyzeRequest]:
    """One `Analyze` for each resource, which shows its inputs."""
    entries = _entries(state)
    providers = _providers(entries)
    return [
        ParseDict(_described(entry, "inputs", providers), analyzer_pb2.AnalyzeRequest()) for entry in entries.values()
    ]


def analyze_stack_request(state: bytes) -> analyzer_pb2.AnalyzeStackRequest:
    """The `AnalyzeStack`, which shows outputs and dependency edges of all resources."""
    entries = _entries(state)
    providers = _providers(entries)
    resources = [
        {
            **_described(entry, "outputs", providers),
            "parent": entry.get("parent", ""),
            "dependencies": entry.get("dependencies", []),
            "propertyDependencies": {
                key: {"urns": urns} for key, urns in entry.get("propertyDependencies", {}).items() if urns
            },
        }
        for entry in entries.values()
    ]
    request: analyzer_pb2.AnalyzeStackRequest = ParseDict({"resources": resources}, analyzer_pb2.AnalyzeStackRequest())
    return request


def _entries(state: bytes) -> dict[str, Entry]:
    # The engine decrypts secrets before it shows them.
    shown = state.replace(b'"ciphertext": ', b'"value": ')
    return {entry["urn"]: entry for entry in json.loads(shown)["deployment"]["resources"]}


def _providers(entries: dict[str, Entry]) -> dict[str, dict[str, Any]]:
    """The providers by the references to them."""
    return {
        f"{urn}::{entry['id']}": {
            "urn": urn,
            "type": entry["type"],
            "name": urn.rpartition("::")[2],
            "properties": entry["inputs"],
        }
        for urn, entry in entries.items()
        if entry["type"].startswith("pulumi:providers:")
    }


def _described(entry: Entry, properties: str, providers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    provider = providers.get(entry.get("provider", ""))
    shown = {key: value for key, value in entry.get(properties, {}).items() if not key.startswith("__p")}
    return {
        "urn": entry["urn"],
        "type": entry["type"],
        "name": entry["urn"].rpartition("::")[2],
        "properties": shown,
        "options": {"parent": entry.get("parent", ""), "customTimeouts": {}},
        **({"provider": provider} if provider else {}),
    }
