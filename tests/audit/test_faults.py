"""What goes wrong while an audit runs, with real processes, signals and devices."""

from __future__ import annotations

import contextlib
import errno
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from policypack.audit.error import AuditError, UnreadableState
from policypack.audit.executors.processes import run as in_processes
from policypack.audit.stores.content import MEBIBYTE, decompressed
from policypack.report.formats import formats_of, write_report
from policypack.report.writing import OutputError
from tests.audit.deadly import Deadly
from tests.audit.servers import Answer, serving
from tests.audit.states import BAD, GOOD, ONE_RULE, audited, checkpoint, errors, put, service, statuses
from tests.command import PATIENCE, ROOT, wait_until

COMPRESSED = gzip.compress(GOOD)
ZSTANDARD = pa.Codec("zstd")
TOO_LONG = "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"
SPACES = b" " * (2 * MEBIBYTE)

BROKEN: dict[str, tuple[str, bytes, str]] = {
    "a": (".json.gz", COMPRESSED[:-20], "it is compressed but cut off"),
    "b": (".json.gz", COMPRESSED[:-8] + b"\0" * 8, "it is compressed but damaged"),
    "c": (".json.zst", ZSTANDARD.compress(GOOD).to_pybytes()[:-20], "it is compressed but damaged or cut off"),
    "d": (".json", GOOD[:-20], "it is not JSON, or is cut off"),
    "e": (".json", checkpoint(version=9), "it is a state of version 9; this policy pack reads versions 3 and 4"),
    "f": (".json", b"", "it is empty: w"),
    "g": (".json", b"[" * 100_000, "it cannot be read as a state: it is nested too deeply"),
    "k": (".json", b"9" * 5000, f"it cannot be read as a state: {TOO_LONG}. The"),
    "h": (".json", SPACES, "it is larger than 1 MiB, the most that this audit reads: raise `--max-size`"),
    "i": (".json.gz", gzip.compress(SPACES), "it is larger than 1 MiB"),
    "j": (".json.zst", ZSTANDARD.compress(SPACES).to_pybytes(), "it is larger than 1 MiB"),
}


def test_what_is_broken_is_reported_and_the_rest_judged(tmp_path: Path) -> None:
    several_members = gzip.compress(GOOD[:100]) + gzip.compress(GOOD[100:])
    broken = {f".pulumi/stacks/llm/{name}{suffix}": content for name, (suffix, content, _) in BROKEN.items()}
    put(tmp_path, {**broken, ".pulumi/stacks/y.json": GOOD, ".pulumi/stacks/z.json.gz": several_members})
    with audited(tmp_path, journal=tmp_path / "journal") as results:
        reported = {name.removesuffix(".json"): why for name, why in errors(results).items()}
        assert [stack for stack, status in statuses(results).items() if status == "compliant"] == ["y.json", "z.json"]
    assert {name: why[: len(BROKEN[name][2])] for name, why in reported.items()} == {
        name: phrase for name, (_, _, phrase) in BROKEN.items()
    }


def test_decompressing_stops_at_the_limit() -> None:
    for bomb in (
        gzip.compress(b" " * 100 * MEBIBYTE, 1),
        pa.Codec("zstd").compress(b" " * 100 * MEBIBYTE).to_pybytes(),
    ):
        tracemalloc.start()
        with pytest.raises(UnreadableState):
            decompressed(bomb, 2 * MEBIBYTE)
        assert tracemalloc.get_traced_memory()[1] < 8 * MEBIBYTE
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("cuts_off", "workers"), [(False, 1), (True, 2)], ids=["while it reads", "while it sends what came of it"]
)
def test_a_state_that_kills_its_process_is_reported(tmp_path: Path, cuts_off: bool, workers: int) -> None:
    execute = partial(in_processes, workers=workers)
    with audited(Deadly(cuts_off=cuts_off), journal=tmp_path / "j", execute=execute) as results:
        assert {name: why[:33] for name, why in errors(results).items()} == {
            "deadly:4": "the process that judged it was ki"
        }
        assert {name for name, status in statuses(results).items() if status == "violations"} == {"deadly:7"}
        assert results.totals.stacks == 9


@pytest.mark.parametrize("step", ["__init__", "submit"])
def test_no_process_can_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Click would take a broken pipe for its own output's, and end with the status of violations."""

    def fail(*_: Any) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(f"policypack.audit.executors.processes.ProcessPoolExecutor.{step}", fail)
    said = r"no process to judge in can be started \(Broken pipe\): check that this user may run "
    execute = partial(in_processes, workers=2)
    with pytest.raises(AuditError, match=said), audited(Deadly(), journal=tmp_path / "j", execute=execute):
        pass


