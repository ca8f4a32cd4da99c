"""Pulumi Cloud's REST API, spoken with a server on this machine."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from policypack.audit.error import AuditError
from policypack.audit.stores.cloud import _session
from policypack.audit.stores.content import MEBIBYTE
from tests.audit.servers import Answer, dripping, serving
from tests.audit.states import Judged, audited, service

TOKEN = "pul-0123456789abcdef"


def export(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"version": 3, "deployment": {"resources": list(resources)}}).encode()


class Cloud:
    """An organization `acme`. Answers that are set come before the right ones, once each."""

    def __init__(self) -> None:
        self.stacks = {
            "llm/dev": export(service("chat", 2)),
            "llm/prod": export(service("chat", 1)),
            "web/dev": export(),
        }
        self.first: dict[str, list[Answer]] = {}
        self.asked: list[str] = []

    def __call__(self, path: str, query: dict[str, str], headers: Any) -> Answer:
        self.asked.append(path)
        if self.first.get(path):
            return self.first[path].pop(0)
        if headers["Authorization"] != f"token {TOKEN}" or headers["Accept"] != "application/vnd.pulumi+8":
            return 401, {}, b'{"code": 401, "message": "Unauthorized"}'
        if path == "/api/user/stacks":
            return self._list(query)
        name = path.removeprefix("/api/stacks/acme/").removesuffix("/export")
        if name not in self.stacks:
            return 404, {}, b'{"code": 404, "message": "Not found"}'
        return 200, {"Content-Encoding": "gzip"}, gzip.compress(self.stacks[name])

    def _list(self, query: dict[str, str]) -> Answer:
        assert query["organization"] == "acme"
        names = sorted(name for name in self.stacks if name.startswith(query.get("project", "")))
        number = int(query.get("continuationToken", 0))
        project, _, name = names[number].partition("/")
        stack = {"orgName": "acme", "projectName": project, "stackName": name, "resourceCount": 10**9, "lastUpdate": 1}
        more = {"continuationToken": str(number + 1)} if number + 1 < len(names) else {}
        return 200, {}, json.dumps({"stacks": [stack], **more}).encode()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    made = Cloud()
    with serving(made) as address:
        monkeypatch.setenv("PULUMI_API", address)
        monkeypatch.setenv("PULUMI_ACCESS_TOKEN", TOKEN)
        yield made
    _session().close()
    _session.cache_clear()


LIST = "/api/user/stacks"
PROD = "/api/stacks/acme/llm/prod/export"


def test_all_stacks_of_an_organization_page_by_page(cloud: Cloud, tmp_path: Path) -> None:
    with audited("pulumi://acme", journal=tmp_path / "j") as results:
        assert {(stack.project, stack.name, stack.status) for stack in results.stacks()} == {
            ("llm", "dev", "compliant"),
            ("llm", "prod", "violations"),
            ("web", "dev", "nothing to judge"),
        }
        assert {stack.url.partition("?")[0] for stack in results.stacks()} == {
            "pulumi://acme/llm/dev",
            "pulumi://acme/llm/prod",
            "pulumi://acme/web/dev",
        }
    assert cloud.asked.count(LIST) == 3
    with audited("pulumi://acme/web", journal=tmp_path / "j2") as results:
        assert [stack.project for stack in results.stacks()] == ["web"]
    assert TOKEN.encode() not in (tmp_path / "j").read_bytes()


def test_a_state_without_a_version_is_judged_in_every_audit(cloud: Cloud, tmp_path: Path) -> None:
    judged = Judged()
    for _ in range(2):
        with audited("pulumi://acme", journal=tmp_path / "j", execute=judged):
            pass
    assert len(judged.urls) == 6


@pytest.mark.parametrize(
    "answers",
    [
        [(500, {}, b"")],
        [(502, {}, b"")],
        [(429, {"Retry-After": "0"}, b"")],
        [(503, {"Retry-After": "0"}, b"")],
    ],
    ids=["500", "502", "429", "503"],
)
def test_what_passes_is_asked_for_again(cloud: Cloud, tmp_path: Path, answers: list[Answer]) -> None:
    cloud.first = {LIST: list(answers), PROD: list(answers)}
    with audited("pulumi://acme", journal=tmp_path / "j") as results:
        assert results.totals.unreadable == 0
        assert results.totals.stacks == 3
    assert cloud.asked.count(PROD) == 1 + len(answers)


def test_it_waits_as_long_as_it_is_told(cloud: Cloud, tmp_path: Path) -> None:
    import time

    cloud.first = {PROD: [(429, {"Retry-After": "1"}, b"")]}
    start = time.monotonic()
    with audited("pulumi://acme", journal=tmp_path / "j") as results:
        assert results.totals.unreadable == 0
    assert time.monotonic() - start >= 1


CUT_OFF: Answer = (200, {"Content-Length": "100000", "Connection": "close"}, b"{")


def test_an_answer_that_breaks_off_is_asked_for_again(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    cloud.first = {PROD: [CUT_OFF]}
    with audited("pulumi://acme", journal=tmp_path / "j") as results:
        assert results.totals.unreadable == 0


STACK_PROBLEMS: dict[str, tuple[list[Answer], str]] = {
    "deleted": ([(404, {}, b"")], "there is no such organization or stack"),
    "forbidden": ([(403, {}, b"")], "has no permission"),
    "cut off": ([CUT_OFF] * 9, "it cannot be read from"),
    "no state": (
        [(200, {}, b"<html>")],
        ". Pulumi Cloud keeps earlier versions: `pulumi stack export --stack acme/llm/prod --version",
    ),
    "of a newer version": ([(200, {}, b'{"version": 9, "deployment": {}}')], "it is a state of version 9"),
    "too large": ([(200, {}, b" " * (MEBIBYTE + 1))], "it is larger than 1 MiB"),
}


@pytest.mark.parametrize(("answers", "phrase"), STACK_PROBLEMS.values(), ids=STACK_PROBLEMS.keys())
def test_one_stack_that_cannot_be_read(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Answer], phrase: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    cloud.first = {PROD: list(answers)}
    with audited("pulumi://acme", journal=tmp_path / "j") as results:
        (bad,) = results.unreadable()
        assert (bad.project, bad.name) == ("llm", "prod")
        assert phrase in bad.error
        assert results.totals.stacks == 3


LIST_PROBLEMS: dict[str, tuple[Callable[[Cloud], object], str]] = {
    "a wrong token": (
        lambda cloud: cloud.first.update({LIST: [(401, {}, b"")]}),
        "the token in PULUMI_ACCESS_TOKEN is refused",
    ),
    "no such organization": (lambda cloud: cloud.first.update({LIST: [(404, {}, b"")]}), "no such organization"),
    "no API": (lambda cloud: cloud.first.update({LIST: [(200, {}, b"<html>")]}), "is this Pulumi Cloud's API?"),
    "a list without stacks": (
        lambda cloud: cloud.first.update({LIST: [(200, {}, b'{"stacks": {}}')]}),
        "is this Pulumi Cloud's API?",
    ),
    "no stacks": (lambda cloud: cloud.first.update({LIST: [(200, {}, b'{"stacks": []}')]}), "there is no stack"),
    "an endless list": (
        lambda cloud: cloud.first.update({LIST: [(200, {}, b'{"stacks": [], "continuationToken": "1"}')] * 2}),
        "again and again",
    ),
}


@pytest.mark.parametrize(("spoil", "phrase"), LIST_PROBLEMS.values(), ids=LIST_PROBLEMS.keys())
def test_an_organization_that_cannot_be_listed(
    cloud: Cloud, tmp_path: Path, spoil: Callable[[Cloud], object], phrase: str
) -> None:
    spoil(cloud)
    with pytest.raises(AuditError) as caught, audited("pulumi://acme", journal=tmp_path / "j"):
        pass
    assert str(caught.value).startswith("pulumi://acme: ")
    assert phrase in str(caught.value)
    assert TOKEN not in str(caught.value)


def listed(*stacks: Any) -> dict[str, list[Answer]]:
    return {LIST: [(200, {}, json.dumps({"stacks": stacks}).encode())]}


def names(project: str, stack: str, organization: str = "acme") -> dict[str, Any]:
    return {"orgName": organization, "projectName": project, "stackName": stack}


def test_what_is_damaged_in_the_list_is_one_line(cloud: Cloud, tmp_path: Path) -> None:
    damaged: tuple[Any, ...] = (1, None, {}, {"orgName": "acme"}, names("", "x"), {**names("llm", "x"), "stackName": 7})
    cloud.first = listed(names("llm", "prod"), *damaged, {**names("llm", "dev"), "resourceCount": "many"})
    with audited("pulumi://acme", journal=tmp_path / "j") as results:
        assert {stack.name: stack.status for stack in results.stacks() if stack.name} == {
            "prod": "violations",
            "dev": "compliant",
        }
        assert [stack.error.partition(" ")[2] for stack in results.unreadable()] == ["lists it without its names"] * 6


def test_a_list_of_more_than_was_asked_for(cloud: Cloud, tmp_path: Path) -> None:
    """Servers that do not know the parameter `project` list the stacks of all projects."""
    cloud.first = listed(names("llm", "prod"), names("web", "dev"), names("llm", "dev", "other"), names("LLM", "dev"))
    cloud.stacks["LLM/dev"] = cloud.stacks["llm/dev"]
    with audited("pulumi://acme/llm", journal=tmp_path / "j") as results:
        assert {(stack.project, stack.name) for stack in results.stacks()} == {("llm", "prod"), ("LLM", "dev")}


def test_a_state_that_hardly_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policypack.audit.stores.cloud._SECONDS_TO_READ", 0.3)
    ended = threading.Event()

    def drip(path: str, _query: object, _headers: object) -> Answer:
        if path == LIST:
            return 200, {}, json.dumps({"stacks": [names("llm", "dev"), names("llm", "slow")]}).encode()
        return 200, {}, dripping(ended) if "slow" in path else export(service("chat", 2))

    with serving(drip) as address:
        monkeypatch.setenv("PULUMI_API", address)
        monkeypatch.setenv("PULUMI_ACCESS_TOKEN", TOKEN)
        with audited("pulumi://acme", journal=tmp_path / "j") as results:
            assert {stack.name: (stack.status, stack.error) for stack in results.stacks()} == {
                "dev": ("compliant", ""),
                "slow": ("unreadable", "it did not arrive within 0.3 seconds: run the audit again"),
            }
        ended.set()
    _session().close()
    _session.cache_clear()


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULUMI_API", "http://127.0.0.1:1")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", TOKEN)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with pytest.raises(AuditError, match="does not answer"), audited("pulumi://acme", journal=tmp_path / "j"):
        pass
    _session.cache_clear()


def test_names_are_no_way_to_another_path(cloud: Cloud, tmp_path: Path) -> None:
    hostile = "../../x?y#\x1b[31m"
    cloud.first = {
        LIST: [
            (
                200,
                {},
                json.dumps({"stacks": [{"orgName": "acme", "projectName": "p", "stackName": hostile}]}).encode(),
            )
        ]
    }
    with audited("pulumi://acme", journal=tmp_path / "j") as results:
        (stack,) = results.stacks()
        assert stack.name == r"../../x?y#\x1b[31m"
        assert stack.url.startswith("pulumi://acme/p/..%2F..%2Fx%3Fy%23%1B%5B31m")
    assert cloud.asked == [LIST, "/api/stacks/acme/p/..%2F..%2Fx%3Fy%23%1B%5B31m/export"]
