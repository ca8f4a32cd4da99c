"""The pack as a process of its own, started as Pulumi's language host starts it, over gRPC."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policypack.rules import RULES
from tests.expected import FIRST_RULES, VIOLATIONS
from tests.replay import recorded

ROOT = Path(__file__).parent.parent
TIMEOUT = 60
# Another folder and interpreter than those of the checkout: what is published, installed from its own requirements.
PACK = Path(os.environ.get("TESTED_PACK", ROOT))
PYTHON = os.environ.get("TESTED_PACK_PYTHON", sys.executable)


class Client:
    """The engine's side of the wire."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.stub = analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def info(self) -> dict[str, Any]:
        info: dict[str, Any] = MessageToDict(self.stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=TIMEOUT))
        return info

    def configure(self, config: dict[str, Any]) -> None:
        request = ParseDict({"policyConfig": config}, analyzer_pb2.ConfigureAnalyzerRequest())
        self.stub.Configure(request, timeout=TIMEOUT)

    def analyze(self, request: dict[str, Any]) -> list[Any]:
        message = ParseDict(request, analyzer_pb2.AnalyzeRequest())
        return list(self.stub.Analyze(message, timeout=TIMEOUT).diagnostics)

    def remediate(self, request: dict[str, Any]) -> list[Any]:
        message = ParseDict(request, analyzer_pb2.AnalyzeRequest())
        return list(self.stub.Remediate(message, timeout=TIMEOUT).remediations)

    def analyze_stack(self, request: dict[str, Any]) -> list[Any]:
        message = ParseDict(request, analyzer_pb2.AnalyzeStackRequest())
        return list(self.stub.AnalyzeStack(message, timeout=TIMEOUT).diagnostics)


