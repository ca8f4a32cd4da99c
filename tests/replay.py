"""Replays recorded engine requests through the SDK's own servicer, as the engine would drive the pack."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy.policy import EnforcementLevel, Policy, _PolicyAnalyzerServicer

from policypack.pack import policies

RECORDINGS = Path(__file__).parent / "recordings"


@dataclass
class Verdicts:
    """What the pack reported: violations as (policy, resource), undecided policies, and the messages."""

    violations: list[tuple[str, str]] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def __add__(self, other: Verdicts) -> Verdicts:
        return Verdicts(
            self.violations + other.violations, self.undecided + other.undecided, self.messages + other.messages
        )


class Pack:
    """A pack as it runs for one operation, by default this one.

    `dry_run` is what the engine puts into `PULUMI_DRY_RUN`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, dry_run: str | None, own: list[Policy] | None = None) -> None:
        if dry_run is None:
            monkeypatch.delenv("PULUMI_DRY_RUN", raising=False)
        else:
            monkeypatch.setenv("PULUMI_DRY_RUN", dry_run)
        self.policies = own or policies()
        self.servicer = _PolicyAnalyzerServicer("pack", "0.0.1", self.policies, EnforcementLevel.ADVISORY)

    def configure(self, config: dict[str, dict[str, Any]] | None = None) -> None:
        """Configures the pack as the engine does: levels and defaults of the schema, overridden by `config`."""
        entries = {}
        for policy in self.policies:
            schema = policy.config_schema.properties if policy.config_schema else {}
            given = (config or {}).get(policy.name, {})
            level = given.get("enforcementLevel", (policy.enforcement_level or EnforcementLevel.ADVISORY).value.upper())
            properties = {key: value["default"] for key, value in schema.items() if "default" in value}
            properties |= {key: value for key, value in given.items() if key != "enforcementLevel"}
            entries[policy.name] = {"enforcementLevel": level, "properties": properties}
        request = ParseDict({"policyConfig": entries}, analyzer_pb2.ConfigureAnalyzerRequest())
        self.servicer.Configure(request, None)

    def analyze(self, request: dict[str, Any]) -> Verdicts:
        return self.send(ParseDict(request, analyzer_pb2.AnalyzeRequest()))

    def analyze_stack(self, request: dict[str, Any]) -> Verdicts:
        return self.send_stack(ParseDict(request, analyzer_pb2.AnalyzeStackRequest()))

    def send(self, message: analyzer_pb2.AnalyzeRequest) -> Verdicts:
        return _verdicts(self.servicer.Analyze(message, None), message.name)

    def send_stack(self, message: analyzer_pb2.AnalyzeStackRequest) -> Verdicts:
        return _verdicts(self.servicer.AnalyzeStack(message, None), "")


def recorded(name: str) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The requests of a recording: each `Analyze`, and the `AnalyzeStack` if there was one."""
    file = RECORDINGS / f"{name}.jsonl"
    text = file.read_text() if file.exists() else gzip.decompress(Path(f"{file}.gz").read_bytes()).decode()
    lines = [json.loads(line) for line in text.splitlines()]
    stack = [line["request"] for line in lines if line["call"] == "AnalyzeStack"]
    return [line["request"] for line in lines if line["call"] == "Analyze"], stack[0] if stack else None


def replay(pack: Pack, name: str, seed: int = 0) -> tuple[Verdicts, Verdicts]:
    """Replays a recording with its stack shuffled; the verdicts of `Analyze` and of `AnalyzeStack`."""
    requests, resources = _messages(name)
    shown = sum(map(pack.send, requests), Verdicts())
    if not resources:
        return shown, Verdicts()
    shuffled = [*resources]
    random.Random(seed).shuffle(shuffled)
    return shown, pack.send_stack(analyzer_pb2.AnalyzeStackRequest(resources=shuffled))


@cache
def _messages(name: str) -> tuple[list[analyzer_pb2.AnalyzeRequest], list[analyzer_pb2.AnalyzerResource]]:
    """The requests of a recording as they come over the wire, and the resources of its stack."""
    requests, stack = recorded(name)
    whole = ParseDict(stack or {}, analyzer_pb2.AnalyzeStackRequest())
    return [ParseDict(request, analyzer_pb2.AnalyzeRequest()) for request in requests], list(whole.resources)


def _verdicts(response: Any, resource: str) -> Verdicts:
    found = Verdicts()
    for diagnostic in response.diagnostics:
        found.messages.append(diagnostic.message)
        if diagnostic.message.startswith("can't run policy"):
            assert diagnostic.enforcementLevel == analyzer_pb2.ADVISORY
            assert "undecided: " in diagnostic.message
            found.undecided.append(diagnostic.policyName)
        else:
            urn_name = diagnostic.urn.rpartition("::")[2]
            assert resource in ("", urn_name)
            found.violations.append((diagnostic.policyName, urn_name))
    return found
