"""The level `remediate`: what a fix says is set, and nothing else, through the SDK's own servicer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import ResourceValidationPolicy

from policypack.authoring.examples import example
from policypack.config.choice import Choice
from policypack.config.options import Setting, default_settings, read_settings
from policypack.evaluate import Report, apply_to_stack, evaluate
from policypack.judgement import judge
from policypack.judgement.notes import notes_on_remediation
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.read import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_SENTINELS, read_object
from policypack.model.values.values import UNKNOWN
from policypack.pack import policies
from policypack.rule import AnyRule
from policypack.rules import RULES
from policypack.sources.remediation import with_fixes
from tests.projects import program_stack
from tests.recorded import recorded_resources
from tests.replay import RECORDINGS, Pack, recorded

pytestmark = pytest.mark.usefixtures("_warm")
BY_NAME = {rule.name: rule for rule in RULES}
LOGGING = BY_NAME["llm-backend-logging"]
REMEDIATING = [rule for rule in RULES if rule.remediates]
REMEDIATE = {rule.name: {"enforcementLevel": "REMEDIATE"} for rule in RULES}
UNKNOWN_TEXT = min(UNKNOWN_SENTINELS)
StartPack = Callable[[str | None], Pack]


def in_wire_form(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: in_wire_form(one) for key, one in value.items()}
    if isinstance(value, list):
        return [in_wire_form(one) for one in value]
    return UNKNOWN_TEXT if value is UNKNOWN else value


def request_of(resource: Resource) -> dict[str, Any]:
    """What the engine sends of a resource before it is made."""
    options = {"ignoreChanges": list(resource.ignore_changes)}
    properties = in_wire_form(dict(resource.inputs or {}))
    return {
        "type": resource.type,
        "urn": resource.urn,
        "name": resource.name,
        "properties": properties,
        "options": options,
        "provider": {
            "type": "pulumi:providers:gcp",
            "urn": resource.provider_urn,
            "name": "gcp",
            "properties": in_wire_form(dict(resource.provider)),
        },
    }


def remediate(pack: Pack, request: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The inputs that the engine goes on with, and the policies that have changed them."""
    response = pack.servicer.Remediate(ParseDict(request, analyzer_pb2.AnalyzeRequest()), None)
    found = [(one.policyName, MessageToDict(one.properties)) for one in response.remediations]
    assert all(not one.diagnostic for one in response.remediations)
    return found[-1][1] if found else request["properties"], {name for name, _ in found}


def deployed(rule: AnyRule, section: Literal["Fails", "Passes"]) -> Stack:
    # A service without backends may turn out to be none that serves, so the example of logging is not enough.
    shown = BY_NAME["llm-backend-timeout"] if rule is LOGGING and section == "Fails" else rule
    return program_stack(example(shown, section), deployed=True)


def in_order(stack: Stack) -> list[Resource]:
    """The resources in the order in which the program makes them."""
    return list(stack._by_urn.values())


def failed(report: Report) -> set[str]:
    return {finding.rule.name for finding in report.with_status("failed")}


def mended(pack: Pack, stack: Stack) -> tuple[Stack, set[str]]:
    """The stack as the engine makes it, and the rules that have changed something."""
    made, changed = [], set[str]()
    for resource in in_order(stack):
        request = request_of(resource)
        properties, names = remediate(pack, request)
        pack.analyze({**request, "properties": properties})
        made.append(replace(resource, inputs=read_object(properties)))
        changed |= names
    return Stack(made), changed


@pytest.mark.parametrize("rule", REMEDIATING, ids=lambda rule: rule.name)
def test_what_fails_is_set(start_pack: StartPack, rule: AnyRule) -> None:
    """Then the rule has nothing more to say that it could set, and none fails that passed before."""
    stack, settings = deployed(rule, "Fails"), default_settings(RULES)
    pack = start_pack("false")
    pack.configure({rule.name: {"enforcementLevel": "REMEDIATE"}})
    after, changed = mended(pack, stack)
    assert changed == {rule.name}
    setting = Setting(rule.level, rule.options())
    left = [problem for found in apply_to_stack(rule, after, setting) for problem in found.problems]
    said = [problem for found in apply_to_stack(rule, stack, setting) for problem in found.problems]
    assert [one.fix for one in left] == [one.fix for one in said if not (one.settings and one.is_safe)]
    before = evaluate(stack, RULES, settings)
    passed = {finding.rule.name for finding in before.with_status("passed")} - failed(before)
    assert failed(evaluate(after, RULES, settings)) & passed == set()


def noted(stack: Stack, level: str) -> tuple[str, ...]:
    """What `check` says of remediation where all rules have a level."""
    settings = read_settings(RULES, {"all": level})
    return tuple(notes_on_remediation(evaluate(stack, RULES, settings), settings, stack))


@pytest.mark.parametrize("rule", REMEDIATING, ids=lambda rule: rule.name)
def test_check_says_what_an_update_would_set(start_pack: StartPack, rule: AnyRule) -> None:
    stack = deployed(rule, "Fails")
    pack = start_pack("false")
    pack.configure(REMEDIATE)
    (note,) = noted(stack, "remediate")
    assert set(re.findall(r"`([a-z-]+)` of `", note)) == mended(pack, stack)[1]
    assert note.endswith("; this command changes nothing")
    assert noted(stack, "mandatory") == ()


def test_check_names_no_fix_that_is_left_to_somebody_else() -> None:
    stack = deployed(LOGGING, "Fails")
    assert "`llm-backend-logging` of `chat`" in noted(stack, "remediate")[0]
    kept = Stack(replace(one, ignore_changes=("*",)) for one in in_order(stack))
    assert noted(kept, "remediate") == ()


