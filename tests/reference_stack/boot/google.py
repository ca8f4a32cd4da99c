"""Stand-ins for what a machine asks of Google: the metadata server, Cloud Storage and Secret Manager, over HTTP."""

from __future__ import annotations

import base64
import datetime
import json
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN = "token-1"
STORAGE = "storage.googleapis.com"
SECRET_MANAGER = "secretmanager.googleapis.com"
METADATA = "metadata.google.internal"


@dataclass(frozen=True)
class Cut:
    """An answer that breaks off after so many bytes of its body; -1 breaks off before the status line."""

    sent: int


@dataclass(frozen=True)
class Request:
    path: str
    first_byte: int


@dataclass
class Google:
    """What machines see; a test changes it, and reads the requests that arrived."""

    buckets: Path
    """A folder for each bucket."""
    secrets: dict[str, str] = field(default_factory=dict)
    """The newest version of each secret; the rest of the path as the key."""
    faults: defaultdict[str, list[int | Cut]] = field(default_factory=lambda: defaultdict(list))
    """Answers that come first instead of a path's own: a status, or a cut."""
    requests: list[Request] = field(default_factory=list)

    def asked(self, host_path: str) -> list[Request]:
        """The requests whose host and path start so."""
        return [request for request in self.requests if request.path.startswith(host_path)]

    def content(self, path: str) -> bytes | None:
        host, _, rest = path.partition("/")
        if host == METADATA and rest.startswith("computeMetadata/v1/instance/service-accounts/default/token"):
            return json.dumps({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}).encode()
        if host == SECRET_MANAGER and rest in self.secrets:
            data = base64.b64encode(self.secrets[rest].encode()).decode()
            return json.dumps({"name": rest, "payload": {"data": data, "dataCrc32c": "1"}}, indent=2).encode()
        file = self.buckets / rest
        return file.read_bytes() if host == STORAGE and file.is_file() else None


class Handler(BaseHTTPRequestHandler):
    google: Google

    def do_GET(self) -> None:
        path = unquote(self.headers["Host"] + self.path)
        asked = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-")
        self.google.requests.append(Request(path, int(asked)))
        faults = self.google.faults[path]
        fault = faults.pop(0) if faults else None
        content = self.google.content(path)
        if isinstance(fault, int):
            self.answer(fault, b"{}")
        elif not self.is_allowed(path):
            self.answer(401, b"{}")
        elif content is None:
            self.answer(404, b"<Error>NoSuchKey</Error>")
        elif self.headers.get("Range") and int(asked) >= len(content):
            self.answer(416, b"")
        else:
            status = 206 if self.headers.get("Range") else 200
            self.answer(status, content[int(asked) :], fault, len(content))

    def is_allowed(self, path: str) -> bool:
        if path.startswith(METADATA):
            return self.headers.get("Metadata-Flavor") == "Google"
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def answer(self, status: int, body: bytes, cut: Cut | None = None, size: int = 0) -> None:
        self.close_connection = True
        if cut and cut.sent < 0:
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {size - len(body)}-{size - 1}/{size}")
        self.end_headers()
        self.wfile.write(body[: cut.sent] if cut else body)

    def log_message(self, *args: object) -> None:
        """The default writes to the tests' output."""


@contextmanager
def serving(google: Google, folder: Path) -> Iterator[Path]:
    """Serves on local ports; yields a folder for `CURL_HOME`, with which curl finds Google there and trusts it."""
    folder.mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder, [STORAGE, SECRET_MANAGER]))
    handler = type("BoundHandler", (Handler,), {"google": google})
    plain, encrypted = (ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2))
    encrypted.socket = context.wrap_socket(encrypted.socket, server_side=True, do_handshake_on_connect=False)
    (folder / ".curlrc").write_text(
        f'cacert = "{folder / "certificate.pem"}"\n'
        f'connect-to = "{METADATA}:80:127.0.0.1:{plain.server_port}"\n'
        + "".join(
            f'connect-to = "{host}:443:127.0.0.1:{encrypted.server_port}"\n' for host in (STORAGE, SECRET_MANAGER)
        )
    )
    for server in (plain, encrypted):
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield folder
    for server in (plain, encrypted):
        server.shutdown()
        server.server_close()


def certificate(folder: Path, hosts: list[str]) -> Path:
    """Writes a certificate that signed itself, and its key; gives their file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(signed.public_bytes(encoding) + key.private_bytes(encoding, form, serialization.NoEncryption()))
    return file
