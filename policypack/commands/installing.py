"""How to add what a command needs to the installation that it runs from."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Final

NAME: Final = "llm-policypack"
_ROOT: Final = Path(__file__).parents[2]


def with_commands(message: str) -> str:
    """A message in which `install llm-policypack[extra]` is the command that does so here."""
    return re.sub(rf"install {NAME}\[(\w+)\]", lambda found: f"run `{_command(found[1])}`", message)


def _command(extra: str) -> str:
    installer = [sys.executable, "-m", "pip", "install"]
    if not importlib.util.find_spec("pip"):  # as in what uv makes
        installer = ["uv", "pip", "install", "--python", sys.executable]
    if (_ROOT / "pyproject.toml").is_file():
        return shlex.join([*installer, "--editable", f"{_ROOT}[{extra}]"])
    return shlex.join([*installer, f"{NAME}[{extra}]{_source()}"])


def _source() -> str:
    """Where this was installed from, in a requirement; empty for an index. PEP 610 says what the record has."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        record = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    vcs = record.get("vcs_info", {})
    if vcs:
        return f" @ {vcs['vcs']}+{record['url']}@{vcs['commit_id']}"
    return f" @ {record['url']}" if "url" in record else ""
