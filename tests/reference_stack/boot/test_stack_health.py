"""The health check passes with the model served, and not before: nothing in front of the server answers for it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from llm_stack.server import HEALTH_PATH, PORT
from tests.command import PATIENCE
from tests.reference_stack.boot.test_stack_server import document, environment, files
from tests.reference_stack.stacks import MACHINE_STACKS

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_one_container_has_the_port(stack_dir: Path, stack: str) -> None:
    """The proxy where there is one; the server then cannot be reached around it."""
    units = {path: text for path, text in files(stack_dir, stack).items() if path.endswith(".service")}
    values = environment(stack_dir, stack)
    started = {
        Path(path).stem: re.sub(r"\$(\w+)", lambda match: values[match[1]], text)
        for path, text in units.items()
        if Path(path).name in " ".join(document(stack_dir, stack)["runcmd"])
    }
    publishing = {name for name, text in started.items() if f"--publish={PORT}:{PORT}" in text}
    assert publishing == ({"llm-proxy"} if stack == "dev" else {"llm-server"})


def test_the_proxy_answers_nothing_itself(stack_dir: Path) -> None:
    conf = files(stack_dir, "dev")["/etc/llm/nginx.conf"]
    assert re.findall(r"location[^{]*", conf) == ["location / "]
    assert not re.search(
        r"\b(return|rewrite|error_page|try_files|root|proxy_cache|proxy_next_upstream|stub_status)\b", conf
    )


class Server(BaseHTTPRequestHandler):
    """llama.cpp, as https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md says of `GET /health`."""

    loaded = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200 if self.loaded.is_set() else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """The default writes to the tests' output."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def ports(stack_dir: Path, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The ports of a real proxy with the machine's configuration, and of the server that it expects."""
    front, back = free_port(), free_port()
    conf = files(stack_dir, "dev")["/etc/llm/nginx.conf"]
    for there, here in (
        (f"listen {PORT};", f"listen 127.0.0.1:{front};"),
        ("http://llm-server:8080", f"http://127.0.0.1:{back}"),
        ("/tmp/", f"{tmp_path}/"),
    ):
        assert there in conf
        conf = conf.replace(there, here)
    (tmp_path / "nginx.conf").write_text(conf)
    command = [str(NGINX), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "errors"), "-g", "daemon off;"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    yield front, back
    process.terminate()
    process.wait(PATIENCE)


def health(port: int) -> int:
    """The status of the load balancer's check, once the proxy listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with (
            closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection,
            suppress(ConnectionRefusedError),
        ):
            connection.request("GET", HEALTH_PATH, headers={"Connection": "close"})
            with connection.getresponse() as response:
                return response.status
        time.sleep(0.02)
    raise AssertionError("the proxy does not listen")


@pytest.mark.skipif(not NGINX, reason="needs nginx")
def test_the_check_fails_until_the_server_has_loaded_the_model(ports: tuple[int, int]) -> None:
    front, back = ports
    assert health(front) == 502
    server = ThreadingHTTPServer(("127.0.0.1", back), Server)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    assert health(front) == 503
    Server.loaded.set()
    assert health(front) == 200
    server.shutdown()
    server.server_close()
    assert health(front) == 502
