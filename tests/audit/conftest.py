"""An audit with a verdict of each kind, for the tests of the formats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from policypack.audit.results import AuditResults
from tests.audit.states import BAD, EMPTY, GOOD, ONE_RULE, UNDECIDED, audited, checkpoint, put, service
from tests.report.judged import HOSTILE

WAIVERS = [
    {"resource": "rerank", "reason": HOSTILE, "owner": "search", "expires": "2026-07-05"},
    {"resource": "later", "reason": "soon", "owner": "search", "expires": "2026-12-31"},
]
CONFIG = {
    **ONE_RULE,
    "llm-backend-regions": {"enforcementLevel": "mandatory", "waivers": WAIVERS},
    "load-balancer-product": "advisory",
}
ADVISORY = service("embed", 2)
ADVISORY["inputs"] = {**ADVISORY["inputs"], "protocol": "UDP"}
STATES = {
    "llm/bad.json": checkpoint(service(HOSTILE, 1), service("chat", 1), service("rerank", 1), service("later", 1)),
    "llm/advisory.json": checkpoint(ADVISORY),
    "llm/undecided.json": UNDECIDED,
    "llm/good.json": GOOD,
    "llm/empty.json": EMPTY,
    "llm/broken.json": b"{",
}


@pytest.fixture
def everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditResults]:
    """One more violation than in the baseline, a new stack, one that is gone, and a target that is not there.

    The backend is `backend` in the working directory, which is a repository.
    """
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("policypack.report.audit.place._root", lambda: tmp_path)
    folder = put(tmp_path / "backend" / ".pulumi" / "stacks", {**STATES, "llm/gone.json": GOOD})
    with audited("backend", journal=tmp_path / "before", config=CONFIG):
        pass
    (folder / "llm/good.json").write_bytes(BAD)
    (folder / "llm/gone.json").unlink()
    (folder / "llm/new.json").write_bytes(GOOD)
    with audited("backend", "nowhere", journal=tmp_path / "j", config=CONFIG, baseline=tmp_path / "before") as results:
        yield results
