"""The same audit on a Dask cluster."""

from __future__ import annotations

import os
import signal
import socket
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from policypack.audit.error import AuditError
from policypack.audit.executors.dask import run as on_cluster
from policypack.audit.record import StackRecord
from policypack.audit.worker import Job
from tests.audit.deadly import Deadly
from tests.audit.servers import serving
from tests.audit.states import BAD, GOOD, audited, checkpoint, errors, put, service, statuses

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    import dask
    from distributed import LocalCluster

    # A job is given up when the second worker dies of it, and a dead worker is not waited for long.
    settings = {"distributed.scheduler.allowed-failures": 1, "distributed.comm.timeouts.connect": "3s"}
    with dask.config.set(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as made:
            yield made


def test_the_same_findings_while_a_worker_dies(tmp_path: Path, cluster: Any) -> None:
    """More jobs than workers: one is killed when the first results are there."""
    states = put(tmp_path / "states", {f"{i}.json": (BAD, GOOD, b"{")[i % 3] for i in range(200)})

    def killing(jobs: Iterator[Job]) -> Iterator[tuple[Job, list[StackRecord]]]:
        for i, done in enumerate(on_cluster(jobs, cluster.scheduler_address)):
            if i == 0:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
            yield done

    with (
        audited(states, journal=tmp_path / "here") as here,
        audited(states, journal=tmp_path / "there", execute=killing) as there,
    ):
        assert list(here.findings()) == list(there.findings())
        assert statuses(here) == statuses(there)
        assert errors(here) == errors(there)
        assert there.totals.stacks == 200


def test_a_state_that_kills_its_worker_is_reported(tmp_path: Path, cluster: Any) -> None:
    execute = partial(on_cluster, scheduler=cluster.scheduler_address)
    with audited(Deadly(), journal=tmp_path / "j", execute=execute) as results:
        assert {name: why[:28] for name, why in errors(results).items()} == {"deadly:4": "the workers that judged it d"}
        assert results.totals.stacks == 9


def test_workers_have_to_have_the_same_pack(tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.audit.states.pack_digest", lambda: "another one")
    states = put(tmp_path / "states", {"a.json": GOOD})
    execute = partial(on_cluster, scheduler=cluster.scheduler_address)
    with (
        pytest.raises(AuditError, match="install the same release"),
        audited(states, journal=tmp_path / "j", execute=execute),
    ):
        pass


def test_what_is_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policypack.audit.executors.dask._SECONDS_TO_CONNECT", 0.2)
    states = put(tmp_path / "states", {"a.json": checkpoint(service("chat", 1))})
    with socket.create_server(("127.0.0.1", 0)) as silent, serving(lambda *_: (200, {}, b"")) as web:
        port = silent.getsockname()[1]
        wrong = ("tcp://127.0.0.1:1", "nonsense://x", "127.0.0.1", "tcp://scheduler", "tcp://127.0.0.1:99999", "")
        for address in (
            *wrong,
            f"tcp://127.0.0.1:{port}",
            f"nonsense://127.0.0.1:{port}",
            web.replace("http", "tcp"),
            web,
        ):
            execute = partial(on_cluster, scheduler=address)
            with (
                pytest.raises(AuditError, match=f"there is no Dask scheduler at {address};"),
                audited(states, journal=tmp_path / "j", execute=execute),
            ):
                pass
