"""Stacks to start from: what real programs ask for, as resources that refer to each other.

`corpus.json` holds those of the recorded programs, of the reference stack and of the rules' examples. Write it anew,
such as after a new rule, with `make corpus`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from policypack.authoring.examples import example
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.values import UNKNOWN
from policypack.rules import RULES
from policypack.sources.program import load_program, run
from tests.projects import ENVIRONMENT, make_project
from tests.reference_stack.stacks import STACKS
from tests.replay import RECORDINGS
from tests.sources.deployed import DEPLOYED
from tests.stacks import Computed, Out, R
from tests.test_agreement import NAMES as RECORDED_PROGRAMS
from tests.warm_interpreter import warm_interpreter

FILE = Path(__file__).with_name("corpus.json")
REFERENCE_STACK = Path(__file__).parents[2] / "reference_stack"
_TOO_LONG = 400


def names() -> list[str]:
    """The names of all stacks that belong into the corpus."""
    examples = [f"{rule.name} {section}" for rule in RULES for section in ("Fails", "Passes")]
    return [*(f"recorded {name}" for name in RECORDED_PROGRAMS), *(f"reference {name}" for name in STACKS), *examples]


def load() -> dict[str, list[R]]:
    """The stacks of the corpus by name."""
    return {name: decode(entries) for name, entries in json.loads(FILE.read_text()).items()}


def write() -> None:
    """Runs all programs, as deployed, and writes the corpus."""
    with warm_interpreter(ENVIRONMENT / "bin/python") as execute:
        run.execute = execute
        lines = [f"{json.dumps(name)}: {json.dumps(encode(_run(name)))}" for name in names()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _run(name: str) -> Stack:
    first, second = name.split()
    if first == "reference":
        return load_program(REFERENCE_STACK, second, computed=DEPLOYED, timeout=60).stack
    if first == "recorded":
        os.environ["CASE"] = second
        text = (RECORDINGS / "programs.py").read_text()
    else:
        (rule,) = (rule for rule in RULES if rule.name == first)
        text = example(rule, "Fails" if second == "Fails" else "Passes")
    with TemporaryDirectory() as folder:
        return load_program(make_project(Path(folder), text), computed=DEPLOYED, timeout=60).stack


# What a deployed stack shows, turned back into references


def encode(stack: Stack) -> list[dict[str, Any]]:
    """The resources of a deployed stack, with the references that their property dependencies and values show."""
    index = {resource.urn: number for number, resource in enumerate(stack.resources)}
    return [_encode(resource, stack, index) for resource in stack.resources]


def _encode(resource: Resource, stack: Stack, index: Mapping[str, int]) -> dict[str, Any]:
    inputs = {}
    for key, value in (resource.inputs or {}).items():
        sources = [source for urn in resource.edges.get(key, ()) if (source := stack.by_urn(urn))]
        inputs[key] = _encode_value(value, sources, index)
    entry: dict[str, Any] = {"type": resource.type, "name": resource.name, "inputs": inputs}
    if resource.parent:
        entry["parent"] = index[resource.parent]
    if resource.ignore_changes:
        entry["ignore_changes"] = list(resource.ignore_changes)
    return entry


def _encode_value(value: Any, sources: list[Resource], index: Mapping[str, int]) -> Any:
    if isinstance(value, dict):
        return {key: _encode_value(item, sources, index) for key, item in value.items()}
    if isinstance(value, list):
        return [_encode_value(item, sources, index) for item in value]
    if value is UNKNOWN:
        return {"$computed": [index[source.urn] for source in sources], "value": None}
    if isinstance(value, str):
        for source, key, output in _outputs(sources):
            if value == output:
                return {"$out": [index[source.urn], key]}
        used = sorted({index[source.urn] for source, _, output in _outputs(sources) if output in value})
        if used:
            return {"$computed": used, "value": value}
        return value if len(value) < _TOO_LONG else value[:_TOO_LONG]
    return value


def _outputs(sources: list[Resource]) -> Iterator[tuple[Resource, str, str]]:
    for source in sources:
        computed = {key: value for key, value in (source.outputs or {}).items() if key not in (source.inputs or {})}
        yield from ((source, key, value) for key, value in computed.items() if isinstance(value, str) and value)


def decode(entries: list[dict[str, Any]]) -> list[R]:
    """The resources of a stack of the corpus."""
    resources = [R(entry["type"], entry["name"]) for entry in entries]
    for resource, entry in zip(resources, entries, strict=True):
        resource.inputs.update(_decode_value(entry["inputs"], resources))
        if "parent" in entry:
            resource.options["parent"] = resources[entry["parent"]].urn
        if "ignore_changes" in entry:
            resource.options["ignore_changes"] = tuple(entry["ignore_changes"])
    return resources


def _decode_value(value: Any, resources: list[R]) -> Any:
    if isinstance(value, list):
        return [_decode_value(item, resources) for item in value]
    if not isinstance(value, dict):
        return value
    if "$out" in value:
        number, key = value["$out"]
        return Out(resources[number], key)
    if "$computed" in value:
        return Computed(tuple(resources[number] for number in value["$computed"]), value["value"])
    return {key: _decode_value(item, resources) for key, item in value.items()}


if __name__ == "__main__":
    write()
