"""Resources as states hold them: inputs, outputs with what the provider adds, and dependency edges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

PROJECT: Final = "p-demo"
API: Final = "https://www.googleapis.com/compute/v1/"
STACK_URN: Final = f"urn:pulumi:bench::llm::pulumi:pulumi:Stack::{PROJECT}-bench"
_PROVIDER_ID: Final = "7cfd4984-6c34-4d25-abfe-98b6e3cce870"
_PROVIDER_URN: Final = "urn:pulumi:bench::llm::pulumi:providers:gcp::default_10_2_0"
_MODIFIED: Final = "2026-11-23T13:14:24.007338779Z"

Entry = dict[str, Any]


def urn_of(type_: str, name: str) -> str:
    """The URN of a resource of the stack."""
    return f"urn:pulumi:bench::llm::{type_}::{name}"


def entry(
    type_: str,
    name: str,
    path: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any] | None = None,
    *,
    edges: Mapping[str, Iterable[str]] | None = None,
) -> Entry:
    """A resource in a state.

    Args:
        type_: its type token.
        name: its logical name.
        path: its id, such as `projects/p-demo/global/networks/llm`.
        inputs: what the program asked for.
        outputs: what the provider returned besides.
        edges: for each property, the URNs that it was computed from.
    """
    sources = {key: list((edges or {}).get(key, ())) for key in inputs}
    link = {"selfLink": API + path} if type_.startswith("gcp:compute/") else {}
    return {
        "urn": urn_of(type_, name),
        "custom": True,
        "id": path,
        "type": type_,
        "inputs": {"__defaults": ["name"], **inputs},
        "outputs": {
            "__meta": json.dumps({"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": {"create": 1200000000000}}),
            "__pulumi_raw_state_delta": {"obj": {"ps": _deltas(inputs)}},
            **inputs,
            **(outputs or {}),
            "creationTimestamp": "2026-11-23T00:00:00.000-07:00",
            "description": "",
            "id": path,
            "project": PROJECT,
            **link,
        },
        "parent": STACK_URN,
        "dependencies": sorted({urn for urns in sources.values() for urn in urns}),
        "provider": f"{_PROVIDER_URN}::{_PROVIDER_ID}",
        "propertyDependencies": sources,
        "created": _MODIFIED,
        "modified": _MODIFIED,
    }


def _deltas(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the provider notes down about how properties were converted, in the form that it has for a block."""
    blocks = {key: value for key, value in properties.items() if isinstance(value, dict | list)}
    return {key: {"plu": {"i": {"obj": {"ps": {}, "renamed": {key: f"{key}_block"}}}}} for key in (*blocks, "timeouts")}


def frame() -> list[Entry]:
    """What every stack begins with: the stack itself and its provider."""
    settings = {"project": PROJECT, "version": "10.2.0"}
    provider = {"urn": _PROVIDER_URN, "custom": True, "id": _PROVIDER_ID, "type": "pulumi:providers:gcp"}
    return [
        {"urn": STACK_URN, "custom": False, "type": "pulumi:pulumi:Stack", "modified": _MODIFIED},
        {**provider, "inputs": settings, "outputs": settings, "modified": _MODIFIED},
    ]


def unset(*keys: str) -> dict[str, None]:
    """Outputs that the provider lists although nothing is set."""
    return dict.fromkeys(keys)