@pytest.mark.parametrize("entry", formats_of("audit").values(), ids=lambda entry: entry.name)
def test_a_full_disk_for_an_output(tmp_path: Path, entry: Any) -> None:
    full = tmp_path / f"report{entry.suffixes[0]}"
    full.symlink_to("/dev/full")
    states = put(tmp_path / "states", {"a.json": BAD})
    with audited(states, journal=tmp_path / "j") as results, pytest.raises(OutputError, match="No space left"):
        write_report("audit", full, results)
    kept = put(tmp_path / "kept", {full.name: b"before"}) / full.name
    with audited(states, journal=tmp_path / "j") as results:
        for name in ("stacks", "findings", "unreadable", "most_important", "stacks_with_findings"):
            setattr(results, name, fail)
        with pytest.raises(OutputError):
            write_report("audit", kept, results)
    assert [(file.name, file.read_bytes()) for file in kept.parent.iterdir()] == [(kept.name, b"before")]


def fail(*_: object) -> Any:
    raise OSError(28, "No space left on device")


def audit_command(*arguments: str | Path, **more: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, **more.pop("environment", {})}
    return subprocess.Popen(
        [sys.executable, "-m", "policypack", "audit", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **more,
    )


def test_a_full_disk_for_the_journal(tmp_path: Path) -> None:
    many = checkpoint(*(service(f"chat-{i}", 1) for i in range(500)))
    states = put(tmp_path / "states", {"a.json": many})
    config = put(tmp_path, {"c.json": json.dumps(ONE_RULE).encode()}) / "c.json"

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    arguments = (states, "--journal", tmp_path / "j", "--workers", "1", "--policy-config", config)
    process = audit_command(*arguments, preexec_fn=fill)
    output, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (2, "")
    assert error.startswith(f"error: the journal {tmp_path / 'j'} cannot be used: ")
    assert error.count("\n") == 1


class Slow:
    """An organization whose stacks are given out one by one, until `held` says no more."""

    def __init__(self, given: int) -> None:
        self.given = given
        self.asked: list[str] = []
        self.are_held = threading.Event()
        self.goes_on = threading.Event()

    def __call__(self, path: str, _query: dict[str, str], _headers: object) -> Answer:
        if path == "/api/user/stacks":
            names = [f"s{i}" for i in range(6)]
            # So many resources that each stack is a job of its own.
            stacks = [
                {"orgName": "acme", "projectName": "llm", "stackName": name, "resourceCount": 10**6} for name in names
            ]
            return 200, {}, json.dumps({"stacks": stacks}).encode()
        self.asked.append(path.split("/")[-2])
        if len(self.asked) > self.given and not self.goes_on.is_set():
            self.are_held.set()
            self.goes_on.wait(PATIENCE)
        return 200, {}, json.dumps({"version": 3, "deployment": {"resources": [service("chat", 1)]}}).encode()


@pytest.fixture
def _ctrl_c_is_heard() -> Iterator[None]:
    """Where the tests run in the background Ctrl-C is ignored, and what they start would go on ignoring it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_is_heard")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["Ctrl-C", "kill -9"])
def test_an_audit_that_is_stopped_goes_on(tmp_path: Path, number: signal.Signals, status: int) -> None:
    slow, journal = Slow(given=3), tmp_path / "j"
    config = tmp_path / "config.json"
    config.write_text(json.dumps(ONE_RULE))
    with serving(slow) as address:
        environment = {"PULUMI_API": address, "PULUMI_ACCESS_TOKEN": "pul-1"}
        arguments = ("pulumi://acme", "--journal", journal, "--workers", "1", "--policy-config", config)
        process = audit_command(*arguments, environment=environment)
        assert slow.are_held.wait(PATIENCE)
        # The third is in the journal, and counted right after that: then the process waits for the fourth.
        wait_until(lambda: b"/s2" in (tmp_path / "j-wal").read_bytes())
        time.sleep(0.1)
        wait_until(lambda: is_waiting(process.pid))
        # Ctrl-C in a terminal goes to all processes, a kill to one.
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        _, error = process.communicate(timeout=PATIENCE)
        assert process.returncode == status
        if number == signal.SIGINT:
            assert error == f"interrupted after 3 stacks: run the same command again to continue ({journal})\n"
        assert_all_ended(process.pid)
        slow.goes_on.set()
        slow.asked.clear()
        process = audit_command(*arguments, environment=environment)
        output, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (1, "")
    assert slow.asked == ["s3", "s4", "s5"]
    assert "6 stacks: 6 with mandatory violations. 6 violations (6 mandatory), 0 undecided." in output


def is_waiting(process: int) -> bool:
    """Whether all threads of a process sleep, however long they were kept from running."""
    states = [Path(task, "stat").read_text().rpartition(") ")[2][0] for task in Path(f"/proc/{process}/task").iterdir()]
    return set(states) == {"S"}


def assert_all_ended(group: int) -> None:
    """Nothing is left of a process and its children."""
    with contextlib.suppress(ProcessLookupError):
        wait_until(partial(os.killpg, group, 0))


def test_all_targets_fail(tmp_path: Path) -> None:
    with pytest.raises(AuditError) as caught, audited("gs://", tmp_path / "*.json", journal=tmp_path / "j"):
        pass
    assert str(caught.value).splitlines() == [
        "gs://: gs:// needs the name of a bucket, such as gs://my-pulumi-states; "
        f"file://{tmp_path}/*.json: there is no such file"
    ]
