"""The model servers, as both forms start them: where they listen, what they are told, and what they must not be."""

from __future__ import annotations

from collections.abc import Mapping

from llm_stack.model import Image, Runtime, ServedModel

PORT = 8000
HEALTH_PATH = "/health"
API_PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models")
KEEP_ALIVE_SECONDS = 620
"""The load balancer keeps idle connections to a server for 600 s; who closes earlier causes 502s."""
MODELS = "/models"
"""Where the weights are in the server's container."""
KEY_VARIABLES: dict[Runtime, str] = {"vllm": "VLLM_API_KEY", "llama.cpp": "LLAMA_API_KEY"}
SLOTS_FLAGS: dict[Runtime, tuple[str, ...]] = {"vllm": ("--max-num-seqs",), "llama.cpp": ("--parallel", "-np")}
"""How many requests the server answers at a time; it queues the rest."""
OWN_FLAGS: dict[Runtime, tuple[str, ...]] = {
    "vllm": (
        *("--host", "--port", "--uds", "--root-path", "--ssl-keyfile", "--ssl-certfile"),
        *("--model", "--served-model-name", "--api-key"),
    ),
    "llama.cpp": (
        *("--host", "--port", "--timeout", "-to", "--api-prefix", "--ssl-key-file", "--ssl-cert-file"),
        *("--model", "-m", "--model-url", "-mu", "--hf-repo", "-hf", "-hfr", "--alias", "-a"),
        *("--api-key", "--api-key-file"),
    ),
}
"""Where the server listens, what it serves and who may ask: the stack's part, which a configuration leaves alone."""
ENVIRONMENTS: dict[Runtime, dict[str, str]] = {
    "vllm": {
        "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": str(KEEP_ALIVE_SECONDS),
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
    },
    "llama.cpp": {},
}


def server_arguments(model: ServedModel, *, folder: str, port: int, gpus: int, timeout_seconds: int) -> list[str]:
    """The command line of the server for weights in a folder of its container."""
    listen = ["--host", "0.0.0.0", "--port", str(port)]
    if model.runtime == "llama.cpp":
        served = ["--timeout", str(timeout_seconds), "--model", f"{folder}/{model.file}", "--alias", model.name]
    else:
        parallel = ["--tensor-parallel-size", str(gpus)] if gpus else []
        served = ["--model", folder, "--served-model-name", model.name, *parallel]
    return [*listen, *served, *model.arguments]


def mirrored(image: Image, repositories: Mapping[str, str]) -> str:
    """The image as the pull-through repository names it: servers are pulled from no other registry."""
    return f"{repositories[image.host]}/{image.path}@{image.digest}"
