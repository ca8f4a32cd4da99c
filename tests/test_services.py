"""Which services are judged, written once, and options that are others for some of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from policypack.cli import main
from policypack.config.error import ConfigurationError
from policypack.config.options import read_options, read_settings, with_services
from policypack.config.schema import document_schema, json_schema, starting_document
from policypack.judgement.notes import refuse_globs
from policypack.rule import ForServices
from policypack.rules import RULES
from tests.audit.states import checkpoint, put, service
from tests.stacks import BY_NAME, R, backend, build, findings, mig, statuses
from tests.stacks import service as made
from tests.test_config_command import fits
from tests.test_waivers import said

REGIONS, UTILIZATION = "llm-backend-regions", "llm-backend-max-utilization"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    put(tmp_path, {"states/a.json": checkpoint(service("chat-a", 1), service("web", 1))})
    return tmp_path / "states/a.json"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "policy-config.json"
    document = {"all": "disabled", REGIONS: {"enforcementLevel": "mandatory", "services": {"names": ["web"]}}}
    file.write_text(json.dumps(document))
    return file


def failed(result: Result) -> list[str]:
    document = json.loads(result.stdout)
    return [finding["name"] for finding in document["findings"] if finding["status"] == "failed"]


# Which services


CHOSEN: dict[str, tuple[list[str], list[str]]] = {
    "those of the file": ([], ["web"]),
    "in place of them": (["--services", "chat-*"], ["chat-a"]),
    "several": (["--services", "chat-*", "--services", "w?b"], ["chat-a", "web"]),
}


@pytest.mark.parametrize(("arguments", "names"), CHOSEN.values(), ids=CHOSEN.keys())
def test_check_judges_the_services_that_are_asked_for(
    state: Path, config: Path, arguments: list[str], names: list[str]
) -> None:
    result = run("check", state, "--policy-config", config, "--format", "json", *arguments)
    assert failed(result) == names
    assert json.loads(result.stdout)["notes"] == []
    assert result.exit_code == 1


US = mig()
SERVICES_THERE = "the backend services are `chat-a` and `web`"


@pytest.mark.parametrize(
    ("globs", "wrong"),
    [(["zz*"], ["zz*"]), (["Web"], ["Web"]), (["chat-*", "no[p]e"], ["no[p]e"]), (["a", "b", "a"], ["a", "b"])],
)
@pytest.mark.parametrize("command", [["check"], ["check", "--strict"], ["check", "--quiet"], ["failover"]])
def test_a_glob_that_selects_no_service_is_refused(
    state: Path, command: list[str], globs: list[str], wrong: list[str]
) -> None:
    asked = (argument for glob in globs for argument in ("--services", glob))
    result = run(*command, state, *asked)
    refused = [f"error: the services glob `{glob}` selects nothing: {SERVICES_THERE}" for glob in wrong]
    assert (result.exit_code, result.stdout, result.stderr.splitlines()) == (2, "", refused)


def test_a_service_of_which_nothing_is_known_is_there() -> None:
    """What is looked up is no mistyped name."""
    looked_up = R("BackendService", "chat", {})
    refuse_globs([build(made([backend(US)], "web"), US, looked_up)], ["chat"])


def test_a_glob_has_to_select_a_service_of_one_stack() -> None:
    dev, prod, none = build(made([backend(US)], "chat"), US), build(made([backend(US)], "web"), US), build()
    refuse_globs([dev, prod], ["chat"])
    refuse_globs([none], ["chat"])
    with pytest.raises(ConfigurationError, match="`zz` selects nothing: the backend services are `chat` and `web`"):
        refuse_globs([dev, prod, none], ["zz"])


def test_a_file_that_selects_nothing_is_noted(state: Path, config: Path) -> None:
    config.write_text(config.read_text().replace('"web"', '"chat"'))
    result = run("check", state, "--policy-config", config)
    assert "`services` in the policy configuration selects nothing: the backend services are `chat-a`" in result.stdout


def test_an_audit_judges_the_services_that_are_asked_for(state: Path, config: Path, tmp_path: Path) -> None:
    command = ("audit", state, "--policy-config", config, "--journal", tmp_path / "j", "--workers", "1")
    for arguments, names in ((), ["web"]), (("--services", "chat-*"), ["chat-a"]), (("--services", "nope"), []):
        result = run(*command, *arguments, "--output", tmp_path / "audit.json")
        document = json.loads((tmp_path / "audit.json").read_text())
        assert [one["name"] for stack in document["stacks"] for one in stack["findings"]] == names
        (tmp_path / "audit.json").unlink()
        assert ("note: --services nope: no stack has such a backend service" in result.output) == (not names)


def test_failover_shows_the_services_that_are_asked_for(state: Path) -> None:
    result = run("failover", state, "--services", "w*", "--format", "json")
    document = json.loads(result.stdout)
    assert [one["name"] for one in document["services"]] == ["web"]


def test_an_empty_glob_is_refused(state: Path) -> None:
    for command in (("check", state), ("audit", state), ("failover", state), ("config", "init")):
        result = run(*command, "--services", " ")
        assert (result.exit_code, "give a glob on logical names" in result.output) == (2, True)


def test_a_starting_file_for_some_services(tmp_path: Path) -> None:
    file = tmp_path / "policy-config.json"
    assert run("config", "init", file, "--services", "chat-*", "--services", "embed").exit_code == 0
    document = json.loads(file.read_text())
    assert document == starting_document(RULES, ["chat-*", "embed"])
    assert read_settings(RULES, document) == with_services(read_settings(RULES, {}), ["chat-*", "embed"])
    assert fits(document_schema(RULES), document)


NOT_FOR_EVERY_RULE: list[tuple[Any, str]] = [
    ({"services": {"names": ["a"]}}, "`services` is an option of each rule, not a policy: `config init --services"),
    ({"all": {"services": {"names": ["a"]}}}, "`all` accepts only a level, not `services`: `config init --services"),
    ({"undecided": "fail"}, "`undecided` is an option of each rule, not a policy: `check` and `audit` take `--strict`"),
    ({"waivers": []}, "`waivers` is an option of each rule, not a policy"),
]


@pytest.mark.parametrize(("document", "sentence"), NOT_FOR_EVERY_RULE)
def test_what_cannot_be_said_of_all_rules_says_how(document: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(RULES, document)
    assert sentence in str(caught.value)
    assert not fits(document_schema(RULES), document)


# Options by service


CANARY = {"names": ["chat-canary*"], "options": {"max": 0.95}}


def loaded(name: str, target: float) -> Any:
    return made([backend(US, maxUtilization=target)], name)


ENTRIES: dict[str, tuple[list[Any], dict[str, str]]] = {
    "none": ([], {"chat": "passed", "chat-canary-b": "failed"}),
    "for the canary": ([CANARY], {"chat": "passed", "chat-canary-b": "passed"}),
    "for another": ([{"names": ["web"], "options": {"max": 0.95}}], {"chat": "passed", "chat-canary-b": "failed"}),
    "the first counts": (
        [{"names": ["chat*"], "options": {"max": 0.5}}, CANARY],
        {"chat": "failed", "chat-canary-b": "failed"},
    ),
    "the first may change nothing": (
        [{"names": ["chat-canary-b"], "options": {}}, CANARY],
        {"chat": "passed", "chat-canary-b": "failed"},
    ),
}


@pytest.mark.parametrize(("entries", "expected"), ENTRIES.values(), ids=ENTRIES.keys())
def test_options_for_some_services(entries: list[Any], expected: dict[str, str]) -> None:
    stack = build(loaded("chat", 0.8), loaded("chat-canary-b", 0.9), US)
    assert statuses(UTILIZATION, stack, for_services=entries) == expected
    assert fits(document_schema(RULES), {UTILIZATION: {"for_services": entries}})


def test_options_for_some_services_are_read() -> None:
    options = read_options(BY_NAME[UTILIZATION], {"max": 0.7, "for_services": [CANARY]})
    assert options.for_services == (ForServices(("chat-canary*",), {"max": 0.95}),)
    assert options.of_service("chat-canary-a") == read_options(BY_NAME[UTILIZATION], {"max": 0.95})
    assert options.of_service("chat") is options


WRONG: dict[str, tuple[Any, str, bool]] = {
    "no list": ({}, "option `for_services` must be a list of objects, not an object", False),
    "no names": ([{"options": {}}], "option `for_services`, item 1, `names` is missing, add a list of strings", False),
    "no options": ([{"names": ["a"]}], "option `for_services`, item 1, `options` is missing, add an object", False),
    "unknown": (
        [{"names": ["a"], "options": {"maximum": 1}}],
        "option `for_services`, item 1, `options`, `maximum` is unknown; did you mean `max`?",
        False,
    ),
    "of every rule": (
        [{"names": ["a"], "options": {"waivers": []}}],
        "option `for_services`, item 1, `options`, `waivers` is unknown",
        False,
    ),
    "out of bounds": (
        [CANARY, {"names": ["a"], "options": {"max": 95}}],
        "option `for_services`, item 2, `options`, `max` must be a number from 0 to 1, not the number 95",
        False,
    ),
    "no object": (
        [{"names": ["a"], "options": "advisory"}],
        "option `for_services`, item 1, `options` must be an object, not the string `advisory`",
        False,
    ),
    "contradiction": (
        [{"names": ["a"], "options": {"min": 0.9}}],
        "option `for_services`, item 1: option `min` (0.9) is above option `max` (0.8)",
        True,
    ),
}


@pytest.mark.parametrize(("entries", "sentence", "is_fine_for_schema"), WRONG.values(), ids=WRONG.keys())
def test_wrong_options_for_some_services(entries: Any, sentence: str, is_fine_for_schema: bool) -> None:
    document = {UTILIZATION: {"for_services": entries}}
    with pytest.raises(ConfigurationError) as caught:
        read_settings(RULES, document)
    assert f"policy `{UTILIZATION}`: {sentence}" in str(caught.value)
    assert fits(document_schema(RULES), document) == is_fine_for_schema


def test_what_several_services_share_has_to_pass_by_each() -> None:
    """The machines of a canary are those of another service too."""
    entry = {"names": ["chat-canary"], "options": {"min_initial_delay_sec": 60}}
    healing = {"healthCheck": "projects/p/global/healthChecks/h", "initialDelaySec": 100}
    group = mig(autoHealingPolicies=healing)
    canary, chat = made([backend(group)], "chat-canary"), made([backend(group)], "chat")
    stacks = {"alone": (canary,), "shared": (canary, chat), "other": (chat,)}
    found = {
        name: [
            [problem.observed for problem in one.problems]
            for one in findings("instance-group-autohealing", build(*services, group), for_services=[entry])
        ]
        for name, services in stacks.items()
    }
    short = [["Its `initial_delay_sec` is 100."]]
    assert found == {"alone": [[]], "shared": short, "other": short}


def test_rules_without_options_of_their_own_have_none_for_services() -> None:
    for rule in RULES:
        schema = json_schema(rule.options)
        own = set(schema) - {"services", "undecided", "waivers", "for_services"}
        assert ("for_services" in schema) == bool(own)
        if own:
            assert set(schema["for_services"]["items"]["properties"]["options"]["properties"]) == own


# All mistakes at once


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    wrong, twice = tmp_path / "wrong.json", tmp_path / "twice.json"
    document = {
        "llm-backend-region": "advisory",
        "all": "mandatry",
        REGIONS: {"enforcementLevel": "of", "min_region": 3, "undecided": "no", "waivers": [{"owner": 1}]},
        UTILIZATION: {"Max": 0.5, "ENFORCEMENTLEVEL": "advisory"},
    }
    wrong.write_text(json.dumps(document))
    twice.write_text('{"all": "advisory", "all": "x"}')
    result = run("config", "check", wrong, twice)
    assert result.exit_code == 2
    levels = "use one of advisory, mandatory, remediate, disabled"
    of_waiver = f"{wrong}: policy `{REGIONS}`: option `waivers`, item 1,"
    day = "a day of the calendar, written as `YYYY-MM-DD`"
    assert result.stderr.splitlines() == [
        f"error: {line}"
        for line in (
            f"{wrong}: unknown policy `llm-backend-region`; did you mean `{REGIONS}`?",
            f"{wrong}: policy `all`: unknown level `mandatry`, {levels}; did you mean `mandatory`?",
            f"{wrong}: policy `{UTILIZATION}`: option `Max` is unknown; did you mean `max`?",
            f"{wrong}: policy `{UTILIZATION}`: option `ENFORCEMENTLEVEL` is unknown; did you mean `enforcementLevel`?",
            f"{wrong}: policy `{REGIONS}`: unknown level `of`, {levels}",
            f"{wrong}: policy `{REGIONS}`: option `min_region` is unknown; did you mean `min_regions`?",
            f"{wrong}: policy `{REGIONS}`: option `undecided` must be `advise` or `fail`, not the string `no`",
            f"{of_waiver} `owner` must be a string that is not empty, not the number 1",
            f"{of_waiver} `resource` is missing, add a string that is not empty",
            f"{of_waiver} `reason` is missing, add a string that is not empty",
            f"{of_waiver} `expires` is missing, add {day}",
            f"{twice}: `all` appears twice: remove one of the two",
            f"{twice}: policy `all`: unknown level `x`, {levels}",
        )
    ]


def test_a_name_that_is_like_none_has_the_nearest() -> None:
    with pytest.raises(
        ConfigurationError, match="unknown policy `backend-regions`; did you mean `llm-backend-regions`"
    ):
        read_settings(RULES, {"backend-regions": "advisory"})


# Behind the SDK


@pytest.mark.parametrize(
    ("dry_run", "recording"),
    [("true", "global_one_region"), ("false", "up_global_one_region"), (None, "up_global_one_region")],
)
def test_the_pack_takes_options_for_some_services(
    monkeypatch: pytest.MonkeyPatch, dry_run: str | None, recording: str
) -> None:
    for names, violations in ((["ch*"], []), (["web"], [(REGIONS, "chat")])):
        entry = {"names": names, "options": {"min_regions": 1}}
        found = said(monkeypatch, dry_run, recording, BY_NAME[REGIONS], for_services=[entry])
        assert found.violations == violations
