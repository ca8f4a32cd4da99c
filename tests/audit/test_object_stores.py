"""Buckets over real HTTP: local servers of S3, Cloud Storage and Azure Blob Storage."""

from __future__ import annotations

import gzip
import logging
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policypack.audit.error import AuditError, TargetError
from policypack.audit.stores.filesystem import _open
from policypack.audit.stores.store import Entry, Store
from policypack.audit.stores.target import open_target
from tests.audit.servers import (
    NEEDS_AZURITE,
    Answer,
    Bucket,
    MakeBucket,
    azure_connection,
    azure_server,
    azure_token,
    dripping,
    gcs_server,
    s3_server,
    serving,
)
from tests.audit.states import BAD, GOOD, Judged, audited, errors, statuses

STACKS = ".pulumi/stacks"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("AZURE_STORAGE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    yield
    _open.cache_clear()


@pytest.fixture(scope="session")
def s3() -> Iterator[MakeBucket]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with s3_server() as make:
        yield make


@pytest.fixture(scope="session")
def gs() -> Iterator[MakeBucket]:
    with gcs_server() as make:
        yield make


@pytest.fixture(scope="session")
def azblob() -> Iterator[MakeBucket]:
    with azure_server() as make:
        yield make


@pytest.fixture(scope="session", params=["s3", "gs", pytest.param("azblob", marks=NEEDS_AZURITE)])
def server(request: pytest.FixtureRequest) -> MakeBucket:
    make: MakeBucket = request.getfixturevalue(request.param)
    return make


def bucket_name(request: pytest.FixtureRequest) -> str:
    return f"states-{zlib.crc32(request.node.name.encode())}"


@pytest.fixture
def bucket(server: MakeBucket, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bucket:
    made = server(bucket_name(request))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def test_the_current_checkpoints_of_a_bucket_are_judged(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put(f"{STACKS}/llm/dev.json", GOOD)
    bucket.put(f"{STACKS}/llm/prod.json.gz", gzip.compress(BAD))
    bucket.put(f"{STACKS}/old.json", BAD)
    for other in (f"{STACKS}/llm/dev.json.bak", ".pulumi/history/llm/dev/1.json", ".pulumi/meta.yaml"):
        bucket.put(other, BAD)
    bucket.put(f"team/{STACKS}/llm/team.json", GOOD)
    judged = Judged()
    with audited(bucket.url, journal=tmp_path / "j", execute=judged) as results:
        found = {(stack.project, stack.name, stack.status) for stack in results.stacks()}
        assert found == {("llm", "dev", "compliant"), ("llm", "prod", "violations"), ("llm", "old", "violations")}
    with_prefix = f"{bucket.url}{'&' if '?' in bucket.url else '?'}prefix=team/"
    with audited(with_prefix, journal=tmp_path / "j2") as results:
        assert [(stack.name, stack.status) for stack in results.stacks()] == [("team", "compliant")]

    # The next audit reads only what has changed.
    assert len(judged.urls) == 3
    bucket.put(f"{STACKS}/old.json", GOOD)
    bucket.delete(f"{STACKS}/llm/prod.json.gz")
    judged = Judged()
    with audited(bucket.url, journal=tmp_path / "j", execute=judged) as results:
        assert {(stack.name, stack.status) for stack in results.stacks()} == {
            ("dev", "compliant"),
            ("old", "compliant"),
        }
    assert [url.partition("?")[0] for url in judged.urls] == ["old.json"]


def test_an_object_that_is_deleted_after_it_was_listed(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put(f"{STACKS}/llm/dev.json", GOOD)
    bucket.put(f"{STACKS}/llm/prod.json", GOOD)
    store = Meanwhile(open_target(bucket.url), lambda: bucket.delete(f"{STACKS}/llm/dev.json"))
    with audited(store, journal=tmp_path / "j") as results:
        assert {name.partition("?")[0]: why for name, why in errors(results).items()} == {
            "dev.json": "it was deleted or renamed after the audit had listed it: run the audit again"
        }
        assert {stack.name for stack in results.stacks() if stack.status == "compliant"} == {"prod"}


def test_exported_states_in_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("exports/a.json", GOOD)
    bucket.put("exports/b.json", BAD)
    bucket.put("exports/more/c.json", BAD)
    for path, expected in {"*.json": ["a.json", "b.json"], "b.json": ["b.json"]}.items():
        with audited(bucket.with_path(f"exports/{path}"), journal=tmp_path / path.replace("*", "all")) as results:
            assert sorted(name.partition("?")[0] for name in statuses(results)) == expected


def test_an_empty_bucket_and_one_that_is_not_there(bucket: Bucket) -> None:
    missing = bucket.with_path("").replace("states", "nowhere")
    name = missing.partition("://")[2].partition("/")[0]
    kind = "container" if missing.startswith("azblob") else "bucket"
    for path in ("", ".pulumi/stacks/llm/dev.json", "exports/*.json"):
        with pytest.raises(TargetError, match=r"there is no (stack|such file)"):
            list(open_target(bucket.with_path(path)).entries())
        with pytest.raises(TargetError, match=f"there is no {kind} {name}, or these credentials may not see it"):
            list(open_target(missing.replace(f"{name}/", f"{name}/{path}")).entries())


def test_what_to_do_about_a_damaged_checkpoint(bucket: Bucket, tmp_path: Path) -> None:
    kept = ("history/llm/dev/dev-1.checkpoint.json", "history/llm/dev/dev-2.checkpoint.json", "stacks/llm/dev.json.bak")
    for path in (*kept, "stacks/llm/dev.json", "stacks/llm/old.json"):
        bucket.put(f".pulumi/{path}", b"{")
    with audited(bucket.url, journal=tmp_path / "j") as results:
        said = {
            name.partition("?")[0]: why.partition(". It must be a state. ")[2] for name, why in errors(results).items()
        }
    assert said == {
        "dev.json": "The backend has older copies: put one that is whole in its place, "
        "`.pulumi/stacks/llm/dev.json.bak` or `.pulumi/history/llm/dev/dev-2.checkpoint.json`.",
        "old.json": "The backend has no older copy of it: restore it from a backup of the backend.",
    }


# The variables with the credentials, given the server and the container, and why they are refused.
Credentials = tuple[Callable[[str, str], dict[str, str]], str]
AZURE: dict[str, Credentials] = {
    "connection string": (lambda host, _: {"AZURE_STORAGE_CONNECTION_STRING": azure_connection(host)}, ""),
    "token of the account": (lambda *_: {"AZURE_STORAGE_SAS_TOKEN": azure_token("rl")}, ""),
    "token of the container": (lambda _, name: {"AZURE_STORAGE_SAS_TOKEN": azure_token("rl", name)}, ""),
    "token that may not list": (lambda *_: {"AZURE_STORAGE_SAS_TOKEN": azure_token("r")}, "no permission"),
    "wrong key": (lambda *_: {"AZURE_STORAGE_KEY": "bm8="}, "no permission"),
}


@pytest.fixture(params=[pytest.param(row, id=name, marks=NEEDS_AZURITE) for name, row in AZURE.items()])
def azure(request: pytest.FixtureRequest) -> Credentials:
    row: Credentials = request.param
    return row


def test_the_credentials_that_azure_takes(
    azure: Credentials,
    azblob: MakeBucket,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    credentials, refused = azure
    bucket = azblob(name := bucket_name(request))
    bucket.put(f"{STACKS}/llm/dev.json", GOOD)
    address = {key: value for key, value in bucket.environment.items() if key != "AZURE_STORAGE_KEY"}
    for key, value in {**address, **credentials(address["AZURE_STORAGE_DOMAIN"], name)}.items():
        monkeypatch.setenv(key, value)
    if refused:
        with pytest.raises(TargetError, match=f"^it cannot be listed: {refused} "):
            list(open_target(bucket.url).entries())
    else:
        with audited(bucket.url, journal=tmp_path / "j") as results:
            assert set(statuses(results).values()) == {"compliant"}


class Meanwhile:
    """A store of which something happens after it was listed."""

    def __init__(self, store: Store, happen: Callable[[], object]) -> None:
        self._store, self._happen = store, happen
        self.target, self.readers = store.target, 1

    def entries(self) -> Iterator[Entry]:
        found = list(self._store.entries())
        self._happen()
        yield from found

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        return self._store.read(entry, max_bytes)

    def advice(self, entry: Entry) -> str:
        return self._store.advice(entry)


FORBIDDEN = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def test_no_permission_to_list(tmp_path: Path) -> None:
    def forbid(*_: object) -> Answer:
        return 403, {"Content-Type": "application/xml"}, FORBIDDEN

    with serving(forbid) as address:
        url = f"s3://states?endpoint={address}&region=us-east-1&s3ForcePathStyle=true"
        with pytest.raises(AuditError) as caught, audited(url, journal=tmp_path / "j"):
            pass
    assert "it cannot be listed: no permission (Access Denied)" in str(caught.value)


def listing(sizes: dict[str, int]) -> bytes:
    """What S3 answers: the stacks with their sizes."""
    contents = "".join(
        f"<Contents><Key>{STACKS}/llm/{name}.json</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{name}&quot;</ETag><Size>{size}</Size></Contents>"
        for name, size in sizes.items()
    )
    return (
        f"<ListBucketResult><Name>states</Name><KeyCount>{len(sizes)}</KeyCount><IsTruncated>false</IsTruncated>"
        f"{contents}</ListBucketResult>"
    ).encode()


def test_no_permission_to_read_one_of_several(tmp_path: Path) -> None:
    listed = listing(dict.fromkeys(("closed", "dev", "gone"), len(GOOD)))
    missing = b"<Error><Code>NoSuchKey</Code><Message>The key is not there.</Message></Error>"

    def answer(path: str, query: dict[str, str], _headers: object) -> Answer:
        if "list-type" in query:
            return 200, {}, listed
        kinds = {"closed": (403, FORBIDDEN), "dev": (200, GOOD), "gone": (404, missing)}
        status, body = kinds[path.rpartition("/")[2].removesuffix(".json")]
        return status, {"Content-Type": "application/xml"}, body

    with serving(answer) as address:
        url = f"s3://states?endpoint={address}&region=us-east-1&s3ForcePathStyle=true"
        with audited(url, journal=tmp_path / "j") as results:
            assert {name.partition("?")[0]: why for name, why in errors(results).items()} == {
                "closed.json": "it cannot be read: no permission (Access Denied)",
                "gone.json": "it was deleted or renamed after the audit had listed it: run the audit again",
            }
            assert [stack.name for stack in results.stacks() if stack.status == "compliant"] == ["dev"]


def test_an_object_that_hardly_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policypack.audit.stores.objects._SECONDS_TO_READ", 0.5)
    ended = threading.Event()

    def answer(path: str, query: dict[str, str], _headers: object) -> Answer:
        if "list-type" in query:
            return 200, {}, listing({"dev": len(GOOD), "slow": 1000})
        return 200, {}, dripping(ended) if "slow" in path else GOOD

    with serving(answer) as address:
        url = f"s3://states?endpoint={address}&region=us-east-1&s3ForcePathStyle=true"
        with audited(url, journal=tmp_path / "j") as results:
            assert {stack.name: (stack.status, stack.error) for stack in results.stacks()} == {
                "dev": ("compliant", ""),
                "slow": ("unreadable", "it did not arrive within 0.5 seconds: run the audit again"),
            }
        ended.set()


def test_a_request_that_fails_is_repeated(tmp_path: Path) -> None:
    listed = listing({"dev": len(BAD)})
    asked: list[str] = []

    def answer(path: str, query: dict[str, str], _headers: object) -> Answer:
        asked.append("list" if "list-type" in query else "read")
        if asked.count(asked[-1]) == 1:
            return 503, {}, b"<Error><Code>SlowDown</Code></Error>"
        return 200, {}, listed if asked[-1] == "list" else BAD

    with serving(answer) as address:
        url = f"s3://states?endpoint={address}&region=us-east-1&s3ForcePathStyle=true"
        with audited(url, journal=tmp_path / "j") as results:
            assert [stack.status for stack in results.stacks()] == ["violations"]
    assert asked == ["list", "list", "read", "read"]
