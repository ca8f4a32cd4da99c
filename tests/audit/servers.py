"""Servers on this machine that stand for what is elsewhere, each over real HTTP."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit


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


@dataclass(frozen=True)
class Bucket:
    """A bucket of an S3 or a GCS server: its URL as Pulumi takes it, and how to change what is in it."""

    url: str
    address: str
    put: Callable[[str, bytes], object]
    delete: Callable[[str], object]

    def with_path(self, path: str) -> str:
        """The URL of something in the bucket."""
        url, question_mark, query = self.url.partition("?")
        return f"{url}/{path}{question_mark}{query}"


@contextmanager
def s3_server() -> Iterator[Callable[[str], Bucket]]:
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
            address,
            lambda path, content: request("PUT", f"{address}/{name}/{quote(path)}", content, headers=signed),
            lambda path: request("DELETE", f"{address}/{name}/{quote(path)}", headers=signed),
        )

    yield make
    server.stop()


@contextmanager
def gcs_server() -> Iterator[Callable[[str], Bucket]]:
    """Makes buckets, whose address is for STORAGE_EMULATOR_HOST."""
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
            address,
            lambda path, content: request("POST", f"{upload}{quote(path, safe='')}", content),
            lambda path: request("DELETE", f"{address}{api}/{name}/o/{quote(path, safe='')}"),
        )

    yield make
    server.stop()
