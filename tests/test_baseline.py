"""`check --baseline` and `--write-baseline`: what counts as new, as known and as fixed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from policypack.baseline import Known, baseline_document, compare, known_of, read_baseline
from policypack.config.error import ConfigurationError
from policypack.config.options import default_settings, with_services
from policypack.evaluate import Finding, Report, evaluate
from policypack.judgement import Results
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.report.formats import render
from policypack.verdict import Problem
from tests.report.made import WAIVER, made_finding, made_results
from tests.rules.fronts import url_map
from tests.stacks import R, backend, build, mig, service
from tests.test_cli import ONE_REGION_STATE, UNDECIDED_ONLY, assert_refused, check, resource, state

FILE = Path("baseline.json")
HERE = Problem("`chat` is so.", "r", "f")
OF_A = Problem("`a` is so.", "r", "f")
OF_B = Problem("`b` is so.", "other words", "another fix")


def results_of(*findings: Finding, others: Iterable[str] = ("a", "b")) -> Results:
    """Results of a stack that has other resources too."""
    made = made_results(findings)
    more = [Resource(f"urn:pulumi:dev::llm::t::{name}", "t", name, {}) for name in others]
    return replace(made, stack=Stack([*made.stack.resources, *more]))


def statuses(before: Results, now: Results) -> list[str]:
    report, _ = compare(now.report, now.stack, FILE, before.known)
    return [finding.status for rule in report.rules for finding in rule.findings]


UNDECIDED = made_finding(reasons=("`mode` is not known",))


@pytest.mark.parametrize(
    ("what", "before", "now", "status"),
    [
        ("the same", made_finding(problems=(HERE,)), made_finding(problems=(HERE,)), "known"),
        ("other words", made_finding(problems=(OF_A,)), made_finding(problems=(replace(OF_A, fix="g"),)), "known"),
        (
            "another value",
            made_finding(problems=(HERE,)),
            made_finding(problems=(Problem("It is 2.", "r", "f"),)),
            "known",
        ),
        ("another level", made_finding(problems=(HERE,)), made_finding(problems=(HERE,), level="advisory"), "known"),
        ("another subject", made_finding(problems=(OF_A,)), made_finding(problems=(OF_B,)), "failed"),
        ("one subject more", made_finding(problems=(OF_A,)), made_finding(problems=(OF_A, OF_B)), "failed"),
        ("one subject less", made_finding(problems=(OF_A, OF_B)), made_finding(problems=(OF_A,)), "known"),
        ("a subject by its place", made_finding(problems=(OF_A,)), made_finding(problems=(HERE,)), "known"),
        ("a place by its subject", made_finding(problems=(HERE,)), made_finding(problems=(OF_A,)), "known"),
        ("another resource", made_finding(problems=(HERE,)), made_finding(name="embed", problems=(HERE,)), "failed"),
        ("another rule", made_finding(problems=(HERE,)), made_finding("llm-backend-zones", problems=(HERE,)), "failed"),
        ("undecided before", UNDECIDED, UNDECIDED, "known"),
        ("undecided before, certain now", UNDECIDED, made_finding(problems=(HERE,)), "failed"),
        ("certain before, undecided now", made_finding(problems=(HERE,)), UNDECIDED, "known"),
        ("passed before", made_finding(), made_finding(problems=(HERE,)), "failed"),
        ("passes now", made_finding(problems=(HERE,)), made_finding(), "passed"),
        ("waived now", made_finding(problems=(HERE,)), made_finding(problems=(HERE,), waivers=(WAIVER,)), "waived"),
        ("waived before", made_finding(problems=(HERE,), waivers=(WAIVER,)), made_finding(problems=(HERE,)), "failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_known(what: str, before: Finding, now: Finding, status: str) -> None:
    assert statuses(results_of(before), results_of(now)) == [status]


def fixed(before: Results, now: Results) -> list[tuple[str, str]]:
    _, comparison = compare(now.report, now.stack, FILE, before.known)
    return [(known.rule, known.subject) for known in comparison.fixed]


@pytest.mark.parametrize(
    ("what", "now", "subjects"),
    [
        ("it passes", results_of(made_finding()), ["a", "b"]),
        ("the rule no longer applies", results_of(made_finding(not_applicable="n")), ["a", "b"]),
        ("one of two subjects", results_of(made_finding(problems=(OF_A,))), ["b"]),
        ("the resource is gone", results_of(made_finding(name="embed")), ["a", "b"]),
        ("it stands", results_of(made_finding(problems=(OF_A, OF_B))), []),
        ("it is undecided", results_of(UNDECIDED), []),
        ("it is waived", results_of(made_finding(problems=(OF_A, OF_B), waivers=(WAIVER,))), []),
        ("another type has the name", results_of(made_finding(name="embed"), others=("chat",)), ["a", "b"]),
        ("the rule is not asked", results_of(made_finding("llm-backend-zones")), []),
        ("another stack", replace(results_of(), stack=Stack([Resource("urn:pulumi:prod::llm::t::a", "t", "a")])), []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_fixed(what: str, now: Results, subjects: list[str]) -> None:
    before = results_of(made_finding(problems=(OF_A, OF_B)))
    assert fixed(before, now) == [("llm-backend-regions", subject) for subject in subjects]


def test_what_is_not_selected_is_not_fixed() -> None:
    """The resource is there, and nobody judged it: `--services` selects others."""
    before = results_of(made_finding(problems=(HERE,)))
    now = replace(results_of(made_finding(name="embed")), stack=Stack([*before.stack.resources]))
    left_out = frozenset(resource.urn for resource in before.stack.resources)
    rules = tuple(replace(rule, left_out=left_out) for rule in now.report.rules)
    assert fixed(before, replace(now, report=Report(rules))) == []
    assert fixed(before, now) == [("llm-backend-regions", "")]


DAY, US = date(2026, 6, 30), mig()
CHAT, WEB = service([backend(US)], "chat"), service([backend(US)], "web")
ELSEWHERE = url_map(WEB)


@pytest.mark.parametrize(
    ("what", "now", "services", "is_fixed"),
    [
        ("it stands", (CHAT, US), ("*",), False),
        ("it gets no requests any more", (CHAT, US, WEB, ELSEWHERE), ("*",), True),
        ("the same, and it is not selected", (CHAT, US, WEB, ELSEWHERE), ("web",), True),
        ("it is not selected", (CHAT, US, WEB), ("web",), False),
        ("nothing is known of it", (R(CHAT.type, "chat", {}), US), ("*",), False),
    ],
)
def test_what_the_rule_no_longer_judges_is_fixed(
    what: str, now: tuple[R, ...], services: tuple[str, ...], is_fixed: bool
) -> None:
    """Whatever is fixed leaves the baseline: the same mistake is new when it comes back."""
    regions, before, after = made_finding().rule, build(CHAT, US), build(*now)
    found = evaluate(before, [regions], default_settings([regions]), DAY)
    baseline = [known for rule in found.rules for finding in rule.findings for known in known_of(finding, before)]
    assert [known.urn.rpartition("::")[2] for known in baseline] == ["chat"]
    settings = with_services(default_settings([regions]), services)
    _, comparison = compare(evaluate(after, [regions], settings, DAY), after, FILE, baseline)
    assert list(comparison.fixed) == (baseline if is_fixed else [])


def test_what_the_baseline_says_of_other_stacks_stays() -> None:
    prod = Known("llm-backend-regions", "urn:pulumi:prod::llm::t::chat", "", "failed")
    results = results_of(made_finding(problems=(HERE,))).compared(FILE, [prod])
    (own,) = set(results.known) - {prod}
    assert (own.rule, own.status, prod in results.known) == ("llm-backend-regions", "failed", True)


def test_what_the_baseline_says_of_what_is_left_out_stays(tmp_path: Path) -> None:
    """A run by some rules, or of some services, takes nothing else out of the baseline that it writes anew."""
    file = tmp_path / "baseline.json"
    judged(tmp_path, TWO, "--write-baseline", file)
    before = set(read_baseline(file))
    for asked in (["--rule", "llm-backend-regions"], ["--services", "chat"], ["--severity", "critical"]):
        assert judged(tmp_path, TWO, *asked, "--baseline", file, "--write-baseline", file).returncode == 0
        assert set(read_baseline(file)) == before


def test_equal_baselines_are_equal_texts() -> None:
    found = [known for n in range(3) for known in known_of(made_finding(name=f"c{n}", problems=(HERE,)), Stack())]
    assert baseline_document(found) == baseline_document([*found[::-1], *found])


def test_names_that_rules_once_had_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Known("old-regions", "urn:pulumi:dev::llm::t::chat", "", "failed")
    file = tmp_path / "baseline.json"
    file.write_text(json.dumps(baseline_document([known])))
    regions = made_finding().rule
    monkeypatch.setattr("policypack.baseline.BY_ANY_NAME", {"old-regions": regions})
    assert read_baseline(file) == (known._replace(rule="llm-backend-regions"),)


RIGHT: dict[str, Any] = {"schemaVersion": "1.0", "findings": []}
ENTRY = {"rule": "r", "urn": "u", "subject": "", "status": "failed"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is not a baseline: it is not valid JSON"),
        ("[" * 100_000, "is not a baseline: it is not valid JSON: it is nested too deeply"),
        ("[]", "it has no list `findings`"),
        ('{"findings": {}}', "it has no list `findings`"),
        (json.dumps({**RIGHT, "schemaVersion": "2.0"}), "its `schemaVersion` is not 1.0"),
        (json.dumps({"findings": []}), "its `schemaVersion` is not 1.0"),
        (json.dumps({**RIGHT, "findings": [ENTRY, 1]}), "entry 2 of `findings` needs rule, urn, subject, status"),
        (json.dumps({**RIGHT, "findings": [{**ENTRY, "urn": 1}]}), "entry 1 of `findings`"),
        (json.dumps({**RIGHT, "findings": [{**ENTRY, "status": "passed"}]}), "entry 1 of `findings`"),
    ],
)
def test_what_is_no_baseline_is_refused(content: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        read_baseline(file)
    assert sentence in str(caught.value)
    assert "--write-baseline" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_later_releases_add_fields(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(json.dumps({"schemaVersion": "1.7", "more": 1, "findings": [{**ENTRY, "more": 1}]}))
    assert read_baseline(file) == (Known("r", "u", "", "failed"),)


# The command

TWO = [ONE_REGION_STATE, resource(ONE_REGION_STATE["type"], "embed", ONE_REGION_STATE["inputs"])]


def judged(tmp_path: Path, resources: list[dict[str, Any]], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return check(state(tmp_path, resources), "--today", "2026-06-30", *arguments)


def test_a_run_fails_for_what_is_new_only(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    wrote = judged(tmp_path, TWO[:1], "--write-baseline", file)
    assert (wrote.returncode, wrote.stderr) == (0, f"{file}: 11 findings\n")
    known = judged(tmp_path, TWO[:1], "--baseline", file)
    assert known.returncode == 0
    assert "0 violations (0 mandatory), 0 undecided, 11 known, in 1 resource" in known.stdout
    assert "Observed:" not in known.stdout
    new = judged(tmp_path, TWO, "--baseline", file)
    assert new.returncode == 1
    assert "  embed  gcp:compute/backendService:BackendService" in new.stdout.splitlines()
    assert "  chat  gcp:compute/backendService:BackendService" not in new.stdout.splitlines()
    verbose = judged(tmp_path, TWO, "--baseline", file, "--verbose")
    assert "Known" in verbose.stdout.splitlines()


def test_a_run_says_what_is_fixed(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    judged(tmp_path, TWO, "--write-baseline", file)
    result = judged(tmp_path, [TWO[0]], "--baseline", file, "--rule", "llm-backend-regions")
    assert result.returncode == 0
    note = "Note: fixed since the baseline was written (update the baseline): `llm-backend-regions` of `embed`."
    assert note in result.stdout.splitlines()
    again = judged(tmp_path, [TWO[0]], "--baseline", file, "--write-baseline", file)
    assert again.returncode == 0
    assert {known.urn for known in read_baseline(file)} == {TWO[0]["urn"]}


def test_what_is_undecided_is_known_too(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    rule = ("--rule", "llm-backend-named-port", "--fail-on", "undecided")
    assert judged(tmp_path, [UNDECIDED_ONLY], *rule).returncode == 1
    assert judged(tmp_path, [UNDECIDED_ONLY], *rule, "--write-baseline", file).returncode == 0
    assert judged(tmp_path, [UNDECIDED_ONLY], *rule, "--baseline", file).returncode == 0


def test_a_baseline_is_never_written_over_what_is_read(tmp_path: Path) -> None:
    target = state(tmp_path, TWO)
    before = target.read_text()
    assert_refused(check(target, "--write-baseline", target), "state.json is already read or written by this run")
    assert target.read_text() == before
    assert_refused(check(target, "--baseline", tmp_path / "none.json"), "there is no baseline", "--write-baseline")


def test_every_format_tells_what_is_known() -> None:
    results = results_of(made_finding(problems=(HERE,)), made_finding(name="embed", problems=(OF_A,)))
    baseline = [*results_of(made_finding(problems=(HERE,))).known, *results_of(made_finding(problems=(OF_B,))).known]
    beside = results.compared(FILE, baseline)
    said = {name: "".join(render("check", name, beside)) for name in ("json", "sarif", "junit", "markdown", "html")}
    document = json.loads(said["json"])
    assert [entry["status"] for entry in document["findings"]] == ["known", "failed"]
    assert document["baseline"] == {"file": "baseline.json", "fixed": []}
    assert [result["ruleId"] for result in json.loads(said["sarif"])["runs"][0]["results"]] == [
        "llm-backend-regions",
        "llm-backend-regions/known",
    ]
    cases = {
        case.get("name"): [part.tag for part in case] for case in ElementTree.fromstring(said["junit"]).iter("testcase")
    }
    assert sorted(cases.values()) == [["failure"], ["skipped"]]
    assert "1 mandatory violation; 1 known" in said["markdown"]
    assert 'data-status="known"' in said["html"]
    assert '<input type="checkbox" name="status" value="known" checked>' in said["html"]
