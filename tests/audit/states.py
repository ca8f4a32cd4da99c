"""States to audit, and audits of them in this process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from policypack.audit.fingerprint import fingerprint, pack_digest
from policypack.audit.journal import Journal
from policypack.audit.record import StackRecord
from policypack.audit.results import AuditResults
from policypack.audit.run import run_audit
from policypack.audit.stores.content import MEBIBYTE
from policypack.audit.stores.store import Store
from policypack.audit.totals import StackStatus
from policypack.audit.worker import Job, JobOptions, run_job
from policypack.config.options import read_settings
from policypack.rules import RULES

TODAY = date(2026, 6, 30)
SERVICE = "gcp:compute/backendService:BackendService"
REGIONS = ("us-central1", "europe-west4")
# One rule is enough here; it fails a service in one region, passes one in two.
ONE_RULE: dict[str, Any] = {"all": "disabled", "llm-backend-regions": "mandatory"}


def service(name: str, regions: int, project: str = "llm", stack: str = "dev") -> dict[str, Any]:
    inputs = {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "protocol": "HTTP",
        "backends": [{"group": f"projects/p/regions/{region}/instanceGroups/g"} for region in REGIONS[:regions]],
    }
    urn = f"urn:pulumi:{stack}::{project}::{SERVICE}::{name}"
    return {"urn": urn, "type": SERVICE, "custom": True, "id": name, "inputs": inputs, "outputs": inputs}


def checkpoint(*resources: dict[str, Any], version: int = 3) -> bytes:
    latest = {"manifest": {}, "resources": list(resources)}
    return json.dumps({"version": version, "checkpoint": {"stack": "s", "latest": latest}}).encode()


GOOD = checkpoint(service("chat", 2))
BAD = checkpoint(service("chat", 1))
EMPTY = checkpoint()
# As Pulumi writes an encrypted value: nothing tells where the backends are.
CIPHERTEXT = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:q2VjcmV0"}
UNDECIDED = checkpoint(
    {**service("chat", 1), "inputs": {**service("chat", 1)["inputs"], "backends": CIPHERTEXT}, "outputs": {}}
)


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def one_by_one(jobs: Iterator[Job]) -> Iterator[tuple[Job, list[StackRecord]]]:
    return ((job, run_job(job)) for job in jobs)


def of_version(file: Path, version: int) -> None:
    """Makes a journal of another format."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA application_id = 0x6C6C6D70")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("CREATE TABLE t (x)")


@contextmanager
def audited(
    *targets: str | Path | Store,
    journal: Path,
    config: Mapping[str, Any] = ONE_RULE,
    today: date = TODAY,
    baseline: Path | None = None,
    max_bytes: int = MEBIBYTE,
    execute: Any = one_by_one,
) -> Iterator[AuditResults]:
    """The results of an audit, while its journal is open."""
    settings = read_settings(RULES, config)
    options = JobOptions(settings, today, max_bytes, pack_digest())
    with closing(Journal(journal, fingerprint(settings, today), settings, today)) as opened:
        results = AuditResults(opened, baseline)
        run_audit([str(t) if isinstance(t, Path) else t for t in targets], options, opened, execute)
        yield results


def statuses(results: AuditResults) -> dict[str, StackStatus]:
    """The status of each stack by the last part of its URL."""
    return {stack.url.rpartition("/")[2]: stack.status for stack in results.stacks()}


def errors(results: AuditResults) -> dict[str, str]:
    """What is wrong with each unreadable stack, by the last part of its URL."""
    return {stack.url.rpartition("/")[2]: stack.error for stack in results.unreadable()}


class Judged:
    """Judges as `one_by_one`, and notes the last parts of the URLs of what is judged."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def __call__(self, jobs: Iterator[Job]) -> Iterator[tuple[Job, list[StackRecord]]]:
        for job in jobs:
            self.urls += [entry.url.rpartition("/")[2] for entry in job.entries]
            yield job, run_job(job)
