"""What messages say to install, for each way in which the command was installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from policypack.commands import installing

PIP = f"{sys.executable} -m pip install"
MESSAGE = "reading s3:// needs the package s3fs: install llm-policypack[s3]"
GIT = {
    "url": "https://github.com/acme/llm-policypack",
    "vcs_info": {"vcs": "git", "requested_revision": "v0.1.0", "commit_id": "4f5e"},
}
WHEEL = {"url": "https://wheels.acme.dev/llm_policypack-0.1.0-py3-none-any.whl", "archive_info": {}}


class Installed:
    def __init__(self, record: object) -> None:
        self.record = record

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self.record is None else json.dumps(self.record)


@pytest.mark.parametrize(
    ("record", "command"),
    [
        (None, f"{PIP} 'llm-policypack[s3]'"),
        (GIT, f"{PIP} 'llm-policypack[s3] @ git+https://github.com/acme/llm-policypack@4f5e'"),
        (WHEEL, f"{PIP} 'llm-policypack[s3] @ https://wheels.acme.dev/llm_policypack-0.1.0-py3-none-any.whl'"),
    ],
    ids=["from an index", "from git", "a wheel"],
)
def test_what_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, record: object, command: str) -> None:
    monkeypatch.setattr(installing, "_ROOT", tmp_path)
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed(record))
    expected = f"reading s3:// needs the package s3fs: run `{command}`"
    assert installing.with_commands(MESSAGE) == expected


def test_an_environment_without_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(installing, "_ROOT", tmp_path)
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed(None))
    command = f"uv pip install --python {sys.executable} 'llm-policypack[s3]'"
    assert installing.with_commands(MESSAGE).endswith(f"run `{command}`")


def test_what_says_nothing_of_installing_is_left_alone() -> None:
    assert installing.with_commands("no rule matches") == "no rule matches"
