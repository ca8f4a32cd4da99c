"""What runs on a machine: the cloud-init document that turns Container-Optimized OS into a model server."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llm_stack.machines.config import Machines
from llm_stack.machines.machine import Gpu
from llm_stack.model import Image, ServedModel
from llm_stack.server import ENVIRONMENTS, KEEP_ALIVE_SECONDS, KEY_VARIABLES, MODELS, PORT, mirrored, server_arguments

PROXIED_PORT = 8080
"""Where llama.cpp listens, behind the proxy that keeps idle connections for it."""
SHUTDOWN_SECONDS = 80
"""Compute Engine stops a machine 90 s after asking it to shut down."""
HERE = Path(__file__).parent
TEMPLATE = HERE / "server.cloud-init.yaml"
INDENT = "      "
"""Of a file's content in the template."""
PLAIN = re.compile(r"[\w.=:/,@+-]+", re.ASCII)
"""What systemd takes as it is."""
PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All of it literal, so that a preview shows the document and a policy can judge it."""

    project: str
    bucket: str
    secret: str
    repositories: Mapping[str, str]
    """The pull-through repository of each registry, as `host/project/repository`."""
    model: ServedModel
    proxy_image: Image | None
    manifest_sha256: str
    gpu: Gpu | None
    timeout_seconds: int
    draining_seconds: int

    @classmethod
    def of(
        cls, project: str, machines: Machines, *, bucket: str, secret: str, repositories: Mapping[str, str]
    ) -> ServerSettings:
        return cls(
            project=project,
            bucket=bucket,
            secret=secret,
            repositories=repositories,
            model=machines.model,
            proxy_image=machines.proxy_image,
            manifest_sha256=machines.manifest_sha256,
            gpu=machines.machine.gpu,
            timeout_seconds=machines.traffic.timeout_seconds,
            draining_seconds=machines.traffic.draining_seconds,
        )


def cloud_init(settings: ServerSettings) -> str:
    model = settings.model
    stop = min(settings.draining_seconds, SHUTDOWN_SECONDS)
    arguments = server_arguments(
        model,
        folder=MODELS,
        port=PROXIED_PORT if settings.proxy_image else PORT,
        gpus=settings.gpu.count if settings.gpu else 0,
        timeout_seconds=settings.timeout_seconds,
    )
    return fill(
        TEMPLATE.read_text(encoding="utf-8"),
        {
            "project": settings.project,
            "bucket": settings.bucket,
            "weights": model.weights,
            "manifest_sha256": settings.manifest_sha256,
            "secret": settings.secret,
            "key_variable": KEY_VARIABLES[model.runtime],
            "registry": settings.repositories[model.image.host].split("/")[0],
            "image": mirrored(model.image, settings.repositories),
            "proxy_image": mirrored(settings.proxy_image, settings.repositories) if settings.proxy_image else "",
            "gpu_driver": settings.gpu.driver if settings.gpu else "",
            "prepare_script": script("prepare.sh"),
            "retry_script": script("retry.sh"),
            "docker_arguments": " ".join(docker_arguments(settings)),
            "server_arguments": " ".join(map(systemd_word, arguments)),
            "keep_alive_seconds": str(KEEP_ALIVE_SECONDS),
            "port": str(PORT),
            "timeout_seconds": str(settings.timeout_seconds),
            "stop_seconds": str(stop),
            "stop_limit_seconds": str(stop + 5),
            "units": "llm-server.service llm-proxy.service" if settings.proxy_image else "llm-server.service",
        },
    )


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with each placeholder replaced; one without a value is a KeyError."""
    return PLACEHOLDER.sub(lambda match: values[match.group(1)], template)


def script(name: str) -> str:
    """A script beside this file, indented as the content of a file in the template."""
    return textwrap.indent((HERE / name).read_text(encoding="utf-8"), INDENT).strip()


def systemd_word(text: str) -> str:
    """A text as one word of a unit's command, whatever it has: systemd gives it to the program as it was.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
    """
    if PLAIN.fullmatch(text):
        return text
    for special, written in (("\\", "\\\\"), ('"', '\\"'), ("$", "$$"), ("%", "%%")):
        text = text.replace(special, written)
    return f'"{text}"'


def docker_arguments(settings: ServerSettings) -> list[str]:
    if settings.model.runtime == "llama.cpp":
        return ["--read-only", "--tmpfs=/tmp"]
    return [
        f"--publish={PORT}:{PORT}",
        *(f"--env={name}={value}" for name, value in ENVIRONMENTS[settings.model.runtime].items()),
        *gpu_arguments(settings.gpu),
    ]


def gpu_arguments(gpu: Gpu | None) -> list[str]:
    """Container-Optimized OS has no NVIDIA container runtime: devices and libraries are handed over one by one."""
    if gpu is None:
        return []
    return [
        *(f"--device=/dev/nvidia{number}" for number in range(gpu.count)),
        "--device=/dev/nvidiactl",
        "--device=/dev/nvidia-uvm",
        "--volume=/var/lib/nvidia/lib64:/usr/local/nvidia/lib64:ro",
        "--volume=/var/lib/nvidia/bin:/usr/local/nvidia/bin:ro",
        "--env=LD_LIBRARY_PATH=/usr/local/nvidia/lib64:/usr/local/cuda/lib64",
        "--shm-size=8g",
    ]
