"""What runs on a machine: the cloud-init document that turns Container-Optimized OS into a model server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config import Gpu, Image, Model

PORT = 8000
PORT_NAME = "http"
HEALTH_PATH = "/health"
API_PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models")
KEEP_ALIVE_SECONDS = 620
"""The load balancer keeps idle connections to a machine for 600 s; who closes earlier causes 502s."""
SHUTDOWN_SECONDS = 80
"""Compute Engine stops a machine 90 s after asking it to shut down."""
TEMPLATE = Path(__file__).parent / "server.cloud-init.yaml"
PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All of it literal, so that a preview shows the document and a policy can judge it."""

    project: str
    bucket: str
    secret: str
    repositories: Mapping[str, str]
    """The pull-through repository of each registry, as `host/project/repository`."""
    model: Model
    gpu: Gpu | None
    timeout_seconds: int
    draining_seconds: int


def cloud_init(settings: ServerSettings) -> str:
    model = settings.model
    stop = min(settings.draining_seconds, SHUTDOWN_SECONDS)
    vllm = model.runtime == "vllm"
    return fill(
        TEMPLATE.read_text(encoding="utf-8"),
        {
            "project": settings.project,
            "bucket": settings.bucket,
            "weights": model.weights,
            "manifest_sha256": model.manifest_sha256,
            "secret": settings.secret,
            "key_variable": "VLLM_API_KEY" if vllm else "LLAMA_API_KEY",
            "registry": settings.repositories[model.image.host].split("/")[0],
            "image": mirrored(model.image, settings.repositories),
            "proxy_image": mirrored(model.proxy_image, settings.repositories) if model.proxy_image else "",
            "gpu_driver": settings.gpu.driver if settings.gpu else "",
            "docker_arguments": " ".join(docker_arguments(settings)),
            "server_arguments": " ".join(server_arguments(settings)),
            "keep_alive_seconds": str(KEEP_ALIVE_SECONDS),
            "port": str(PORT),
            "timeout_seconds": str(settings.timeout_seconds),
            "stop_seconds": str(stop),
            "stop_limit_seconds": str(stop + 5),
            "units": "llm-server.service" if vllm else "llm-server.service llm-proxy.service",
        },
    )


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with each placeholder replaced; one without a value is a KeyError."""
    return PLACEHOLDER.sub(lambda match: values[match.group(1)], template)


def mirrored(image: Image, repositories: Mapping[str, str]) -> str:
    """The image as the pull-through repository names it: machines reach no other registry."""
    return f"{repositories[image.host]}/{image.path}@{image.digest}"


def docker_arguments(settings: ServerSettings) -> list[str]:
    if settings.model.runtime == "llama.cpp":
        return ["--read-only", "--tmpfs=/tmp"]
    return [
        f"--publish={PORT}:{PORT}",
        f"--env=VLLM_HTTP_TIMEOUT_KEEP_ALIVE={KEEP_ALIVE_SECONDS}",
        "--env=HF_HUB_OFFLINE=1",
        "--env=VLLM_NO_USAGE_STATS=1",
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


def server_arguments(settings: ServerSettings) -> list[str]:
    model = settings.model
    if model.runtime == "llama.cpp":
        listen = ["--host", "0.0.0.0", "--port", "8080", "--timeout", str(settings.timeout_seconds)]
        return [*listen, "--model", f"/models/{model.file}", "--alias", model.name, *model.arguments]
    parallel = ["--tensor-parallel-size", str(settings.gpu.count)] if settings.gpu else []
    listen = ["--host", "0.0.0.0", "--port", str(PORT)]
    return [*listen, "--model", "/models", "--served-model-name", model.name, *parallel, *model.arguments]
