"""Values that are marked as secret count as they are, and stand in no text."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policypack.config.options import default_settings
from policypack.evaluate import Report, evaluate
from policypack.failover.analysis import failovers
from policypack.failover.result import FailoverResults
from policypack.judgement import Results
from policypack.model.graph.stack import Stack
from policypack.model.values.read import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_SENTINELS, read
from policypack.model.values.secret import SHOWN, joined, secret
from policypack.report.formats import formats_of, render
from policypack.rules import RULES
from policypack.sources.sdk import prepare
from tests.fuzz.forms import to_requests
from tests.fuzz.generate import generate
from tests.recorded import joined_resources
from tests.replay import Pack
from tests.rules.fleets import autoscaler, managed
from tests.rules.runs import EU, US, run, two_regions
from tests.stacks import R, backend, build, service

TODAY = date(2026, 6, 30)
SETTINGS = default_settings(RULES)
CANARY = "zq7"
NUMBER = 7654321.25


def marked(value: Any) -> Any:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}


def at_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """A property with every text and number changed; what is unknown stays."""
    if isinstance(value, dict) and SIGNATURE_KEY in value:
        return value
    if isinstance(value, dict):
        return {key: item if key.startswith("__") else at_leaves(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [at_leaves(item, change) for item in value]
    if value is None or (isinstance(value, str) and value in UNKNOWN_SENTINELS):
        return value
    return change(value)


def canary(value: Any) -> Any:
    """A value that no text has by itself."""
    if isinstance(value, bool):
        return marked(value)
    return marked(f"{value}{CANARY}" if isinstance(value, str) else NUMBER)


def changed(case: str, change: Callable[[Any], Any]) -> Stack:
    """The stack of a generated case as the engine shows it, with the properties of every resource changed."""
    requests, whole = deepcopy(to_requests(generate(case)))
    for resource in [*requests, *whole["resources"]]:
        resource["properties"] = at_leaves(resource["properties"], change)
    return Stack(joined_resources(requests, whole))


def two_regions_of_machines() -> tuple[R, ...]:
    """A service whose autoscalers' sizes are secret."""
    groups = [managed("us-central1"), managed("us-east1")]
    target = {"target": 0.5}
    scalers = [autoscaler(one, minReplicas=secret(2), maxReplicas=4, loadBalancingUtilization=target) for one in groups]
    rate = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerInstance": 4}
    return service([backend(group, **rate) for group in groups]), *groups, *scalers


def judged(stack: Stack) -> Report:
    return evaluate(stack, RULES, SETTINGS, TODAY)


def verdicts(report: Report) -> dict[tuple[str, str], str]:
    return {(found.rule.name, found.urn): found.status for rule in report.rules for found in rule.findings}


@pytest.mark.parametrize("number", range(40))
def test_verdicts_are_those_of_the_same_values_in_clear(number: int) -> None:
    case = f"secrets:{number}"
    assert verdicts(judged(changed(case, marked))) == verdicts(judged(changed(case, lambda value: value)))


@pytest.mark.parametrize("number", range(40))
def test_no_format_shows_a_secret(number: int) -> None:
    stack = changed(f"secrets:{number}", canary)
    results = Results("made", stack, judged(stack), TODAY)
    for name in formats_of("check"):
        text = "".join(render("check", name, results))
        assert CANARY not in text, name
        assert "7654" not in text, name


@pytest.mark.parametrize("number", range(40))
@pytest.mark.parametrize("share", [1.0, 0.1])
def test_what_the_loss_of_a_region_means_shows_no_secret(number: int, share: float) -> None:
    draw = random.Random(number)
    stack = changed(f"secrets:{number}", lambda value: canary(value) if draw.random() < share else value)
    results = FailoverResults("made", failovers(stack))
    for name in formats_of("failover"):
        text = "".join(render("failover", name, results))
        assert CANARY not in text, name
        assert "7654" not in text, name


WARM = {"minInstanceCount": 1}
MACHINES = two_regions_of_machines()
INSTANCES = two_regions(run(US, scaling=secret(WARM)), run(EU, scaling=secret(WARM)))


@pytest.mark.parametrize("parts", [MACHINES, INSTANCES], ids=["machines", "Cloud Run"])
def test_the_verdict_on_secret_numbers_is_there_without_them(parts: tuple[R, ...]) -> None:
    (found,) = failovers(build(*parts, deployed=True))
    assert (found.verdict, found.losses, found.remedies) == ("survives", (), None)
    for name in formats_of("failover"):
        text = "".join(render("failover", name, FailoverResults("made", (found,))))
        assert "marked as secret" in text


