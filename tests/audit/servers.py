"""Servers on this machine that stand for what is elsewhere, each over real HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest

_INSTALLED: Final = Path(__file__).parents[2] / ".azurite/bin"
AZURITE: Final = shutil.which("azurite-blob", path=f"{_INSTALLED}{os.pathsep}{os.environ['PATH']}")
# A mark `skip` of all tests is one line of pytest's summary; a call in a fixture would be a line each.
NEEDS_AZURITE: Final = (
    () if AZURITE else (pytest.mark.skip(reason="needs Azurite: install it with `make azurite`, which needs npm"),)
)
_SECONDS_TO_START: Final = 90
AZURE_ACCOUNT: Final = "acme"
AZURE_KEY: Final = "a2V5"  # in Base64


class Dripping(bytes):
    """A body of which a byte arrives now and then, until it is ended."""

    ended: threading.Event


def dripping(ended: threading.Event) -> Dripping:
    body = Dripping(b" " * 1000)
    body.ended = ended
    return body


# Status, headers and body, given a path and its query.
Answer = tuple[int, dict[str, str], bytes]
Handle = Callable[[str, dict[str, str], Any], Answer]


@contextmanager
def serving(handle: Handle) -> Iterator[str]:
    """The address of a server that answers GET requests."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: a second one would wait for an acknowledgement.
        wbufsize = -1

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            status, headers, body = handle(url.path, query, self.headers)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            for part in [body] if not isinstance(body, Dripping) else [bytes([byte]) for byte in body]:
                self.wfile.write(part)
                if isinstance(body, Dripping):
                    self.wfile.flush()
                    if body.ended.wait(0.05):
                        self.close_connection = True
                        return

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def request(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    asked = urllib.request.Request(
        url, body, {"Content-Type": "application/octet-stream", **(headers or {})}, method=method
    )
    with urllib.request.urlopen(asked, timeout=60) as response:
        content: bytes = response.read()
        return content


def azure_connection(host: str) -> str:
    """A connection string for a server of Azure Blob Storage."""
    return f"AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY};BlobEndpoint=http://{host}/{AZURE_ACCOUNT};"


def azure_token(permission: str, container: str | None = None) -> str:
    """A SAS token for a container, or for the whole account."""
    from azure.storage.blob import ResourceTypes, generate_account_sas, generate_container_sas

    ends = datetime.now(UTC) + timedelta(hours=1)
    if container:
        return generate_container_sas(AZURE_ACCOUNT, container, AZURE_KEY, permission=permission, expiry=ends)
    everything = ResourceTypes(service=True, container=True, object=True)
    return generate_account_sas(AZURE_ACCOUNT, AZURE_KEY, everything, permission, ends)


@dataclass(frozen=True)
class Bucket:
    """A bucket of a server: its URL as Pulumi takes it, the variables that it needs, and how to change its content."""

    url: str
    environment: Mapping[str, str]
    put: Callable[[str, bytes], object]
    delete: Callable[[str], object]

    def with_path(self, path: str) -> str:
        """The URL of something in the bucket."""
        url, question_mark, query = self.url.partition("?")
        return f"{url}/{path}{question_mark}{query}"


MakeBucket = Callable[[str], Bucket]


@contextmanager
def s3_server() -> Iterator[MakeBucket]:
    """Makes buckets."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request"}

    def make(name: str) -> Bucket:
        request("PUT", f"{address}/{name}", headers=signed)
        return Bucket(
            f"s3://{name}?endpoint={address}&region=us-east-1&s3ForcePathStyle=true",
            {},
            lambda path, content: request("PUT", f"{address}/{name}/{quote(path)}", content, headers=signed),
            lambda path: request("DELETE", f"{address}/{name}/{quote(path)}", headers=signed),
        )

    yield make
    server.stop()


@contextmanager
def gcs_server() -> Iterator[MakeBucket]:
    """Makes buckets."""
    from gcp_storage_emulator.server import create_server

    server = create_server("127.0.0.1", 0, in_memory=True)
    server.start()
    address = f"http://127.0.0.1:{server._api._httpd.socket.getsockname()[1]}"
    api = "/storage/v1/b"

    def make(name: str) -> Bucket:
        wanted = json.dumps({"name": name}).encode()
        request("POST", f"{address}{api}?project=p", wanted, {"Content-Type": "application/json"})
        upload = f"{address}/upload{api}/{name}/o?uploadType=media&name="
        return Bucket(
            f"gs://{name}",
            {"STORAGE_EMULATOR_HOST": address},
            lambda path, content: request("POST", f"{upload}{quote(path, safe='')}", content),
            lambda path: request("DELETE", f"{address}{api}/{name}/o/{quote(path, safe='')}"),
        )

    yield make
    server.stop()


@contextmanager
def azure_server() -> Iterator[MakeBucket]:
    """Makes containers."""
    from azure.storage.blob import BlobServiceClient

    assert AZURITE
    # The clients speak a newer version of the API than it knows by name.
    options = ("--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent")
    # Its standard input ends when this process is killed.
    command = ["sh", "-c", '"$0" "$@" & read -r _; kill $!', AZURITE, *options]
    accounts = os.environ | {"AZURITE_ACCOUNTS": f"{AZURE_ACCOUNT}:{AZURE_KEY}"}
    with subprocess.Popen(
        command, env=accounts, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        end = partial(os.killpg, server.pid, signal.SIGKILL)
        too_late = threading.Timer(_SECONDS_TO_START, end)
        too_late.start()
        assert server.stdout
        said = (re.search(r"successfully listens on http://(\S+)", line) for line in server.stdout)
        host = next((match[1] for match in said if match), "")
        too_late.cancel()
        assert host, f"{AZURITE} has not started"
        address = {"AZURE_STORAGE_DOMAIN": host, "AZURE_STORAGE_PROTOCOL": "http"}
        with BlobServiceClient.from_connection_string(azure_connection(host)) as client:

            def make(name: str) -> Bucket:
                container = client.create_container(name)
                return Bucket(
                    f"azblob://{name}?storage_account={AZURE_ACCOUNT}",
                    address | {"AZURE_STORAGE_KEY": AZURE_KEY},
                    lambda path, content: container.upload_blob(path, content, overwrite=True),
                    container.delete_blob,
                )

            yield make
        end()
