"""Waivers: what they silence, until when, and what is said of them, behind the SDK and without it."""

from __future__ import annotations

import dataclasses
import json
from datetime import date, timedelta
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policypack import evaluate as evaluation
from policypack import pack
from policypack.config.error import ConfigurationError
from policypack.config.options import Setting, read_options, read_settings, strict
from policypack.evaluate import Finding, Report, apply_to_stack, evaluate
from policypack.model.graph.stack import Stack
from policypack.rule import AnyRule, Waiver
from policypack.rules import RULES
from tests.replay import Pack, Verdicts, replay
from tests.stacks import BY_NAME, R, backend, build, mig, service

REGIONS = BY_NAME["llm-backend-regions"]
PRODUCT = BY_NAME["load-balancer-product"]
LAST_DAY = date(2026, 6, 30)
US, EU = mig("us-central1"), mig("europe-west4")


def waiver(resource: str = "chat", expires: date = LAST_DAY, **more: str) -> dict[str, str]:
    given = {"resource": resource, "reason": "second region is being built", "owner": "ml-platform"}
    return {**given, "expires": expires.isoformat(), **more}


def judged(stack: Stack, *waivers: dict[str, str], today: date = LAST_DAY, **options: Any) -> dict[str, Finding]:
    setting = Setting("mandatory", read_options(REGIONS, {"waivers": list(waivers), **options}))
    return {finding.name: finding for finding in apply_to_stack(REGIONS, stack, setting, today)}


def statuses(stack: Stack, *waivers: dict[str, str], **more: Any) -> dict[str, str]:
    return {name: finding.status for name, finding in judged(stack, *waivers, **more).items()}


def two_services(**options: Any) -> Stack:
    return build(service([backend(US)]), service([backend(US)], "embed"), US, **options)


UNDECIDED = build(service(None, options={"ignore_changes": ("backends",)}), R("Network", "net"))


@pytest.mark.parametrize(
    ("resource", "waived"),
    [
        ("chat", {"chat"}),
        ("embed", {"embed"}),
        ("ch*", {"chat"}),
        ("*", {"chat", "embed"}),
        ("[ce]*", {"chat", "embed"}),
        ("Chat", set()),
        ("cha", set()),
        ("other", set()),
    ],
)
def test_a_waiver_covers_logical_names(resource: str, waived: set[str]) -> None:
    expected = {name: "waived" if name in waived else "failed" for name in ("chat", "embed")}
    assert statuses(two_services(), waiver(resource)) == expected


def test_a_name_with_brackets_is_itself_before_it_is_a_glob() -> None:
    stack = build(service([backend(US)], "chat[0]"), US)
    assert statuses(stack, waiver("chat[0]")) == {"chat[0]": "waived"}


@pytest.mark.parametrize(
    ("days", "status"), [(-1000, "waived"), (-1, "waived"), (0, "waived"), (1, "failed"), (1000, "failed")]
)
def test_a_waiver_holds_through_its_last_day(days: int, status: str) -> None:
    stack = build(service([backend(US)]), US)
    assert statuses(stack, waiver(), today=LAST_DAY + timedelta(days)) == {"chat": status}


@pytest.mark.parametrize("undecided", ["advise", "fail"])
def test_undecided_findings_are_waived_too(undecided: str) -> None:
    assert statuses(UNDECIDED, waiver(), undecided=undecided) == {"chat": "waived"}
    stands = "failed" if undecided == "fail" else "undecided"
    tomorrow = LAST_DAY + timedelta(1)
    assert statuses(UNDECIDED, waiver(), undecided=undecided, today=tomorrow) == {"chat": stands}
    assert statuses(UNDECIDED, waiver("other"), undecided=undecided) == {"chat": stands}


def test_what_passes_is_not_waived() -> None:
    stack = build(service([backend(US), backend(EU)]), US, EU)
    found = judged(stack, waiver(), waiver(expires=LAST_DAY - timedelta(1)))["chat"]
    assert (found.status, found.waivers, found.expired) == ("passed", (), ())


def test_a_waiver_waives_its_own_rule_only() -> None:
    settings = read_settings(RULES, {REGIONS.name: {"waivers": [waiver()]}})
    stack = build(service([backend(US)], loadBalancingScheme="EXTERNAL", protocol="UDP"), US)
    report = evaluate(stack, RULES, settings, LAST_DAY)
    found = {finding.rule.name: finding.status for rule in report.rules for finding in rule.findings}
    assert found[REGIONS.name] == "waived"
    assert found[PRODUCT.name] == "failed"
    assert report.with_status("waived") == tuple(
        finding for finding in report.rules[RULES.index(REGIONS)].findings if finding.name == "chat"
    )