@contextmanager
def running_pack(dry_run: str | None, folder: Path = PACK) -> Iterator[Client]:
    """A pack as Pulumi's language host starts it, `PULUMI_DRY_RUN` being the first argument."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    if dry_run is not None:
        environment |= {"PULUMI_DRY_RUN": dry_run, "PULUMI_STACK": "cases", "PULUMI_PROJECT": "llm"}
    command = [PYTHON, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Client(int(process.stdout.readline()), process)
        finally:
            process.kill()


def of_first_rules(diagnostics: Iterable[Any]) -> list[Any]:
    return [found for found in diagnostics if found.policyName in FIRST_RULES]


def test_a_preview_over_the_wire() -> None:
    requests, stack = recorded("global_one_region")
    assert stack is not None
    with running_pack("true") as client:
        client.configure({rule.name: {"enforcementLevel": "MANDATORY"} for rule in RULES})
        assert of_first_rules(found for request in requests for found in client.analyze(request)) == []
        diagnostics = of_first_rules(client.analyze_stack(stack))
    assert {(d.policyName, d.urn.rpartition("::")[2]) for d in diagnostics} == VIOLATIONS["global_one_region"]
    assert {d.enforcementLevel for d in diagnostics} == {analyzer_pb2.MANDATORY}


def test_a_remediation_over_the_wire() -> None:
    """The engine goes on with what it gets, which is what it has sent but for one property."""
    requests, _ = recorded("tcp_check")
    with running_pack("true") as client:
        client.configure({"llm-backend-logging": {"enforcementLevel": "REMEDIATE"}})
        found = {request["name"]: client.remediate(request) for request in requests}
        (remediation,) = found.pop("chat")
        assert not any(found.values())
        assert (remediation.policyName, remediation.diagnostic) == ("llm-backend-logging", "")
        (sent,) = [request for request in requests if request["name"] == "chat"]
        properties = MessageToDict(remediation.properties)
        assert properties == {**sent["properties"], "logConfig": {"enable": True, "sampleRate": 1.0}}
        said = client.analyze({**sent, "properties": properties})
        assert not any(one.policyName == "llm-backend-logging" for one in said)


def test_no_message_over_the_wire_shows_a_secret() -> None:
    requests, stack = recorded("tcp_check")
    assert stack is not None
    marked = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "unguessable"}
    for resource in [*requests, *stack["resources"]]:
        if resource["name"] == "chat":
            resource["properties"] = {**resource["properties"], "portName": marked}
    with running_pack("true") as client:
        client.configure({rule.name: {"enforcementLevel": "MANDATORY"} for rule in RULES})
        found = [d.message for request in requests for d in client.analyze(request)]
        found += [d.message for d in client.analyze_stack(stack)]
    assert any("`portName` is `[secret]`" in message for message in found)
    assert not any("unguessable" in message for message in found)


def test_an_update_over_the_wire_stops_before_creation() -> None:
    requests, _ = recorded("up_tcp_check")
    with running_pack("false") as client:
        found = [(r["name"], d.policyName) for r in requests for d in of_first_rules(client.analyze(r))]
    assert found == [("chat", "llm-backend-health-check")]


@cache
def announced(dry_run: str | None) -> dict[str, Any]:
    with running_pack(dry_run) as client:
        return client.info()


@pytest.mark.parametrize(("dry_run", "twins"), [("true", True), ("false", True), (None, False)])
def test_the_policies_announced(dry_run: str | None, twins: bool) -> None:
    info = announced(dry_run)
    found = sorted((policy["name"], policy["policyType"]) for policy in info["policies"])
    expected = [(rule.name, f"POLICY_TYPE_{rule.stage.upper()}") for rule in RULES]
    expected += [(rule.name, "POLICY_TYPE_RESOURCE") for rule in RULES if twins and rule.stage == "stack"]
    assert found == sorted(expected)
    # The first level is left out on the wire.
    assert {policy["name"]: policy.get("enforcementLevel", "ADVISORY") for policy in info["policies"]} == {
        rule.name: rule.level.upper() for rule in RULES
    }


def test_what_pulumi_cloud_is_told_of_the_pack() -> None:
    info = announced(None)
    assert (info["displayName"], info["provider"]) == ("LLM backends on Google Cloud", "gcp")
    assert info["tags"] == ["llm", "load balancing", "availability", "security"]
    assert [rule.name for rule in RULES if f"| `{rule.name}` | {rule.title} |" not in info["readme"]] == []
    told = {policy["name"]: (policy["displayName"], policy["tags"]) for policy in info["policies"]}
    assert told == {rule.name: (rule.title, [rule.area]) for rule in RULES}
    steps = {policy["name"]: policy["remediationSteps"] for policy in info["policies"]}
    assert [rule.name for rule in RULES if not steps[rule.name].startswith(rule.summary)] == []


BAD_OPTIONS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("llm-backend-regions", {"min_region": 3}, "option `min_region` is unknown; did you mean `min_regions`?"),
    ("llm-backend-regions", {"min_regions": 2.5}, "option `min_regions` must be a whole number from 1 to 50"),
    ("load-balancer-product", {"services": {"names": "chat"}}, "option `services`, `names` must be a list"),
    ("llm-backend-max-utilization", {"min": 0.9}, "option `min` (0.9) is above option `max` (0.8)"),
    ("llm-backend-regions", {"waivers": [{"resource": "chat"}]}, "option `waivers`, item 1, `reason` is missing"),
)


def test_bad_options_stop_the_preview_with_one_sentence() -> None:
    requests, _ = recorded("global_two_regions")
    with running_pack("true") as client:
        for rule, options, sentence in BAD_OPTIONS:
            client.configure({rule: {"enforcementLevel": "MANDATORY", "properties": options}})
            with pytest.raises(grpc.RpcError) as caught:
                client.analyze(requests[0])
            assert sentence in caught.value.details()
            assert "\n" not in caught.value.details()
        client.process.kill()
        assert client.process.stderr is not None
        assert "Traceback" not in client.process.stderr.read()


def test_a_configuration_of_one_rule_leaves_the_others_silent() -> None:
    """Without a level of its own, an entry is advisory: that is the engine's, and the SDK's, doing."""
    requests, stack = recorded("targets_unset")
    assert stack is not None
    levels = {rule.name: {"enforcementLevel": "DISABLED"} for rule in RULES}
    with running_pack("true") as client:
        client.configure({**levels, "llm-backend-named-port": {}})
        assert [found for request in requests for found in client.analyze(request)] == []
        diagnostics = client.analyze_stack(stack)
    assert [(d.policyName, d.enforcementLevel) for d in diagnostics] == [
        ("llm-backend-named-port", analyzer_pb2.ADVISORY)
    ]
