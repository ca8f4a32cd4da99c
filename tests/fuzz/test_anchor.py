"""Generated requests have the shapes of the recorded ones: keys, unknown places, defaults and dependencies.

Each recorded program is in the corpus as what it asks for. What the generator makes of it is compared with what the
engine sent, value by value but for the values themselves.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from policypack.model.values.read import SIGNATURE_KEY
from tests.fuzz import corpus
from tests.fuzz.forms import UNKNOWN_STRING, to_records, to_requests, to_state
from tests.fuzz.intent import Intent, sources_of
from tests.replay import RECORDINGS, recorded
from tests.stacks import Computed, R
from tests.test_agreement import NAMES

DEPLOYED = {"deployed_preview": "global_two_regions", "deployed_up": "global_two_regions"}
DEPLOYED |= {"up_targets_unset": "targets_unset", "up_tcp_check": "tcp_check"}
# An update shows it as an empty object and the preview of the same stack as null.
VARYING = {"resourcePolicies"}
# The provider that was recorded is of version 9.
PROVIDER = {"project": "p-demo", "version": "9.35.0"}


def intent(program: str, *, deployed: bool) -> Intent:
    resources = corpus.load()[f"recorded {program}"]
    if program == "backends_built_in_apply":
        (chat,) = (resource for resource in resources if resource.name == "chat")
        backends = chat.inputs["backends"]
        chat.inputs["backends"] = Computed(tuple(sources_of(backends)), backends)
    return Intent(tuple(resources), deployed, PROVIDER)


def shape(value: Any) -> Any:
    """A tree with each value as what kind it is."""
    if isinstance(value, dict):
        if SIGNATURE_KEY in value:
            return "secret"
        kept = {key: item for key, item in value.items() if key not in VARYING}
        return {key: sorted(item) if key == "__defaults" else shape(item) for key, item in kept.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return "unknown" if value == UNKNOWN_STRING else "null" if value is None else type(value).__name__


def as_sent(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All numbers of protobuf's JSON are floats."""
    sent: list[dict[str, Any]] = json.loads(json.dumps(requests), parse_int=float)
    return sent


def by_name(requests: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Resources of Google Cloud: what components output is the program's own business."""
    return {(one["type"], one["name"]): one for one in requests if one["type"].startswith("gcp:")}


def dependencies(resource: dict[str, Any]) -> dict[str, set[str]]:
    found = resource.get("propertyDependencies", {})
    return {key: {urn.rpartition("::")[2] for urn in entry["urns"]} for key, entry in found.items() if entry["urns"]}


@pytest.mark.parametrize(("recording", "program", "deployed"), [
    *((name, name, False) for name in NAMES), *((name, program, True) for name, program in DEPLOYED.items()),
])  # fmt: skip
def test_requests_have_the_recorded_shape(recording: str, program: str, deployed: bool) -> None:
    made, made_stack = to_requests(intent(program, deployed=deployed))
    real, real_stack = recorded(recording)
    ours, theirs = by_name(as_sent(made)), by_name(real)
    assert set(ours) == set(theirs)
    for key, resource in theirs.items():
        assert shape(ours[key]["properties"]) == shape(resource["properties"]), key
    if real_stack is None:
        return
    ours, theirs = by_name(as_sent(made_stack["resources"])), by_name(real_stack["resources"])
    for key, resource in theirs.items():
        assert shape(ours[key]["properties"]) == shape(resource["properties"]), key
        assert dependencies(ours[key]) == dependencies(resource), key
        assert set(ours[key]) >= set(resource), key


def test_a_state_has_the_shape_of_the_exported_one() -> None:
    real = json.loads((RECORDINGS / "exported_state.json").read_text())
    made = json.loads(json.dumps(to_state(intent("autoscaled_autohealed", deployed=True))))
    assert set(made) <= set(real)
    ours, theirs = ({entry["urn"].rpartition("::")[2]: entry for entry in state["deployment"]["resources"]
                     if entry["type"].startswith("gcp:")} for state in (made, real))  # fmt: skip
    assert set(ours) == set(theirs)
    # What the engine and the provider keep for themselves, and what the reader has no use for.
    private = {"__defaults", "__meta", "__pulumi_raw_state_delta"}
    for name, entry in theirs.items():
        assert set(ours[name]) - {"ignoreChanges"} <= set(entry), name
        inputs = {key: value for key, value in entry["inputs"].items() if key not in private}
        assert shape(ours[name]["inputs"]) == shape(inputs), name
        assert ours[name]["propertyDependencies"].keys() >= {k for k, v in entry["propertyDependencies"].items() if v}


def test_the_records_of_a_program_have_the_keys_of_the_runner() -> None:
    source = (RECORDINGS.parents[1] / "policypack/sources/program/interpreter/runner.py").read_text()
    for key in to_records(Intent((R("Network", "net"),), False))[0]:
        assert f'"{key}": ' in source or f"{key}=" in source, key


def test_the_corpus_has_all_programs() -> None:
    assert set(corpus.load()) == set(corpus.names()), "write it anew: make corpus"
