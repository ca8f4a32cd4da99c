"""The comparison of two packs over many stacks."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from tests.ecosystem.__main__ import ROOT, judged
from tests.ecosystem.compare import LONGEST, MARKER, Judged, markdown
from tests.ecosystem.stacks import Case, cases
from tests.replay import recorded

RULES = frozenset({"llm-backend-regions", "llm-backend-zones"})
ONE_REGION = {("llm-backend-regions", "llm"): ("failed", "All backends are in 1 region.")}


def test_a_changed_rule_is_shown(tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(ROOT / "policypack", base / "policypack")
    rule = base / "policypack/rules/availability/llm_backend_regions.py"
    assert "yield Fail(" in rule.read_text()
    rule.write_text(re.sub(r"^( +)yield Fail\(", r"\1return\n\1yield Fail(", rule.read_text(), flags=re.MULTILINE))
    case = Case("recording global_one_region", *recorded("global_one_region"))
    (tmp_path / "requests").write_text(f"{json.dumps(case)}\n")
    table = [line for line in markdown(*judged(tmp_path, base, ROOT)).splitlines() if line.startswith("| `")]
    assert table == ["| `llm-backend-regions` | passed → failed | 1 | 1 |"]


def test_every_kind_of_change_is_a_row_of_the_table() -> None:
    base = Judged(
        RULES,
        {
            "fails": {},
            "passes": ONE_REGION,
            "undecided": ONE_REGION,
            "reworded": ONE_REGION,
            "same": ONE_REGION,
        },
    )
    head = Judged(
        RULES | {"llm-backend-quota"},
        {
            "fails": {**ONE_REGION, ("llm-backend-quota", "llm"): ("failed", "No quota.")},
            "passes": {},
            "undecided": {("llm-backend-regions", "llm"): ("undecided", "`backends` is not known")},
            "reworded": {("llm-backend-regions", "llm"): ("failed", "All backends are in one region.")},
            "same": ONE_REGION,
        },
    )
    lines = markdown(base, head).splitlines()
    assert lines[:2] == [MARKER, "### Ecosystem: other verdicts for 3 of 5 stacks"]
    assert "New: `llm-backend-quota`." in lines
    assert [line for line in lines if line.startswith("| `")] == [
        "| `llm-backend-quota` | passed → failed | 1 | 1 |",
        "| `llm-backend-regions` | failed → passed | 1 | 1 |",
        "| `llm-backend-regions` | failed → undecided | 1 | 1 |",
        "| `llm-backend-regions` | passed → failed | 1 | 1 |",
        "| `llm-backend-regions` | failed, in other words | 1 | 1 |",
    ]
    assert [line for line in lines if "`passes`" in line] == ["- `passes`: `llm`"]


def test_nothing_changed_is_said_with_what_was_judged() -> None:
    one = Judged(RULES, {"a": ONE_REGION, "b": {}})
    assert markdown(one, one).splitlines()[1:4] == [
        "### Ecosystem: the same verdicts",
        "",
        "2 stacks were judged by the pack before and after this change.",
    ]


def test_other_words_are_no_other_verdicts() -> None:
    reworded = {("llm-backend-regions", "llm"): ("failed", "All backends are in one region.")}
    base, head = Judged(RULES, {"a": ONE_REGION, "b": {}}), Judged(RULES, {"a": reworded, "b": {}})
    heading = "### Ecosystem: the same verdicts, in other words for 1 of 2 stacks"
    assert markdown(base, head).splitlines()[1] == heading


def test_what_does_not_fit_into_a_comment_is_left_out_by_rules() -> None:
    rules = [f"rule-{number}" for number in range(200)]
    stacks = {f"stack {number}": {(rule, "llm"): ("failed", "x" * 1000) for rule in rules} for number in range(9)}
    text = markdown(Judged(frozenset(rules), {key: {} for key in stacks}), Judged(frozenset(rules), stacks))
    assert len(text) < LONGEST + 200
    assert all(f"| `{rule}` | passed → failed | 9 | 9 |" in text for rule in rules)
    assert text.count("<details>") == text.count("</details>") > 0
    assert "do not fit here" in text


def test_the_stacks_have_names_of_their_own() -> None:
    names = [case.name for case in cases(5, programs=False)]
    assert len(names) == len(set(names))
    assert {"recording deployed_up", "generated 4", "reference prod, deployed"} <= set(names)
