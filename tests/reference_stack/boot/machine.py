"""A machine without a machine: runs a boot document in a folder, as cloud-init and systemd would.

The scripts run as they are, with the real bash, curl and coreutils. Docker, iptables and the like are stand-ins that
write down how they are called; `sleep` writes down for how long, and takes no time.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LOG = 'echo "${0##*/} $*" >> "$ROOT/calls"\n'
# What exists after `create`, `pull` or `--insert` is found by the commands that look for it.
PROGRAMS = {
    "docker": LOG
    + """
case "$1 $2" in
  "network inspect") grep --quiet --line-regexp "docker network create $3" "$ROOT/calls" ;;
  "image inspect") grep --quiet --line-regexp "docker pull --quiet $3" "$ROOT/calls" ;;
  "run --rm")
    for argument; do
      case "$argument" in
        --env-file=*) cat "${argument#*=}" >> "$ROOT/keys" ;;
        *target=/models*) source="${argument#*source=}"; ls "${source%%,*}" > /dev/null ;;
      esac
    done ;;
esac
""",
    "iptables": """
if [[ "$2" == --check ]]; then exec grep --quiet "^iptables --wait --insert ${*:3}" "$ROOT/calls"; fi
"""
    + LOG,
    # Whoever waits too long is ended by the test.
    "sleep": LOG + 'if (("$(grep --count "^sleep " "$ROOT/calls")" >= PATIENCE)); then kill "$PPID"; fi\n',
    **dict.fromkeys(("systemctl", "docker-credential-gcr", "cos-extensions", "mount", "mountpoint"), LOG),
}


@dataclass(frozen=True)
class Unit:
    """What a test needs of a systemd unit."""

    settings: dict[str, list[str]]

    @classmethod
    def of(cls, text: str) -> Unit:
        settings: dict[str, list[str]] = {}
        for line in text.replace("\\\n", " ").splitlines():
            key, equals, value = line.partition("=")
            if equals:
                settings.setdefault(key, []).append(value)
        return cls(settings)

    def __getitem__(self, key: str) -> str:
        (value,) = self.settings[key]
        return value


class Machine:
    """Folders and programs of one machine; `boot` and `start` return what the journal shows of it."""

    def __init__(self, root: Path, curl_home: Path, document: str, patience: int = 6) -> None:
        self.root = root
        self.document: dict[str, Any] = yaml.safe_load(document)
        self.environment = {
            "PATH": f"{root}/usr/bin:{os.environ['PATH']}",
            "CURL_HOME": str(curl_home),
            "ROOT": str(root),
            "PATIENCE": str(patience),
        }
        for name, text in PROGRAMS.items():
            program = root / "usr" / "bin" / name
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(f"#!/bin/bash\n{text}")
            program.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """How the stand-ins were called, since the machine was made."""
        file = self.root / "calls"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def pauses(self) -> list[int]:
        return [int(call.split()[1]) for call in self.calls if call.startswith("sleep ")]

    @property
    def keys(self) -> list[str]:
        """What each container of the server got as its environment."""
        file = self.root / "keys"
        return file.read_text().splitlines() if file.exists() else []

    def folder_of(self, specifier: str) -> Path:
        return self.root / {"%S": "var/lib", "%t": "run"}[specifier] / "llm"

    @property
    def served(self) -> dict[str, bytes] | None:
        """The files that the server last started saw."""
        runs = [call for call in self.calls if call.startswith("docker run ") and "--name=llm-server" in call]
        if not runs:
            return None
        folder = Path(re.findall(r"source=([^,]+),target=/models,readonly", runs[-1])[0])
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    def boot(self) -> str:
        """What neither /etc nor /run outlives: cloud-init writes the files anew, and starts the units."""
        for gone in ("etc", "run"):
            shutil.rmtree(self.root / gone, ignore_errors=True)
        for entry in self.document["write_files"]:
            file = self.root / entry["path"].lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(entry["content"])
            file.chmod(int(entry["permissions"], 8))
        journal = ""
        for command in self.document["runcmd"]:
            self.run(command.split(), {})
            if command.startswith("systemctl start "):
                # Each waits for the one before it: `After=`.
                journal += "".join(self.start(unit) for unit in command.split() if unit.endswith(".service"))
        return journal

    def start(self, name: str) -> str:
        """Starts a unit once, as systemd does at boot, by `systemctl restart`, or when its process has ended."""
        unit = Unit.of((self.root / "etc/systemd/system" / name).read_text())
        environment = self.environment_of(unit)
        journal = ""
        for line in unit.settings.get("ExecStartPre", []) + unit.settings["ExecStart"]:
            words = self.words(line.removeprefix("-"), environment)
            done = self.run(words, environment)
            journal += done.stdout + done.stderr
            if done.returncode and not line.startswith("-"):
                break
        return journal

    def environment_of(self, unit: Unit) -> dict[str, str]:
        environment = {}
        for key, specifier in (("StateDirectory", "%S"), ("RuntimeDirectory", "%t")):
            if key in unit.settings:
                folder = self.folder_of(specifier)
                if key == "RuntimeDirectory":
                    shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(int(unit.settings.get(f"{key}Mode", ["0755"])[0], 8))
                environment["STATE_DIRECTORY" if specifier == "%S" else "RUNTIME_DIRECTORY"] = str(folder)
        lines = (self.root / unit["EnvironmentFile"].lstrip("/")).read_text().splitlines()
        for line in [*unit.settings["Environment"], *lines]:
            key, _, value = line.partition("=")
            environment[key] = self.located(value).strip('"')
        return environment

    def words(self, line: str, environment: dict[str, str]) -> list[str]:
        """A command line as systemd splits it: `$NAME` becomes words, `${NAME}` part of one."""
        found = []
        for word in shlex.split(line):
            if re.fullmatch(r"\$\w+", word):
                found += environment[word[1:]].split()
            else:
                filled = re.sub(r"\$\{(\w+)\}", lambda match: environment[match[1]], self.located(word))
                found.append(f"{self.root}{filled}" if filled.startswith(("/etc/", "/usr/")) else filled)
        return found

    def located(self, text: str) -> str:
        for specifier in ("%S", "%t"):
            text = text.replace(f"{specifier}/llm", str(self.folder_of(specifier)))
        return text

    def run(self, words: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, env=self.environment | environment, capture_output=True, text=True, timeout=60, check=False
        )