@pytest.mark.parametrize(("day", "status"), [("2026-06-30", "waived"), ("2026-07-01", "failed")])
def test_by_default_this_day_decides(monkeypatch: pytest.MonkeyPatch, day: str, status: str) -> None:
    class Calendar(date):
        @classmethod
        def today(cls) -> Calendar:
            return cls.fromisoformat(day)

    monkeypatch.setattr(evaluation, "date", Calendar)
    monkeypatch.setattr(pack, "date", Calendar)
    stack = build(service([backend(US)]), US)
    setting = Setting("mandatory", read_options(REGIONS, {"waivers": [waiver()]}))
    (found,) = apply_to_stack(REGIONS, stack, setting)
    (reported,) = evaluate(stack, [REGIONS], {REGIONS.name: setting}).rules[0].findings
    assert found.status == reported.status == status
    said_by_pack = said(monkeypatch, "true", "global_one_region", REGIONS, waivers=[waiver()], today=None)
    assert said_by_pack.violations == ([] if status == "waived" else [(REGIONS.name, "chat")])


# What became of each waiver


def uses(report: Report) -> list[tuple[str, str, list[str]]]:
    return [(use.waiver.resource, use.state, [finding.name for finding in use.findings]) for use in report.waivers]


def reported(stack: Stack, *waivers: dict[str, str], today: date = LAST_DAY) -> list[tuple[str, str, list[str]]]:
    settings = read_settings([REGIONS], {REGIONS.name: {"waivers": list(waivers)}})
    return uses(evaluate(stack, [REGIONS], settings, today))


OLD = LAST_DAY - timedelta(1)


@pytest.mark.parametrize(
    ("waivers", "expected"),
    [
        ([], []),
        ([waiver("chat")], [("chat", "in force", ["chat"])]),
        ([waiver("*")], [("*", "in force", ["chat", "embed"])]),
        ([waiver("chat", OLD)], [("chat", "expired", ["chat"])]),
        ([waiver("gone")], [("gone", "unused", [])]),
        ([waiver("gone", OLD)], [("gone", "unused", [])]),
        ([waiver("chat"), waiver("*")], [("chat", "in force", ["chat"]), ("*", "in force", ["chat", "embed"])]),
        # One that was renewed is of no use any more, unless it covers something else.
        ([waiver("chat", OLD), waiver("chat")], [("chat", "unused", []), ("chat", "in force", ["chat"])]),
        ([waiver("*", OLD), waiver("chat")], [("*", "expired", ["embed"]), ("chat", "in force", ["chat"])]),
    ],
)
def test_what_became_of_each_waiver(waivers: list[dict[str, str]], expected: list[Any]) -> None:
    assert reported(two_services(), *waivers) == expected


def test_waivers_of_what_passes_or_is_not_selected_are_unused() -> None:
    stack = build(service([backend(US), backend(EU)]), service([backend(US)], "embed"), US, EU)
    settings = read_settings(
        [REGIONS], {REGIONS.name: {"waivers": [waiver("chat"), waiver("embed")], "services": {"names": ["chat"]}}}
    )
    report = evaluate(stack, [REGIONS], settings, LAST_DAY)
    assert uses(report) == [("chat", "unused", []), ("embed", "unused", [])]


def test_waivers_of_a_disabled_rule_are_not_judged() -> None:
    settings = read_settings([REGIONS], {REGIONS.name: {"enforcementLevel": "disabled", "waivers": [waiver()]}})
    assert evaluate(two_services(), [REGIONS], settings, LAST_DAY).waivers == ()


def test_strict_leaves_waivers_in_force() -> None:
    settings = read_settings([REGIONS], {REGIONS.name: {"waivers": [waiver()]}})
    assert evaluate(UNDECIDED, [REGIONS], strict(settings), LAST_DAY).with_status("waived")
    (stands,) = evaluate(UNDECIDED, [REGIONS], strict(settings), LAST_DAY + timedelta(1)).with_status("failed")
    assert [one.expires for one in stands.expired] == [LAST_DAY]


# Behind the SDK


