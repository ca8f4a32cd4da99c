"""Model servers: by which words a machine's startup names them, and which paths say that they are ready."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from policypack.model.graph.resource import Resource
from policypack.model.software.start_up import start_up_texts

ServerName: TypeAlias = Literal[
    "vllm",
    "sglang",
    "llama.cpp",
    "tgi",
    "tei",
    "triton",
    "nim",
    "trtllm-serve",
    "lmdeploy",
    "litellm",
    "ray-serve",
    "ollama",
    "vllm-router",
]


@dataclass(frozen=True)
class Server:
    """A model server.

    Attributes:
        paths: the request paths of its health, the best first.
        words: what its images, commands and modules are called; with a colon at the end, the name of an image.
        source: where its paths are documented.
        is_ready: 200 means that it can serve the model, and not only that its process runs.
        lacks: paths of other servers' health that it has not, or not without a key.
    """

    paths: tuple[str, ...]
    words: tuple[str, ...]
    source: str
    is_ready: bool = True
    lacks: tuple[str, ...] = ()


_OF_AN_IMAGE: Final = ":"

# fmt: off
SERVERS: Final[dict[ServerName, Server]] = {
    "vllm": Server(
        ("/health",), ("vllm/vllm-openai", "vllm serve", "vllm.entrypoints"),
        "https://docs.vllm.ai/en/latest/api/vllm/entrypoints/serve/instrumentator/health/"),
    # `/health` generates a token by default; `/ready` is of newer versions.
    "sglang": Server(
        ("/ready", "/health", "/health_generate"), ("lmsysorg/sglang", "sglang.launch_server", "sglang serve"),
        "https://github.com/sgl-project/sglang/blob/main/python/sglang/srt/entrypoints/http_server.py"),
    "llama.cpp": Server(
        ("/health", "/v1/health"), ("ggml-org/llama.cpp", "ggerganov/llama.cpp", "llama-server"),
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md"),
    "tgi": Server(
        ("/health",), ("text-generation-inference", "text-generation-launcher"),
        "https://github.com/huggingface/text-generation-inference/blob/main/router/src/server.rs"),
    "tei": Server(
        ("/health",), ("text-embeddings-inference", "text-embeddings-router"),
        "https://github.com/huggingface/text-embeddings-inference/blob/main/router/src/http/server.rs"),
    "triton": Server(
        ("/v2/health/ready",), ("tritonserver",),
        "https://github.com/triton-inference-server/server/blob/main/docs/getting_started/quickstart.md",
        lacks=("/health",)),
    "nim": Server(
        ("/v1/health/ready",), ("nvcr.io/nim/",),
        "https://docs.nvidia.com/nim/large-language-models/reference/api-reference/health-ready"),
    "trtllm-serve": Server(
        ("/health",), ("trtllm-serve",),
        "https://github.com/NVIDIA/TensorRT-LLM/blob/main/tensorrt_llm/serve/openai_server.py"),
    "lmdeploy": Server(
        ("/health",), ("openmmlab/lmdeploy", "lmdeploy serve"),
        "https://github.com/InternLM/lmdeploy/blob/main/lmdeploy/serve/openai/endpoints/management.py"),
    # Its `/health` calls the models, and wants a key.
    "litellm": Server(
        ("/health/readiness",), ("berriai/litellm", "/litellm:", "litellm --"), "https://docs.litellm.ai/docs/proxy/health",
        lacks=("/health",)),
    "ray-serve": Server(
        ("/-/healthz",), ("rayproject/ray", "serve run ", "serve deploy "),
        "https://github.com/ray-project/ray/blob/master/python/ray/serve/_private/proxy_request_response.py",
        is_ready=False),
    "ollama": Server(
        ("/api/version", "/"), ("ollama/ollama", "/ollama:", "ollama serve", "ollama.com/install"),
        "https://github.com/ollama/ollama/blob/main/docs/api.md", is_ready=False,
        lacks=("/health",)),
    "vllm-router": Server(
        ("/health",), ("lmstack-router", "vllm-router"),
        "https://github.com/vllm-project/production-stack/blob/main/src/vllm_router/README.md"),
}
# fmt: on


def health_paths(names: Iterable[ServerName]) -> tuple[str, ...]:
    """The health paths of these servers, each once."""
    return tuple(dict.fromkeys(path for name in names for path in SERVERS[name].paths))


def ready_paths(names: tuple[ServerName, ...]) -> tuple[str, ...]:
    """The health paths of the one server that a sign names, if they say that it can serve; none of several servers."""
    return SERVERS[names[0]].paths if len(names) == 1 and SERVERS[names[0]].is_ready else ()


def doubt_about(path: str | None, names: tuple[ServerName, ...], sign: str) -> str:
    """Why a path is perhaps not one of the server that a sign names, a clause; empty without a reason."""
    if len(names) != 1 or path is None or path.partition("?")[0] not in SERVERS[names[0]].lacks:
        return ""
    [name] = names
    own = SERVERS[name].paths[0]
    return (
        f"{sign} names {name}, whose health path is `{own}`: whether anything there responds on `{path}` is not known"
    )


def servers_named_by(machines: Iterable[Resource]) -> tuple[ServerName, ...]:
    """The servers that the startup of these machines names: a sign of what runs there, no proof."""
    return servers_in(text for machine in machines for text in start_up_texts(machine) if isinstance(text, str))


def servers_in(texts: Iterable[str]) -> tuple[ServerName, ...]:
    """The servers that images, commands or scripts name."""
    texts = tuple(texts)
    return tuple(
        name for name, one in SERVERS.items() if any(_names(text, word) for text in texts for word in one.words)
    )


def _names(text: str, word: str) -> bool:
    """Whether a text names a server by a word of its own; an image in any registry has a tag, a digest or neither."""
    if not word.endswith(_OF_AN_IMAGE):
        return word in text
    image = word.removesuffix(_OF_AN_IMAGE)
    return word in text or f"{image}@" in text or text.endswith(image)
