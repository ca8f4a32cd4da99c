"""What has changed since a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from policypack.audit.error import AuditError
from policypack.audit.results import AuditResults
from tests.audit.states import BAD, EMPTY, GOOD, ONE_RULE, TODAY, UNDECIDED, audited, checkpoint, put, service

WAIVER = {"resource": "chat", "reason": "soon", "owner": "me", "expires": TODAY.isoformat()}
WAIVED = {**ONE_RULE, "llm-backend-regions": {"enforcementLevel": "mandatory", "waivers": [WAIVER]}}


@dataclass(frozen=True)
class Changes:
    new: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    new_stacks: tuple[str, ...] = ()
    gone_stacks: tuple[str, ...] = ()


def changes_in(results: AuditResults) -> Changes:
    last = lambda url: url.rpartition("/")[2]  # noqa: E731
    return Changes(
        tuple(f"{last(found.url)} {found.finding.name}" for found in results.new_findings()),
        tuple(f"{last(found.url)} {found.finding.name}" for found in results.fixed_findings()),
        tuple(map(last, results.new_stacks())),
        tuple(map(last, results.gone_stacks())),
    )


CASES: dict[str, tuple[dict[str, bytes], dict[str, bytes], Mapping[str, Any], Changes]] = {
    "nothing": ({"a": BAD, "b": GOOD}, {"a": BAD, "b": GOOD}, ONE_RULE, Changes()),
    "a new violation": ({"a": GOOD}, {"a": BAD}, ONE_RULE, Changes(new=("a.json chat",))),
    "a fixed one": ({"a": BAD}, {"a": GOOD}, ONE_RULE, Changes(fixed=("a.json chat",))),
    "another resource": (
        {"a": BAD},
        {"a": checkpoint(service("embed", 1))},
        ONE_RULE,
        Changes(new=("a.json embed",), fixed=("a.json chat",)),
    ),
    "all resources deleted": ({"a": BAD}, {"a": EMPTY}, ONE_RULE, Changes(fixed=("a.json chat",))),
    "a new stack": (
        {"a": GOOD},
        {"a": GOOD, "b": BAD},
        ONE_RULE,
        Changes(new=("b.json chat",), new_stacks=("b.json",)),
    ),
    "a gone stack": ({"a": GOOD, "b": BAD}, {"a": GOOD}, ONE_RULE, Changes(gone_stacks=("b.json",))),
    "unreadable now": ({"a": BAD, "b": GOOD}, {"a": b"{", "b": GOOD}, ONE_RULE, Changes()),
    "readable again": ({"a": b"{", "b": GOOD}, {"a": BAD, "b": GOOD}, ONE_RULE, Changes(new=("a.json chat",))),
    "undecided now": ({"a": BAD}, {"a": UNDECIDED}, ONE_RULE, Changes()),
    "waived now": ({"a": BAD}, {"a": BAD}, WAIVED, Changes()),
    "the rule disabled": (
        {"a": BAD},
        {"a": BAD},
        {"all": "disabled", "load-balancer-product": "mandatory"},
        Changes(),
    ),
}


@pytest.mark.parametrize(("before", "now", "config", "expected"), CASES.values(), ids=CASES.keys())
def test_changes(
    tmp_path: Path,
    before: dict[str, bytes],
    now: dict[str, bytes],
    config: Mapping[str, Any],
    expected: Changes,
) -> None:
    states = put(tmp_path / "states", {f"{name}.json": content for name, content in before.items()})
    with audited(states, journal=tmp_path / "before"):
        pass
    for file in states.iterdir():
        file.unlink()
    put(states, {f"{name}.json": content for name, content in now.items()})
    with audited(states, journal=tmp_path / "now", baseline=tmp_path / "before", config=config) as results:
        assert changes_in(results) == expected
        assert results.is_judged_alike is (config is ONE_RULE)


def test_stacks_of_other_targets_are_not_gone(tmp_path: Path) -> None:
    one, two = put(tmp_path / "one", {"a.json": BAD}), put(tmp_path / "two", {"b.json": BAD})
    with audited(one, two, journal=tmp_path / "before"):
        pass
    with audited(one, journal=tmp_path / "now", baseline=tmp_path / "before") as results:
        assert changes_in(results) == Changes()
    (two / "b.json").unlink()
    with audited(one, two, journal=tmp_path / "later", baseline=tmp_path / "before") as results:
        assert changes_in(results) == Changes()


def test_a_baseline_that_may_only_be_read(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {"a.json": BAD})
    with audited(states, journal=tmp_path / "kept" / "before"):
        pass
    (tmp_path / "kept" / "before").chmod(0o400)
    (tmp_path / "kept").chmod(0o500)
    with audited(states, journal=tmp_path / "now", baseline=tmp_path / "kept" / "before") as results:
        assert changes_in(results) == Changes()
    (tmp_path / "kept").chmod(0o700)
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["before"]


def test_what_is_no_baseline(tmp_path: Path) -> None:
    states = put(tmp_path / "states", {"a.json": BAD})
    with pytest.raises(AuditError), audited(tmp_path / "nothing", journal=tmp_path / "unfinished"):
        pass
    for baseline, phrase in {
        tmp_path / "before": "there is no baseline",
        tmp_path / "j": "this audit's own journal",
        states / "a.json": "is not the journal of an audit",
        tmp_path / "unfinished": "was not finished",
    }.items():
        with (
            pytest.raises(AuditError, match=phrase),
            audited(states, journal=tmp_path / "j", baseline=baseline),
        ):
            pass