def test_check_notes_it(tmp_path: Path) -> None:
    config = tmp_path / "policy-config.json"
    config.write_text('{"all": "advisory", "llm-backend-draining": "remediate"}')
    found = judge(str(RECORDINGS / "exported_state.json"), choice=Choice(policy_config=config))
    assert found.notes == (
        "with the level `remediate`, `pulumi up` can make these fixes: `llm-backend-draining` of `chat`; this command "
        "changes nothing",
    )


@pytest.mark.parametrize("rule", REMEDIATING, ids=lambda rule: rule.name)
def test_what_passes_is_left_alone(start_pack: StartPack, rule: AnyRule) -> None:
    pack = start_pack("false")
    pack.configure({rule.name: {"enforcementLevel": "REMEDIATE"}})
    assert mended(pack, deployed(rule, "Passes"))[1] == set()


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDINGS.glob("*.jsonl")))
@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_only_what_fails_is_changed(start_pack: StartPack, name: str, dry_run: str) -> None:
    requests, stack = recorded(name)
    if stack is None:
        pytest.skip("the engine did not judge the stack")
    report = evaluate(Stack(recorded_resources(name)), RULES, default_settings(RULES))
    wrong = {(finding.rule.name, finding.urn) for finding in report.with_status("failed")}
    pack = start_pack(dry_run)
    pack.configure(REMEDIATE)
    for request in requests:
        properties, names = remediate(pack, request)
        assert {(one, request["urn"]) for one in names} <= wrong
        if names:
            shown = pack.analyze({**request, "properties": properties})
            assert not any(policy in names for policy, _ in shown.violations)


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}


@pytest.mark.parametrize(
    "log_config",
    [
        pytest.param(UNKNOWN_TEXT, id="unknown"),
        pytest.param({"enable": UNKNOWN_TEXT}, id="unknown within"),
        pytest.param(secret({"enable": False}), id="secret"),
        pytest.param({"enable": secret(False)}, id="secret within"),
        pytest.param([{"enable": False}], id="of another form"),
    ],
)
def test_what_is_computed_or_secret_is_left_alone(start_pack: StartPack, log_config: Any) -> None:
    pack = start_pack("false")
    pack.configure({LOGGING.name: {"enforcementLevel": "REMEDIATE"}})
    for resource in in_order(deployed(LOGGING, "Fails")):
        request = request_of(resource)
        request["properties"]["logConfig"] = log_config
        assert remediate(pack, request) == (request["properties"], set())


def test_what_is_left_to_somebody_else_is_left_alone(start_pack: StartPack) -> None:
    pack = start_pack("false")
    pack.configure({LOGGING.name: {"enforcementLevel": "REMEDIATE"}})
    for resource in in_order(deployed(LOGGING, "Fails")):
        request = request_of(replace(resource, ignore_changes=("logConfig",)))
        assert remediate(pack, request)[1] == set()


def test_secrets_beside_it_stay_secret(start_pack: StartPack) -> None:
    pack = start_pack("false")
    pack.configure({LOGGING.name: {"enforcementLevel": "REMEDIATE"}})
    (service,) = [one for one in in_order(deployed(LOGGING, "Fails")) if "ackendService" in one.type]
    request = request_of(service)
    request["properties"] |= {"description": secret("s3cr3t"), "project": UNKNOWN_TEXT}
    properties, names = remediate(pack, request)
    assert names == {LOGGING.name}
    assert properties == {**request["properties"], "logConfig": {"enable": True, "sampleRate": 1.0}}


@pytest.mark.parametrize(
    ("sent", "path", "expected"),
    [
        pytest.param({}, ("a",), {"a": 1}, id="left out"),
        pytest.param({"a": 0, "b": 2}, ("a",), {"a": 1, "b": 2}, id="set"),
        pytest.param({"__defaults": ["a", "b"], "a": 0}, ("a",), {"__defaults": ["b"], "a": 1}, id="a default"),
        pytest.param({"a": None}, ("a", "b"), {"a": {"b": 1}}, id="an object that is left out"),
        pytest.param({"a": {"c": 2}}, ("a", "b"), {"a": {"c": 2, "b": 1}}, id="beside others"),
        pytest.param({"a": [{}, {"b": 0}]}, ("a", 1, "b"), {"a": [{}, {"b": 1}]}, id="in a list"),
        pytest.param({"a": [{}]}, ("a", 1, "b"), None, id="no such item"),
        pytest.param({"a": UNKNOWN_TEXT}, ("a", 0, "b"), None, id="an unknown list"),
        pytest.param({"a": "text"}, ("a", "b"), None, id="no object"),
        pytest.param({"a": {"x": 1}}, ("a",), None, id="no plain value"),
    ],
)
def test_inputs_are_changed_as_sent(sent: dict[str, Any], path: tuple[Any, ...], expected: Any) -> None:
    given = repr(sent)
    assert with_fixes(sent, [[(path, 1)]]) == expected
    assert repr(sent) == given


def test_a_fix_is_made_as_a_whole_or_not_at_all() -> None:
    whole, other = [(("a",), 1), (("b",), 1)], [(("c",), 1)]
    assert with_fixes({"b": UNKNOWN_TEXT}, [whole, other]) == {"b": UNKNOWN_TEXT, "c": 1}
    assert with_fixes({"b": UNKNOWN_TEXT}, [whole]) is None
    assert with_fixes({}, []) is None


def test_only_rules_that_can_have_a_remediation() -> None:
    for update in (None, True, False):
        found = {
            policy.name
            for policy in policies(update=update)
            if isinstance(policy, ResourceValidationPolicy) and policy.has_remediation()
        }
        at_all = {rule.name for rule in REMEDIATING if update is not None or rule.stage == "resource"}
        assert found == at_all, update