class PackOf(Pack):
    """A pack on a day, in which only some rules are enabled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, dry_run: str | None, today: date | None) -> None:
        super().__init__(monkeypatch, dry_run)
        self.servicer = _PolicyAnalyzerServicer("pack", "0.0.1", pack.policies(today=today), EnforcementLevel.ADVISORY)


def said(monkeypatch: pytest.MonkeyPatch, dry_run: str | None, recording: str, rule: AnyRule, **more: Any) -> Verdicts:
    started = PackOf(monkeypatch, dry_run, more.pop("today", LAST_DAY))
    others = {other.name: {"enforcementLevel": "DISABLED"} for other in RULES if other.name != rule.name}
    started.configure({**others, rule.name: more})
    shown, whole = replay(started, recording)
    return shown + whole


CASES = [
    ("true", "global_one_region", REGIONS, "chat"),
    ("false", "up_global_one_region", REGIONS, "chat"),
    (None, "up_global_one_region", REGIONS, "chat"),
    ("true", "regional_external_http", PRODUCT, "multi-region-backend-service"),
    ("false", "regional_external_http", PRODUCT, "multi-region-backend-service"),
]


@pytest.mark.parametrize(("dry_run", "recording", "rule", "name"), CASES)
def test_the_pack_is_silent_about_what_is_waived(
    monkeypatch: pytest.MonkeyPatch, dry_run: str | None, recording: str, rule: AnyRule, name: str
) -> None:
    assert said(monkeypatch, dry_run, recording, rule, waivers=[waiver(name)]) == Verdicts()


@pytest.mark.parametrize(("dry_run", "recording", "rule", "name"), CASES)
def test_the_pack_says_once_that_a_waiver_has_expired(
    monkeypatch: pytest.MonkeyPatch, dry_run: str | None, recording: str, rule: AnyRule, name: str
) -> None:
    waivers = [waiver(name, reason="second region\nis being built")]
    found = said(monkeypatch, dry_run, recording, rule, waivers=waivers, today=LAST_DAY + timedelta(1))
    assert found.violations == [(rule.name, name)]
    sentence = "Waiver: expired after 2026-06-30, owner ml-platform: second region is being built."
    assert [line for message in found.messages for line in message.splitlines() if "aiver" in line] == [sentence]


def test_the_pack_is_silent_about_what_is_undecided_and_waived(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = "backends_built_in_apply"
    assert said(monkeypatch, "true", recording, REGIONS, waivers=[waiver()]) == Verdicts()
    tomorrow = LAST_DAY + timedelta(1)
    found = said(monkeypatch, "true", recording, REGIONS, waivers=[waiver()], today=tomorrow)
    assert found.undecided == [REGIONS.name]
    assert "(waiver expired after 2026-06-30, owner ml-platform: " in found.messages[0]


# Reading them


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (waiver(), "option `waivers` must be a list of objects, not an object"),
        ("chat", "option `waivers` must be a list of objects, not the string `chat`"),
        (None, "option `waivers` must be a list of objects, not null"),
        (["chat"], "option `waivers`, item 1 must be an object, not the string `chat`"),
        (
            [waiver(), {key: value for key, value in waiver().items() if key != "resource"}],
            "option `waivers`, item 2, `resource` is missing, add a string",
        ),
        (
            [{key: value for key, value in waiver().items() if key != "expires"}],
            "option `waivers`, item 1, `expires` is missing, add a day of the calendar, written as `YYYY-MM-DD`",
        ),
        ([waiver(until="2026-01-01")], "option `waivers`, item 1, `until` is unknown; known are expires, owner"),
        ([waiver(expire="2026-01-01")], "`expire` is unknown; did you mean `expires`?"),
        ([waiver(owner="")], "option `waivers`, item 1, `owner` must be a string that is not empty"),
        ([waiver(reason=" \n ")], "option `waivers`, item 1, `reason` must be a string that is not empty"),
        ([waiver(resource="")], "option `waivers`, item 1, `resource` must be a string that is not empty"),
        ([waiver() | {"owner": 7}], "`owner` must be a string that is not empty, not the number 7"),
    ],
)
def test_a_malformed_waiver_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_options(REGIONS, {"waivers": given})
    assert f"policy `{REGIONS.name}`: " in str(caught.value)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


BAD_DAYS: list[Any] = [
    *("soon", "2026-02-30", "2026-13-01", "0000-01-01", "20260630", "2026-W01-1", "26-06-30", "2026-6-30", ""),
    *("2026-06-30T00:00:00Z", " 2026-06-30", "2026-06-30\n", "\u0662\u0660\u0662\u0666-06-30"),
    *(20260630, None, True, []),
]


@pytest.mark.parametrize("day", BAD_DAYS)
def test_a_day_that_is_none_is_refused(day: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_options(REGIONS, {"waivers": [{**waiver(), "expires": day}]})
    asked = "option `waivers`, item 1, `expires` must be a day of the calendar, written as `YYYY-MM-DD`, not "
    assert asked in str(caught.value)
    assert "\n" not in str(caught.value)


def test_waivers_are_read_as_the_engine_hands_them_over() -> None:
    for rule in RULES:
        document = json.loads(json.dumps({"waivers": [waiver(expires=date(9999, 12, 31))]}))
        (read,) = read_options(rule, document).waivers
        assert read == Waiver("chat", "second region is being built", "ml-platform", date(9999, 12, 31))
        assert {field.name for field in dataclasses.fields(read)} == set(waiver())
