"""Results made of findings that nothing judged, for what no real program has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from policypack.config.terms import Level
from policypack.evaluate import Finding, Report, RuleReport
from policypack.judgement import Results
from policypack.model.graph.resource import Place, Resource
from policypack.model.graph.stack import Stack
from policypack.rule import Waiver
from policypack.rules import RULES
from policypack.verdict import Problem, Undecided

BY_NAME = {rule.name: rule for rule in RULES}
TYPE = "gcp:compute/backendService:BackendService"
FAIL = Problem("It is so.", "It has to be other.", "Make it other.")
WAIVER = Waiver("*", "it\nhas to be", "the  team", date(2026, 12, 31))

# What a name may hold: controls, a terminal's escape, quotes, markup, half a surrogate pair, what XML cannot hold.
HOSTILE = "a\x00\x1b[31m\r\n\t\"'<&>]]>{0}[x](https://x.test)|`\ud800\uffff\U0001f600é"


def made_finding(rule: str = "llm-backend-regions", name: str = "chat", **more: Any) -> Finding:
    level: Level = more.pop("level", "mandatory")
    more["undecided"] = tuple(Undecided(why) for why in more.pop("reasons", ()))
    urn = f"urn:pulumi:dev::llm::{TYPE}::{name}"
    return Finding(BY_NAME[rule], level, more.pop("urn", urn), TYPE, name, **more)


def made_results(findings: Iterable[Finding], **more: Any) -> Results:
    """Results of the rules that have findings."""
    found = list(findings)
    rules = {finding.rule.name: (finding.rule, finding.level) for finding in found}
    reports = [
        RuleReport(rule, level, tuple(finding for finding in found if finding.rule.name == name))
        for name, (rule, level) in rules.items()
    ]
    place: Place | None = more.pop("place", None)
    resources = {finding.urn: Resource(finding.urn, TYPE, finding.name, {}, place=place) for finding in found}
    title: str = more.pop("title", "made")
    return Results(title, Stack(resources.values()), Report(tuple(reports)), date(2026, 6, 30), **more)


@cache
def many_findings(number: int) -> Results:
    """As many violations of a mandatory rule as undecided findings of another."""
    half = number // 2
    failed = [made_finding(name=f"chat-{index:05}", problems=(FAIL,)) for index in range(half)]
    undecided = [
        made_finding("backend-cloud-armor", f"chat-{index:05}", reasons=("nothing is known",)) for index in range(half)
    ]
    return made_results([*undecided, *failed])


def hostile_results() -> Results:
    """One failed, one undecided and one waived finding that say hostile things."""
    fail, waiver = Problem(HOSTILE, HOSTILE, HOSTILE), Waiver(HOSTILE, HOSTILE, HOSTILE, date(2026, 12, 31))
    findings = [
        made_finding(name=HOSTILE, problems=(fail,), expired=(waiver,)),
        made_finding("backend-cloud-armor", HOSTILE, reasons=(HOSTILE,)),
        made_finding("backend-authentication", HOSTILE, problems=(fail,), waivers=(waiver,)),
        made_finding("frontend-https-only", HOSTILE, not_applicable=HOSTILE),
    ]
    return made_results(findings, title=HOSTILE, notes=(HOSTILE,), file=Path(f"{HOSTILE[2:12]}.json"))
