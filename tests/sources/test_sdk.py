"""What the pack changes in the SDK: each request is decoded once, and the verdicts are those of the SDK's own way."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policypack.sources import sdk
from tests.replay import Pack, replay

RESOURCE = {"type": "t", "urn": "u", "name": "n", "properties": {"spec": {"key": "a"}}}


@pytest.mark.parametrize("name", ["autoscaled_autohealed", "run_one_dead_region"])
def test_verdicts_are_those_of_a_request_decoded_for_every_policy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def verdicts() -> list[list[str]]:
        pack = Pack(monkeypatch, "true")
        pack.configure()
        return [sorted(shown.messages) for shown in replay(pack, name)]

    decoded_once = verdicts()
    for request in ("Analyze", "AnalyzeStack"):
        own: Any = getattr(_PolicyAnalyzerServicer, request)
        monkeypatch.setattr(_PolicyAnalyzerServicer, request, own.__wrapped__)
    assert verdicts() == decoded_once


def test_a_request_is_decoded_once_and_the_next_one_anew() -> None:
    sdk.prepare()
    seen: list[Any] = []
    looks: list[Policy] = [
        ResourceValidationPolicy(f"looks-{number}", "looks", lambda args, _: seen.append(args.props))
        for number in range(2)
    ]
    servicer = _PolicyAnalyzerServicer("pack", "0.0.1", looks, EnforcementLevel.ADVISORY)
    for key in ("a", "b"):
        request = RESOURCE | {"properties": {"spec": {"key": key}}}
        servicer.Analyze(ParseDict(request, analyzer_pb2.AnalyzeRequest()), None)
    assert [shown["spec"]["key"] for shown in seen] == ["a", "a", "b", "b"]
    assert [seen[0] is seen[1], seen[1] is seen[2], seen[2] is seen[3]] == [True, False, True]
    assert sdk._made.get() is None


def test_each_policy_gets_its_own_resources_of_a_stack() -> None:
    """Policies may write into them: the SDK itself adds what they depend on."""
    sdk.prepare()
    seen: list[Any] = []
    looks: list[Policy] = [
        StackValidationPolicy(f"looks-{number}", "looks", lambda args, _: seen.append(args.resources))
        for number in range(2)
    ]
    servicer = _PolicyAnalyzerServicer("pack", "0.0.1", looks, EnforcementLevel.ADVISORY)
    resources = [RESOURCE, RESOURCE | {"urn": "v", "dependencies": ["u"]}]
    servicer.AnalyzeStack(ParseDict({"resources": resources}, analyzer_pb2.AnalyzeStackRequest()), None)
    assert [[found.urn for found in shown[1].dependencies] for shown in seen] == [["u"], ["u"]]
    assert seen[0][0] is not seen[1][0]
    assert seen[0][0].props is seen[1][0].props


@pytest.mark.parametrize("missing", ["deserialize_properties", "unknown_checking_proxy", "json_format", "servicer"])
def test_an_sdk_without_one_of_the_names_is_left_to_its_own_way(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("policy")
    names = {"deserialize_properties": dict, "unknown_checking_proxy": dict, "json_format": ModuleType("json_format")}
    vars(other).update({name: value for name, value in names.items() if name != missing})
    if missing != "servicer":
        vars(other)["_PolicyAnalyzerServicer"] = type("Servicer", (), {"Analyze": lambda self, request, context: "own"})
    monkeypatch.setattr(sdk, "_sdk", other)
    sdk.prepare()
    assert missing == "servicer" or other._PolicyAnalyzerServicer().Analyze(None, None) == "own"