@pytest.mark.parametrize("number", range(40))
def test_one_secret_among_values_in_clear(number: int) -> None:
    draw = random.Random(number)
    stack = changed(f"secrets:{number}", lambda value: canary(value) if draw.random() < 0.1 else value)
    found = [line for rule in judged(stack).rules for finding in rule.findings for line in sentences(finding)]
    assert not [line for line in found if CANARY in line or "7654" in line]


def sentences(finding: Any) -> list[str]:
    problems = [text for problem in finding.problems for text in (problem.observed, problem.required, problem.fix)]
    return [*problems, *finding.reasons, finding.not_applicable]


def test_the_sdk_hands_over_what_is_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = Pack(monkeypatch, "true")
    pack.configure()
    messages = []
    for number in range(10):
        requests, whole = deepcopy(to_requests(generate(f"secrets:{number}")))
        for resource in [*requests, *whole["resources"]]:
            resource["properties"] = at_leaves(resource["properties"], canary)
        messages += [message for request in requests for message in pack.analyze(request).messages]
        messages += pack.analyze_stack(whole).messages
    text = "\n".join(messages)
    assert SHOWN in text
    assert CANARY not in text
    assert "7654" not in text


def test_other_policies_of_a_pack_see_what_the_sdk_shows() -> None:
    prepare()
    seen: list[Any] = []
    policy = ResourceValidationPolicy("own", "sees", lambda args, _: seen.append(args.props["spec"]["key"]))
    servicer = _PolicyAnalyzerServicer("pack", "0.0.1", [policy], EnforcementLevel.ADVISORY)
    request = {"type": "t", "urn": "u", "name": "n", "properties": {"spec": {"key": marked("clear")}}}
    servicer.Analyze(ParseDict(request, analyzer_pb2.AnalyzeRequest()), None)
    assert seen == ["clear"]


@pytest.mark.parametrize(
    ("made", "plain"),
    [
        pytest.param(secret("a/b").rpartition("/")[2], "b", id="part"),
        pytest.param(secret("abc")[1:], "bc", id="slice"),
        pytest.param(secret("A").lower(), "a", id="lower case"),
        pytest.param(secret("a b").split()[1], "b", id="split"),
        pytest.param(joined("/", ["zones", secret("z"), "x"]), "zones/z/x", id="joined"),
        pytest.param(secret(3) * 2, 6, id="product"),
        pytest.param(secret(3) * 0.5, 1.5, id="fraction of a whole number"),
        pytest.param(2 + secret(0.5), 2.5, id="sum"),
        pytest.param(read(marked({"port": 8}))["port"], 8, id="in a block"),  # type: ignore[index, call-overload]
        pytest.param(secret(secret("a")), "a", id="marked twice"),
        pytest.param(read(marked({"key": marked("a")}))["key"], "a", id="in a secret block"),  # type: ignore[index, call-overload]
    ],
)
def test_what_is_made_of_a_secret_is_one(made: Any, plain: Any) -> None:
    assert made == plain
    assert f"{made}" == str(made) == repr(made) == SHOWN


def test_an_audit_keeps_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from policypack.commands.audit import audit

    urn = "urn:pulumi:dev::llm::gcp:compute/healthCheck:HealthCheck::check"
    service = "urn:pulumi:dev::llm::gcp:compute/backendService:BackendService::chat"
    clear = {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": json.dumps(f"/{CANARY}")}
    port_name = {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": json.dumps(CANARY)}
    check = {"name": "c", "httpHealthCheck": {"requestPath": clear}}
    link = "projects/p/global/healthChecks/c"
    resources: list[dict[str, Any]] = [
        {"urn": urn, "type": urn.split("::")[2], "inputs": check, "outputs": {**check, "id": link, "selfLink": link}},
        {"urn": service, "type": service.split("::")[2], "inputs": {"healthChecks": link, "portName": port_name}},
    ]
    state = {"version": 3, "deployment": {"resources": resources}}
    (tmp_path / "states").mkdir()
    (tmp_path / "states/dev.json").write_text(json.dumps(state))
    monkeypatch.chdir(tmp_path)
    files = [f"report.{ending}" for ending in ("json", "sarif", "xml", "md", "html", "csv", "txt")]
    outputs = [part for file in files for part in ("--output", file)]
    done = CliRunner().invoke(audit, ["states/dev.json", "--journal", "journal", *outputs], catch_exceptions=False)
    assert done.exit_code == 1, done.output
    assert CANARY not in done.output
    for file in files:
        assert CANARY not in Path(file).read_text(), file
    assert CANARY not in "\n".join(sqlite3.connect("journal").iterdump())
